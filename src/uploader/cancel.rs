//! Cancel-Session: tidies up on the server before an upload ends for good, or before another session is opened.

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{Answer, Packet, PacketKind, SessionId, TransportError, ack};

use super::recovery::Reading;
use super::{Context, Refusal, ResumeState, State, UploadError};

const PACKET: PacketKind = PacketKind::CancelSession;

/// Waits for Cancel-Session's Ack. Whatever comes back, the upload goes on or ends: the server forgets sessions by itself.
#[derive(Debug, Clone)]
pub(super) struct CancelSession {
    session: SessionId,
    then: Then,
}

#[derive(Debug, Clone)]
enum Then {
    End(UploadError),
    GoOn(Box<State>),
    /// It is all that is wanted: what comes back is the end.
    Tell,
}

impl CancelSession {
    pub(super) fn because(session: SessionId, cause: UploadError) -> Self {
        Self { session, then: Then::End(cause) }
    }

    pub(super) fn alone(session: SessionId) -> Self {
        Self { session, then: Then::Tell }
    }

    pub(super) fn then(session: SessionId, then: State) -> Self {
        Self { session, then: Then::GoOn(Box::new(then)) }
    }

    /// The session that comes after it.
    pub(super) fn then_session(&self) -> Option<ResumeState> {
        match &self.then {
            Then::GoOn(state) => state.session(),
            Then::End(_) | Then::Tell => None,
        }
    }

    /// Whether the upload ends after it.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.then, Then::End(_))
    }

    /// How an upload ends that is stopped here.
    pub(super) fn interrupted(self) -> UploadError {
        match self.then {
            Then::End(cause) => cause,
            Then::GoOn(_) | Then::Tell => UploadError::Interrupted,
        }
    }

    pub(super) fn packet(&self) -> Packet {
        Packet::CancelSession { session: self.session.clone() }
    }

    pub(super) fn answered(self, context: &mut Context, response: &Response<()>) -> Result<State, UploadError> {
        let failure = match ack::end_of_session(response, &self.session) {
            Ok(Answer::Ack(())) => None,
            Ok(Answer::Refused(error)) => match Refusal::classify(&error, PACKET) {
                // It was gone already.
                Refusal::SessionNotFound => None,
                refusal => Some(UploadError::Refused { packet: PACKET, refusal, error }),
            },
            Err(error) => Some(UploadError::BadAnswer { packet: PACKET, error }),
        };
        self.done(context, failure)
    }

    pub(super) fn lost(self, context: &mut Context, error: TransportError) -> Result<State, UploadError> {
        self.done(context, Some(UploadError::Lost { packet: PACKET, error }))
    }

    /// Mostly it was a courtesy, and nothing depends on it.
    fn done(self, context: &mut Context, failure: Option<UploadError>) -> Result<State, UploadError> {
        let refusal = failure.as_ref().map(UploadError::of_a_try);
        context.tell(UploadEvent::SessionCancelled { refusal });
        match (self.then, failure) {
            (Then::End(cause), _) => Err(cause),
            (Then::GoOn(state), failure) => {
                let is_heard = failure.is_none_or(|failure| {
                    matches!(&failure, UploadError::Refused { refusal, error, .. } if refusal.reading(error) == Reading::Final)
                });
                context.left = Some(self.session).filter(|_| !is_heard);
                Ok(*state)
            }
            (Then::Tell, None) => Ok(State::Finished),
            (Then::Tell, Some(failure)) => Err(failure),
        }
    }
}
