//! What can be typed: each option is a field, and its parser in `values` returns what is meant. What concerns several
//! options, or needs a file, is checked in `config`. A new option can be set in the environment and in `config.toml` at
//! once; `help` has the ones that `-h` shows.

mod auth;
mod check;
mod connect;
mod files;
mod output;
mod resume;
mod retry;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
mod settings;
mod upload;
mod values;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(super) use auth::AuthArgs;
pub(super) use check::CheckArgs;
pub(super) use connect::{ConnectArgs, ProxyArgs, TlsArgs};
pub(super) use files::FilesArgs;
pub(super) use output::{CiArg, MachineArgs, OutputArgs};
pub(super) use resume::{ResumeArgs, StateArgs};
pub(super) use retry::RetryArgs;
#[cfg(feature = "serve")]
pub(super) use serve::{ServeArgs, TryArgs};
pub(super) use sessions::{SessionsArgs, SessionsCommand};
pub(super) use settings::{ConfigArgs, SettingsArgs};
pub(super) use upload::UploadArgs;
pub(super) use values::InvalidValue;

/// Uploads files with Microsoft's BITS upload protocol to IIS and other BITS servers
#[derive(Debug, Parser)]
#[command(name = "bitsup", version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,

    /// Where settings come from
    #[command(flatten)]
    pub settings: SettingsArgs,
}

const AFTER_HELP: &str = "\
Exit codes: 0 uploaded and closed, 2 usage, 3 source file, 4 source changed meanwhile, 5 no connection, 6 TLS, \
7 authentication, 8 refused, 9 no BITS endpoint, 10 too large, 11 server errors, 12 protocol violation, \
13 rejected by the server's application, 14 what arrived differs, 15 only some of several files arrived, \
16 nothing to resume (--resume always), 17 another bitsup is busy with it, 18 unconfirmed: look at the server; 1 is a mistake in bitsup itself. `bitsup explain CODE` says more.";

/// The verbs
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload files
    Upload(Box<UploadArgs>),
    /// Ask a server whether it would take uploads, and how it is reached
    Check(Box<CheckArgs>),
    /// List, show, cancel or tidy up unfinished uploads
    Sessions(SessionsArgs),
    /// Receive BITS uploads into a folder
    #[cfg(feature = "serve")]
    Serve(Box<ServeArgs>),
    /// Do the whole job on this machine: start a receiver, upload a file to it, compare the bytes
    #[cfg(feature = "serve")]
    Try(TryArgs),
    /// Show what is set, and where: in the environment or in config.toml
    Config(ConfigArgs),
    /// Say what an exit code, an HTTP status or an HRESULT means, and what to do
    Explain {
        /// Such as 9, 404, `0x8020001F` or `BG_E_SESSION_NOT_FOUND`; without it all that are known are listed
        #[arg(allow_negative_numbers = true)]
        code: Option<String>,
    },
    /// Print the manual, or write all of its pages into a folder
    Man {
        /// The folder [default: `bitsup.1` to standard output]
        #[arg(value_hint = clap::ValueHint::DirPath)]
        dir: Option<std::path::PathBuf>,
    },
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}
