//! Waiting for a socket or a thread, with a deadline and an ear for interruption.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;

use super::cancel::CancellationToken;

/// Longest sleep where an interruption cannot end it.
const SLICE: Duration = Duration::from_millis(100);

/// When a limit that starts now is over; never if it is zero.
pub(super) fn deadline(limit: Duration) -> Option<Instant> {
    if limit.is_zero() { None } else { Instant::now().checked_add(limit) }
}

/// Waits until the socket is ready for one of `events`, or has an error; says for what. `None`: the deadline passed.
///
/// # Errors
/// When it is interrupted, or when polling itself fails.
pub(super) fn wait(
    socket: &TcpStream,
    events: PollFlags,
    deadline: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<Option<PollFlags>, TransportError> {
    let wake = cancellation.wake();
    let mut polled = vec![PollFd::new(socket, events)];
    polled.extend(wake.map(|wake| PollFd::new(wake, PollFlags::IN)));
    loop {
        if cancellation.is_interrupted() {
            return Err(TransportError::interrupted());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let slice = if wake.is_some() { None } else { Some(SLICE) };
        let sleep = left.into_iter().chain(cancellation.left()).chain(slice).min();
        let timeout = sleep.and_then(|sleep| Timespec::try_from(sleep).ok());
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(None),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => {
                let ready = polled[0].revents();
                if !ready.is_empty() {
                    return Ok(Some(ready));
                }
            }
            Err(error) => return Err(TransportError::of_io(&error.into())),
        }
    }
}

/// Starts a system call that cannot be ended, in a thread that is left to itself when its result is not needed any more.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    call: impl FnOnce() -> T + Send + 'static,
    answer: Sender<T>,
) -> Result<(), TransportError> {
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || drop(answer.send(call())));
    started.map(drop).map_err(|error| TransportError::new(Kind::Local, escape(error.to_string())))
}

/// Waits until a thread answers. `None`: the deadline passed, or all threads are gone.
///
/// # Errors
/// When it is interrupted.
pub(super) fn receive<T>(
    answers: &Receiver<T>,
    deadline: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<Option<T>, TransportError> {
    loop {
        if cancellation.is_interrupted() {
            return Err(TransportError::interrupted());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match answers.recv_timeout(left.into_iter().chain(cancellation.left()).fold(SLICE, Duration::min)) {
            Ok(answer) => return Ok(Some(answer)),
            Err(RecvTimeoutError::Timeout) if left.is_none_or(|left| !left.is_zero()) => {}
            Err(_) => return Ok(None),
        }
    }
}
