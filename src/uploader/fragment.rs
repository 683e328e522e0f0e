//! Fragment: sends the file piece by piece, from wherever the server says.

use std::time::Instant;

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{AckError, Answer, ContentRange, FragmentAck, Packet, PacketKind, Session, SessionId, ack};

use super::close::CloseSession;
use super::{Context, Refusal, State, UploadError};

/// Waits for the Ack of a fragment that begins at the offset the server wants.
#[derive(Debug)]
pub(super) struct Fragment {
    session: Session,
    /// Where the next fragment begins: what the server said last.
    offset: u64,
    /// Behind the highest byte sent in this session: no server can have more.
    sent: u64,
    /// Whether the server ever told an offset. If it does, a 200 without one is no acknowledgement.
    tells_offset: bool,
}

impl Fragment {
    /// The first fragment of a session, or its Close if the file is empty: `Content-Range` cannot express no bytes.
    pub(super) fn begin(context: &Context, session: Session) -> State {
        Self { session, offset: 0, sent: 0, tells_offset: false }.or_close(context)
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session.id
    }

    pub(super) fn packet(&self, context: &Context) -> Packet {
        let session = self.session.id.clone();
        Packet::Fragment { session, name: context.plan.name.clone(), range: self.range(context) }
    }

    fn range(&self, context: &Context) -> ContentRange {
        let size = context.plan.size;
        let len = context.sizing.current().min(size - self.offset);
        ContentRange::new(self.offset, len, size).expect("a fragment begins before the end of the file")
    }

    pub(super) fn answered(
        self,
        context: &mut Context,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let packet = PacketKind::Fragment;
        match ack::fragment(answer, &self.session.id) {
            Ok(Answer::Ack(ack)) => self.acknowledged(context, &ack, now),
            Ok(Answer::Refused(error)) => {
                Err(UploadError::Refused { packet, refusal: Refusal::classify(&error, packet), error })
            }
            Err(error) => Err(UploadError::BadAnswer { packet, error }),
        }
    }

    /// The server's offset decides, forwards or backwards, on 200 and 416 alike; but it cannot have what was not sent.
    fn acknowledged(mut self, context: &mut Context, ack: &FragmentAck, now: Instant) -> Result<State, UploadError> {
        let range = self.range(context);
        self.sent = self.sent.max(range.end());
        self.tells_offset |= ack.next_offset.is_some();
        let offset = match ack.next_offset {
            Some(offset) if offset > self.sent => {
                let error = AckError::OffsetNotSent { claimed: offset, sent: self.sent };
                return Err(UploadError::BadAnswer { packet: PacketKind::Fragment, error });
            }
            Some(offset) => offset,
            // One known server never tells: its 200 is all there is.
            None if ack.in_step && !self.tells_offset => range.end(),
            // Nothing was learnt: the same bytes again, within the budget.
            None => range.first(),
        };
        context.budget.acknowledged(offset, range.len(), offset > range.first(), now)?;
        report(context, offset, range);
        self.offset = offset;
        Ok(self.or_close(context))
    }

    fn or_close(self, context: &Context) -> State {
        if self.offset == context.plan.size {
            State::CloseSession(CloseSession::of(self.session.id))
        } else {
            State::Fragment(self)
        }
    }
}

fn report(context: &mut Context, offset: u64, range: ContentRange) {
    if offset == range.end() {
        if let Some((from, to)) = context.sizing.taken(range.len()) {
            context.tell(UploadEvent::Resized { from, to });
        }
    } else {
        context.tell(UploadEvent::Resynced { from: range.end(), to: offset });
    }
    context.tell(UploadEvent::Acknowledged { offset, total: context.plan.size });
}
