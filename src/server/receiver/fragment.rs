//! Fragments: planned before their bodies, stored as these come in.

use std::fs::File;
use std::sync::{Arc, MutexGuard};
use std::time::SystemTime;

use super::sessions::{Caller, Receiver};
use super::slot::{Interrupt, Next, SessionSlot, next, response_of};
use crate::protocol::{ContentRange, SessionId};
use crate::server::path::TargetPath;
use crate::server::response::{Ack, RequestError, Response};
use crate::server::session::{SessionPhase, SessionState};
use crate::sync::lock;

impl Receiver {
    /// Begins a fragment: everything that can be refused without its body is refused here.
    pub(crate) fn begin_fragment(
        self: &Arc<Self>,
        caller: &Caller,
        id: &SessionId,
        target: &TargetPath,
        range: ContentRange,
        interrupt: Interrupt,
    ) -> Result<IncomingFragment, Response> {
        let slot = self.slot(caller, id, target)?;
        let generation = slot.supersede(Some(interrupt));
        self.plan(&slot, range).map_err(|error| response_of(&slot, Err(error))).map(|(part, skip)| IncomingFragment {
            receiver: Arc::clone(self),
            slot,
            generation,
            part,
            skip,
        })
    }

    fn plan(&self, slot: &SessionSlot, range: ContentRange) -> Result<(File, u64), RequestError> {
        let mut session = self.alive(slot)?;
        let mut plan = session.fragment(range, &self.options.limits);
        if matches!(plan, Err(RequestError::OutOfStep(_))) {
            // The response names an offset, so it must be a durable one.
            self.settle(slot, &mut session)?;
            plan = session.fragment(range, &self.options.limits);
        }
        let plan = plan?;
        // Before room is looked for: a session whose bytes are gone needs none.
        let part = self.open_part(slot, &mut session, plan.at)?;
        if plan.new > 0 {
            self.reserve(slot, plan.total, plan.total - plan.at)?;
        }
        session.total = Some(plan.total);
        Ok((part, plan.skip))
    }

    /// Takes room for the whole file, of which `missing` bytes are to come.
    fn reserve(&self, slot: &SessionSlot, total: u64, missing: u64) -> Result<(), RequestError> {
        if self.quota.is_below(total) {
            return Err(RequestError::TooLarge);
        }
        self.take_room(slot, total, missing).or_else(|_| {
            // A session that is past its time, or was left alone, gives its room to another.
            self.make_room(SystemTime::now());
            self.take_room(slot, total, missing)
        })
    }

    fn take_room(&self, slot: &SessionSlot, total: u64, missing: u64) -> Result<(), RequestError> {
        // Room that others reserved is not free for a session without room; sessions with room do not block each other.
        let is_new = total > slot.reservation.size();
        let of_others = self.quota.outstanding().saturating_sub(slot.reservation.outstanding());
        let wanted = if is_new { missing.saturating_add(of_others) } else { missing };
        if self.store.free_space().is_some_and(|free| free < wanted) {
            return Err(RequestError::DiskFull);
        }
        slot.reservation.take(total)
    }
}

/// A fragment whose body is coming in.
pub(crate) struct IncomingFragment {
    receiver: Arc<Receiver>,
    slot: Arc<SessionSlot>,
    generation: u64,
    part: File,
    skip: u64,
}

impl IncomingFragment {
    /// Stores the next bytes of the body. Blocks on the disk.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), RequestError> {
        let known = self.skip.min(bytes.len() as u64);
        self.skip -= known;
        let new = usize::try_from(known).map_or(&[][..], |known| &bytes[known..]);
        if new.is_empty() {
            return Ok(());
        }
        let mut session = self.session()?;
        self.receiver.store.write(&self.part, new)?;
        session.written += new.len() as u64;
        self.slot.reservation.use_up(session.written);
        session.touched = SystemTime::now();
        Ok(())
    }

    /// Ends a fragment whose body was `received`: makes it durable and acknowledges it. Of one that did not come whole,
    /// the bytes that came are kept, for a later packet to make durable. Blocks on the disk.
    pub(crate) fn finish(self, received: Result<(), RequestError>) -> Next {
        next(&self.slot, false, received.and_then(|()| self.acknowledge()))
    }

    fn acknowledge(&self) -> Result<Option<Ack>, RequestError> {
        let mut session = self.session()?;
        if session.written > session.durable {
            let settled = self.receiver.store.settle(&self.slot.identity, &self.part, &mut session);
            self.slot.reservation.use_up(session.written);
            settled?;
        }
        session.acknowledge(self.receiver.asks())
    }

    fn session(&self) -> Result<MutexGuard<'_, SessionState>, RequestError> {
        let session = lock(&self.slot.session);
        if !self.slot.is_newest(self.generation) {
            Err(RequestError::Superseded)
        } else if session.phase == SessionPhase::Open {
            Ok(session)
        } else {
            Err(RequestError::UnknownSession)
        }
    }
}
