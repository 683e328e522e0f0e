//! Ping: is a BITS server there, and may we talk to it?

use http::{Response, StatusCode};

use crate::event::UploadEvent;
use crate::protocol::{Answer, PacketKind, Session, SessionId, ack};

use super::create::CreateSession;
use super::fragment::Fragment;
use super::{Context, Refusal, State, UploadError};

/// Waits for a Ping's Ack.
#[derive(Debug)]
pub(super) struct Ping {
    /// A session that continues at another host, which is what the Ping goes to (MC-BUP 3.1.5.1.7).
    continues: Option<Session>,
}

impl Ping {
    /// The first packet of an upload: opens the connection and settles authentication on an empty body.
    pub(super) fn before_create() -> Self {
        Self { continues: None }
    }

    /// Greets the host that a session's Ack named.
    pub(super) fn at_new_host(session: Session) -> Self {
        Self { continues: Some(session) }
    }

    pub(super) fn session(&self) -> Option<&SessionId> {
        self.continues.as_ref().map(|session| &session.id)
    }

    pub(super) fn answered(self, context: &mut Context, answer: &Response<()>) -> Result<State, UploadError> {
        if context.target.redirects(answer, PacketKind::Ping)? {
            return Ok(State::Ping(self));
        }
        let doubt = match ack::ping(answer) {
            Ok(Answer::Ack(())) => None,
            Ok(Answer::Refused(error)) => match error.status {
                StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::FORBIDDEN => {
                    let refusal = Refusal::classify(&error, PacketKind::Ping);
                    return Err(UploadError::Refused { packet: PacketKind::Ping, refusal, error });
                }
                _ => Some(error.to_string()),
            },
            Err(error) => Some(error.to_string()),
        };
        // Some servers do not know Ping at all; Create-Session decides.
        if let Some(reason) = doubt {
            context.tell(UploadEvent::PingIgnored { reason });
        }
        Ok(match self.continues {
            Some(session) => Fragment::begin(context, session),
            None => State::CreateSession(CreateSession),
        })
    }
}
