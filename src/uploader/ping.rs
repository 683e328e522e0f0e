//! Ping: is a BITS server there, and may we talk to it?

use std::time::Instant;

use http::{Response, StatusCode};

use crate::event::UploadEvent;
use crate::protocol::{Answer, PacketKind, TransportError, ack};

use super::create::CreateSession;
use super::recovery::{is_always_final, is_final_at_first};
use super::{Context, Fault, Refusal, State, UploadError};

const PACKET: PacketKind = PacketKind::Ping;

/// Waits for a Ping's Ack.
#[derive(Debug, Clone)]
pub(super) struct Ping {
    /// What goes on afterwards; `None`: Create-Session.
    then: Option<Box<State>>,
}

impl Ping {
    /// The first packet of an upload: opens the connection and settles authentication on an empty body.
    pub(super) fn before_create() -> Self {
        Self { then: None }
    }

    /// Greets a server, or another host, before a session goes on there (MC-BUP 3.1.5.1.7).
    pub(super) fn before(then: State) -> Self {
        Self { then: Some(Box::new(then)) }
    }

    pub(super) fn then(&self) -> Option<&State> {
        self.then.as_deref()
    }

    pub(super) fn answered(self, context: &mut Context, answer: &Response<()>) -> Result<State, UploadError> {
        if context.target.redirects(answer, PACKET)? {
            return Ok(State::Ping(self));
        }
        let doubt = match ack::ping(answer) {
            Ok(Answer::Ack(())) => None,
            Ok(Answer::Refused(error)) => match error.status {
                StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::FORBIDDEN => {
                    let refusal = Refusal::classify(&error, PACKET);
                    return Err(UploadError::Refused { packet: PACKET, refusal, error });
                }
                _ => Some(error.to_string()),
            },
            Err(error) => Some(error.to_string()),
        };
        // Some servers do not know Ping at all; the next packet decides.
        if let Some(reason) = doubt {
            context.tell(UploadEvent::PingIgnored { reason });
        }
        Ok(self.then.map_or(State::CreateSession(CreateSession::after_ping()), |then| *then))
    }

    pub(super) fn lost(self, context: &mut Context, error: TransportError, now: Instant) -> Result<State, UploadError> {
        let is_final = if self.then.is_some() { is_always_final(&error) } else { is_final_at_first(&error) };
        if is_final {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.target.failed(now);
        context.retry(Fault::lost(PACKET, error), State::Ping(self), now)
    }
}
