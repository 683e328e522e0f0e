//! One request and its response.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::header::{ALLOW, CONTENT_RANGE, EXPECT, HOST, HeaderValue, RANGE};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::sync::Notify;
use tokio::task::block_in_place;
use tokio::time::timeout;

use super::super::client::Client;
use super::super::download;
use super::super::event::{PacketEvent, ServeEvent};
use super::super::limits::MAX_DRAINED;
use super::super::receiver::{Caller, Next};
use super::super::request;
use super::super::response::{Ack, RequestError, Response};
use super::application;
use super::body::receive;
use super::context::ServerContext;
use super::response_body::{BusyGuard, ResponseBody};
use super::stream::ConnectionFlags;
use crate::protocol::{Packet, PacketKind, header};

pub(super) struct RequestHandler {
    context: Arc<ServerContext>,
    flags: Arc<ConnectionFlags>,
    client: Client,
    /// Bytes of the body so far.
    received: AtomicU64,
}

/// The outcome of a request, for the log.
struct Outcome<'a> {
    status: StatusCode,
    bytes: u64,
    response: Option<&'a Response>,
}

impl RequestHandler {
    pub(super) fn new(
        context: Arc<ServerContext>,
        flags: Arc<ConnectionFlags>,
        peer: Client,
        request: &Request<Incoming>,
    ) -> Self {
        let client = context.options.trusted_proxies.client(peer, request.headers());
        Self { context, flags, client, received: AtomicU64::new(0) }
    }

    /// Carries a request out and responds to it.
    pub(super) async fn respond(self, request: Request<Incoming>) -> http::Response<ResponseBody> {
        let (busy, begun) = (BusyGuard::new(&self.flags), Instant::now());
        let (head, mut body) = request.into_parts();
        let is_get = head.method == Method::GET || head.method == Method::HEAD;
        if is_get && head.uri.path() == "/" && self.context.options.health && !self.flags.broken.load(Ordering::Acquire)
        {
            let response = ResponseBody::healthy();
            let bytes = response.body().size_hint().lower();
            self.report(&head, begun, Outcome { status: response.status(), bytes, response: None });
            return response;
        }
        let mut response = match self.caller(&head) {
            Err(error) => error.into(),
            Ok(caller) if is_get && self.context.receiver.gives_anything_out() => match self.download(&caller, &head) {
                Ok(response) => {
                    self.report(
                        &head,
                        begun,
                        Outcome { status: response.status(), bytes: response.body().1, response: None },
                    );
                    return response.map(|(file, len)| ResponseBody::file(file, len, busy));
                }
                Err(error) => Response::plain(error),
            },
            Ok(caller) => self.carry_out(&caller, &head, &mut body).await,
        };
        if matches!(response.result, Err(RequestError::Storage(_) | RequestError::NoFolder)) {
            self.check_folder();
        }
        if !body.is_end_stream() && !self.drain(&head, &mut body, &response).await {
            response.close = true;
        }
        if response.close {
            self.flags.linger.store(true, Ordering::Release);
        }
        let bytes = self.received.load(Ordering::Relaxed);
        self.report(&head, begun, Outcome { status: response.status(), bytes, response: Some(&response) });
        let mut http = response.to_http();
        if self.context.receiver.gives_anything_out() && http.headers().contains_key(ALLOW) {
            http.headers_mut().insert(ALLOW, HeaderValue::from_static("BITS_POST, GET, HEAD"));
        }
        http.map(|()| ResponseBody::default())
    }

    /// The client, if it may ask at all.
    fn caller(&self, head: &Parts) -> Result<Caller, RequestError> {
        if self.flags.broken.load(Ordering::Acquire) {
            return Err(RequestError::Ambiguous("a head that can be read in two ways"));
        }
        let user = self.user(head);
        if self.context.options.account.is_some() && user.is_none() {
            return Err(RequestError::Unauthorized);
        }
        Ok(Caller { ip: self.client.ip(), user })
    }

    /// As whom the client authenticated.
    fn user(&self, head: &Parts) -> Option<String> {
        let account = self.context.access.account().filter(|account| account.admits(&head.headers));
        account.map(|account| account.name().to_owned())
    }

