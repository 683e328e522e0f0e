//! All sessions, and the disk they live on.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use uuid::Uuid;

use super::quota::Quota;
use super::slot::SessionSlot;
use crate::protocol::SessionId;
use crate::server::disk::{Disk, Durable, Volatile};
use crate::server::error::ServeError;
use crate::server::folder::Folder;
use crate::server::lock::lock;
use crate::server::options::Options;
use crate::server::path::TargetPath;
use crate::server::response::RequestError;
use crate::server::session::{SessionPhase, SessionState};
use crate::server::store::{SessionIdentity, SessionStore};

/// The client that sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) ip: IpAddr,
    /// As whom it authenticated, if users are asked for.
    pub(crate) user: Option<String>,
}

pub(crate) struct Receiver {
    pub(super) options: Options,
    pub(super) store: SessionStore,
    pub(super) quota: Arc<Quota>,
    pub(super) slots: Mutex<HashMap<Uuid, Arc<SessionSlot>>>,
}

impl Receiver {
    /// Opens the disk and goes on with the sessions found there. Also returns the names of state files that made no sense.
    pub(crate) fn open(options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let disk: Box<dyn Disk> = if options.durable { Box::new(Durable) } else { Box::new(Volatile) };
        Self::on(disk, options)
    }

    pub(super) fn on(disk: Box<dyn Disk>, options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let root = |error: io::Error| match error.kind() {
            io::ErrorKind::ResourceBusy => ServeError::InUse(options.root.clone()),
            _ => ServeError::Root(options.root.clone(), error),
        };
        let store = SessionStore::open(&options.root, disk).map_err(root)?;
        let found = store.load()?;
        let quota = Quota::new(options.limits.max_temp);
        let slot = |(identity, session): (SessionIdentity, SessionState)| {
            (identity.id, SessionSlot::new(identity, session, &quota))
        };
        let slots = Mutex::new(found.sessions.into_iter().map(slot).collect());
        Ok((Self { options, store, quota, slots }, found.discarded))
    }

    /// Whether an application is to be asked about complete files.
    pub(super) fn asks(&self) -> bool {
        self.options.reply_command.is_some()
    }

    pub(super) fn folder_of(&self, target: &TargetPath) -> Result<Folder, RequestError> {
        self.store.folder_of(target).map_err(|error| match error.kind() {
            // A link on the way is no folder either.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => RequestError::NoFolder,
            _ => error.into(),
        })
    }

    /// The slot of a session for this file.
    pub(super) fn slot(
        &self,
        caller: &Caller,
        id: &SessionId,
        target: &TargetPath,
    ) -> Result<Arc<SessionSlot>, RequestError> {
        let slot = self.find(caller, id).filter(|slot| slot.identity.target == *target);
        slot.ok_or(RequestError::UnknownSession)
    }

    /// The slot of the caller's session. One of another user is as unknown as one that never was.
    pub(super) fn find(&self, caller: &Caller, id: &SessionId) -> Option<Arc<SessionSlot>> {
        let id = Uuid::parse_str(id.as_str()).ok()?;
        lock(&self.slots).get(&id).filter(|slot| slot.identity.user == caller.user).cloned()
    }

    /// The session, unless its time is over.
    pub(super) fn alive<'a>(&self, slot: &'a SessionSlot) -> Result<MutexGuard<'a, SessionState>, RequestError> {
        let session = lock(&slot.session);
        let expired = session.is_expired(SystemTime::now(), self.options.limits.session_timeout);
        if expired { Err(RequestError::UnknownSession) } else { Ok(session) }
    }

    /// Makes durable what an interrupted request left behind.
    pub(super) fn settle(&self, slot: &SessionSlot, session: &mut SessionState) -> Result<(), RequestError> {
        if session.phase != SessionPhase::Open || session.written == session.durable {
            return Ok(());
        }
        let part = self.store.open_part(&slot.identity, session.written)?;
        let settled = self.store.settle(&slot.identity, &part, session);
        slot.reservation.shrink_to(session.written);
        Ok(settled?)
    }
}
