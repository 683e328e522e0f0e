//! `bitsup upload`, and what other verbs have in common with it.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};
#[cfg(feature = "serve")]
use clap::{Command, FromArgMatches};

use super::{AuthArgs, ConnectArgs, values};
use crate::client::ResumeMode;
use crate::output::{Ci, ProgressMode, Reporter, Verbosity};
use crate::protocol::ProtocolId;
use crate::uploader::{FragmentSize, Verify};

#[derive(Debug, Args)]
#[command(
    override_usage = "bitsup upload [OPTIONS] <FILE>... <URL>\n       bitsup upload [OPTIONS] --files-from <FILE> [URL]"
)]
#[command(after_help = "Example:\n  bitsup upload build.zip https://files.example.com/drop/")]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    pub(crate) files: FilesArgs,

    /// Offer this protocol to the server; repeat for several, in order of preference
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub(crate) protocol: Vec<ProtocolId>,

    /// Size of the fragments: `auto` goes by what exchanges take, a SIZE is kept
    #[arg(long, value_name = "auto|SIZE", default_value = "auto", value_parser = values::fragment_size, help_heading = "Protocol")]
    pub(crate) fragment_size: FragmentSize,

    /// Name told to the server and appended to a URL that ends in /; for one file [default: the file's name]
    #[arg(long, value_name = "NAME", value_parser = values::base_name, help_heading = "Protocol")]
    pub(crate) name: Option<String>,

    /// Stay at the URL's host, whatever other host the server names
    #[arg(long, help_heading = "Protocol")]
    pub(crate) no_host_id: bool,

    /// Save the reply of the server's application, which it offers when it has the whole file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Protocol")]
    pub(crate) reply: Option<PathBuf>,

    /// Replace what `--reply` names if it exists
    #[arg(long, requires = "reply", help_heading = "Protocol")]
    pub(crate) force: bool,

    /// Read back what arrived and compare it: its `size` by HEAD, or its `sha256` by GET, all of it
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = values::one_of(values::VERIFY), help_heading = "Safety")]
    pub(crate) verify: Verify,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    /// Resume an interrupted upload: `auto` if the content is the same, `always` fails if not, `never` starts over
    ///
    /// The record of an interrupted upload belongs to the destination URL. The file's size and the digest of the part that
    /// the server acknowledged decide; its path, inode and times do not. With `auto`, another content starts over, and the
    /// old session is cancelled. `always` ends with exit 16 instead, also when the server has lost the session. `never`
    /// cancels the old session.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = values::one_of(values::RESUME), help_heading = "Resume")]
    pub(crate) resume: ResumeMode,

    /// Keep nothing of this upload for resuming it
    ///
    /// The session is cancelled when the upload ends without success, also by Ctrl-C or SIGTERM. Nothing is remembered of
    /// the host.
    #[arg(long, conflicts_with = "state_dir", help_heading = "Resume")]
    pub(crate) no_state: bool,

    #[command(flatten)]
    pub(crate) state: StateArgs,

    #[command(flatten)]
    pub(crate) retry: RetryArgs,

    /// Send at most so many bytes a second [default: no limit]
    ///
    /// All files together.
    #[arg(long, value_name = "SIZE", value_parser = values::bytes, help_heading = "Speed")]
    pub(crate) limit_rate: Option<NonZeroU64>,

    #[command(flatten)]
    pub(crate) connect: ConnectArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

impl UploadArgs {
    /// As if only a file, a URL and `--no-state` had been typed: every other option has its default.
    #[cfg(feature = "serve")]
    pub(crate) fn plain(file: PathBuf, url: String, output: OutputArgs) -> Self {
        let command = Self::augment_args(Command::new("upload")).no_binary_name(true);
        let typed = [OsString::from("--no-state"), "--".into(), file.into(), url.into()];
        let args = command.try_get_matches_from(typed).and_then(|matches| Self::from_arg_matches(&matches));
        Self { output, ..args.expect("a file and a URL are all that an upload needs") }
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct FilesArgs {
    /// The files to upload, `-` for standard input; last, the URL. If that ends in /, each file's percent-encoded name
    /// is appended; several files need such a one
    #[arg(value_name = "FILE", required_unless_present = "files_from", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<OsString>,

    /// Read more files from FILE, or from standard input for `-`: one a line, or CSV with the columns Source and
    /// Destination
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Several files")]
    pub(crate) files_from: Option<PathBuf>,

    /// The names read by `--files-from` end with a NUL character
    #[arg(short = '0', long, requires = "files_from", help_heading = "Several files")]
    pub(crate) null: bool,

    /// Begin no further file after one has failed
    #[arg(long, help_heading = "Several files")]
    pub(crate) fail_fast: bool,

    /// Upload so many files at a time
    #[arg(short, long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256),
        help_heading = "Several files")]
    pub(crate) jobs: u16,

    /// Print what would be uploaded, to where, and from which offset; use no network
    #[arg(long, help_heading = "Safety")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct StateArgs {
    /// Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system's folder for such things]
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath, help_heading = "Resume")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retry")]
pub(crate) struct RetryArgs {
    /// Give up when nothing new was acknowledged for so long; 0: never retry
    ///
    /// The session is kept: the same command goes on later. An outage of the server or the network, however it shows,
    /// costs nothing else than this time. At most three times the file's size and 64 MiB are sent again without progress.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = values::time)]
    pub(crate) no_progress_timeout: Duration,

    /// Give up after so many retries in a row without progress [default: as many as fit the time]
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,

    /// The longest first pause before a retry; it doubles with each (exponential back-off with full jitter)
    ///
    /// The server's Retry-After is a lower bound. The small fragment that asks after a lost response follows at once.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = values::time)]
    pub(crate) retry_delay: Duration,

    /// The longest pause before a retry
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::time)]
    pub(crate) retry_max_delay: Duration,

    /// Retry this long only until the server has responded once in this run
    ///
    /// For connections that are refused, cut or time out: a wrong port ends soon, and a longer TIME waits for a server that
    /// is still starting. Later losses are retried for --no-progress-timeout. An unknown host, and a certificate that is
    /// not trusted, are not retried. 0: never retry until then.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time)]
    pub(crate) wait_for_server: Duration,

    /// Time for the whole run; the session is kept for the next one [default: no limit]
    ///
    /// Look-ups, connecting, --password-command and prompts for passwords are part of it. Exit 11.
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) max_time: Option<Duration>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// How progress is shown: `auto` is a bar on a terminal and lines elsewhere
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = values::one_of(values::PROGRESS), help_heading = "Output")]
    pub(crate) progress: ProgressMode,

    /// Print nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Print each packet and Ack; twice: also the heads, without secrets
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub(crate) verbose: u8,
}

impl OutputArgs {
    pub(crate) fn reporter(&self) -> Reporter {
        Reporter::stderr(self.progress, Verbosity { quiet: self.quiet, level: self.verbose })
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct MachineArgs {
    /// Print what happens on standard output, one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Annotations and log sections of this CI service; `auto` looks for it in the environment
    #[arg(long, value_name = "SERVICE", default_value = "auto", value_parser = values::ci(), help_heading = "Output")]
    pub(crate) ci: Ci,
}
