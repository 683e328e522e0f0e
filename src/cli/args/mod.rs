//! The command line: each option is a field, and its parser in `values` returns its meaning. Rules about several
//! options, or about a file, are checked in `config`. A new option can be set in the environment and in `config.toml`
//! at once. The first line of its description stands alone: in `-h`, where `help` lists the option, and in the shells'
//! completions.

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

/// Upload files to IIS and other BITS servers
///
/// bitsup speaks Microsoft's BITS upload protocol (MC-BUP). It needs no Windows service, no logon session and no
/// background queue: one process, one command, one exit code. An interrupted upload is resumed by the same command.
#[derive(Debug, Parser)]
#[command(name = "bitsup", version, max_term_width = 100, arg_required_else_help = true, args_override_self = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SettingsArgs {
    /// Read settings from FILE
    ///
    /// [default: the path that bitsup config prints]
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath, help_heading = "Settings")]
    pub(crate) config: Option<PathBuf>,

    /// Read no settings file
    #[arg(long, global = true, conflicts_with = "config", help_heading = "Settings")]
    pub(crate) no_config: bool,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::doc_markdown, reason = "help shows it as it is")]
pub(crate) enum Command {
    /// Upload files
    ///
    /// Each file is uploaded to the URL with the BITS upload protocol. Lost connections and failures of the server are
    /// retried. The same command, run again, resumes an interrupted upload. The exit code is 0 only if the server has
    /// confirmed every file.
    Upload(Box<UploadArgs>),
    /// Check whether a server accepts uploads, and how it is reached
    ///
    /// Sends Ping, Create-Session and Cancel-Session. Prints the address, proxy, TLS version and certificate, the
    /// server's name, how it authenticated the client, and its protocol and host.
    Check(Box<CheckArgs>),
    /// List, show, cancel or prune unfinished uploads
    ///
    /// An upload that was interrupted is kept for 14 days, so that the same command can resume it.
    Sessions(SessionsArgs),
    /// Receive BITS uploads into a directory
    ///
    /// A small BITS server, for bitsup and for Start-BitsTransfer of Windows. By default it listens only on this
    /// machine. Acknowledged bytes are on disk, and a file has its name only when it is complete. Ctrl-C stops the
    /// server.
    #[cfg(feature = "serve")]
    Serve(Box<ServeArgs>),
    /// Run a whole upload on this machine: receive, upload, compare
    ///
    /// Starts the receiver on a free port of this machine, uploads each file to it, compares the received bytes with
    /// the file, and prints the commands that do the same.
    #[cfg(feature = "serve")]
    Try(TryArgs),
    /// Show the settings, and where each one is set
    ///
    /// Prints the path of the settings file, then each option with its value and where the value comes from. The output
    /// is valid as config.toml. Secrets are not shown.
    Config(ConfigArgs),
    /// Explain an exit code, an HTTP status or an HRESULT
    ///
    /// Prints the meaning, the usual cause, and what to do. Works without a network.
    Explain {
        /// Code to explain, such as 9, 404, 404.13 or 0x8020001F
        ///
        /// Also the name of an HRESULT, such as BG_E_SESSION_NOT_FOUND. Without CODE, all known codes are listed.
        #[arg(allow_negative_numbers = true)]
        code: Option<String>,
        /// Print what can stand for CODE, for completion scripts
        #[arg(long, hide = true)]
        candidates: bool,
    },
    /// Print the manual, or write its pages into a directory
    Man {
        /// Directory for the pages
        ///
        /// Without DIR, the page bitsup.1 is printed to standard output.
        #[arg(value_hint = ValueHint::DirPath)]
        dir: Option<PathBuf>,
    },
    /// Print the completion script for a shell
    Completions {
        /// Shell: bash, elvish, fish, powershell or zsh
        #[arg(hide_possible_values = true)]
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// URL of a directory, or of a file in it
    ///
    /// Nothing is stored there.
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) url: String,

    /// Offer this protocol to the server
    ///
    /// Repeat for several, in order of preference.
    ///
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub(crate) protocol: Vec<ProtocolId>,

    /// Send every packet to the URL's host
    ///
    /// By default, the fragments go to the host that the server names in its BITS-Host-Id field.
    #[arg(long, help_heading = "Protocol")]
    pub(crate) no_host_id: bool,

    /// Find the largest fragment that gets through
    ///
    /// Tries up to 32 MiB, sends a few hundred MiB at most, and completes no file.
    #[arg(long, help_heading = "Protocol")]
    pub(crate) probe_fragment: bool,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,

    /// Write a transcript to FILE that shows no secrets
    ///
    /// Also sends one fragment of 1 KiB of a file that is never completed. Host names, addresses, user names and
    /// credentials are replaced in FILE; paths of URLs are not. FILE must not exist.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print each packet and Ack; -vv adds the headers
    ///
    /// Secrets are never printed.
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

#[derive(Debug, Args)]
pub(crate) struct SessionsArgs {
    #[command(subcommand)]
    pub(crate) command: SessionsCommand,

    #[command(flatten)]
    pub(crate) state: StateArgs,

    /// List or remove what bitsup serve has not received whole in DIR
    ///
    /// For its operator; also while it runs.
    #[cfg(feature = "serve")]
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "state_dir", value_hint = ValueHint::DirPath,
        help_heading = "Receiver")]
    pub(crate) server: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List unfinished uploads
    List {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
        /// Print what can stand for an id, for completion scripts
        #[arg(long, hide = true)]
        candidates: bool,
    },
    /// Show the stored state of an unfinished upload
    Show {
        /// First characters of the upload's id, as printed by list
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Cancel an unfinished upload, here and on the server
    Cancel {
        /// First characters of the upload's id, as printed by list
        id: String,
        /// Remove it here even if the server cannot be told
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        auth: Box<AuthArgs>,
        #[command(flatten)]
        connect: Box<ConnectArgs>,
    },
    /// Remove an unfinished upload of the --server directory
    ///
    /// Its client starts over.
    #[cfg(feature = "serve")]
    Remove {
        /// First characters of the upload's id, as printed by list
        #[arg(value_name = "ID")]
        received: String,
    },
    /// Remove state that is expired (14 days), broken or left over
    Prune {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Include the settings for this URL's host
    #[arg(value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,

    /// Print one JSON object per line
    #[arg(long)]
    pub(crate) json: bool,

    /// Print the URLs of the hosts in the settings file, for completion scripts
    #[arg(long, hide = true)]
    pub(crate) candidates: bool,
}
