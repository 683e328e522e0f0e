//! One file a verb.

mod completions;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
#[cfg(feature = "serve")]
mod try_out;
mod upload;

use super::args::Command;
use super::config::MachineConfig;
use crate::output::Ci;

/// The CI service that an error is told to.
pub(super) fn ci(command: &Command) -> Ci {
    match command {
        Command::Upload(args) => MachineConfig::new(&args.machine).ci,
        _ => Ci::None,
    }
}

/// `again` is the command line, if it can be typed again.
pub(super) fn run(command: Command, again: Option<&str>) -> anyhow::Result<()> {
    match command {
        Command::Upload(args) => upload::run(*args, again),
        Command::Sessions(args) => sessions::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(*args),
        #[cfg(feature = "serve")]
        Command::Try(args) => try_out::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}
