//! One file a verb, but for those of a line.

mod check;
mod config;
mod man;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
#[cfg(feature = "serve")]
mod try_out;
mod upload;

use super::args::{Cli, Command};
use super::config::UsageError;
use super::diagnosis::explain;
use super::{completion, help};
use crate::output::{Ci, print};

/// The CI service that an error is told to.
pub(super) fn ci(command: &Command) -> Ci {
    match command {
        Command::Upload(args) => args.machine.ci,
        _ => Ci::None,
    }
}

/// `resume_command` is the command line, if it can be typed again.
pub(super) fn run(cli: Cli, resume_command: Option<&str>) -> anyhow::Result<()> {
    match cli.command {
        Command::Upload(args) => upload::run(*args, resume_command),
        Command::Check(args) => check::run(*args),
        Command::Sessions(args) => sessions::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(*args),
        #[cfg(feature = "serve")]
        Command::Try(args) => try_out::run(&args),
        Command::Config(args) => config::run(&args, &cli.settings),
        Command::Man { dir } => man::run(dir.as_deref()),
        Command::Explain { candidates: true, .. } => Ok(print(completion::candidates(explain::codes()))?),
        Command::Explain { code, .. } => {
            let explained = code.as_deref().map(explain::explain).transpose().map_err(UsageError)?;
            Ok(print(explained.unwrap_or_else(explain::list))?)
        }
        Command::Completions { shell } => Ok(print(completion::script(shell, help::command()))?),
    }
}
