//! Fragment: sends the file piece by piece, from wherever the server says.

use std::time::Instant;

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{
    AckError, Answer, BitsError, ContentRange, FragmentAck, Packet, PacketKind, SessionId, Timing, TransportError,
    TransportErrorKind, ack,
};

use super::budget::Verdict;
use super::close::CloseSession;
use super::recovery::{counts_as_lost, is_always_final};
use super::{Context, Fault, Refusal, State, UploadError, sizing};

const PACKET: PacketKind = PacketKind::Fragment;

/// Waits for the Ack of a fragment that begins at the offset the server wants.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    session: SessionId,
    /// Where the next fragment begins: what the server said last.
    offset: u64,
    /// Behind the highest byte sent in this session: no server can have more.
    sent: u64,
    tells: Tells,
    /// What the server has is not known: a small fragment asks. A large one sent again would corrupt the file on
    /// servers that append whatever comes.
    asks: bool,
    /// Large fragments from this offset that got no answer.
    cuts: u32,
    /// 416 without an offset: once is believed, twice is a lost session.
    silent_416: bool,
}

/// Whether the server tells offsets. If it does, a 200 without one is no acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    /// It never did.
    No,
    /// An earlier process says so, which may have guessed.
    Presumably,
    /// It did.
    Yes,
}

impl Fragment {
    /// The first fragment of a session, or its Close if the file is empty: `Content-Range` cannot express no bytes.
    pub(super) fn begin(context: &Context, session: SessionId) -> State {
        Self::at(session, 0, 0).or_close(context)
    }

    /// Goes on with a session of an earlier process, which cannot know how far the server got.
    pub(super) fn resumed(session: SessionId, offset: u64, sent: u64, tells_offset: bool) -> Self {
        let tells = if tells_offset { Tells::Presumably } else { Tells::No };
        Self { tells, asks: true, ..Self::at(session, offset, sent) }
    }

    fn at(session: SessionId, offset: u64, sent: u64) -> Self {
        Self { session, offset, sent, tells: Tells::No, asks: false, cuts: 0, silent_416: false }
    }

    pub(super) fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Behind the highest byte that has been sent, or is about to be.
    pub(super) fn sent(&self, context: &Context) -> u64 {
        self.sent.max(self.range(context).end())
    }

    pub(super) fn tells_offset(&self) -> bool {
        self.tells != Tells::No
    }

    pub(super) fn packet(&self, context: &Context) -> Packet {
        let session = self.session.clone();
        Packet::Fragment { session, name: context.plan.name.clone(), range: self.range(context) }
    }

    fn range(&self, context: &Context) -> ContentRange {
        let size = context.plan.size;
        let rest = size - self.offset;
        let len = context.sizing.current().min(rest);
        // The last byte may make the server publish: it is never sent only to ask.
        let len = if self.asks { len.min(sizing::MIN).min(rest.saturating_sub(1).max(1)) } else { len };
        ContentRange::new(self.offset, len, size).expect("a fragment begins before the end of the file")
    }

