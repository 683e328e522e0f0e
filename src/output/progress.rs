//! How far an upload is: events in, figures out. Knows no clock and prints nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::protocol::{ContentRange, Packet};
use crate::uploader::UploadEvent;

/// The activity of the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    Connecting,
    Sending,
    /// A pause until then.
    Waiting(Instant),
    Closing,
    Cancelling,
    Completed,
    /// It failed, or was interrupted.
    Stopped,
}

#[derive(Debug, Clone)]
pub(super) struct UploadProgress {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) size: u64,
    pub(super) activity: Activity,
    /// Why it waits, while it does.
    pub(super) cause: String,
    /// Where the first fragment began: what a resumed upload does not send again.
    pub(super) baseline: Option<u64>,
    acked: u64,
    fragment: Option<ContentRange>,
    /// Bytes of `fragment` handed to the network.
    sent: u64,
    /// Bytes that went out in this run, those sent twice counted twice.
    pub(super) moved: u64,
    speed: Speed,
    started: Instant,
}

impl UploadProgress {
    pub(super) fn new(name: &str, url: &str, size: u64, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            size,
            activity: Activity::Connecting,
            cause: String::new(),
            baseline: None,
            acked: 0,
            fragment: None,
            sent: 0,
            moved: 0,
            speed: Speed::default(),
            started: now,
        }
    }

    pub(super) fn apply(&mut self, event: &UploadEvent, now: Instant) {
        match event {
            UploadEvent::Started { name, url, size } => *self = Self::new(name, url, *size, now),
            UploadEvent::Sending(packet) => self.sending(packet),
            UploadEvent::BytesSent(sent) => {
                let sent = self.fragment.map_or(0, ContentRange::len).min(*sent);
                self.moved = self.moved.saturating_add(sent.saturating_sub(self.sent));
                self.sent = sent;
            }
            UploadEvent::Acknowledged { offset, .. } => {
                self.moved = self.moved.saturating_add(offset.saturating_sub(self.acked.saturating_add(self.sent)));
                self.stand_at(*offset);
            }
            UploadEvent::Resynced { to, .. } => self.stand_at(*to),
            UploadEvent::Resumed { offset, .. } => self.stand_at(*offset),
            UploadEvent::SessionLost { .. } | UploadEvent::StartingOver { .. } => self.stand_at(0),
            UploadEvent::Retrying { cause, pause, .. } => {
                // Lost bytes are not under way any more.
                self.stand_at(self.acked);
                self.cause.clone_from(cause);
                self.activity = Activity::Waiting(now.checked_add(*pause).unwrap_or(now));
            }
            UploadEvent::Completed { .. } => self.activity = Activity::Completed,
            _ => {}
        }
        self.speed.record(self.activity == Activity::Sending, now, self.moved);
    }

    /// Nothing more comes of it in this run, nor of what is under way.
    pub(super) fn stop(&mut self) {
        if !self.is_completed() {
            self.stand_at(self.acked);
            self.activity = Activity::Stopped;
        }
    }

    fn sending(&mut self, packet: &Packet) {
        match packet {
            Packet::Fragment { range, .. } => {
                self.activity = Activity::Sending;
                self.baseline.get_or_insert(range.first());
                self.stand_at(range.first());
                self.fragment = Some(*range);
            }
            Packet::CloseSession { .. } => self.activity = Activity::Closing,
            Packet::CancelSession { .. } => self.activity = Activity::Cancelling,
            _ => self.activity = Activity::Connecting,
        }
    }

    /// Several files as one stand there: bytes acknowledged, on their way, and sent in this run; and whether any is.
    pub(super) fn stand_together(&mut self, acked: u64, in_flight: u64, moved: u64, is_sending: bool, now: Instant) {
        (self.activity, self.acked, self.sent, self.moved) = (Activity::Sending, acked, in_flight, moved);
        self.speed.record(is_sending, now, moved);
    }

    /// The server has everything before `offset`, and nothing is under way.
    fn stand_at(&mut self, offset: u64) {
        (self.acked, self.fragment, self.sent) = (offset, None, 0);
    }

    pub(super) fn is_completed(&self) -> bool {
        self.activity == Activity::Completed
    }

    pub(super) fn acked(&self) -> u64 {
        if self.is_completed() { self.size } else { self.acked.min(self.size) }
    }

    /// Bytes on their way, not acknowledged.
    pub(super) fn in_flight(&self) -> u64 {
        if self.is_completed() { 0 } else { self.sent.min(self.size - self.acked()) }
    }

    /// Bytes that the network took, for those who watch: they move with any size of fragments.
    pub(super) fn taken(&self) -> u64 {
        self.acked() + self.in_flight()
    }

    /// `bytes` of the whole in percent. 100 only after Close: before that the server does not have the file.
    pub(super) fn percent(&self, bytes: u64) -> u64 {
        if self.is_completed() {
            return 100;
        }
        let percent = (u128::from(bytes) * 100).checked_div(u128::from(self.size)).unwrap_or(0);
        u64::try_from(percent).unwrap_or(99).min(99)
    }

    /// Bytes a second of late; all of the run's when completed.
    pub(super) fn rate(&self, now: Instant) -> Option<u64> {
        if self.is_completed() {
            // Several files together have no place where they began. Bytes that were sent twice count once.
            let sent = self.baseline.map_or(self.moved.min(self.size), |begun| self.size - begun.min(self.size));
            return Some(per_second(sent, self.elapsed(now)));
        }
        self.speed.per_second(now, self.moved)
    }

    pub(super) fn is_sending(&self) -> bool {
        self.activity == Activity::Sending
    }

    /// Time left at the present rate, if there is one.
    pub(super) fn eta(&self, now: Instant) -> Option<Duration> {
        let rate = self.rate(now).filter(|rate| *rate > 0)?;
        let left = self.size - self.taken();
        Some(Duration::from_secs(left.div_ceil(rate)))
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }
}

