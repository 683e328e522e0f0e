//! Ping: is a BITS server there, and may we talk to it?

use http::{Response, StatusCode};

use crate::exchange::TransportError;
use crate::protocol::{PacketKind, PacketResponse, ack};
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::FailedAttempt;
use crate::uploader::refusal::Refusal;

use super::create::CreateSession;
use super::{State, Step};

const PACKET: PacketKind = PacketKind::Ping;

/// Waits for a Ping's Ack.
#[derive(Debug, Clone)]
pub(crate) struct Ping {
    /// The state that follows; `None`: Create-Session.
    then: Option<Box<State>>,
}

impl Ping {
    /// The first packet of an upload: opens the connection and settles authentication on an empty body.
    pub(crate) fn before_create() -> Self {
        Self { then: None }
    }

    /// Greets a server, or another host, before a session goes on there (MC-BUP 3.1.5.1.7).
    pub(crate) fn before(then: State) -> Self {
        Self { then: Some(Box::new(then)) }
    }

    /// A fragment that another host refused is no sign that this one takes none of that size.
    pub(crate) fn at_another_host(mut self) -> Self {
        if let Some(State::Fragment(fragment)) = self.then.as_deref_mut() {
            fragment.forget_failed();
        }
        self
    }

    pub(crate) fn then(&self) -> Option<&State> {
        self.then.as_deref()
    }

    pub(super) fn on_response(self, context: &mut Context, response: &Response<()>) -> Step {
        let redirected = match context.target.follow_redirect(response, PACKET) {
            Ok(true) => return Ok(State::Ping(self)),
            Ok(false) => None,
            // Within a session it is a portal's.
            Err(error) if context.had_session => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        let doubt = match ack::ping(response) {
            _ if redirected.is_some() => redirected,
            Ok(PacketResponse::Ack(())) => None,
            Ok(PacketResponse::Refused(error)) => match error.status {
                // A session's own packets tell whether a page is in the way for good.
                StatusCode::FORBIDDEN if context.had_session => Some(error.to_string()),
                StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::FORBIDDEN => {
                    let refusal = Refusal::classify(&error, PACKET);
                    return Err(UploadError::Refused { packet: PACKET, refusal, error });
                }
                _ => Some(error.to_string()),
            },
            Err(error) => Some(error.to_string()),
        };
        let mut then = self.then.map_or(State::CreateSession(CreateSession::new()), |then| *then);
        match doubt {
            None => then.ping_acknowledged(),
            // Some servers do not know Ping at all; the next packet decides.
            Some(reason) => context.tell(UploadEvent::PingIgnored { reason }),
        }
        Ok(then)
    }

    pub(super) fn on_loss(mut self, context: &mut Context, error: TransportError) -> Step {
        if let Some(then) = &mut self.then {
            then.connection_lost();
        }
        if context.is_final_loss(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.target.note_failure(context.now);
        context.retry(FailedAttempt::lost(PACKET, error), State::Ping(self))
    }
}
