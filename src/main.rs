//! The command `flvx-mcp`.

use std::process::ExitCode;

// The panel's answers are parsed and copied in many small pieces; see docs/benchmarks.md for what this allocator brings.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    flvx_mcp::cli::main()
}
