//! Create-Session: asks for a session in one of our protocols.

use std::time::Instant;

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{Answer, Packet, PacketKind, Session, TransportError, ack};

use super::fragment::Fragment;
use super::ping::Ping;
use super::recovery::is_final_at_first;
use super::{Context, Fault, Refusal, State, UploadError};

const PACKET: PacketKind = PacketKind::CreateSession;

/// Waits for Create-Session's Ack.
#[derive(Debug, Clone)]
pub(super) struct CreateSession {
    /// No Ping went before it, because its connection had one.
    presumes_greeted: bool,
}

impl CreateSession {
    pub(super) fn after_ping() -> Self {
        Self { presumes_greeted: false }
    }

    pub(super) fn on_greeted_connection() -> Self {
        Self { presumes_greeted: true }
    }

    pub(super) fn presumes_greeted(&self) -> bool {
        self.presumes_greeted
    }

    pub(super) fn packet(context: &Context) -> Packet {
        Packet::CreateSession { protocols: context.plan.protocols.clone(), name: context.plan.name.clone() }
    }

    pub(super) fn answered(
        self,
        context: &mut Context,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        if context.target.redirects(answer, PACKET)? {
            // Where it leads, nobody was greeted.
            return Ok(if self.presumes_greeted {
                State::Ping(Ping::before_create())
            } else {
                State::CreateSession(self)
            });
        }
        match ack::create_session(answer, &context.plan.protocols) {
            Ok(Answer::Ack(session)) => Ok(open(context, session)),
            Ok(Answer::Refused(error)) => {
                let refusal = Refusal::classify(&error, PACKET);
                if refusal.may_pass() {
                    let fault = Fault::refused(PACKET, refusal, error, answer);
                    return context.retry(fault, State::CreateSession(self), now);
                }
                Err(UploadError::Refused { packet: PACKET, refusal, error })
            }
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    /// The server may have opened a session all the same; it will forget it.
    pub(super) fn lost(self, context: &mut Context, error: TransportError, now: Instant) -> Result<State, UploadError> {
        if self.presumes_greeted {
            // The server closed it meanwhile, as it may: nothing is wrong yet.
            return Ok(State::Ping(Ping::before_create()));
        }
        if is_final_at_first(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.retry(Fault::lost(PACKET, error), State::CreateSession(self), now)
    }
}

/// Begins with the session, at the host that the server named if it named one.
fn open(context: &mut Context, session: Session) -> State {
    context.tell(UploadEvent::SessionCreated(session.clone()));
    let host = session.host.clone().filter(|_| context.plan.follow_host_id);
    let Some(host) = host else { return Fragment::begin(context, session.id) };
    context.target.move_to(&host, session.host_fallback_timeout);
    context.tell(UploadEvent::HostChanged(host));
    State::Ping(Ping::before(Fragment::begin(context, session.id)))
}
