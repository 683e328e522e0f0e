//! Close-Session: commits the file.
//!
//! Once the last fragment was sent in full, the server may have published the file. What it refuses afterwards need not
//! mean that the upload failed (recovery rule R6).

use std::time::Instant;

use http::Response;

use crate::exchange::TransportError;
use crate::protocol::{Answer, Packet, PacketKind, ack};

use super::ping::Ping;
use super::verify::Verification;
use crate::uploader::recovery::{Doubt, FailedAttempt, Reading, counts_as_lost};
use crate::uploader::{Context, ResumeState, State, UploadError};

const PACKET: PacketKind = PacketKind::CloseSession;

/// Waits for Close-Session's Ack. Reached only when the session's own Acks cover the file: some servers publish
/// whatever they have when they see a Close.
#[derive(Debug, Clone)]
pub(in crate::uploader) struct CloseSession {
    session: ResumeState,
    /// Whether an earlier Close may have been carried out although its response said nothing of the kind.
    repeated: bool,
    doubt: Doubt,
}

impl CloseSession {
    /// The Close of a session whose every byte is acknowledged; repeated if an earlier process sent one.
    pub(in crate::uploader) fn of(session: ResumeState) -> Self {
        // Whatever refuses a Close that may have been carried out is read with the same patience as a suspect session.
        let (repeated, doubt) = (session.close_sent, Doubt::suspect());
        Self { session: ResumeState { close_sent: true, ..session }, repeated, doubt }
    }

    pub(in crate::uploader) fn session(&self) -> &ResumeState {
        &self.session
    }

    pub(in crate::uploader) fn is_repeated(&self) -> bool {
        self.repeated
    }

    pub(in crate::uploader) fn packet(&self, context: &Context) -> Packet {
        Packet::CloseSession { session: self.session.session.clone(), name: context.plan.name.clone() }
    }

    pub(in crate::uploader) fn ping_acknowledged(&mut self) {
        self.doubt.ping_acknowledged = true;
    }

    pub(in crate::uploader) fn answered(
        self,
        context: &mut Context,
        response: &Response<()>,
        now: Instant,
    ) -> Result<State, UploadError> {
        match ack::end_of_session(response, &self.session.session) {
            Ok(Answer::Ack(())) => Ok(Verification::of_success(context)),
            Ok(Answer::Refused(error)) => self.failed(context, FailedAttempt::refused(PACKET, error, response), now),
            Err(error) if counts_as_lost(&error) => self.failed(context, FailedAttempt::bad_answer(PACKET, error), now),
            Err(error) => Err(UploadError::BadAnswer { packet: PACKET, error }),
        }
    }

    pub(in crate::uploader) fn lost(
        self,
        context: &mut Context,
        error: TransportError,
        now: Instant,
    ) -> Result<State, UploadError> {
        let attempt = FailedAttempt::lost(PACKET, error);
        if attempt.reading() == Reading::Final { Err(attempt.cause) } else { self.failed(context, attempt, now) }
    }

    fn failed(self, context: &mut Context, attempt: FailedAttempt, now: Instant) -> Result<State, UploadError> {
        match attempt.reading() {
            Reading::SessionGone if !self.repeated => context.restart(attempt, None, now),
            // Of a Close whose response was lost, a server that carried it out and forgot it says so.
            Reading::SessionGone => {
                Ok(Verification::instead_of(context, UploadError::unconfirmed(attempt.cause, true), None))
            }
            // A server that was set back after its last Ack calls the file incomplete. Once: it may mean something else.
            _ if attempt.is_bad_request_from_bits() && !self.repeated => self.called_incomplete(context, attempt, now),
            _ if attempt.is_from_bits() && self.repeated && attempt.reading() != Reading::Outage => Ok(
                Verification::instead_of(context, UploadError::unconfirmed(attempt.cause, false), Some(self.session)),
            ),
            Reading::Final | Reading::TooLarge => {
                Ok(Verification::instead_of(context, attempt.cause, Some(self.session)))
            }
            // Also of silence: the next Close tells.
            _ if matches!(&attempt.cause, UploadError::Lost { .. }) => self.again(context, attempt, now),
            Reading::Outage => self.again(context, attempt, now),
            Reading::Doubt | Reading::Page => self.doubtful(context, attempt, now),
        }
    }

    fn called_incomplete(
        self,
        context: &mut Context,
        attempt: FailedAttempt,
        now: Instant,
    ) -> Result<State, UploadError> {
        if !context.plan.may_start_over || std::mem::replace(&mut context.was_called_incomplete, true) {
            return Ok(Verification::instead_of(context, attempt.cause, Some(self.session)));
        }
        context.restart(attempt, Some(self.session.session), now)
    }

    /// A page, a plain 500, a 400 or 404 without BITS's fields, or silence: out of order, or a Close that was carried out.
    fn doubtful(mut self, context: &mut Context, attempt: FailedAttempt, now: Instant) -> Result<State, UploadError> {
        if self.doubt.counts_lost(&attempt) {
            return Ok(Verification::instead_of(
                context,
                UploadError::unconfirmed(attempt.cause, false),
                Some(self.session),
            ));
        }
        let wants_ping = self.doubt.wants_ping();
        self.repeated = true;
        context.target.failed(now);
        let next = State::CloseSession(self);
        let next = if wants_ping { State::Ping(Ping::before(next)) } else { next };
        context.retry(attempt, next, now)
    }

    fn again(mut self, context: &mut Context, attempt: FailedAttempt, now: Instant) -> Result<State, UploadError> {
        self.repeated |= match &attempt.cause {
            UploadError::Lost { error, .. } => error.request_was_sent,
            _ => true,
        };
        context.target.failed(now);
        context.retry(attempt, State::CloseSession(self), now)
    }
}
