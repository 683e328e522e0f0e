//! The limits on an upload that gets nowhere: time, tries, sessions, bytes. Only a byte that this session had never
//! acknowledged before refills the budget, so that no pattern of responses and losses can keep an upload busy for ever.
//!
//! Sessions are counted by another measure: the highest byte of the *file* that any session acknowledged. Otherwise a
//! session that is lost at 90 % of the file, again and again, would refill the budget each time.

use std::time::{Duration, Instant};

/// Consecutive Acks that get the server no further before its session is doubted.
const MAX_STALLED_ACKS: u32 = 5;

/// New sessions without a new highest byte of the file.
const MAX_RESTARTS: u32 = 3;

/// How often in a row a fragment is authenticated anew.
const MAX_SIGN_INS: u32 = 3;

/// How often the whole file may go over the wire without progress, and the allowance on top of that: a small file is not
/// given up after a second.
const MAX_RESENT_FILES: u64 = 3;
const RESENT_ALLOWANCE: u64 = 64 * 1024 * 1024;

/// The account of one upload.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    max_resent: u64,
    started: Instant,
    /// The highest offset that the session at hand acknowledged.
    highest: u64,
    /// The highest offset that any session acknowledged.
    highest_of_file: u64,
    last_progress: Instant,
    restarts: u32,
    /// In a row.
    sign_ins: u32,
    spent: Spent,
}

/// The tries, Acks and bytes spent since the last progress of the session at hand.
#[derive(Debug, Clone, Default)]
struct Spent {
    attempts: u32,
    stalled: u32,
    resent: u64,
}

/// The next step that the budget allows after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BudgetCheck {
    /// Go on in the same session.
    Continue,
    /// The session stores nothing: a new one may.
    SessionStalled,
    /// The upload gets nowhere.
    Exhausted,
}

impl Budget {
    pub(super) fn new(size: u64, now: Instant) -> Self {
        Self {
            max_resent: size.saturating_mul(MAX_RESENT_FILES).saturating_add(RESENT_ALLOWANCE),
            started: now,
            highest: 0,
            highest_of_file: 0,
            last_progress: now,
            restarts: 0,
            sign_ins: 0,
            spent: Spent::default(),
        }
    }

    /// Bytes that were acknowledged to an earlier run are no progress of this one.
    pub(super) fn resumed_at(&mut self, offset: u64) {
        (self.highest, self.highest_of_file) = (offset, offset);
    }

    /// After `sent` bytes went out the server wants `offset` next; `advanced` says whether that is beyond where the
    /// fragment began.
    pub(super) fn acknowledged(&mut self, offset: u64, sent: u64, advanced: bool, now: Instant) -> BudgetCheck {
        if offset > self.highest_of_file {
            self.highest_of_file = offset;
            self.restarts = 0;
        }
        if offset > self.highest {
            self.highest = offset;
            self.progressed(now);
            return BudgetCheck::Continue;
        }
        if self.spend(sent) == BudgetCheck::Exhausted {
            return BudgetCheck::Exhausted;
        }
        if !advanced {
            self.spent.stalled += 1;
        }
        if self.spent.stalled > MAX_STALLED_ACKS { BudgetCheck::SessionStalled } else { BudgetCheck::Continue }
    }

    /// Something that is no offset got further: bytes of a reply.
    pub(super) fn progressed(&mut self, now: Instant) {
        self.last_progress = now;
        self.spent = Spent::default();
    }

    /// `sent` bytes went out in vain.
    pub(super) fn spend(&mut self, sent: u64) -> BudgetCheck {
        self.spent.resent = self.spent.resent.saturating_add(sent);
        if self.spent.resent > self.max_resent { BudgetCheck::Exhausted } else { BudgetCheck::Continue }
    }

    /// A new session is about to be opened; returns whether that is still allowed. From then on only its own Acks count.
    pub(super) fn restart(&mut self, now: Instant) -> bool {
        self.restarts += 1;
        self.highest = 0;
        self.last_progress = now;
        self.spent.stalled = 0;
        self.restarts <= MAX_RESTARTS
    }

    /// The next new session is not counted.
    pub(super) fn forgive_restart(&mut self) {
        self.restarts = self.restarts.saturating_sub(1);
    }

    /// A fragment is about to be authenticated anew; returns whether that is still allowed.
    pub(super) fn sign_in(&mut self) -> bool {
        self.sign_ins += 1;
        self.sign_ins <= MAX_SIGN_INS
    }

    /// A fragment was let in, whatever came of it: with one-time nonces each is refused once.
    pub(super) fn signed_in(&mut self) {
        self.sign_ins = 0;
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
        self.restarts
    }

    pub(super) fn resent_bytes(&self) -> u64 {
        self.spent.resent
    }

    /// The highest offset that the session at hand acknowledged.
    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// The highest offset that any session acknowledged.
    pub(super) fn highest_of_file(&self) -> u64 {
        self.highest_of_file
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_vain_are_three_files_and_64_mib_since_the_last_progress() {
        let now = Instant::now();
        let mut budget = Budget::new(1000, now);
        assert_eq!(budget.spend(3000 + 64 * 1024 * 1024), BudgetCheck::Continue);
        assert_eq!(budget.clone().spend(1), BudgetCheck::Exhausted);
        assert_eq!(budget.acknowledged(10, 10, true, now), BudgetCheck::Continue);
        assert_eq!(budget.spend(3000 + 64 * 1024 * 1024), BudgetCheck::Continue);
        assert_eq!(budget.acknowledged(10, 1, true, now), BudgetCheck::Exhausted);
    }

    #[test]
    fn only_bytes_beyond_the_furthest_of_this_file_make_up_for_new_sessions() {
        let now = Instant::now();
        let mut budget = Budget::new(1000, now);
        budget.acknowledged(10, 10, true, now);
        budget.restarts = 2;
        for offset in [5, 10] {
            budget.acknowledged(offset, 5, true, now);
            assert_eq!(budget.restarts(), 2);
        }
        budget.acknowledged(11, 1, true, now);
        assert_eq!(budget.restarts(), 0);
    }

    #[test]
    fn what_an_earlier_run_got_acknowledged_is_no_progress() {
        let now = Instant::now();
        let mut budget = Budget::new(1000, now);
        budget.resumed_at(100);
        budget.spend(7);
        budget.acknowledged(100, 3, true, now);
        assert_eq!((budget.resent_bytes(), budget.highest(), budget.highest_of_file()), (10, 100, 100));
        budget.acknowledged(101, 3, true, now);
        assert_eq!(budget.resent_bytes(), 0);
    }

    #[test]
    fn a_forgiven_restart_does_not_count() {
        let mut budget = Budget::new(1000, Instant::now());
        budget.restart(Instant::now());
        budget.forgive_restart();
        assert_eq!(budget.restarts(), 0);
    }
}
