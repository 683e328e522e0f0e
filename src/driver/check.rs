//! Asks a server whether it would take an upload: the beginning of one, cancelled before its first byte.

use std::io::{self, Read};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use http::header::SERVER;
use http::{Response, Uri};

use crate::auth::{Login, Ready, Scheme, Step};
use crate::event::UploadEvent;
use crate::protocol::text::escape;
use crate::protocol::{
    Answer, ContentName, Packet, PacketKind, ProtocolId, Session, SessionId, TransportErrorKind, ack,
};
use crate::transport::{Http, Reached, RequestOptions, Transport};
use crate::uploader::{Action, Event, FragmentSize, Plan, Refusal, RetryPolicy, UploadError, Uploader};

use super::signed::{Unanswered, answer_head, exchange, prepare};
use super::{DriverError, NotSignedIn, answered, complete, lost};

/// The largest fragment that is tried, in bytes.
const LARGEST: u64 = 32 << 20;

/// The first one; from there on twice as large each time.
const FIRST: u64 = 64 << 10;

/// The limit is told to this many bytes, or one part in 64.
const PRECISION: u64 = 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// Where a file would go.
    pub destination: Uri,
    /// Its name.
    pub name: ContentName,
    /// Protocols to offer, in order of preference.
    pub protocols: Vec<ProtocolId>,
    /// Whether to go to another host that the server names.
    pub follow_host_id: bool,
    /// Whether to look for the largest fragment that gets through.
    pub probe_fragment: bool,
}

/// What was found, as far as it went.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What the first connection led to.
    pub reached: Option<Reached>,
    /// How the server let us in; `None`: it let anybody in, or nobody.
    pub scheme: Option<Scheme>,
    /// What the server calls itself, escaped.
    pub server: Option<String>,
    /// Why the Ping was no success, if the rest went on without it.
    pub ping_doubt: Option<String>,
    /// The session that was opened.
    pub session: Option<Session>,
    /// Where its fragments would go.
    pub target: Option<Uri>,
    /// Whether it was cancelled; `Err`: what the server said.
    pub cancelled: Option<Result<(), String>>,
    /// What is known of the size of fragments.
    pub fragment: Option<FragmentLimit>,
}

/// What is known of the size of fragments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FragmentLimit {
    /// The largest that the server took, in bytes.
    pub accepted: u64,
    /// The smallest that it did not take, in bytes.
    pub refused: Option<u64>,
    /// How it refused that, safe to print.
    pub reason: Option<String>,
}

/// Pings, opens a session and cancels it, each once. Whatever is found on the way goes into `findings`, also when it ends
/// early.
///
/// # Errors
/// Those that an upload would end with.
pub fn check(
    plan: &CheckPlan,
    transport: &mut Http,
    login: &mut Login,
    report: &mut dyn FnMut(&UploadEvent),
    findings: &mut Findings,
) -> Result<(), DriverError> {
    let mut check = Check { plan, transport, login, report, findings };
    let opened = check.open(1)?;
    check.findings.target = Some(opened.target.clone());
    let cancelled = check.cancel(&opened.session, &opened.target)?;
    check.findings.cancelled = Some(cancelled);
    if plan.probe_fragment {
        let limit = check.probe()?;
        check.findings.fragment = Some(limit);
    }
    Ok(())
}

struct Check<'a> {
    plan: &'a CheckPlan,
    transport: &'a mut Http,
    login: &'a mut Login,
    report: &'a mut dyn FnMut(&UploadEvent),
    findings: &'a mut Findings,
}

/// A session that waits for its first fragment.
struct Opened {
    session: SessionId,
    target: Uri,
    fragment: Packet,
}

