//! Close-Session: commits the file.

use std::time::Instant;

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{Answer, BitsError, Packet, PacketKind, SessionId, TransportError, ack};

use super::recovery::{counts_as_lost, is_always_final};
use super::{Context, Fault, Refusal, State, UploadError};

const PACKET: PacketKind = PacketKind::CloseSession;

/// Waits for Close-Session's Ack. Reached only when the session's own Acks cover the file: some servers publish
/// whatever they have when they see a Close.
#[derive(Debug, Clone)]
pub(super) struct CloseSession {
    session: SessionId,
    /// Whether an earlier Close may have been carried out although its answer said nothing of the kind.
    repeated: bool,
}

impl CloseSession {
    pub(super) fn of(session: SessionId) -> Self {
        Self { session, repeated: false }
    }

    /// The Close of a session that an earlier process brought to its end.
    pub(super) fn resumed(session: SessionId, repeated: bool) -> Self {
        Self { session, repeated }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn packet(&self, context: &Context) -> Packet {
        Packet::CloseSession { session: self.session.clone(), name: context.plan.name.clone() }
    }

    pub(super) fn answered(
        self,
        context: &mut Context,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        match ack::end_of_session(answer, &self.session) {
            Ok(Answer::Ack(())) => {
                context.tell(UploadEvent::Completed { size: context.plan.size });
                Ok(State::Finished)
            }
            Ok(Answer::Refused(error)) => self.refused(context, error, answer, now),
            Err(error) if counts_as_lost(&error) => self.again(context, Fault::bad_answer(PACKET, error), now),
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    fn refused(
        self,
        context: &mut Context,
        error: BitsError,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let refusal = Refusal::classify(&error, PACKET);
        if refusal == Refusal::SessionNotFound {
            // After a Close whose answer was lost, that is what a server says that carried it out and forgot it.
            if self.repeated {
                return Err(UploadError::Unconfirmed { error });
            }
            return context.restart(Fault::refused(PACKET, refusal, error, answer), now);
        }
        // A server that was set back after its last Ack calls the file incomplete. Once: it may mean something else.
        if refusal == Refusal::Invalid && context.plan.may_start_over && !context.was_called_incomplete {
            context.was_called_incomplete = true;
            return context.restart(Fault::refused(PACKET, refusal, error, answer), now);
        }
        if refusal.may_pass() {
            return self.again(context, Fault::refused(PACKET, refusal, error, answer), now);
        }
        Err(UploadError::Refused { packet: PACKET, refusal, error })
    }

    pub(super) fn lost(self, context: &mut Context, error: TransportError, now: Instant) -> Result<State, UploadError> {
        if is_always_final(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.target.failed(now);
        self.again(context, Fault::lost(PACKET, error), now)
    }

    fn again(mut self, context: &mut Context, fault: Fault, now: Instant) -> Result<State, UploadError> {
        self.repeated |= match &fault.cause {
            UploadError::Lost { error, .. } => error.request_was_sent,
            _ => true,
        };
        context.retry(fault, State::CloseSession(self), now)
    }
}
