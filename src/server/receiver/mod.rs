//! Carries packets out: asks the session what to do, does it on the disk, and puts the response together.

mod download;
mod expiry;
mod fragment;
mod quota;
mod reply;
mod sessions;
mod slot;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use super::path::TargetPath;
use super::request::Request;
use super::response::{Ack, RequestError, Response};
use super::session::{SessionPhase, SessionState, choose_protocol};
use super::store::SessionIdentity;
use crate::durable::{Kind, Replace};
use crate::protocol::{Packet, ProtocolId};
use crate::sync::lock;

pub(crate) use fragment::IncomingFragment;
pub(crate) use sessions::{Caller, Receiver};
pub(crate) use slot::{Next, PendingReply};
use slot::{SessionSlot, next, response_of};

impl Receiver {
    /// Carries out any packet but a Fragment, whose body has to come first.
    pub(crate) fn handle(&self, caller: &Caller, request: &Request) -> Next {
        let target = &request.target;
        // Close-Session and Cancel-Session supersede a fragment whose body still comes in.
        let slot = |id| {
            self.slot(caller, id, target).inspect(|slot| {
                slot.supersede(None);
            })
        };
        Next::Respond(match &request.packet {
            Packet::Ping => Ok(Ack::Pong).into(),
            Packet::CreateSession { protocols, .. } => self.create(caller, protocols, target),
            Packet::CloseSession { session, .. } => match slot(session) {
                Ok(slot) => return next(&slot, true, self.close(&slot)),
                Err(error) => error.into(),
            },
            Packet::CancelSession { session } => match slot(session) {
                Ok(slot) => response_of(&slot, self.cancel(&slot)),
                Err(error) => error.into(),
            },
            Packet::Fragment { .. } => RequestError::Invalid("a fragment without a body").into(),
        })
    }

    /// Begins a session, if its file could be published.
    fn create(&self, caller: &Caller, offered: &[ProtocolId], target: &TargetPath) -> Response {
        let created = choose_protocol(offered).and_then(|protocol| {
            self.check_target(target)?;
            let identity = SessionIdentity {
                id: Uuid::new_v4(),
                target: target.clone(),
                client: caller.ip,
                user: caller.user.clone(),
            };
            let slot = SessionSlot::new(identity, SessionState::new(SystemTime::now()), &self.quota);
            self.admit(&slot)?;
            if let Err(error) = self.store.create(&slot.identity) {
                lock(&self.slots).remove(&slot.identity.id);
                // The next start removes the rest.
                let _ = self.store.remove(&slot.identity);
                return Err(error.into());
            }
            let (host, fallback) = (self.options.host_id.clone(), self.options.host_id_fallback_timeout);
            Ok((Ack::Created { protocol, host, fallback }, slot.session_id()))
        });
        match created {
            Ok((ack, id)) => Response::of(id, Ok(ack)),
            Err(error) => error.into(),
        }
    }

    /// Whether a file could be published there now.
    fn check_target(&self, target: &TargetPath) -> Result<(), RequestError> {
        let folder = self.folder_of(target)?;
        match folder.kind(target.name())? {
            Some(Kind::Folder) => return Err(RequestError::Invalid("the target is a folder")),
            Some(Kind::Other) => return Err(RequestError::Denied("the target is no regular file")),
            Some(Kind::File) if !self.options.allow_overwrite => return Err(RequestError::Exists),
            Some(Kind::File) | None => {}
        }
        if self.store.can_publish_into(&folder)? { Ok(()) } else { Err(RequestError::OtherDevice) }
    }

    /// Lists a new session, if its client may have one more.
    fn admit(&self, slot: &Arc<SessionSlot>) -> Result<(), RequestError> {
        let mut slots = lock(&self.slots);
        let same_client = slots.values().filter(|other| other.identity.client == slot.identity.client);
        // A session that is busy is open.
        let is_open = |other: &&Arc<SessionSlot>| {
            other.session.try_lock().map_or(true, |session| session.phase == SessionPhase::Open)
        };
        if same_client.filter(is_open).count() >= self.options.limits.max_sessions {
            return Err(RequestError::TooManySessions);
        }
        slots.insert(slot.identity.id, Arc::clone(slot));
        Ok(())
    }

    /// Publishes a complete file. `None` if the application has to see it first.
    pub(super) fn close(&self, slot: &SessionSlot) -> Result<Option<Ack>, RequestError> {
        let mut session = self.alive(slot)?;
        self.settle(slot, &mut session)?;
        let ack = session.close(self.asks())?;
        if let Some(Ack::Closed(Some(size))) = ack {
            let folder = self.folder_of(&slot.identity.target)?;
            let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
            self.store.publish(&slot.identity, &folder, size, replace)?;
            session.phase = SessionPhase::Closed;
            session.touched = SystemTime::now();
            slot.reservation.shrink_to(0);
        }
        Ok(ack)
    }

    fn cancel(&self, slot: &SessionSlot) -> Result<Ack, RequestError> {
        let mut session = self.alive(slot)?;
        session.cancel()?;
        self.store.remove(&slot.identity)?;
        session.phase = SessionPhase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        Ok(Ack::Cancelled)
    }
}