impl Check<'_> {
    /// Lets an upload of `size` bytes begin, up to where it would send them all but the last in one fragment.
    fn open(&mut self, size: u64) -> Result<Opened, DriverError> {
        let mut session = None;
        let opened = self.open_session(size, &mut session);
        if opened.is_err()
            && let Some(session) = session
        {
            // Its own failure is not what went wrong.
            let _ = self.cancel(&session, &self.plan.destination);
        }
        opened
    }

    /// The same; `session` is the one that was opened, if it went wrong after that.
    fn open_session(&mut self, size: u64, session: &mut Option<SessionId>) -> Result<Opened, DriverError> {
        let mut uploader = Uploader::new(self.upload(size), Instant::now(), 0);
        loop {
            for event in uploader.take_events() {
                match &event {
                    UploadEvent::SessionCreated(created) => {
                        *session = Some(created.id.clone());
                        self.findings.session.get_or_insert_with(|| created.clone());
                    }
                    UploadEvent::PingIgnored { reason } => self.findings.ping_doubt = Some(reason.clone()),
                    _ => {}
                }
                (self.report)(&event);
            }
            let event = match (uploader.next_action(), session.take()) {
                (Action::Send(fragment @ Packet::Fragment { .. }), Some(session)) => {
                    return Ok(Opened { session, target: uploader.target().clone(), fragment });
                }
                (Action::Send(packet), kept) => {
                    *session = kept;
                    self.send(&packet, uploader.target())?
                }
                // Nothing is tried twice.
                (Action::Wait(_), _) => Event::Waited,
                (Action::Finish, _) => return Err(UploadError::OutOfTurn.into()),
            };
            self.findings.reached = self.findings.reached.take().or_else(|| self.transport.reached());
            uploader = uploader.handle(event, Instant::now())?;
        }
    }

    fn upload(&self, size: u64) -> Plan {
        Plan {
            destination: self.plan.destination.clone(),
            size,
            name: self.plan.name.clone(),
            protocols: self.plan.protocols.clone(),
            fragment_size: NonZeroU64::new(size - 1).map_or(FragmentSize::Auto, FragmentSize::Fixed),
            retry: RetryPolicy { no_progress_timeout: Duration::ZERO, ..RetryPolicy::default() },
            follow_host_id: self.plan.follow_host_id,
            may_start_over: false,
        }
    }

    /// Sends a packet without a body.
    fn send(&mut self, packet: &Packet, target: &Uri) -> Result<Event, DriverError> {
        let request = complete(packet.to_request(target));
        (self.report)(&UploadEvent::Sending(packet.clone()));
        let mut answer = exchange(self.transport, self.login, self.report, &request, RequestOptions::default());
        // Some servers and proxies close the connection after each answer without saying so.
        if matches!(&answer, Err(Unanswered::Lost(error)) if error.is_stale_connection()) {
            answer = exchange(self.transport, self.login, self.report, &request, RequestOptions::default());
        }
        match answer {
            Ok(answer) => {
                self.findings.scheme = self.login.scheme();
                Ok(self.answered(packet.kind(), answer))
            }
            Err(Unanswered::Lost(error)) => Ok(lost(error)),
            Err(Unanswered::Refused(refused)) => Err(DriverError::SignIn { packet: packet.kind(), refused }),
        }
    }

    /// Sends a fragment, all zeros.
    fn send_fragment(&mut self, packet: &Packet, target: &Uri) -> Result<Event, DriverError> {
        let kind = packet.kind();
        let mut request = complete(packet.to_request(target));
        let refuse = |refused| DriverError::SignIn { packet: kind, refused: Box::new(refused) };
        let mut options = RequestOptions::default();
        let ready = prepare(self.login, &mut request, &mut options);
        if ready.map_err(|reason| refuse(NotSignedIn { reason, said: None }))? == Ready::SignInFirst {
            return Ok(Event::NotSignedIn);
        }
        (self.report)(&UploadEvent::Sending(packet.clone()));
        (self.report)(&UploadEvent::RequestHead(Box::new(request.clone().into_parts().0)));
        let mut body = io::repeat(0).take(packet.body_len());
        let answer = match self.transport.exchange(request.clone(), options, &mut body) {
            Ok(answer) => answer,
            Err(error) => {
                self.login.disconnected(error.request_was_sent);
                let again = error.kind == TransportErrorKind::NoConnection || error.is_stale_connection();
                return Ok(if again { Event::NotSignedIn } else { lost(error) });
            }
        };
        (self.report)(&UploadEvent::AnswerHead(Box::new(answer_head(&answer))));
        match self.login.answered(&request, &answer) {
            Step::Done => Ok(self.answered(kind, answer)),
            Step::Again | Step::SignInFirst => Ok(Event::NotSignedIn),
            Step::Refused(reason) => Err(refuse(NotSignedIn::because(reason, &answer))),
        }
    }

    fn answered(&mut self, packet: PacketKind, answer: Response<()>) -> Event {
        let server = answer.headers().get(SERVER).map(|value| escape(value.as_bytes()));
        self.findings.server = self.findings.server.take().or(server);
        answered(packet, answer, self.report)
    }

    /// Whether the server forgot the session; it would do so by itself some day.
    fn cancel(&mut self, session: &SessionId, target: &Uri) -> Result<Result<(), String>, DriverError> {
        let packet = Packet::CancelSession { session: session.clone() };
        match self.send(&packet, target)? {
            Event::Answered(answer) => Ok(match ack::end_of_session(&answer, session) {
                Ok(Answer::Ack(())) => Ok(()),
                Ok(Answer::Refused(error)) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }),
            Event::Interrupted => Err(UploadError::Interrupted.into()),
            Event::Lost(error) => Err(UploadError::Lost { packet: PacketKind::CancelSession, error }.into()),
            _ => Err(UploadError::OutOfTurn.into()),
        }
    }

    /// Doubles the size until a fragment is refused, then closes in.
    fn probe(&mut self) -> Result<FragmentLimit, DriverError> {
        let mut limit = FragmentLimit::default();
        let mut size = FIRST;
        loop {
            match self.try_fragment(size)? {
                None => limit.accepted = size,
                Some(reason) => (limit.refused, limit.reason) = (Some(size), Some(reason)),
            }
            size = match limit.refused {
                None if limit.accepted >= LARGEST => return Ok(limit),
                None => (limit.accepted * 2).min(LARGEST),
                Some(refused) if refused - limit.accepted <= PRECISION.max(refused / 64) => return Ok(limit),
                Some(refused) => u64::midpoint(limit.accepted, refused),
            };
        }
    }

    /// Sends a fragment of `size` bytes of a file that is a byte longer, and gives the file up. Why it was not taken.
    fn try_fragment(&mut self, size: u64) -> Result<Option<String>, DriverError> {
        let mut opened = self.open(size + 1)?;
        let mut event = self.send_fragment(&opened.fragment, &opened.target);
        // Its connection is gone; the Ping signs in on another.
        if matches!(event, Ok(Event::NotSignedIn)) {
            let _ = self.cancel(&opened.session, &opened.target)?;
            opened = self.open(size + 1)?;
            event = self.send_fragment(&opened.fragment, &opened.target);
        }
        let refused = event.and_then(|event| Ok(why_refused(event, &opened.session, size)?));
        // What went wrong with the fragment goes before; a session that is lost with it cannot be cancelled.
        let cancelled = self.cancel(&opened.session, &opened.target);
        let refused = refused?;
        let _ = cancelled?;
        Ok(refused)
    }
}