    fn download(&self, caller: &Caller, head: &Parts) -> Result<http::Response<(File, u64)>, RequestError> {
        let target = request::read_get(head)?;
        let file = block_in_place(|| self.context.receiver.open_for_reading(caller, &target))?;
        Ok(download::respond(head, file)?)
    }

    async fn carry_out(&self, caller: &Caller, head: &Parts, body: &mut Incoming) -> Response {
        let request = match request::read(head) {
            Ok(request) => request,
            Err(error) => return error.into(),
        };
        let receiver = &self.context.receiver;
        let next = if let Packet::Fragment { session, range, .. } = &request.packet {
            let superseded = Arc::new(Notify::new());
            let notify = Arc::clone(&superseded);
            let interrupt = Box::new(move || notify.notify_one());
            let target = &request.target;
            match block_in_place(|| receiver.begin_fragment(caller, session, target, *range, interrupt)) {
                Ok(fragment) => {
                    let limits = &self.context.options.limits;
                    receive(fragment, body, &superseded, limits, &self.received).await
                }
                Err(response) => return response,
            }
        } else {
            block_in_place(|| receiver.handle(caller, &request))
        };
        match next {
            Next::Respond(response) => response,
            Next::AskApplication(pending) => {
                let failure = application::ask(&self.context, &pending, self.url(head)).await;
                block_in_place(|| receiver.respond_after(&pending, failure))
            }
        }
    }

    /// Ends the server if its folder is gone: it would refuse everything until it is restarted.
    fn check_folder(&self) {
        if block_in_place(|| self.context.receiver.is_replaced()) {
            self.context.stop.stop();
        }
    }

    /// The URL as the client wrote it.
    fn url(&self, head: &Parts) -> String {
        let host = head.headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        // HTTP/1.0 needs none.
        let host = host.unwrap_or_else(|| "localhost".to_owned());
        let scheme = self.context.scheme();
        format!("{scheme}://{host}{}", head.uri.path_and_query().map_or("/", |path| path.as_str()))
    }

    /// Reads a short refused body to its end. Returns whether the connection can go on.
    async fn drain(&self, head: &Parts, body: &mut Incoming, response: &Response) -> bool {
        let short = body.size_hint().exact().is_some_and(|length| length <= MAX_DRAINED);
        if response.close || !short || head.headers.contains_key(EXPECT) {
            return false;
        }
        let drained = async {
            while let Some(frame) = body.frame().await {
                frame?;
            }
            Ok::<_, hyper::Error>(())
        };
        matches!(timeout(self.context.options.limits.linger, drained).await, Ok(Ok(())))
    }

    fn report(&self, head: &Parts, begun: Instant, Outcome { status, bytes, response }: Outcome<'_>) {
        let path = head.uri.path().to_owned();
        let field = |name: &str| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        let kind = field(header::PACKET_TYPE).and_then(|kind: String| kind.trim().parse::<PacketKind>().ok());
        let error = response.and_then(|response| response.result.as_ref().err());
        let session = response.and_then(|response| response.session.as_ref());
        self.context.tell(&ServeEvent::Packet(PacketEvent {
            client: self.client,
            user: self.user(head),
            method: head.method.to_string(),
            packet: kind.map_or(head.method.as_str(), |kind| kind.as_str()).to_owned(),
            path: path.clone(),
            session: session.map(ToString::to_string).or_else(|| field(header::SESSION_ID)),
            range: field(CONTENT_RANGE.as_str()).or_else(|| field(RANGE.as_str())),
            status: status.as_u16(),
            hresult: error.and_then(RequestError::code),
            reason: error.map(ToString::to_string),
            bytes,
            seconds: (begun.elapsed().as_secs_f64() * 1e6).round() / 1e6,
        }));
        if let Some(session) = response.and_then(|response| response.displaced.as_ref()) {
            let session = session.to_string();
            self.context.tell(&ServeEvent::Displaced { client: self.client, session });
        }
        if let Some(Ok(Ack::Closed(Some(size)))) = response.map(|response| &response.result) {
            self.context.tell(&ServeEvent::Published { client: self.client, path, size: *size });
        }
    }
}
