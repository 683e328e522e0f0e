//! The end of waiting, from another thread.

#[cfg(unix)]
use std::io::Write;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::sync::lock;

/// Ends whatever its transports are doing, at once and for good.
///
/// Clones are the same cancellation. It may be given to several transports, and to a thread that waits between their
/// exchanges. On Unix a blocked transport is woken by a socket in its poll set; elsewhere, or when there is no
/// descriptor left for it, the transport looks every 100 ms. Name lookups and attempts to connect are abandoned within
/// 100 ms, not ended.
#[derive(Debug, Clone)]
pub struct CancellationToken(Arc<CancellationState>);

#[derive(Debug)]
struct CancellationState {
    interrupted: Mutex<bool>,
    /// It counts as interrupted from then on.
    end: Option<Instant>,
    changed: Condvar,
    /// Sleeping ends when the first can be read, that is, when something was written to the second.
    #[cfg(unix)]
    wake: Option<(UnixStream, UnixStream)>,
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::until(None)
    }
}

impl CancellationToken {
    /// One that has not been used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that interrupts by itself after `limit`.
    pub(super) fn lasting(limit: Duration) -> Self {
        Self::until(Instant::now().checked_add(limit))
    }

    fn until(end: Option<Instant>) -> Self {
        Self(Arc::new(CancellationState {
            interrupted: Mutex::new(false),
            end,
            changed: Condvar::new(),
            #[cfg(unix)]
            wake: UnixStream::pair().ok(),
        }))
    }

    /// Ends the exchange under way and any wait; later ones end before they begin.
    ///
    /// Takes a lock, so it is for a thread, not for a raw signal handler.
    pub fn interrupt(&self) {
        let mut interrupted = self.state();
        if !*interrupted {
            *interrupted = true;
            #[cfg(unix)]
            if let Some((_, writer)) = &self.0.wake {
                // It is never read, so it stays readable. One byte into an empty buffer cannot fail in a way that
                // matters.
                let _ = (&*writer).write(&[0]);
            }
            self.0.changed.notify_all();
        }
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        *self.state() || self.left().is_some_and(|left| left.is_zero())
    }

    /// Time until it interrupts by itself, if it does.
    pub(super) fn left(&self) -> Option<Duration> {
        self.0.end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Sleeps for `duration`, or until it is interrupted: then it returns `true`.
    #[must_use]
    pub fn wait(&self, duration: Duration) -> bool {
        let duration = self.left().map_or(duration, |left| left.min(duration));
        let waited = self.0.changed.wait_timeout_while(self.state(), duration, |interrupted| !*interrupted);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is_interrupted()
    }

    /// A socket that becomes readable on interruption.
    #[cfg(unix)]
    pub(super) fn wake(&self) -> Option<&UnixStream> {
        self.0.wake.as_ref().map(|(reader, _)| reader)
    }

    /// Nothing becomes readable on interruption on this platform.
    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "has the signature of the others")]
    pub(super) fn wake(&self) -> Option<&std::net::TcpStream> {
        None
    }

    fn state(&self) -> MutexGuard<'_, bool> {
        lock(&self.0.interrupted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_runs_out_or_is_ended() {
        let cancellation = CancellationToken::new();
        assert!(!cancellation.wait(Duration::from_millis(1)));
        let other = cancellation.clone();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(3600)));
        cancellation.interrupt();
        assert!(waiting.join().expect("no panic"));
        assert!(cancellation.wait(Duration::from_secs(3600)), "it stays interrupted");
    }

    #[test]
    fn one_with_a_limit_interrupts_by_itself() {
        assert!(CancellationToken::lasting(Duration::ZERO).is_interrupted());
        let cancellation = CancellationToken::lasting(Duration::from_millis(20));
        assert!(cancellation.wait(Duration::from_secs(3600)));
        assert!(!CancellationToken::lasting(Duration::MAX).is_interrupted());
        let ended = CancellationToken::lasting(Duration::from_secs(3600));
        assert!(!ended.is_interrupted());
        ended.interrupt();
        assert!(ended.is_interrupted());
    }
}
