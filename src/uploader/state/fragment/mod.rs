//! Fragment: sends the file piece by piece, from wherever the server says.
//!
//! Whenever the outcome of a fragment is unknown, the next one is the *small question* (recovery rule R3): a few honest
//! bytes from the last acknowledged offset. A large fragment sent again blindly would corrupt the file on servers that
//! append whatever comes; and whether the question passes tells a fragment that is too large from an outage (R4).
//!
//! ```text
//! Data ── Ack ──► Data … Close-Session
//!  │ lost, refused, unreadable
//!  ▼
//! Question ── its own end, and the server has not shown that it keeps count ──► SecondQuestion
//!  │  ▲ └── any other offset: the server keeps count ──► Data                    │ the first response: it keeps count ──► Data
//!  │  └─ fails too: an outage, back-off                                          │ its own end: it appends blindly
//!  └─ fails as only a lost session does, thrice (R5) ──► a new session ◄─────────┘
//! ```
//!
//! Here is what an Ack and a failure lead to; `question` asks (R3), `size` is about fragments that may be too large (R4).

mod question;
mod size;

use http::Response;

use crate::exchange::{BodySent, Timing, TransportError};
use crate::protocol::{AckError, ContentRange, FragmentAck, PacketKind, ack};
use crate::uploader::budget::BudgetCheck;
use crate::uploader::context::Context;
use crate::uploader::doubt::SessionDoubt;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::refusal::counts_as_lost;
use crate::uploader::resume_state::ResumeState;

use super::{State, Step};
use question::SecondQuestions;
use size::{FailedFragment, ShortAcks};

const PACKET: PacketKind = PacketKind::Fragment;

/// Waits for the Ack of a fragment.
#[derive(Debug, Clone)]
pub(crate) struct Fragment {
    session: ResumeState,
    /// The fragment that goes out next, or is out: remembered, never derived again from a size that changed since (R1).
    range: ContentRange,
    purpose: Purpose,
    doubt: SessionDoubt,
    /// The large fragment that failed before the question at hand.
    failed: Option<FailedFragment>,
    short_acks: ShortAcks,
    second_questions: SecondQuestions,
    /// Behind this offset, what the server may have is of another file.
    known: Option<u64>,
    /// The last fragment was sent in full for the first time, and refused: the next offset tells whether that is true.
    refused_whole: bool,
    /// 416 without an offset: once is asked about, twice is a lost session.
    silent_416: bool,
}

/// The purpose of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Data,
    Question,
    /// The first half of the same bytes again, after a response that a server gives that counts, and one that does not.
    SecondQuestion {
        first_response: u64,
    },
}

impl Fragment {
    /// The first fragment of a session, or its end if the file is empty: `Content-Range` cannot express no bytes.
    pub(super) fn begin(context: &mut Context, session: ResumeState) -> State {
        match data_range(context, session.acknowledged) {
            Some(range) => State::Fragment(Self::new(session, range, SessionDoubt::new_session())),
            None => State::after_the_last_byte(context, session),
        }
    }

    /// Resumes a session of an earlier process, which cannot know how far the server got: asks first (R3). The bytes
    /// that the server has behind `known` are of another file (R7).
    pub(crate) fn resumed(context: &mut Context, session: ResumeState, known: Option<u64>) -> State {
        match data_range(context, session.acknowledged).or_else(|| question::range_in_doubt(context, &session)) {
            Some(range) => {
                let fragment = Self { known, ..Self::new(session, range, SessionDoubt::suspect()) };
                State::Fragment(fragment.question(context))
            }
            None => State::after_the_last_byte(context, session),
        }
    }

    fn new(session: ResumeState, range: ContentRange, doubt: SessionDoubt) -> Self {
        Self {
            session,
            range,
            purpose: Purpose::Data,
            doubt,
            failed: None,
            short_acks: ShortAcks::default(),
            second_questions: SecondQuestions::default(),
            known: None,
            refused_whole: false,
            silent_416: false,
        }
    }

    pub(super) fn session(&self) -> &ResumeState {
        &self.session
    }

    /// Whether it only asks, so that its response needs no long time.
    pub(super) fn is_question(&self) -> bool {
        self.purpose != Purpose::Data
    }

    pub(super) fn range(&self) -> ContentRange {
        self.range
    }

    /// The server that answered on that connection may be gone, and its memory of the session with it (R5).
    pub(super) fn connection_lost(&mut self) {
        self.doubt.is_suspect = true;
    }

