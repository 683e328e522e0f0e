//! A client with its journal, a link and a server; and what must hold whatever goes wrong.

use std::time::{Duration, Instant};

use bitsup::event::UploadEvent;
use bitsup::protocol::{
    AckError, ContentName, Packet, ProtocolId, SessionId, TransportError, TransportErrorKind, header,
};
use bitsup::uploader::{Action, Event, FragmentSize, Plan, Refusal, RetryPolicy, Saved, UploadError, Uploader};
use http::{HeaderValue, Response, StatusCode, Uri};

use crate::fault::Fault;
use crate::server::{Model, Overlap, Reply, Request, Server};

/// Requests beyond one for each fragment that an upload may need once nothing goes wrong any more.
const SLACK: u64 = 20;

const REQUEST_TIMEOUT: Duration = Duration::from_mins(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(330);

/// How often the user gives the same command again after an upload gave up.
const MAX_RUNS: u32 = 30;

/// What is uploaded, and to what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) model: Model,
    pub(crate) size: u64,
    pub(crate) fragment: u64,
    pub(crate) seed: u64,
}

impl Setup {
    fn plan(&self) -> Plan {
        Plan {
            destination: Uri::from_static("http://h/f"),
            size: self.size,
            name: ContentName::new("f"),
            protocols: vec![ProtocolId::BITS_1_5_UPLOAD],
            fragment_size: FragmentSize::Fixed(self.fragment.try_into().expect("a size")),
            retry: RetryPolicy::default(),
            follow_host_id: true,
            may_start_over: true,
        }
    }
}

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Right,
    /// Success, and the file is corrupt: allowed to one model, and found only by comparing what was published.
    Corrupt,
    Unconfirmed,
    /// Failed for good, and the server does not have the file: it lied, or lost bytes more than once.
    Failed,
    /// Failed for good although the file is there: overwriting is off, the session that published it was lost, and the
    /// next one is refused with 403.
    RefusedByOwnFile,
    /// The same, because the server lied or lost bytes more than once, in a session after the one that published.
    Misled,
    /// The source changed, and nothing more of it was sent.
    SourceChanged,
}

/// One session in the journal.
#[derive(Debug, Clone, Copy)]
struct Record {
    session: usize,
    acknowledged: u64,
    sent: u64,
    refused_size: Option<u64>,
    close_sent: bool,
}

impl Record {
    fn of(saved: &Saved) -> Self {
        Self {
            session: number(&saved.session),
            acknowledged: saved.acknowledged,
            sent: saved.sent,
            refused_size: saved.refused_size,
            close_sent: saved.close_sent,
        }
    }

    fn saved(self) -> Saved {
        Saved {
            session: name(self.session),
            target: Uri::from_static("http://h/f"),
            host_fallback_timeout: None,
            acknowledged: self.acknowledged,
            sent: self.sent,
            // As the driver does: it is not in the journal.
            tells_offset: true,
            refused_size: self.refused_size,
            close_sent: self.close_sent,
        }
    }
}

/// What is durable. The driver need not write each time: so there are two bounds.
#[derive(Debug, Clone, Copy, Default)]
struct Journal {
    /// Written at every occasion.
    fresh: Option<Record>,
    /// Written only where it must be, with as much sent ahead as there can be.
    lagging: Option<Record>,
}

/// What the session that the client uses has been through, as seen from outside.
#[derive(Debug, Clone, Copy, Default)]
struct Watch {
    session: Option<usize>,
    /// The highest offset in the Acks that reached the client.
    acknowledged: u64,
    /// How far the client may believe that it has sent.
    sent: u64,
    /// Whether an Ack told an offset.
    told: bool,
    close_sent: bool,
}

#[derive(Clone)]
pub(crate) struct World {
    setup: Setup,
    /// `None` only while it is told what happened.
    machine: Option<Uploader>,
    server: Server,
    now: Instant,
    connection: u32,
    journal: Journal,
    watch: Watch,
    previous: Option<Request>,
    first_fragment: Option<Request>,
    next: Option<Request>,
    runs: u32,
    since_fault: u64,
    /// Whether an answer claimed what never arrived.
    lied: bool,
    /// How often the server lost bytes, or its Ack hid that it did.
    setbacks: u32,
    /// The smallest fragment that this run knows to be refused, in bytes.
    refused: Option<u64>,
    source_changed: bool,
    end: Option<End>,
}

type Verdict = Result<(), String>;

impl World {
    /// `now` is only where the clock begins.
    pub(crate) fn new(setup: Setup, now: Instant) -> Result<Self, String> {
        let mut world = Self {
            setup,
            machine: Some(Uploader::new(setup.plan(), now, setup.seed)),
            server: Server::new(setup.model, setup.size),
            now,
            connection: 0,
            journal: Journal::default(),
            watch: Watch::default(),
            previous: None,
            first_fragment: None,
            next: None,
            runs: 1,
            since_fault: 0,
            lied: false,
            setbacks: 0,
            refused: None,
            source_changed: false,
            end: None,
        };
        world.go_on()?;
        Ok(world)
    }

