//! A session's slot, and which request has it.

use std::sync::{Arc, Mutex};

use super::quota::{Quota, Reservation};
use crate::protocol::SessionId;
use crate::server::lock::lock;
use crate::server::session::SessionState;
use crate::server::store::SessionIdentity;

/// Ends a request that a newer one supersedes.
pub(crate) type Interrupt = Box<dyn Fn() + Send + Sync>;

/// A session, and the newest request for it. A client that tries again may do so before the server notices that the
/// connection of its first request is dead, so the newest request wins.
pub(crate) struct SessionSlot {
    pub(super) identity: SessionIdentity,
    pub(super) session: Mutex<SessionState>,
    /// The bytes that it counts for among all unfinished files.
    pub(super) reservation: Reservation,
    newest: Mutex<Newest>,
}

#[derive(Default)]
struct Newest {
    generation: u64,
    interrupt: Option<Interrupt>,
}

impl SessionSlot {
    pub(super) fn new(identity: SessionIdentity, session: SessionState, quota: &Arc<Quota>) -> Arc<Self> {
        let reservation = Reservation::of(quota, session.written);
        Arc::new(Self { identity, session: Mutex::new(session), reservation, newest: Mutex::default() })
    }

    pub(super) fn session_id(&self) -> SessionId {
        let text = self.identity.id.braced().to_string().to_uppercase();
        text.parse().expect("a GUID in braces is printable ASCII")
    }

    /// Ends the request before this one. Returns the generation of this one.
    pub(super) fn supersede(&self, interrupt: Option<Interrupt>) -> u64 {
        let mut newest = lock(&self.newest);
        newest.generation += 1;
        if let Some(end) = std::mem::replace(&mut newest.interrupt, interrupt) {
            end();
        }
        newest.generation
    }

    /// Whether no newer request superseded the one of this generation.
    pub(super) fn is_newest(&self, generation: u64) -> bool {
        lock(&self.newest).generation == generation
    }
}
