//! The client's view of an exchange.

use std::time::Duration;

use bitsup::exchange::{BodySent, TransportError, TransportErrorKind};
use bitsup::protocol::header;
use bitsup::uploader::{Input, Reauthentication, Uploader};
use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::fault::{Fault, Trouble};
use crate::journal::name;
use crate::model::{Overlap, Says, TooLarge};
use crate::server::{HOST_FALLBACK_SECONDS, Life, Place, Reply, Request, Said};
use crate::world::World;

/// Of the program: for a byte to move, and for a response.
const STALL_TIMEOUT: Duration = Duration::from_secs(120);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(330);

/// The obstacle in the way of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Barrier {
    Size(u64, TooLarge),
    Time(Duration, u16),
    Content,
}

impl World {
    /// Whether `fault` would do anything here that another does not.
    pub(crate) fn makes_a_difference(&self, fault: Fault) -> bool {
        let fragment = self.next.is_some_and(|request| matches!(request, Request::Fragment { .. }));
        if !self.server.is_within_reach(self.place) || self.is_closed() {
            return matches!(
                fault,
                Fault::CrashUnsaved | Fault::CrashUnsent | Fault::PowerUnsent | Fault::RollBack | Fault::Expired
            );
        }
        match fault {
            Fault::HostLost => self.place == Place::Named,
            Fault::CutBody => self.setup.model.keeps_cut_bodies,
            Fault::ClosedByPeer => self.is_reused,
            Fault::Stale => matches!(self.previous, Some((Request::Fragment { .. } | Request::Close { .. }, _))),
            Fault::StaleFirst => self.first_fragment.is_some() && self.first_fragment != self.previous,
            // With the one that is in the way for good, the upload may try for very long.
            Fault::RollBack | Fault::BareAck => self.setup.model.forbids.is_none(),
            Fault::CrashReplaced => self.version == 0,
            Fault::Once(_) | Fault::For(_) if self.trouble.is_some() => false,
            Fault::Once(Trouble::DiskFull) | Fault::For(Trouble::DiskFull) => fragment,
            _ => true,
        }
    }

    /// The client's view of a disturbed exchange; `None`: the client is dead.
    pub(crate) fn disturb(&mut self, fault: Fault, request: Request, amount: u8) -> Option<Input> {
        let part = request.len() * u64::from(amount) / 256;
        match fault {
            Fault::LostRequest => return Some(self.cut(part)),
            Fault::LostAnswer => {
                self.at_server(request);
                return Some(self.cut(request.len()));
            }
            Fault::CutBody => {
                self.deliver_part(request, part);
                return Some(self.cut(part));
            }
            Fault::ClosedByPeer => return Some(self.closed_by_peer(part)),
            Fault::Duplicate => {
                let input = self.deliver(request);
                self.at_server(request);
                return Some(input);
            }
            Fault::Replay => _ = self.at_server(request),
            Fault::Stale => self.repeat(self.previous),
            Fault::StaleFirst => self.repeat(self.first_fragment),
            Fault::Once(trouble) | Fault::For(trouble) => return Some(self.troubled(trouble, request, amount)),
            Fault::BadGateway | Fault::StoredPage | Fault::BareAck | Fault::Lie => {
                return Some(self.wrong_answer(fault, request, part));
            }
            Fault::RollBack => {
                let lost = 1 + request.len() * u64::from(amount) / 128;
                self.server.roll_back(lost);
                self.watch.excuse(lost);
            }
            Fault::Restarted => {
                self.server.forget();
                return Some(if self.is_reused { self.closed_by_peer(part) } else { self.cut(part) });
            }
            Fault::Expired => self.server.forget(),
            Fault::HostLost => self.server.lose_host(),
            Fault::Stalled => {
                self.deliver_part(request, request.len() / 2);
                return Some(self.timed_out(STALL_TIMEOUT, request.len() / 2));
            }
            Fault::Silent => {
                self.at_server(request);
                return Some(self.silence(request));
            }
            Fault::CrashUnanswered | Fault::PowerUnanswered => {
                self.at_server(request);
                return None;
            }
            // Before the request.
            Fault::CrashUnsaved
            | Fault::CrashUnsent
            | Fault::PowerUnsent
            | Fault::Interrupted
            | Fault::SourceChanged
            | Fault::CrashReplaced
            | Fault::CrashTouched => return None,
        }
        Some(self.deliver(request))
    }

    /// The server did what was asked, or some of it, and the answer does not say so.
    fn wrong_answer(&mut self, fault: Fault, request: Request, part: u64) -> Input {
        let reply = match fault {
            Fault::Lie => Reply { offset: Some(self.setup.size), ..Reply::ACK },
            Fault::BareAck => {
                self.deliver_part(request, part);
                Reply::ACK
            }
            _ => {
                self.at_server(request);
                Reply::bare(if fault == Fault::BadGateway { 502 } else { 404 })
            }
        };
        self.answered(request, reply, request.len())
    }

