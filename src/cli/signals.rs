//! Ctrl-C and its like: the first stops the upload in order, the second ends the process at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use crate::driver::{DriverError, Unverified};
use crate::transport::Interrupter;

/// SIGINT, on every system.
const INTERRUPT: i32 = 2;

/// No signal, but the end of `--max-time`.
const TIME_IS_UP: i32 = -1;

/// The signals that end an upload.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    interrupter: Interrupter,
    received: Arc<AtomicI32>,
}

/// The upload was stopped by a signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopped {
    /// Its number.
    pub(super) signal: i32,
    /// How far the upload was.
    pub(super) left: Left,
}

/// What an upload that was stopped leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing that another run could go on with.
    Nothing,
    /// What the same command goes on with.
    Session,
    /// What it could go on with, were it not told to start over.
    SpurnedSession,
    /// The server had acknowledged all of it by then.
    Acknowledged,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.signal == INTERRUPT { "interrupted" } else { "terminated" })?;
        if self.left == Left::Acknowledged {
            f.write_str(" after the server acknowledged the upload, before it was verified")?;
        }
        Ok(())
    }
}

impl std::error::Error for Stopped {}

/// The time for the whole upload is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeIsUp {
    /// How far the upload was.
    pub(super) left: Left,
}

impl fmt::Display for TimeIsUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time for the whole upload (--max-time) is over")
    }
}

impl std::error::Error for TimeIsUp {}

impl Signals {
    /// Watches for signals from now on.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(super) fn watch() -> anyhow::Result<Self> {
        let signals = Self { interrupter: Interrupter::new(), received: Arc::default() };
        signals.clone().start()?;
        Ok(signals)
    }

    /// Ends what is under way after `limit`, also in the middle of an exchange.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub(super) fn after(&self, limit: Duration) -> anyhow::Result<()> {
        let signals = self.clone();
        std::thread::Builder::new().name("max-time".to_owned()).spawn(move || {
            if !signals.interrupter.wait(limit) {
                signals.receive(TIME_IS_UP);
            }
        })?;
        Ok(())
    }

    /// What the first signal sets off.
    pub(super) fn interrupter(&self) -> &Interrupter {
        &self.interrupter
    }

    #[cfg(unix)]
    fn start(self) -> anyhow::Result<()> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut pending = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in pending.forever() {
                self.receive(signal);
            }
        })?;
        Ok(())
    }

    #[cfg(not(unix))]
    fn start(self) -> anyhow::Result<()> {
        Ok(ctrlc::set_handler(move || self.receive(INTERRUPT))?)
    }

    fn receive(&self, signal: i32) {
        if self.received.swap(signal, Ordering::SeqCst) > 0 {
            end(signal);
        }
        self.interrupter.interrupt();
    }
}

#[expect(clippy::exit, reason = "whoever asks twice wants it at once; the journal is in step at every moment")]
fn end(signal: i32) {
    std::process::exit(128 + signal);
}

/// Names the signal in a result that one brought about. `goes_on` tells whether the command goes on with a session that
/// is kept.
pub(super) fn name(result: anyhow::Result<()>, signals: &Signals, goes_on: bool) -> anyhow::Result<()> {
    result.map_err(|error| {
        let left = match error.downcast_ref() {
            Some(DriverError::Interrupted { can_go_on: true }) if goes_on => Left::Session,
            Some(DriverError::Interrupted { can_go_on: true }) => Left::SpurnedSession,
            Some(DriverError::Interrupted { can_go_on: false }) => Left::Nothing,
            Some(DriverError::Unverified(Unverified::Interrupted)) => Left::Acknowledged,
            _ => return error,
        };
        match signals.received.load(Ordering::SeqCst) {
            0 => error,
            TIME_IS_UP => TimeIsUp { left }.into(),
            signal => Stopped { signal, left }.into(),
        }
    })
}
