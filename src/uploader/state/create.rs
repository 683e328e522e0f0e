//! Create-Session: asks for a session in one of our protocols.

use std::time::Instant;

use http::{Response, StatusCode};

use crate::exchange::TransportError;
use crate::protocol::{AckError, Packet, PacketKind, PacketResponse, Session, ack};
use crate::uploader::UploadEvent;

use super::fragment::Fragment;
use super::ping::Ping;
use crate::uploader::recovery::{FailedAttempt, Reading, counts_as_lost};
use crate::uploader::{Context, ResumeState, State, UploadError};

const PACKET: PacketKind = PacketKind::CreateSession;

/// Refusals of a new session, after the file may have been published by an earlier one, that are tried again: a page
/// may be somebody else's.
const MAX_PAGES: u32 = 3;

/// Responses before there is a session that are none, and tried again.
const MAX_ODD: u32 = 3;

/// Waits for Create-Session's Ack.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct CreateSession {
    /// No Ping went before it, because its connection had one.
    skipped_ping: bool,
    /// Refusals and odd responses so far.
    failures: u32,
}

impl CreateSession {
    pub(in crate::uploader) fn after_ping() -> Self {
        Self { skipped_ping: false, failures: 0 }
    }

    /// Another one, since a session was lost.
    pub(in crate::uploader) fn again() -> Self {
        Self::after_ping()
    }

    pub(in crate::uploader) fn without_ping() -> Self {
        Self { skipped_ping: true, failures: 0 }
    }

    pub(in crate::uploader) fn skipped_ping(&self) -> bool {
        self.skipped_ping
    }

    pub(in crate::uploader) fn packet(context: &Context) -> Packet {
        Packet::CreateSession { protocols: context.plan.protocols.clone(), name: context.plan.name.clone() }
    }

    pub(in crate::uploader) fn answered(
        self,
        context: &mut Context,
        response: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        match context.target.redirects(response, PACKET) {
            // Where it leads, nobody was greeted.
            Ok(true) if self.skipped_ping => return Ok(State::Ping(Ping::before_create())),
            Ok(true) => return Ok(State::CreateSession(self)),
            Ok(false) => {}
            Err(cause) if context.had_session => {
                let attempt = FailedAttempt { cause, hint: crate::uploader::backoff::Hint::default() };
                return self.failed(context, attempt, now);
            }
            Err(error) => return Err(error),
        }
        match ack::create_session(response, &context.plan.protocols) {
            Ok(PacketResponse::Ack(session)) => Ok(open(context, &session)),
            Ok(PacketResponse::Refused(error)) => {
                self.failed(context, FailedAttempt::refused(PACKET, error, response), now)
            }
            Err(error) if is_odd(&error) || (context.had_session && counts_as_lost(&error)) => {
                self.failed(context, FailedAttempt::bad_answer(PACKET, error), now)
            }
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    fn failed(mut self, context: &mut Context, attempt: FailedAttempt, now: Instant) -> Result<State, UploadError> {
        // A session that was lost at the host that the server named is opened again there only if that host lets it.
        if context.target.is_elsewhere() {
            context.leave_host();
            return Ok(State::CreateSession(self));
        }
        self.failures += 1;
        let may_pass = match &attempt.cause {
            UploadError::Refused { refusal, error, .. } => {
                refusal.may_pass() || (error.status == StatusCode::NO_CONTENT && self.failures < MAX_ODD)
            }
            UploadError::BadAnswer { error, .. } => self.failures < MAX_ODD && is_odd(error),
            _ => false,
        };
        let is_outage = context.had_session
            && match attempt.reading() {
                Reading::Outage => true,
                // A conflict is no page: the file is there, or another session has it.
                Reading::Page if attempt.status() == Some(StatusCode::CONFLICT) => false,
                // The file may be there, and that be the reason.
                Reading::Page | Reading::Doubt if context.may_be_there => self.failures < MAX_PAGES,
                Reading::Page | Reading::Doubt => !attempt.is_from_bits(),
                Reading::SessionGone | Reading::TooLarge | Reading::Final => false,
            };
        if may_pass || is_outage {
            return context.retry(attempt, State::CreateSession(self), now);
        }
        Err(attempt.cause)
    }

    /// The server may have opened a session all the same; it will forget it.
    pub(in crate::uploader) fn lost(
        self,
        context: &mut Context,
        error: TransportError,
        now: Instant,
    ) -> Result<State, UploadError> {
        if self.skipped_ping {
            // The server closed it meanwhile, as it may: nothing is wrong yet.
            return Ok(State::Ping(Ping::before_create()));
        }
        if context.is_final_loss(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        if context.target.is_elsewhere() {
            context.leave_host();
        }
        context.retry(FailedAttempt::lost(PACKET, error), State::CreateSession(self), now)
    }
}

/// Not proper HTTP/1.1, or a success with nothing in it, as some proxies answer for a server that is just starting.
fn is_odd(error: &AckError) -> bool {
    match error {
        AckError::NotHttp11 | AckError::Ambiguous(_) => true,
        AckError::NotAnAck { answerer, .. } => answerer.content_type.is_none(),
        _ => false,
    }
}

/// Begins with the session.
fn open(context: &mut Context, session: &Session) -> State {
    let next = begin(context, session);
    context.tell_of_left_session(&session.id, next)
}

/// At the host that the server named if it named one.
fn begin(context: &mut Context, session: &Session) -> State {
    context.had_session = true;
    context.tell(UploadEvent::SessionCreated(session.clone()));
    let host = session.host.clone().filter(|_| context.plan.follow_host_id && context.target.follows_hosts());
    let mut state = ResumeState::new(session);
    let Some(host) = host else {
        state.host = context.target.named_host();
        return Fragment::begin(context, state);
    };
    context.target.move_to(&host, session.host_fallback_timeout);
    context.tell(UploadEvent::HostChanged(host));
    State::Ping(Ping::before(Fragment::begin(context, state)))
}
