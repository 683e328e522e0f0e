//! Sessions that end without a packet: they expire, or the server stops.

use std::sync::Arc;
use std::time::SystemTime;

use super::sessions::Receiver;
use super::slot::SessionSlot;
use crate::server::limits::MAX_TOMBSTONES;
use crate::server::lock::lock;
use crate::server::session::SessionPhase;

impl Receiver {
    /// Makes durable what every interrupted request left behind: the server stops.
    pub(crate) fn settle_all(&self) {
        let slots: Vec<Arc<SessionSlot>> = lock(&self.slots).values().cloned().collect();
        for slot in slots {
            // On failure the client sends these bytes again: it was not told that they are stored.
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

    fn forget(&self, slot: &SessionSlot) {
        slot.supersede(None);
        lock(&slot.session).phase = SessionPhase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        // No client waits for a response; what is left is found at the next start and expires again.
        let _ = self.store.remove(&slot.identity);
    }
}
