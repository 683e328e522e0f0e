//! The main loop of an upload: asks the machine what to do, does it, and tells it what came of that. Keeps the journal
//! in step, so that another process can go on.

mod body;
mod check;
#[cfg_attr(not(test), expect(dead_code, reason = "the sender of packets is to call it"))]
mod cookies;
mod error;
mod fetching;
mod reply;
mod reply_file;
mod signed;
mod start;
mod verify;

use std::time::{Duration, Instant};

use http::header::{HOST, HeaderValue, USER_AGENT};
use http::{Request, Response, StatusCode, Uri};

use crate::auth::{Login, Ready, Step};
use crate::digest::{DigestError, PrefixDigest};
use crate::entity::UploadEntity;
use crate::event::{Resize, UploadEvent};
use crate::journal::{Entry, Now};
use crate::protocol::text::escape;
use crate::protocol::{
    Answer, BitsError, ContentRange, Packet, PacketKind, SessionId, TlsFault, TransportError, TransportErrorKind, ack,
    header, reply_url,
};
use crate::transport::{CertificateWanted, ConnectionUse, Interrupter, RequestOptions, Transport};
use crate::uploader::{Action, Event, RetryPolicy, UploadError, Uploader};

use body::{Body, Failure};
use fetching::Patience;
use signed::{answer_head, prepare};

pub use check::{CheckPlan, Findings, FragmentLimit, check};
pub use error::DriverError;
pub use reply::ReplyError;
pub use reply_file::{ReplyFile, ReplyFileError};
pub(crate) use signed::{Unanswered, exchange};

pub use signed::NotSignedIn;
pub use start::{ResumeMode, Start};
pub use verify::{Difference, Unverified, Verify};

/// What bitsup calls itself.
const PRODUCT: &str = concat!("bitsup/", env!("CARGO_PKG_VERSION"));

/// Pauses longer than this are a good moment to write the journal.
const LONG_PAUSE: Duration = Duration::from_millis(200);

/// What an upload works with.
pub struct Tools<'a> {
    /// The source.
    pub entity: &'a UploadEntity,
    /// The network.
    pub transport: &'a mut dyn Transport,
    /// Who signs in there.
    pub login: &'a mut Login,
    /// What ends the upload from outside.
    pub interrupter: &'a Interrupter,
    /// Who is told what happens.
    pub report: &'a mut dyn FnMut(&UploadEvent),
}

/// What is wanted beside the upload itself.
#[derive(Debug)]
pub struct Wishes {
    /// Where the file goes: the URL's own host, whatever other host the server names.
    pub destination: Uri,
    /// How persistent to be.
    pub retry: RetryPolicy,
    /// The randomness of pauses.
    pub seed: u64,
    /// Whether to look at what arrived.
    pub verify: Verify,
    /// Where to save the reply of the server's application. Without one the upload fails then.
    pub reply: Option<ReplyFile>,
}

/// An upload under way.
struct Run<'a> {
    tools: Tools<'a>,
    entry: Entry,
    digest: PrefixDigest,
    wishes: Wishes,
    /// Whether this session's reply is in its file.
    has_reply: bool,
}

/// Uploads one file. Returns only when the server acknowledged Close-Session.
///
/// # Errors
/// When the upload ends in any other way. What another run needs to go on is then in the journal.
pub fn upload(start: Start, tools: Tools<'_>, wishes: Wishes) -> Result<(), DriverError> {
    let Start { uploader, entry, digest } = start;
    let mut run = Run { tools, entry, digest, wishes, has_reply: false };
    run.note_saved_reply();
    let result = run.run(uploader);
    let (result, mut tools, wishes) = run.remember(result);
    verify::after(result, &mut tools, &wishes)
}

impl<'a> Run<'a> {
    fn run(&mut self, mut uploader: Uploader) -> Result<(), DriverError> {
        loop {
            self.tell(&mut uploader);
            let event = match uploader.next_action() {
                Action::Finish => return Ok(()),
                Action::Wait(pause) => self.wait(pause),
                Action::Send(packet) => self.send(&packet, &uploader)?,
            };
            uploader = uploader.handle(event, Instant::now())?;
            self.keep_step(&mut uploader)?;
        }
    }

    fn tell(&mut self, uploader: &mut Uploader) {
        uploader.take_events().iter().for_each(&mut *self.tools.report);
        self.warn();
    }

