//! Carries packets out: asks the session what to do, does it on the disk, and puts the response together.

mod download;
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
        self.carry_out(caller, request).unwrap_or_else(|error| Next::Respond(error.into()))
    }

    fn carry_out(&self, caller: &Caller, request: &Request) -> Result<Next, RequestError> {
        let target = &request.target;
        // Close-Session and Cancel-Session supersede a fragment whose body still comes in.
        let slot = |id| {
            self.slot(caller, id, target).inspect(|slot| {
                slot.supersede(None);
            })
        };
        Ok(match &request.packet {
            Packet::Ping => Next::Respond(Ok(Ack::Pong).into()),
            Packet::CreateSession { protocols, .. } => Next::Respond(self.create(caller, protocols, target)?),
            Packet::CloseSession { session, .. } => {
                let slot = slot(session)?;
                next(&slot, true, self.close(&slot))
            }
            Packet::CancelSession { session } => {
                let slot = slot(session)?;
                Next::Respond(response_of(&slot, self.cancel(&slot)))
            }
            Packet::Fragment { .. } => return Err(RequestError::Invalid("a fragment without a body")),
        })
    }

    /// Begins a session, if its file could be published.
    fn create(&self, caller: &Caller, offered: &[ProtocolId], target: &TargetPath) -> Result<Response, RequestError> {
        let protocol = choose_protocol(offered)?;
        self.check_target(target)?;
        let (id, target, user) = (Uuid::new_v4(), target.clone(), caller.user.clone());
        let identity = SessionIdentity { id, target, client: caller.ip, user };
        let slot = SessionSlot::new(identity, SessionState::new(SystemTime::now()), &self.quota);
        self.admit(&slot)?;
        if let Err(error) = self.store.create(&slot.identity) {
            lock(&self.slots).remove(&id);
            // The next start removes the rest.
            let _ = self.store.remove(&slot.identity);
            return Err(error.into());
        }
        let (host, fallback) = (self.options.host_id.clone(), self.options.host_id_fallback_timeout);
        Ok(response_of(&slot, Ok(Ack::Created { protocol, host, fallback })))
    }

    /// Whether a file could be published there now.
    fn check_target(&self, target: &TargetPath) -> Result<(), RequestError> {
        let folder = self.folder_of(target)?;
        match folder.kind(target.name())? {
            Some(Kind::Folder) => return Err(RequestError::Invalid("the target is a folder")),
            Some(Kind::Other) => return Err(RequestError::Denied("the target is not a regular file")),
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
            slot.reservation.release();
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
