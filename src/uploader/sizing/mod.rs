//! How large the next fragment is.
//!
//! `auto` goes by what exchanges took: [`Pace`] says which size makes waiting for Acks cheap. Sizes that servers and
//! proxies refuse by default are passed one at a time, so that a refusal costs little.

mod pace;

#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

use crate::event::Resize;
use crate::protocol::Timing;

use pace::Pace;

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

/// Fragments taken in a row after which a loss is forgotten by half.
const CALM: u32 = 4;

/// A loss does not make fragments smaller than this: it would rather be the network.
const LOSS_MIN: u64 = 64 * 1024;

/// Fragments begin at pages of the file as long as nothing goes wrong.
const GRAIN: u64 = 4096;

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
pub(super) struct Change {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) why: Resize,
}

/// The current size and where it may go.
#[derive(Debug, Clone)]
pub(super) struct Sizing {
    current: u64,
    max: u64,
    is_auto: bool,
    pace: Pace,
    /// The largest that was taken.
    good: u64,
    /// The smallest size that was refused: never reached again.
    refused: Option<u64>,
    /// A size at which the connection was cut twice: once may be chance.
    suspect: Option<u64>,
    /// After a loss: not beyond this for a while.
    ceiling: Option<u64>,
    /// Fragments taken since the last loss, or since its ceiling rose.
    calm: u32,
    /// A probe was refused or lost: no more of them in this upload.
    probed: bool,
}

impl Sizing {
    pub(super) fn new(choice: FragmentSize) -> Self {
        let (current, max, is_auto) = match choice {
            FragmentSize::Auto => (START, USUAL_MAX, true),
            FragmentSize::Fixed(size) => (size.get(), size.get(), false),
        };
        Self {
            current,
            max,
            is_auto,
            pace: Pace::default(),
            good: 0,
            refused: None,
            suspect: None,
            ceiling: None,
            calm: 0,
            probed: false,
        }
    }

    /// Bytes of the next fragment, unless the file ends before.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// The smallest size that the server refused, if any.
    pub(super) fn refused(&self) -> Option<u64> {
        self.refused
    }

    /// What an earlier run of this upload learnt.
    pub(super) fn learnt(&mut self, refused: Option<u64>) {
        if let Some(size) = refused {
            self.refuse(size);
            self.current = self.current.min(self.max);
        }
    }

    /// What an earlier upload to this host learnt. A size that the user asks for is tried all the same.
    pub(super) fn learnt_elsewhere(&mut self, refused: u64) {
        if self.is_auto {
            self.learnt(Some(refused));
        }
    }

    /// A packet without a body was answered.
    pub(super) fn exchanged(&mut self, timing: Timing) {
        self.pace.bodiless(timing);
    }

    /// A fragment of `len` bytes was taken whole.
    pub(super) fn taken(&mut self, len: u64, timing: Option<Timing>) -> Option<Change> {
        self.good = self.good.max(len);
        // The last one of a file says little of the others.
        let timing = timing.filter(|_| self.is_auto && len >= self.current)?;
        self.pace.fragment(len, timing);
        self.calm_down();
        let (to, why) = self.next();
        self.change_to(to, why)
    }

    fn calm_down(&mut self) {
        self.calm += 1;
        if self.calm >= CALM {
            self.calm = 0;
            self.ceiling = self.ceiling.map(|ceiling| ceiling * 2).filter(|ceiling| *ceiling < MAX);
        }
    }

    fn next(&self) -> (u64, Resize) {
        let (wanted, most) = (self.pace.wanted(), self.pace.most());
        let by_waiting = Resize::Waiting { permille: self.pace.waiting_permille() };
        if self.current > most {
            (most, Resize::Slow)
        } else if wanted > self.current.saturating_add(self.current / 4) {
            (wanted.min(self.reach(wanted)).min(most).max(self.current), by_waiting)
        } else if wanted < self.current / 4 {
            (wanted.max(self.current / 2).max(START.min(self.current)), by_waiting)
        } else {
            (self.current, by_waiting)
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
        let may_probe = pays && !self.probed && self.refused.is_none();
        let max = if may_probe { MAX } else { self.max.max(self.good) };
        step.min(max).min(self.ceiling.unwrap_or(MAX))
    }

    /// A fragment of `len` bytes is more than the server takes: smaller ones, and never that much again.
    /// `None` if no smaller one is tried.
    pub(super) fn too_large(&mut self, len: u64) -> Option<Change> {
        let shrunk = self.shrink(len, Resize::Refused);
        if shrunk.is_some() {
            self.refuse(len);
        }
        shrunk
    }

    /// The connection was cut, or went silent, while a fragment of `len` bytes went out.
    pub(super) fn cut_once(&mut self, len: u64) -> Option<Change> {
        if !self.is_auto {
            return None;
        }
        self.calm = 0;
        let to = if self.is_probe(len) { self.after(len) } else { (len.min(self.current) / 2).max(LOSS_MIN) };
        self.probed |= self.is_probe(len);
        let to = to.min(self.current);
        self.ceiling = Some(to);
        self.change_to(to, Resize::Lost)
    }

    /// The same again at the same place: perhaps it is too large.
    pub(super) fn cut_twice(&mut self, len: u64) -> Option<Change> {
        let again = self.suspect.is_some_and(|suspect| len >= suspect);
        self.suspect = Some(self.suspect.map_or(len, |suspect| suspect.min(len)));
        if again { self.too_large(len) } else { self.shrink(len, Resize::Lost) }
    }

    fn shrink(&mut self, len: u64, why: Resize) -> Option<Change> {
        let from = len.min(self.current);
        if from <= MIN {
            return None;
        }
        self.probed |= self.is_probe(len);
        self.current = from;
        self.change_to(self.after(from), why)
    }

    /// What is tried after `len` bytes: half, but not less than what was taken before.
    fn after(&self, len: u64) -> u64 {
        let good = if self.good < len { self.good } else { 0 };
        let half = if self.is_probe(len) { USUAL_MAX } else { len / 2 };
        half.max(good).max(MIN).min(len)
    }

    fn is_probe(&self, len: u64) -> bool {
        self.is_auto && len > USUAL_MAX && len > self.good
    }

    fn refuse(&mut self, len: u64) {
        self.refused = Some(self.refused.map_or(len, |refused| refused.min(len)));
        if self.good >= len {
            // It took that before, and does not any more.
            self.good = 0;
        }
        // Growing back to just below it would only be refused again.
        self.max = self.max.min(len / 2).max(MIN.min(len));
    }

    fn change_to(&mut self, to: u64, why: Resize) -> Option<Change> {
        let to = if to > FIRST_STEP { to - to % GRAIN } else { to.max(MIN.min(self.current)) };
        let from = std::mem::replace(&mut self.current, to);
        (from != to).then_some(Change { from, to, why })
    }
}
