//! Create-Session: asks for a session in one of our protocols.

use http::{Response, StatusCode};

use crate::exchange::TransportError;
use crate::protocol::{AckError, PacketKind, Session, ack};
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::resume_state::ResumeState;

use super::fragment::Fragment;
use super::ping::Ping;
use super::{State, Step};

const PACKET: PacketKind = PacketKind::CreateSession;

/// Refusals of a new session, after the file may have been published by an earlier one, that are tried again: a page
/// may be another client's.
const MAX_PAGES: u32 = 3;

/// Responses before there is a session that are none, and tried again.
const MAX_ODD: u32 = 3;

/// Waits for Create-Session's Ack.
#[derive(Debug, Clone)]
pub(crate) struct CreateSession {
    /// No Ping went before it, because its connection had one.
    skipped_ping: bool,
    /// Refusals and odd responses so far.
    failures: u32,
}

impl CreateSession {
    pub(crate) fn new() -> Self {
        Self { skipped_ping: false, failures: 0 }
    }

    pub(crate) fn without_ping() -> Self {
        Self { skipped_ping: true, failures: 0 }
    }

    pub(crate) fn skipped_ping(&self) -> bool {
        self.skipped_ping
    }

    pub(super) fn on_response(self, context: &mut Context, response: &Response<()>) -> Step {
        match context.target.follow_redirect(response, PACKET) {
            // Where it leads, no server was pinged.
            Ok(true) if self.skipped_ping => return Ok(State::Ping(Ping::before_create())),
            Ok(true) => return Ok(State::CreateSession(self)),
            Ok(false) => {}
            Err(cause) => return self.on_failure(context, FailedAttempt::of(cause)),
        }
        let ack = ack::create_session(response, &context.plan.protocols);
        // Of a response that is neither, too, it is decided below whether it ends the upload.
        match FailedAttempt::or_ack(PACKET, ack, response, |_| true)? {
            Ok(session) => {
                let next = begin(context, &session);
                Ok(context.tell_of_left_session(&session.id, next))
            }
            Err(attempt) => self.on_failure(context, attempt),
        }
    }

    fn on_failure(mut self, context: &mut Context, attempt: FailedAttempt) -> Step {
        // A session that was lost at the host that the server named is opened again there only if that host lets it (R8).
        if context.target.is_elsewhere() {
            context.leave_host();
            return Ok(State::CreateSession(self));
        }
        self.failures += 1;
        let may_pass = match &attempt.cause {
            UploadError::Refused { refusal, error, .. } => {
                refusal.may_pass() || (error.status == StatusCode::NO_CONTENT && self.failures < MAX_ODD)
            }
            UploadError::BadResponse { error, .. } => self.failures < MAX_ODD && is_odd(error),
            _ => false,
        };
        let is_outage = context.had_session
            && match attempt.class() {
                FailureClass::Outage => true,
                // A conflict is no page: the file is there, or another session has it.
                FailureClass::Page if attempt.status() == Some(StatusCode::CONFLICT) => false,
                // The file may be there, and that be the reason (R6).
                FailureClass::Page | FailureClass::Doubtful if context.may_be_there => self.failures < MAX_PAGES,
                FailureClass::Page | FailureClass::Doubtful => !attempt.is_from_bits(),
                FailureClass::SessionGone | FailureClass::TooLarge | FailureClass::Final => false,
            };
        if may_pass || is_outage {
            return context.retry(attempt, State::CreateSession(self));
        }
        Err(attempt.cause)
    }

    /// The server may have opened a session all the same; it will forget it.
    pub(super) fn on_loss(self, context: &mut Context, error: TransportError) -> Step {
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
        context.retry(FailedAttempt::lost(PACKET, error), State::CreateSession(self))
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

/// Begins with the session, at the host that the server named if it named one.
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
