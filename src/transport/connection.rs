//! A connection under the HTTP library: sends and receives by the clock, and looks for responses that come early.

mod sending;

use std::io::{self, Read};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use crate::exchange::{CertificateWanted, ChannelBinding, ConnectionUse, TransportError, TransportErrorKind as Kind};

use super::buffers::PageBuffers;
use super::cancel::CancellationToken;
use super::exchange_log::ExchangeLog;
use super::poll::{self, deadline};
use super::proxy::{AbsoluteForm, MAY_BE_SOCKS};
use super::response_head::{MAX_HEAD, ResponseHead};
use super::settings::Settings;
use super::speech::of_stranger;
use super::stream::Stream;
use super::tls::Tls;

/// The source is read and handed to the network in pieces of at most this size. Of 512 KiB, 1, 2 and 4 MiB this took
/// the least processor time on a loopback, 8 % less than 512 KiB.
pub(super) const SEND_BUFFER: usize = 2 * 1024 * 1024;

/// A response is a head and rarely more. There is room for the largest head and for what comes with its last byte.
const RECEIVE_BUFFER: usize = MAX_HEAD + 16 * 1024;

/// For the body of a response that is not needed: it is worth waiting for only because the connection can then be used
/// again.
const BODY_TIME: Duration = Duration::from_secs(2);

/// For the response of a server that was refused a second handshake.
const REFUSED_TIME: Duration = Duration::from_secs(10);

/// Where a connection leads.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) peer: Arc<str>,
    /// How requests are written for the proxy at the other end, if one is to pass them on.
    pub(super) form: Option<AbsoluteForm>,
    /// The channel binding, if TLS goes all the way to the server.
    pub(super) channel: Option<ChannelBinding>,
}

/// One connection. The HTTP library's own time limits are not used.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(super) struct Connection {
    stream: Stream,
    buffers: PageBuffers,
    endpoint: Endpoint,
    settings: Settings,
    cancellation: CancellationToken,
    exchange: ExchangeLog,
    /// Which exchange the following belong to.
    number: u64,
    /// Bytes of the body that the library has written so far.
    body_handed: u64,
    response: ResponseHead,
    /// Something was received that the library has not been told of.
    news: bool,
    /// When the response's head must be complete, once it is waited for.
    head_due: Option<Instant>,
    /// The same for its body.
    body_due: Option<Instant>,
    /// The server acknowledged the body before all of it was sent, so it may still be reading.
    is_ahead: bool,
    /// It broke without an end of the peer's stream.
    was_reset: bool,
    /// It carried an early response or failed: what comes next on it means nothing.
    spent: bool,
}

impl Connection {
    pub(super) fn new(
        stream: Stream,
        endpoint: Endpoint,
        settings: Settings,
        cancellation: CancellationToken,
        exchange: ExchangeLog,
    ) -> Self {
        Self {
            stream,
            endpoint,
            buffers: PageBuffers::new(RECEIVE_BUFFER, SEND_BUFFER),
            settings,
            cancellation,
            exchange,
            number: 0,
            body_handed: 0,
            response: ResponseHead::default(),
            news: false,
            head_due: None,
            body_due: None,
            is_ahead: false,
            was_reset: false,
            spent: false,
        }
    }

    /// Whether this is the beginning of another exchange.
    fn notice_exchange(&mut self) -> bool {
        let number = self.exchange.facts().number;
        let is_new = self.number != number;
        if is_new {
            self.number = number;
            self.response = ResponseHead::default();
            (self.news, self.head_due, self.body_due, self.body_handed) = (false, None, None, 0);
            self.is_ahead = false;
            let wanted = self.stream.tls().and_then(Tls::certificate_wanted);
            let proves = self.endpoint.form.as_ref().is_some_and(|form| form.proxy.user().is_some());
            self.exchange.note(|facts| {
                (facts.certificate_wanted, facts.channel, facts.has_proxy_credentials) =
                    (wanted, self.endpoint.channel, proves);
                facts.peer = Some(Arc::clone(&self.endpoint.peer));
            });
        }
        is_new
    }

    /// Waits for more of the response; `false` at the end of the stream.
    fn receive(&mut self) -> Result<bool, TransportError> {
        if std::mem::take(&mut self.news) && !self.buffers.input().is_empty() {
            return Ok(true);
        }
        let (limit, due) = self.time_for_response();
        loop {
            match self.receive_some()? {
                None => {
                    self.wait(PollFlags::IN, due, limit)?;
                }
                Some(0) if self.response.finished => return Ok(false),
                Some(0) => return Err(self.hung_up()),
                Some(_) if self.buffers.input().is_empty() => {}
                Some(_) => return Ok(true),
            }
        }
    }

    /// The limit that holds for the part of the response at hand, and when it is over.
    fn time_for_response(&mut self) -> (Duration, Option<Instant>) {
        let facts = self.exchange.facts();
        let (limit, due) = match (self.response.finished, facts.body_is_wanted) {
            // Counted from the last byte.
            (true, true) => return (self.settings.request_timeout, deadline(self.settings.request_timeout)),
            (true, false) => (BODY_TIME, &mut self.body_due),
            (false, _) => {
                let usual = Some(self.settings.response_timeout).filter(|limit| !limit.is_zero());
                (facts.options.response_limit(usual).unwrap_or_default(), &mut self.head_due)
            }
        };
        *due = due.or_else(|| deadline(limit));
        (limit, *due)
    }

