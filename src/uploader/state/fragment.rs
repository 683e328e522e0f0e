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
//!  │  ▲ └── any other offset: the server keeps count ──► Data                    │ the first answer: it keeps count ──► Data
//!  │  └─ fails too: an outage, back-off                                          │ its own end: it appends blindly
//!  └─ fails as only a lost session does, thrice (R5) ──► a new session ◄─────────┘
//! ```

use std::time::Instant;

use http::{Response, StatusCode};

use crate::exchange::{BodySent, Timing, TransportError, TransportErrorKind};
use crate::protocol::{AckError, ContentRange, FragmentAck, Packet, PacketKind, PacketResponse, ack};
use crate::uploader::UploadEvent;

use super::ping::Ping;
use crate::uploader::backoff::Hint;
use crate::uploader::budget::Verdict;
use crate::uploader::fragment_size::{self, Strike};
use crate::uploader::recovery::{Doubt, Doubted, FailedAttempt, Reading, counts_as_lost};
use crate::uploader::{Context, Refusal, ResumeState, State, UploadError};

const PACKET: PacketKind = PacketKind::Fragment;

/// Losses on connections that the peer had closed after a response, until it is taken for one that never keeps them.
const MAX_STALE_LOSSES: u32 = 2;

/// Acks below the fragment's end in a row, until fragments are as small as what the server keeps.
const MAX_SHORT_ACKS: u32 = 3;

/// Second questions without an Ack, until the first answer is believed without one, or a new session is surer.
const MAX_SECOND_QUESTIONS: u32 = 3;

/// Waits for the Ack of a fragment.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct Fragment {
    session: ResumeState,
    /// What goes out next, or is out: remembered, never derived again from a size that has changed since (R1).
    range: ContentRange,
    purpose: Purpose,
    doubt: Doubt,
    /// The large fragment that failed before the question at hand.
    failed: Option<Failed>,
    short_acks: ShortAcks,
    second_questions: u32,
    /// What they were refused with.
    second_status: Option<StatusCode>,
    /// Behind this offset, what the server may have is of another file.
    known: Option<u64>,
    /// The last fragment was sent in full for the first time, and refused: the next offset tells whether that is true.
    refused_whole: bool,
    /// 416 without an offset: once is asked about, twice is a lost session.
    silent_416: bool,
}

/// What a fragment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Data,
    Question,
    /// The first half of the same bytes again, after an answer that a server gives that counts, and one that does not.
    SecondQuestion {
        first_answer: u64,
    },
}

/// A large fragment whose failure is being looked into.
#[derive(Debug, Clone, Copy)]
struct Failed {
    range: ContentRange,
    strike: Strike,
}

/// Acks of parts, in a row.
#[derive(Debug, Clone, Copy, Default)]
struct ShortAcks {
    count: u32,
    longest: u64,
}

impl Fragment {
    /// The first fragment of a session, or its end if the file is empty: `Content-Range` cannot express no bytes.
    pub(in crate::uploader) fn begin(context: &mut Context, session: ResumeState) -> State {
        match Self::of(context, &session, Doubt::new_session()) {
            Some(fragment) => State::Fragment(fragment),
            None => crate::uploader::end(context, session),
        }
    }

    /// Goes on with a session of an earlier process, which cannot know how far the server got: asks first.
    pub(in crate::uploader) fn resumed(context: &mut Context, session: ResumeState) -> State {
        match Self::of(context, &session, Doubt::suspect()).or_else(|| Self::in_doubt(context, &session)) {
            Some(fragment) => State::Fragment(fragment.question(context)),
            None => crate::uploader::end(context, session),
        }
    }

    /// `None`: nothing is left to send.
    fn of(context: &Context, session: &ResumeState, doubt: Doubt) -> Option<Self> {
        data_range(context, session.acknowledged).map(|range| Self::with(session, range, doubt))
    }

    /// Nothing is left to send, but whether the server appends was not answered yet.
    fn in_doubt(context: &Context, session: &ResumeState) -> Option<Self> {
        let is_in_doubt = session.lost_question.is_some() && !session.keeps_count;
        let range = before(session.acknowledged, fragment_size::MIN, context.plan.size).filter(|_| is_in_doubt)?;
        Some(Self::with(session, range, Doubt::suspect()))
    }