    /// The request that is about to be sent; `None` when the upload has ended.
    pub(crate) fn next(&self) -> Option<Request> {
        self.next
    }

    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether `fault` would do anything here that another does not.
    pub(crate) fn makes_a_difference(&self, fault: Fault) -> bool {
        match fault {
            Fault::CutBody => self.setup.model.keeps_cut_bodies,
            Fault::Stale => matches!(self.previous, Some(Request::Fragment { .. } | Request::Close { .. })),
            Fault::StaleFirst => self.first_fragment.is_some() && self.first_fragment != self.previous,
            _ => true,
        }
    }

    /// Carries the next request out, with a fault or without. `amount` is a number from 0 to 255 for how much is cut
    /// or lost.
    pub(crate) fn exchange(&mut self, fault: Option<Fault>, amount: u8) -> Verdict {
        let request = self.next.expect("the upload has not ended");
        self.since_fault = if fault.is_some() { 0 } else { self.since_fault + 1 };
        let fragments = self.setup.size.div_ceil(self.setup.fragment);
        if self.since_fault > fragments + SLACK {
            return Err(format!("still at it {} requests after the last fault", self.since_fault));
        }
        if self.source_changed && !matches!(request, Request::Cancel { .. }) {
            return Err(format!("{request:?} after the source changed"));
        }
        match fault {
            Some(Fault::CrashUnwritten) => return self.restart(self.journal.fresh),
            Some(Fault::CrashChanged) => {
                let resumes = self.journal.fresh.is_some();
                self.restart(self.journal.fresh)?;
                return if resumes { self.change_source() } else { Ok(()) };
            }
            Some(Fault::SourceChanged) => return self.change_source(),
            _ => {}
        }
        self.write_journal(request)?;
        self.lied |= fault == Some(Fault::Lie);
        self.setbacks += u32::from(match fault {
            Some(Fault::BareAck | Fault::RollBack) => true,
            // What comes late sets a server back that appends whatever comes.
            Some(Fault::Stale | Fault::StaleFirst) => self.setup.model.overlap == Overlap::Appends,
            _ => false,
        });
        let event = match fault {
            None => self.deliver(request),
            Some(fault) => match self.disturb(fault, request, amount) {
                Some(event) => event,
                None if fault == Fault::CrashLagging => return self.restart(self.journal.lagging),
                None => return self.restart(self.journal.fresh),
            },
        };
        if !matches!(fault, Some(Fault::Refused)) {
            self.previous = Some(request);
        }
        self.tell(event)
    }

    /// What the client sees of a disturbed exchange; `None`: it is dead.
    fn disturb(&mut self, fault: Fault, request: Request, amount: u8) -> Option<Event> {
        match fault {
            Fault::Refused => {
                return Some(Event::Lost(TransportError::before_request(TransportErrorKind::Connect, "")));
            }
            Fault::LostRequest => {}
            Fault::LostAnswer => drop(self.at_server(request)),
            Fault::CutBody => self.deliver_part(request, amount),
            Fault::Duplicate => {
                let event = self.deliver(request);
                self.at_server(request);
                return Some(event);
            }
            Fault::Replay => {
                self.at_server(request);
                return Some(self.deliver(request));
            }
            Fault::Stale | Fault::StaleFirst => {
                let old = if fault == Fault::Stale { self.previous } else { self.first_fragment };
                old.map(|old| self.at_server(old));
                return Some(self.deliver(request));
            }
            Fault::Unavailable => return Some(self.answered(request, Reply::bare(503))),
            Fault::BadGateway => {
                self.at_server(request);
                return Some(self.answered(request, Reply::bare(502)));
            }
            Fault::BareAck => {
                self.deliver_part(request, amount);
                return Some(self.answered(request, Reply::ACK));
            }
            Fault::Lie => {
                return Some(self.answered(request, Reply { offset: Some(self.setup.size), ..Reply::ACK }));
            }
            Fault::RollBack => {
                self.server.roll_back(self.setup.fragment * u64::from(amount) / 128);
                return Some(self.deliver(request));
            }
            Fault::Forget => {
                self.server.forget();
                return Some(self.deliver(request));
            }
            Fault::Stalled => {
                self.deliver_part(request, 128);
                return Some(self.timed_out(REQUEST_TIMEOUT));
            }
            Fault::Silent => {
                self.at_server(request);
                return Some(self.timed_out(RESPONSE_TIMEOUT));
            }
            Fault::CrashUnwritten | Fault::CrashUnsent | Fault::SourceChanged | Fault::CrashChanged => return None,
            Fault::CrashUnanswered | Fault::CrashLagging => {
                self.at_server(request);
                return None;
            }
        }
        self.connection += 1;
        Some(Event::Lost(TransportError::after_request(TransportErrorKind::Cut, "")))
    }

