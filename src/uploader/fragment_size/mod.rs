//! How large the next fragment is.
//!
//! `auto` goes by what exchanges took: [`PathEstimator`] says which size makes waiting for Acks cheap. Sizes that servers and
//! proxies refuse by default are passed one at a time, so that a refusal costs little.
//!
//! Whether a fragment failed *because of its size* is not known from its failure alone: the small question that follows
//! tells (recovery rule R4). Only when that passes is the failure a *strike* against the size, and this module is told.

mod estimator;

#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

use crate::exchange::Timing;
use crate::uploader::event::Resize;

use estimator::PathEstimator;

/// Smallest fragment to shrink to: Windows' lower bound, 5 KiB.
pub(super) const MIN: u64 = 5 * 1024;

/// What `auto` begins with: less than 30 s at 64 kbit/s.
const START: u64 = 192 * 1024;

/// nginx takes this much and no more, unless it is told otherwise. A larger one is tried only when this was taken.
const FIRST_STEP: u64 = 1024 * 1024;

/// IIS's request filtering refuses more than 30,000,000 bytes by default.
const USUAL_MAX: u64 = 28 * 1024 * 1024;

/// What `auto` tries at most where a size beyond [`USUAL_MAX`] pays.
const MAX: u64 = 256 * 1024 * 1024;

/// One fragment to the next: at most so many times as large.
const GROWTH: u64 = 28;

/// The same beyond [`USUAL_MAX`]: a refusal may come only after all of it was sent.
const PROBE_GROWTH: u64 = 2;

/// Fragments accepted at the ceiling after which it may double.
const STABLE: u32 = 4;

/// Fragments begin at pages of the file as long as nothing goes wrong.
const GRAIN: u64 = 4096;

/// A limit that was learnt from pages is not remembered below this: it would rather be the page's own fault.
const SMALLEST_REMEMBERED: u64 = 64 * 1024;

/// A remembered limit is tried again among so many fragments at the beginning.
const MEMORY_TRIAL: u32 = 4;

/// The user's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FragmentSize {
    /// By measurement: so large that waiting for Acks takes little of the time, up to 28 MiB, or 256 MiB where that
    /// pays and the server takes it.
    #[default]
    Auto,
    /// This many bytes, at least one; smaller ones only when they are refused.
    Fixed(NonZeroU64),
}

/// A change of size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SizeChange {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) why: Resize,
}

/// How a fragment failed whose size is to blame: the small question after it passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strike {
    /// 413: the peer says that it is the size.
    TooLarge,
    /// A 403 or 404 page: a common disguise of 413, and a common outage.
    Page,
    /// A 5xx, a time-out or a cut: a limit of time or size on the way, or chance.
    Loss,
}

/// What a strike leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Struck {
    pub(super) change: Option<SizeChange>,
    /// A size that is proven to be refused, for later uploads to that host and folder.
    pub(super) proven: Option<u64>,
}

/// A size that fragments do not exceed for now.
#[derive(Debug, Clone, Copy)]
struct Ceiling {
    size: u64,
    /// Fragments of this size that were accepted in a row.
    stable: u32,
}

/// What an earlier upload learnt of the host and folder.
#[derive(Debug, Clone, Copy)]
struct Memory {
    refused: u64,
    /// Fragments that were accepted since the upload began.
    accepted: u32,
    trial: Trial,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    Due,
    /// The next fragment tries the remembered size.
    Now,
    Over,
}

/// The current size and where it may go.
#[derive(Debug, Clone)]
pub(super) struct FragmentSizer {
    current: u64,
    /// The user's, or `auto`'s usual one.
    max: u64,
    is_auto: bool,
    pace: PathEstimator,
    /// The largest that was accepted.
    largest_accepted: u64,
    /// The smallest size that struck and did not pass since. Small successes say nothing of it, so they leave it.
    struck: Option<u64>,
    /// The same for pages only: a cut at that size says nothing of a page.
    refused: Option<u64>,
    /// After a first strike: may double again.
    soft: Option<Ceiling>,
    /// After a strike that proves more: for the rest of the upload.
    hard: Option<u64>,
    memory: Option<Memory>,
    /// A probe beyond [`USUAL_MAX`] struck: no more of them in this upload.
    probed: bool,
}

