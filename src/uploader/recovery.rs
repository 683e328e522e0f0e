//! What to do when an exchange went wrong but the upload need not end: pause and try again, open a new session, or
//! give up because nothing was gained for too long.

use std::time::{Duration, Instant};

use http::Response;

use crate::event::UploadEvent;
use crate::protocol::{AckError, BitsError, PacketKind, TransportError, TransportErrorKind};

use super::create::CreateSession;
use super::ping::Ping;
use super::retry::{Hint, left, retry_after};
use super::{Context, Refusal, State, UploadError};

/// Something went wrong, and the same upload may still succeed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) cause: UploadError,
    pub(super) hint: Hint,
}

impl Fault {
    /// No answer came.
    pub(super) fn lost(packet: PacketKind, error: TransportError) -> Self {
        let bodiless = packet != PacketKind::Fragment;
        let at_once = bodiless && error.is_stale_connection();
        Self { cause: UploadError::Lost { packet, error }, hint: Hint { at_once, ..Hint::default() } }
    }

    /// The server refused in a way that may pass.
    pub(super) fn refused(packet: PacketKind, refusal: Refusal, error: BitsError, answer: &Response<()>) -> Self {
        let hint = Hint { after: retry_after(answer.headers()), slowly: refusal == Refusal::DiskFull, at_once: false };
        Self { cause: UploadError::Refused { packet, refusal, error }, hint }
    }

    /// The answer is not one, as far as we can tell.
    pub(super) fn bad_answer(packet: PacketKind, error: AckError) -> Self {
        Self { cause: UploadError::BadAnswer { packet, error }, hint: Hint::default() }
    }
}

/// Answers that count as none: they came from something else, or cannot be told from ones that did.
pub(super) fn counts_as_lost(error: &AckError) -> bool {
    matches!(error, AckError::NotAnAck { .. } | AckError::NotHttp11 | AckError::Ambiguous(_) | AckError::OtherSession)
}

impl Context {
    /// Pauses, then goes on with `then`; ends the upload when the budget does not allow another try.
    pub(super) fn retry(&mut self, fault: Fault, then: State, now: Instant) -> Result<State, UploadError> {
        let then = self.leave_host_in_time(then, now);
        let Some(pause) = self.pause(fault.hint, now) else { return Err(self.give_up(fault.cause, now)) };
        self.tell(UploadEvent::Retrying { cause: fault.cause.of_a_try(), pause, attempt: self.budget.attempts() });
        Ok(State::Waiting(pause, Box::new(then)))
    }

    /// The pause before the next try, or `None` if there is to be none.
    fn pause(&mut self, hint: Hint, now: Instant) -> Option<Duration> {
        let attempt = self.budget.attempt();
        self.backoff.allowed(&self.plan.retry, attempt, hint, self.budget.last_progress(), now)
    }

    fn give_up(&self, cause: UploadError, now: Instant) -> UploadError {
        if self.plan.retry.no_progress_timeout.is_zero() || self.plan.retry.retries == Some(0) {
            return cause;
        }
        let elapsed = self.budget.without_progress(now);
        UploadError::GaveUp { cause: Box::new(cause), attempts: self.budget.attempts(), elapsed }
    }

    /// Opens a new session, from the file's beginning. The first time at once, later after a pause.
    pub(super) fn restart(&mut self, fault: Fault, now: Instant) -> Result<State, UploadError> {
        if !self.plan.may_start_over {
            return Err(UploadError::CannotResume { cause: Box::new(fault.cause) });
        }
        if self.plan.retry.no_progress_timeout.is_zero() {
            return Err(fault.cause);
        }
        if !self.budget.restart() {
            return Err(self.give_up(fault.cause, now));
        }
        self.target.back_to_origin();
        self.tell(UploadEvent::SessionLost { cause: fault.cause.to_string() });
        let create = State::CreateSession(CreateSession::after_ping());
        let at_once = self.budget.restarts() == 1 && fault.hint.after.is_none();
        if at_once { Ok(create) } else { self.retry(fault, create, now) }
    }

    /// The server answers, but nothing new is stored, however often it is sent.
    pub(super) fn no_progress(&self, now: Instant) -> UploadError {
        UploadError::NoProgress {
            acknowledged: self.budget.highest(),
            resent: self.budget.resent_bytes(),
            elapsed: self.budget.without_progress(now),
        }
    }

    /// Leaves the host that the server named if nothing was acknowledged there for as long as the server allows
    /// (MC-BUP 3.1.5.1.7): the URL's own host is greeted, then the session goes on there if it knows it.
    fn leave_host_in_time(&mut self, then: State, now: Instant) -> State {
        if !self.target.gives_host_up(now) {
            return then;
        }
        self.target.back_to_origin();
        self.tell(UploadEvent::HostGivenUp { origin: self.target.current().to_string() });
        match then {
            State::Ping(ping) => State::Ping(ping),
            other => State::Ping(Ping::before(other)),
        }
    }

    /// Ends an upload whose time is over, unless it has just succeeded or tidies up.
    pub(super) fn within_max_time(&self, state: State, now: Instant) -> Result<State, UploadError> {
        let over = self.plan.retry.max_time.is_some_and(|limit| left(self.budget.started(), limit, now).is_none());
        if over && !matches!(state, State::Finished | State::CancelSession(_)) {
            return Err(UploadError::OutOfTime { acknowledged: self.budget.highest() });
        }
        Ok(state)
    }
}

/// Whether a loss before there is a session is final: the address is wrong rather than the network down.
pub(super) fn is_final_at_first(error: &TransportError) -> bool {
    is_always_final(error)
        || matches!(
            error.kind,
            TransportErrorKind::UnknownHost | TransportErrorKind::ProxyRefused | TransportErrorKind::BadAnswer
        )
}

/// Losses that another try does not mend.
pub(super) fn is_always_final(error: &TransportError) -> bool {
    matches!(
        error.kind,
        TransportErrorKind::Tls(_)
            | TransportErrorKind::ProxyAuthentication
            | TransportErrorKind::Local
            | TransportErrorKind::NotAllowed
    )
}
