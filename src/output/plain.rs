//! UploadProgress for logs: few lines, each whole.

use std::time::{Duration, Instant};

use super::progress::UploadProgress;
use super::{redact, units};
use crate::uploader::UploadEvent;

/// Decides when a line is due.
#[derive(Debug, Clone, Default)]
pub(super) struct PlainLog {
    last: Option<(Instant, u64)>,
}

impl PlainLog {
    const STEP_PERCENT: u64 = 10;
    const STEP_TIME: Duration = Duration::from_secs(30);

    /// The line that is due after `event`, which `progress` has already taken in.
    pub(super) fn line(&mut self, event: &UploadEvent, progress: &UploadProgress, now: Instant) -> Option<String> {
        match event {
            UploadEvent::Started { .. } => {
                self.last = Some((now, 0));
                Some(first_line(progress))
            }
            UploadEvent::Completed { .. } => {
                self.last = None;
                Some(last_line(progress, now))
            }
            _ => self.step_line(progress, now),
        }
    }

    fn step_line(&mut self, progress: &UploadProgress, now: Instant) -> Option<String> {
        // Nothing before the first line, and nothing between the last and the next file's first.
        let (time, step) = self.last?;
        let new_step = progress.percent() / Self::STEP_PERCENT;
        if new_step <= step && now.saturating_duration_since(time) < Self::STEP_TIME {
            return None;
        }
        // A step that was already told is not told again when the server goes back.
        self.last = Some((now, step.max(new_step)));
        Some(middle_line(progress, now))
    }
}

fn first_line(progress: &UploadProgress) -> String {
    format!("{}: uploading {} to {}", progress.name, units::size(progress.size), redact::url(&progress.url))
}

fn middle_line(progress: &UploadProgress, now: Instant) -> String {
    let (acked, size) = (units::size(progress.acked()), units::size(progress.size));
    let mut line = format!("{}: {} %, {acked} of {size}", progress.name, progress.percent());
    if let Some(rate) = progress.rate(now) {
        line = format!("{line}, {}", units::rate(rate));
    }
    if let Some(eta) = progress.eta(now) {
        line = format!("{line}, ETA {}", units::remaining(eta));
    }
    line
}

fn last_line(progress: &UploadProgress, now: Instant) -> String {
    let (size, time) = (units::size(progress.size), units::duration(progress.elapsed(now)));
    let rate = units::rate(progress.rate(now).unwrap_or(0));
    format!("{}: {} %, uploaded {size} in {time}, {rate}", progress.name, progress.percent())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{close, fragment, started};

    struct Log {
        progress: UploadProgress,
        plain: PlainLog,
        now: Instant,
        lines: Vec<String>,
    }

    impl Log {
        fn of(size: u64) -> Self {
            let now = Instant::now();
            let mut log = Self {
                progress: UploadProgress::new("", "", 0, now),
                plain: PlainLog::default(),
                now,
                lines: Vec::new(),
            };
            log.then(0, &started("a.bin", size));
            log
        }

        fn then(&mut self, seconds: u64, event: &UploadEvent) {
            self.now += Duration::from_secs(seconds);
            self.progress.apply(event, self.now);
            self.lines.extend(self.plain.line(event, &self.progress, self.now));
        }
    }

    #[test]
    fn a_fast_upload_has_a_line_every_ten_percent() {
        let mut log = Log::of(1000);
        for n in 0..100 {
            log.then(0, &fragment(n * 10, 10, 1000));
            log.then(0, &UploadEvent::Acknowledged { offset: n * 10 + 10, total: 1000 });
        }
        log.then(0, &close());
        log.then(2, &UploadEvent::Completed { size: 1000 });
        assert_eq!(log.lines.len(), 1 + 9 + 1, "{:#?}", log.lines);
        assert_eq!(log.lines[0], "a.bin: uploading 1000 B to http://h/up/a.bin");
        assert_eq!(log.lines[1], "a.bin: 10 %, 100 B of 1000 B");
        assert_eq!(log.lines[10], "a.bin: 100 %, uploaded 1000 B in 2.0 s, 500 B/s");
    }

    #[test]
    fn a_slow_upload_has_a_line_every_thirty_seconds() {
        let mut log = Log::of(100 << 20);
        log.then(0, &fragment(0, 28 << 20, 100 << 20));
        for n in 1..=60 {
            log.then(1, &UploadEvent::BytesSent(n << 10));
        }
        assert_eq!(log.lines.len(), 3, "{:#?}", log.lines);
        assert_eq!(log.lines[2], "a.bin: 0 %, 0 B of 100 MiB, 1.00 KiB/s, ETA 28:25:40");
    }

    #[test]
    fn a_step_is_told_once_even_if_the_server_goes_back() {
        let mut log = Log::of(100);
        for offset in [50, 0, 50, 0, 50] {
            log.then(0, &UploadEvent::Resynced { from: 0, to: offset });
        }
        assert_eq!(log.lines.len(), 2, "{:#?}", log.lines);
    }

    #[test]
    fn a_small_file_has_its_first_and_last_line() {
        let mut log = Log::of(0);
        log.then(0, &close());
        log.then(0, &UploadEvent::Completed { size: 0 });
        assert_eq!(log.lines.len(), 2);
    }
}
