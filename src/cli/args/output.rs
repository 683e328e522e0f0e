//! What is shown

use clap::{Args, ValueEnum};

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
