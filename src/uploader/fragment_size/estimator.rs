//! An estimate of the path to the server from the exchanges so far: how much of a fragment's time does not depend on
//! its size, and how fast the rest goes. A function of measurements; no clock.

use crate::exchange::Timing;

/// A fragment takes at most this many seconds, as far as the rate is known: more would be lost with a connection.
const LONGEST_SECONDS: u128 = 30;

/// A fragment's bytes take this many times as long as the wait that it costs. Twice what keeps the wait under 1 % of the
/// time: the first fragments and the packets around them wait as well.
const TIMES_THE_WAIT: u128 = 199;

const NANOS: u128 = 1_000_000_000;

/// Bytes and nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Sample {
    len: u128,
    total: u128,
}

/// The account of one upload.
#[derive(Debug, Clone, Default)]
pub(super) struct PathEstimator {
    /// The shortest exchange without a body: the round trip, and little else.
    shortest_bodiless: Option<u128>,
    last: Option<Sample>,
    /// The time that two fragments of different sizes have in common: the cost of a fragment whatever its size.
    fixed_cost: Option<u128>,
    /// Nanoseconds that the last fragment would have taken without any byte.
    wait: u128,
    /// Bytes a second beyond that, smoothed.
    rate: u128,
    /// Bytes a second with all the waiting, smoothed: never too high.
    throughput: u128,
    largest: u128,
}

impl PathEstimator {
    /// A packet without a body was answered.
    pub(super) fn bodiless(&mut self, timing: Timing) {
        let total = timing.total.as_nanos();
        self.shortest_bodiless = Some(self.shortest_bodiless.map_or(total, |shortest| shortest.min(total)));
    }

    /// A fragment of `len` bytes was taken whole.
    pub(super) fn fragment(&mut self, len: u64, timing: Timing) {
        let sample = Sample { len: u128::from(len).max(1), total: timing.total.as_nanos().max(2) };
        if let Some(last) = self.last.replace(sample)
            && (last.len * 2 <= sample.len || sample.len * 2 <= last.len)
        {
            self.fixed_cost = fixed_cost(last, sample);
        }
        // Neither bound is the truth. Bytes that were handed to the network need not have left, and something in
        // between may take everything at once: so the wait after the last byte is too long. A bodiless packet costs the
        // server less than a fragment: so that is too short.
        let most = timing.waiting.as_nanos().min(sample.total / 2);
        let least = self.shortest_bodiless.unwrap_or(0).min(most);
        self.wait = self.fixed_cost.unwrap_or(most).clamp(least, most);
        let in_time = |time: u128| (sample.len * NANOS / time).max(1);
        let (rate, throughput) = (in_time(sample.total - self.wait), in_time(sample.total));
        // Small fragments end before the network is up to speed.
        let is_news = sample.len >= self.largest * 2;
        self.rate = if is_news { rate } else { self.rate.midpoint(rate) };
        self.throughput = if is_news { throughput } else { self.throughput.midpoint(throughput) };
        self.largest = self.largest.max(sample.len);
    }

    /// The size at which waiting takes a small enough share; 0 before anything was measured.
    pub(super) fn efficient_size(&self) -> u64 {
        bytes((TIMES_THE_WAIT * self.wait).saturating_mul(self.rate) / NANOS)
    }

    /// The bytes that fit into the longest time for a fragment; no limit before anything was measured.
    pub(super) fn largest_in_time(&self) -> u64 {
        if self.last.is_some() { bytes(LONGEST_SECONDS * self.throughput) } else { u64::MAX }
    }

    /// The share of the last fragment's time that went into waiting, in thousandths.
    pub(super) fn waiting_permille(&self) -> u16 {
        let share = self.last.map_or(0, |last| self.wait * 1000 / last.total);
        u16::try_from(share).unwrap_or(1000)
    }
}

