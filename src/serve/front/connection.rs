//! One connection: requests in, answers out.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{CONTENT_RANGE, EXPECT};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::block_in_place;
use tokio::time::{Instant, timeout};

use super::super::answer::{Ack, Refusal, Reply};
use super::super::event::{PacketEvent, ServeEvent};
use super::super::guard::MAX_HEAD;
use super::super::receiver::{Caller, Fragment};
use super::super::request;
use super::Front;
use super::stream::{Signals, WatchedStream};
use crate::protocol::{Packet, header};

/// Most fields in a head.
const MAX_FIELDS: usize = 100;

/// Longest silence within a body.
const SILENCE: Duration = Duration::from_mins(1);

/// Slowest body, in bytes a second, after the first minute.
const SLOWEST: u64 = 100;

/// Pieces of a body below this size are gathered before they are written.
const SMALL: usize = 32 << 10;

/// As much is gathered.
const GATHERED: usize = 256 << 10;

/// A refused body up to this size is read to its end, so that the connection can go on.
const DRAINED: u64 = 64 << 10;

/// Time in which a client may notice an early answer while it still sends.
const LINGER: Duration = Duration::from_secs(10);

/// Serves a connection until it ends or the server stops.
pub(super) async fn serve(front: Arc<Front>, stream: TcpStream, client: SocketAddr, mut stop: watch::Receiver<bool>) {
    // Without it the answers are only later, so a failure is no reason to refuse the client.
    let _ = stream.set_nodelay(true);
    let signals = Arc::new(Signals::default());
    let service = service_fn(|request| {
        let exchange = Exchange { front: Arc::clone(&front), signals: Arc::clone(&signals), client };
        Box::pin(async move { Ok::<_, Infallible>(exchange.answer(request).await) })
    });
    let io = TokioIo::new(WatchedStream::new(stream, Arc::clone(&signals)));
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_headers(MAX_FIELDS)
        .max_header_size(MAX_HEAD)
        .title_case_headers(true)
        .serve_connection(io, service);
    let stopped = async { drop(stop.wait_for(|stop| *stop).await) };
    let result = tokio::select! {
        result = poll_fn(|cx| connection.poll_without_shutdown(cx)) => result,
        () = stopped => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if result.is_err() || signals.linger.load(Ordering::Acquire) {
        linger(connection.into_parts().io.into_inner().into_inner()).await;
    }
}

/// Lets the client read the last answer: closing with unread bytes would reset the connection and lose it.
async fn linger(mut stream: TcpStream) {
    let drained = async {
        poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await?;
        let mut rubbish = vec![0; SMALL];
        loop {
            stream.readable().await?;
            match stream.try_read(&mut rubbish) {
                Ok(0) => return Ok(()),
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    };
    // Whether it noticed is the client's business.
    let _: Result<Result<(), std::io::Error>, _> = timeout(LINGER, drained).await;
}

/// One request and its answer.
struct Exchange {
    front: Arc<Front>,
    signals: Arc<Signals>,
    client: SocketAddr,
}

impl Exchange {
    async fn answer(self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        self.signals.busy.store(true, Ordering::Release);
        let (head, mut body) = request.into_parts();
        let mut reply = self.carry_out(&head, &mut body).await;
        if !body.is_end_stream() && !self.drain(&head, &mut body, &reply).await {
            reply.close = true;
        }
        if reply.close {
            self.signals.linger.store(true, Ordering::Release);
        }
        self.report(&head, &reply);
        self.signals.busy.store(false, Ordering::Release);
        reply.to_response().map(|()| Empty::new())
    }

    async fn carry_out(&self, head: &Parts, body: &mut Incoming) -> Reply {
        if self.signals.broken.load(Ordering::Acquire) {
            return Refusal::Ambiguous("a head that can be read in two ways").into();
        }
        let request = match request::read(head) {
            Ok(request) => request,
            Err(refusal) => return refusal.into(),
        };
        let receiver = &self.front.receiver;
        let caller = Caller { ip: self.client.ip(), user: None };
        let Packet::Fragment { session, range, .. } = &request.packet else {
            return block_in_place(|| receiver.handle(&caller, &request));
        };
        let superseded = Arc::new(Notify::new());
        let notify = Arc::clone(&superseded);
        let begun = block_in_place(|| {
            receiver.begin_fragment(&caller, session, &request.target, *range, Box::new(move || notify.notify_one()))
        });
        match begun {
            Ok(fragment) => receive(fragment, body, &superseded).await,
            Err(reply) => reply,
        }
    }

    /// Reads a short refused body to its end. Answers whether the connection can go on.
    async fn drain(&self, head: &Parts, body: &mut Incoming, reply: &Reply) -> bool {
        let short = body.size_hint().exact().is_some_and(|length| length <= DRAINED);
        if reply.close || !short || head.headers.contains_key(EXPECT) {
            return false;
        }
        let drained = async {
            while let Some(frame) = body.frame().await {
                frame?;
            }
            Ok::<_, hyper::Error>(())
        };
        matches!(timeout(LINGER, drained).await, Ok(Ok(())))
    }

    fn report(&self, head: &Parts, reply: &Reply) {
        let path = head.uri.path().to_owned();
        let field = |name: &str| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        let kind = field(header::PACKET_TYPE).and_then(|kind: String| kind.trim().parse().ok());
        let refusal = reply.result.as_ref().err();
        self.front.tell(&ServeEvent::Packet(PacketEvent {
            client: self.client,
            method: head.method.to_string(),
            kind,
            path: path.clone(),
            session: reply.session.as_ref().map(ToString::to_string).or_else(|| field(header::SESSION_ID)),
            range: field(CONTENT_RANGE.as_str()),
            status: reply.status(),
            error: refusal.and_then(Refusal::error),
            reason: refusal.map(ToString::to_string),
        }));
        if let Ok(Ack::Closed(Some(size))) = reply.result {
            self.front.tell(&ServeEvent::Published { client: self.client, path, size });
        }
    }
}

/// Stores a fragment's body as it comes in.
async fn receive(mut fragment: Fragment, body: &mut Incoming, superseded: &Notify) -> Reply {
    let mut gathered = Vec::new();
    let mut pace = Pace::new();
    let ended = loop {
        let frame = tokio::select! {
            () = superseded.notified() => break Err(Refusal::Superseded),
            frame = timeout(pace.patience(), body.frame()) => frame,
        };
        let piece = match frame {
            Err(_) => break Err(Refusal::Cut("the body came too slowly")),
            Ok(None) => break Ok(()),
            Ok(Some(Err(_))) => break Err(Refusal::Cut("the body ended early")),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
        };
        pace.count(piece.len());
        if let Err(refusal) = store(&mut fragment, &mut gathered, &piece) {
            return fragment.give_up(refusal);
        }
    };
    block_in_place(|| match fragment.write(&gathered).and(ended) {
        Ok(()) => fragment.finish(),
        Err(refusal) => fragment.give_up(refusal),
    })
}

/// Writes a piece, or gathers it if it is small: a write costs more than the bytes of a small one.
fn store(fragment: &mut Fragment, gathered: &mut Vec<u8>, piece: &[u8]) -> Result<(), Refusal> {
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

/// Keeps the time of a body: no long silence, and no crawling for ever.
struct Pace {
    started: Instant,
    received: u64,
}

impl Pace {
    fn new() -> Self {
        Self { started: Instant::now(), received: 0 }
    }

    fn count(&mut self, bytes: usize) {
        self.received += bytes as u64;
    }

    /// How long the next piece may take.
    fn patience(&self) -> Duration {
        let earned = SILENCE + Duration::from_secs(self.received / SLOWEST);
        SILENCE.min(earned.saturating_sub(self.started.elapsed()))
    }
}
