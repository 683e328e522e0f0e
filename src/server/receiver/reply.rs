//! Complete files that the operator's application has to see ([MC-BUP] 1.3.3).

use std::fs::File;
use std::io;
use std::path::PathBuf;

use uuid::Uuid;

use super::sessions::Receiver;
use super::slot::{PendingReply, response_of};
use crate::protocol::SessionId;
use crate::server::reply::ReplyFailure;
use crate::server::response::{RequestError, Response};
use crate::server::session::{ApplicationVerdict, SessionPhase};
use crate::sync::lock;

impl PendingReply {
    pub(crate) fn id(&self) -> Uuid {
        self.slot.identity.id
    }

    /// Whether the application still has to be asked about this file.
    pub(crate) fn is_open(&self) -> bool {
        let session = lock(&self.slot.session);
        session.phase == SessionPhase::Open && session.verdict == ApplicationVerdict::Pending
    }

    pub(crate) fn session(&self) -> SessionId {
        self.slot.session_id()
    }
}

impl Receiver {
    /// The path of the received bytes, and a new file for the reply.
    pub(crate) fn begin_reply(&self, pending: &PendingReply) -> io::Result<(PathBuf, File)> {
        self.store.begin_reply(&pending.slot.identity)
    }

    /// Writes bytes of a reply. Blocks on the disk.
    pub(crate) fn write_reply(&self, reply: &File, bytes: &[u8]) -> io::Result<()> {
        self.store.write(reply, bytes)
    }

    /// Keeps what the application said, so that it is never asked again about this file. A verdict that cannot be kept
    /// does not count.
    pub(crate) fn end_reply(
        &self,
        pending: &PendingReply,
        result: Result<u64, ReplyFailure>,
    ) -> Result<u64, ReplyFailure> {
        let identity = &pending.slot.identity;
        let mut session = lock(&pending.slot.session);
        if session.phase != SessionPhase::Open {
            // Cancelled or expired in the meantime: no client will fetch it.
            let _ = self.store.remove_reply(identity);
            return result;
        }
        let kept = result.and_then(|size| {
            self.store.keep_reply(identity)?;
            Ok(size)
        });
        match &kept {
            Ok(_) => session.verdict = ApplicationVerdict::Accepted,
            Err(ReplyFailure::Application(_)) => {
                session.verdict = ApplicationVerdict::Rejected;
                // If this cannot be noted, a restarted server asks again.
                let _ = self.store.keep_rejection(identity);
            }
            Err(ReplyFailure::Storage(_) | ReplyFailure::NotRun(_)) => {
                let _ = self.store.remove_reply(identity);
            }
        }
        kept
    }

    /// The response once the application has seen the file, or could not be shown it.
    pub(crate) fn respond_after(&self, pending: &PendingReply, failure: Option<RequestError>) -> Response {
        let result = if pending.closing {
            self.close(&pending.slot)
        } else {
            self.alive(&pending.slot).and_then(|session| session.acknowledge(self.asks()))
        };
        let unseen = failure.unwrap_or(RequestError::Superseded);
        response_of(&pending.slot, result.and_then(|ack| ack.ok_or(unseen)))
    }
}
