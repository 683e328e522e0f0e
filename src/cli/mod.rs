//! The command line: parse, run one verb, turn the result into text and an exit code.

mod args;
mod commands;
mod config;
mod destination;
mod duration;
mod exit_code;
mod failure;
mod secret;
#[cfg(feature = "serve")]
mod serve_config;
mod signals;
mod size;

use std::ffi::OsString;

use clap::Parser;

use crate::output::{ProgressMode, Reporter, Verbosity};

pub use args::Cli;
pub use exit_code::ExitCode;

/// Runs the program with its arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures and go to standard output; a closed one is nobody's error.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
        }
    };
    match commands::run(cli.command) {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            Reporter::stderr(ProgressMode::None, Verbosity::default()).error(&failure::text(&error));
            exit_code::of(&error)
        }
    }
}
