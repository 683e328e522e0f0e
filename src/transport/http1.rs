//! HTTP/1.1 by `ureq`, on one kept-alive connection.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Request, Response, StatusCode};
use ureq::config::AutoHeaderValue;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, SendBody};

use crate::protocol::TransportError;

use super::resolver::SystemResolver;
use super::{Transport, error};

/// The body of an answer is read up to here, so that the connection can be used again.
const MAX_DRAINED: u64 = 64 * 1024;

/// Bytes of an answer's head that are accepted.
const MAX_HEAD: usize = 64 * 1024;

/// The source is read and handed to the network in pieces of this size. With the library's 16 KiB it takes more than
/// twice as long.
const SEND_BUFFER: usize = 1024 * 1024;

/// An answer is a head and rarely more.
const RECEIVE_BUFFER: usize = 64 * 1024;

/// Longer than any pause within a session: the connection is kept for as long as the server keeps it.
const MAX_IDLE: Duration = Duration::from_hours(24);

/// Limits of an exchange.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For establishing a connection, all addresses and TLS included.
    pub connect_timeout: Duration,
    /// No byte of the request was taken for this long.
    pub request_timeout: Duration,
    /// The answer did not begin for this long. An application behind the server has five minutes (MC-BUP 3.1.2).
    pub response_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_mins(2),
            response_timeout: Duration::from_secs(330),
        }
    }
}

/// The network.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
    settings: Settings,
}

impl Http {
    /// A transport without a connection; the first exchange opens it.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { agent: new_agent(&settings), settings }
    }

    /// The next exchange opens a new connection.
    fn forget_connection(&mut self) {
        self.agent = new_agent(&self.settings);
    }

    fn finish(&mut self, answer: Response<Body>) -> Response<()> {
        let (head, mut body) = answer.into_parts();
        let answer = Response::from_parts(head, ());
        // Other refusals leave the connection in doubt: several servers leave the request unread or send a stray body.
        // An answer without a length ends only when the server hangs up.
        let keep = may_reuse_after(answer.status()) && has_length(&answer) && drain(&mut body).is_ok();
        if !keep {
            self.forget_connection();
        }
        answer
    }
}

impl Transport for Http {
    fn exchange(&mut self, request: Request<()>, body: &mut dyn Read) -> Result<Response<()>, TransportError> {
        let request = request.map(|()| SendBody::from_reader(body));
        match self.agent.run(request) {
            Ok(answer) => Ok(self.finish(answer)),
            Err(error) => {
                self.forget_connection();
                Err(error::sort(&error, &self.settings))
            }
        }
    }
}

fn new_agent(settings: &Settings) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(AutoHeaderValue::None)
        .accept(AutoHeaderValue::None)
        .accept_encoding(AutoHeaderValue::None)
        .proxy(None)
        .tls_config(tls)
        .max_response_header_size(MAX_HEAD)
        .output_buffer_size(SEND_BUFFER)
        .input_buffer_size(RECEIVE_BUFFER)
        .max_idle_connections(1)
        .max_idle_connections_per_host(1)
        .max_idle_age(MAX_IDLE)
        .timeout_connect(Some(settings.connect_timeout))
        .timeout_per_write(Some(settings.request_timeout))
        .timeout_recv_response(Some(settings.response_timeout))
        .timeout_recv_body(Some(settings.request_timeout))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), SystemResolver::default())
}

fn may_reuse_after(status: StatusCode) -> bool {
    status.is_success()
        || matches!(
            status,
            StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        )
}

fn has_length(answer: &Response<()>) -> bool {
    answer.headers().contains_key(CONTENT_LENGTH)
        || answer.headers().contains_key(TRANSFER_ENCODING)
        || answer.status() == StatusCode::NO_CONTENT
}

fn drain(body: &mut Body) -> io::Result<()> {
    let read = io::copy(&mut body.as_reader().take(MAX_DRAINED + 1), &mut io::sink())?;
    if read > MAX_DRAINED { Err(io::Error::other("the body of the answer is too long")) } else { Ok(()) }
}