/// Why a fragment was refused for its size; `None`: it was taken.
fn why_refused(event: Event, session: &SessionId, size: u64) -> Result<Option<String>, UploadError> {
    match event {
        Event::Answered(answer) => judge(&answer, session, size),
        // Some refuse by hanging up, or never answer.
        Event::Lost(error) if matches!(error.kind, TransportErrorKind::Cut | TransportErrorKind::TimedOut(_)) => {
            Ok(Some(error.to_string()))
        }
        Event::Lost(error) => Err(UploadError::Lost { packet: PacketKind::Fragment, error }),
        Event::Interrupted => Err(UploadError::Interrupted),
        _ => Err(UploadError::OutOfTurn),
    }
}

/// The same of an answer.
fn judge(answer: &Response<()>, session: &SessionId, size: u64) -> Result<Option<String>, UploadError> {
    let packet = PacketKind::Fragment;
    match ack::fragment(answer, session) {
        Ok(Answer::Ack(ack)) if ack.in_step && ack.next_offset.is_none_or(|offset| offset == size) => Ok(None),
        Ok(Answer::Ack(ack)) => {
            let offset = ack.next_offset.map_or_else(|| "nothing".to_owned(), |offset| format!("{offset} bytes"));
            Ok(Some(format!("the server took {offset} of it")))
        }
        Ok(Answer::Refused(error)) => match Refusal::classify(&error, packet) {
            Refusal::FragmentTooLarge | Refusal::FileTooLarge => Ok(Some(error.to_string())),
            refusal => Err(UploadError::Refused { packet, refusal, error }),
        },
        Err(error) => Err(UploadError::BadAnswer { packet, error }),
    }
}
