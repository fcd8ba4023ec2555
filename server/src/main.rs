//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    unkey::cli::main()
}
