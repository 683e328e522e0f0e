//! Ctrl-C and its like: the first stops the upload in order, the second ends the process at once.

use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cli::secret;
use crate::client::ClientError;
use crate::transport::CancellationToken;
use crate::uploader::{Unverified, UploadError};

/// SIGINT, on every system.
const INTERRUPT: i32 = 2;

/// No signal, but the end of `--max-time`.
const TIME_IS_UP: i32 = -1;

/// The signals that end an upload.
#[derive(Clone)]
pub(super) struct Signals {
    cancellation: CancellationToken,
    received: Arc<AtomicI32>,
    last_words: Arc<Mutex<Option<LastWords>>>,
}

/// What is to be said before the process ends at once.
type LastWords = Box<dyn Fn(Stopped) + Send>;

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("received", &self.received).finish_non_exhaustive()
    }
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
        secret::watch();
        let signals =
            Self { cancellation: CancellationToken::new(), received: Arc::default(), last_words: Arc::default() };
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
            if !signals.cancellation.wait(limit) {
                signals.receive(TIME_IS_UP);
            }
        })?;
        Ok(())
    }

    /// What the first signal sets off.
    pub(super) fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }

    /// What to do before a second signal ends the process. It must not wait for anything.
    pub(super) fn before_end(&self, words: impl Fn(Stopped) + Send + 'static) {
        *self.last_words.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(words));
    }

    /// What ended the run from outside while there was nothing to leave, in place of the error that followed from it.
    pub(super) fn instead_of(&self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        let error = error.into();
        match self.stopped(Left::Nothing) {
            Some(stopped) if error.is::<ClientError>() => stopped,
            Some(stopped) => stopped.context(error.to_string()),
            None => error,
        }
    }

    /// What ended the run, if it was ended from outside; `left` is what it leaves.
    pub(super) fn stopped(&self, left: Left) -> Option<anyhow::Error> {
        match self.received.load(Ordering::SeqCst) {
            0 => None,
            TIME_IS_UP => Some(TimeIsUp { left }.into()),
            signal => Some(Stopped { signal, left }.into()),
        }
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
        let is_second = self.received.swap(signal, Ordering::SeqCst) > 0;
        secret::stop_waiting();
        // Whoever is asked for a password has nothing else to end. That the time is up is told in order.
        if signal != TIME_IS_UP && (secret::stop_asking() || is_second) {
            self.end(signal);
        }
        self.cancellation.interrupt();
    }

    /// Whoever asks twice wants it at once; the journal is in step at every moment.
    fn end(&self, signal: i32) {
        if let Some(words) = &*self.last_words.lock().unwrap_or_else(PoisonError::into_inner) {
            words(Stopped { signal, left: Left::Nothing });
        }
        std::process::exit(128 + signal);
    }
}

/// What an upload leaves that ended with this error, if it was stopped from outside.
pub(super) fn left_by(error: &anyhow::Error) -> Option<Left> {
    let by_time = error.downcast_ref::<TimeIsUp>().map(|stopped| stopped.left);
    error.downcast_ref::<Stopped>().map(|stopped| stopped.left).or(by_time)
}

/// Names the signal in a result that one brought about. `goes_on` tells whether the command goes on with a session that
/// is kept.
pub(super) fn name<T>(result: anyhow::Result<T>, signals: &Signals, goes_on: bool) -> anyhow::Result<T> {
    result.map_err(|error| {
        let left = match error.downcast_ref() {
            Some(ClientError::Interrupted { can_go_on: true }) if goes_on => Left::Session,
            Some(ClientError::Interrupted { can_go_on: true }) => Left::SpurnedSession,
            Some(ClientError::Interrupted { can_go_on: false }) => Left::Nothing,
            Some(ClientError::Upload(UploadError::Unverified(Unverified::Interrupted))) => Left::Acknowledged,
            _ => return error,
        };
        match signals.received.load(Ordering::SeqCst) {
            0 => error,
            TIME_IS_UP => TimeIsUp { left }.into(),
            signal => Stopped { signal, left }.into(),
        }
    })
}
