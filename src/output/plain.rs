//! Progress for logs: few lines, each whole.

use std::time::{Duration, Instant};

use super::progress::UploadProgress;
use super::{redact, units};

/// Decides when a line is due: every tenth, and every half minute.
#[derive(Debug, Clone, Default)]
pub(super) struct Steps {
    last: Option<(Instant, u64)>,
}

impl Steps {
    const PERCENT: u64 = 10;
    const TIME: Duration = Duration::from_secs(30);

    /// From now on; before that, and after `Steps::default()` took its place, none is due.
    pub(super) fn from(now: Instant) -> Self {
        Self { last: Some((now, 0)) }
    }

    pub(super) fn is_due(&mut self, percent: u64, now: Instant) -> bool {
        let Some((time, step)) = self.last else { return false };
        let new_step = percent / Self::PERCENT;
        if new_step <= step && now.saturating_duration_since(time) < Self::TIME {
            return false;
        }
        // A step that was already told is not told again when the server goes back.
        self.last = Some((now, step.max(new_step)));
        true
    }
}

pub(super) fn first_line(progress: &UploadProgress) -> String {
    format!("{}: uploading {} to {}", progress.name, units::size(progress.size), redact::url(&progress.url))
}

/// Percent, amount, rate and time, after the name of what they are about.
pub(super) fn figures(progress: &UploadProgress, now: Instant) -> String {
    let (acked, size) = (units::size(progress.acked()), units::size(progress.size));
    let mut line = format!("{} %, {acked} of {size}", progress.percent());
    if let Some(rate) = progress.rate(now) {
        line = format!("{line}, {}", units::rate(rate));
    }
    if let Some(eta) = progress.eta(now) {
        line = format!("{line}, ETA {}", units::remaining(eta));
    }
    line
}

pub(super) fn last_line(progress: &UploadProgress, now: Instant) -> String {
    let rate = units::rate(progress.rate(now).unwrap_or(0));
    format!("{}: {} %, {}, {rate}", progress.name, progress.percent(), uploaded(progress, now))
}

pub(super) fn uploaded(progress: &UploadProgress, now: Instant) -> String {
    format!("uploaded {} in {}", units::size(progress.size), units::duration(progress.elapsed(now)))
}
