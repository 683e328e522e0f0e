//! Room for unfinished files, all together: reserved when the first fragment declares the size, released at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::response::RequestError;

/// The bytes that all unfinished files will have together, by what their clients declared, and their limit.
#[derive(Debug)]
pub(crate) struct Quota {
    most: Option<u64>,
    held: AtomicU64,
    /// Of those, what is on the disk by now.
    used: AtomicU64,
}

impl Quota {
    pub(crate) fn new(most: Option<u64>) -> Arc<Self> {
        Arc::new(Self { most, held: AtomicU64::new(0), used: AtomicU64::new(0) })
    }

    /// Whether a file of this size would never fit.
    pub(crate) fn is_below(&self, size: u64) -> bool {
        self.most.is_some_and(|most| most < size)
    }

    /// Bytes that are still to come: the disk needs room for them.
    pub(crate) fn outstanding(&self) -> u64 {
        self.held.load(Ordering::Acquire).saturating_sub(self.used.load(Ordering::Acquire))
    }
}

/// The bytes of it that one session holds; given back when dropped. Changed only under the session's lock.
#[derive(Debug)]
pub(crate) struct Reservation {
    quota: Arc<Quota>,
    bytes: AtomicU64,
    used: AtomicU64,
}

impl Reservation {
    /// Bytes that an earlier server left count, even if they are more than the limit; `used` are on the disk.
    pub(crate) fn of(quota: &Arc<Quota>, bytes: u64, used: u64) -> Self {
        quota.held.fetch_add(bytes, Ordering::AcqRel);
        quota.used.fetch_add(used, Ordering::AcqRel);
        Self { quota: Arc::clone(quota), bytes: AtomicU64::new(bytes), used: AtomicU64::new(used) }
    }

    /// Takes room for a whole file, or none.
    pub(crate) fn take(&self, size: u64) -> Result<(), RequestError> {
        let missing = size.saturating_sub(self.bytes.load(Ordering::Acquire));
        let most = self.quota.most.unwrap_or(u64::MAX);
        let mut held = self.quota.held.load(Ordering::Acquire);
        loop {
            let sum = held.checked_add(missing).filter(|sum| *sum <= most).ok_or(RequestError::NoRoom)?;
            match self.quota.held.compare_exchange_weak(held, sum, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                // Another session took or gave back some meanwhile.
                Err(now) => held = now,
            }
        }
        self.bytes.fetch_add(missing, Ordering::AcqRel);
        Ok(())
    }

    /// This many of its bytes are on the disk now.
    pub(crate) fn use_up(&self, bytes: u64) {
        let before = self.used.swap(bytes, Ordering::AcqRel);
        if bytes >= before {
            self.quota.used.fetch_add(bytes - before, Ordering::AcqRel);
        } else {
            self.quota.used.fetch_sub(before - bytes, Ordering::AcqRel);
        }
    }

    /// Bytes that it may hold without asking again.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// Gives back what is not on the disk.
    pub(crate) fn release_unused(&self) {
        let unused = self.outstanding();
        self.bytes.fetch_sub(unused, Ordering::AcqRel);
        self.quota.held.fetch_sub(unused, Ordering::AcqRel);
    }

    /// Bytes that are still to come.
    pub(crate) fn outstanding(&self) -> u64 {
        self.bytes.load(Ordering::Acquire).saturating_sub(self.used.load(Ordering::Acquire))
    }

    /// Gives everything back.
    pub(crate) fn release(&self) {
        self.use_up(0);
        self.quota.held.fetch_sub(self.bytes.swap(0, Ordering::AcqRel), Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_never_hold_more_than_allowed_together() {
        let quota = Quota::new(Some(10));
        let (one, two) = (Reservation::of(&quota, 0, 0), Reservation::of(&quota, 4, 1));
        assert_eq!(one.take(7), Err(RequestError::NoRoom));
        assert_eq!((one.take(6), one.take(6)), (Ok(()), Ok(())), "the same room");
        assert_eq!((quota.outstanding(), one.outstanding(), two.outstanding()), (9, 6, 3));
        one.use_up(5);
        assert_eq!((quota.outstanding(), one.outstanding()), (4, 1));
        drop(one);
        assert_eq!((quota.outstanding(), two.take(10)), (3, Ok(())));
        two.release();
        assert_eq!(Reservation::of(&quota, 0, 0).take(10), Ok(()));
        assert!(quota.is_below(11) && !quota.is_below(10));
    }

    #[test]
    fn without_a_limit_everything_fits() {
        let quota = Quota::new(None);
        assert!(!quota.is_below(u64::MAX));
        assert_eq!(Reservation::of(&quota, 1, 0).take(u64::MAX), Ok(()));
    }
}
