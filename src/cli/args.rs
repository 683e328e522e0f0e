//! What can be typed. Meaning and checks are in `config`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

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

/// `bitsup upload`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bitsup upload build.zip https://files.example.com/drop/")]
pub struct UploadArgs {
    /// The file to upload
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// Where to; if it ends in /, the file's percent-encoded name is appended
    #[arg(value_hint = ValueHint::Url)]
    pub url: String,

    /// Offer this protocol to the server; repeat for several, in order of preference
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", help_heading = "Protocol")]
    pub protocol: Vec<String>,

    /// Size of the fragments: `auto` grows from 256 KiB to 28 MiB, a SIZE is kept
    #[arg(long, value_name = "auto|SIZE", default_value = "auto", help_heading = "Protocol")]
    pub fragment_size: String,

    /// Name told to the server and appended to a URL that ends in / [default: the file's name]
    #[arg(long, value_name = "NAME", help_heading = "Protocol")]
    pub name: Option<String>,

    /// Stay at the URL's host, whatever other host the server names
    #[arg(long, help_heading = "Protocol")]
    pub no_host_id: bool,

    /// Save the reply of the server's application, which it offers when it has the whole file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Protocol")]
    pub reply: Option<PathBuf>,

    /// Replace what `--reply` names if it exists
    #[arg(long, requires = "reply", help_heading = "Protocol")]
    pub force: bool,

    /// Read back what arrived and compare it: its `size` by HEAD, or its `sha256` by GET, all of it
    #[arg(long, value_name = "HOW", default_value = "none", help_heading = "Safety")]
    pub verify: VerifyArg,

    /// Whether to go on with an unfinished upload
    #[command(flatten)]
    pub resume: ResumeArgs,

    /// How persistent to be
    #[command(flatten)]
    pub retry: RetryArgs,

    /// What is shown
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How persistent an upload is
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retry")]
pub struct RetryArgs {
    /// Give up when nothing new was acknowledged for so long; 0: never try again
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub no_progress_timeout: String,

    /// Give up after so many tries in a row without progress [default: as many as fit the time]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,

    /// The first pause before another try; it doubles, and each is a random part of it
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub retry_delay: String,

    /// The longest pause
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub retry_max_delay: String,

    /// Time for establishing a connection, all addresses and TLS included
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub connect_timeout: String,

    /// Time without a byte of a request being taken
    #[arg(long, value_name = "TIME", default_value = "2m")]
    pub request_timeout: String,

    /// Time until an answer's head is complete; with --reply never below 5m30s for the last fragment's
    #[arg(long, value_name = "TIME", default_value = "5m30s")]
    pub response_timeout: String,

    /// Time for the whole upload; the session is kept for the next run [default: no limit]
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<String>,
}

impl UploadArgs {
    /// As if only a file, a URL and these options had been typed.
    #[cfg(feature = "serve")]
    pub(super) fn plain(file: PathBuf, url: String, output: OutputArgs) -> Self {
        let retry = RetryArgs {
            no_progress_timeout: "10m".to_owned(),
            retries: None,
            retry_delay: "1s".to_owned(),
            retry_max_delay: "60s".to_owned(),
            connect_timeout: "30s".to_owned(),
            request_timeout: "2m".to_owned(),
            response_timeout: "5m30s".to_owned(),
            max_time: None,
        };
        // Nobody resumes a trial.
        let resume = ResumeArgs { no_state: true, ..ResumeArgs::default() };
        let fragment_size = "auto".to_owned();
        Self {
            file,
            url,
            protocol: Vec::new(),
            fragment_size,
            name: None,
            no_host_id: false,
            reply: None,
            force: false,
            verify: VerifyArg::None,
            resume,
            retry,
            output,
        }
    }
}

/// `bitsup sessions`
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// What to do
    #[command(subcommand)]
    pub command: SessionsCommand,

    /// Where unfinished uploads are kept
    #[command(flatten)]
    pub state: StateArgs,
}

