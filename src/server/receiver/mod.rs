//! Carries packets out: asks the session what to do, does it on the disk, and puts the response together.

mod application;
mod ending;
mod fragment;
mod quota;
mod reading;
mod slot;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use uuid::Uuid;

use super::disk::{Disk, Durable, Volatile};
use super::folder::{Folder, Kind};
use super::lock::lock;
use super::path::TargetPath;
use super::request::Request;
use super::response::{Ack, Created, RequestError, Response};
use super::session::{Phase, Session, choose_protocol};
use super::store::{Identity, Store};
use super::{Options, ServeError};
use crate::protocol::{Packet, ProtocolId, SessionId};

pub(crate) use application::PendingReply;
pub(crate) use fragment::Fragment;
use quota::Quota;
use slot::SessionSlot;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// From where.
    pub(crate) ip: IpAddr,
    /// As whom, if users are asked for.
    pub(crate) user: Option<String>,
}

/// How a request goes on.
pub(crate) enum Next {
    /// With this response.
    Respond(Response),
    /// The application has to see the file first; [`Receiver::respond_after`] has the response then.
    AskApplication(PendingReply),
}

/// The receiver: all sessions, and the disk they live on.
pub(crate) struct Receiver {
    options: Options,
    store: Store,
    quota: Arc<Quota>,
    slots: Mutex<HashMap<Uuid, Arc<SessionSlot>>>,
}

impl Receiver {
    /// Opens the disk and goes on with the sessions found there. Also returns the names of state files that made no sense.
    pub(crate) fn open(options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let disk: Box<dyn Disk> = if options.durable { Box::new(Durable) } else { Box::new(Volatile) };
        Self::on(disk, options)
    }

    fn on(disk: Box<dyn Disk>, options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let root = |error: io::Error| match error.kind() {
            io::ErrorKind::ResourceBusy => ServeError::InUse(options.root.clone()),
            _ => ServeError::Root(options.root.clone(), error),
        };
        let store = Store::open(&options.root, disk).map_err(root)?;
        let found = store.load()?;
        let quota = Quota::new(options.limits.max_temp);
        let slot =
            |(identity, session): (Identity, Session)| (identity.id, SessionSlot::new(identity, session, &quota));
        let slots = Mutex::new(found.sessions.into_iter().map(slot).collect());
        Ok((Self { options, store, quota, slots }, found.discarded))
    }

    /// Carries out any packet but a Fragment, whose body has to come first.
    pub(crate) fn handle(&self, caller: &Caller, request: &Request) -> Next {
        let target = &request.target;
        Next::Respond(match &request.packet {
            Packet::Ping => Ok(Ack::Pong).into(),
            Packet::CreateSession { protocols, .. } => self.create(caller, protocols, target),
            Packet::CloseSession { session, .. } => match self.supersede(caller, session, target) {
                Ok(slot) => return next(&slot, true, self.close(&slot)),
                Err(error) => error.into(),
            },
            Packet::CancelSession { session } => match self.supersede(caller, session, target) {
                Ok(slot) => response_of(&slot, self.cancel(&slot)),
                Err(error) => error.into(),
            },
            Packet::Fragment { .. } => RequestError::Invalid("a fragment without a body").into(),
        })
    }

    fn create(&self, caller: &Caller, offered: &[ProtocolId], target: &TargetPath) -> Response {
        let created = choose_protocol(offered).and_then(|protocol| {
            self.check_target(target)?;
            let identity =
                Identity { id: Uuid::new_v4(), target: target.clone(), client: caller.ip, user: caller.user.clone() };
            let slot = SessionSlot::new(identity, Session::new(SystemTime::now()), &self.quota);
            self.admit(&slot)?;
            if let Err(error) = self.store.create(&slot.identity) {
                lock(&self.slots).remove(&slot.identity.id);
                // What is left of it is rubbish that the next start removes.
                let _ = self.store.remove(&slot.identity);
                return Err(error.into());
            }
            let (host, fallback) = (self.options.host_id.clone(), self.options.host_id_fallback_timeout);
            Ok((Created { protocol, host, fallback }, slot.session_id()))
        });
        match created {
            Ok((created, id)) => Response::of(id, Ok(Ack::Created(created))),
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

    fn folder_of(&self, target: &TargetPath) -> Result<Folder, RequestError> {
        self.store.folder_of(target).map_err(|error| match error.kind() {
            // A link on the way is no folder either.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => RequestError::NoFolder,
            _ => error.into(),
        })
    }

    /// Lists a new session, if its client may have one more.
    fn admit(&self, slot: &Arc<SessionSlot>) -> Result<(), RequestError> {
        let mut slots = lock(&self.slots);
        let same_client = slots.values().filter(|other| other.identity.client == slot.identity.client);
        // A session that is busy is open.
        let is_open =
            |other: &&Arc<SessionSlot>| other.session.try_lock().map_or(true, |session| session.phase == Phase::Open);
        if same_client.filter(is_open).count() >= self.options.limits.max_sessions {
            return Err(RequestError::TooManySessions);
        }
        slots.insert(slot.identity.id, Arc::clone(slot));
        Ok(())
    }

    /// The slot of a session for this file.
    fn slot(&self, caller: &Caller, id: &SessionId, target: &TargetPath) -> Result<Arc<SessionSlot>, RequestError> {
        let slot = self.find(caller, id).filter(|slot| slot.identity.target == *target);
        slot.ok_or(RequestError::UnknownSession)
    }

    /// The slot of the caller's session. One of another user is as unknown as one that never was.
    fn find(&self, caller: &Caller, id: &SessionId) -> Option<Arc<SessionSlot>> {
        let id = Uuid::parse_str(id.as_str()).ok()?;
        lock(&self.slots).get(&id).filter(|slot| slot.identity.user == caller.user).cloned()
    }

    /// The slot of a session for this file, of which no older request is left.
    fn supersede(
        &self,
        caller: &Caller,
        id: &SessionId,
        target: &TargetPath,
    ) -> Result<Arc<SessionSlot>, RequestError> {
        let slot = self.slot(caller, id, target)?;
        slot.supersede(None);
        Ok(slot)
    }
}

/// The response about a session, or the file to show to the application first if there is no Ack yet.
fn next(slot: &Arc<SessionSlot>, closing: bool, result: Result<Option<Ack>, RequestError>) -> Next {
    match result {
        Ok(None) => Next::AskApplication(PendingReply { slot: Arc::clone(slot), closing }),
        Ok(Some(ack)) => Next::Respond(response_of(slot, Ok(ack))),
        Err(error) => Next::Respond(response_of(slot, Err(error))),
    }
}

fn response_of(slot: &SessionSlot, result: Result<Ack, RequestError>) -> Response {
    match result {
        // A session that is no more has no name to repeat.
        Err(RequestError::UnknownSession) => RequestError::UnknownSession.into(),
        result => Response::of(slot.session_id(), result),
    }
}