    fn with(session: &ResumeState, range: ContentRange, doubt: Doubt) -> Self {
        Self {
            session: session.clone(),
            range,
            purpose: Purpose::Data,
            doubt,
            failed: None,
            short_acks: ShortAcks::default(),
            second_questions: 0,
            second_status: None,
            known: None,
            refused_whole: false,
            silent_416: false,
        }
    }

    /// What the server has behind `known` is of another file: asks with bytes before that.
    pub(in crate::uploader) fn distrust(&mut self, context: &Context, known: u64) {
        self.known = Some(known);
        self.range = self.question_range(context).unwrap_or(self.range);
    }

    pub(in crate::uploader) fn session(&self) -> &ResumeState {
        &self.session
    }

    /// Behind the highest byte that the server may have when the fragment is out.
    pub(in crate::uploader) fn end(&self) -> u64 {
        self.session.sent_end.max(self.range.end())
    }

    /// Whether it only asks, so that its response needs no long time.
    pub(in crate::uploader) fn is_question(&self) -> bool {
        self.purpose != Purpose::Data
    }

    pub(in crate::uploader) fn range(&self) -> ContentRange {
        self.range
    }

    pub(in crate::uploader) fn packet(&self, context: &Context) -> Packet {
        let session = self.session.session.clone();
        Packet::Fragment { session, name: context.plan.name.clone(), range: self.range }
    }

    /// What answered on that connection may be gone, and its memory of the session with it.
    pub(in crate::uploader) fn connection_lost(&mut self) {
        self.doubt.is_suspect = true;
    }

    pub(in crate::uploader) fn ping_acknowledged(&mut self) {
        self.doubt.ping_acknowledged = true;
    }

    /// The file from the acknowledged offset on, or its end.
    fn data(mut self, context: &mut Context) -> State {
        match data_range(context, self.session.acknowledged) {
            Some(range) => {
                (self.range, self.purpose) = (range, Purpose::Data);
                State::Fragment(self)
            }
            None => crate::uploader::end(context, self.session),
        }
    }

    fn question(mut self, context: &Context) -> Self {
        if let Some(range) = self.question_range(context) {
            (self.range, self.purpose) = (range, Purpose::Question);
        }
        self
    }

    fn question_range(&self, context: &Context) -> Option<ContentRange> {
        let (size, acknowledged) = (context.plan.size, self.session.acknowledged);
        let len = context.sizing.current().min(fragment_size::MIN);
        if let Some(known) = self.known {
            // New bytes would hide how many old ones there are.
            let first = acknowledged.min(known.saturating_sub(len));
            return ContentRange::new(first, len.min(known - first), size).ok();
        }
        if acknowledged == size {
            return before(acknowledged, len, size);
        }
        // The last byte may make the server publish: it is never sent only to ask, unless there is no other.
        let len = len.min((size - acknowledged).saturating_sub(1).max(1));
        ContentRange::new(acknowledged, len, size).ok()
    }

    /// The first half of the question's bytes; of one byte, the one before it. `None`: there is nothing to ask with.
    fn second_question(mut self, context: &Context, first_answer: u64) -> Option<Self> {
        let (first, half) = (self.range.first(), self.range.len() / 2);
        let (first, len) = if half > 0 { (first, half) } else { (first.checked_sub(1)?, 1) };
        self.range = ContentRange::new(first, len, context.plan.size).ok()?;
        self.purpose = Purpose::SecondQuestion { first_answer };
        Some(self)
    }

    /// Notes what the network was given of the fragment; returns behind which byte of the file that ends.
    fn note_sent(&mut self, body_sent: u64) -> u64 {
        let end = self.range.first() + body_sent.min(self.range.len());
        self.session.sent_end = self.session.sent_end.max(end);
        end
    }

    /// Notes that the server may have the whole file, unless it has just refused that in so many words.
    fn note_whole(&mut self, context: &mut Context, sent_end: u64) {
        if sent_end == context.plan.size {
            self.session.last_fragment_sent = true;
            context.may_be_there = true;
        }
    }

