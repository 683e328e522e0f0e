//! How large the next fragment is.
//!
//! `auto` goes by what exchanges took: [`PathEstimator`] says which size makes waiting for Acks cheap. Three things keep it
//! from that size at once:
//!
//! - Sizes that servers and proxies refuse by default are passed one at a time, so that a refusal costs little.
//! - A size that *struck* is avoided. Whether a fragment failed because of its size is not known from its failure alone: the
//!   small question that follows tells (recovery rule R4). Only when that passes is this module told.
//! - What an earlier upload proved of the host is believed, but for one trial.

mod estimator;

#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

use crate::exchange::Timing;
use crate::uploader::event::Resize;

use estimator::PathEstimator;

/// Smallest fragment to shrink to: Windows' lower bound, 5 KiB.
pub(super) const MIN: u64 = 5 * 1024;

/// The first size of `auto`: less than 30 s at 64 kbit/s.
const START: u64 = 192 * 1024;

/// nginx takes this much and no more, unless it is told otherwise. A larger one is tried only when this was taken.
const FIRST_STEP: u64 = 1024 * 1024;

/// IIS's request filtering refuses more than 30,000,000 bytes by default.
const USUAL_MAX: u64 = 28 * 1024 * 1024;

/// The largest size that `auto` tries, where a size beyond [`USUAL_MAX`] pays, in one step from there: a refusal by
/// length comes early and costs a round trip, whatever the length.
const MAX: u64 = 256 * 1024 * 1024;

/// One fragment to the next: at most this many times as large. From [`FIRST_STEP`] that is [`USUAL_MAX`] in one step: there
/// is no default limit between them that would be worth a stop.
const MAX_GROWTH: u64 = 28;

/// Fragments accepted at the growth cap after which that doubles: a first strike may be chance (R4).
const STABLE_COUNT: u32 = 4;

/// Fragments begin at pages of the file as long as nothing goes wrong.
const PAGE: u64 = 4096;

/// A limit that was learnt from pages is not remembered below this: it would rather be the page's own fault.
const SMALLEST_REMEMBERED: u64 = 64 * 1024;

/// A remembered limit is tried again among this many fragments at the beginning: servers get new settings (R4).
const TRIAL_WITHIN: u32 = 4;

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

/// The consequences of a strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Struck {
    pub(super) change: Option<SizeChange>,
    /// A size that is proven to be refused, for later uploads to that host and folder.
    pub(super) proven: Option<u64>,
}

/// A size that fragments do not exceed for now.
#[derive(Debug, Clone, Copy)]
struct GrowthCap {
    size: u64,
    /// Fragments of this size that were accepted in a row.
    stable_count: u32,
}

