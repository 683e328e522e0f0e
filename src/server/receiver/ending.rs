//! How sessions end: closed, cancelled, expired, or only interrupted.

use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use super::Receiver;
use super::slot::SessionSlot;
use crate::server::folder::Replace;
use crate::server::limits::MAX_TOMBSTONES;
use crate::server::lock::lock;
use crate::server::response::{Ack, RequestError};
use crate::server::session::{Closing, Phase, Session};

impl Receiver {
    /// Publishes a complete file. `None` if the application has to see it first.
    pub(super) fn close(&self, slot: &SessionSlot) -> Result<Option<Ack>, RequestError> {
        let mut session = self.alive(slot)?;
        self.settle(slot, &mut session)?;
        let size = match session.close(self.asks())? {
            Closing::Publish(size) => size,
            Closing::Repeated => return Ok(Some(Ack::Closed(None))),
            Closing::Ask => return Ok(None),
        };
        let folder = self.folder_of(&slot.identity.target)?;
        let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
        self.store.publish(&slot.identity, &folder, size, replace)?;
        session.phase = Phase::Closed;
        session.touched = SystemTime::now();
        slot.reservation.shrink_to(0);
        Ok(Some(Ack::Closed(Some(size))))
    }

    pub(super) fn cancel(&self, slot: &SessionSlot) -> Result<Ack, RequestError> {
        let mut session = self.alive(slot)?;
        session.cancel()?;
        self.store.remove(&slot.identity)?;
        session.phase = Phase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        Ok(Ack::Cancelled)
    }

    /// The session, unless its time is over.
    pub(super) fn alive<'a>(&self, slot: &'a SessionSlot) -> Result<MutexGuard<'a, Session>, RequestError> {
        let session = lock(&slot.session);
        let expired = session.is_expired(SystemTime::now(), self.options.limits.session_timeout);
        if expired { Err(RequestError::UnknownSession) } else { Ok(session) }
    }

    /// Makes durable what an interrupted request left behind.
    pub(super) fn settle(&self, slot: &SessionSlot, session: &mut Session) -> Result<(), RequestError> {
        if session.phase != Phase::Open || session.written == session.durable {
            return Ok(());
        }
        let part = self.store.open_part(&slot.identity, session.written)?;
        let settled = self.store.settle(&slot.identity, &part, session);
        slot.reservation.shrink_to(session.written);
        Ok(settled?)
    }

    /// Makes durable what every interrupted request left behind: the server stops.
    pub(crate) fn settle_all(&self) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        for slot in slots {
            // What cannot be settled is sent again: nobody was told that it is stored.
            let _ = slot.session.try_lock().map(|mut session| self.settle(&slot, &mut session));
        }
    }

    /// Removes what has expired, and tombstones beyond a sane number.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        let mut tombstones = Vec::new();
        for slot in slots {
            // A session that is busy has not expired.
            let Ok(mut session) = slot.session.try_lock() else { continue };
            if session.is_expired(now, self.options.limits.session_timeout) {
                session.phase = Phase::Gone;
                drop(session);
                self.forget(&slot);
            } else if session.phase == Phase::Closed {
                tombstones.push((session.touched, Arc::clone(&slot)));
            }
        }
        tombstones.sort_by_key(|(touched, _)| *touched);
        let surplus = tombstones.len().saturating_sub(MAX_TOMBSTONES);
        tombstones[..surplus].iter().for_each(|(_, slot)| self.forget(slot));
    }

    fn forget(&self, slot: &SessionSlot) {
        slot.supersede(None);
        lock(&slot.session).phase = Phase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        // No client waits for a response; what is left is found at the next start and expires again.
        let _ = self.store.remove(&slot.identity);
    }
}