    /// Receives what is there into the buffer, without interim heads. `None` when nothing is there yet, 0 at the end.
    fn receive_some(&mut self) -> Result<Option<usize>, TransportError> {
        let count = match self.stream.receive(self.buffers.input_append_buf()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.notice_renegotiation();
                return Ok(None);
            }
            Err(error) => {
                self.notice_end(&error);
                return Err(self.lost(self.stream.fault(&error)));
            }
        };
        self.buffers.input_appended(count);
        if count == 0 {
            // After a reset, too, the stream is at its end.
            self.exchange.note(|facts| facts.closed_by_peer |= !self.was_reset);
        } else {
            self.exchange.note(|facts| facts.response_began = true);
            let input = self.buffers.input();
            let taken = self.response.take(&input[input.len() - count..]);
            let interim = taken.map_err(|excess| TransportError::new(Kind::BadResponse, excess))?;
            if let Some(first) = self.response.foreign() {
                return Err(self.stranger(first));
            }
            if interim > 0 {
                self.buffers.input_consume(interim);
            }
            if self.response.finished {
                self.stream.tls().filter(|_| self.response.is_success()).inspect(|tls| tls.note_let_in());
                self.exchange.note(|facts| _ = facts.responded.get_or_insert_with(Instant::now));
            }
        }
        Ok(Some(count))
    }

    /// A server that got no second handshake has little time left to say what it makes of that: some say nothing.
    fn notice_renegotiation(&mut self) {
        let wanted = self.stream.tls().and_then(Tls::certificate_wanted);
        if wanted == Some(CertificateWanted::ByRenegotiation) && self.exchange.facts().certificate_wanted != wanted {
            self.exchange.note(|facts| facts.certificate_wanted = wanted);
            let soon = deadline(REFUSED_TIME);
            self.head_due = self.head_due.into_iter().chain(soon).min();
        }
    }

    fn wait(&self, events: PollFlags, due: Option<Instant>, limit: Duration) -> Result<PollFlags, TransportError> {
        let ready = poll::wait(self.stream.tcp(), events, due, &self.cancellation)?;
        ready.ok_or_else(|| self.stream.explain(TransportError::new(Kind::TimedOut(limit), "")))
    }

    fn hung_up(&self) -> TransportError {
        let when = if self.response.begun { "in the middle of a response" } else { "without a response" };
        let closed = TransportError::new(Kind::Cut, format!("closed {when}"));
        self.lost(self.stream.explain(closed))
    }

    /// Reads what comes until the peer closes, for a while.
    fn linger(&self) {
        let mut stream = self.stream.tcp();
        let (due, mut buffer) = (deadline(BODY_TIME), vec![0; 16 * 1024]);
        let mut goes_on = stream.shutdown(Shutdown::Write).is_ok();
        while goes_on && due.is_none_or(|due| Instant::now() < due) {
            goes_on = match stream.read(&mut buffer) {
                Ok(count) => count > 0,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll::wait(stream, PollFlags::IN, due, &self.cancellation).is_ok()
                }
                Err(error) => error.kind() == io::ErrorKind::Interrupted,
            };
        }
    }

    /// A reset after the end of the peer's stream has another error than one of an open connection.
    fn notice_end(&mut self, error: &io::Error) {
        self.was_reset |= error.kind() != io::ErrorKind::BrokenPipe;
        self.exchange.note(|facts| facts.closed_by_peer |= !self.was_reset);
    }

    /// A loss, with what a proxy that never answered may be.
    fn lost(&self, error: TransportError) -> TransportError {
        let is_first = !self.exchange.facts().reused_connection && !self.response.begun;
        match &self.endpoint.form {
            Some(form) if is_first && error.kind == Kind::Cut => error.after(MAY_BE_SOCKS).at(&form.proxy),
            _ => error,
        }
    }

    /// The peer's response is no HTTP.
    fn stranger(&self, first: &[u8]) -> TransportError {
        let text = of_stranger(first, "HTTP");
        match &self.endpoint.form {
            Some(form) => TransportError::new(Kind::ProxyRefused, text).at(&form.proxy),
            None => TransportError::new(Kind::BadResponse, text),
        }
    }
}

/// A connection that is closed with something unread is reset, and what is still on its way is thrown away. A server
/// that acknowledged a body before it had it must get the rest.
impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_ahead && !self.spent {
            self.linger();
        }
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let begins = self.notice_exchange();
        let facts = self.exchange.facts();
        if facts.responded_early {
            return Ok(());
        }
        if matches!(facts.options.connection, ConnectionUse::Bound(channel) if self.endpoint.channel != Some(channel)) {
            self.spent = true;
            return Err(TransportError::new(Kind::NoConnection, "").into());
        }
        self.exchange.note(|facts| _ = facts.began.get_or_insert_with(Instant::now));
        self.transmit(amount, begins).inspect_err(|_| self.spent = true)?;
        self.exchange.note(|facts| facts.sent = Some(Instant::now()));
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, Error> {
        self.notice_exchange();
        self.receive().map_err(|error| {
            self.spent = true;
            error.into()
        })
    }

    /// Asked before it is used again: the peer must have been silent since the last response.
    fn is_open(&mut self) -> bool {
        !self.spent
            && self.buffers.input().is_empty()
            && matches!(self.stream.receive(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }
}
