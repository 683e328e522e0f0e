//! What to do when an exchange went wrong but the upload need not end: the one table of which responses and losses are
//! retried ([`FailedAttempt::reading`]), and the ways on: a pause and another try, a new session, the end.
//!
//! The rules are numbered R1 to R9 in `docs/reliability.md`.

use std::fmt;
use std::time::{Duration, Instant};

use http::{Response, StatusCode};

use crate::exchange::{TransportError, TransportErrorKind};
use crate::protocol::{AckError, BitsError, PacketKind, SessionId};
use crate::uploader::UploadEvent;

use super::backoff::{Hint, left, retry_after};
use super::state::cancel::CancelSession;
use super::state::create::CreateSession;
use super::state::ping::Ping;
use super::{Context, Refusal, ReplyError, State, Unverified, UploadError};

/// Tries before anything answered as HTTP, where what came back is none: another try hardly makes a TLS port speak HTTP.
const MAX_TRIES_AT_NO_HTTP: u32 = 3;

/// An exchange that went wrong while the same upload may still succeed.
#[derive(Debug)]
pub(super) struct FailedAttempt {
    pub(super) cause: UploadError,
    pub(super) hint: Hint,
}

/// What a failed attempt within a session says, whichever packet it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The server does not know the session.
    SessionGone,
    /// The path or the server is out of order. Never a sign that the session is lost, however often (R5).
    Outage,
    /// A page of something before the server, such as a firewall: no sign that the session is lost either. A new session
    /// would meet it again after everything was sent twice.
    Page,
    /// A server that has forgotten the session may answer like that, and so may one that is out of order.
    Doubt,
    /// The body is too large, says the peer.
    TooLarge,
    /// Another try does not mend it.
    Final,
}

/// Reads well after "within a session: ".
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionGone => "the session is lost; a new one is opened, and the file sent from its beginning",
            Self::Outage => "an outage; the same session is tried again with back-off",
            Self::Page => {
                "a page of something before the server; tried again with back-off, and with smaller fragments if a small one passes"
            }
            Self::Doubt => {
                "an outage, a fragment that is too large, or a lost session; small fragments and Pings tell which"
            }
            Self::TooLarge => "the fragment is too large; smaller ones are sent, down to 5 KiB",
            Self::Final => "final",
        })
    }
}

impl FailedAttempt {
    /// No response came.
    pub(super) fn lost(packet: PacketKind, error: TransportError) -> Self {
        let at_once = error.closed_by_peer || (packet != PacketKind::Fragment && error.is_stale_connection());
        Self { cause: UploadError::Lost { packet, error }, hint: Hint { at_once, ..Hint::default() } }
    }

    /// The peer refused.
    pub(super) fn refused(packet: PacketKind, error: BitsError, response: &Response<()>) -> Self {
        let refusal = Refusal::classify(&error, packet);
        let hint =
            Hint { after: retry_after(response.headers()), slowly: refusal == Refusal::DiskFull, at_once: false };
        Self { cause: UploadError::Refused { packet, refusal, error }, hint }
    }

    /// The response is none that the packet can have.
    pub(super) fn bad_answer(packet: PacketKind, error: AckError) -> Self {
        Self { cause: UploadError::BadAnswer { packet, error }, hint: Hint::default() }
    }

    /// The same cause, with the next try at once unless the server said when.
    pub(super) fn at_once(self) -> Self {
        let at_once = self.hint.after.is_none() && !self.hint.slowly;
        Self { hint: Hint { at_once, ..self.hint }, ..self }
    }

    /// The table (R4, R5): what this says within a session.
    pub(super) fn reading(&self) -> Reading {
        match &self.cause {
            UploadError::Refused { refusal, error, .. } => of_refusal(*refusal, error),
            UploadError::BadAnswer { error, .. } if counts_as_lost(error) => Reading::Outage,
            UploadError::Lost { error, .. } if is_final(error) => Reading::Final,
            UploadError::Lost { error, .. } if is_silence(error) => Reading::Doubt,
            UploadError::Lost { .. } | UploadError::Redirected { .. } | UploadError::NoProgress { .. } => {
                Reading::Outage
            }
            // GET and HEAD: the reply, and what is at the destination.
            UploadError::Reply(ReplyError::Status(status)) | UploadError::Unverified(Unverified::Status(_, status)) => {
                of_status(*status)
            }
            UploadError::Reply(ReplyError::Lost(error)) | UploadError::Unverified(Unverified::Lost(_, error)) => {
                if is_final(error) {
                    Reading::Final
                } else {
                    Reading::Outage
                }
            }
            UploadError::Reply(ReplyError::BadAnswer(_)) => Reading::Outage,
            _ => Reading::Final,
        }
    }

