//! What can be typed: each option is a field, and its parser in `values` returns what is meant. What concerns several
//! options, or needs a file, is checked in `config`. A new option can be set in the environment and in `config.toml` at
//! once; `help` has the ones that `-h` shows.

mod connect;
#[cfg(feature = "serve")]
mod serve;
mod upload;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use crate::protocol::ProtocolId;

pub(super) use connect::{AuthArgs, ConnectArgs, ProxyArgs, TlsArgs};
#[cfg(feature = "serve")]
pub(super) use serve::{ServeArgs, TryArgs};
pub(super) use upload::{FilesArgs, MachineArgs, OutputArgs, StateArgs, UploadArgs};
pub(super) use values::{InvalidValue, ci_named};

/// Uploads files with Microsoft's BITS upload protocol to IIS and other BITS servers
#[derive(Debug, Parser)]
#[command(name = "bitsup", version, max_term_width = 100, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SettingsArgs {
    /// Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system's folder for such things]
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath, help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings from a file
    #[arg(long, global = true, conflicts_with = "config", help_heading = "Settings")]
    pub(crate) no_config: bool,
}

const AFTER_HELP: &str = "\
Exit codes: 0 uploaded and closed, 2 usage, 3 source file, 4 source changed meanwhile, 5 no connection, 6 TLS, \
7 authentication, 8 refused, 9 no BITS endpoint, 10 too large, 11 server errors, 12 protocol violation, \
13 rejected by the server's application, 14 what arrived differs, 15 only some of several files arrived, \
16 nothing to resume (--resume always), 17 another bitsup is busy with it, 18 unconfirmed: look at the server; 1 is a mistake in bitsup itself. `bitsup explain CODE` says more.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
        #[arg(value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bitsup check https://files.example.com/drop/")]
pub(crate) struct CheckArgs {
    /// Where uploads would go: a folder, or a file in it; nothing is stored there
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) url: String,

    /// Offer this protocol to the server; repeat for several, in order of preference
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub(crate) protocol: Vec<ProtocolId>,

    /// Stay at the URL's host, whatever other host the server names
    #[arg(long, help_heading = "Protocol")]
    pub(crate) no_host_id: bool,

    /// Find the largest fragment that gets through, up to 32 MiB: sends some hundred MiB at most, and finishes no file
    #[arg(long, help_heading = "Protocol")]
    pub(crate) probe_fragment: bool,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print each packet and Ack; twice: also the heads, without secrets
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

#[derive(Debug, Args)]
pub(crate) struct SessionsArgs {
    #[command(subcommand)]
    pub(crate) command: SessionsCommand,

    #[command(flatten)]
    pub(crate) state: StateArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List unfinished uploads
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show all that is kept of an unfinished upload
    Show {
        /// The first characters of its id, as `list` shows it
        id: String,
        /// Print a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give an unfinished upload up, here and at the server
    Cancel {
        /// The first characters of its id, as `list` shows it
        id: String,
        /// Forget it here, also when the server cannot be told
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        auth: Box<AuthArgs>,
        #[command(flatten)]
        connect: Box<ConnectArgs>,
    },
    /// Remove what expired after 14 days, is broken or left over
    Prune {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Also show what the file says for this URL's host
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,

    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}
