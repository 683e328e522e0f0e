//! Mutexes whose values are whole at any moment, so that another thread's panic makes none of them unusable.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Waits for the mutex.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