impl FragmentSizer {
    pub(super) fn new(choice: FragmentSize) -> Self {
        let (current, max, is_auto) = match choice {
            FragmentSize::Auto => (START, USUAL_MAX, true),
            FragmentSize::Fixed(size) => (size.get(), size.get(), false),
        };
        Self {
            current,
            max,
            is_auto,
            pace: PathEstimator::default(),
            largest_accepted: 0,
            struck: None,
            refused: None,
            soft: None,
            hard: None,
            memory: None,
            probed: false,
        }
    }

    /// Bytes of the next fragment, unless the file ends before.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// What fragments do not exceed for the rest of the upload, if there is such a limit.
    pub(super) fn limit(&self) -> Option<u64> {
        self.hard
    }

    /// What an earlier run of this upload learnt.
    pub(super) fn resume_with(&mut self, limit: Option<u64>) {
        self.hard = limit;
        self.current = self.current.min(self.ceiling());
    }

    /// What an earlier upload to this host and folder learnt. A size that the user asks for is tried all the same.
    pub(super) fn remember_refusal(&mut self, refused: u64) {
        if self.is_auto && refused > 1 {
            self.memory = Some(Memory { refused, accepted: 0, trial: Trial::Due });
            self.current = self.current.min(self.ceiling());
        }
    }

    /// A packet without a body was answered.
    pub(super) fn bodiless_exchange(&mut self, timing: Timing) {
        self.pace.bodiless(timing);
    }

    /// A fragment of `len` bytes was accepted whole. `healed`: what was remembered of the host is wrong by now.
    pub(super) fn on_accepted(&mut self, len: u64, timing: Option<Timing>) -> (Option<SizeChange>, bool) {
        self.largest_accepted = self.largest_accepted.max(len);
        self.struck = self.struck.filter(|struck| *struck > len);
        self.refused = self.refused.filter(|refused| *refused > len);
        self.raise_ceiling(len);
        if !self.is_auto {
            let to = self.max.min(self.ceiling());
            return (self.change_to(to, Resize::Recovered), false);
        }
        // The last one of a file says little of the others.
        let Some(timing) = timing.filter(|_| len >= self.current) else { return (None, self.is_healed_by(len)) };
        self.pace.fragment(len, timing);
        let healed = self.try_memory(len);
        let (to, why) = self.next();
        (self.change_to(to, why), healed)
    }

    fn raise_ceiling(&mut self, len: u64) {
        let Some(ceiling) = self.soft.as_mut().filter(|ceiling| len >= ceiling.size) else { return };
        ceiling.stable += 1;
        if ceiling.stable >= STABLE {
            *ceiling = Ceiling { size: ceiling.size.saturating_mul(2), stable: 0 };
            self.soft = self.soft.filter(|ceiling| ceiling.size < MAX);
        }
    }

    /// A wrong memory heals: one of the first fragments is as large as what was refused then.
    fn try_memory(&mut self, len: u64) -> bool {
        if self.is_healed_by(len) {
            return true;
        }
        let Some(memory) = &mut self.memory else { return false };
        memory.accepted += 1;
        memory.trial = match memory.trial {
            // Whatever the measurements say of it, but no longer than a fragment should take.
            Trial::Due if memory.accepted < MEMORY_TRIAL && memory.refused <= self.pace.most() => Trial::Now,
            Trial::Due if memory.accepted < MEMORY_TRIAL => Trial::Due,
            _ => Trial::Over,
        };
        false
    }

    fn is_healed_by(&mut self, len: u64) -> bool {
        self.memory.take_if(|memory| len >= memory.refused).is_some()
    }

    /// What no fragment exceeds now.
    fn ceiling(&self) -> u64 {
        let memory = self.memory.map_or(MAX, |memory| match memory.trial {
            Trial::Now => memory.refused,
            Trial::Due | Trial::Over => (memory.refused / 2).max(MIN.min(memory.refused)),
        });
        memory.min(self.soft.map_or(MAX, |ceiling| ceiling.size)).min(self.hard.unwrap_or(u64::MAX)).max(1)
    }

