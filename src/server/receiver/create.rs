//! New sessions.

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use super::sessions::{Caller, Receiver};
use super::slot::SessionSlot;
use crate::protocol::ProtocolId;
use crate::server::folder::Kind;
use crate::server::lock::lock;
use crate::server::path::TargetPath;
use crate::server::response::{Ack, RequestError, Response};
use crate::server::session::{SessionPhase, SessionState, choose_protocol};
use crate::server::store::SessionIdentity;

impl Receiver {
    /// Begins a session, if its file could be published.
    pub(super) fn create(&self, caller: &Caller, offered: &[ProtocolId], target: &TargetPath) -> Response {
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
}
