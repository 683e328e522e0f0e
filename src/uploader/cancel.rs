//! Cancel-Session: tidies up on the server before an upload ends for good.

use crate::protocol::{Packet, SessionId};

use super::UploadError;

/// Waits for Cancel-Session's Ack, then ends with the cause. Whatever the answer: the server forgets sessions by itself.
#[derive(Debug, Clone)]
pub(super) struct CancelSession {
    session: SessionId,
    cause: UploadError,
}

impl CancelSession {
    pub(super) fn because(session: SessionId, cause: UploadError) -> Self {
        Self { session, cause }
    }

    pub(super) fn packet(&self) -> Packet {
        Packet::CancelSession { session: self.session.clone() }
    }

    pub(super) fn done(self) -> UploadError {
        self.cause
    }
}