/// The verbs of `bitsup sessions`
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
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
    },
    /// Remove what expired after 14 days, is broken or left over
    Prune {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// Whether to go on with an unfinished upload
#[derive(Debug, Clone, Default, Args)]
pub struct ResumeArgs {
    /// Go on where an earlier run stopped: `auto` if that is possible, `always` fails if not, `never` starts over
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Resume")]
    pub resume: Resume,

    /// Keep nothing of this upload for resuming it
    #[arg(long, conflicts_with = "state_dir", help_heading = "Resume")]
    pub no_state: bool,

    /// Where unfinished uploads are kept
    #[command(flatten)]
    pub state: StateArgs,
}

/// How what arrived is compared with the file
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum VerifyArg {
    /// Not at all
    #[default]
    None,
    /// By its size
    Size,
    /// By its SHA-256
    Sha256,
}

/// When to go on with an unfinished upload
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Resume {
    /// If that is possible
    #[default]
    Auto,
    /// Or fail
    Always,
    /// Start over
    Never,
}

/// Where unfinished uploads are kept
#[derive(Debug, Clone, Default, Args)]
pub struct StateArgs {
    /// Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system's folder for such things]
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath, help_heading = "Resume")]
    pub state_dir: Option<PathBuf>,
}

/// Options about what is shown
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// How progress is shown: `auto` is a bar on a terminal and lines elsewhere
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub progress: Progress,

    /// Print nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Print each packet and Ack; twice: also the heads, without secrets
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

/// How progress is shown
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// A bar on a terminal, lines elsewhere
    Auto,
    /// A bar
    Bar,
    /// Whole lines, as for a log
    Plain,
    /// Nothing
    None,
}

/// `bitsup serve`
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The folder that receives the files
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: std::net::SocketAddr,

    /// Who may come in
    #[command(flatten)]
    pub access: AccessArgs,

    /// Replace files that exist
    #[arg(long, help_heading = "Uploads")]
    pub overwrite: bool,

    /// Life of an upload without progress; a finished one is remembered as long [default: 14d]
    #[arg(long, value_name = "TIME", help_heading = "Uploads")]
    pub session_timeout: Option<String>,

    /// Name this host in the answer to Create-Session: the client sends the fragments there
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Uploads")]
    pub host_id: Option<String>,

    /// Time without progress after which the client returns from that host to the URL's own
    #[arg(long, value_name = "TIME", requires = "host_id", help_heading = "Uploads")]
    pub host_id_fallback_timeout: Option<String>,

    /// Run this command in the shell for each complete file, before its last byte is acknowledged; its output
    /// becomes the reply to the client, an exit code other than 0 refuses the file. It finds `BITSUP_FILE`,
    /// `BITSUP_URL` and `BITSUP_SESSION` in its environment and is killed after 5 minutes
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString, help_heading = "Uploads")]
    pub reply_command: Option<String>,

    /// Largest file accepted [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    pub max_size: Option<String>,

    /// Largest fragment accepted [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    pub max_fragment: Option<String>,

    /// Most unfinished uploads of one client address
    #[arg(long, value_name = "N", default_value = "50", help_heading = "Limits")]
    pub max_sessions: std::num::NonZeroUsize,

    /// Most bytes that all unfinished uploads may hold together [default: no limit]
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    pub max_temp: Option<String>,

    /// Most connections of one client address
    #[arg(long, value_name = "N", default_value = "256", help_heading = "Limits")]
    pub max_connections: std::num::NonZeroUsize,

    /// Print what happens on standard output, one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Print no line for each packet on standard error
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// Who may come in, and how
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
pub struct AccessArgs {
    /// Listen on an address that others can reach, although anyone may then upload
    #[arg(long, conflicts_with = "user", help_heading = "Access")]
    pub allow_anonymous: bool,

    /// Let in only this user, with Basic authentication
    #[arg(long, value_name = "NAME", requires = "password_file", help_heading = "Access")]
    pub user: Option<String>,

    /// File whose first line is the user's password; others must not be able to read it
    #[arg(long, value_name = "FILE", requires = "user", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub password_file: Option<PathBuf>,

    /// Ask for the password without TLS on an address that others can reach
    #[arg(long, requires = "user", help_heading = "Access")]
    pub allow_cleartext_auth: bool,

    /// Certificate for HTTPS, with those that vouch for it, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub tls_cert: Option<PathBuf>,

    /// Its private key, in PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath, help_heading = "Access")]
    pub tls_key: Option<PathBuf>,

    /// Give published files out by HEAD and GET to whoever may upload; folders are never listed
    #[arg(long, help_heading = "Access")]
    pub allow_read: bool,
}

/// `bitsup try`
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
pub struct TryArgs {
    /// Files to upload [default: a generated one of 64 MiB]
    #[arg(value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// What is shown
    #[command(flatten)]
    pub output: OutputArgs,
}
