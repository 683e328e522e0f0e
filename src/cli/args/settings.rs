//! Where settings come from

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Where settings come from
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsArgs {
    /// Read settings from this file [default: `$BITSUP_CONFIG`, or bitsup/config.toml in the system's folder for such things]
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath, help_heading = "Settings")]
    pub config: Option<PathBuf>,

    /// Read no settings from a file
    #[arg(long, global = true, conflicts_with = "config", help_heading = "Settings")]
    pub no_config: bool,
}

/// `bitsup config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Also show what the file says for this URL's host
    #[arg(value_hint = ValueHint::Url)]
    pub url: Option<String>,

    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}
