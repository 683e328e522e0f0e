//! Carries packets out: asks the session what to do, does it on the disk, and puts the answer together.

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

use super::answer::{Ack, Created, Refusal, Reply};
use super::path::TargetPath;
use super::request::Request;
use super::session::{Limits, Phase, Session, choose_protocol};
use super::store::{Identity, Store};
use super::{Options, ServeError};
use crate::durable::{Disk, Durable, Folder, Kind, Volatile};
use crate::protocol::{Packet, ProtocolId, SessionId};

pub(crate) use application::{Outcome, Question, ReplyResult};
pub(crate) use fragment::Fragment;
use quota::Quota;
use slot::{SessionSlot, lock};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// From where.
    pub(crate) ip: IpAddr,
    /// As whom, if users are asked for.
    pub(crate) user: Option<String>,
}

/// The receiver: all sessions, and the disk they live on.
pub(crate) struct Receiver {
    options: Options,
    limits: Limits,
    store: Store,
    quota: Arc<Quota>,
    seats: Mutex<HashMap<Uuid, Arc<SessionSlot>>>,
}

impl Receiver {
    /// Opens the disk and goes on with the sessions found there. Also answers the names of state files that made no sense.
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
        let quota = Quota::new(options.max_temp);
        let seat =
            |(identity, session): (Identity, Session)| (identity.id, SessionSlot::new(identity, session, &quota));
        let seats = Mutex::new(found.sessions.into_iter().map(seat).collect());
        let limits = Limits { file: options.max_size, fragment: options.max_fragment };
        Ok((Self { options, limits, store, quota, seats }, found.discarded))
    }

    /// Carries out any packet but a Fragment, whose body has to come first.
    pub(crate) fn handle(&self, caller: &Caller, request: &Request) -> Outcome {
        let target = &request.target;
        let reply = match &request.packet {
            Packet::Ping => Ok(Ack::Pong).into(),
            Packet::CreateSession { protocols, .. } => self.create(caller, protocols, target),
            Packet::CloseSession { session, .. } => match self.take_seat(caller, session, target) {
                Ok(seat) => return self.close(&seat),
                Err(refusal) => refusal.into(),
            },
            Packet::CancelSession { session } => match self.take_seat(caller, session, target) {
                Ok(seat) => reply_of(&seat, self.cancel(&seat)),
                Err(refusal) => refusal.into(),
            },
            Packet::Fragment { .. } => Refusal::Invalid("a fragment without a body").into(),
        };
        Outcome::Answer(reply)
    }

    fn create(&self, caller: &Caller, offered: &[ProtocolId], target: &TargetPath) -> Reply {
        let created = choose_protocol(offered).and_then(|protocol| {
            self.check_target(target)?;
            let identity =
                Identity { id: Uuid::new_v4(), target: target.clone(), client: caller.ip, user: caller.user.clone() };
            let seat = SessionSlot::new(identity, Session::new(SystemTime::now()), &self.quota);
            self.admit(&seat)?;
            if let Err(error) = self.store.create(&seat.identity) {
                lock(&self.seats).remove(&seat.identity.id);
                // What is left of it is rubbish that the next start removes.
                let _ = self.store.remove(&seat.identity);
                return Err(error.into());
            }
            let (host, fallback) = (self.options.host_id.clone(), self.options.host_id_fallback_timeout);
            Ok((Created { protocol, host, fallback }, seat.session_id()))
        });
        match created {
            Ok((created, id)) => Reply::of(id, Ok(Ack::Created(created))),
            Err(refusal) => refusal.into(),
        }
    }

    /// Whether a file could be published there now.
    fn check_target(&self, target: &TargetPath) -> Result<(), Refusal> {
        let folder = self.folder_of(target)?;
        match folder.kind(target.name())? {
            Some(Kind::Folder) => return Err(Refusal::Invalid("the target is a folder")),
            Some(Kind::Other) => return Err(Refusal::Denied("the target is no regular file")),
            Some(Kind::File) if !self.options.allow_overwrite => return Err(Refusal::Exists),
            Some(Kind::File) | None => {}
        }
        if self.store.can_publish_into(&folder)? { Ok(()) } else { Err(Refusal::OtherDevice) }
    }

    fn folder_of(&self, target: &TargetPath) -> Result<Folder, Refusal> {
        self.store.folder_of(target).map_err(|error| match error.kind() {
            // A link on the way is no folder either.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Refusal::NoFolder,
            _ => error.into(),
        })
    }

    /// Gives a new session its seat, if its client may have one more.
    fn admit(&self, seat: &Arc<SessionSlot>) -> Result<(), Refusal> {
        let mut seats = lock(&self.seats);
        let same_client = seats.values().filter(|other| other.identity.client == seat.identity.client);
        // A session that is busy is open.
        let is_open =
            |other: &&Arc<SessionSlot>| other.session.try_lock().map_or(true, |session| session.phase == Phase::Open);
        if same_client.filter(is_open).count() >= self.options.max_sessions {
            return Err(Refusal::TooManySessions);
        }
        seats.insert(seat.identity.id, Arc::clone(seat));
        Ok(())
    }

    /// The seat of a session. One for another file or of another user is as unknown as one that never was.
    fn seat(&self, caller: &Caller, id: &SessionId, target: &TargetPath) -> Result<Arc<SessionSlot>, Refusal> {
        let id = Uuid::parse_str(id.as_str()).map_err(|_| Refusal::UnknownSession)?;
        let seat = lock(&self.seats).get(&id).cloned().ok_or(Refusal::UnknownSession)?;
        let theirs = seat.identity.target == *target && seat.identity.user == caller.user;
        if theirs { Ok(seat) } else { Err(Refusal::UnknownSession) }
    }

    /// The same, and ends the request that had the turn.
    fn take_seat(&self, caller: &Caller, id: &SessionId, target: &TargetPath) -> Result<Arc<SessionSlot>, Refusal> {
        let seat = self.seat(caller, id, target)?;
        seat.take_turn(None);
        Ok(seat)
    }
}

fn reply_of(seat: &SessionSlot, result: Result<Ack, Refusal>) -> Reply {
    match result {
        // A session that is no more has no name to repeat.
        Err(Refusal::UnknownSession) => Refusal::UnknownSession.into(),
        result => Reply::of(seat.session_id(), result),
    }
}
