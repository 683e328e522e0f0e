//! HTTP/1.1 by `ureq`, on one kept-alive connection of our own.

use std::io::{self, Read};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use ureq::config::AutoHeaderValue;
use ureq::{Agent, Body, SendBody};

use crate::exchange::{BodySent, ConnectionUse, RequestOptions, TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;
use crate::protocol::{PageTitle, RefusalBody};
use crate::sync::lock;

use super::cancel::CancellationToken;
use super::connection::SEND_BUFFER;
use super::connector::{ConnectionInfo, NoResolver, PollConnector};
use super::exchange_log::ExchangeLog;
use super::obs_text::disguise;
use super::rate_limit::RateLimiter;
use super::response_head::MAX_HEAD;
use super::settings::Settings;
use super::tls::Authorities;
use super::{ResponseSink, Transport};

/// Bytes of an HTML page in which its title is looked for.
const TITLE_WITHIN: usize = 4 * 1024;

/// The body of a response is read up to here, so that the connection can be used again.
const MAX_DRAINED: u64 = 64 * 1024;

/// Bytes of a wanted body that are handed on at a time.
const PIECE: usize = 64 * 1024;

/// Enough for the system calls not to count.
const SMALL_PIECE: usize = 512 * 1024;

/// Longer than any pause within a session: the connection is kept for as long as the server keeps it.
const MAX_IDLE: Duration = Duration::from_secs(86_400);

/// The network.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
    connector: PollConnector,
}

impl Http {
    /// A transport without a connection; the first exchange opens it.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_cancellation(settings, CancellationToken::new())
    }

    /// The same, ended by a token that ends other things too.
    #[must_use]
    pub fn with_cancellation(settings: Settings, cancellation: CancellationToken) -> Self {
        let connector = PollConnector::new(settings, cancellation);
        Self { agent: new_agent(&connector), connector }
    }

    /// A token that ends an exchange under way, from another thread.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.connector.cancellation.clone()
    }

    /// The peer of the last connection, once there was one.
    #[must_use]
    pub fn connection_info(&self) -> Option<ConnectionInfo> {
        lock(&self.connector.connection_info).clone()
    }

    /// Who vouches for the certificates of servers, if it can be told.
    #[must_use]
    pub fn authorities(&self) -> Option<Authorities> {
        self.connector.trust.authorities()
    }

    /// Closes the connection; the next exchange opens a new one.
    fn forget_connection(&mut self) {
        self.agent = new_agent(&self.connector);
    }

    /// The next exchange begins, unless there is to be none.
    fn begin(&mut self, options: RequestOptions) -> Result<ExchangeLog, TransportError> {
        let exchange = self.connector.exchange.clone();
        exchange.begin(options);
        if self.connector.cancellation.is_interrupted() {
            return Err(exchange.facts().loss(TransportError::interrupted()));
        }
        if options.connection == ConnectionUse::New {
            self.forget_connection();
        }
        Ok(exchange)
    }

    fn lost(&mut self, error: TransportError) -> TransportError {
        self.forget_connection();
        let facts = self.connector.exchange.facts();
        // CONNECT and SOCKS count theirs themselves.
        if facts.has_proxy_credentials && facts.request_was_sent && !facts.response_began {
            self.connector.auth_attempts.note(false);
        }
        facts.loss(error)
    }

    fn finish(&mut self, mut response: Response<()>, mut body: Body) -> Response<()> {
        read_beginning(&mut response, &mut body, self.connector.settings.keep_refusal_bodies);
        let facts = self.connector.exchange.facts();
        if facts.has_proxy_credentials {
            self.connector.auth_attempts.note(true);
        }
        let status = response.status();
        let may_reuse = status.is_success()
            || matches!(
                status,
                StatusCode::RANGE_NOT_SATISFIABLE
                    | StatusCode::UNAUTHORIZED
                    | StatusCode::PROXY_AUTHENTICATION_REQUIRED
            );
        // Other refusals leave the connection in doubt: several servers leave the request unread or send a stray body.
        let keep = !facts.responded_early && may_reuse && drain(&response, body);
        if !keep {
            self.forget_connection();
        }
        response.extensions_mut().insert(BodySent(facts.body_sent));
        if let Some(wanted) = facts.certificate_wanted {
            response.extensions_mut().insert(wanted);
        }
        if let Some(channel) = facts.channel {
            response.extensions_mut().insert(channel);
        }
        if let Some(timing) = facts.timing() {
            response.extensions_mut().insert(timing);
        }
        response
    }
}

impl Transport for Http {
    fn exchange(
        &mut self,
        mut request: Request<()>,
        options: RequestOptions,
        body: &mut dyn Read,
    ) -> Result<Response<()>, TransportError> {
        let exchange = self.begin(options)?;
        disguise(request.headers_mut());
        let length = length(request.headers()).unwrap_or(0);
        let piece = piece(length, self.connector.settings.rate_limit.as_ref());
        let mut body = Outgoing { source: body, left: length, piece, exchange };
        match self.agent.run(request.map(|()| SendBody::from_reader(&mut body))) {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Ok(self.finish(Response::from_parts(head, ()), body))
            }
            Err(error) => Err(self.lost(TransportError::from(error))),
        }
    }

    fn fetch(
        &mut self,
        mut request: Request<()>,
        options: RequestOptions,
        sink: &mut dyn ResponseSink,
    ) -> Result<Response<()>, TransportError> {
        let exchange = self.begin(options)?;
        disguise(request.headers_mut());
        let has_body = request.method() != Method::HEAD;
        let error = match self.agent.run(request.map(|()| SendBody::none())) {
            Err(error) => TransportError::from(error),
            Ok(response) => {
                let (head, body) = response.into_parts();
                let head = Response::from_parts(head, ());
                if !sink.begin(&head) || !has_body {
                    return Ok(self.finish(head, body));
                }
                exchange.note(|facts| facts.body_is_wanted = true);
                match pour(body, sink) {
                    Ok(()) => return Ok(head),
                    Err(error) => error,
                }
            }
        };
        Err(self.lost(error))
    }

    fn last_words(&mut self, limit: Duration) {
        self.connector.cancellation = CancellationToken::lasting(limit);
        self.forget_connection();
    }
}