    fn next(&self) -> (u64, Resize) {
        // What was small for other reasons becomes as large again as it began.
        let (wanted, most) = (self.pace.wanted().max(START), self.pace.most());
        let by_waiting = Resize::Waiting { permille: self.pace.waiting_permille() };
        if self.memory.is_some_and(|memory| memory.trial == Trial::Now) {
            (self.ceiling(), by_waiting)
        } else if self.current > most {
            (most, Resize::Slow)
        } else if wanted > self.current.saturating_add(self.current / 4) {
            (wanted.min(self.reach(wanted)).min(most).max(self.current.min(self.ceiling())), by_waiting)
        } else if wanted < self.current / 4 {
            (wanted.max(self.current / 2).max(START.min(self.current)), by_waiting)
        } else {
            (self.current.min(self.ceiling()), by_waiting)
        }
    }

    /// How far the next step may go.
    fn reach(&self, wanted: u64) -> u64 {
        let step = match self.current {
            ..FIRST_STEP => FIRST_STEP,
            FIRST_STEP..USUAL_MAX => self.current.saturating_mul(GROWTH).min(USUAL_MAX),
            _ => self.current.saturating_mul(PROBE_GROWTH).min(MAX),
        };
        let pays = wanted >= USUAL_MAX + USUAL_MAX / 2;
        let may_probe = pays && !self.probed && self.hard.is_none() && self.memory.is_none();
        let max = if may_probe { MAX } else { self.max.max(self.largest_accepted) };
        step.min(max).min(self.ceiling())
    }

    /// A fragment of `len` bytes failed, and the small question after it passed: the size is to blame.
    ///
    /// The first time the ceiling halves and may double again; a second strike in a row at or above the same size, or a
    /// 413, halves it for the rest of the upload.
    pub(super) fn on_strike(&mut self, len: u64, how: Strike) -> Struck {
        // Nothing is smaller: the file's last bytes failed by chance.
        if len <= MIN {
            return Struck::default();
        }
        let again = self.struck.is_some_and(|struck| len >= struck);
        self.struck = Some(self.struck.map_or(len, |struck| struck.min(len)));
        let refused_again = self.refused.is_some_and(|refused| len >= refused);
        if how == Strike::Page {
            self.refused = Some(self.refused.map_or(len, |refused| refused.min(len)));
        }
        let why = if how == Strike::Loss { Resize::Lost } else { Resize::Refused };
        let to = self.after(len, how);
        if how == Strike::TooLarge || again {
            self.hard = Some(self.hard.map_or(to, |hard| hard.min(to)));
        } else {
            self.soft = Some(Ceiling { size: self.soft.map_or(to, |soft| soft.size.min(to)), stable: 0 });
        }
        self.probed |= self.is_probe(len);
        if let Some(memory) = &mut self.memory {
            // A loss is no refusal: it is tried again.
            memory.accepted = 0;
            memory.trial = if how == Strike::Loss && !again { Trial::Due } else { Trial::Over };
        }
        let proven = match how {
            Strike::TooLarge => true,
            // Half of it passed: the ceiling has risen from there since the first strike.
            Strike::Page => refused_again && len >= SMALLEST_REMEMBERED && self.largest_accepted >= len / 2,
            Strike::Loss => false,
        };
        if self.largest_accepted >= len {
            // It was accepted before, and is not any more.
            self.largest_accepted = 0;
        }
        self.current = self.current.min(len);
        Struck { change: self.change_to(to, why), proven: proven.then_some(len) }
    }

    /// The server keeps only so many bytes of each fragment, however many are sent.
    pub(super) fn on_only_kept(&mut self, kept: u64) -> Option<SizeChange> {
        self.hard = Some(self.hard.map_or(kept, |hard| hard.min(kept)));
        self.change_to(kept, Resize::Kept)
    }

    /// What is tried after `len` bytes: half, but where the peer refuses by size not less than what it accepted before.
    fn after(&self, len: u64, how: Strike) -> u64 {
        let accepted = if how == Strike::Loss || self.largest_accepted >= len { 0 } else { self.largest_accepted };
        let half = if self.is_probe(len) { USUAL_MAX } else { len / 2 };
        half.max(accepted).max(MIN).min(len)
    }

    fn is_probe(&self, len: u64) -> bool {
        self.is_auto && len > USUAL_MAX && len > self.largest_accepted
    }

    fn change_to(&mut self, to: u64, why: Resize) -> Option<SizeChange> {
        let to = to.max(MIN.min(self.current)).min(self.ceiling());
        let to = if to > FIRST_STEP { to - to % GRAIN } else { to };
        let from = std::mem::replace(&mut self.current, to);
        (from != to).then_some(SizeChange { from, to, why })
    }
}
