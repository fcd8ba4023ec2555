//! The program.

use std::process::ExitCode;

/// What a burst took goes back to the system within seconds, which the allocators of C libraries
/// do not do; how it is set is in `.cargo/config.toml` (docs/performance.md#memory).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    unkey::cli::main()
}
