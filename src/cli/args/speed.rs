//! How fast an upload may be

use clap::Args;

/// How fast an upload may be
#[derive(Debug, Clone, Args)]
pub struct SpeedArgs {
    /// Send at most so many bytes a second [default: no limit]
    ///
    /// All files together.
    #[arg(long, value_name = "SIZE", help_heading = "Speed")]
    pub limit_rate: Option<String>,
}