    pub(super) fn answered(
        self,
        context: &mut Context,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        match ack::fragment(answer, &self.session) {
            Ok(Answer::Ack(ack)) => self.acknowledged(context, &ack, answer.extensions().get().copied(), now),
            Ok(Answer::Refused(error)) => self.refused(context, error, answer, now),
            Err(error) if counts_as_lost(&error) => {
                let fault = Fault::bad_answer(PACKET, error);
                self.unanswered(context, fault, now)
            }
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    /// The server's offset decides, forwards or backwards, on 200 and 416 alike; but it cannot have what was not sent.
    fn acknowledged(
        mut self,
        context: &mut Context,
        ack: &FragmentAck,
        timing: Option<Timing>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let range = self.range(context);
        self.sent = self.sent.max(range.end());
        if ack.next_offset.is_some() {
            self.tells = Tells::Yes;
        }
        let offset = match ack.next_offset {
            Some(claimed) if claimed > self.sent => {
                let error = AckError::OffsetNotSent { claimed, sent: self.sent };
                return Err(UploadError::BadAnswer { packet: PACKET, error });
            }
            Some(offset) => offset,
            // A server that never tells cannot be asked: only a new session is sure to be in step.
            None if self.asks && self.tells != Tells::Yes => return stuck(context, now),
            // One known server never tells: its 200 is all there is.
            None if ack.in_step && self.tells == Tells::No => range.end(),
            None if !ack.in_step && self.silent_416 => return stuck(context, now),
            // Nothing was learnt: the same bytes again, within the budget.
            None => range.first(),
        };
        self.silent_416 = ack.next_offset.is_none() && !ack.in_step;
        self.advance(context, offset, range, timing, now)
    }

    fn advance(
        mut self,
        context: &mut Context,
        offset: u64,
        range: ContentRange,
        timing: Option<Timing>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let advanced = offset > range.first();
        let was_asking = std::mem::replace(&mut self.asks, false);
        let highest = context.budget.highest();
        match context.budget.acknowledged(offset, range.len(), advanced, now) {
            Verdict::Stop => return Err(context.no_progress(now)),
            Verdict::Restart => return stuck(context, now),
            Verdict::GoOn => {}
        }
        if advanced {
            self.cuts = 0;
        }
        if offset > highest {
            context.target.progressed();
        }
        report(context, offset, range, was_asking, timing);
        self.offset = offset;
        if advanced || offset < range.first() {
            return Ok(self.or_close(context));
        }
        let fault = Fault { cause: context.no_progress(now), hint: super::retry::Hint::default() };
        context.retry(fault, State::Fragment(self), now)
    }

    fn refused(
        mut self,
        context: &mut Context,
        error: BitsError,
        answer: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let refusal = Refusal::classify(&error, PACKET);
        let range = self.range(context);
        match refusal {
            Refusal::FragmentTooLarge => {
                let Some(change) = context.sizing.too_large(range.len()) else {
                    return Err(UploadError::Refused { packet: PACKET, refusal, error });
                };
                context.resized(Some(change));
                Ok(State::Fragment(self))
            }
            Refusal::SessionNotFound => context.restart(Fault::refused(PACKET, refusal, error, answer), now),
            refusal if refusal.may_pass() => {
                self.sent = self.sent.max(range.end());
                let fault = Fault::refused(PACKET, refusal, error, answer);
                match context.budget.failed(range.len(), true) {
                    Verdict::GoOn => self.ask_later(context, fault, now),
                    Verdict::Restart => context.restart(fault, now),
                    Verdict::Stop => Err(context.no_progress(now)),
                }
            }
            _ => Err(UploadError::Refused { packet: PACKET, refusal, error }),
        }
    }

    pub(super) fn lost(
        mut self,
        context: &mut Context,
        error: TransportError,
        now: Instant,
    ) -> Result<State, UploadError> {
        if is_always_final(&error) {
            return Err(UploadError::Lost { packet: PACKET, error });
        }
        context.target.failed(now);
        if !error.request_was_sent {
            // The server cannot have seen it, so nothing needs to be asked.
            return context.retry(Fault::lost(PACKET, error), State::Fragment(self), now);
        }
        if matches!(error.kind, TransportErrorKind::Cut | TransportErrorKind::TimedOut(_)) && !self.asks {
            self.cut(context);
        }
        self.unanswered(context, Fault::lost(PACKET, error), now)
    }

    /// A loss may be chance; twice at one offset is how some proxies and servers refuse a large body.
    fn cut(&mut self, context: &mut Context) {
        self.cuts += 1;
        let len = self.range(context).len();
        let change = if self.cuts < 2 {
            context.sizing.cut_once(len)
        } else {
            self.cuts = 0;
            context.sizing.cut_twice(len)
        };
        context.resized(change);
    }

    /// The server may have stored all, some or nothing of the fragment.
    fn unanswered(mut self, context: &mut Context, fault: Fault, now: Instant) -> Result<State, UploadError> {
        let range = self.range(context);
        self.sent = self.sent.max(range.end());
        match context.budget.failed(range.len(), false) {
            Verdict::GoOn => self.ask_later(context, fault, now),
            Verdict::Restart => context.restart(fault, now),
            Verdict::Stop => Err(context.no_progress(now)),
        }
    }

    fn ask_later(mut self, context: &mut Context, fault: Fault, now: Instant) -> Result<State, UploadError> {
        // It has acknowledged fragments without ever telling an offset: see above.
        if self.tells == Tells::No && self.offset > 0 {
            return context.restart(fault, now);
        }
        self.asks = true;
        context.retry(fault, State::Fragment(self), now)
    }

    fn or_close(self, context: &Context) -> State {
        if self.offset == context.plan.size {
            State::CloseSession(CloseSession::of(self.session))
        } else {
            State::Fragment(self)
        }
    }
}

/// A server that answers and answers, and stores nothing: perhaps a new session helps.
fn stuck(context: &mut Context, now: Instant) -> Result<State, UploadError> {
    let fault = Fault { cause: context.no_progress(now), hint: super::retry::Hint::default() };
    context.restart(fault, now)
}

fn report(context: &mut Context, offset: u64, range: ContentRange, was_asking: bool, timing: Option<Timing>) {
    if offset != range.end() {
        context.tell(UploadEvent::Resynced { from: range.end(), to: offset });
    } else if !was_asking {
        let change = context.sizing.taken(range.len(), timing);
        context.resized(change);
    }
    context.tell(UploadEvent::Acknowledged { offset, total: context.plan.size });
}
