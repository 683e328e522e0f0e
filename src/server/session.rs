//! One session as a value: what a packet does to it, and how it is acknowledged. No disk, no clock, no network.
//!
//! ```text
//!            Create-Session                    Close-Session, all bytes there
//!  (nothing) ──────────────► Open ───────────────────────────────────────────► Closed ──► (expired)
//!                            │ ▲ Fragment                                        │ ▲ Close-Session again
//!                            │ └─┘                                               │ └─┘
//!                            └──────► Gone: cancelled or expired ◄───────────────┘
//! ```

use std::time::{Duration, SystemTime};

use super::limits::Limits;
use super::response::{Ack, RequestError};
use crate::protocol::{ContentRange, ProtocolId};

/// A session's phase of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionPhase {
    Open,
    /// The file is published; kept so that a repeated Close-Session is acknowledged.
    Closed,
    /// Cancelled or expired while a request still held it.
    Gone,
}

/// The verdict of the application behind the receiver on the complete file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApplicationVerdict {
    Pending,
    Accepted,
    /// It does not want the file.
    Rejected,
}

/// One upload.
///
/// Invariant: `durable` ≤ `written` ≤ `total`. Only `durable` is ever told to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionState {
    pub(crate) phase: SessionPhase,
    /// The file's size in bytes, known from the first fragment on.
    pub(crate) total: Option<u64>,
    /// Bytes handed to the file system.
    pub(crate) written: u64,
    /// Bytes that survive a power cut.
    pub(crate) durable: u64,
    pub(crate) verdict: ApplicationVerdict,
    /// When it last made progress.
    pub(crate) touched: SystemTime,
}

/// The place of a fragment's body in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WritePlan {
    /// Bytes at the body's start that are there already.
    pub(crate) skip: u64,
    /// Offset of the first new byte.
    pub(crate) at: u64,
    pub(crate) new: u64,
    pub(crate) total: u64,
}

impl SessionState {
    /// A session without a byte.
    pub(crate) fn new(now: SystemTime) -> Self {
        Self {
            phase: SessionPhase::Open,
            total: None,
            written: 0,
            durable: 0,
            verdict: ApplicationVerdict::Pending,
            touched: now,
        }
    }

    /// Plans a fragment ([MC-BUP] 2.2.6). Changes nothing yet.
    pub(crate) fn fragment(&self, range: ContentRange, limits: &Limits) -> Result<WritePlan, RequestError> {
        if self.phase != SessionPhase::Open {
            return Err(RequestError::UnknownSession);
        }
        if self.total.is_some_and(|total| total != range.total()) {
            return Err(RequestError::Invalid("the total changed"));
        }
        if limits.max_size.is_some_and(|most| range.total() > most) {
            return Err(RequestError::TooLarge);
        }
        if limits.max_fragment.is_some_and(|most| range.len() > most) {
            return Err(RequestError::FragmentTooLarge);
        }
        if range.first() > self.written {
            return Err(RequestError::OutOfStep(self.written));
        }
        let skip = (self.written - range.first()).min(range.len());
        Ok(WritePlan { skip, at: self.written, new: range.len() - skip, total: range.total() })
    }

    /// The Ack of Close-Session ([MC-BUP] 2.2.8); if it has a size, the file is to be published first. `None` if the
    /// application has to see the file first. A session without fragments is that of an empty file, which no
    /// `Content-Range` can express; its application sees it now, and no reply can be offered.
    pub(crate) fn close(&self, asks: bool) -> Result<Option<Ack>, RequestError> {
        match self.phase {
            SessionPhase::Gone => Err(RequestError::UnknownSession),
            SessionPhase::Closed => Ok(Some(Ack::Closed(None))),
            SessionPhase::Open if self.written != self.total.unwrap_or(0) => {
                Err(RequestError::Invalid("bytes are missing"))
            }
            SessionPhase::Open => match self.verdict {
                ApplicationVerdict::Rejected => Err(RequestError::Rejected),
                ApplicationVerdict::Pending if asks => Ok(None),
                ApplicationVerdict::Pending | ApplicationVerdict::Accepted => Ok(Some(Ack::Closed(Some(self.written)))),
            },
        }
    }

    /// The Ack of the bytes that are there ([MC-BUP] 2.2.7). `None` if the file is complete and the application has to see
    /// it first.
    pub(crate) fn acknowledge(&self, asks: bool) -> Result<Option<Ack>, RequestError> {
        match self.verdict {
            _ if self.phase != SessionPhase::Open => Err(RequestError::UnknownSession),
            _ if self.total != Some(self.durable) => Ok(Some(Ack::Received(self.durable))),
            ApplicationVerdict::Rejected => Err(RequestError::Rejected),
            ApplicationVerdict::Accepted => Ok(Some(Ack::Replied(self.durable))),
            ApplicationVerdict::Pending if asks => Ok(None),
            ApplicationVerdict::Pending => Ok(Some(Ack::Received(self.durable))),
        }
    }