    fn warn(&mut self) {
        for warning in self.entry.take_warnings() {
            (self.tools.report)(&UploadEvent::Warning { text: warning.to_string() });
        }
    }

    fn wait(&mut self, pause: Duration) -> Event {
        // What was to be over soon is not.
        if pause > LONG_PAUSE || self.entry.is_deferred() {
            self.entry.flush(Now::read());
        }
        if self.tools.interrupter.wait(pause) { Event::Interrupted } else { Event::Waited }
    }

    /// Writes down what the machine has learnt, before it is relied on.
    fn keep_step(&mut self, uploader: &mut Uploader) -> Result<(), DriverError> {
        for event in uploader.take_events() {
            match &event {
                UploadEvent::SessionCreated(session) => {
                    self.has_reply = false;
                    self.entry.session_opened(session, uploader.target(), Now::read());
                }
                UploadEvent::HostChanged(_) | UploadEvent::HostGivenUp { .. } => {
                    self.entry.target_changed(uploader.target());
                }
                UploadEvent::Acknowledged { offset, .. } => {
                    self.digest.seek(*offset, self.tools.entity)?;
                    self.entry.acknowledged(*offset, self.digest.fingerprint());
                }
                UploadEvent::Resized { why: Resize::Refused, .. } => {
                    if let (_, Some(size)) = uploader.fragment_sizes() {
                        self.entry.refused_by_host(size, Now::read());
                    }
                }
                _ => {}
            }
            (self.tools.report)(&event);
        }
        self.warn();
        Ok(())
    }

    fn send(&mut self, packet: &Packet, uploader: &Uploader) -> Result<Event, DriverError> {
        // Fragments carry the source's bytes, and Close-Session vouches for them.
        let vouches = matches!(packet.kind(), PacketKind::Fragment | PacketKind::CloseSession);
        if vouches && !self.tools.entity.is_unchanged()? {
            return Ok(Event::SourceChanged);
        }
        match packet {
            Packet::CreateSession { .. } => self.entry.create(Now::read()),
            Packet::CloseSession { .. } => {
                self.fetch_reply()?;
                self.entry.close_sending(Now::read());
            }
            _ => {}
        }
        let request = complete(packet.to_request(uploader.target()));
        let mut options = RequestOptions::default();
        if uploader.needs_same_connection() {
            options.connection = ConnectionUse::Same;
        }
        (self.tools.report)(&UploadEvent::Sending(packet.clone()));
        if let Packet::Fragment { range, session, .. } = packet {
            let event = self.send_fragment(*range, request, options, uploader)?;
            self.note_reply(&event, session);
            return Ok(event);
        }
        let Tools { transport, login, report, .. } = &mut self.tools;
        match exchange(&mut **transport, login, &mut **report, &request, options) {
            Ok(answer) => Ok(self.event(packet.kind(), answer)),
            Err(Unanswered::Lost(error)) => Ok(lost(error)),
            // It was to tidy up: why is what is to be told.
            Err(Unanswered::Refused(_)) if packet.kind() == PacketKind::CancelSession => {
                Ok(Event::Lost(TransportError::before_request(TransportErrorKind::NoConnection, "")))
            }
            Err(Unanswered::Refused(refused)) => Err(DriverError::SignIn { packet: packet.kind(), refused }),
        }
    }

    fn send_fragment(
        &mut self,
        range: ContentRange,
        request: Request<()>,
        mut options: RequestOptions,
        uploader: &Uploader,
    ) -> Result<Event, DriverError> {
        if self.wishes.reply.is_some() && range.end() == range.total() {
            options.response_at_least = reply::APPLICATION_TIME;
        }
        loop {
            match self.digest.seek(range.first(), self.tools.entity) {
                Err(DigestError::Differs(_)) => return Ok(Event::SourceChanged),
                result => result?,
            }
            if let Some(event) = self.try_fragment(range, request.clone(), options, uploader)? {
                return Ok(event);
            }
        }
    }

