//! What can be typed. Meaning and checks are in `config`.

mod check;
mod connect;
mod output;
mod resume;
mod retry;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
mod upload;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(super) use check::CheckArgs;
pub(super) use connect::{AddressArgs, ConnectArgs, ProxyArgs, TimeoutArgs, TlsArgs};
pub(super) use output::{OutputArgs, Progress};
pub(super) use resume::{Resume, ResumeArgs, StateArgs};
pub(super) use retry::RetryArgs;
#[cfg(feature = "serve")]
pub(super) use serve::{ServeArgs, TryArgs};
pub(super) use sessions::{SessionsArgs, SessionsCommand};
pub(super) use upload::{UploadArgs, VerifyArg};

/// Uploads files with Microsoft's BITS upload protocol to IIS and other BITS servers
#[derive(Debug, Parser)]
#[command(name = "bitsup", version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 uploaded and closed, 2 usage, 3 source file, 4 source changed, 5 no connection, 6 TLS,
7 authentication, 8 refused, 9 no BITS endpoint, 10 too large, 11 server errors, 12 protocol violation,
13 rejected by the server's application, 14 what arrived differs, 17 another bitsup is busy with it,
18 unconfirmed: look at the server; 1 is a mistake in bitsup itself.";

/// The verbs
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Upload a file
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
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}