    fn timed_out(&mut self, limit: Duration) -> Event {
        self.connection += 1;
        self.now += limit;
        Event::Lost(TransportError::after_request(TransportErrorKind::TimedOut(limit), ""))
    }

    /// The driver notices before it sends.
    fn change_source(&mut self) -> Verdict {
        self.source_changed = true;
        self.tell(Event::SourceChanged)
    }

    fn at_server(&mut self, request: Request) -> Reply {
        self.server.answer(request, self.connection)
    }

    fn deliver(&mut self, request: Request) -> Event {
        let reply = self.at_server(request);
        self.answered(request, reply)
    }

    fn deliver_part(&mut self, request: Request, amount: u8) {
        if let Request::Fragment { session, first, end } = request {
            let end = first + (end - first) * u64::from(amount) / 256;
            self.at_server(Request::Fragment { session, first, end });
        }
    }

    /// The answer reaches the client. After an error the connection is not used again.
    fn answered(&mut self, request: Request, reply: Reply) -> Event {
        if !matches!(reply.status, 200 | 416) {
            self.connection += 1;
        }
        if let Request::Fragment { end, .. } = request
            && matches!(reply.status, 200 | 416)
        {
            let bare = if reply.status == 200 && !self.watch.told { end } else { 0 };
            self.watch.told |= reply.offset.is_some();
            self.watch.acknowledged = self.watch.acknowledged.max(reply.offset.unwrap_or(bare));
        }
        if let Request::Fragment { first, end, .. } = request
            && matches!(reply.status, 403 | 404 | 413)
            && self.server.refuses_size(end - first)
        {
            self.refused = Some(self.refused.map_or(end - first, |known| known.min(end - first)));
        }
        Event::Answered(response(reply))
    }

    fn tell(&mut self, event: Event) -> Verdict {
        self.now += Duration::from_millis(10);
        match self.handle(event) {
            Ok(()) => {}
            Err(error) => return self.ended(&error),
        }
        self.go_on()
    }

    fn handle(&mut self, event: Event) -> Result<(), UploadError> {
        let machine = self.machine.take().ok_or(UploadError::OutOfTurn)?;
        self.machine = Some(machine.handle(event, self.now)?);
        Ok(())
    }

    /// Lets pauses pass and finds out what is to be sent next.
    fn go_on(&mut self) -> Verdict {
        self.note_new_session();
        loop {
            match self.machine.as_ref().map_or(Action::Finish, Uploader::next_action) {
                Action::Wait(pause) => {
                    self.now += pause;
                    self.handle(Event::Waited).map_err(|error| format!("ended in a pause: {error}"))?;
                }
                Action::Finish => return self.succeeded(),
                Action::Send(packet) => {
                    self.next = Some(request(&packet));
                    return Ok(());
                }
            }
        }
    }

    fn note_new_session(&mut self) {
        for event in self.machine.as_mut().map(Uploader::take_events).unwrap_or_default() {
            if let UploadEvent::SessionCreated(session) = event {
                let id = number(&session.id);
                self.watch = Watch { session: Some(id), ..Watch::default() };
                let record = Record { session: id, acknowledged: 0, sent: 0, refused_size: None, close_sent: false };
                let lagging = Record { sent: self.setup.size, ..record };
                self.journal = Journal { fresh: Some(record), lagging: Some(lagging) };
            }
        }
    }

    /// What the driver writes before it sends, and what must hold then.
    fn write_journal(&mut self, request: Request) -> Verdict {
        match request {
            Request::Ping | Request::Cancel { .. } => return Ok(()),
            Request::Create => {
                self.journal = Journal::default();
                return Ok(());
            }
            Request::Fragment { session, first, end } => {
                self.check_session(session)?;
                self.first_fragment.get_or_insert(request);
                if self.refused.is_some_and(|refused| end - first >= refused) {
                    return Err(format!("a fragment of {} bytes, but {:?} were refused", end - first, self.refused));
                }
                if first > self.watch.sent {
                    return Err(format!("a fragment at {first}, but only {} bytes were sent", self.watch.sent));
                }
                if first > self.watch.acknowledged {
                    return Err(format!("a fragment at {first}, but {} are acknowledged", self.watch.acknowledged));
                }
                self.watch.sent = self.watch.sent.max(end);
            }
            Request::Close { session } => {
                self.check_session(session)?;
                if self.watch.acknowledged.min(self.watch.sent) < self.setup.size {
                    return Err(format!("Close, but only {} bytes are acknowledged", self.watch.acknowledged));
                }
                self.watch.close_sent = true;
            }
        }
        let saved = self.machine.as_ref().and_then(Uploader::saved).ok_or("a session, but nothing to save")?;
        let record = Record::of(&saved);
        if record.acknowledged > self.watch.acknowledged {
            return Err(format!("the journal says {}, the Acks {}", record.acknowledged, self.watch.acknowledged));
        }
        self.journal.fresh = Some(record);
        // What is about to be sent is always durable before; the write takes the latest Ack along.
        if record.close_sent {
            self.journal.lagging = Some(record);
        } else if self.journal.lagging.is_none_or(|lagging| lagging.sent < record.sent) {
            self.journal.lagging = Some(Record { sent: self.setup.size, ..record });
        }
        Ok(())
    }

