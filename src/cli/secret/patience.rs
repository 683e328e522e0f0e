//! Waiting for secrets: people, programs and pipes may keep one waiting for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// The waiting ends when a signal comes or the time is up.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// It is over, for good.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// How often to look whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// From now on [`stop_waiting`] is called when a signal comes. Without that, signals end the process.
pub(in crate::cli) fn watch() {
    IS_WATCHED.store(true, Ordering::SeqCst);
}

/// Ends the waiting for secrets, from another thread.
pub(in crate::cli) fn stop_waiting() {
    IS_OVER.store(true, Ordering::SeqCst);
}

pub(super) fn is_watched() -> bool {
    IS_WATCHED.load(Ordering::SeqCst)
}

pub(super) fn is_over() -> bool {
    IS_OVER.load(Ordering::SeqCst)
}

/// The result of `work`, or `None` when the waiting is over first. Then `work` is left alone: not everywhere can
/// reading be interrupted.
pub(super) fn wait_for<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = sync_channel(1);
    let thread = thread::Builder::new().name("secret".to_owned()).spawn(move || drop(sender.send(work())));
    thread.ok()?;
    while !is_over() {
        match receiver.recv_timeout(LOOK) {
            Ok(made) => return Some(made),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    None
}
