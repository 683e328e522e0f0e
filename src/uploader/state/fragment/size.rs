//! Fragments that may be too large (recovery rule R4): a failure alone is no sign of it, a failure whose question passes is.

use crate::exchange::Timing;
use crate::protocol::ContentRange;
use crate::uploader::action::HostLimit;
use crate::uploader::context::Context;
use crate::uploader::error::UploadError;
use crate::uploader::failed_attempt::{FailedAttempt, FailureClass};
use crate::uploader::fragment_size::{self, Strike};
use crate::uploader::refusal::Refusal;

use super::super::{State, Step};
use super::{Fragment, Purpose};

/// Acks below the fragment's end in a row, until fragments are as small as what the server keeps: fewer may be chance, such
/// as a server that stores what came before a connection was cut.
const MAX_SHORT_ACKS: u32 = 3;

/// A large fragment whose failure is being looked into.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailedFragment {
    range: ContentRange,
    strike: Strike,
}

/// Acks of parts, in a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShortAcks {
    count: u32,
    longest: u64,
}

impl Fragment {
    /// Judges the fragments' size by the Ack of `offset`.
    pub(super) fn judge_size(&mut self, context: &mut Context, offset: u64, timing: Option<Timing>) {
        let range = self.range;
        if let Some(failed) = self.failed.take() {
            // The small question passed: the path lives. A fragment that was stored whole was not refused by size.
            let is_stored = offset >= failed.range.end();
            if !is_stored || failed.strike == Strike::Loss {
                context.strike(failed);
            }
        }
        if self.purpose != Purpose::Data {
            return;
        }
        if offset == range.end() {
            self.short_acks = ShortAcks::default();
            let (change, healed) = context.sizer.on_accepted(range.len(), timing);
            context.tell_resized(change);
            if healed {
                context.limit = Some(HostLimit::None);
            }
        } else if offset > range.first() && offset < range.end() {
            self.short_acks.count += 1;
            self.short_acks.longest = self.short_acks.longest.max(offset - range.first());
            if self.short_acks.count >= MAX_SHORT_ACKS {
                let kept = std::mem::take(&mut self.short_acks).longest;
                let change = context.sizer.on_only_kept(kept);
                context.tell_resized(change);
            }
        }
    }

    pub(super) fn on_data_failure(mut self, context: &mut Context, attempt: FailedAttempt, body_sent: u64) -> Step {
        let class = attempt.class();
        // Nothing is smaller: 413 here is the last word.
        let is_smallest = self.range.len() <= fragment_size::MIN;
        if class == FailureClass::TooLarge && is_smallest {
            return Err(attempt.cause);
        }
        if attempt.is_bad_request_from_bits() && !self.doubt.is_suspect {
            return Err(attempt.cause);
        }
        // No sign of size before it is known that new connections fare no better (R8).
        let is_stale = matches!(&attempt.cause, UploadError::Lost { error, .. } if context.connections.explain(error));
        let failed = FailedFragment { range: self.range, strike: strike_of(&attempt) };
        self.failed = (!is_stale).then_some(failed);
        let cannot_be_asked = context.appends || (!self.session.tells_offset && self.session.acknowledged > 0);
        if cannot_be_asked && body_sent > 0 {
            // No question will tell whether a page is about the size.
            let strike = if failed.strike == Strike::Page { Strike::Loss } else { failed.strike };
            let failed = self.failed.take().map(|failed| FailedFragment { strike, ..failed });
            return self.begin_anew(context, failed, attempt);
        }
        let next = State::Fragment(self.question(context));
        context.retry(attempt.at_once(), next)
    }

    /// A new session, since this one cannot be asked. Without a question each failure is a strike against the size; one that
    /// makes fragments smaller is not counted among the new sessions, for these end when none can be smaller.
    pub(super) fn begin_anew(
        self,
        context: &mut Context,
        failed: Option<FailedFragment>,
        attempt: FailedAttempt,
    ) -> Step {
        if failed.is_some_and(|failed| context.strike(failed)) {
            context.budget.forgive_restart();
        }
        context.restart(attempt, Some(self.session.session))
    }
}

fn strike_of(attempt: &FailedAttempt) -> Strike {
    let is_page =
        matches!(&attempt.cause, UploadError::Refused { refusal: Refusal::Permission | Refusal::NoEndpoint, .. });
    match attempt.class() {
        FailureClass::TooLarge => Strike::TooLarge,
        FailureClass::Page | FailureClass::Doubtful if is_page => Strike::Page,
        _ => Strike::Loss,
    }
}

impl Context {
    /// A large fragment failed, and the question after it passed. Whether the next ones are smaller.
    fn strike(&mut self, failed: FailedFragment) -> bool {
        let struck = self.sizer.on_strike(failed.range.len(), failed.strike);
        self.tell_resized(struck.change);
        if let Some(size) = struck.proven {
            self.limit = Some(HostLimit::Refused(size));
        }
        struck.change.is_some()
    }
}
