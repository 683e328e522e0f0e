//! Complete files that the operator's application has to see ([MC-BUP] 1.3.3).

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use uuid::Uuid;

use super::slot::{SessionSlot, lock};
use super::{Receiver, reply_of};
use crate::protocol::SessionId;
use crate::server::answer::{Ack, Refusal, Reply};
use crate::server::reply::ReplyFailure;
use crate::server::session::{Acknowledged, Phase, Session, Verdict};

/// The size of a reply in bytes, or why there is none.
pub(crate) type ReplyResult = Result<u64, ReplyFailure>;

/// What comes of a packet.
pub(crate) enum Outcome {
    /// This answer.
    Answer(Reply),
    /// The application has to see the file first; [`Receiver::after`] answers then.
    Ask(Question),
}

/// A complete file that the application has not seen yet, and the packet that waits for it.
#[derive(Clone)]
pub(crate) struct Question {
    pub(super) seat: Arc<SessionSlot>,
    pub(super) closing: bool,
}

impl Question {
    /// The session's number.
    pub(crate) fn id(&self) -> Uuid {
        self.seat.identity.id
    }

    /// Whether the application still has to be asked about this file.
    pub(crate) fn is_open(&self) -> bool {
        let session = lock(&self.seat.session);
        session.phase == Phase::Open && session.verdict == Verdict::Pending
    }

    /// The session's name.
    pub(crate) fn session(&self) -> SessionId {
        self.seat.session_id()
    }
}

impl Receiver {
    /// What a client is told that has sent everything up to the session's offset.
    pub(super) fn acknowledge(&self, seat: &Arc<SessionSlot>, session: &Session) -> Outcome {
        let result = match session.acknowledge(self.asks()) {
            Ok(Acknowledged::Offset(next)) => Ok(Ack::Received(next)),
            Ok(Acknowledged::WithReply(next)) => Ok(Ack::Replied(next)),
            Ok(Acknowledged::Ask) => return Outcome::Ask(Question { seat: Arc::clone(seat), closing: false }),
            Err(refusal) => Err(refusal),
        };
        Outcome::Answer(reply_of(seat, result))
    }

    /// Whether an application is to be asked.
    pub(super) fn asks(&self) -> bool {
        self.options.reply_command.is_some()
    }

    /// The path of the received bytes, and a new file for the reply.
    pub(crate) fn begin_reply(&self, question: &Question) -> io::Result<(PathBuf, File)> {
        let identity = &question.seat.identity;
        Ok((self.store.part_path(identity)?, self.store.create_reply(identity)?))
    }

    /// Writes bytes of a reply. Blocks on the disk.
    pub(crate) fn write_reply(&self, reply: &File, bytes: &[u8]) -> io::Result<()> {
        self.store.write(reply, bytes)
    }

    /// Keeps what the application said, so that it is never asked again about this file. What cannot be kept was not said.
    pub(crate) fn end_reply(&self, question: &Question, result: ReplyResult) -> ReplyResult {
        let identity = &question.seat.identity;
        let mut session = lock(&question.seat.session);
        if session.phase != Phase::Open {
            // Cancelled or expired in the meantime: nobody will fetch it.
            let _ = self.store.remove_reply(identity);
            return result;
        }
        let kept = result.and_then(|size| {
            self.store.keep_reply(identity)?;
            Ok(size)
        });
        match &kept {
            Ok(_) => session.verdict = Verdict::Accepted,
            Err(ReplyFailure::Application(_)) => {
                session.verdict = Verdict::Rejected;
                // If this cannot be noted, a restarted server asks again.
                let _ = self.store.keep_rejection(identity);
            }
            Err(ReplyFailure::Storage(_)) => {
                let _ = self.store.remove_reply(identity);
            }
        }
        kept
    }

    /// The answer once the application has seen the file, or could not be shown it.
    pub(crate) fn after(&self, question: &Question, failure: Option<Refusal>) -> Reply {
        let outcome = if question.closing {
            self.close(&question.seat)
        } else {
            match self.alive(&question.seat) {
                Ok(session) => self.acknowledge(&question.seat, &session),
                Err(refusal) => Outcome::Answer(reply_of(&question.seat, Err(refusal))),
            }
        };
        match outcome {
            Outcome::Answer(reply) => reply,
            Outcome::Ask(_) => reply_of(&question.seat, Err(failure.unwrap_or(Refusal::Superseded))),
        }
    }
}
