//! Close-Session and Cancel-Session.

use std::time::SystemTime;

use super::sessions::Receiver;
use super::slot::SessionSlot;
use crate::durable::Replace;
use crate::server::response::{Ack, RequestError};
use crate::server::session::SessionPhase;
use crate::sync::lock;

impl Receiver {
    /// Publishes a complete file. `None` if the application has to see it first.
    pub(super) fn close(&self, slot: &SessionSlot) -> Result<Option<Ack>, RequestError> {
        let mut session = self.alive(slot)?;
        self.settle(slot, &mut session)?;
        let ack = session.close(self.asks())?;
        if let Some(Ack::Closed(Some(size))) = ack {
            let folder = self.folder_of(&slot.identity.target)?;
            let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
            self.store.publish(&slot.identity, &folder, size, replace)?;
            session.phase = SessionPhase::Closed;
            session.touched = SystemTime::now();
            slot.reservation.shrink_to(0);
        }
        Ok(ack)
    }

    pub(super) fn cancel(&self, slot: &SessionSlot) -> Result<Ack, RequestError> {
        let mut session = self.alive(slot)?;
        session.cancel()?;
        self.store.remove(&slot.identity)?;
        session.phase = SessionPhase::Gone;
        lock(&self.slots).remove(&slot.identity.id);
        Ok(Ack::Cancelled)
    }
}
