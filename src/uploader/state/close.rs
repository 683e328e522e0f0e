//! Close-Session: commits the file.
//!
//! Once the last fragment was sent in full, the server may have published the file. A refusal after that need not mean
//! that the upload failed (recovery rule R6).

use http::Response;

use crate::exchange::TransportError;
use crate::protocol::{PacketKind, ack};
use crate::uploader::context::Context;
use crate::uploader::doubt::SessionDoubt;
use crate::uploader::error::UploadError;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::refusal::counts_as_lost;
use crate::uploader::resume_state::ResumeState;

use super::verify::Verification;
use super::{State, Step};

const PACKET: PacketKind = PacketKind::CloseSession;

/// Waits for Close-Session's Ack. It is sent only when the session's own Acks cover the file: some servers publish
/// whatever they have when they see a Close.
#[derive(Debug, Clone)]
pub(crate) struct CloseSession {
    session: ResumeState,
    /// Whether an earlier Close may have been carried out although its response said nothing of the kind.
    repeated: bool,
    doubt: SessionDoubt,
}

impl CloseSession {
    /// The Close of a session whose every byte is acknowledged; repeated if an earlier process sent one.
    pub(super) fn of(session: ResumeState) -> Self {
        // Whatever refuses a Close that may have been carried out is read with the same patience as a suspect session.
        let (repeated, doubt) = (session.close_sent, SessionDoubt::suspect());
        Self { session: ResumeState { close_sent: true, ..session }, repeated, doubt }
    }

    pub(super) fn session(&self) -> &ResumeState {
        &self.session
    }

    pub(super) fn is_repeated(&self) -> bool {
        self.repeated
    }

    pub(super) fn ping_acknowledged(&mut self) {
        self.doubt.ping_acknowledged = true;
    }

    pub(super) fn on_response(self, context: &mut Context, response: &Response<()>) -> Step {
        let ack = ack::end_of_session(response, &self.session.session);
        match FailedAttempt::or_ack(PACKET, ack, response, counts_as_lost)? {
            Ok(()) => Ok(Verification::of_success(context)),
            Err(attempt) => self.on_failure(context, attempt),
        }
    }

    pub(super) fn on_loss(self, context: &mut Context, error: TransportError) -> Step {
        let attempt = FailedAttempt::lost(PACKET, error);
        if attempt.class() == FailureClass::Final { Err(attempt.cause) } else { self.on_failure(context, attempt) }
    }

    fn on_failure(mut self, context: &mut Context, attempt: FailedAttempt) -> Step {
        match attempt.class() {
            FailureClass::SessionGone if !self.repeated => context.restart(attempt, None),
            // Of a Close whose response was lost, a server that carried it out and forgot it says so.
            FailureClass::SessionGone => {
                Ok(Verification::instead_of(context, UploadError::unconfirmed(attempt.cause, true), None))
            }
            // A server that was set back after its last Ack calls the file incomplete. Once: it may mean something else.
            _ if attempt.is_bad_request_from_bits() && !self.repeated => self.called_incomplete(context, attempt),
            _ if attempt.is_from_bits() && self.repeated && attempt.class() != FailureClass::Outage => {
                Ok(self.unconfirmed(context, attempt))
            }
            FailureClass::Final | FailureClass::TooLarge => {
                Ok(Verification::instead_of(context, attempt.cause, Some(self.session)))
            }
            // Also of silence: the next Close tells.
            _ if matches!(&attempt.cause, UploadError::Lost { .. }) => self.again(context, attempt),
            FailureClass::Outage => self.again(context, attempt),
            // A page, a plain 500, a 400 or 404 without BITS's fields: out of order, or a Close that was carried out.
            FailureClass::Doubtful | FailureClass::Page => {
                if self.doubt.counts_lost(&attempt) {
                    return Ok(self.unconfirmed(context, attempt));
                }
                self.repeated = true;
                context.retry_in_session(attempt, self.doubt, State::CloseSession(self))
            }
        }
    }

    fn unconfirmed(self, context: &mut Context, attempt: FailedAttempt) -> State {
        Verification::instead_of(context, UploadError::unconfirmed(attempt.cause, false), Some(self.session))
    }

    fn called_incomplete(self, context: &mut Context, attempt: FailedAttempt) -> Step {
        if std::mem::replace(&mut context.was_called_incomplete, true) {
            // Of two sessions: a Close of the first may have been carried out (R6).
            return Ok(self.unconfirmed(context, attempt));
        }
        if !context.plan.may_start_over {
            return Ok(Verification::instead_of(context, attempt.cause, Some(self.session)));
        }
        context.restart(attempt, Some(self.session.session))
    }

    fn again(mut self, context: &mut Context, attempt: FailedAttempt) -> Step {
        // A Close that never went out cannot have been carried out.
        self.repeated |= match &attempt.cause {
            UploadError::Lost { error, .. } => error.request_was_sent,
            _ => true,
        };
        context.target.note_failure(context.now);
        context.retry(attempt, State::CloseSession(self))
    }
}
