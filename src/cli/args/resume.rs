//! Whether to go on with an unfinished upload, and where such are kept

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::client::ResumeMode;

/// Whether to go on with an unfinished upload
#[derive(Debug, Clone, Args)]
pub struct ResumeArgs {
    /// Resume an interrupted upload: `auto` if the content is the same, `always` fails if not, `never` starts over
    ///
    /// The record of an interrupted upload belongs to the destination URL. The file's size and the digest of the part that
    /// the server acknowledged decide; its path, inode and times do not. With `auto`, another content starts over, and the
    /// old session is cancelled. `always` ends with exit 16 instead, also when the server has lost the session. `never`
    /// cancels the old session.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Resume")]
    pub resume: ResumeMode,

    /// Keep nothing of this upload for resuming it
    ///
    /// The session is cancelled when the upload ends without success, also by Ctrl-C or SIGTERM. Nothing is remembered of
    /// the host.
    #[arg(long, conflicts_with = "state_dir", help_heading = "Resume")]
    pub no_state: bool,

    /// Where unfinished uploads are kept
    #[command(flatten)]
    pub state: StateArgs,
}

/// Where unfinished uploads are kept
#[derive(Debug, Clone, Args)]
pub struct StateArgs {
    /// Folder for unfinished uploads [default: `$BITSUP_STATE_DIR`, or bitsup in the system's folder for such things]
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath, help_heading = "Resume")]
    pub state_dir: Option<PathBuf>,
}
