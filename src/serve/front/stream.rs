//! A connection's bytes, watched and timed on their way to the HTTP library.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::super::guard::{HeadWatch, Place};

/// Time for a head, from its first byte on.
const HEAD: Duration = Duration::from_secs(10);

/// Time between two requests.
const IDLE: Duration = Duration::from_mins(1);

/// What the stream and the requests on it tell each other.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Set by the stream: nothing on it can be trusted any more.
    pub(super) broken: AtomicBool,
    /// Set while a request is carried out: silence is the server's.
    pub(super) busy: AtomicBool,
    /// Set when an answer goes out before the request was read.
    pub(super) linger: AtomicBool,
}

/// The stream.
pub(super) struct WatchedStream {
    stream: TcpStream,
    watch: HeadWatch,
    deadline: Pin<Box<Sleep>>,
    signals: Arc<Signals>,
}

impl WatchedStream {
    pub(super) fn new(stream: TcpStream, signals: Arc<Signals>) -> Self {
        Self { stream, watch: HeadWatch::default(), deadline: Box::pin(sleep(IDLE)), signals }
    }

    pub(super) fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn see(&mut self, bytes: &[u8]) {
        let before = self.watch.place();
        self.watch.see(bytes);
        let place = self.watch.place();
        if place == Place::Broken {
            self.signals.broken.store(true, Ordering::Release);
        }
        if place != before {
            let time = if place == Place::Idle { IDLE } else { HEAD };
            self.deadline.as_mut().reset(Instant::now() + time);
        }
    }

    /// Ready when the client has been silent for too long. Within a body, whoever reads it keeps the time.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.deadline.as_mut().poll(cx));
            if self.watch.place() != Place::Body && !self.signals.busy.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            self.deadline.as_mut().reset(Instant::now() + IDLE);
        }
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(result) => {
                this.see(&buf.filled()[before..]);
                Poll::Ready(result)
            }
            Poll::Pending => this.poll_deadline(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
