//! One file a verb.

mod completions;
mod config;
mod explain;
mod man;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
#[cfg(feature = "serve")]
mod try_out;
mod upload;

use super::args::{Cli, Command};

pub(super) fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Upload(args) => upload::run(*args),
        Command::Sessions(args) => sessions::run(args),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(*args),
        #[cfg(feature = "serve")]
        Command::Try(args) => try_out::run(&args),
        Command::Config(args) => config::run(&args, &cli.settings),
        Command::Man { dir } => man::run(dir.as_deref()),
        Command::Explain { code } => explain::run(code.as_deref()),
        Command::Completions { shell } => completions::run(shell),
    }
}
