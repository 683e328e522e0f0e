//! One request and its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{ALLOW, CONTENT_RANGE, EXPECT, HOST, HeaderValue, RANGE};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::Notify;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::super::answer::{Ack, Refusal, Reply};
use super::super::download::Download;
use super::super::event::{PacketEvent, ServeEvent};
use super::super::limits::MAX_DRAINED;
use super::super::receiver::{Caller, Outcome};
use super::super::request;
use super::body::receive;
use super::response_body::{Busy, Payload};
use super::stream::Signals;
use super::{Front, application};
use crate::protocol::{Packet, header};

/// One request and its answer.
pub(super) struct Exchange {
    pub(super) front: Arc<Front>,
    pub(super) signals: Arc<Signals>,
    pub(super) client: SocketAddr,
}

impl Exchange {
    /// Carries a request out and answers it.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Response<Payload> {
        let busy = Busy::new(&self.signals);
        let (head, mut body) = request.into_parts();
        let is_get = head.method == Method::GET || head.method == Method::HEAD;
        let mut reply = match self.caller(&head) {
            Err(refusal) => refusal.into(),
            Ok(caller) if is_get && self.front.receiver.gives_anything_out() => match self.download(&caller, &head) {
                Ok(download) => return self.give_out(&head, download, busy),
                Err(refusal) => Reply::plain(refusal),
            },
            Ok(caller) => self.carry_out(&caller, &head, &mut body).await,
        };
        if !body.is_end_stream() && !self.drain(&head, &mut body, &reply).await {
            reply.close = true;
        }
        if reply.close {
            self.signals.linger.store(true, Ordering::Release);
        }
        self.report(&head, reply.status(), Some(&reply));
        let mut response = reply.to_response();
        if self.front.receiver.gives_anything_out() && response.headers().contains_key(ALLOW) {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("BITS_POST, GET, HEAD"));
        }
        response.map(|()| Payload::Empty)
    }

    /// Who asks, if they may ask at all.
    fn caller(&self, head: &Parts) -> Result<Caller, Refusal> {
        if self.signals.broken.load(Ordering::Acquire) {
            return Err(Refusal::Ambiguous("a head that can be read in two ways"));
        }
        let account = self.front.options.account.as_ref();
        if account.is_some_and(|account| !account.admits(&head.headers)) {
            return Err(Refusal::Unauthorized);
        }
        Ok(Caller { ip: self.client.ip(), user: account.map(|account| account.name().to_owned()) })
    }

    fn download(&self, caller: &Caller, head: &Parts) -> Result<Download, Refusal> {
        let target = request::read_get(head)?;
        let file = block_in_place(|| self.front.receiver.open_for_reading(caller, &target))?;
        Ok(Download::new(head, file)?)
    }

    fn give_out(&self, head: &Parts, download: Download, busy: Busy) -> Response<Payload> {
        self.report(head, download.head.status(), None);
        download.head.map(|()| Payload::file(download.file, download.len, busy))
    }

    async fn carry_out(&self, caller: &Caller, head: &Parts, body: &mut Incoming) -> Reply {
        let request = match request::read(head) {
            Ok(request) => request,
            Err(refusal) => return refusal.into(),
        };
        let receiver = &self.front.receiver;
        let outcome = if let Packet::Fragment { session, range, .. } = &request.packet {
            let superseded = Arc::new(Notify::new());
            let notify = Arc::clone(&superseded);
            let interrupt = Box::new(move || notify.notify_one());
            let target = &request.target;
            match block_in_place(|| receiver.begin_fragment(caller, session, target, *range, interrupt)) {
                Ok(fragment) => receive(fragment, body, &superseded, &self.front.options.limits).await,
                Err(reply) => return reply,
            }
        } else {
            block_in_place(|| receiver.handle(caller, &request))
        };
        match outcome {
            Outcome::Answer(reply) => reply,
            Outcome::Ask(question) => {
                let failure = application::ask(&self.front, &question, self.url(head)).await;
                block_in_place(|| receiver.after(&question, failure))
            }
        }
    }

    /// The URL as the client wrote it.
    fn url(&self, head: &Parts) -> String {
        let host = head.headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes())).unwrap_or_default();
        let scheme = self.front.scheme();
        format!("{scheme}://{host}{}", head.uri.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// Reads a short refused body to its end. Answers whether the connection can go on.
    async fn drain(&self, head: &Parts, body: &mut Incoming, reply: &Reply) -> bool {
        let short = body.size_hint().exact().is_some_and(|length| length <= MAX_DRAINED);
        if reply.close || !short || head.headers.contains_key(EXPECT) {
            return false;
        }
        let drained = async {
            while let Some(frame) = body.frame().await {
                frame?;
            }
            Ok::<_, hyper::Error>(())
        };
        matches!(timeout(self.front.options.limits.linger, drained).await, Ok(Ok(())))
    }

    fn report(&self, head: &Parts, status: StatusCode, reply: Option<&Reply>) {
        let path = head.uri.path().to_owned();
        let field = |name: &str| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        let kind = field(header::PACKET_TYPE).and_then(|kind: String| kind.trim().parse().ok());
        let refusal = reply.and_then(|reply| reply.result.as_ref().err());
        let session = reply.and_then(|reply| reply.session.as_ref());
        self.front.tell(&ServeEvent::Packet(PacketEvent {
            client: self.client,
            method: head.method.to_string(),
            kind,
            path: path.clone(),
            session: session.map(ToString::to_string).or_else(|| field(header::SESSION_ID)),
            range: field(CONTENT_RANGE.as_str()).or_else(|| field(RANGE.as_str())),
            status,
            error: refusal.and_then(Refusal::error),
            reason: refusal.map(ToString::to_string),
        }));
        if let Some(Ok(Ack::Closed(Some(size)))) = reply.map(|reply| &reply.result) {
            self.front.tell(&ServeEvent::Published { client: self.client, path, size: *size });
        }
    }
}
