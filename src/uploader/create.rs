//! Create-Session: asks for a session in one of our protocols.

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{Answer, Packet, PacketKind, ack};

use super::fragment::Fragment;
use super::ping::Ping;
use super::{Context, Refusal, State, UploadError};

/// Waits for Create-Session's Ack.
#[derive(Debug)]
pub(super) struct CreateSession;

impl CreateSession {
    pub(super) fn packet(context: &Context) -> Packet {
        Packet::CreateSession { protocols: context.plan.protocols.clone(), name: context.plan.name.clone() }
    }

    pub(super) fn answered(self, context: &mut Context, answer: &Response<()>) -> Result<State, UploadError> {
        let packet = PacketKind::CreateSession;
        if context.target.redirects(answer, packet)? {
            return Ok(State::CreateSession(self));
        }
        match ack::create_session(answer, &context.plan.protocols) {
            Ok(Answer::Ack(session)) => {
                context.tell(UploadEvent::SessionCreated(session.clone()));
                let Some(host) = &session.host else { return Ok(Fragment::begin(context, session)) };
                context.target.move_to(host);
                context.tell(UploadEvent::HostChanged(host.clone()));
                Ok(State::Ping(Ping::at_new_host(session)))
            }
            Ok(Answer::Refused(error)) => {
                Err(UploadError::Refused { packet, refusal: Refusal::classify(&error, packet), error })
            }
            Err(error) => Err(UploadError::BadAnswer { packet, error }),
        }
    }
}
