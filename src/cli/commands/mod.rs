//! One file a verb.

mod completions;
mod explain;
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
        Command::Sessions(args) => sessions::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(*args),
        #[cfg(feature = "serve")]
        Command::Try(args) => try_out::run(&args),
        Command::Explain { code } => explain::run(code.as_deref()),
        Command::Completions { shell } => completions::run(shell),
    }
}