    pub(super) fn ping_acknowledged(&mut self) {
        self.doubt.ping_acknowledged = true;
    }

    /// The file from the acknowledged offset on, or its end.
    fn data(mut self, context: &mut Context) -> State {
        match data_range(context, self.session.acknowledged) {
            Some(range) => {
                (self.range, self.purpose) = (range, Purpose::Data);
                State::Fragment(self)
            }
            None => State::after_the_last_byte(context, self.session),
        }
    }

    /// Notes what the network was given of the fragment, whatever came of it (R1); returns behind which byte of the file
    /// that ends.
    pub(super) fn note_sent(&mut self, body_sent: u64) -> u64 {
        let end = self.range.first() + body_sent.min(self.range.len());
        self.session.sent_end = self.session.sent_end.max(end);
        end
    }

    /// The question at hand says nothing of the fragment that failed before it.
    pub(super) fn forget_failed(&mut self) {
        self.failed = None;
    }

    /// Notes that the server may have the whole file (R6).
    fn note_whole(&mut self, context: &mut Context, sent_end: u64) {
        if sent_end == context.plan.size {
            self.session.last_fragment_sent = true;
            context.may_be_there = true;
        }
    }

    pub(super) fn on_response(mut self, context: &mut Context, response: &Response<()>) -> Step {
        // A response that comes early is one to the part that went out (R2).
        let body_sent = response.extensions().get().map_or(self.range.len(), |BodySent(bytes)| *bytes);
        let end = self.note_sent(body_sent);
        let ack = ack::fragment(response, &self.session.session);
        match FailedAttempt::or_ack(PACKET, ack, response, counts_as_lost)? {
            Ok(ack) => {
                self.note_whole(context, end);
                self.on_ack(context, ack, response.extensions().get().copied())
            }
            Err(attempt) => self.on_unknown_outcome(context, attempt, body_sent),
        }
    }

    pub(super) fn on_loss(mut self, context: &mut Context, error: TransportError) -> Step {
        let body_sent = error.body_sent;
        self.note_sent(body_sent);
        self.connection_lost();
        let was_sent = error.request_was_sent;
        context.connections.note_loss(&error);
        let attempt = FailedAttempt::lost(PACKET, error);
        if !was_sent && attempt.class() != FailureClass::Final {
            // The server cannot have seen it, so nothing needs to be asked. A question that fails tells of an outage.
            self.failed = self.failed.filter(|_| self.purpose != Purpose::Question);
            context.target.note_failure(context.now);
            return context.retry(attempt, State::Fragment(self));
        }
        self.on_unknown_outcome(context, attempt, body_sent)
    }

    /// The server's offset decides, forwards or backwards, on 200 and 416 alike; but it cannot have what was not sent (R1).
    fn on_ack(mut self, context: &mut Context, ack: FragmentAck, timing: Option<Timing>) -> Step {
        let Some(offset) = ack.next_offset else {
            self.note_reply(context, ack.reply_url);
            return self.on_ack_without_offset(context, ack.in_step, timing);
        };
        let sent = self.session.sent_end;
        if offset > sent {
            let error = AckError::OffsetNotSent { claimed: offset, sent };
            return Err(UploadError::BadResponse { packet: PACKET, error });
        }
        self.session.tells_offset = true;
        context.saves.set_of_another_file(false);
        if let Some(known) = self.known.take() {
            if offset > known {
                // Bytes of the other file: this one begins anew (R7). Whatever the server has published of it is not this
                // one.
                context.may_be_there = false;
                return context.restart(FailedAttempt::of(UploadError::SourceChanged), Some(self.session.session));
            }
            // Beyond this, nothing of this file was sent: no later Ack can cover it.
            (self.session.sent_end, self.session.last_fragment_sent) = (known, false);
        }
        if self.session.lost_question.take().is_some_and(|(first, end)| first < offset && offset <= end) {
            return self.on_blind_append(context);
        }
        // One that appends answers each fragment with 200 and the fragment's own end.
        self.session.keeps_count |= !ack.in_step || offset != self.range.end();
        context.keeps_count |= self.session.keeps_count;
        self.note_reply(context, ack.reply_url);
        match self.purpose {
            Purpose::Question if self.leaves_doubt(context) => self.ask_again(context, offset),
            Purpose::SecondQuestion { .. } if !self.session.keeps_count => self.on_blind_append(context),
            _ => self.advance(context, offset, timing),
        }
    }

