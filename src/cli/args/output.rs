//! What is shown, to people, programs and CI services

use clap::{Args, ValueEnum};

use crate::output::ProgressMode;

/// Options about what is shown
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// How progress is shown: `auto` is a bar on a terminal and lines elsewhere
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(crate) progress: ProgressMode,

    /// Print nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Print each packet and Ack; twice: also the heads, without secrets
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

/// What is shown to programs and CI services
#[derive(Debug, Clone, Args)]
pub struct MachineArgs {
    /// Print what happens on standard output, one JSON object a line
    #[arg(long, help_heading = "Output")]
    pub json: bool,

    /// Annotations and log sections of this CI service; `auto` looks for it in the environment
    #[arg(long, value_name = "SERVICE", default_value = "auto", help_heading = "Output")]
    pub ci: CiArg,
}

/// Whose commands are written into the log
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CiArg {
    /// By the environment
    #[default]
    Auto,
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
    /// Azure Pipelines
    Azure,
    /// Nobody's
    None,
}
