//! At most this many bytes a second, all connections together.

use std::num::NonZeroU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::sync::lock;

/// Time without anything to send, as between two fragments, may be caught up with, up to this.
const CREDIT: Duration = Duration::from_millis(250);

/// The bytes of this time go out at once: smooth, and few wake-ups.
const PIECE: Duration = Duration::from_millis(50);

/// A rate that several connections share. Clones are the same rate.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    rate: NonZeroU64,
    /// When all that was granted so far is gone at this rate; none before the first.
    paid_until: Arc<Mutex<Option<Instant>>>,
}

impl RateLimiter {
    /// At most `rate` bytes a second.
    #[must_use]
    pub fn new(rate: NonZeroU64) -> Self {
        Self { rate, paid_until: Arc::default() }
    }

    /// The most that is granted at a time, in bytes.
    pub(super) fn piece(&self) -> usize {
        let bytes = u128::from(self.rate.get()) * PIECE.as_millis() / 1000;
        usize::try_from(bytes).unwrap_or(usize::MAX).max(1)
    }

    /// Grants some of `wanted` bytes: how many, and when they may go. Who asks must send them then.
    pub(super) fn grant(&self, wanted: usize, now: Instant) -> (usize, Instant) {
        let bytes = wanted.min(self.piece());
        let mut paid_until = lock(&self.paid_until);
        let oldest = now.checked_sub(CREDIT).unwrap_or(now);
        let begin = paid_until.map_or(now, |paid| paid.max(oldest));
        let end = begin + self.time(bytes);
        *paid_until = Some(end);
        // It may go when its time is over: then no moment saw more than its share.
        (bytes, end.max(now))
    }

    fn time(&self, bytes: usize) -> Duration {
        let nanos = (bytes as u128 * 1_000_000_000).div_ceil(u128::from(self.rate.get()));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 1_000_000;

    fn pace() -> RateLimiter {
        RateLimiter::new(NonZeroU64::new(RATE as u64).expect("a rate"))
    }

    /// Bytes that `jobs` send in `time`, each waiting `gap` for an Ack after every `fragment` bytes.
    fn sent(jobs: usize, fragment: usize, gap: Duration, time: Duration) -> usize {
        let (pace, start) = (pace(), Instant::now());
        // When each job asks next, and what is left of its fragment.
        let mut all: Vec<(Instant, usize)> = vec![(start, fragment); jobs];
        let mut total = 0;
        while let Some((at, left)) = all.iter_mut().min_by_key(|job| job.0).filter(|job| job.0 <= start + time) {
            let (bytes, when) = pace.grant(*left, *at);
            (*at, *left) = (when, *left - bytes);
            if when <= start + time {
                total += bytes;
            }
            if *left == 0 {
                (*at, *left) = (when + gap, fragment);
            }
        }
        total
    }

    #[test]
    fn ten_seconds_carry_ten_seconds_worth_within_five_percent() {
        for jobs in [1, 2, 7] {
            for fragment in [5_000, 262_144, 28 << 20] {
                for gap in [0, 50, 200] {
                    // Small fragments with long waits cannot be that fast.
                    let possible = jobs * fragment * 1000 / usize::max(gap, 1);
                    if gap > 0 && possible < 2 * RATE {
                        continue;
                    }
                    let sent = sent(jobs, fragment, Duration::from_millis(gap as u64), Duration::from_secs(10));
                    let of_limit = sent * 100 / (10 * RATE);
                    assert!((95..=105).contains(&of_limit), "{jobs} jobs, {fragment} bytes, {gap} ms: {of_limit} %");
                }
            }
        }
    }

    #[test]
    fn an_idle_time_is_not_caught_up_with_at_once() {
        let (pace, start) = (pace(), Instant::now());
        let _ = pace.grant(1, start);
        let later = start + Duration::from_secs(60);
        let mut at_once = 0;
        loop {
            let (bytes, when) = pace.grant(usize::MAX, later);
            if when > later {
                break;
            }
            at_once += bytes;
        }
        assert!(at_once <= RATE / 4, "{at_once}");
    }

    #[test]
    fn the_slowest_rate_still_goes_on() {
        let (pace, start) = (RateLimiter::new(NonZeroU64::MIN), Instant::now());
        assert_eq!(pace.grant(100, start), (1, start + Duration::from_secs(1)));
        assert_eq!(pace.grant(100, start), (1, start + Duration::from_secs(2)));
        let fast = RateLimiter::new(NonZeroU64::MAX);
        assert_eq!(fast.grant(100, start).0, 100);
    }
}