    fn note_reply(&mut self, context: &mut Context, url: Option<String>) {
        if let Some(raw) = url {
            self.session.reply_url = context.usable_reply(raw).or(self.session.reply_url.take());
        }
    }

    fn on_ack_without_offset(self, context: &mut Context, in_step: bool, timing: Option<Timing>) -> Step {
        let ever_told = self.session.tells_offset;
        match self.purpose {
            // It says nothing: the first response stands.
            Purpose::SecondQuestion { first_response } => self.advance(context, first_response, timing),
            // A server that never tells cannot be asked: only a new session is sure to be in step.
            Purpose::Question if !ever_told => self.on_stuck(context),
            // One known server never tells: its 200 is all there is.
            Purpose::Data if in_step && !ever_told => {
                let end = self.range.end();
                self.advance(context, end, timing)
            }
            _ if !in_step && self.silent_416 => self.on_stuck(context),
            _ => self.ask_about_silence(context, in_step),
        }
    }

    /// A server that answers and answers, and stores nothing: perhaps a new session helps (R9).
    fn on_stuck(self, context: &mut Context) -> Step {
        context.restart(FailedAttempt::of(context.no_progress()), Some(self.session.session))
    }

    fn advance(mut self, context: &mut Context, offset: u64, timing: Option<Timing>) -> Step {
        let (range, before) = (self.range, self.session.acknowledged);
        let is_news = offset > context.budget.highest();
        let is_news_of_file = offset > context.budget.highest_of_file();
        let check = context.budget.acknowledged(offset, range.len(), offset > before, context.now);
        self.judge_size(context, offset, timing);
        self.session.acknowledged = offset;
        (self.silent_416, self.doubt) = (false, SessionDoubt::default());
        if std::mem::take(&mut self.refused_whole) && offset < context.plan.size {
            // The server says that it does not have it.
            (self.session.last_fragment_sent, context.may_be_there) = (false, false);
        }
        if is_news {
            context.target.note_progress();
        }
        if is_news_of_file {
            context.doubts.forget();
        }
        if offset != range.end() && !matches!(self.purpose, Purpose::SecondQuestion { .. }) {
            context.tell(UploadEvent::Resynced { from: range.end(), to: offset });
        }
        context.tell(UploadEvent::Acknowledged { offset, total: context.plan.size });
        match check {
            BudgetCheck::Exhausted => return Err(context.no_progress()),
            BudgetCheck::SessionStalled => return self.on_stuck(context),
            BudgetCheck::Continue => {}
        }
        // The same bytes again, without a pause, would be a loop at the speed of the network.
        let stands_still = offset == before && self.purpose == Purpose::Data;
        let next = self.data(context);
        if stands_still { context.retry(FailedAttempt::of(context.no_progress()), next) } else { Ok(next) }
    }

    /// The server may have stored all, some or nothing of the fragment.
    fn on_unknown_outcome(mut self, context: &mut Context, attempt: FailedAttempt, body_sent: u64) -> Step {
        let class = attempt.class();
        if class == FailureClass::SessionGone {
            context.connections.keep_again();
            return context.restart(attempt, None);
        }
        if class == FailureClass::Final && !matches!(self.purpose, Purpose::SecondQuestion { .. }) {
            return Err(attempt.cause);
        }
        // A fragment that BITS refuses, or that is too large, was not stored.
        if !attempt.is_from_bits() && class != FailureClass::TooLarge {
            let end = self.range.first() + body_sent;
            let was_possible = context.may_be_there;
            self.note_whole(context, end);
            self.refused_whole |= !was_possible && context.may_be_there && attempt.status().is_some();
        }
        // The server behind a gateway that says so may have been started again, as one whose connection was lost (R5).
        self.doubt.is_suspect |= attempt.is_from_gateway();
        if context.budget.spend(body_sent) == BudgetCheck::Exhausted {
            return Err(context.no_progress());
        }
        match self.purpose {
            Purpose::Data => self.on_data_failure(context, attempt, body_sent),
            Purpose::Question => self.on_question_failure(context, attempt),
            Purpose::SecondQuestion { first_response } => {
                self.on_second_question_failure(context, attempt, first_response)
            }
        }
    }
}

/// The range to send next, from `offset` on; `None`: nothing is left to send.
fn data_range(context: &Context, offset: u64) -> Option<ContentRange> {
    let size = context.plan.size;
    let rest = size.checked_sub(offset).filter(|rest| *rest > 0)?;
    ContentRange::new(offset, context.sizer.current().min(rest), size).ok()
}
