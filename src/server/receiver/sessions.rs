//! All sessions, the disk they live on, and those that end without a packet: they expire, or the server stops.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::quota::Quota;
use super::slot::SessionSlot;
use crate::durable::{Disk, Folder};
use crate::protocol::SessionId;
use crate::server::error::ServeError;
use crate::server::limits::{MAX_TOMBSTONES, STALE};
use crate::server::options::Options;
use crate::server::path::TargetPath;
use crate::server::response::RequestError;
use crate::server::session::{SessionPhase, SessionState};
use crate::server::store::{SessionIdentity, SessionStore};
use crate::sync::lock;

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
    pub(super) slots: Mutex<BTreeMap<Uuid, Arc<SessionSlot>>>,
    replaced: AtomicBool,
    pub(super) swept: Mutex<Option<SystemTime>>,
}

impl Receiver {
    /// Resumes the sessions found on the disk. Also returns the names of state files that made no sense.
    pub(crate) fn open(disk: Box<dyn Disk>, options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let root = |error: io::Error| match error.kind() {
            io::ErrorKind::ResourceBusy => ServeError::InUse(options.root.clone()),
            _ => ServeError::Root(options.root.clone(), error),
        };
        let store = SessionStore::open(&options.root, options.file_mode, disk).map_err(root)?;
        let found = store.load()?;
        let quota = Quota::new(options.limits.max_temp);
        let slot = |(identity, session): (SessionIdentity, SessionState)| {
            let slot = SessionSlot::new(identity, session, &quota);
            slot.made.store(true, Ordering::Relaxed);
            (slot.identity.id, slot)
        };
        let slots = Mutex::new(found.sessions.into_iter().map(slot).collect());
        Ok((
            Self { options, store, quota, slots, replaced: AtomicBool::new(false), swept: Mutex::default() },
            found.discarded,
        ))
    }

    /// Looks whether the folder is still what its path names. Nothing can be received into one that is not.
    pub(crate) fn is_replaced(&self) -> bool {
        if matches!(self.store.is_in_place(), Ok(false)) {
            self.replaced.store(true, Ordering::Relaxed);
        }
        self.was_replaced()
    }

    /// Whether [`Receiver::is_replaced`] found it so.
    pub(crate) fn was_replaced(&self) -> bool {
        self.replaced.load(Ordering::Relaxed)
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

    /// Opens a session's bytes. One whose files were removed ends.
    pub(super) fn open_part(
        &self,
        slot: &SessionSlot,
        session: &mut SessionState,
        at: u64,
    ) -> Result<File, RequestError> {
        self.store.open_part(&slot.identity, at).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound && self.store.has_lost_bytes(&slot.identity) {
                return Self::give_up(slot, session);
            }
            error.into()
        })
    }

    /// The session is no more: its bytes are gone. Its client starts over.
    pub(super) fn give_up(slot: &SessionSlot, session: &mut SessionState) -> RequestError {
        session.phase = SessionPhase::Gone;
        slot.reservation.release();
        RequestError::UnknownSession
    }

    /// Sessions that were left alone for long hold room only for what they have: who comes back reserves the rest again.
    fn shed_stale(&self, now: SystemTime) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        for slot in slots {
            if let Ok(session) = slot.session.try_lock()
                && now.duration_since(session.touched).is_ok_and(|age| age > STALE)
            {
                slot.reservation.release_unused();
            }
        }
    }

    /// Makes durable what an interrupted request left behind.
    pub(super) fn settle(&self, slot: &SessionSlot, session: &mut SessionState) -> Result<(), RequestError> {
        if session.phase != SessionPhase::Open || session.written == session.durable {
            return Ok(());
        }
        let part = self.open_part(slot, session, session.written)?;
        let settled = self.store.settle(&slot.identity, &part, session);
        slot.reservation.use_up(session.written);
        Ok(settled?)
    }

    /// Makes durable what every interrupted request left behind: the server stops.
    pub(crate) fn settle_all(&self) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        for slot in slots {
            // On failure the client sends these bytes again: it was not told that they are stored.
            let _ = slot.session.try_lock().map(|mut session| self.settle(&slot, &mut session));
        }
    }

    /// Makes room, before a client is refused for want of it; at most once a second, as it looks at every session.
    pub(super) fn make_room(&self, now: SystemTime) {
        let before = lock(&self.swept).replace(now);
        if before.and_then(|before| now.duration_since(before).ok()).is_none_or(|age| age >= Duration::from_secs(1)) {
            self.sweep(now, || true);
            self.shed_stale(now);
        }
    }

    /// Removes what has expired, and tombstones beyond a sane number, while it is to go on: what is left, the next time
    /// finds.
    pub(crate) fn sweep(&self, now: SystemTime, goes_on: impl Fn() -> bool) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        let mut tombstones = Vec::new();
        for slot in slots {
            if !goes_on() {
                return;
            }
            // A session that is busy has not expired.
            let Ok(mut session) = slot.session.try_lock() else { continue };
            // One that is being made has no files yet.
            let is_made = slot.made.load(Ordering::Relaxed);
            let is_removed = session.phase == SessionPhase::Gone || is_made && self.store.is_removed(&slot.identity);
            if is_removed || session.is_expired(now, self.options.limits.session_timeout) {
                session.phase = SessionPhase::Gone;
                drop(session);
                self.forget(&slot);
            } else if session.phase == SessionPhase::Closed {
                tombstones.push((session.touched, Arc::clone(&slot)));
            }
        }
        tombstones.sort_by_key(|(touched, _)| *touched);
        let surplus = tombstones.len().saturating_sub(MAX_TOMBSTONES);
        tombstones[..surplus].iter().for_each(|(_, slot)| self.forget(slot));
    }

    pub(super) fn forget(&self, slot: &SessionSlot) {
        slot.supersede(None);
        lock(&slot.session).phase = SessionPhase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        // No client waits for a response; what is left is found at the next start and expires again.
        let _ = self.store.remove(&slot.identity);
    }
}
