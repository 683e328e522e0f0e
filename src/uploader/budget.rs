//! What an upload may spend without getting anywhere: time, tries, sessions, bytes. Only a byte that was never
//! acknowledged before refills it, so that no pattern of answers and losses can keep an upload busy for ever.

use std::time::{Duration, Instant};

/// Consecutive Acks that get the server no further before its session is given up.
const MAX_STALLED_ACKS: u32 = 5;

/// The same generic error this often at one offset: the session is presumed dead.
const MAX_ERRORS_AT_OFFSET: u32 = 5;

/// New sessions without progress.
const MAX_RESTARTS: u32 = 3;

/// Times that somebody signs in without progress.
const MAX_SIGN_INS: u32 = 3;

/// How often the whole file may go over the wire without a byte being acknowledged that never was before.
const MAX_RESENT_FILES: u64 = 3;

/// Fragments of the smallest size may go out that often even if the file is tiny.
const MIN_MAX_RESENT: u64 = 64 * 1024;

/// The account of one upload.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    max_resent: u64,
    started: Instant,
    highest: u64,
    last_progress: Instant,
    spent: Spent,
}

/// What was spent since the last progress.
#[derive(Debug, Clone, Default)]
struct Spent {
    attempts: u32,
    stalled: u32,
    errors: u32,
    restarts: u32,
    sign_ins: u32,
    resent: u64,
}

/// What is left to do after something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go on in the same session.
    GoOn,
    /// Give the session up and open a new one.
    Restart,
    /// It gets nowhere.
    Stop,
}

impl Budget {
    pub(super) fn new(size: u64, now: Instant) -> Self {
        let max_resent = size.saturating_mul(MAX_RESENT_FILES).max(MIN_MAX_RESENT);
        Self { max_resent, started: now, highest: 0, last_progress: now, spent: Spent::default() }
    }

    /// What an earlier run got acknowledged is no progress of this one.
    pub(super) fn resumed_at(&mut self, offset: u64) {
        self.highest = offset;
    }

    /// After a fragment of `sent` bytes the server wants `offset` next; `advanced` says whether that is beyond where
    /// the fragment began.
    pub(super) fn acknowledged(&mut self, offset: u64, sent: u64, advanced: bool, now: Instant) -> Verdict {
        if offset > self.highest {
            self.highest = offset;
            self.last_progress = now;
            self.spent = Spent::default();
            return Verdict::GoOn;
        }
        self.spent.errors = 0;
        self.resent(sent, advanced)
    }

    fn resent(&mut self, sent: u64, advanced: bool) -> Verdict {
        self.spent.resent = self.spent.resent.saturating_add(sent);
        if self.spent.resent > self.max_resent {
            return Verdict::Stop;
        }
        if !advanced {
            self.spent.stalled += 1;
        }
        if self.spent.stalled > MAX_STALLED_ACKS { Verdict::Restart } else { Verdict::GoOn }
    }

    /// A fragment of `sent` bytes was answered with a generic error, or not at all.
    pub(super) fn failed(&mut self, sent: u64, answered: bool) -> Verdict {
        self.spent.resent = self.spent.resent.saturating_add(sent);
        if self.spent.resent > self.max_resent {
            return Verdict::Stop;
        }
        if answered {
            self.spent.errors += 1;
        }
        if self.spent.errors >= MAX_ERRORS_AT_OFFSET { Verdict::Restart } else { Verdict::GoOn }
    }

    /// A new session is about to be opened; returns whether that is still allowed.
    pub(super) fn restart(&mut self) -> bool {
        self.spent.restarts += 1;
        self.spent.stalled = 0;
        self.spent.errors = 0;
        self.spent.restarts <= MAX_RESTARTS
    }

    /// Somebody is about to sign in once more; returns whether that is still allowed.
    pub(super) fn sign_in(&mut self) -> bool {
        self.spent.sign_ins += 1;
        self.spent.sign_ins <= MAX_SIGN_INS
    }

    /// Counts a try, from 1.
    pub(super) fn attempt(&mut self) -> u32 {
        self.spent.attempts = self.spent.attempts.saturating_add(1);
        self.spent.attempts
    }

    pub(super) fn attempts(&self) -> u32 {
        self.spent.attempts
    }

    pub(super) fn restarts(&self) -> u32 {
        self.spent.restarts
    }

    pub(super) fn resent_bytes(&self) -> u64 {
        self.spent.resent
    }

    /// The highest offset that was ever acknowledged.
    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    pub(super) fn last_progress(&self) -> Instant {
        self.last_progress
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn without_progress(&self, now: Instant) -> Duration {
        now.checked_duration_since(self.last_progress).unwrap_or(Duration::ZERO)
    }
}