/// The time that two fragments of different sizes have in common, if the larger one took longer.
fn fixed_cost(a: Sample, b: Sample) -> Option<u128> {
    let (small, large) = if a.len < b.len { (a, b) } else { (b, a) };
    let longer = large.total.checked_sub(small.total).filter(|longer| *longer > 0)?;
    Some(small.total.saturating_sub(longer * small.len / (large.len - small.len)))
}

fn bytes(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn timing(total: u64, waiting: u64) -> Timing {
        Timing { total: Duration::from_micros(total), waiting: Duration::from_micros(waiting) }
    }

    /// At 1 byte a microsecond with `wait` microseconds for each fragment.
    fn path(wait: u64, sizes: &[u64], waiting: impl Fn(u64) -> u64) -> PathEstimator {
        let mut path = PathEstimator::default();
        path.bodiless(timing(100, 100));
        for &len in sizes {
            path.fragment(len, timing(len + wait, waiting(len)));
        }
        path
    }

    #[test]
    fn waiting_takes_one_in_two_hundred_at_the_wanted_size() {
        let path = path(1000, &[10_000], |_| 1000);
        assert_eq!((path.efficient_size(), path.waiting_permille(), path.largest_in_time()), (199_000, 90, 27_272_700));
    }

    #[test]
    fn what_a_server_needs_for_each_fragment_is_waiting_although_an_empty_exchange_is_short() {
        let path = path(5000, &[10_000, 100_000], |_| 5000);
        assert_eq!(path.efficient_size(), 995_000);
    }

    #[test]
    fn what_a_buffer_in_between_took_at_once_is_not_waiting() {
        // Everything was sent at once, and the response came when it had trickled through.
        let path = path(200, &[10_000, 100_000], |len| len + 190);
        assert_eq!((path.efficient_size(), path.waiting_permille()), (39_800, 1));
    }

    #[test]
    fn the_throughput_is_that_of_the_largest_then_smoothed() {
        let mut path = path(0, &[10_000], |_| 0);
        path.fragment(20_000, timing(10_000, 0));
        assert_eq!(path.largest_in_time(), 60_000_000);
        path.fragment(20_000, timing(20_000, 0));
        assert_eq!(path.largest_in_time(), 45_000_000);
    }

    #[test]
    fn sizes_that_took_as_long_tell_nothing_of_a_cost_of_each() {
        let sample = |len, total| Sample { len, total };
        assert_eq!(fixed_cost(sample(10, 100), sample(20, 100)), None);
        assert_eq!(fixed_cost(sample(20, 90), sample(10, 100)), None);
        assert_eq!(fixed_cost(sample(20, 150), sample(10, 100)), Some(50));
    }

    #[test]
    fn only_sizes_that_differ_by_half_tell_a_cost_of_each() {
        for sizes in [[10_000, 15_000], [15_000, 10_000]] {
            assert_eq!(path(200, &sizes, |len| len + 190).waiting_permille(), 500, "{sizes:?}");
        }
        assert_eq!(path(200, &[20_000, 10_000], |len| len + 190).waiting_permille(), 19);
    }

    #[test]
    fn a_size_below_twice_the_largest_is_smoothed() {
        let mut path = path(0, &[10_000], |_| 0);
        path.fragment(15_000, timing(7_500, 0));
        assert_eq!(path.largest_in_time(), 45_000_000);
    }

    #[test]
    fn nonsense_does_not_overflow() {
        let mut path = PathEstimator::default();
        assert_eq!((path.efficient_size(), path.largest_in_time()), (0, u64::MAX));
        let for_ever = Timing { total: Duration::MAX, waiting: Duration::MAX };
        for (len, timing) in [(u64::MAX, timing(0, 0)), (0, for_ever), (u64::MAX, for_ever), (1, timing(0, 9))] {
            path.fragment(len, timing);
            path.bodiless(timing);
            assert!(path.waiting_permille() <= 1000 && path.largest_in_time() > 0);
            let _ = path.efficient_size();
        }
    }
}
