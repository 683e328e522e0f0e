//! The client's side of a session as a state machine: it says what to do next and is told what came of that.
//!
//! No sockets, no files, no clock: a client asks [`Uploader::next_action`], carries it out and reports with
//! [`Uploader::handle`]. This folder decides when a record is written, which failures are retried and how, and how an
//! upload ends, and nothing else does: by the rules R1 to R10 of `docs/reliability.md`.
//!
//! | Decision | Its one home |
//! |---|---|
//! | which packets there are, and what follows which | `state` |
//! | what a status and an HRESULT mean | `refusal` |
//! | which responses and losses are retried | `failed_attempt` |
//! | how: another try, a new session | `recovery` |
//! | how long until the next try | `backoff` |
//! | when to stop trying | `budget` |
//! | whether a session is lost | `doubt` |
//! | what the server got of a fragment | `state/fragment/question` |
//! | how large fragments are, and when one is too large | `fragment_size`, `state/fragment/size` |
//! | where packets go: redirects, other hosts | `target` |
//! | connections that the peer does not keep | `connections` |
//! | what is written down when | `saves` |
//! | how an upload ends | `step` |

mod action;
mod backoff;
mod budget;
mod connections;
mod context;
mod doubt;
mod error;
mod event;
mod failed_attempt;
mod fragment_size;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod plan;
mod recovery;
mod refusal;
mod reply;
mod resume_state;
mod saves;
mod state;
mod step;
mod target;
mod verify;

#[cfg(test)]
mod tests;

use std::time::Instant;

use http::{Response, Uri};

use crate::protocol::Origin;
use crate::protocol::text::escape;
use context::Context;
use state::State;
use state::cancel::CancelSession;
use state::create::CreateSession;
use state::fragment::Fragment;
use state::ping::Ping;

pub use action::{Action, HostLimit, Input, Reauthentication, ResponseTime};
pub use backoff::RetryPolicy;
pub use error::UploadError;
pub use event::{Resize, UploadEvent};
pub use failed_attempt::FailureClass;
pub use fragment_size::FragmentSize;
pub use plan::Plan;
pub use refusal::Refusal;
pub use reply::{MAX_REPLY, ReplyError, ReplyFetched, ReplyRequest};
pub use resume_state::ResumeState;
pub use saves::Save;
pub use verify::{Mismatch, Seen, Unverified, Verify, may_be_the_file};

/// One upload of one file.
#[derive(Debug, Clone)]
pub struct Uploader {
    context: Context,
    state: State,
}

