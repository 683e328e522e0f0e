//! The `bitsup` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bitsup::cli::run(std::env::args_os()).into()
}
