//! What is shown to programs and CI services

use clap::{Args, ValueEnum};

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
