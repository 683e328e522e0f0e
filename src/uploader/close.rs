//! Close-Session: commits the file.

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{Answer, Packet, PacketKind, SessionId, ack};

use super::{Context, Refusal, State, UploadError};

/// Waits for Close-Session's Ack. Reached only when the session's own Acks cover the file: some servers publish
/// whatever they have when they see a Close.
#[derive(Debug)]
pub(super) struct CloseSession {
    session: SessionId,
}

impl CloseSession {
    pub(super) fn of(session: SessionId) -> Self {
        Self { session }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn packet(&self, context: &Context) -> Packet {
        Packet::CloseSession { session: self.session.clone(), name: context.plan.name.clone() }
    }

    pub(super) fn answered(self, context: &mut Context, answer: &Response<()>) -> Result<State, UploadError> {
        let packet = PacketKind::CloseSession;
        match ack::end_of_session(answer, &self.session) {
            Ok(Answer::Ack(())) => {
                context.tell(UploadEvent::Completed { size: context.plan.size });
                Ok(State::Finished)
            }
            Ok(Answer::Refused(error)) => {
                Err(UploadError::Refused { packet, refusal: Refusal::classify(&error, packet), error })
            }
            Err(error) => Err(UploadError::BadAnswer { packet, error }),
        }
    }
}
