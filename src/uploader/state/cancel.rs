//! Cancel-Session: tidies up on the server before an upload ends for good, or before another session is opened.

use http::Response;

use crate::exchange::TransportError;
use crate::protocol::{PacketKind, PacketResponse, SessionId, ack};
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::FailureClass;
use crate::uploader::refusal::Refusal;
use crate::uploader::resume_state::ResumeState;

use super::{State, Step};

const PACKET: PacketKind = PacketKind::CancelSession;

/// Waits for Cancel-Session's Ack. Whatever comes back, the upload goes on or ends: the server forgets sessions by itself.
#[derive(Debug, Clone)]
pub(crate) struct CancelSession {
    session: SessionId,
    then: Then,
}

#[derive(Debug, Clone)]
enum Then {
    End(UploadError),
    GoOn(Box<State>),
    /// Nothing follows it: its response is the end.
    Tell,
}

impl CancelSession {
    pub(crate) fn because(session: SessionId, cause: UploadError) -> Self {
        Self { session, then: Then::End(cause) }
    }

    pub(crate) fn alone(session: SessionId) -> Self {
        Self { session, then: Then::Tell }
    }

    pub(crate) fn then(session: SessionId, then: State) -> Self {
        Self { session, then: Then::GoOn(Box::new(then)) }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    /// The session that comes after it.
    pub(super) fn then_session(&self) -> Option<ResumeState> {
        match &self.then {
            Then::GoOn(state) => state.session(),
            Then::End(_) | Then::Tell => None,
        }
    }

    /// Whether the upload ends after it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self.then, Then::End(_))
    }

    /// How an upload ends that is stopped here.
    pub(super) fn interrupted(self) -> UploadError {
        match self.then {
            Then::End(cause) => cause,
            Then::GoOn(_) | Then::Tell => UploadError::Interrupted,
        }
    }

    pub(super) fn on_response(self, context: &mut Context, response: &Response<()>) -> Step {
        let failure = match ack::end_of_session(response, &self.session) {
            Ok(PacketResponse::Ack(())) => None,
            Ok(PacketResponse::Refused(error)) => match Refusal::classify(&error, PACKET) {
                // It was gone already.
                Refusal::SessionNotFound => None,
                refusal => Some(UploadError::Refused { packet: PACKET, refusal, error }),
            },
            Err(error) => Some(UploadError::BadResponse { packet: PACKET, error }),
        };
        self.done(context, failure)
    }

    pub(super) fn on_loss(self, context: &mut Context, error: TransportError) -> Step {
        self.done(context, Some(UploadError::Lost { packet: PACKET, error }))
    }

    /// Mostly it was a courtesy, and nothing depends on it.
    fn done(self, context: &mut Context, failure: Option<UploadError>) -> Step {
        let refusal = failure.as_ref().map(UploadError::of_a_try);
        context.tell(UploadEvent::SessionCancelled { refusal });
        match (self.then, failure) {
            (Then::End(cause), _) => Err(cause),
            (Then::GoOn(state), failure) => {
                // A server that does not let us will not later either; one that did not hear of it is told again (R5).
                let is_heard = failure.is_none_or(|failure| {
                    matches!(&failure, UploadError::Refused { refusal, error, .. } if refusal.class(error) == FailureClass::Final)
                });
                context.left = (!is_heard).then_some(self.session);
                Ok(*state)
            }
            (Then::Tell, None) => Ok(State::Finished),
            (Then::Tell, Some(failure)) => Err(failure),
        }
    }
}