/// A refused size that an earlier upload learnt about the host and folder.
#[derive(Debug, Clone, Copy)]
struct RememberedRefusal {
    size: u64,
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
    estimator: PathEstimator,
    largest_accepted: u64,
    /// The smallest size that struck and did not pass since. Small successes say nothing of it, so they leave it.
    smallest_struck: Option<u64>,
    /// The same for pages only: a cut at that size says nothing of a page.
    smallest_refused: Option<u64>,
    /// After a first strike: may double again.
    growth_cap: Option<GrowthCap>,
    /// After a strike that proves more: for the rest of the upload.
    limit: Option<u64>,
    remembered: Option<RememberedRefusal>,
    /// A probe beyond [`USUAL_MAX`] struck: no more of them in this upload.
    probe_struck: bool,
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
            estimator: PathEstimator::default(),
            largest_accepted: 0,
            smallest_struck: None,
            smallest_refused: None,
            growth_cap: None,
            limit: None,
            remembered: None,
            probe_struck: false,
        }
    }

    /// Bytes of the next fragment, unless the file ends before.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// The size that fragments do not exceed for the rest of the upload, if there is such a limit.
    pub(super) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Takes over the limit that an earlier run of this upload learnt.
    pub(super) fn resume_with(&mut self, limit: Option<u64>) {
        self.limit = limit;
        self.current = self.current.min(self.ceiling());
    }

    /// Takes over what an earlier upload to this host and folder learnt. A size that the user asks for is tried anyway.
    pub(super) fn remember_refusal(&mut self, size: u64) {
        if self.is_auto && size > 1 {
            self.remembered = Some(RememberedRefusal { size, accepted: 0, trial: Trial::Due });
            self.current = self.current.min(self.ceiling());
        }
    }

    /// A packet without a body was answered.
    pub(super) fn bodiless_exchange(&mut self, timing: Timing) {
        self.estimator.bodiless(timing);
    }

    /// A fragment of `len` bytes was accepted whole. `healed`: what was remembered of the host is wrong by now.
    pub(super) fn on_accepted(&mut self, len: u64, timing: Option<Timing>) -> (Option<SizeChange>, bool) {
        self.largest_accepted = self.largest_accepted.max(len);
        self.smallest_struck = self.smallest_struck.filter(|struck| *struck > len);
        self.smallest_refused = self.smallest_refused.filter(|refused| *refused > len);
        self.raise_growth_cap(len);
        if !self.is_auto {
            let to = self.max.min(self.ceiling());
            return (self.change_to(to, Resize::Recovered), false);
        }
        // The last one of a file says little of the others.
        let Some(timing) = timing.filter(|_| len >= self.current) else { return (None, self.is_healed_by(len)) };
        self.estimator.fragment(len, timing);
        let healed = self.try_remembered(len);
        let (to, why) = self.next();
        (self.change_to(to, why), healed)
    }

    fn raise_growth_cap(&mut self, len: u64) {
        let Some(cap) = self.growth_cap.as_mut().filter(|cap| len >= cap.size) else { return };
        cap.stable_count += 1;
        if cap.stable_count >= STABLE_COUNT {
            *cap = GrowthCap { size: cap.size.saturating_mul(2), stable_count: 0 };
            self.growth_cap = self.growth_cap.filter(|cap| cap.size < MAX);
        }
    }

    /// A wrong memory heals: one of the first fragments is as large as what was refused then.
    fn try_remembered(&mut self, len: u64) -> bool {
        if self.is_healed_by(len) {
            return true;
        }
        let Some(remembered) = &mut self.remembered else { return false };
        remembered.accepted += 1;
        remembered.trial = match remembered.trial {
            // Whatever the measurements say of it, but no longer than a fragment should take.
            Trial::Due if remembered.accepted < TRIAL_WITHIN && remembered.size <= self.estimator.largest_in_time() => {
                Trial::Now
            }
            Trial::Due if remembered.accepted < TRIAL_WITHIN => Trial::Due,
            _ => Trial::Over,
        };
        false
    }

    fn is_healed_by(&mut self, len: u64) -> bool {
        self.remembered.take_if(|remembered| len >= remembered.size).is_some()
    }

    /// The size that no fragment exceeds now.
    fn ceiling(&self) -> u64 {
        let remembered = self.remembered.map_or(MAX, |remembered| match remembered.trial {
            Trial::Now => remembered.size,
            // Half of what was refused is what passed then, or is no larger than that.
            Trial::Due | Trial::Over => (remembered.size / 2).max(MIN.min(remembered.size)),
        });
        let cap = self.growth_cap.map_or(MAX, |cap| cap.size);
        remembered.min(cap).min(self.limit.unwrap_or(u64::MAX)).max(1)
    }

    fn next(&self) -> (u64, Resize) {
        // A size that was small for other reasons becomes as large again as it began.
        let (efficient, in_time) = (self.estimator.efficient_size().max(START), self.estimator.largest_in_time());
        let by_waiting = Resize::Waiting { permille: self.estimator.waiting_permille() };
        if self.remembered.is_some_and(|remembered| remembered.trial == Trial::Now) {
            (self.ceiling(), by_waiting)
        } else if self.current > in_time {
            (in_time, Resize::Slow)
        // Measurements scatter: less than a quarter more, or down to a quarter, is no reason to change.
        } else if efficient > self.current.saturating_add(self.current / 4) {
            let to = efficient.min(self.largest_step(efficient)).min(in_time);
            (to.max(self.current.min(self.ceiling())), by_waiting)
        } else if efficient < self.current / 4 {
            (efficient.max(self.current / 2).max(START.min(self.current)), by_waiting)
        } else {
            (self.current.min(self.ceiling()), by_waiting)
        }
    }

    /// How large the next fragment may be at most where `efficient` would be best.
    fn largest_step(&self, efficient: u64) -> u64 {
        let step = match self.current {
            ..FIRST_STEP => FIRST_STEP,
            FIRST_STEP..USUAL_MAX => self.current.saturating_mul(MAX_GROWTH).min(USUAL_MAX),
            _ => MAX,
        };
        // A refused probe costs more than a little less waiting saves.
        let pays = efficient >= USUAL_MAX + USUAL_MAX / 2;
        let may_probe = pays && !self.probe_struck && self.limit.is_none() && self.remembered.is_none();
        let max = if may_probe { MAX } else { self.max.max(self.largest_accepted) };
        step.min(max).min(self.ceiling())
    }

    /// A fragment of `len` bytes failed, and the small question after it passed: the size is to blame.
    ///
    /// The first time the growth cap halves and may double again; a second strike in a row at or above the same size, or a
    /// 413, halves it for the rest of the upload.
    pub(super) fn on_strike(&mut self, len: u64, how: Strike) -> Struck {
        // Nothing is smaller: the file's last bytes failed by chance.
        if len <= MIN {
            return Struck::default();
        }
        let again = self.smallest_struck.is_some_and(|struck| len >= struck);
        lower(&mut self.smallest_struck, len);
        let refused_again = self.smallest_refused.is_some_and(|refused| len >= refused);
        if how == Strike::Page {
            lower(&mut self.smallest_refused, len);
        }
        let to = self.size_after(len, how);
        if how == Strike::TooLarge || again {
            lower(&mut self.limit, to);
        } else {
            let size = self.growth_cap.map_or(to, |cap| cap.size.min(to));
            self.growth_cap = Some(GrowthCap { size, stable_count: 0 });
        }
        self.probe_struck |= self.is_probe(len);
        if let Some(remembered) = &mut self.remembered {
            // A loss is no refusal: it is tried again.
            remembered.accepted = 0;
            remembered.trial = if how == Strike::Loss && !again { Trial::Due } else { Trial::Over };
        }
        let is_proven = match how {
            Strike::TooLarge => true,
            // Half of it passed: the cap has risen from there since the first strike.
            Strike::Page => refused_again && len >= SMALLEST_REMEMBERED && self.largest_accepted >= len / 2,
            Strike::Loss => false,
        };
        if self.largest_accepted >= len {
            // It was accepted before, and is not any more.
            self.largest_accepted = 0;
        }
        self.current = self.current.min(len);
        let why = if how == Strike::Loss { Resize::Lost } else { Resize::Refused };
        Struck { change: self.change_to(to, why), proven: is_proven.then_some(len) }
    }

    /// The server keeps only this many bytes of each fragment, however many are sent.
    pub(super) fn on_only_kept(&mut self, kept: u64) -> Option<SizeChange> {
        lower(&mut self.limit, kept);
        self.change_to(kept, Resize::Kept)
    }

    /// The size to try after `len` bytes: half, but where the peer refuses by size not less than it accepted before.
    fn size_after(&self, len: u64, how: Strike) -> u64 {
        let accepted = if how == Strike::Loss || self.largest_accepted >= len { 0 } else { self.largest_accepted };
        let half = if self.is_probe(len) { USUAL_MAX } else { len / 2 };
        half.max(accepted).max(MIN).min(len)
    }

    fn is_probe(&self, len: u64) -> bool {
        self.is_auto && len > USUAL_MAX && len > self.largest_accepted
    }

    fn change_to(&mut self, to: u64, why: Resize) -> Option<SizeChange> {
        let to = to.max(MIN.min(self.current)).min(self.ceiling());
        let to = if to > FIRST_STEP { to - to % PAGE } else { to };
        let from = std::mem::replace(&mut self.current, to);
        (from != to).then_some(SizeChange { from, to, why })
    }
}

fn lower(bound: &mut Option<u64>, to: u64) {
    *bound = Some(bound.map_or(to, |bound| bound.min(to)));
}
