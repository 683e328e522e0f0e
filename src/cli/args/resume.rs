//! Whether to go on with an unfinished upload, and where such are kept

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

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