    fn check_session(&self, session: usize) -> Verdict {
        if self.watch.session == Some(session) { Ok(()) } else { Err(format!("a packet of session {session}")) }
    }

    /// The same command again.
    fn restart(&mut self, record: Option<Record>) -> Verdict {
        self.runs += 1;
        if self.runs > MAX_RUNS {
            return Err(String::from("it gives up again and again"));
        }
        self.connection += 1;
        self.refused = record.and_then(|record| record.refused_size);
        let seed = self.setup.seed.wrapping_add(u64::from(self.runs));
        let machine = match record {
            Some(record) => {
                self.watch.sent = self.watch.sent.max(record.sent);
                self.watch.told = true;
                Uploader::resume(self.setup.plan(), record.saved(), self.now, seed)
            }
            None => Uploader::new(self.setup.plan(), self.now, seed),
        };
        self.machine = Some(machine);
        self.journal = Journal { fresh: record, lagging: record };
        self.go_on()
    }

    fn succeeded(&mut self) -> Verdict {
        self.next = None;
        self.end = Some(match (self.server.has_published_the_source(), self.setup.model.overlap) {
            (true, _) => End::Right,
            (false, Overlap::Appends) => End::Corrupt,
            (false, _) => return Err(String::from("success, but what was published is not the source")),
        });
        Ok(())
    }

    fn ended(&mut self, error: &UploadError) -> Verdict {
        match error {
            UploadError::Unconfirmed { .. } if self.watch.close_sent => self.end = Some(End::Unconfirmed),
            UploadError::Unconfirmed { .. } => return Err(String::from("unconfirmed, but no Close was sent")),
            UploadError::SourceChanged if self.source_changed => self.end = Some(End::SourceChanged),
            UploadError::OutOfTurn => return Err(error.to_string()),
            UploadError::Refused { .. } | UploadError::BadAnswer { .. } => self.end = Some(self.failed(error)?),
            _ => return self.restart(self.journal.fresh),
        }
        self.next = None;
        Ok(())
    }

    /// A server that is honest, and is set back at most once, never costs more than time.
    fn misled(&self) -> bool {
        self.lied || self.setbacks > 1
    }

    /// A failure for good must not hide that the file is there.
    fn failed(&self, error: &UploadError) -> Result<End, String> {
        if !self.server.has_published_the_source() {
            return if self.misled() { Ok(End::Failed) } else { Err(format!("failed for good: {error}")) };
        }
        let other_session = self.server.has_published_other_than(self.watch.session);
        match error {
            UploadError::Refused { refusal: Refusal::Permission, .. }
                if !self.setup.model.overwrites && (other_session || self.journal.fresh.is_none()) =>
            {
                Ok(End::RefusedByOwnFile)
            }
            UploadError::BadAnswer { error: AckError::OffsetNotSent { .. }, .. }
            | UploadError::Refused { refusal: Refusal::Invalid, .. }
                if self.misled() && other_session =>
            {
                Ok(End::Misled)
            }
            _ => Err(format!("failed for good, but the file is there: {error}")),
        }
    }
}

fn name(session: usize) -> SessionId {
    format!("s{session}").parse().expect("a session id")
}

fn number(session: &SessionId) -> usize {
    session.as_str()[1..].parse().expect("a session of ours")
}

fn request(packet: &Packet) -> Request {
    match packet {
        Packet::Ping => Request::Ping,
        Packet::CreateSession { .. } => Request::Create,
        Packet::Fragment { session, range, .. } => {
            Request::Fragment { session: number(session), first: range.first(), end: range.end() }
        }
        Packet::CloseSession { session, .. } => Request::Close { session: number(session) },
        Packet::CancelSession { session } => Request::Cancel { session: number(session) },
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
    if let Some(offset) = reply.offset {
        headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(offset));
    }
    if let Some(error) = reply.error {
        headers.insert(header::ERROR, HeaderValue::from_static(error));
    }
    response
}
