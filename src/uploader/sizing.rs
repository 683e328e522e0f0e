//! How large the next fragment is.

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
    /// This many bytes, at least one.
    Fixed(std::num::NonZeroU64),
}

/// The current size and where it may go.
#[derive(Debug)]
pub(super) struct Sizing {
    current: u64,
    max: u64,
}

impl Sizing {
    pub(super) fn new(choice: FragmentSize) -> Self {
        match choice {
            FragmentSize::Auto => Self { current: START, max: MAX },
            FragmentSize::Fixed(size) => Self { current: size.get(), max: size.get() },
        }
    }

    /// Bytes of the next fragment, unless the file ends before.
    pub(super) fn current(&self) -> u64 {
        self.current
    }

    /// A fragment of `len` bytes was taken whole: the next may be twice as large.
    /// Returns the old and the new size if they differ.
    pub(super) fn taken(&mut self, len: u64) -> Option<(u64, u64)> {
        let old = self.current;
        if len < old || old >= self.max {
            return None;
        }
        self.current = old.saturating_mul(2).min(self.max);
        Some((old, self.current))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut sizing = Sizing::new(FragmentSize::Fixed(std::num::NonZeroU64::MIN));
        assert_eq!(sizing.taken(1), None);
        assert_eq!(sizing.current(), 1);
    }

    #[test]
    fn a_short_last_fragment_says_nothing_about_a_larger_one() {
        let mut sizing = Sizing::new(FragmentSize::Auto);
        assert_eq!(sizing.taken(START - 1), None);
    }
}
