//! Compresses the files of `static/`, as far as it goes: a server sends them many
//! times. And builds again when a page of the documentation is added: the compiler
//! itself watches only the files that were there before.
//!
//! Deliberately absent: zstd. Browsers that know it know Brotli, too, which makes them
//! smaller.

use std::env;
use std::fs;
use std::io::{Result, Write};
use std::path::Path;

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

const STATIC: &str = "../static";

#[expect(clippy::disallowed_methods, reason = "Cargo tells its scripts everything by the environment")]
fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../docs");
    println!("cargo::rerun-if-changed={STATIC}");
    let out = env::var_os("OUT_DIR").expect("Cargo says where");
    for file in fs::read_dir(STATIC)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are ASCII");
        let content = fs::read(&path)?;
        fs::write(Path::new(&out).join(format!("{name}.br")), brotli(&content)?)?;
        fs::write(Path::new(&out).join(format!("{name}.gz")), gzip(&content)?)?;
    }
    Ok(())
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = CompressorWriter::new(Vec::new(), 4096, 11, 18);
    encoder.write_all(content)?;
    Ok(encoder.into_inner())
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