/// The rate over the last seconds of sending: steady within a long fragment, honest about a stall. Pauses, and what
/// comes before the first fragment, do not count.
#[derive(Debug, Clone, Default)]
struct Speed {
    /// How long it had been sending, and the bytes sent by then.
    samples: VecDeque<(Duration, u64)>,
    sent_for: Duration,
    sends_since: Option<Instant>,
}

impl Speed {
    const WINDOW: Duration = Duration::from_secs(10);
    const STEP: Duration = Duration::from_millis(250);
    /// A rate over less time says nothing.
    const SHORTEST: Duration = Duration::from_millis(500);

    fn record(&mut self, is_sending: bool, now: Instant, moved: u64) {
        self.sent_for = self.time(now);
        self.sends_since = is_sending.then_some(now);
        let age = |sample: &(Duration, u64)| self.sent_for.saturating_sub(sample.0);
        if !is_sending || self.samples.back().is_some_and(|last| age(last) < Self::STEP) {
            return;
        }
        let outdated = self.samples.iter().skip(1).take_while(|sample| age(sample) >= Self::WINDOW).count();
        self.samples.drain(..outdated);
        self.samples.push_back((self.sent_for, moved));
    }

    fn time(&self, now: Instant) -> Duration {
        self.sent_for + self.sends_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn per_second(&self, now: Instant, moved: u64) -> Option<u64> {
        let time = self.time(now);
        let age = |sample: &(Duration, u64)| time.saturating_sub(sample.0);
        let outside = self.samples.iter().rev().find(|sample| age(sample) >= Self::WINDOW);
        let base = outside.or(self.samples.front())?;
        (age(base) >= Self::SHORTEST).then(|| per_second(moved.saturating_sub(base.1), age(base)))
    }
}

fn per_second(bytes: u64, time: Duration) -> u64 {
    let rate = u128::from(bytes) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{close, fragment, started};

    const MIB: u64 = 1 << 20;

    struct Run {
        progress: UploadProgress,
        now: Instant,
    }

    impl Run {
        fn of(size: u64) -> Self {
            let now = Instant::now();
            let mut run = Self { progress: UploadProgress::new("", "", 0, now), now };
            run.then(0, &started("a.bin", size));
            run
        }

        fn then(&mut self, millis: u64, event: &UploadEvent) {
            self.now += Duration::from_millis(millis);
            self.progress.apply(event, self.now);
        }

        fn percent(&self) -> u64 {
            self.progress.percent(self.progress.taken())
        }

        fn acked_percent(&self) -> u64 {
            self.progress.percent(self.progress.acked())
        }
    }

    #[test]
    fn a_hundred_percent_is_only_after_close() {
        let mut run = Run::of(100);
        run.then(0, &fragment(0, 100, 100));
        run.then(0, &UploadEvent::BytesSent(100));
        assert_eq!((run.percent(), run.acked_percent(), run.progress.in_flight()), (99, 0, 100));
        run.then(0, &UploadEvent::Acknowledged { offset: 100, total: 100 });
        assert_eq!((run.percent(), run.acked_percent()), (99, 99));
        run.then(0, &close());
        assert_eq!((run.percent(), run.progress.activity), (99, Activity::Closing));
        run.then(0, &UploadEvent::Completed { size: 100 });
        assert_eq!(run.percent(), 100);
    }

    #[test]
    fn an_empty_file_is_at_zero_until_closed() {
        let mut run = Run::of(0);
        run.then(0, &close());
        assert_eq!(run.percent(), 0);
        run.then(0, &UploadEvent::Completed { size: 0 });
        assert_eq!(run.percent(), 100);
    }

    #[test]
    fn a_long_fragment_has_a_rate_before_its_ack() {
        let mut run = Run::of(100 * MIB);
        run.then(0, &fragment(0, 28 * MIB, 100 * MIB));
        for n in 1..=20 {
            run.then(1000, &UploadEvent::BytesSent(n * MIB));
        }
        assert_eq!(run.progress.rate(run.now), Some(MIB));
        assert_eq!(run.progress.eta(run.now), Some(Duration::from_secs(80)));
        assert_eq!(run.progress.acked(), 0);
    }

    #[test]
    fn case_62_the_figures_move_every_second_within_a_long_fragment() {
        let mut run = Run::of(100 * MIB);
        run.then(0, &fragment(0, 100 * MIB, 100 * MIB));
        for n in 1..100 {
            run.then(1000, &UploadEvent::BytesSent(n * MIB));
            assert_eq!((run.percent(), run.progress.taken()), (n, n * MIB));
        }
    }

    #[test]
    fn case_72_a_pause_is_not_in_the_rate_and_a_lost_fragment_takes_its_bytes_back() {
        let mut run = Run::of(100 * MIB);
        run.then(3000, &fragment(0, 28 * MIB, 100 * MIB));
        for n in 1..=4 {
            run.then(1000, &UploadEvent::BytesSent(n * MIB));
        }
        assert_eq!((run.percent(), run.progress.rate(run.now)), (4, Some(MIB)));
        let pause = Duration::from_secs(60);
        run.then(0, &UploadEvent::Retrying { cause: "lost".to_owned(), pause, attempt: 1 });
        assert_eq!((run.percent(), run.progress.rate(run.now + pause)), (0, Some(MIB)));
        run.then(60_000, &fragment(0, 28 * MIB, 100 * MIB));
        run.then(1000, &UploadEvent::BytesSent(MIB));
        assert_eq!(run.progress.rate(run.now), Some(MIB));
        assert_eq!(run.progress.eta(run.now), Some(Duration::from_secs(99)));
    }

    #[test]
    fn a_stall_brings_the_rate_down() {
        let mut run = Run::of(100 * MIB);
        run.then(0, &fragment(0, 28 * MIB, 100 * MIB));
        run.then(1000, &UploadEvent::BytesSent(MIB));
        assert_eq!(run.progress.rate(run.now + Duration::from_secs(20)), Some(0));
        assert_eq!(run.progress.eta(run.now + Duration::from_secs(20)), None);
    }

    #[test]
    fn bytes_skipped_by_resuming_are_not_in_the_rate() {
        let mut run = Run::of(100 * MIB);
        run.then(0, &fragment(90 * MIB, 10 * MIB, 100 * MIB));
        run.then(1000, &UploadEvent::BytesSent(5 * MIB));
        assert_eq!(run.progress.rate(run.now), Some(5 * MIB));
        run.then(1000, &UploadEvent::Completed { size: 100 * MIB });
        assert_eq!(run.progress.rate(run.now), Some(5 * MIB));
    }

    #[test]
    fn a_resync_moves_without_counting() {
        let mut run = Run::of(100);
        run.then(0, &fragment(0, 10, 100));
        run.then(600, &UploadEvent::Resynced { from: 0, to: 60 });
        assert_eq!((run.percent(), run.progress.rate(run.now)), (60, Some(0)));
        run.then(0, &UploadEvent::Resynced { from: 60, to: 5 });
        assert_eq!(run.percent(), 5);
    }

    #[test]
    fn senseless_offsets_stay_within_the_file() {
        let mut run = Run::of(100);
        run.then(0, &UploadEvent::BytesSent(u64::MAX));
        run.then(0, &UploadEvent::Acknowledged { offset: u64::MAX, total: 1 });
        run.then(1000, &UploadEvent::Acknowledged { offset: u64::MAX, total: 1 });
        assert_eq!((run.progress.acked(), run.progress.in_flight(), run.percent()), (100, 0, 99));
        assert_eq!(run.progress.eta(run.now), None);
    }
}
