//! How persistent to be, checked.

use std::time::Duration;

use crate::cli::args::RetryArgs;
use crate::cli::duration;
use crate::uploader::RetryPolicy;

use super::UsageError;

/// When to try again, and how long.
pub(super) fn policy(args: &RetryArgs) -> Result<RetryPolicy, UsageError> {
    Ok(RetryPolicy {
        no_progress_timeout: time("--no-progress-timeout", &args.no_progress_timeout)?,
        retries: args.retries,
        delay: time("--retry-delay", &args.retry_delay)?,
        max_delay: time("--retry-max-delay", &args.retry_max_delay)?,
        wait_for_server: time("--wait-for-server", &args.wait_for_server)?,
        max_time: args.max_time.as_deref().map(|text| time("--max-time", text)).transpose()?,
    })
}

pub(super) fn time(option: &str, text: &str) -> Result<Duration, UsageError> {
    duration::parse(text).map_err(|reason| UsageError(format!("{option}: {reason}")))
}
