//! A link and what is at its end, as a function from bytes to times. Integers: nanoseconds, bytes, bits a second.

use crate::splitmix::Random;

/// One packet's worth of bytes.
const SEGMENT: u64 = 1448;

/// The bytes that TCP sends before it has heard anything (RFC 6928).
const FIRST_WINDOW: u64 = 10 * SEGMENT;

/// The bytes that the system takes beyond those it has sent (`TCP_NOTSENT_LOWAT`).
const UNSENT: u64 = 128 * 1024;

pub(crate) const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;

/// After so much silence, and a round trip, TCP no longer trusts its window (RFC 5681 section 4.1).
const LEAST_IDLE: u64 = 200 * MILLISECOND;

/// How fast a proxy that takes everything at once does so.
const FRONT: u64 = 10_000_000_000;

/// The path between a client and the disk of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    /// Bits a second.
    pub(crate) bandwidth: u64,
    /// Without a queue.
    pub(crate) round_trip: u64,
    /// A round trip takes up to this much longer, in thousandths.
    pub(crate) jitter: u64,
    /// Packets lost in a million.
    pub(crate) loss: u64,
    /// The server's time for each fragment.
    pub(crate) server: u64,
    /// The server's time for each MiB, after the fragment has arrived: writing it out.
    pub(crate) server_per_mib: u64,
    /// Something near the client takes each request whole, at once, and passes it on.
    pub(crate) buffers: bool,
}

/// One exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) total: u64,
    pub(crate) waiting: u64,
}

/// A connection over a link: TCP's window, and when it was last used.
#[derive(Debug)]
pub(crate) struct Connection {
    link: Link,
    random: Random,
    window: u64,
    /// Where growth slows down, and what it slowly goes back to.
    threshold: u64,
    /// Since the last byte went out.
    idle: u64,
}

impl Connection {
    pub(crate) fn new(link: Link, seed: u64) -> Self {
        Self { link, random: Random(seed), window: FIRST_WINDOW, threshold: u64::MAX, idle: 0 }
    }

    pub(crate) fn round_trip(&mut self) -> u64 {
        let most = self.link.round_trip * self.link.jitter / 1000;
        self.link.round_trip + if most == 0 { 0 } else { self.random.next() % most }
    }

    /// A request without a body.
    pub(crate) fn bodiless(&mut self) -> Times {
        let total = self.round_trip() + transmission(1200, self.link.bandwidth);
        Times { total, waiting: total }
    }

    /// A request with a body of `len` bytes.
    pub(crate) fn request(&mut self, len: u64) -> Times {
        self.rest();
        let sent = self.send(len);
        let after = self.round_trip() + self.link.server + self.link.server_per_mib * len / (1 << 20);
        self.idle = after;
        if self.link.buffers {
            let taken = transmission(len, FRONT);
            return Times { total: taken + sent + after, waiting: sent + after };
        }
        let unsent = transmission(len.min(UNSENT), self.link.bandwidth).min(sent);
        Times { total: sent + after, waiting: unsent + after }
    }

    /// The window shrinks by half for each time-out without traffic.
    fn rest(&mut self) {
        let limit = self.link.round_trip + LEAST_IDLE.max(self.link.round_trip / 2);
        let halvings = (self.idle / limit).min(40);
        if halvings > 0 {
            self.threshold = self.threshold.max(self.window / 4 * 3);
            self.window = (self.window >> halvings).max(FIRST_WINDOW.min(self.window));
        }
    }

    /// The time from the first byte to the last one leaving.
    fn send(&mut self, len: u64) -> u64 {
        let pipe = capacity(self.link.bandwidth, self.link.round_trip);
        let (mut left, mut time) = (len, 0);
        loop {
            let full = self.window >= pipe;
            if left <= self.window.min(pipe.max(SEGMENT)) || (full && self.link.loss == 0) {
                return time + transmission(left, self.link.bandwidth);
            }
            let round = self.window.min(pipe.max(SEGMENT)).max(SEGMENT);
            time += self.link.round_trip.max(transmission(round, self.link.bandwidth));
            left = left.saturating_sub(round);
            self.heard(round, pipe);
        }
    }

    /// A window's worth was acknowledged, or something of it was lost.
    fn heard(&mut self, round: u64, pipe: u64) {
        let chance = (round / SEGMENT).max(1) * self.link.loss;
        if self.random.next() % 1_000_000 < chance {
            self.threshold = self.window;
            self.window = (self.window / 10 * 7).max(2 * SEGMENT);
        } else if self.window < self.threshold / 10 * 7 || self.threshold == u64::MAX {
            self.window = (self.window * 2).min(2 * pipe.max(FIRST_WINDOW));
        } else {
            let growth = (self.threshold.saturating_sub(self.window) / 8).max(SEGMENT);
            self.window = (self.window + growth).min(2 * pipe.max(FIRST_WINDOW));
        }
    }
}

/// How long so many bytes take.
fn transmission(bytes: u64, bandwidth: u64) -> u64 {
    narrow(u128::from(bytes) * 8 * u128::from(SECOND) / u128::from(bandwidth))
}

/// How many bytes are on their way at once when the link is full.
fn capacity(bandwidth: u64, round_trip: u64) -> u64 {
    narrow(u128::from(bandwidth) * u128::from(round_trip) / u128::from(8 * SECOND))
}

fn narrow(number: u128) -> u64 {
    u64::try_from(number).expect("within five hundred years")
}
