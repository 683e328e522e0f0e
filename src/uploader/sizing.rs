//! How large the next fragment is.

use std::num::NonZeroU64;

/// Smallest fragment to shrink to: Windows' lower bound, 5 KiB.
pub(super) const MIN: u64 = 5 * 1024;

/// What `auto` begins with.
const START: u64 = 256 * 1024;

/// Largest fragment that `auto` uses: IIS's request filtering refuses more than 30,000,000 bytes by default.
const MAX: u64 = 28 * 1024 * 1024;

/// The user's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FragmentSize {
    /// Grows from 256 KiB while the server takes what it gets, up to 28 MiB.
    #[default]
    Auto,
    /// This many bytes, at least one; smaller ones only when they are refused.
    Fixed(NonZeroU64),
}

/// The current size and where it may go.
#[derive(Debug, Clone)]
pub(super) struct Sizing {
    current: u64,
    max: u64,
    /// The smallest size that was refused: never reached again.
    refused: Option<u64>,
    /// A size at which the connection was cut twice: once may be chance.
    suspect: Option<u64>,
}

impl Sizing {
    pub(super) fn new(choice: FragmentSize) -> Self {
        let (current, max) = match choice {
            FragmentSize::Auto => (START, MAX),
            FragmentSize::Fixed(size) => (size.get(), size.get()),
        };
        Self { current, max, refused: None, suspect: None }
    }

    /// Bytes of the next fragment, unless the file ends before.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// The smallest size that the server refused, if any.
    pub(super) fn refused(&self) -> Option<u64> {
        self.refused
    }

    /// What an earlier run learnt.
    pub(super) fn learnt(&mut self, refused: Option<u64>) {
        if let Some(size) = refused {
            self.refuse(size);
            self.current = self.current.min(self.max);
        }
    }

    /// A fragment of `len` bytes was taken whole: the next may be twice as large.
    /// Returns the old and the new size if they differ.
    pub(super) fn taken(&mut self, len: u64) -> Option<(u64, u64)> {
        let old = self.current;
        if len < old || old >= self.max {
            return None;
        }
        self.current = old.saturating_mul(2).min(self.max);
        (self.current != old).then_some((old, self.current))
    }

    /// A fragment of `len` bytes is more than the server takes: half of it, and never that much again.
    /// Returns the old and the new size, or `None` if no smaller one is tried.
    pub(super) fn too_large(&mut self, len: u64) -> Option<(u64, u64)> {
        let shrunk = self.shrink(len);
        if shrunk.is_some() {
            self.refuse(len);
        }
        shrunk
    }

    /// The connection was cut, or went silent, twice while a fragment of `len` bytes went out: perhaps it is too large.
    pub(super) fn cut_twice(&mut self, len: u64) -> Option<(u64, u64)> {
        let again = self.suspect.is_some_and(|suspect| len >= suspect);
        self.suspect = Some(self.suspect.map_or(len, |suspect| suspect.min(len)));
        if again { self.too_large(len) } else { self.shrink(len) }
    }

    fn shrink(&mut self, len: u64) -> Option<(u64, u64)> {
        let old = len.min(self.current);
        if old <= MIN {
            return None;
        }
        self.current = (old / 2).max(MIN);
        Some((old, self.current))
    }

    fn refuse(&mut self, len: u64) {
        self.refused = Some(self.refused.map_or(len, |refused| refused.min(len)));
        // Growing back to just below it would only be refused again.
        self.max = self.max.min(len / 2).max(MIN.min(len));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(size: u64) -> Sizing {
        Sizing::new(FragmentSize::Fixed(NonZeroU64::new(size).expect("a size")))
    }

    #[test]
    fn auto_doubles_from_256_kib_to_28_mib() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        let mut sizes = vec![sizing.current()];
        while sizing.taken(sizing.current()).is_some() {
            sizes.push(sizing.current());
        }
        assert_eq!(
            sizes.iter().map(|s| s / 1024).collect::<Vec<_>>(),
            [256, 512, 1024, 2048, 4096, 8192, 16384, 28672]
        );
    }

    #[test]
    fn a_fixed_size_stays() {
        let mut sizing = fixed(1);
        assert_eq!(sizing.taken(1), None);
        assert_eq!(sizing.current(), 1);
    }

    #[test]
    fn a_short_last_fragment_says_nothing_about_a_larger_one() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        assert_eq!(sizing.taken(START - 1), None);
    }

    #[test]
    fn a_refused_size_halves_and_is_never_reached_again() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        assert_eq!(sizing.too_large(START), Some((START, START / 2)));
        for _ in 0..10 {
            sizing.taken(sizing.current());
            assert!(sizing.current() < START);
        }
        assert_eq!(sizing.refused(), Some(START));
    }

    #[test]
    fn halving_ends_at_5_kib() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        let mut steps = 0;
        while sizing.too_large(sizing.current()).is_some() {
            steps += 1;
        }
        assert_eq!((sizing.current(), steps), (MIN, 6));
        assert_eq!(fixed(1000).too_large(1000), None, "below 5 KiB there is nothing to try");
    }

    #[test]
    fn one_cut_may_be_chance_and_the_next_is_not() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        assert!(sizing.cut_twice(START).is_some());
        assert_eq!(sizing.refused(), None);
        sizing.taken(START / 2);
        assert_eq!(sizing.current(), START);
        assert!(sizing.cut_twice(START).is_some());
        assert_eq!(sizing.refused(), Some(START));
    }
}
