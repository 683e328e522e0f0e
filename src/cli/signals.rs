//! Ctrl-C and its like: the first stops the upload in order, the second ends the process at once.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;

use crate::cli::error::{Resumability, StopReason, Stopped};
use crate::cli::secret;
use crate::client::ClientError;
use crate::sync::lock;
use crate::transport::CancellationToken;
use crate::uploader::{Unverified, UploadError};

const CANNOT_WATCH: &str = "cannot watch for signals";

/// How often to look for a signal where waiting for one fails.
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(100);

/// The signals that end an upload.
#[derive(Clone)]
pub(super) struct Signals {
    /// Cancelled by the first signal.
    pub(super) cancellation: CancellationToken,
    received: Arc<Mutex<Option<StopReason>>>,
    last_words: Arc<Mutex<Option<LastWords>>>,
}

/// Prints the last messages before the process ends at once.
type LastWords = Box<dyn Fn(Stopped) + Send>;

impl Signals {
    /// Watches for signals from now on.
    pub(super) fn watch() -> anyhow::Result<Self> {
        secret::watch();
        let signals =
            Self { cancellation: CancellationToken::new(), received: Arc::default(), last_words: Arc::default() };
        let watcher = signals.clone();
        on_each(move |signal| watcher.receive(signal))?;
        Ok(signals)
    }

    /// Ends what is under way after `limit`, also in the middle of an exchange.
    pub(super) fn after(&self, limit: Duration) -> anyhow::Result<()> {
        let signals = self.clone();
        let waiting = std::thread::Builder::new().name("max-time".to_owned()).spawn(move || {
            if !signals.cancellation.wait(limit) {
                signals.receive(StopReason::MaxTime);
            }
        });
        waiting.map(drop).context("cannot start the thread of --max-time")
    }

    /// Sets the action before a second signal ends the process. It must not wait for anything.
    pub(super) fn before_end(&self, words: impl Fn(Stopped) + Send + 'static) {
        *lock(&self.last_words) = Some(Box::new(words));
    }

    /// The signal or time limit that ended the run while there was nothing to leave, in place of the error that
    /// followed from it.
    pub(super) fn instead_of(&self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        let error = error.into();
        match self.stopped(Resumability::StartsOver) {
            Some(stopped) if error.is::<ClientError>() => stopped,
            Some(stopped) => stopped.context(error.to_string()),
            None => error,
        }
    }

    /// The signal or time limit that ended the run, if one did.
    pub(super) fn stopped(&self, leaves: Resumability) -> Option<anyhow::Error> {
        lock(&self.received).map(|by| Stopped { by, leaves }.into())
    }

    /// Names what ended the run from outside in a result that came of it. `resumes` tells whether the same command
    /// continues a session that is kept.
    pub(super) fn attribute<T>(&self, result: anyhow::Result<T>, resumes: bool) -> anyhow::Result<T> {
        result.map_err(|error| {
            let leaves = match error.downcast_ref() {
                Some(ClientError::Interrupted { can_go_on: true }) if resumes => Resumability::Resumes,
                Some(ClientError::Interrupted { can_go_on: true }) => Resumability::ResumesWithoutNever,
                Some(ClientError::Interrupted { can_go_on: false }) => Resumability::StartsOver,
                Some(ClientError::Upload(UploadError::Unverified(Unverified::Interrupted))) => {
                    Resumability::Acknowledged
                }
                _ => return error,
            };
            self.stopped(leaves).unwrap_or(error)
        })
    }

    fn receive(&self, by: StopReason) {
        let before = lock(&self.received).replace(by);
        let is_second = before.is_some_and(|before| before != StopReason::MaxTime);
        secret::stop_waiting();
        // While the user is asked for a password there is nothing else to end. That the time is up is told in order.
        if by != StopReason::MaxTime && (secret::stop_asking() || is_second) {
            // A second signal ends it at once; the journal is in step at every moment.
            if let Some(words) = &*lock(&self.last_words) {
                words(Stopped { by, leaves: Resumability::StartsOver });
            }
            std::process::exit(by.exit_code() as i32);
        }
        self.cancellation.interrupt();
    }
}

/// Calls `handler` for each signal that asks the process to end, on a thread of its own.
#[cfg(unix)]
pub(super) fn on_each(handler: impl Fn(StopReason) + Send + 'static) -> anyhow::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::backend::SignalDelivery;
    use signal_hook::iterator::exfiltrator::SignalOnly;
    let mut watched = vec![SIGINT, SIGTERM];
    if !outlives_its_terminal() {
        watched.push(SIGHUP);
    }
    let (read, write) = UnixStream::pair().context(CANNOT_WATCH)?;
    let mut delivery = SignalDelivery::with_pipe(read, write, SignalOnly, watched).context(CANNOT_WATCH)?;
    let watching = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        loop {
            for signal in delivery.pending() {
                handler(match signal {
                    SIGHUP => StopReason::HangUp,
                    SIGINT => StopReason::Interrupt,
                    _ => StopReason::Terminate,
                });
            }
            wait_for_signal(delivery.get_read());
        }
    });
    watching.map(drop).context(CANNOT_WATCH)
}

/// The library's own loop panics when its wait fails.
#[cfg(unix)]
fn wait_for_signal(pipe: &UnixStream) {
    use rustix::event::{PollFd, PollFlags, poll};
    if poll(&mut [PollFd::new(pipe, PollFlags::IN)], None).is_err() {
        // Signals are looked for all the same, but not all the time.
        std::thread::sleep(LOOK);
    }
}

/// Whether SIGHUP is ignored, as below `nohup`: a handler would end a run that is to outlive its terminal.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;
    // Linux tells the ignored signals as a mask: the lowest bit is SIGHUP's.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    if let Some(mask) = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
        return mask & 1 == 1;
    }
    // Elsewhere only unsafe code can ask. A child inherits the answer: it survives its own SIGHUP.
    let child = Command::new("/bin/sh").args(["-c", "kill -HUP $$"]).status();
    child.is_ok_and(|status| status.signal().is_none())
}

#[cfg(not(unix))]
pub(super) fn on_each(handler: impl Fn(StopReason) + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(move || handler(StopReason::Interrupt)).context(CANNOT_WATCH)
}
