//! Bytes of unfinished files, all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::server::response::RequestError;

/// The bytes that all unfinished files hold together, and their limit.
#[derive(Debug)]
pub(crate) struct Quota {
    most: Option<u64>,
    held: AtomicU64,
}

impl Quota {
    pub(crate) fn new(most: Option<u64>) -> Arc<Self> {
        Arc::new(Self { most, held: AtomicU64::new(0) })
    }

    /// Whether this many more would fit now.
    pub(crate) fn has_room_for(&self, bytes: u64) -> bool {
        let held = self.held.load(Ordering::Acquire);
        self.most.is_none_or(|most| held.checked_add(bytes).is_some_and(|sum| sum <= most))
    }
}

/// The bytes of it that one session holds; given back when dropped. Changed only under the session's lock.
#[derive(Debug)]
pub(crate) struct Reservation {
    quota: Arc<Quota>,
    bytes: AtomicU64,
}

impl Reservation {
    /// Bytes that an earlier server left count, even if they are more than the limit.
    pub(crate) fn of(quota: &Arc<Quota>, bytes: u64) -> Self {
        quota.held.fetch_add(bytes, Ordering::AcqRel);
        Self { quota: Arc::clone(quota), bytes: AtomicU64::new(bytes) }
    }

    /// Takes more, or nothing.
    pub(crate) fn grow(&self, bytes: u64) -> Result<(), RequestError> {
        let most = self.quota.most.unwrap_or(u64::MAX);
        let taken = |held: u64| held.checked_add(bytes).filter(|sum| *sum <= most);
        self.quota.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, taken).map_err(|_| RequestError::NoRoom)?;
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        Ok(())
    }

    /// Gives back all but these.
    pub(crate) fn shrink_to(&self, bytes: u64) {
        let surplus = self.bytes.load(Ordering::Acquire).saturating_sub(bytes);
        self.bytes.fetch_sub(surplus, Ordering::AcqRel);
        self.quota.held.fetch_sub(surplus, Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_never_hold_more_than_allowed_together() {
        let quota = Quota::new(Some(10));
        let (one, two) = (Reservation::of(&quota, 0), Reservation::of(&quota, 4));
        assert_eq!(one.grow(7), Err(RequestError::NoRoom));
        assert_eq!(one.grow(6), Ok(()));
        assert!(!quota.has_room_for(1));
        two.shrink_to(1);
        assert!(quota.has_room_for(3) && !quota.has_room_for(4));
        drop(one);
        assert!(quota.has_room_for(9) && !quota.has_room_for(10));
        drop(two);
        assert!(quota.has_room_for(10) && !quota.has_room_for(u64::MAX));
    }

    #[test]
    fn without_a_limit_everything_fits() {
        let quota = Quota::new(None);
        assert!(quota.has_room_for(u64::MAX));
        assert_eq!(Reservation::of(&quota, 1).grow(u64::MAX - 1), Ok(()));
    }
}
