//! How persistent to be, checked.

use std::time::Duration;

use crate::cli::args::RetryArgs;
use crate::cli::duration;
use crate::transport::Settings;
use crate::uploader::RetryPolicy;

use super::UsageError;

/// The time limits of a connection; all else is as always.
pub(super) fn timeouts(args: &RetryArgs) -> Result<Settings, UsageError> {
    Ok(Settings {
        connect_timeout: time("--connect-timeout", &args.connect_timeout)?,
        request_timeout: time("--request-timeout", &args.request_timeout)?,
        response_timeout: time("--response-timeout", &args.response_timeout)?,
        ..Settings::default()
    })
}

/// When to try again, and how long.
pub(super) fn policy(args: &RetryArgs) -> Result<RetryPolicy, UsageError> {
    Ok(RetryPolicy {
        no_progress_timeout: time("--no-progress-timeout", &args.no_progress_timeout)?,
        retries: args.retries,
        delay: time("--retry-delay", &args.retry_delay)?,
        max_delay: time("--retry-max-delay", &args.retry_max_delay)?,
        max_time: args.max_time.as_deref().map(|text| time("--max-time", text)).transpose()?,
    })
}

fn time(option: &str, text: &str) -> Result<Duration, UsageError> {
    duration::parse(text).map_err(|reason| UsageError(format!("{option}: {reason}")))
}
