//! `bitsup upload`

#[cfg(feature = "serve")]
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, ValueHint};
#[cfg(feature = "serve")]
use clap::{Command, FromArgMatches};

use super::{AuthArgs, ConnectArgs, FilesArgs, MachineArgs, OutputArgs, ResumeArgs, RetryArgs, values};
use crate::protocol::ProtocolId;
use crate::uploader::{FragmentSize, Verify};

/// `bitsup upload`
#[derive(Debug, Args)]
#[command(
    override_usage = "bitsup upload [OPTIONS] <FILE>... <URL>\n       bitsup upload [OPTIONS] --files-from <FILE> [URL]"
)]
#[command(after_help = "Example:\n  bitsup upload build.zip https://files.example.com/drop/")]
pub struct UploadArgs {
    /// What to upload, and where to
    #[command(flatten)]
    pub files: FilesArgs,

    /// Offer this protocol to the server; repeat for several, in order of preference
    /// [default: {7df0354d-249b-430f-820d-3d2a9bef4931}]
    #[arg(long, value_name = "GUID", value_parser = values::parsed::<ProtocolId>, help_heading = "Protocol")]
    pub protocol: Vec<ProtocolId>,

    /// Size of the fragments: `auto` goes by what exchanges take, a SIZE is kept
    #[arg(long, value_name = "auto|SIZE", default_value = "auto", value_parser = values::fragment_size, help_heading = "Protocol")]
    pub fragment_size: FragmentSize,

    /// Name told to the server and appended to a URL that ends in /; for one file [default: the file's name]
    #[arg(long, value_name = "NAME", value_parser = values::base_name, help_heading = "Protocol")]
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
    pub verify: Verify,

    /// Who signs in
    #[command(flatten)]
    pub auth: AuthArgs,

    /// Whether to go on with an unfinished upload
    #[command(flatten)]
    pub resume: ResumeArgs,

    /// How persistent to be
    #[command(flatten)]
    pub retry: RetryArgs,

    /// Send at most so many bytes a second [default: no limit]
    ///
    /// All files together.
    #[arg(long, value_name = "SIZE", value_parser = values::bytes, help_heading = "Speed")]
    pub limit_rate: Option<NonZeroU64>,

    /// How to reach the server
    #[command(flatten)]
    pub connect: ConnectArgs,

    /// What is shown
    #[command(flatten)]
    pub output: OutputArgs,

    /// What is shown to programs and CI services
    #[command(flatten)]
    pub machine: MachineArgs,
}

impl UploadArgs {
    /// As if only a file, a URL and `--no-state` had been typed: every other option has its default.
    #[cfg(feature = "serve")]
    pub(in crate::cli) fn plain(file: PathBuf, url: String, output: OutputArgs) -> Self {
        let command = Self::augment_args(Command::new("upload")).no_binary_name(true);
        let typed = [OsString::from("--no-state"), "--".into(), file.into(), url.into()];
        let args = command.try_get_matches_from(typed).and_then(|matches| Self::from_arg_matches(&matches));
        Self { output, ..args.expect("a file and a URL are all that an upload needs") }
    }
}
