//! How sessions end: closed, cancelled, expired, or only interrupted.

use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use super::application::{Outcome, Question};
use super::slot::{SessionSlot, lock};
use super::{Receiver, reply_of};
use crate::durable::Replace;
use crate::server::answer::{Ack, Refusal};
use crate::server::session::{Closing, Phase, Session};

/// Most tombstones kept; the oldest go first.
const MAX_TOMBSTONES: usize = 10_000;

impl Receiver {
    pub(super) fn close(&self, seat: &Arc<SessionSlot>) -> Outcome {
        match self.try_close(seat) {
            Ok(Some(ack)) => Outcome::Answer(reply_of(seat, Ok(ack))),
            Ok(None) => Outcome::Ask(Question { seat: Arc::clone(seat), closing: true }),
            Err(refusal) => Outcome::Answer(reply_of(seat, Err(refusal))),
        }
    }

    /// `None` if the application has to see the file first.
    fn try_close(&self, seat: &SessionSlot) -> Result<Option<Ack>, Refusal> {
        let mut session = self.alive(seat)?;
        self.settle(seat, &mut session)?;
        let size = match session.close(self.asks())? {
            Closing::Publish(size) => size,
            Closing::Repeated => return Ok(Some(Ack::Closed(None))),
            Closing::Ask => return Ok(None),
        };
        let folder = self.folder_of(&seat.identity.target)?;
        let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
        self.store.publish(&seat.identity, &folder, size, replace)?;
        session.phase = Phase::Closed;
        session.touched = SystemTime::now();
        seat.share.shrink_to(0);
        Ok(Some(Ack::Closed(Some(size))))
    }

    pub(super) fn cancel(&self, seat: &SessionSlot) -> Result<Ack, Refusal> {
        let mut session = self.alive(seat)?;
        session.cancel()?;
        self.store.remove(&seat.identity)?;
        session.phase = Phase::Gone;
        lock(&self.seats).remove(&seat.identity.id);
        Ok(Ack::Cancelled)
    }

    /// The session, unless its time is over.
    pub(super) fn alive<'a>(&self, seat: &'a SessionSlot) -> Result<MutexGuard<'a, Session>, Refusal> {
        let session = lock(&seat.session);
        let expired = session.is_expired(SystemTime::now(), self.options.session_timeout);
        if expired { Err(Refusal::UnknownSession) } else { Ok(session) }
    }

    /// Makes durable what an interrupted request left behind.
    pub(super) fn settle(&self, seat: &SessionSlot, session: &mut Session) -> Result<(), Refusal> {
        if session.phase != Phase::Open || session.written == session.durable {
            return Ok(());
        }
        let part = self.store.open_part(&seat.identity, session.written)?;
        let settled = self.store.settle(&seat.identity, &part, session);
        seat.share.shrink_to(session.written);
        Ok(settled?)
    }

    /// Makes durable what every interrupted request left behind: the server stops.
    pub(crate) fn settle_all(&self) {
        let seats: Vec<Arc<SessionSlot>> = lock(&self.seats).values().cloned().collect();
        for seat in seats {
            // What cannot be settled is sent again: nobody was told that it is stored.
            let _ = seat.session.try_lock().map(|mut session| self.settle(&seat, &mut session));
        }
    }

    /// Removes what has expired, and tombstones beyond a sane number.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let seats: Vec<Arc<SessionSlot>> = lock(&self.seats).values().cloned().collect();
        let mut tombstones = Vec::new();
        for seat in seats {
            // A session that is busy has not expired.
            let Ok(mut session) = seat.session.try_lock() else { continue };
            if session.is_expired(now, self.options.session_timeout) {
                session.phase = Phase::Gone;
                drop(session);
                self.forget(&seat);
            } else if session.phase == Phase::Closed {
                tombstones.push((session.touched, Arc::clone(&seat)));
            }
        }
        tombstones.sort_by_key(|(touched, _)| *touched);
        let surplus = tombstones.len().saturating_sub(MAX_TOMBSTONES);
        tombstones[..surplus].iter().for_each(|(_, seat)| self.forget(seat));
    }

    fn forget(&self, seat: &SessionSlot) {
        seat.take_turn(None);
        lock(&seat.session).phase = Phase::Gone;
        lock(&self.seats).remove(&seat.identity.id);
        // Nobody waits for an answer; what is left is found at the next start and expires again.
        let _ = self.store.remove(&seat.identity);
    }
}
