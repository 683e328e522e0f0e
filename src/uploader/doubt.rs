//! Whether a session is lost or the server out of order (recovery rule R5).
//!
//! Some servers, and what stands before them, answer alike in both cases. A new session costs the whole file, waiting costs
//! the budget. So a session is given up only where a restart of the server is likely, after failures that look the same,
//! between which the server is seen to be up by a Ping, and once: if the new session meets the same, it is not the session.

use http::StatusCode;

use super::failed_attempt::FailedAttempt;

/// Failures after which a suspect session counts as lost.
const MAX_FAILURES: u32 = 3;

/// The judgements on doubtful failures so far in this upload.
#[derive(Debug, Clone, Default)]
pub(super) struct DoubtHistory {
    /// Whether a session was given up because it was suspect, and on which status.
    has_doubted: bool,
    status: Option<StatusCode>,
}

/// Whether a session may be lost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SessionDoubt {
    /// It comes from an earlier run, or its connection was lost since its last Ack: the server may have been restarted.
    pub(super) is_suspect: bool,
    /// Nothing was acknowledged in it yet.
    is_new_session: bool,
    /// Failures that a lost session explains, with an acknowledged Ping before each but the first.
    failures: u32,
    /// Their status: a server always says the same of a lost session, and what stands before it something else.
    status: Option<StatusCode>,
    /// Whether a Ping was acknowledged since the last of them.
    pub(super) ping_acknowledged: bool,
}

/// The judgement on a failure that a lost session explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubted {
    /// Out of order, or not known yet: another try.
    Outage,
    /// The session is lost.
    Lost,
    /// It is the server's last word.
    Meant,
}

impl DoubtHistory {
    /// A session got further than any before: what it meets from now on is not what its predecessor met.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl SessionDoubt {
    pub(super) fn suspect() -> Self {
        Self { is_suspect: true, ..Self::default() }
    }

    pub(super) fn new_session() -> Self {
        Self { is_new_session: true, ..Self::default() }
    }

    /// The meaning of a doubtful failure of this session (R5).
    pub(super) fn judge(&mut self, history: &mut DoubtHistory, attempt: &FailedAttempt) -> Doubted {
        if !self.is_suspect {
            // The server has acknowledged something of this session on this connection: what it says now is meant.
            let is_meant = attempt.is_bad_request_from_bits();
            let meets_it_again = history.status.is_some() && history.status == attempt.status() && self.is_new_session;
            let is_last_word = is_meant || (meets_it_again && self.counts_lost(attempt));
            return if is_last_word { Doubted::Meant } else { Doubted::Outage };
        }
        if !self.counts_lost(attempt) {
            return Doubted::Outage;
        }
        if history.has_doubted {
            // A failure that its predecessor did not meet says nothing of this session: links fail as well as servers.
            // And a loss is no peer's last word.
            let meets_it_again = attempt.status().is_some() && history.status == attempt.status();
            return if meets_it_again { Doubted::Meant } else { Doubted::Outage };
        }
        *history = DoubtHistory { has_doubted: true, status: attempt.status() };
        Doubted::Lost
    }

    /// Counts a failure that a lost session explains; whether these are enough.
    pub(super) fn counts_lost(&mut self, attempt: &FailedAttempt) -> bool {
        if self.status != attempt.status() {
            (self.status, self.failures) = (attempt.status(), 0);
        }
        self.failures += u32::from(self.failures == 0 || self.ping_acknowledged);
        self.ping_acknowledged = false;
        self.failures >= MAX_FAILURES
    }

    /// Whether the next try is to be preceded by a Ping, whose Ack tells a lost session from an outage.
    pub(super) fn wants_ping(self) -> bool {
        self.failures > 0 && !self.ping_acknowledged
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::protocol::{BitsError, PacketKind};

    /// The judgements on the same refusal again and again, the server being seen to be up in between.
    fn judged(mut doubt: SessionDoubt, before: u16, status: u16) -> Vec<Doubted> {
        let code = |status| StatusCode::from_u16(status).expect("a status");
        let mut response = Response::new(());
        *response.status_mut() = code(status);
        let attempt = FailedAttempt::refused(PacketKind::Fragment, BitsError::of(&response), &response);
        let mut history = DoubtHistory { has_doubted: true, status: Some(code(before)) };
        let judge = |_| {
            doubt.ping_acknowledged = true;
            doubt.judge(&mut history, &attempt)
        };
        (0..5).map(judge).collect()
    }

    #[test]
    fn only_a_new_session_that_meets_what_its_predecessor_met_is_judged_by_it() {
        use Doubted::{Meant, Outage};
        assert_eq!(judged(SessionDoubt::new_session(), 404, 404), [Outage, Outage, Meant, Meant, Meant]);
        assert_eq!(judged(SessionDoubt::new_session(), 404, 410), [Outage; 5]);
        assert_eq!(judged(SessionDoubt::default(), 404, 404), [Outage; 5]);
    }
}
