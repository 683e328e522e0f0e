//! Cancel-Session: tidies up on the server before an upload ends for good, or before another session is opened.

use http::Response;

use crate::exchange::TransportError;
use crate::protocol::{Packet, PacketKind, PacketResponse, SessionId, ack};
use crate::uploader::UploadEvent;

use crate::uploader::recovery::Reading;
use crate::uploader::{Context, Refusal, ResumeState, State, UploadError};

const PACKET: PacketKind = PacketKind::CancelSession;

/// Waits for Cancel-Session's Ack. Whatever comes back, the upload goes on or ends: the server forgets sessions by itself.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct CancelSession {
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
    pub(in crate::uploader) fn because(session: SessionId, cause: UploadError) -> Self {
        Self { session, then: Then::End(cause) }
    }

    pub(in crate::uploader) fn alone(session: SessionId) -> Self {
        Self { session, then: Then::Tell }
    }

    pub(in crate::uploader) fn then(session: SessionId, then: State) -> Self {
        Self { session, then: Then::GoOn(Box::new(then)) }
    }

    /// The session that comes after it.
    pub(in crate::uploader) fn then_session(&self) -> Option<ResumeState> {
        match &self.then {
            Then::GoOn(state) => state.session(),
            Then::End(_) | Then::Tell => None,
        }
    }

    /// Whether the upload ends after it.
    pub(in crate::uploader) fn is_last(&self) -> bool {
        matches!(self.then, Then::End(_))
    }

    /// How an upload ends that is stopped here.
    pub(in crate::uploader) fn interrupted(self) -> UploadError {
        match self.then {
            Then::End(cause) => cause,
            Then::GoOn(_) | Then::Tell => UploadError::Interrupted,
        }
    }

    pub(in crate::uploader) fn packet(&self) -> Packet {
        Packet::CancelSession { session: self.session.clone() }
    }

    pub(in crate::uploader) fn answered(
        self,
        context: &mut Context,
        response: &Response<()>,
    ) -> Result<State, UploadError> {
        let failure = match ack::end_of_session(response, &self.session) {
            Ok(PacketResponse::Ack(())) => None,
            Ok(PacketResponse::Refused(error)) => match Refusal::classify(&error, PACKET) {
                // It was gone already.
                Refusal::SessionNotFound => None,
                refusal => Some(UploadError::Refused { packet: PACKET, refusal, error }),
            },
            Err(error) => Some(UploadError::BadAnswer { packet: PACKET, error }),
        };
        self.done(context, failure)
    }

    pub(in crate::uploader) fn lost(self, context: &mut Context, error: TransportError) -> Result<State, UploadError> {
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
