//! The body of a fragment, as it comes in.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::block_in_place;
use tokio::time::{Instant, timeout};

use super::super::limits::Limits;
use super::super::receiver::{IncomingFragment, Next};
use super::super::response::RequestError;

/// Pieces of a body below this size are gathered before they are written.
const SMALL: usize = 32 << 10;

/// Bytes that are gathered before they are written.
const GATHERED: usize = 256 << 10;

/// Stores a fragment's body as it comes in.
pub(super) async fn receive(
    mut fragment: IncomingFragment,
    body: &mut Incoming,
    superseded: &Notify,
    limits: &Limits,
    received: &AtomicU64,
) -> Next {
    let mut gathered = Vec::new();
    let (started, mut size) = (Instant::now(), 0);
    // No long silence, and no crawling for ever.
    let time_left = |size: u64| {
        let earned = limits.stall_timeout.saturating_add(Duration::from_secs(size / limits.min_rate.max(1)));
        limits.stall_timeout.min(earned.saturating_sub(started.elapsed()))
    };
    let ended = loop {
        let frame = tokio::select! {
            () = superseded.notified() => break Err(RequestError::Superseded),
            frame = timeout(time_left(size), body.frame()) => frame,
        };
        let piece = match frame {
            Err(_) => break Err(RequestError::Cut("the body came too slowly")),
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => break Err(RequestError::Cut("the body ended early")),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        size += piece.len() as u64;
        received.store(size, Ordering::Relaxed);
        if let Err(error) = store(&mut fragment, &mut gathered, &piece) {
            return fragment.finish(Err(error));
        }
    };
    block_in_place(|| {
        let received = fragment.write(&gathered).and(ended);
        fragment.finish(received)
    })
}

/// Writes a piece, or gathers it if it is small: a write costs more than the bytes of a small one.
fn store(fragment: &mut IncomingFragment, gathered: &mut Vec<u8>, piece: &[u8]) -> Result<(), RequestError> {
    if piece.len() < SMALL || !gathered.is_empty() {
        gathered.extend_from_slice(piece);
        if gathered.len() < GATHERED {
            return Ok(());
        }
        block_in_place(|| fragment.write(gathered))?;
        gathered.clear();
        return Ok(());
    }
    block_in_place(|| fragment.write(piece))
}
