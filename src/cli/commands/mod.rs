//! One file a verb.

mod check;
mod completions;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
#[cfg(feature = "serve")]
mod try_out;
mod upload;

use super::args::Command;

pub(super) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Upload(args) => upload::run(*args),
        Command::Check(args) => check::run(*args),
        Command::Sessions(args) => sessions::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(*args),
        #[cfg(feature = "serve")]
        Command::Try(args) => try_out::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}
