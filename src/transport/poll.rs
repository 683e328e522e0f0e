//! Waiting for sockets, with a deadline and an ear for interruption.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::exchange::TransportError;

use super::cancel::CancellationToken;

/// Longest sleep where an interruption cannot end it.
pub(super) const SLICE: Duration = Duration::from_millis(100);

/// When a limit that starts now is over; never if it is zero.
pub(super) fn deadline(limit: Duration) -> Option<Instant> {
    if limit.is_zero() { None } else { Instant::now().checked_add(limit) }
}

/// Waits until one of the sockets is ready, for one of `events` or because of an error; says for each what it is ready
/// for. Empty when the deadline passed.
///
/// # Errors
/// When it is interrupted, or when polling itself fails.
pub(super) fn wait(
    sockets: &[&TcpStream],
    events: PollFlags,
    deadline: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<Vec<PollFlags>, TransportError> {
    let mut polled: Vec<_> = sockets.iter().map(|socket| PollFd::new(*socket, events)).collect();
    let wake = cancellation.wake();
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
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(Vec::new()),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => {
                let ready: Vec<_> = polled.iter().take(sockets.len()).map(PollFd::revents).collect();
                if ready.iter().any(|ready| !ready.is_empty()) {
                    return Ok(ready);
                }
            }
            Err(error) => return Err(TransportError::of_io(&error.into())),
        }
    }
}
