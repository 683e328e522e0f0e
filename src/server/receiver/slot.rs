//! A session's slot, which request has it, and the next step of that request.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::quota::{Quota, Reservation};
use crate::protocol::SessionId;
use crate::server::response::{Ack, RequestError, Response};
use crate::server::session::{SessionPhase, SessionState};
use crate::server::store::SessionIdentity;
use crate::sync::lock;

/// Ends a request that a newer one supersedes.
pub(crate) type Interrupt = Box<dyn Fn() + Send + Sync>;

/// A session, and the newest request for it. A client that tries again may do so before the server notices that the
/// connection of its first request is dead, so the newest request wins.
pub(crate) struct SessionSlot {
    pub(super) identity: SessionIdentity,
    pub(super) session: Mutex<SessionState>,
    /// The bytes that it counts for among all unfinished files.
    pub(super) reservation: Reservation,
    /// Its files are there.
    pub(super) made: AtomicBool,
    newest: Mutex<Newest>,
}

#[derive(Default)]
struct Newest {
    generation: u64,
    interrupt: Option<Interrupt>,
}

impl SessionSlot {
    pub(super) fn new(identity: SessionIdentity, session: SessionState, quota: &Arc<Quota>) -> Arc<Self> {
        let open = session.phase == SessionPhase::Open;
        let size = session.total.filter(|_| open).unwrap_or(session.written);
        let reservation = Reservation::of(quota, size, session.written);
        Arc::new(Self {
            identity,
            session: Mutex::new(session),
            reservation,
            made: AtomicBool::new(false),
            newest: Mutex::default(),
        })
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

/// The next step of a request.
pub(crate) enum Next {
    Respond(Response),
    /// The application has to see the file first; [`super::Receiver::respond_after`] has the response then.
    AskApplication(PendingReply),
}

/// A complete file that the application has not seen yet, and the packet that waits for it.
#[derive(Clone)]
pub(crate) struct PendingReply {
    pub(super) slot: Arc<SessionSlot>,
    pub(super) closing: bool,
}

/// The response about a session, or the file to show to the application first if there is no Ack yet.
pub(super) fn next(slot: &Arc<SessionSlot>, closing: bool, result: Result<Option<Ack>, RequestError>) -> Next {
    match result.transpose() {
        None => Next::AskApplication(PendingReply { slot: Arc::clone(slot), closing }),
        Some(result) => Next::Respond(response_of(slot, result)),
    }
}

pub(super) fn response_of(slot: &SessionSlot, result: Result<Ack, RequestError>) -> Response {
    match result {
        // A session that is no more has no name to repeat.
        Err(RequestError::UnknownSession) => RequestError::UnknownSession.into(),
        result => Response::of(slot.session_id(), result),
    }
}