    /// HTTP's status of a refusal.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match &self.cause {
            UploadError::Refused { error, .. } => Some(error.status),
            _ => None,
        }
    }

    /// Whether a BITS server calls the request itself wrong.
    pub(super) fn is_bad_request_from_bits(&self) -> bool {
        self.status() == Some(StatusCode::BAD_REQUEST) && self.is_from_bits()
    }

    /// Whether a gateway could not reach the server behind it.
    pub(super) fn is_from_gateway(&self) -> bool {
        let status = self.status().map(|status| status.as_u16());
        matches!(status, Some(502..=504)) && !self.is_from_bits()
    }

    /// Whether the refusal comes from BITS rather than from something before it.
    pub(super) fn is_from_bits(&self) -> bool {
        matches!(&self.cause, UploadError::Refused { error, .. } if error.is_from_bits())
    }
}

impl Refusal {
    /// What this refusal, of any packet within a session, says.
    #[must_use]
    pub fn reading(self, error: &BitsError) -> Reading {
        of_refusal(self, error)
    }
}

fn of_refusal(refusal: Refusal, error: &BitsError) -> Reading {
    let status = error.status.as_u16();
    match refusal {
        Refusal::SessionNotFound => Reading::SessionGone,
        Refusal::FragmentTooLarge => Reading::TooLarge,
        // A plain 500, or one with a code of no known meaning, is also how lost sessions are reported.
        Refusal::Unavailable if status == 500 => Reading::Doubt,
        Refusal::Unavailable | Refusal::DiskFull | Refusal::ApplicationUnavailable => Reading::Outage,
        Refusal::Invalid if status == 400 => Reading::Doubt,
        _ if error.is_from_bits() => Reading::Final,
        // A portal.
        _ if error.status.is_redirection() => Reading::Outage,
        _ if matches!(status, 404 | 410) => Reading::Doubt,
        Refusal::Permission | Refusal::NoEndpoint => Reading::Page,
        Refusal::Invalid if status != 411 => Reading::Page,
        _ => Reading::Final,
    }
}

/// A GET has no HRESULT and no session: only a busy server may answer better later.
fn of_status(status: StatusCode) -> Reading {
    let is_fatal = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    let is_busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if is_busy || (status.is_server_error() && !is_fatal) { Reading::Outage } else { Reading::Final }
}

/// Responses that count as none: they came from something else, or cannot be told from ones that did.
pub(super) fn counts_as_lost(error: &AckError) -> bool {
    matches!(error, AckError::NotAnAck { .. } | AckError::NotHttp11 | AckError::Ambiguous(_) | AckError::OtherSession)
}

/// The request went out, and nothing came back: in time, or before the connection was closed.
fn is_silence(error: &TransportError) -> bool {
    let kind = matches!(error.kind, TransportErrorKind::TimedOut(_) | TransportErrorKind::Cut);
    kind && error.request_was_sent && !error.response_began && !error.closed_by_peer
}

/// Losses that another try does not mend, also once a session exists: decisions about trust, and a machine that is short
/// of something.
fn is_final(error: &TransportError) -> bool {
    error.is_about_trust() || error.kind == TransportErrorKind::Local
}

/// Whether a loss before there is a session is final: the address is wrong rather than the network down.
fn is_final_at_first(error: &TransportError) -> bool {
    is_final(error)
        || matches!(
            error.kind,
            TransportErrorKind::UnknownHost | TransportErrorKind::ProxyRefused | TransportErrorKind::Tls(_)
        )
}

impl Context {
    /// Whether a loss of a packet that is not part of a session ends the upload. Once a session existed, everything that
    /// is not a decision about trust is retried (R8).
    pub(super) fn is_final_loss(&self, error: &TransportError) -> bool {
        if self.had_session { is_final(error) } else { is_final_at_first(error) }
    }

    /// Pauses, then goes on with `then`; ends the upload when the budget does not allow another try.
    pub(super) fn retry(&mut self, attempt: FailedAttempt, then: State, now: Instant) -> Result<State, UploadError> {
        let then = self.leave_host_in_time(then, now);
        let Some(pause) = self.pause(&attempt, now) else { return Err(self.give_up(attempt.cause, now)) };
        self.tell(UploadEvent::Retrying { cause: attempt.cause.of_a_try(), pause, attempt: self.budget.attempts() });
        if pause.is_zero() { Ok(then) } else { Ok(State::Waiting(pause, Box::new(then))) }
    }

    /// The pause before the next try, or `None` if there is to be none.
    fn pause(&mut self, attempt: &FailedAttempt, now: Instant) -> Option<Duration> {
        let number = self.budget.attempt();
        let mut policy = self.plan.retry.clone();
        // A host that the server named is left for the URL's own in time.
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
        self.backoff.allowed(&policy, number, attempt.hint, self.budget.last_progress(), now)
    }

    fn give_up(&self, cause: UploadError, now: Instant) -> UploadError {
        if self.plan.retry.no_progress_timeout.is_zero() || self.plan.retry.retries == Some(0) {
            return cause;
        }
        let elapsed = self.budget.without_progress(now);
        UploadError::GaveUp { cause: Box::new(cause), attempts: self.budget.attempts(), elapsed }
    }

