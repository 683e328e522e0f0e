//! The way to the server: how long exchanges take.

use std::time::Duration;

use bitsup::exchange::Timing;

/// A link of one rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// Bytes a second.
    pub(crate) rate: u64,
    pub(crate) round_trip: Duration,
    /// The server's time for a fragment, whatever its size.
    pub(crate) service: Duration,
}

/// Links as they are met. On the first, fragments grow to the usual limit and beyond.
pub(crate) const LINKS: [Link; 5] = [
    Link { rate: 125_000_000, round_trip: Duration::from_millis(20), service: Duration::from_millis(10) },
    Link { rate: 12_500_000, round_trip: Duration::from_millis(60), service: Duration::from_millis(40) },
    Link { rate: 1_250_000, round_trip: Duration::from_millis(20), service: Duration::from_millis(5) },
    Link { rate: 200_000, round_trip: Duration::from_millis(300), service: Duration::from_secs(1) },
    Link { rate: 40_000, round_trip: Duration::from_millis(100), service: Duration::from_millis(10) },
];

impl Link {
    pub(crate) fn carry(&self, bytes: u64) -> Duration {
        Duration::from_micros(bytes.saturating_mul(1_000_000) / self.rate)
    }

    /// The bytes that it carries in this time.
    pub(crate) fn carried_in(&self, time: Duration) -> u64 {
        u64::try_from(u128::from(self.rate) * time.as_micros() / 1_000_000).unwrap_or(u64::MAX)
    }

    /// An exchange with a body of so many bytes; what is answered on the head needs no service.
    pub(crate) fn timing(&self, bytes: u64, on_head: bool) -> Timing {
        let waiting = match (bytes, on_head) {
            (0, _) => self.round_trip,
            (_, true) => Duration::ZERO,
            (_, false) => self.round_trip + self.service,
        };
        Timing { total: self.carry(bytes) + waiting, waiting }
    }
}
