//! Locks whose data is never left half-changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, whether or not another thread panicked meanwhile: each change under these locks is one step, so what they guard
/// is whole.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