    pub(in crate::uploader) fn answered(
        mut self,
        context: &mut Context,
        response: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let body_sent = response.extensions().get().map_or(self.range.len(), |BodySent(bytes)| *bytes);
        let end = self.note_sent(body_sent);
        match ack::fragment(response, &self.session.session) {
            Ok(PacketResponse::Ack(ack)) => {
                self.note_whole(context, end);
                self.acknowledged(context, ack, response.extensions().get().copied(), now)
            }
            Ok(PacketResponse::Refused(error)) => {
                self.unknown(context, FailedAttempt::refused(PACKET, error, response), body_sent, now)
            }
            Err(error) if counts_as_lost(&error) => {
                self.unknown(context, FailedAttempt::bad_answer(PACKET, error), body_sent, now)
            }
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    pub(in crate::uploader) fn lost(
        mut self,
        context: &mut Context,
        error: TransportError,
        now: Instant,
    ) -> Result<State, UploadError> {
        let body_sent = error.body_sent;
        self.note_sent(body_sent);
        self.connection_lost();
        let was_sent = error.request_was_sent;
        context.note_stale(&error);
        let attempt = FailedAttempt::lost(PACKET, error);
        if !was_sent && attempt.reading() != Reading::Final {
            // The server cannot have seen it, so nothing needs to be asked. A question that fails tells of an outage.
            self.failed = self.failed.filter(|_| self.purpose != Purpose::Question);
            context.target.failed(now);
            return context.retry(attempt, State::Fragment(self), now);
        }
        self.unknown(context, attempt, body_sent, now)
    }

    /// A request of ours is refused until it is signed anew. What went out of it counts.
    pub(in crate::uploader) fn unauthenticated(&mut self, body_sent: u64) {
        self.note_sent(body_sent);
    }

    /// The server's offset decides, forwards or backwards, on 200 and 416 alike; but it cannot have what was not sent.
    fn acknowledged(
        mut self,
        context: &mut Context,
        ack: FragmentAck,
        timing: Option<Timing>,
        now: Instant,
    ) -> Result<State, UploadError> {
        if let Some(claimed) = ack.next_offset {
            let sent = self.session.sent_end;
            if claimed > sent {
                return Err(UploadError::BadAnswer {
                    packet: PACKET,
                    error: AckError::OffsetNotSent { claimed, sent },
                });
            }
            self.session.tells_offset = true;
            context.saves.set_of_another_file(false);
            if self.known.take().is_some_and(|known| claimed > known) {
                let attempt = FailedAttempt { cause: UploadError::SourceChanged, hint: Hint::default() };
                return context.restart(attempt, Some(self.session.session), now);
            }
            if self.session.lost_question.take().is_some_and(|(first, end)| first < claimed && claimed <= end) {
                return self.appends(context, now);
            }
            self.session.keeps_count |= !ack.in_step || claimed != self.range.end();
            context.keeps_count |= self.session.keeps_count;
        }
        if let Some(raw) = ack.reply_url {
            self.session.reply_url = context.usable_reply(raw).or(self.session.reply_url);
        }
        match (ack.next_offset, self.purpose) {
            (Some(offset), Purpose::Question) if self.leaves_doubt(context, offset) => {
                self.ask_again(context, offset, now)
            }
            (Some(offset), Purpose::SecondQuestion { first_answer }) => {
                if offset == self.range.end() && offset != first_answer && !self.session.keeps_count {
                    return self.appends(context, now);
                }
                self.advance(context, offset, timing, now)
            }
            (Some(offset), _) => self.advance(context, offset, timing, now),
            // It says nothing: the first answer stands.
            (None, Purpose::SecondQuestion { first_answer }) => self.advance(context, first_answer, timing, now),
            // A server that never tells cannot be asked: only a new session is sure to be in step.
            (None, Purpose::Question) if !self.session.tells_offset => self.stuck(context, now),
            // One known server never tells: its 200 is all there is.
            (None, Purpose::Data) if ack.in_step && !self.session.tells_offset => {
                let end = self.range.end();
                self.advance(context, end, timing, now)
            }
            (None, _) if !ack.in_step && self.silent_416 => self.stuck(context, now),
            (None, _) => self.ask_about_silence(context, ack.in_step, now),
        }
    }

    /// A server that keeps count answers so, and one that appends whatever comes.
    fn leaves_doubt(&self, context: &Context, offset: u64) -> bool {
        offset == self.range.end()
            && !self.session.keeps_count
            && !context.keeps_count
            && self.second_questions < MAX_SECOND_QUESTIONS
    }

    fn ask_again(self, context: &mut Context, first_answer: u64, now: Instant) -> Result<State, UploadError> {
        let (session, cause) = (self.session.session.clone(), context.no_progress(now));
        if first_answer > context.budget.highest() {
            context.target.progressed();
        }
        match self.second_question(context, first_answer) {
            Some(second) => Ok(State::Fragment(second)),
            // One byte, the file's first: it is sent anew sooner than asked about.
            None => context.restart(FailedAttempt { cause, hint: Hint::default() }, Some(session), now),
        }
    }

    /// The server appends whatever comes: what is there may be damaged. Never again is it asked, or sent anything twice.
    fn appends(mut self, context: &mut Context, now: Instant) -> Result<State, UploadError> {
        context.appends = true;
        let attempt = FailedAttempt { cause: UploadError::AppendsBlindly, hint: Hint::default() };
        // The question passed, so that the size is to blame for what was asked about.
        let failed = self.failed.take();
        self.anew(context, failed, attempt, now)
    }

    /// A new session, since this one cannot be asked. Without a question each failure is a strike against the size; one that
    /// makes fragments smaller is not counted among the new sessions, for these end when none can be smaller.
    fn anew(
        self,
        context: &mut Context,
        failed: Option<Failed>,
        attempt: FailedAttempt,
        now: Instant,
    ) -> Result<State, UploadError> {
        let is_smaller = failed.is_some_and(|failed| context.strike(failed.range.len(), failed.strike));
        if is_smaller {
            context.budget.forgive_restart();
        }
        context.restart(attempt, Some(self.session.session), now)
    }

    /// An Ack without the offset from a server that told one before: nothing was learnt, so it is asked.
    fn ask_about_silence(mut self, context: &mut Context, in_step: bool, now: Instant) -> Result<State, UploadError> {
        self.silent_416 = !in_step;
        let attempt = FailedAttempt { cause: context.no_progress(now), hint: Hint::default() };
        match context.budget.acknowledged(self.session.acknowledged, self.range.len(), false, now) {
            Verdict::Stop => Err(attempt.cause),
            Verdict::Stalled => self.stuck(context, now),
            Verdict::GoOn => {
                let attempt = if self.is_question() { attempt } else { attempt.at_once() };
                let next = State::Fragment(self.question(context));
                context.retry(attempt, next, now)
            }
        }
    }

    /// A server that answers and answers, and stores nothing: perhaps a new session helps.
    fn stuck(self, context: &mut Context, now: Instant) -> Result<State, UploadError> {
        let attempt = FailedAttempt { cause: context.no_progress(now), hint: Hint::default() };
        context.restart(attempt, Some(self.session.session), now)
    }

    fn advance(
        mut self,
        context: &mut Context,
        offset: u64,
        timing: Option<Timing>,
        now: Instant,
    ) -> Result<State, UploadError> {
        let range = self.range;
        let advanced = offset > self.session.acknowledged;
        let went_back = offset < self.session.acknowledged;
        let is_news = offset > context.budget.highest();
        let is_news_of_file = offset > context.budget.highest_of_file();
        let verdict = context.budget.acknowledged(offset, range.len(), advanced, now);
        self.measure(context, offset, timing);
        self.session.acknowledged = offset;
        (self.silent_416, self.doubt) = (false, Doubt::default());
        if std::mem::take(&mut self.refused_whole) && offset < context.plan.size {
            // The server says that it does not have it.
            (self.session.last_fragment_sent, context.may_be_there) = (false, false);
        }
        if is_news {
            context.target.progressed();
        }
        if is_news_of_file {
            context.forget_doubt();
        }
        if offset != range.end() && !matches!(self.purpose, Purpose::SecondQuestion { .. }) {
            context.tell(UploadEvent::Resynced { from: range.end(), to: offset });
        }
        context.tell(UploadEvent::Acknowledged { offset, total: context.plan.size });
        match verdict {
            Verdict::Stop => return Err(context.no_progress(now)),
            Verdict::Stalled => return self.stuck(context, now),
            Verdict::GoOn => {}
        }
        let stands_still = !advanced && !went_back && self.purpose == Purpose::Data;
        let next = self.data(context);
        if !stands_still {
            return Ok(next);
        }
        context.retry(FailedAttempt { cause: context.no_progress(now), hint: Hint::default() }, next, now)
    }

    /// What the Ack says of the fragments' size.
    fn measure(&mut self, context: &mut Context, offset: u64, timing: Option<Timing>) {
        let range = self.range;
        if let Some(failed) = self.failed.take() {
            // The small question passed: the path lives. What was stored whole is no sign of a refusal by size.
            let is_stored = offset >= failed.range.end();
            if !is_stored || failed.strike == Strike::Loss {
                context.strike(failed.range.len(), failed.strike);
            }
        }
        if self.purpose != Purpose::Data {
            return;
        }
        if offset == range.end() {
            self.short_acks = ShortAcks::default();
            context.accepted(range.len(), timing);
        } else if offset > range.first() && offset < range.end() {
            self.short_acks.count += 1;
            self.short_acks.longest = self.short_acks.longest.max(offset - range.first());
            if self.short_acks.count >= MAX_SHORT_ACKS {
                let kept = std::mem::take(&mut self.short_acks).longest;
                let change = context.sizing.keeps_only(kept);
                context.resized(change);
            }
        }
    }

    /// The server may have stored all, some or nothing of the fragment.
    fn unknown(
        mut self,
        context: &mut Context,
        attempt: FailedAttempt,
        body_sent: u64,
        now: Instant,
    ) -> Result<State, UploadError> {
        let reading = attempt.reading();
        if reading == Reading::SessionGone {
            // The session may be tied to the connection that is not used for each fragment any more.
            (context.closed_losses, context.stale_losses) = (0, 0);
            return context.restart(attempt, None, now);
        }
        if reading == Reading::Final && !matches!(self.purpose, Purpose::SecondQuestion { .. }) {
            return Err(attempt.cause);
        }
        // What BITS refuses, or is too large, was not stored.
        if !attempt.is_from_bits() && reading != Reading::TooLarge {
            let end = self.range.first() + body_sent;
            let was_possible = context.may_be_there;
            self.note_whole(context, end);
            self.refused_whole |= !was_possible && context.may_be_there && attempt.status().is_some();
        }
        // The server behind a gateway that says so may have been started again, as one whose connection was lost.
        self.doubt.is_suspect |= attempt.is_from_gateway();
        if context.budget.spend(body_sent) == Verdict::Stop {
            return Err(context.no_progress(now));
        }
        match self.purpose {
            Purpose::Data => self.data_failed(context, attempt, body_sent, now),
            Purpose::Question => self.question_failed(context, attempt, now),
            Purpose::SecondQuestion { first_answer } => self.second_failed(context, attempt, first_answer, now),
        }
    }

    fn data_failed(
        mut self,
        context: &mut Context,
        attempt: FailedAttempt,
        body_sent: u64,
        now: Instant,
    ) -> Result<State, UploadError> {
        let reading = attempt.reading();
        let is_smallest = self.range.len() <= fragment_size::MIN;
        if reading == Reading::TooLarge && is_smallest {
            return Err(attempt.cause);
        }
        if attempt.is_bad_request_from_bits() && !self.doubt.is_suspect {
            return Err(attempt.cause);
        }
        // No sign of size before it is known that new connections fare no better.
        let is_stale = matches!(&attempt.cause, UploadError::Lost { error, .. }
            if error.closed_by_peer || (error.is_stale_connection() && !context.is_no_connections_fault));
        let failed = Failed { range: self.range, strike: strike(&attempt, reading) };
        self.failed = Some(failed).filter(|_| !is_stale);
        let cannot_be_asked = context.appends || (!self.session.tells_offset && self.session.acknowledged > 0);
        if cannot_be_asked && body_sent > 0 {
            // No question will tell whether a page is about the size.
            let strike = if failed.strike == Strike::Page { Strike::Loss } else { failed.strike };
            let failed = self.failed.take().map(|failed| Failed { strike, ..failed });
            return self.anew(context, failed, attempt, now);
        }
        let next = State::Fragment(self.question(context));
        context.retry(attempt.at_once(), next, now)
    }

    /// The question fails too: it is not the size (R4).
    fn question_failed(
        mut self,
        context: &mut Context,
        attempt: FailedAttempt,
        now: Instant,
    ) -> Result<State, UploadError> {
        self.failed = None;
        let mut doubt = self.doubt;
        let doubted = match attempt.reading() {
            Reading::TooLarge | Reading::Final => return Err(attempt.cause),
            Reading::Doubt => context.doubt(&mut doubt, &attempt),
            _ => Doubted::Outage,
        };
        self.doubt = doubt;
        match doubted {
            Doubted::Meant => return Err(attempt.cause),
            Doubted::Lost => return context.restart(attempt, Some(self.session.session), now),
            Doubted::Outage => {}
        }
        context.target.failed(now);
        let wants_ping = self.doubt.wants_ping();
        let next = State::Fragment(self.question(context));
        let next = if wants_ping { State::Ping(Ping::before(next)) } else { next };
        context.retry(attempt, next, now)
    }

    /// The second question got no Ack. BITS's refusal of it says nothing, and neither does a page each time: a server that
    /// counts may answer so to bytes that it has. After anything else it may have arrived, so that all begins anew behind
    /// the first answer.
    fn second_failed(
        mut self,
        context: &mut Context,
        attempt: FailedAttempt,
        first_answer: u64,
        now: Instant,
    ) -> Result<State, UploadError> {
        // Within an outage they all fail, and tell nothing.
        if self.second_status != attempt.status() {
            (self.second_status, self.second_questions) = (attempt.status(), 0);
        }
        let counts = self.second_questions == 0 || self.doubt.ping_acknowledged;
        self.second_questions += u32::from(counts);
        self.doubt.ping_acknowledged = false;
        let is_last = self.second_questions >= MAX_SECOND_QUESTIONS;
        let is_refused = attempt.status().is_some() && attempt.reading() != Reading::Outage;
        if is_refused && (is_last || attempt.is_from_bits()) {
            self.second_questions = MAX_SECOND_QUESTIONS;
            return self.advance(context, first_answer, None, now);
        }
        if is_last {
            return context.restart(attempt, Some(self.session.session), now);
        }
        self.session.lost_question = Some((self.range.first(), self.range.end()));
        context.budget.acknowledged(first_answer, 0, true, now);
        self.session.acknowledged = first_answer;
        context.tell(UploadEvent::Acknowledged { offset: first_answer, total: context.plan.size });
        let next = State::Ping(Ping::before(State::Fragment(self.question(context))));
        context.retry(attempt, next, now)
    }
}

/// Bytes before `end`, but not the file's last one.
fn before(end: u64, len: u64, size: u64) -> Option<ContentRange> {
    let end = end.min(size.saturating_sub(1));
    let len = len.min(end);
    ContentRange::new(end - len, len, size).ok()
}

fn data_range(context: &Context, offset: u64) -> Option<ContentRange> {
    let size = context.plan.size;
    let rest = size.checked_sub(offset).filter(|rest| *rest > 0)?;
    ContentRange::new(offset, context.sizing.current().min(rest), size).ok()
}

fn strike(attempt: &FailedAttempt, reading: Reading) -> Strike {
    let is_page = matches!(&attempt.cause, UploadError::Refused { refusal, .. } if matches!(refusal, Refusal::Permission | Refusal::NoEndpoint));
    match reading {
        Reading::TooLarge => Strike::TooLarge,
        Reading::Page | Reading::Doubt if is_page => Strike::Page,
        _ => Strike::Loss,
    }
}

impl Context {
    /// A large fragment failed, and the question after it passed. Whether the next ones are smaller.
    fn strike(&mut self, len: u64, strike: Strike) -> bool {
        let struck = self.sizing.strike(len, strike);
        self.resized(struck.change);
        if let Some(size) = struck.proven {
            self.limit = Some(crate::uploader::HostLimit::Refused(size));
        }
        struck.change.is_some()
    }

    fn accepted(&mut self, len: u64, timing: Option<Timing>) {
        let (change, healed) = self.sizing.accepted(len, timing);
        self.resized(change);
        if healed {
            self.limit = Some(crate::uploader::HostLimit::None);
        }
    }
}

impl Context {
    /// Counts losses on connections that had carried a response before and brought none this time: a peer that closes after
    /// each response without saying so, or a box that resets large bodies. On a new connection only the latter goes on;
    /// where the peer was seen to close in good order, it is none.
    fn note_stale(&mut self, error: &TransportError) {
        if error.closed_by_peer {
            self.closed_losses = self.closed_losses.saturating_add(1);
        } else if error.is_stale_connection() {
            self.stale_losses = self.stale_losses.saturating_add(1);
        } else if error.kind == TransportErrorKind::Cut && !error.reused_connection && self.never_keeps_connections() {
            self.stale_losses = 0;
            self.is_no_connections_fault = true;
        }
    }

    /// Whether fragments go out on new connections, since this peer never keeps one.
    pub(in crate::uploader) fn never_keeps_connections(&self) -> bool {
        let is_stale = self.stale_losses >= MAX_STALE_LOSSES && !self.is_no_connections_fault;
        is_stale || self.closed_losses >= MAX_STALE_LOSSES
    }
}
