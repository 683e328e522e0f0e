//! The small question (recovery rule R3): how far did the server get, and does it keep count at all?
//!
//! A server that keeps count and one that appends whatever comes give the same response to bytes that neither had: the
//! question's end. The *second question* tells them apart. It repeats the first half of these bytes, which both have by
//! then: one that counts says the same as before, one that appends the end of the half.

use http::StatusCode;

use crate::protocol::ContentRange;
use crate::uploader::budget::BudgetCheck;
use crate::uploader::context::Context;
use crate::uploader::doubt::Doubted;
use crate::uploader::error::UploadError;
use crate::uploader::event::UploadEvent;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::fragment_size;
use crate::uploader::resume_state::ResumeState;

use super::super::ping::Ping;
use super::super::{State, Step};
use super::{Fragment, Purpose};

/// Second questions without an Ack, until the first response is believed without one, or a new session is surer.
const MAX_SECOND_QUESTIONS: u32 = 3;

/// Second questions in a row that got no Ack.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SecondQuestions {
    count: u32,
    /// The status that they were refused with.
    status: Option<StatusCode>,
}

impl Fragment {
    pub(super) fn question(mut self, context: &Context) -> Self {
        if let Some(range) = self.question_range(context) {
            (self.range, self.purpose) = (range, Purpose::Question);
        }
        self
    }

    fn question_range(&self, context: &Context) -> Option<ContentRange> {
        let (size, acknowledged) = (context.plan.size, self.session.acknowledged);
        let len = context.sizer.current().min(fragment_size::MIN);
        if let Some(known) = self.known {
            // New bytes would hide how many old ones there are.
            let first = acknowledged.min(known.saturating_sub(len));
            return ContentRange::new(first, len.min(known), size).ok();
        }
        if acknowledged == size {
            return before(acknowledged, len, size);
        }
        // The last byte may make the server publish: it is never sent only to ask, unless there is no other.
        let len = len.min((size - acknowledged).saturating_sub(1).max(1));
        ContentRange::new(acknowledged, len, size).ok()
    }

    /// The first half of the question's bytes; of one byte, the one before it. `None`: there is nothing to ask with.
    fn second_question(mut self, context: &Context, first_response: u64) -> Option<Self> {
        let (first, half) = (self.range.first(), self.range.len() / 2);
        let (first, len) = if half > 0 { (first, half) } else { (first.checked_sub(1)?, 1) };
        self.range = ContentRange::new(first, len, context.plan.size).ok()?;
        self.purpose = Purpose::SecondQuestion { first_response };
        Some(self)
    }

    /// No response so far tells a server that keeps count from one that appends whatever comes.
    pub(super) fn leaves_doubt(&self, context: &Context) -> bool {
        !context.keeps_count && self.second_questions.count < MAX_SECOND_QUESTIONS
    }

    pub(super) fn ask_again(self, context: &mut Context, first_response: u64) -> Step {
        let (session, cause) = (self.session.session.clone(), context.no_progress());
        if first_response > context.budget.highest() {
            context.target.note_progress();
        }
        match self.second_question(context, first_response) {
            Some(second) => Ok(State::Fragment(second)),
            // One byte, the file's first: it is sent anew sooner than asked about.
            None => context.restart(FailedAttempt::of(cause), Some(session)),
        }
    }

    /// An Ack without the offset from a server that told one before: nothing was learnt, so it is asked.
    pub(super) fn ask_about_silence(mut self, context: &mut Context, in_step: bool) -> Step {
        self.silent_416 = !in_step;
        let attempt = FailedAttempt::of(context.no_progress());
        match context.budget.acknowledged(self.session.acknowledged, self.range.len(), false, context.now) {
            BudgetCheck::Exhausted => Err(attempt.cause),
            BudgetCheck::SessionStalled => self.on_stuck(context),
            BudgetCheck::Continue => {
                let attempt = if self.is_question() { attempt } else { attempt.at_once() };
                let next = State::Fragment(self.question(context));
                context.retry(attempt, next)
            }
        }
    }

    /// The server appends whatever comes: what is there may be damaged. Never again is it asked, or sent anything twice.
    pub(super) fn on_blind_append(mut self, context: &mut Context) -> Step {
        context.appends = true;
        // The question passed, so that the size is to blame for what was asked about.
        let failed = self.failed.take();
        self.begin_anew(context, failed, FailedAttempt::of(UploadError::AppendsBlindly))
    }

    /// The question fails too: it is not the size (R4).
    pub(super) fn on_question_failure(mut self, context: &mut Context, attempt: FailedAttempt) -> Step {
        self.failed = None;
        let doubted = match attempt.class() {
            FailureClass::TooLarge | FailureClass::Final => return Err(attempt.cause),
            FailureClass::Doubtful => self.doubt.judge(&mut context.doubts, &attempt),
            _ => Doubted::Outage,
        };
        match doubted {
            Doubted::Meant => Err(attempt.cause),
            Doubted::Lost => context.restart(attempt, Some(self.session.session)),
            Doubted::Outage => {
                let doubt = self.doubt;
                let next = State::Fragment(self.question(context));
                context.retry_in_session(attempt, doubt, next)
            }
        }
    }

    /// The second question got no Ack. BITS's refusal of it says nothing, and neither does a page each time: a server that
    /// counts may answer so to bytes that it has. After anything else it may have arrived, so that all begins anew behind
    /// the first response.
    pub(super) fn on_second_question_failure(
        mut self,
        context: &mut Context,
        attempt: FailedAttempt,
        first_response: u64,
    ) -> Step {
        if self.second_questions.status != attempt.status() {
            self.second_questions = SecondQuestions { count: 0, status: attempt.status() };
        }
        // Within an outage they all fail, and tell nothing: only those after an acknowledged Ping count.
        let counts = self.second_questions.count == 0 || self.doubt.ping_acknowledged;
        self.second_questions.count += u32::from(counts);
        self.doubt.ping_acknowledged = false;
        let is_last = self.second_questions.count >= MAX_SECOND_QUESTIONS;
        let is_refused = attempt.status().is_some() && attempt.class() != FailureClass::Outage;
        if is_refused && (is_last || attempt.is_from_bits()) {
            self.second_questions.count = MAX_SECOND_QUESTIONS;
            return self.advance(context, first_response, None);
        }
        if is_last {
            return context.restart(attempt, Some(self.session.session));
        }
        self.session.lost_question = Some((self.range.first(), self.range.end()));
        context.budget.acknowledged(first_response, 0, true, context.now);
        self.session.acknowledged = first_response;
        context.tell(UploadEvent::Acknowledged { offset: first_response, total: context.plan.size });
        let next = State::Ping(Ping::before(State::Fragment(self.question(context))));
        context.retry(attempt, next)
    }
}

/// Nothing is left to send, but whether the server appends was not answered yet: bytes to ask with.
pub(super) fn range_in_doubt(context: &Context, session: &ResumeState) -> Option<ContentRange> {
    let is_in_doubt = session.lost_question.is_some() && !session.keeps_count;
    before(session.acknowledged, fragment_size::MIN, context.plan.size).filter(|_| is_in_doubt)
}

/// Bytes before `end`, but not the file's last one.
fn before(end: u64, len: u64, size: u64) -> Option<ContentRange> {
    let end = end.min(size.saturating_sub(1));
    let len = len.min(end);
    ContentRange::new(end - len, len, size).ok()
}
