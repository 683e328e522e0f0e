//! `bitsup upload`, and what other verbs have in common with it.

use std::ffi::OsString;
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
pub(crate) struct UploadArgs {
    #[command(flatten)]
    pub(crate) files: FilesArgs,

    /// Offer this protocol to the server
    ///
    /// Repeat for several, in order of preference.
    ///
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub(crate) protocol: Vec<ProtocolId>,

    /// Set the size of the fragments
    ///
    /// With auto, the size adapts to the connection; a SIZE is fixed. Either is halved when the server refuses a fragment.
    #[arg(long, value_name = "auto|SIZE", default_value = "auto", value_parser = values::fragment_size, help_heading = "Protocol")]
    pub(crate) fragment_size: FragmentSize,

    /// Set the file's name on the server (one file only)
    ///
    /// The name is sent as Content-Name, and appended to a URL that ends in /.
    ///
    /// [default: the file's name]
    #[arg(long, value_name = "NAME", value_parser = values::base_name, help_heading = "Protocol")]
    pub(crate) name: Option<String>,

    /// Send every packet to the URL's host
    ///
    /// By default, the fragments go to the host that the server names in its BITS-Host-Id field.
    #[arg(long, help_heading = "Protocol")]
    pub(crate) no_host_id: bool,

    /// Save the reply of the server's application to FILE
    ///
    /// The server offers the reply when it has the whole file. An existing FILE is replaced only with --force.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Protocol")]
    pub(crate) reply: Option<PathBuf>,

    /// Replace an existing --reply file
    #[arg(long, requires = "reply", help_heading = "Protocol")]
    pub(crate) force: bool,

    /// Compare the uploaded file
    ///
    /// Reads the file on the server after the upload. A difference is exit code 14.
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = values::one_of(values::VERIFY), help_heading = "Safety")]
    pub(crate) verify: Verify,

    #[command(flatten)]
    pub(crate) auth: AuthArgs,

    /// Resume an interrupted upload
    ///
    /// The record of an interrupted upload belongs to the destination URL. The file's size and the digest of the part that
    /// the server acknowledged decide whether the content is the same; its path, inode and times do not.
    /// With always, a session that the server has lost is a failure, too.
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = values::one_of(values::RESUME), help_heading = "Resume")]
    pub(crate) resume: ResumeMode,

    /// Keep no state for resuming this upload
    ///
    /// The session is cancelled when the upload fails, also by Ctrl-C or SIGTERM. Nothing is remembered of the host.
    #[arg(long, conflicts_with = "state_dir", help_heading = "Resume")]
    pub(crate) no_state: bool,

    #[command(flatten)]
    pub(crate) state: StateArgs,

    #[command(flatten)]
    pub(crate) retry: RetryArgs,

    /// Send at most SIZE bytes per second
    ///
    /// The limit applies to all files together. 0 is no limit.
    ///
    /// [default: no limit]
    #[arg(long, value_name = "SIZE", value_parser = values::size, help_heading = "Speed")]
    pub(crate) limit_rate: Option<u64>,

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
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub(crate) struct FilesArgs {
    /// Files to upload, or - for standard input; the URL comes last
    ///
    /// If the URL ends in /, each file's percent-encoded name is appended. Several files need such a URL. Standard input
    /// needs --name or the whole URL.
    #[arg(value_name = "FILE", required_unless_present = "files_from", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<OsString>,

    /// Read the names of more files from FILE
    ///
    /// FILE has one name per line, or CSV with the columns Source and Destination. Write - for standard input.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Several files")]
    pub(crate) files_from: Option<PathBuf>,

    /// Names in the --files-from list end with a NUL byte
    #[arg(short = '0', long, requires = "files_from", help_heading = "Several files")]
    pub(crate) null: bool,

    /// Upload the files in directories
    ///
    /// FILE may then be a directory; its files, and those in the directories below it, keep their paths from there. The
    /// server's directories must exist. Symbolic links are left out.
    #[arg(short, long, help_heading = "Several files")]
    pub(crate) recursive: bool,

    /// Keep the path of each file, as it is typed or listed
    ///
    /// out/a/b.zip goes to out/a/b.zip below the URL. The server's directories must exist.
    #[arg(long, help_heading = "Several files")]
    pub(crate) relative: bool,

    /// Follow the symbolic links in directories
    #[arg(long, requires = "recursive", help_heading = "Several files")]
    pub(crate) follow_links: bool,

    /// Start no further file after one has failed
    ///
    /// Uploads that are under way continue.
    #[arg(long, help_heading = "Several files")]
    pub(crate) fail_fast: bool,

    /// Upload N files in parallel
    #[arg(short, long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256),
        help_heading = "Several files")]
    pub(crate) jobs: u16,

    /// Print what would be uploaded; use no network
    ///
    /// Prints each file's URL, its size, and the offset at which it would resume.
    #[arg(long, help_heading = "Safety")]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, Args)]
#[expect(clippy::doc_markdown, reason = "help shows it as it is")]
pub(crate) struct StateArgs {
    /// Keep the state of unfinished uploads in DIR
    ///
    /// The default is bitsup in $XDG_STATE_HOME (or ~/.local/state); on macOS in ~/Library/Application Support, on Windows in
    /// %LOCALAPPDATA%.
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath, help_heading = "Resume")]
    pub(crate) state_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retry")]
pub(crate) struct RetryArgs {
    /// Give up after TIME without newly acknowledged bytes
    ///
    /// 0 disables retries. The session is kept: the same command resumes it later. Without progress, at most three times
    /// the file's size and 64 MiB are sent again.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = values::time)]
    pub(crate) no_progress_timeout: Duration,

    /// Give up after N retries in a row without progress
    ///
    /// [default: unlimited]
    #[arg(long, value_name = "N|unlimited", value_parser = values::retries)]
    pub(crate) retries: Option<u32>,

    /// Set the longest pause before the first retry
    ///
    /// The limit doubles with each retry (exponential back-off with full jitter). The server's Retry-After is a lower
    /// bound. The small fragment that follows a lost response is sent without a pause.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = values::time)]
    pub(crate) retry_delay: Duration,

    /// Set the longest pause before any retry
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::time)]
    pub(crate) retry_max_delay: Duration,

    /// Retry for TIME until the server first responds
    ///
    /// Applies to connections that are refused, lost or time out before the first response of this run. After it,
    /// --no-progress-timeout applies. An unknown host and an untrusted certificate are not retried. 0 disables these
    /// retries.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time)]
    pub(crate) wait_for_server: Duration,

    /// Stop the run after TIME, and keep the session
    ///
    /// Name look-ups, connecting, --password-command and password prompts count. The exit code is 11.
    ///
    /// [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    max_time: Option<Duration>,
}

impl RetryArgs {
    /// The limit of the whole run, if there is one.
    pub(crate) fn max_time(&self) -> Option<Duration> {
        self.max_time.filter(|limit| !limit.is_zero())
    }
}

#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// Choose how progress is shown
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = values::one_of(values::PROGRESS), help_heading = "Output")]
    pub(crate) progress: ProgressMode,

    /// Print only errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,

    /// Print each packet and Ack; -vv adds the headers
    ///
    /// Secrets are never printed.
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
    /// Print events as JSON lines on standard output
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Write annotations and log sections for a CI service
    #[arg(long, value_name = "SERVICE", default_value = "auto", value_parser = values::ci(), help_heading = "Output")]
    pub(crate) ci: Ci,
}
