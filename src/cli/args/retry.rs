//! How persistent an upload is

use std::time::Duration;

use clap::Args;

use super::values;

/// How persistent an upload is
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Retry")]
pub struct RetryArgs {
    /// Give up when nothing new was acknowledged for so long; 0: never retry
    ///
    /// The session is kept: the same command goes on later. An outage of the server or the network, however it shows,
    /// costs nothing else than this time. At most three times the file's size and 64 MiB are sent again without progress.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = values::time)]
    pub no_progress_timeout: Duration,

    /// Give up after so many retries in a row without progress [default: as many as fit the time]
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,

    /// The longest first pause before a retry; it doubles with each (exponential back-off with full jitter)
    ///
    /// The server's Retry-After is a lower bound. The small fragment that asks after a lost response follows at once.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = values::time)]
    pub retry_delay: Duration,

    /// The longest pause before a retry
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::time)]
    pub retry_max_delay: Duration,

    /// Retry this long only until the server has responded once in this run
    ///
    /// For connections that are refused, cut or time out: a wrong port ends soon, and a longer TIME waits for a server that
    /// is still starting. Later losses are retried for --no-progress-timeout. An unknown host, and a certificate that is
    /// not trusted, are not retried. 0: never retry until then.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::time)]
    pub wait_for_server: Duration,

    /// Time for the whole run; the session is kept for the next one [default: no limit]
    ///
    /// Look-ups, connecting, --password-command and prompts for passwords are part of it. Exit 11.
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub max_time: Option<Duration>,
}