    fn troubled(&mut self, trouble: Trouble, request: Request, amount: u8) -> Input {
        match trouble.reply(request) {
            None => {
                self.next_connection();
                Input::Lost(TransportError::new(TransportErrorKind::Connect, ""))
            }
            // A request that needs no room is carried out.
            Some(reply) if reply.is_ack && reply.status == 200 => self.deliver(request),
            Some(reply) => {
                // Some answer on the head, others when all has arrived.
                let sent = if amount.is_multiple_of(2) { request.len() } else { request.len().min(65_536) };
                self.answered(request, reply, sent)
            }
        }
    }

    fn cut(&mut self, sent: u64) -> Input {
        let reused_connection = self.is_reused;
        self.next_connection();
        self.now += self.setup.link.timing(sent, false).total;
        let cut = TransportError { body_sent: sent, ..TransportError::after_request(TransportErrorKind::Cut, "") };
        Input::Lost(TransportError { reused_connection, ..cut })
    }

    fn closed_by_peer(&mut self, sent: u64) -> Input {
        self.next_connection();
        let cut = TransportError { body_sent: sent, ..TransportError::after_request(TransportErrorKind::Cut, "") };
        Input::Lost(TransportError { reused_connection: true, closed_by_peer: true, ..cut })
    }

    fn repeat(&mut self, old: Option<(Request, Place)>) {
        if self.setup.model.overlap == Overlap::Appends {
            // The server's next answer is of no use.
            self.watch.excuse(self.setup.size);
        }
        if let Some((old, place)) = old.filter(|(_, place)| self.server.is_within_reach(*place)) {
            let said = self.server.answer(old, place, self.connection);
            self.server_closed |= matches!(said, Said::Closed);
        }
    }

    fn silence(&mut self, request: Request) -> Input {
        let wanted = self.machine.as_ref().map(Uploader::response_time).unwrap_or_default();
        let limit = RESPONSE_TIMEOUT.max(wanted.at_least);
        let limit = wanted.at_most.map_or(limit, |at_most| limit.min(at_most));
        self.timed_out(limit, request.len())
    }

    fn timed_out(&mut self, limit: Duration, sent: u64) -> Input {
        self.next_connection();
        self.now += self.setup.link.carry(sent) + limit;
        let late = TransportError::after_request(TransportErrorKind::TimedOut(limit), "");
        Input::Lost(TransportError { body_sent: sent, ..late })
    }

    /// Whether the next request meets a connection that the server has closed.
    fn is_closed(&self) -> bool {
        let is_new = self.machine.as_ref().is_some_and(Uploader::needs_new_connection);
        self.server_closed || (self.setup.model.closes && self.is_reused && !is_new)
    }

    /// The server's answer; `None` from a host that is lost.
    fn at_server(&mut self, request: Request) -> Option<Said> {
        if !self.server.is_within_reach(self.place) || self.barrier(request).is_some() {
            return None;
        }
        if let (Place::Named, Some(status)) = (self.place, self.setup.model.host_refuses) {
            self.watch.is_held_back = true;
            return Some(Said::Reply(Reply::bare(status)));
        }
        let said = self.server.answer(request, self.place, self.connection);
        self.server_closed |= matches!(said, Said::Closed);
        Some(said)
    }

    fn deliver_part(&mut self, request: Request, len: u64) {
        if let Request::Fragment { session, first, version, .. } = request
            && self.setup.model.keeps_cut_bodies
            && len > 0
        {
            self.at_server(Request::Fragment { session, first, end: first + len, version });
        }
    }

    /// An exchange that nothing disturbs but the server's own habits, and what stands before it.
    pub(crate) fn deliver(&mut self, request: Request) -> Input {
        if self.machine.as_ref().is_some_and(Uploader::needs_new_connection) {
            // It does not see that the last one was closed.
            self.watch.expired |= self.server_closed;
            self.next_connection();
        }
        if self.is_closed() {
            self.watch.is_held_back = true;
            return self.closed_by_peer(request.len() / 2);
        }
        if let Some(input) = self.held_back(request) {
            return input;
        }
        match self.at_server(request) {
            Some(Said::Reply(reply)) => {
                let is_lost = self.watch.session.is_some_and(|session| self.server.life(session) == Life::Gone);
                self.watch.is_held_back |= is_lost && self.setup.model.lost != Says::NotFound;
                self.answered(request, reply, request.len())
            }
            Some(Said::Nothing) => {
                self.watch.is_held_back = true;
                self.silence(request)
            }
            Some(Said::Closed) => self.closed_by_peer(request.len() / 2),
            None => {
                self.watch.is_held_back = true;
                self.next_connection();
                Input::Lost(TransportError::new(TransportErrorKind::Connect, ""))
            }
        }
    }

