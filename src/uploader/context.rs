//! The data that all states of an upload share.

use std::time::{Duration, Instant};

use crate::protocol::SessionId;

use super::action::HostLimit;
use super::backoff::Backoff;
use super::budget::Budget;
use super::connections::Connections;
use super::doubt::DoubtHistory;
use super::event::UploadEvent;
use super::fragment_size::{FragmentSizer, SizeChange};
use super::plan::Plan;
use super::resume_state::ResumeState;
use super::saves::Saves;
use super::target::Target;

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
pub(super) struct Context {
    pub(super) plan: Plan,
    /// The time of the input at hand. It is one for each step, so that no two parts of a decision see different ones.
    pub(super) now: Instant,
    pub(super) target: Target,
    pub(super) sizer: FragmentSizer,
    pub(super) budget: Budget,
    pub(super) backoff: Backoff,
    pub(super) saves: Saves,
    pub(super) connections: Connections,
    pub(super) doubts: DoubtHistory,
    /// To be remembered for the host and folder.
    pub(super) limit: Option<HostLimit>,
    /// Whether another process can resume the session: else it is given up when the upload ends.
    pub(super) can_resume: bool,
    /// Whether anything answered as HTTP in this run.
    pub(super) was_answered: bool,
    /// Whether there is, or was, a session: from then on most losses are retried.
    pub(super) had_session: bool,
    /// Whether the last fragment was sent in full in any session: the server may have published the file.
    pub(super) may_be_there: bool,
    /// Whether the server has shown that it keeps count of what it stored.
    pub(super) keeps_count: bool,
    /// Whether the server appends whatever comes: it is never asked, and never sent anything twice.
    pub(super) appends: bool,
    /// A session that was given up while nothing could be told to the server: it hears of it when it answers again.
    pub(super) left: Option<SessionId>,
    /// Whether the server refused a Close although its Acks covered the file.
    pub(super) was_called_incomplete: bool,
    /// The events to report to the user, in order.
    pub(super) outbox: Vec<UploadEvent>,
}

impl Context {
    pub(super) fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        let mut sizer = FragmentSizer::new(plan.fragment_size);
        if let Some(refused) = plan.refused_before {
            sizer.remember_refusal(refused);
        }
        Self {
            now,
            target: Target::new(plan.destination.clone()),
            sizer,
            budget: Budget::new(plan.size, now),
            backoff: Backoff::new(seed),
            saves: Saves::new(plan.can_resume, plan.defer_saves),
            connections: Connections::default(),
            doubts: DoubtHistory::default(),
            limit: None,
            can_resume: plan.can_resume,
            was_answered: false,
            had_session: false,
            may_be_there: false,
            keeps_count: false,
            appends: false,
            left: None,
            was_called_incomplete: false,
            outbox: Vec::new(),
            plan,
        }
    }

    /// For an upload of which an earlier process left `state`.
    pub(super) fn of_earlier(plan: Plan, state: &ResumeState, now: Instant, seed: u64) -> Self {
        let mut context = Self::new(plan, now, seed);
        context.had_session = true;
        let target = state.target_for(&context.plan.destination);
        let timeout = state.host_fallback_seconds.map(Duration::from_secs);
        context.target.stay_at(target, state.host.clone(), timeout);
        context.saves.found(state);
        context
    }

    pub(super) fn tell(&mut self, event: UploadEvent) {
        self.outbox.push(event);
    }

    pub(super) fn tell_resized(&mut self, change: Option<SizeChange>) {
        if let Some(SizeChange { from, to, why }) = change {
            self.tell(UploadEvent::Resized { from, to, why });
        }
    }

    /// The session as another process would resume it.
    pub(super) fn snapshot(&self, session: &ResumeState) -> ResumeState {
        let target = self.target.current();
        let is_moved = *target != self.plan.destination && target.query().is_none();
        ResumeState {
            target: is_moved.then(|| target.clone()),
            fragment_limit: self.sizer.limit(),
            keeps_count: self.keeps_count,
            ..session.clone()
        }
    }
}
