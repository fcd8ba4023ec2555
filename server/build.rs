//! Builds again when a page of the documentation is added: the compiler itself
//! watches only the files that were there before.

fn main() {
    println!("cargo::rerun-if-changed=../docs");
}