    /// Sends a fragment once. `None`: the same is to go out again, signed anew.
    fn try_fragment(
        &mut self,
        range: ContentRange,
        mut request: Request<()>,
        mut options: RequestOptions,
        uploader: &Uploader,
    ) -> Result<Option<Event>, DriverError> {
        let refuse = |refused| DriverError::SignIn { packet: PacketKind::Fragment, refused };
        let ready = prepare(self.tools.login, &mut request, &mut options);
        if ready.map_err(|reason| refuse(Box::new(NotSignedIn { reason, said: None })))? == Ready::SignInFirst {
            return Ok(Some(Event::NotSignedIn));
        }
        let (current, refused) = uploader.fragment_sizes();
        self.entry.fragment_sizes(current, refused);
        self.entry.sending(range.end(), Now::read());
        (self.tools.report)(&UploadEvent::RequestHead(Box::new(request.clone().into_parts().0)));
        let mut body = Body::new(self.tools.entity.read(range)?, &mut self.digest, &mut *self.tools.report);
        let answer = self.tools.transport.exchange(request.clone(), options, &mut body);
        match body.into_failure() {
            // The transport saw only a body that broke off; why is known here.
            Some(Failure::Changed) => Ok(Some(Event::SourceChanged)),
            Some(Failure::Unreadable(error)) => Err(self.tools.entity.error(error).into()),
            None => self.fragment_answered(&request, answer),
        }
    }

    fn fragment_answered(
        &mut self,
        request: &Request<()>,
        answer: Result<Response<()>, TransportError>,
    ) -> Result<Option<Event>, DriverError> {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.tools.login.disconnected(error.request_was_sent);
                let forgotten = error.kind == TransportErrorKind::NoConnection;
                return Ok(Some(if forgotten { Event::NotSignedIn } else { lost(error) }));
            }
        };
        (self.tools.report)(&UploadEvent::AnswerHead(Box::new(answer_head(&answer))));
        match self.tools.login.answered(request, &answer) {
            Step::Done => Ok(Some(self.event(PacketKind::Fragment, answer))),
            step @ (Step::Again | Step::SignInFirst) => {
                self.event(PacketKind::Fragment, answer);
                Ok((step == Step::SignInFirst).then_some(Event::NotSignedIn))
            }
            Step::Refused(reason) => {
                let refused = Box::new(NotSignedIn::because(reason, &answer));
                Err(DriverError::SignIn { packet: PacketKind::Fragment, refused })
            }
        }
    }

    fn event(&mut self, packet: PacketKind, answer: Response<()>) -> Event {
        answered(packet, answer, &mut *self.tools.report)
    }

    /// Notes where the reply is, if this is the Ack that says so.
    fn note_reply(&mut self, event: &Event, session: &SessionId) {
        let Event::Answered(answer) = event else { return };
        let Ok(Answer::Ack(ack)) = ack::fragment(answer, session) else { return };
        let Some(raw) = ack.reply_url else { return };
        match reply_url::resolve(&raw, &self.wishes.destination) {
            Ok(_) => self.entry.reply_offered(&raw),
            Err(error) if self.wishes.reply.is_some() => (self.tools.report)(&reply::unusable(&raw, error)),
            Err(_) => {}
        }
    }

    /// An earlier run saved this session's reply, and it is still there.
    fn note_saved_reply(&mut self) {
        let is_saved = self.entry.record().session.as_ref().is_some_and(|session| session.reply_saved);
        if is_saved
            && let Some(file) = &self.wishes.reply
            && let Some(size) = file.saved()
        {
            self.has_reply = true;
            (self.tools.report)(&UploadEvent::ReplySaved { path: file.path().display().to_string(), size });
        }
    }

    /// Fetches the reply, if one is wanted and not there yet.
    fn fetch_reply(&mut self) -> Result<(), DriverError> {
        let Some(file) = self.wishes.reply.as_mut().filter(|_| !self.has_reply) else { return Ok(()) };
        // Close-Session is near: what is known now must survive a long download.
        self.entry.flush(Now::read());
        let raw = self.entry.record().session.as_ref().and_then(|session| session.reply_url.as_deref());
        let url = raw.and_then(|raw| reply_url::resolve(raw, &self.wishes.destination).ok());
        let url = url.ok_or(DriverError::Reply(ReplyError::NotOffered))?;
        let patience = Patience::new(self.wishes.retry.clone(), self.wishes.seed, Instant::now());
        let entry = &mut self.entry;
        reply::fetch(&url, file, &mut self.tools, patience, |contents| entry.reply_saving(contents, Now::read()))?;
        self.has_reply = true;
        Ok(())
    }

    /// Leaves in the journal what another run can go on with, and nothing else.
    fn remember(self, result: Result<(), DriverError>) -> (Result<(), DriverError>, Tools<'a>, Wishes) {
        let Self { tools, mut entry, wishes, .. } = self;
        let leaves = entry.record().session.is_some() || entry.record().reply.is_some();
        let of_use = leaves && result.as_ref().is_err_and(DriverError::keeps_session);
        let (can_go_on, warnings) = if of_use {
            entry.flush(Now::read());
            (entry.is_on_disk() && entry.record().session.is_some(), entry.take_warnings())
        } else {
            (false, entry.finished())
        };
        for warning in warnings {
            (tools.report)(&UploadEvent::Warning { text: warning.to_string() });
        }
        let result = result.map_err(|error| match error {
            DriverError::Upload(UploadError::Interrupted) => DriverError::Interrupted { can_go_on },
            other => other,
        });
        (result, tools, wishes)
    }
}