    /// Whether Cancel-Session has something to remove ([MC-BUP] 2.2.10).
    pub(crate) fn cancel(&self) -> Result<(), RequestError> {
        if self.phase == SessionPhase::Open { Ok(()) } else { Err(RequestError::UnknownSession) }
    }

    /// Whether it is past its time. A clock that was set back makes nothing older.
    pub(crate) fn is_expired(&self, now: SystemTime, timeout: Duration) -> bool {
        now.duration_since(self.touched).is_ok_and(|age| age > timeout)
    }
}

/// The first of the client's protocols that this server speaks ([MC-BUP] 2.2.2).
pub(crate) fn choose_protocol(offered: &[ProtocolId]) -> Result<ProtocolId, RequestError> {
    let spoken = |protocol: &&ProtocolId| **protocol == ProtocolId::BITS_1_5_UPLOAD;
    offered.iter().find(spoken).copied().ok_or(RequestError::Invalid("no protocol in common"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { max_size: Some(1000), max_fragment: Some(100), ..Limits::default() }
    }

    /// Plays a transcript: lines of `>` are packets, lines of `<` the responses expected. The bytes of a body are their
    /// own offsets plus a constant that differs for every packet, so that a byte written twice shows.
    fn play(transcript: &str) -> (SessionState, Vec<u8>) {
        let mut session = SessionState::new(SystemTime::UNIX_EPOCH);
        let (mut stored, mut response) = (Vec::new(), String::new());
        for (number, line) in transcript.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
            match line.split_once(' ').unwrap() {
                (">", packet) => response = carry_out(&mut session, &mut stored, packet),
                ("<", expected) => assert_eq!(response, expected, "line {number}"),
                _ => panic!("line {number}: {line}"),
            }
        }
        (session, stored)
    }

    fn carry_out(session: &mut SessionState, stored: &mut Vec<u8>, packet: &str) -> String {
        let result = match packet.split_once(' ') {
            Some(("Fragment", range)) => session.fragment(range.parse().unwrap(), &limits()).map(|plan| {
                assert_eq!(plan.at, stored.len() as u64, "the file has no holes");
                stored.resize(stored.len() + usize::try_from(plan.new).unwrap(), 0);
                session.total = Some(plan.total);
                session.written += plan.new;
                format!("200 {} (skip {}, new {})", session.written, plan.skip, plan.new)
            }),
            None if packet == "Close" => session.close(false).map(|ack| {
                session.phase = SessionPhase::Closed;
                format!("200 {:?}", ack.unwrap())
            }),
            None if packet == "Cancel" => session.cancel().map(|()| {
                session.phase = SessionPhase::Gone;
                "200".to_owned()
            }),
            _ => panic!("{packet}"),
        };
        result.unwrap_or_else(|error| format!("{} {error}", error.status().as_u16()))
    }

    #[test]
    fn fragments_in_order_are_stored_and_published() {
        let (session, stored) = play(
            "> Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Fragment bytes 10-19/20
             < 200 20 (skip 0, new 10)
             > Close
             < 200 Closed(Some(20))",
        );
        assert_eq!((session.phase, stored.len()), (SessionPhase::Closed, 20));
    }

    #[test]
    fn an_empty_file_is_created_and_closed() {
        play(
            "> Close
              < 200 Closed(Some(0))",
        );
    }

    #[test]
    fn a_gap_is_out_of_step_and_changes_nothing() {
        play(
            "> Fragment bytes 1-9/20
             < 416 out of step, offset 0 is next
             > Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Fragment bytes 11-19/20
             < 416 out of step, offset 10 is next
             > Fragment bytes 10-19/20
             < 200 20 (skip 0, new 10)",
        );
    }

    #[test]
    fn of_an_overlap_only_the_tail_is_new() {
        play(
            "> Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Fragment bytes 0-9/20
             < 200 10 (skip 10, new 0)
             > Fragment bytes 2-5/20
             < 200 10 (skip 4, new 0)
             > Fragment bytes 5-14/20
             < 200 15 (skip 5, new 5)
             > Fragment bytes 0-19/20
             < 200 20 (skip 15, new 5)",
        );
    }

    #[test]
    fn the_total_stays_what_the_first_fragment_said() {
        play(
            "> Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Fragment bytes 10-19/21
             < 400 the total changed
             > Fragment bytes 10-18/19
             < 400 the total changed
             > Fragment bytes 10-19/20
             < 200 20 (skip 0, new 10)",
        );
    }

    #[test]
    fn an_early_close_keeps_the_session() {
        play(
            "> Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Close
             < 400 bytes are missing
             > Fragment bytes 10-19/20
             < 200 20 (skip 0, new 10)
             > Close
             < 200 Closed(Some(20))",
        );
    }

    #[test]
    fn a_repeated_close_is_acknowledged_and_nothing_else_is() {
        play(
            "> Fragment bytes 0-9/10
             < 200 10 (skip 0, new 10)
             > Close
             < 200 Closed(Some(10))
             > Close
             < 200 Closed(None)
             > Fragment bytes 0-9/10
             < 500 unknown session
             > Cancel
             < 500 unknown session
             > Close
             < 200 Closed(None)",
        );
    }

    #[test]
    fn a_cancelled_session_is_unknown() {
        play(
            "> Fragment bytes 0-9/20
             < 200 10 (skip 0, new 10)
             > Cancel
             < 200
             > Fragment bytes 10-19/20
             < 500 unknown session
             > Close
             < 500 unknown session
             > Cancel
             < 500 unknown session",
        );
    }

    /// Another connection can end a session while the bytes of a fragment are written.
    #[test]
    fn bytes_of_a_session_that_ended_meanwhile_are_not_acknowledged() {
        for phase in [SessionPhase::Gone, SessionPhase::Closed] {
            let new = SessionState::new(SystemTime::UNIX_EPOCH);
            let session = SessionState { total: Some(20), durable: 10, phase, ..new };
            assert_eq!(session.acknowledge(false), Err(RequestError::UnknownSession));
        }
    }

    #[test]
    fn a_complete_file_waits_for_the_application_and_follows_its_verdict() {
        let mut session = SessionState::new(SystemTime::UNIX_EPOCH);
        assert_eq!(session.close(true), Ok(None), "an empty file is seen at its Close-Session");
        (session.total, session.written, session.durable) = (Some(2), 1, 1);
        assert_eq!(session.acknowledge(true), Ok(Some(Ack::Received(1))));
        (session.written, session.durable) = (2, 2);
        assert_eq!(session.acknowledge(false), Ok(Some(Ack::Received(2))));
        assert_eq!(session.acknowledge(true), Ok(None));
        assert_eq!(session.close(true), Ok(None));
        session.verdict = ApplicationVerdict::Accepted;
        assert_eq!(session.acknowledge(true), Ok(Some(Ack::Replied(2))));
        assert_eq!(session.close(true), Ok(Some(Ack::Closed(Some(2)))));
        session.verdict = ApplicationVerdict::Rejected;
        assert_eq!(session.acknowledge(true), Err(RequestError::Rejected));
        assert_eq!(session.close(false), Err(RequestError::Rejected));
    }

    #[test]
    fn limits_count_bytes_of_the_file_and_of_the_fragment() {
        play(
            "> Fragment bytes 0-0/1001
             < 500 the file is over the maximum size
             > Fragment bytes 0-100/1000
             < 413 the fragment is over the maximum size
             > Fragment bytes 0-99/1000
             < 200 100 (skip 0, new 100)",
        );
    }

    #[test]
    fn offsets_near_the_end_of_numbers_do_not_overflow() {
        let session = SessionState { total: None, ..SessionState::new(SystemTime::UNIX_EPOCH) };
        let range = "bytes 0-18446744073709551614/18446744073709551615".parse().unwrap();
        let plan = session.fragment(range, &Limits::default()).unwrap();
        assert_eq!((plan.new, plan.total), (u64::MAX, u64::MAX));
    }

    #[test]
    fn a_session_expires_without_progress_and_not_by_a_clock_set_back() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let session = SessionState::new(now);
        let timeout = Duration::from_secs(10);
        assert!(!session.is_expired(now + timeout, timeout));
        assert!(session.is_expired(now + timeout + Duration::from_secs(1), timeout));
        assert!(!session.is_expired(now - Duration::from_secs(500), timeout));
    }

    #[test]
    fn the_one_protocol_is_chosen_wherever_it_stands() {
        let other = "00000000-0000-0000-0000-000000000001".parse().unwrap();
        let ours = ProtocolId::BITS_1_5_UPLOAD;
        assert_eq!(choose_protocol(&[other, ours]), Ok(ours));
        assert_eq!(choose_protocol(&[other]), Err(RequestError::Invalid("no protocol in common")));
        assert_eq!(choose_protocol(&[]), Err(RequestError::Invalid("no protocol in common")));
    }
}