impl Uploader {
    /// An upload that has not begun. `now` starts its clock; `seed` is all its randomness, used for pauses.
    #[must_use]
    pub fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        Self { context: Context::new(plan, now, seed), state: State::Ping(Ping::before_create()) }
    }

    /// An upload that resumes the session of an earlier process.
    ///
    /// The server may have stored more than it acknowledged, or less: a small fragment asks first.
    #[must_use]
    pub fn resume(plan: Plan, state: ResumeState, now: Instant, seed: u64) -> Self {
        Self::resume_known(plan, state, None, now, seed)
    }

    /// The same where the source may be another file that begins with the same bytes, up to `known`: at least those that
    /// were acknowledged to the earlier process.
    ///
    /// Bytes that the server stored beyond these came from the file of then: if there are any, the upload starts over.
    #[must_use]
    pub fn resume_with_another_file(plan: Plan, state: ResumeState, known: u64, now: Instant, seed: u64) -> Self {
        if known == 0 {
            return Self::start_over(plan, state, now, seed);
        }
        let mut uploader = Self::resume_known(plan, state, Some(known), now, seed);
        uploader.context.saves.set_of_another_file(true);
        uploader
    }

    fn resume_known(plan: Plan, state: ResumeState, known: Option<u64>, now: Instant, seed: u64) -> Self {
        let mut context = Context::of_earlier(plan, &state, now, seed);
        context.sizer.resume_with(state.fragment_limit);
        context.budget.resumed_at(state.acknowledged);
        // It is not known whether the process was killed before or after that. Another file there is not this one.
        context.may_be_there = known.is_none() && state.sent_end == context.plan.size;
        context.keeps_count = state.keeps_count;
        context.tell(UploadEvent::Resumed { offset: state.acknowledged, total: context.plan.size });
        let next = Fragment::resumed(&mut context, state, known);
        Self { context, state: State::Ping(Ping::before(next)) }
    }

    /// An upload that gives the session of an earlier process up, then starts over.
    #[must_use]
    pub fn start_over(plan: Plan, state: ResumeState, now: Instant, seed: u64) -> Self {
        let context = Context::of_earlier(plan, &state, now, seed);
        let cancel = CancelSession::then(state.session, State::Ping(Ping::before_create()));
        Self { context, state: State::CancelSession(cancel) }
    }

    /// No upload: gives the session of an earlier process up. One that the server does not know is given up.
    #[must_use]
    pub fn give_up(plan: Plan, state: ResumeState, now: Instant) -> Self {
        let context = Context::of_earlier(plan, &state, now, 0);
        let cancel = CancelSession::alone(state.session);
        Self { context, state: State::CancelSession(cancel) }
    }

    /// The same on a connection that carried an upload to this server before, so that it was pinged already: begins with
    /// Create-Session. Where that is lost, because the connection is no longer there, it begins with Ping after all.
    /// Nothing changes for an upload that resumes a session, or has begun.
    #[must_use]
    pub fn skip_ping(self) -> Self {
        let state = match self.state {
            State::Ping(ping) if ping.then().is_none() => State::CreateSession(CreateSession::without_ping()),
            state => state,
        };
        Self { state, ..self }
    }

    /// Whether the next packet is for the connection of before, and no new one.
    #[must_use]
    pub fn needs_same_connection(&self) -> bool {
        matches!(&self.state, State::CreateSession(create) if create.skipped_ping())
    }

    /// Whether the next packet goes out on a new connection: this peer never keeps one.
    #[must_use]
    pub fn needs_new_connection(&self) -> bool {
        matches!(&self.state, State::Fragment(_)) && self.context.connections.are_never_kept()
    }

    /// How long the next packet's response may take.
    #[must_use]
    pub fn response_time(&self) -> ResponseTime {
        self.state.response_time(&self.context)
    }

    /// Whether the upload ends without success after the packet at hand.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(&self.state, State::CancelSession(cancel) if cancel.is_last())
    }

    /// The next action. Asking twice changes nothing.
    #[must_use]
    pub fn next_action(&self) -> Action {
        if let Some(save) = self.context.saves.due() {
            return Action::Save(save.clone());
        }
        if let Some(limit) = self.context.limit {
            return Action::Remember(limit);
        }
        self.state.action(&self.context)
    }

    /// Where the file is to be in the end.
    #[must_use]
    pub fn destination(&self) -> &Uri {
        &self.context.plan.destination
    }

    /// Where the next packet goes.
    #[must_use]
    pub fn target(&self) -> &Uri {
        self.context.target.current()
    }

    /// The host and port that packets go to instead of the URL's, if the server named one.
    pub(crate) fn named_host(&self) -> Option<String> {
        let target = &self.context.target;
        target.is_elsewhere().then(|| escape(Origin::of(target.current()).authority()))
    }

    /// The size of fragments in use, in bytes.
    #[must_use]
    pub fn fragment_size(&self) -> u64 {
        self.context.sizer.current()
    }

    /// At which byte of the reply the body of a response with this head begins, if the upload reads it.
    #[must_use]
    pub fn accept_reply(&self, head: &Response<()>) -> Option<u64> {
        match &self.state {
            State::FetchReply(fetch) => fetch.accept(head),
            _ => None,
        }
    }

    /// The events since the last call that are worth telling, in order.
    pub fn take_events(&mut self) -> Vec<UploadEvent> {
        std::mem::take(&mut self.context.outbox)
    }

    /// How the upload ended. Meant for after [`Action::Finish`].
    ///
    /// # Errors
    /// When it ended without success, or has not ended.
    pub fn into_result(self) -> Result<(), UploadError> {
        match self.state {
            State::Finished => Ok(()),
            State::Ended(error) => Err(error),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    /// Tells what came of the last [`Action`].
    #[must_use]
    pub fn handle(self, input: Input, now: Instant) -> Self {
        let Self { mut context, state } = self;
        context.now = now;
        let state = match input {
            Input::Saved { can_resume } => {
                context.saves.done(can_resume);
                context.can_resume &= can_resume;
                state
            }
            Input::Remembered => {
                context.limit = None;
                state
            }
            input => context.step(state, input),
        };
        Self { context, state }
    }
}
