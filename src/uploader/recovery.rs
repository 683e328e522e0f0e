//! The ways on after an exchange went wrong: a pause and another try, a new session, the end. Which of them a response or a
//! loss leads to is in `failed_attempt`; how long the pauses are is in `backoff`.

use std::time::Duration;

use crate::exchange::{TransportError, TransportErrorKind};
use crate::protocol::SessionId;

use super::backoff::left;
use super::context::Context;
use super::doubt::SessionDoubt;
use super::error::UploadError;
use super::event::UploadEvent;
use super::failed_attempt::{FailedAttempt, is_final, is_final_at_first};
use super::state::cancel::CancelSession;
use super::state::create::CreateSession;
use super::state::ping::Ping;
use super::state::{State, Step};

/// Tries before anything answered as HTTP, where what came back is none: another try hardly makes a TLS port speak HTTP.
const MAX_TRIES_AT_NO_HTTP: u32 = 3;

impl Context {
    /// Whether a loss of a packet that is not part of a session ends the upload. Once a session existed, everything that
    /// is not a decision about trust is retried (R8).
    pub(super) fn is_final_loss(&self, error: &TransportError) -> bool {
        if self.had_session { is_final(error) } else { is_final_at_first(error) }
    }

    /// Pauses, then continues with `then`; ends the upload when the budget does not allow another try (R9).
    pub(super) fn retry(&mut self, attempt: FailedAttempt, then: State) -> Step {
        let then = self.leave_host_in_time(then);
        let Some(pause) = self.pause(&attempt) else { return Err(self.give_up(attempt.cause)) };
        self.tell(UploadEvent::Retrying { cause: attempt.cause.of_a_try(), pause, attempt: self.budget.attempts() });
        if pause.is_zero() { Ok(then) } else { Ok(State::Waiting(pause, Box::new(then))) }
    }

    /// The same after a failure within a session, which also counts against the host that the server named. A Ping goes
    /// first where its Ack tells a lost session from an outage (R5).
    pub(super) fn retry_in_session(&mut self, attempt: FailedAttempt, doubt: SessionDoubt, then: State) -> Step {
        self.target.note_failure(self.now);
        let then = if doubt.wants_ping() { State::Ping(Ping::before(then)) } else { then };
        self.retry(attempt, then)
    }

    /// The pause before the next try, or `None` if there is to be none.
    fn pause(&mut self, attempt: &FailedAttempt) -> Option<Duration> {
        let number = self.budget.attempt();
        let mut policy = self.plan.retry.clone();
        // No server has responded yet: the address may be wrong, and ten minutes would be a long time to say so. But a
        // host that the server named is left for the URL's own in time.
        if !self.was_answered && !self.target.has_other_host() {
            policy.no_progress_timeout = policy.no_progress_timeout.min(policy.wait_for_server);
            let is_no_http = matches!(
                &attempt.cause,
                UploadError::Lost { error, .. } if error.kind == TransportErrorKind::BadResponse
            );
            if is_no_http && number >= MAX_TRIES_AT_NO_HTTP {
                return None;
            }
        }
        self.backoff.allowed(&policy, number, attempt.hint, self.budget.last_progress(), self.now)
    }

    fn give_up(&self, cause: UploadError) -> UploadError {
        if self.plan.retry.no_progress_timeout.is_zero() || self.plan.retry.retries == Some(0) {
            return cause;
        }
        let elapsed = self.budget.without_progress(self.now);
        UploadError::GaveUp { cause: Box::new(cause), attempts: self.budget.attempts(), elapsed }
    }

    /// Opens a new session, from the file's beginning (R5). The first time at once, later after a pause. A `session` that
    /// the server may still hold is given up first.
    pub(super) fn restart(&mut self, attempt: FailedAttempt, session: Option<SessionId>) -> Step {
        if !self.plan.may_start_over {
            return Err(UploadError::CannotResume { cause: Box::new(attempt.cause) });
        }
        if self.plan.retry.no_progress_timeout.is_zero() {
            return Err(attempt.cause);
        }
        if !self.budget.restart(self.now) {
            return Err(self.give_up(attempt.cause));
        }
        self.tell(UploadEvent::SessionLost { cause: attempt.cause.to_string() });
        let create = State::CreateSession(CreateSession::new());
        let at_once = self.budget.restarts() == 1 && attempt.hint.after.is_none();
        let next = if at_once { create } else { self.retry(attempt, create)? };
        Ok(match session {
            Some(session) => State::CancelSession(CancelSession::then(session, next)),
            None => next,
        })
    }

    /// Cancels the session before `session` first, if the server could not be told when it was given up. Twice in an upload
    /// is the chance: when the next session is open, and when all of the file is acknowledged.
    pub(super) fn tell_of_left_session(&mut self, session: &SessionId, next: State) -> State {
        match self.left.take().filter(|left| left != session) {
            Some(left) if !matches!(next, State::Ended(_)) => State::CancelSession(CancelSession::then(left, next)),
            _ => next,
        }
    }

    /// The server answers, but nothing new is stored, however often it is sent.
    pub(super) fn no_progress(&self) -> UploadError {
        UploadError::NoProgress {
            acknowledged: self.budget.highest(),
            resent: self.budget.resent_bytes(),
            elapsed: self.budget.without_progress(self.now),
        }
    }

    /// Leaves the host that the server named if nothing was acknowledged there for as long as the server allows
    /// (R8, MC-BUP 3.1.5.1.7): the URL's own host is pinged, then the session goes on there if it knows it.
    fn leave_host_in_time(&mut self, then: State) -> State {
        if !self.target.is_stay_over(self.now) {
            return then;
        }
        self.leave_host();
        match then {
            State::Ping(ping) => State::Ping(ping.at_another_host()),
            State::CreateSession(_) => State::Ping(Ping::before_create()),
            other => State::Ping(Ping::before(other).at_another_host()),
        }
    }

    /// Back to the URL's own host.
    pub(super) fn leave_host(&mut self) {
        self.target.back_to_origin();
        self.tell(UploadEvent::HostGivenUp { origin: self.target.current().to_string() });
    }

    /// Whether the time for the upload is over, unless it has just ended or tidies up.
    pub(super) fn is_out_of_time(&self, state: &State) -> bool {
        let over = self.plan.retry.max_time.is_some_and(|limit| left(self.budget.started(), limit, self.now).is_none());
        over && !matches!(state, State::Finished | State::CancelSession(_) | State::Verify(_) | State::Ended(_))
    }
}
