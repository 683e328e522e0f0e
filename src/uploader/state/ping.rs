//! Ping: is a BITS server there, and may we talk to it?

use std::time::Instant;

use http::{Response, StatusCode};

use crate::exchange::TransportError;
use crate::protocol::{PacketKind, PacketResponse, ack};
use crate::uploader::UploadEvent;

use super::create::CreateSession;
use crate::uploader::recovery::FailedAttempt;
use crate::uploader::{Context, Refusal, State, UploadError};

const PACKET: PacketKind = PacketKind::Ping;

/// Waits for a Ping's Ack.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct Ping {
    /// What goes on afterwards; `None`: Create-Session.
    then: Option<Box<State>>,
}

impl Ping {
    /// The first packet of an upload: opens the connection and settles authentication on an empty body.
    pub(in crate::uploader) fn before_create() -> Self {
        Self { then: None }
    }

    /// Greets a server, or another host, before a session goes on there (MC-BUP 3.1.5.1.7).
    pub(in crate::uploader) fn before(then: State) -> Self {
        Self { then: Some(Box::new(then)) }
    }

    /// The session that goes on afterwards may hold bytes of another file, behind the `known` ones.
    pub(in crate::uploader) fn distrust(&mut self, context: &Context, known: u64) {
        if let Some(State::Fragment(fragment)) = self.then.as_deref_mut() {
            fragment.distrust(context, known);
        }
    }

    pub(in crate::uploader) fn then(&self) -> Option<&State> {
        self.then.as_deref()
    }

    pub(in crate::uploader) fn answered(
        self,
        context: &mut Context,
        response: &Response<()>,
    ) -> Result<State, UploadError> {
        let redirected = match context.target.redirects(response, PACKET) {
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
        let mut then = self.then.map_or(State::CreateSession(CreateSession::after_ping()), |then| *then);
        match doubt {
            None => then.ping_acknowledged(),
            // Some servers do not know Ping at all; the next packet decides.
            Some(reason) => context.tell(UploadEvent::PingIgnored { reason }),
        }
        Ok(then)
    }

    pub(in crate::uploader) fn lost(
        mut self,
        context: &mut Context,
        error: TransportError,
        now: Instant,
    ) -> Result<State, UploadError> {
        if let Some(then) = &mut self.then {
            then.connection_lost();
        }
        if context.is_final_loss(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.target.failed(now);
        context.retry(FailedAttempt::lost(PACKET, error), State::Ping(self), now)
    }
}
