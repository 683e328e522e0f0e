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

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use uuid::Uuid;

use super::limits::{STALE, network};
use super::path::TargetPath;
use super::request::Request;
use super::response::{Ack, RequestError, Response};
use super::session::{SessionPhase, SessionState, choose_protocol};
use super::store::SessionIdentity;
use crate::durable::{Kind, Replace};
use crate::protocol::{Packet, ProtocolId};
use crate::random;
use crate::sync::lock;

pub(crate) use fragment::IncomingFragment;
pub(crate) use sessions::{Caller, Receiver};
pub(crate) use slot::{Next, PendingReply};
use slot::{SessionSlot, next, response_of};

fn random_id() -> Result<Uuid, RequestError> {
    random::uuid().map_err(|error| RequestError::Random(error.to_string()))
}

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
        let (id, target, user) = (random_id()?, target.clone(), caller.user.clone());
        let identity = SessionIdentity { id, target, client: caller.ip, user };
        let now = SystemTime::now();
        let slot = SessionSlot::new(identity, SessionState::new(now), &self.quota);
        // Sessions that an operator has removed do not count, even before the receiver notices.
        let displaced = self.admit(&slot, now).or_else(|_| {
            self.make_room(now);
            self.admit(&slot, now)
        })?;
        if let Some(displaced) = &displaced {
            self.forget(displaced);
        }
        if let Err(error) = self.store.create(&slot.identity) {
            lock(&self.slots).remove(&id);
            // The next start removes the rest.
            let _ = self.store.remove(&slot.identity);
            return Err(error.into());
        }
        slot.made.store(true, Ordering::Relaxed);
        let (host, fallback) = (self.options.host_id.clone(), self.options.host_id_fallback_timeout);
        let displaced = displaced.map(|slot| slot.session_id());
        Ok(Response { displaced, ..response_of(&slot, Ok(Ack::Created { protocol, host, fallback })) })
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

    /// Lists a new session, if its client may have one more. Of one that has too many, the session that was left alone
    /// longest gives way, if that was long enough: it is returned.
    fn admit(&self, slot: &Arc<SessionSlot>, now: SystemTime) -> Result<Option<Arc<SessionSlot>>, RequestError> {
        let mut slots = lock(&self.slots);
        let client = network(slot.identity.client);
        let same_client = slots.values().filter(|other| network(other.identity.client) == client);
        // With when it last made progress; a session that is busy does so now.
        let open: Vec<(SystemTime, &Arc<SessionSlot>)> = same_client
            .filter_map(|other| match other.session.try_lock() {
                Ok(session) => self.is_open(&session, now).then_some((session.touched, other)),
                Err(_) => Some((now, other)),
            })
            .collect();
        let mut stalest = None;
        if open.len() >= self.options.limits.max_sessions {
            let is_stale = |touched| now.duration_since(touched).is_ok_and(|age| age > STALE);
            stalest = open.into_iter().min_by_key(|(touched, _)| *touched).filter(|(touched, _)| is_stale(*touched));
            if stalest.is_none() {
                return Err(RequestError::TooManySessions);
            }
        }
        let displaced = stalest.map(|(_, slot)| Arc::clone(slot));
        slots.insert(slot.identity.id, Arc::clone(slot));
        Ok(displaced)
    }

    /// Whether a session counts: one that is past its time does not, even before it is removed.
    fn is_open(&self, session: &SessionState, now: SystemTime) -> bool {
        session.phase == SessionPhase::Open && !session.is_expired(now, self.options.limits.session_timeout)
    }

    /// Publishes a complete file. `None` if the application has to see it first.
    pub(super) fn close(&self, slot: &SessionSlot) -> Result<Option<Ack>, RequestError> {
        let mut session = self.alive(slot)?;
        self.settle(slot, &mut session)?;
        let ack = session.close(self.asks())?;
        if let Some(Ack::Closed(Some(size))) = ack {
            let folder = self.folder_of(&slot.identity.target)?;
            let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
            if let Err(error) = self.store.publish(&slot.identity, &folder, size, replace) {
                let is_lost = error.kind() == io::ErrorKind::NotFound && self.store.has_lost_bytes(&slot.identity);
                return Err(if is_lost { Self::give_up(slot, &mut session) } else { error.into() });
            }
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
