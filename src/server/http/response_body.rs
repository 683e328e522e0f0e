//! Bodies of responses: none, or a piece of a file.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::task::block_in_place;

use super::stream::ConnectionFlags;

/// Bytes read at a time.
const BLOCK: u64 = 128 << 10;

/// Tells the connection that its silence is the server's, for as long as this lives.
#[derive(Debug)]
pub(super) struct BusyGuard(Arc<ConnectionFlags>);

impl BusyGuard {
    pub(super) fn new(flags: &Arc<ConnectionFlags>) -> Self {
        flags.set_busy(true);
        Self(Arc::clone(flags))
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.0.set_busy(false);
    }
}

/// The next bytes of a file, or none.
#[derive(Default)]
pub(super) struct ResponseBody {
    /// Positioned where they begin, with the guard that is held until the last is sent.
    file: Option<(File, BusyGuard)>,
    left: u64,
}

impl ResponseBody {
    pub(super) fn file(file: File, len: u64, busy: BusyGuard) -> Self {
        Self { file: Some((file, busy)).filter(|_| len > 0), left: len }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { file: Some((file, _)), left } = self.get_mut() else { return Poll::Ready(None) };
        let mut block = Vec::new();
        let read = block_in_place(|| file.take((*left).min(BLOCK)).read_to_end(&mut block));
        Poll::Ready(match read {
            _ if *left == 0 => None,
            Err(error) => Some(Err(error)),
            // The file shrank under the reader: the client must not take what it got for the whole.
            Ok(0) => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                *left -= count as u64;
                Some(Ok(Frame::data(block.into())))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