    /// The obstacle in the way of a fragment, as often as it comes.
    fn barrier(&self, request: Request) -> Option<Barrier> {
        let Request::Fragment { first, end, .. } = request else { return None };
        let (model, size, link) = (self.setup.model, self.setup.size, self.setup.link);
        if let Some((largest, how)) = model.largest.filter(|(largest, _)| request.len() > *largest) {
            return Some(Barrier::Size(largest, how));
        }
        let time = link.carry(request.len()) + link.service;
        if let Some((seconds, status)) = model.slowest.filter(|(seconds, _)| time > Duration::from_secs(*seconds)) {
            return Some(Barrier::Time(Duration::from_secs(seconds), status));
        }
        let (from, share) = model.forbids?;
        let begin = size / 100 * from;
        (first < begin + size / 100 * share && end > begin).then_some(Barrier::Content)
    }

    /// The input for a request that does not get as far as the server; `None`: it does.
    fn held_back(&mut self, request: Request) -> Option<Input> {
        let len = request.len();
        if let Some(barrier) = self.barrier(request) {
            self.watch.is_held_back = true;
            self.watch.refusals += u32::from(barrier != Barrier::Content);
            return Some(match barrier {
                Barrier::Size(largest, how) => self.too_large(request, largest, how),
                Barrier::Time(limit, status) => {
                    let sent = self.setup.link.carried_in(limit).min(len);
                    self.answered(request, Reply::bare(status), sent)
                }
                Barrier::Content => self.answered(request, Reply::bare(403), len),
            });
        }
        if self.setup.model.nonces && len > 0 {
            self.has_nonce = !self.has_nonce;
            if self.has_nonce {
                self.is_reused = true;
                self.now += self.setup.link.timing(len, false).total;
                return Some(Input::Unauthenticated { body_sent: len, by: Reauthentication::Repeat });
            }
        }
        None
    }

    fn too_large(&mut self, request: Request, largest: u64, how: TooLarge) -> Input {
        let len = request.len();
        let turn = [413, 404, 403][self.watch.refusals as usize % 3];
        match how {
            TooLarge::Status(status) => self.answered(request, Reply::bare(status), len.min(65_536)),
            TooLarge::InTurn => self.answered(request, Reply::bare(turn), len),
            TooLarge::Reset => self.cut((largest + 30_000).min(len)),
            TooLarge::Silence => self.silence(request),
        }
    }

    /// The answer reaches the client when `sent` bytes of the body were out. After an error the connection is not used
    /// again.
    fn answered(&mut self, request: Request, reply: Reply, sent: u64) -> Input {
        self.is_reused = true;
        if !matches!(reply.status, 200 | 416) {
            // Nothing tells the client that the server was started again.
            self.watch.expired |= self.server_closed;
            self.next_connection();
        }
        let timing = self.setup.link.timing(sent, self.setup.model.answers_on_head);
        self.now += timing.total;
        self.watch.note_reply(request, reply, sent, self.place, self.now);
        let mut response = response(reply);
        response.extensions_mut().insert(timing);
        response.extensions_mut().insert(BodySent(sent));
        Input::Responded(response)
    }
}

/// Whether what arrives late sets the server back, or damages what it has.
pub(crate) fn is_setback(fault: Fault, overlap: Overlap) -> bool {
    match fault {
        Fault::BareAck | Fault::RollBack => true,
        Fault::Stale | Fault::StaleFirst | Fault::Duplicate | Fault::Replay => overlap == Overlap::Appends,
        _ => false,
    }
}

fn response(reply: Reply) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a status");
    let headers = response.headers_mut();
    if reply.is_ack {
        headers.insert(header::PACKET_TYPE, HeaderValue::from_static("Ack"));
    }
    if let Some(session) = reply.session {
        headers.insert(header::SESSION_ID, HeaderValue::from_str(name(session).as_str()).expect("a value"));
    }
    if reply.names_host {
        headers.insert(header::HOST_ID, HeaderValue::from_static("named"));
        headers.insert(header::HOST_ID_FALLBACK_TIMEOUT, HeaderValue::from(HOST_FALLBACK_SECONDS));
    }
    if let Some(offset) = reply.offset {
        headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(offset));
    }
    if let Some(error) = reply.error {
        headers.insert(header::ERROR, HeaderValue::from_static(error));
    }
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if reply.status == 302 {
        headers.insert(LOCATION, HeaderValue::from_static("http://portal/login"));
    }
    response
}