    /// Opens a new session, from the file's beginning. The first time at once, later after a pause. A `session` that the
    /// server may still hold is given up first.
    pub(super) fn restart(
        &mut self,
        attempt: FailedAttempt,
        session: Option<SessionId>,
        now: Instant,
    ) -> Result<State, UploadError> {
        if !self.plan.may_start_over {
            return Err(UploadError::CannotResume { cause: Box::new(attempt.cause) });
        }
        if self.plan.retry.no_progress_timeout.is_zero() {
            return Err(attempt.cause);
        }
        if !self.budget.restart(now) {
            return Err(self.give_up(attempt.cause, now));
        }
        self.tell(UploadEvent::SessionLost { cause: attempt.cause.to_string() });
        let create = State::CreateSession(CreateSession::again());
        let at_once = self.budget.restarts() == 1 && attempt.hint.after.is_none();
        let next = if at_once { create } else { self.retry(attempt, create, now)? };
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

    /// The session may be lost, or the server out of order (R5). Three failures, with Pings that are acknowledged in
    /// between, say that it is lost; then there is one new session in a run.
    pub(super) fn doubt(&mut self, doubt: &mut Doubt, attempt: &FailedAttempt) -> Doubted {
        if !doubt.is_suspect {
            // The server has acknowledged something of this session on this connection: what it says now is meant.
            let is_meant = attempt.is_bad_request_from_bits();
            let meets_it_again = self.doubted.is_some() && self.doubted == attempt.status() && doubt.is_new_session;
            let is_last_word = is_meant || (meets_it_again && doubt.counts_lost(attempt));
            return if is_last_word { Doubted::Meant } else { Doubted::Outage };
        }
        if !doubt.counts_lost(attempt) {
            return Doubted::Outage;
        }
        if std::mem::replace(&mut self.has_doubted, true) {
            return Doubted::Meant;
        }
        self.doubted = attempt.status();
        Doubted::Lost
    }

    /// A session got further than any before: what it meets from now on is not what its predecessor met.
    pub(super) fn forget_doubt(&mut self) {
        (self.has_doubted, self.doubted) = (false, None);
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
        self.leave_host();
        match then {
            State::Ping(ping) => State::Ping(ping),
            State::CreateSession(_) => State::Ping(Ping::before_create()),
            other => State::Ping(Ping::before(other)),
        }
    }

    /// Back to the URL's own host.
    pub(super) fn leave_host(&mut self) {
        self.target.back_to_origin();
        self.tell(UploadEvent::HostGivenUp { origin: self.target.current().to_string() });
    }

    /// Whether the time for the upload is over, unless it has just ended or tidies up.
    pub(super) fn is_out_of_time(&self, state: &State, now: Instant) -> bool {
        let over = self.plan.retry.max_time.is_some_and(|limit| left(self.budget.started(), limit, now).is_none());
        over && !matches!(state, State::Finished | State::CancelSession(_) | State::Verify(_) | State::Ended(_))
    }
}

/// Failures after which a suspect session counts as lost.
const MAX_DOUBTS: u32 = 3;

/// Whether a session may be lost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Doubt {
    /// It comes from an earlier run, or its connection was lost since its last Ack: the server may have been restarted.
    pub(super) is_suspect: bool,
    /// Nothing was acknowledged in it yet.
    pub(super) is_new_session: bool,
    /// Failures that a lost session explains, with an acknowledged Ping before each but the first.
    pub(super) failures: u32,
    /// Their status: a server always says the same of a lost session, and what stands before it something else.
    pub(super) status: Option<StatusCode>,
    /// Whether a Ping was acknowledged since the last of them.
    pub(super) ping_acknowledged: bool,
}

impl Doubt {
    pub(super) fn suspect() -> Self {
        Self { is_suspect: true, ..Self::default() }
    }

    pub(super) fn new_session() -> Self {
        Self { is_new_session: true, ..Self::default() }
    }

    /// Counts a failure that a lost session explains; whether these are enough.
    pub(super) fn counts_lost(&mut self, attempt: &FailedAttempt) -> bool {
        if self.status != attempt.status() {
            (self.status, self.failures) = (attempt.status(), 0);
        }
        self.failures += u32::from(self.failures == 0 || self.ping_acknowledged);
        self.ping_acknowledged = false;
        self.failures >= MAX_DOUBTS
    }

    /// Whether the next try is to be preceded by a Ping, whose Ack tells a lost session from an outage.
    pub(super) fn wants_ping(self) -> bool {
        self.failures > 0 && !self.ping_acknowledged
    }
}

/// What a failure that a lost session explains comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubted {
    /// Out of order, or not known yet: another try.
    Outage,
    /// The session is lost.
    Lost,
    /// It is the server's last word.
    Meant,
}