fn pour(mut body: Body, sink: &mut dyn ResponseSink) -> Result<(), TransportError> {
    let mut reader = body.as_reader();
    let mut buffer = vec![0; PIECE];
    loop {
        match reader.read(&mut buffer).map_err(TransportError::of_body)? {
            0 => return Ok(()),
            count => {
                sink.take(&buffer[..count])
                    .map_err(|error| TransportError::new(Kind::Local, escape(error.to_string())))?;
            }
        }
    }
}

/// Bytes of a body that are read at a time, as it goes out: a count of what was read tells how far it is. Short bodies
/// are those of slow links, so they are read in smaller pieces.
fn piece(length: u64, rate_limit: Option<&RateLimiter>) -> usize {
    // Whole pages of the file.
    let sixteenth = usize::try_from((length / 16).next_multiple_of(4096)).unwrap_or(usize::MAX);
    let piece = sixteenth.clamp(SMALL_PIECE, SEND_BUFFER);
    rate_limit.map_or(piece, |limit| piece.min(limit.piece()))
}

/// Time limits are the connection's.
fn new_agent(connector: &PollConnector) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .proxy(None)
        .max_response_header_size(MAX_HEAD)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(MAX_IDLE)
        .build();
    Agent::with_parts(config, connector.clone(), NoResolver)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Puts what the page that is a response's body is about into its extensions: IIS and nginx say there why they refuse.
/// Only its beginning is read, within the time for bodies that are not wanted.
fn read_beginning(response: &mut Response<()>, body: &mut Body, keep_refusals: bool) {
    let keep = keep_refusals && !response.status().is_success();
    if !is_page(response) && !keep {
        return;
    }
    let (mut page, mut length) = ([0; TITLE_WITHIN], 0);
    let mut reader = body.as_reader();
    let title = loop {
        // Of a page that breaks off, the beginning may do.
        let count = reader.read(&mut page[length..]).unwrap_or(0);
        length += count;
        let title = PageTitle::find(&page[..length]);
        if count == 0 || (title.is_some() && !keep) {
            break title;
        }
    };
    if let Some(title) = title.filter(|_| is_page(response)) {
        response.extensions_mut().insert(title);
    }
    if keep && length > 0 {
        response.extensions_mut().insert(RefusalBody(page[..length].to_vec()));
    }
}

fn is_page(response: &Response<()>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.and_then(|name| name.get(..9)).is_some_and(|name| name.eq_ignore_ascii_case(b"text/html"))
}

/// Reads the body away; whether that went well. A response without a length ends only when the server hangs up.
fn drain(response: &Response<()>, mut body: Body) -> bool {
    if response.status() == StatusCode::NO_CONTENT {
        return true;
    }
    let within_bounds = match length(response.headers()) {
        Some(length) => length <= MAX_DRAINED,
        None => response.headers().contains_key(TRANSFER_ENCODING),
    };
    within_bounds
        && io::copy(&mut body.as_reader().take(MAX_DRAINED + 1), &mut io::sink())
            .is_ok_and(|drained| drained <= MAX_DRAINED)
}

/// A request's body on its way to the HTTP library: exactly as many bytes as the request promises.
struct Outgoing<'a> {
    source: &'a mut dyn Read,
    left: u64,
    /// The source is read in pieces of at most this size.
    piece: usize,
    exchange: ExchangeLog,
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(self.piece).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let got = if self.exchange.facts().responded_early {
            // The library goes on to the response only when the whole body has gone by. These bytes are not kept: the
            // connection drops them, and they are not even written here.
            wanted
        } else {
            let got = read_some(self.source, &mut buffer[..wanted])?;
            self.exchange.note(|facts| facts.body_handed += got as u64);
            got
        };
        self.left -= got as u64;
        Ok(got)
    }
}

fn read_some(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            // The library would ask again for ever.
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body ended before its length")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &[u8], length: u64, exchange: &ExchangeLog) -> io::Result<Vec<u8>> {
        let mut source = source;
        let mut bytes = Vec::new();
        let exchange = exchange.clone();
        Outgoing { source: &mut source, left: length, piece: usize::MAX, exchange }.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn a_body_has_its_length_or_fails() {
        let exchange = ExchangeLog::default();
        assert_eq!(read(b"abcdef", 4, &exchange).expect("enough"), b"abcd");
        assert_eq!(read(b"", 0, &exchange).expect("nothing"), b"");
        assert_eq!(read(b"abc", 4, &exchange).expect_err("short").kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn after_an_early_response_the_source_is_left_alone() {
        struct Untouchable;
        impl Read for Untouchable {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("read")
            }
        }
        let exchange = ExchangeLog::default();
        exchange.note(|facts| facts.responded_early = true);
        let mut source = Untouchable;
        let mut body = Outgoing { source: &mut source, left: 1 << 40, piece: usize::MAX, exchange };
        assert_eq!(body.read(&mut [0; 100]).expect("pretended"), 100);
    }
}
