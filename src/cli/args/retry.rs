//! How persistent an upload is

use clap::Args;

/// How persistent an upload is
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retry")]
pub struct RetryArgs {
    /// Give up when nothing new was acknowledged for so long; 0: never try again
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub no_progress_timeout: String,

    /// Give up after so many tries in a row without progress [default: as many as fit the time]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,

    /// The first pause before another try; it doubles, and each is a random part of it
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub retry_delay: String,

    /// The longest pause
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub retry_max_delay: String,

    /// Time for the whole upload; the session is kept for the next run [default: no limit]
    #[arg(long, value_name = "TIME")]
    pub max_time: Option<String>,
}
