//! A connection's bytes, watched and timed on their way to the HTTP library.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

use super::super::framing::{FramingState, HeadFraming};
use super::super::limits::Limits;

/// Signals between a stream and the requests on it.
#[derive(Debug)]
pub(super) struct ConnectionFlags {
    /// Set by the stream: nothing on it can be trusted any more.
    pub(super) broken: AtomicBool,
    /// Set while a request is carried out: silence is the server's.
    pub(super) busy: AtomicBool,
    /// Set when a response goes out before the request was read.
    pub(super) linger: AtomicBool,
    begun: Instant,
    /// When something last happened on it, in milliseconds from its beginning.
    used: AtomicU64,
    /// Another client needs its place.
    go: Notify,
    is_going: AtomicBool,
}

impl Default for ConnectionFlags {
    fn default() -> Self {
        let flag = AtomicBool::default;
        let (broken, busy, linger) = (flag(), flag(), flag());
        Self {
            broken,
            busy,
            linger,
            begun: Instant::now(),
            used: AtomicU64::new(0),
            go: Notify::new(),
            is_going: flag(),
        }
    }
}

impl ConnectionFlags {
    /// Whether no request is carried out on it, and it is not about to end.
    pub(super) fn is_idle(&self) -> bool {
        !self.busy.load(Ordering::Acquire) && !self.gives_way()
    }

    /// Whether another client needs its place.
    pub(super) fn gives_way(&self) -> bool {
        self.is_going.load(Ordering::Acquire)
    }

    /// When its last request ended; when it began, if it had none.
    pub(super) fn last_used(&self) -> Instant {
        self.begun + Duration::from_millis(self.used.load(Ordering::Relaxed))
    }

    pub(super) fn set_busy(&self, busy: bool) {
        let used = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.used.store(used, Ordering::Relaxed);
        self.busy.store(busy, Ordering::Release);
    }

    pub(super) fn let_go(&self) {
        self.is_going.store(true, Ordering::Release);
        self.go.notify_one();
    }

    /// Ends when another client needs the place.
    pub(super) async fn is_let_go(&self) {
        self.go.notified().await;
    }
}

/// A stream that breaks when its client is silent for too long or sends what can be read in two ways.
pub(super) struct WatchedStream<S> {
    pub(super) stream: S,
    framing: HeadFraming,
    limits: Limits,
    deadline: Pin<Box<Sleep>>,
    /// Runs while the client takes nothing of a response.
    stalled: Option<Pin<Box<Sleep>>>,
    flags: Arc<ConnectionFlags>,
}

impl<S> WatchedStream<S> {
    pub(super) fn new(stream: S, flags: Arc<ConnectionFlags>, limits: Limits) -> Self {
        let deadline = Box::pin(sleep(limits.idle_timeout));
        Self { stream, framing: HeadFraming::default(), limits, deadline, stalled: None, flags }
    }

    /// The incomplete or malformed head of a request with which the connection ended, if it ended so.
    pub(super) fn unread(&self) -> Option<&'static str> {
        match self.framing.state() {
            FramingState::Head => Some("not the whole head of a request"),
            FramingState::Broken => Some("no head of a request"),
            FramingState::Idle | FramingState::Body => None,
        }
    }

    fn observe(&mut self, bytes: &[u8]) {
        let before = self.framing.state();
        self.framing.observe(bytes);
        let state = self.framing.state();
        if state == FramingState::Broken {
            self.flags.broken.store(true, Ordering::Release);
        }
        if state != before {
            let time = if state == FramingState::Idle { self.limits.idle_timeout } else { self.limits.head_timeout };
            self.deadline.as_mut().reset(Instant::now() + time);
        }
    }

    /// Ends the connection of a client that takes nothing of its response.
    fn keep_time<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let silence = self.limits.stall_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(silence)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ready when the client has been silent for too long. Within a body, its reader keeps the time.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.deadline.as_mut().poll(cx));
            if self.framing.state() != FramingState::Body && !self.flags.busy.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            self.deadline.as_mut().reset(Instant::now() + self.limits.idle_timeout);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(result) => {
                this.observe(&buf.filled()[before..]);
                Poll::Ready(result)
            }
            Poll::Pending => this.poll_deadline(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.keep_time(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.keep_time(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
