//! Bodies of responses: none, or a piece of a file.

use std::fs::File;
use std::io::{self, Read};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
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

/// The body of a health response.
const HEALTHY: &[u8] = b"ok\n";

/// The next bytes of a file, or a short text, or none.
#[derive(Default)]
pub(super) struct ResponseBody {
    /// Positioned where they begin, with the guard that is held until the last is sent.
    file: Option<(File, BusyGuard)>,
    text: Bytes,
    left: u64,
}

impl ResponseBody {
    pub(super) fn file(file: File, len: u64, busy: BusyGuard) -> Self {
        Self { file: (len > 0).then_some((file, busy)), text: Bytes::new(), left: len }
    }

    /// The response to those who ask whether the server works.
    pub(super) fn healthy() -> Response<Self> {
        let body = Self { file: None, text: Bytes::from_static(HEALTHY), left: HEALTHY.len() as u64 };
        let mut response = Response::new(body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { file, text, left } = self.get_mut();
        let Some((file, _)) = file else {
            *left = 0;
            let text = mem::take(text);
            return Poll::Ready((!text.is_empty()).then(|| Ok(Frame::data(text))));
        };
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
