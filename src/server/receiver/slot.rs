//! A session's place, and whose turn it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::quota::{Quota, Reservation};
use crate::protocol::SessionId;
use crate::server::session::Session;
use crate::server::store::Identity;

/// Ends a request that a newer one took over from.
pub(crate) type Interrupt = Box<dyn Fn() + Send + Sync>;

/// A session's place: whoever asks last has the turn.
pub(crate) struct SessionSlot {
    pub(super) identity: Identity,
    pub(super) session: Mutex<Session>,
    /// What it counts for among all unfinished files.
    pub(super) share: Reservation,
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    number: u64,
    interrupt: Option<Interrupt>,
}

/// Nothing is left half-changed under these locks, so a panic elsewhere does not spoil them.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SessionSlot {
    pub(super) fn new(identity: Identity, session: Session, quota: &Arc<Quota>) -> Arc<Self> {
        let share = Reservation::of(quota, session.written);
        Arc::new(Self { identity, session: Mutex::new(session), share, turn: Mutex::default() })
    }

    pub(super) fn session_id(&self) -> SessionId {
        let text = self.identity.id.braced().to_string().to_uppercase();
        text.parse().expect("a GUID in braces is printable ASCII")
    }

    /// Takes the turn and ends the request that had it.
    pub(super) fn take_turn(&self, interrupt: Option<Interrupt>) -> u64 {
        let mut turn = lock(&self.turn);
        turn.number += 1;
        if let Some(end) = std::mem::replace(&mut turn.interrupt, interrupt) {
            end();
        }
        turn.number
    }

    pub(super) fn has_turn(&self, number: u64) -> bool {
        lock(&self.turn).number == number
    }
}