/// Whether nothing that was begun needs to be gone on with after this.
impl DriverError {
    fn keeps_session(&self) -> bool {
        match self {
            Self::Upload(UploadError::Unconfirmed { .. })
            | Self::Different(_)
            | Self::Unverified(_)
            | Self::UnconfirmedSame { .. } => false,
            Self::Upload(error) => !error.cancels_session(),
            Self::SignIn { .. }
            | Self::Reply(_)
            | Self::Entity(_)
            | Self::Digest(_)
            | Self::NothingToResume
            | Self::Interrupted { .. } => true,
        }
    }
}

fn lost(error: TransportError) -> Event {
    if error.kind == TransportErrorKind::Interrupted { Event::Interrupted } else { Event::Lost(error) }
}

/// What came of a request, for the machine and for whoever watches.
fn answered(packet: PacketKind, answer: Response<()>, report: &mut dyn FnMut(&UploadEvent)) -> Event {
    report(&UploadEvent::Answered {
        packet,
        status: answer.status(),
        next_offset: answer.headers().get(header::RECEIVED_CONTENT_RANGE).map(|v| escape(v.as_bytes())),
    });
    for_want_of_certificate(packet, &answer).map_or_else(|| Event::Answered(answer), Event::Lost)
}

/// A web server that wants a certificate and got none says 403, and why only in the body (IIS: 403.7). It says so at once:
/// one that let a packet in before asked for a certificate, but does not insist, and its 403 means something else.
fn for_want_of_certificate(packet: PacketKind, answer: &Response<()>) -> Option<TransportError> {
    let wanted = answer.extensions().get::<CertificateWanted>()?;
    let may_mean_it = match wanted {
        CertificateWanted::AtHandshake => packet == PacketKind::Ping,
        // The server may ask only for what changes something.
        CertificateWanted::ByRenegotiation => matches!(packet, PacketKind::Ping | PacketKind::CreateSession),
    };
    if !may_mean_it || answer.status() != StatusCode::FORBIDDEN || BitsError::of(answer).is_from_bits() {
        return None;
    }
    let (fault, how) = match wanted {
        CertificateWanted::AtHandshake => (TlsFault::CertificateWanted, "in the TLS handshake"),
        CertificateWanted::ByRenegotiation => {
            (TlsFault::Renegotiation, "by renegotiation, a second TLS handshake that bitsup does not do")
        }
    };
    let detail = format!("the server answered 403 after it had asked for a client certificate {how}");
    Some(TransportError::after_request(TransportErrorKind::Tls(fault), detail))
}

/// Adds what HTTP wants besides the packet.
pub(crate) fn complete(mut request: Request<()>) -> Request<()> {
    let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(PRODUCT));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_403_is_for_want_of_a_certificate_only_where_nothing_was_let_in_before() {
        let refused = |packet, wanted| {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::FORBIDDEN;
            answer.extensions_mut().insert(wanted);
            for_want_of_certificate(packet, &answer).is_some()
        };
        for (packet, at_handshake, by_renegotiation) in [
            (PacketKind::Ping, true, true),
            (PacketKind::CreateSession, false, true),
            (PacketKind::Fragment, false, false),
            (PacketKind::CloseSession, false, false),
        ] {
            assert_eq!(refused(packet, CertificateWanted::AtHandshake), at_handshake, "{packet}");
            assert_eq!(refused(packet, CertificateWanted::ByRenegotiation), by_renegotiation, "{packet}");
        }
    }
}
