//! The history of an upload, seen from outside.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::disturb::is_setback;
use crate::fault::Fault;
use crate::model::Model;
use crate::server::{Place, Reply, Request};

/// The smallest fragment, and the largest question, in bytes.
pub(crate) const SMALLEST: u64 = 5 * 1024;

/// The history of the upload.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Watch {
    /// The session that the client uses.
    pub(crate) session: Option<usize>,
    /// The highest offset in its Acks that reached the client.
    pub(crate) acknowledged: u64,
    /// The last one.
    pub(crate) last_ack: u64,
    /// How far the client may believe that it has sent.
    pub(crate) sent: u64,
    /// Whether an Ack told an offset.
    pub(crate) told: bool,
    /// Whether a Close of it was disturbed.
    pub(crate) close_disturbed: bool,
    /// When the run began, or gave a session up, or something new was acknowledged last.
    pub(crate) progress: Instant,
    /// The session that was given up last.
    pub(crate) given_up: Option<usize>,
    /// Since when nothing new was acknowledged at the host that the server named for it.
    pub(crate) at_host_since: Option<Instant>,
    /// How often this run left a host that the server named.
    pub(crate) hosts_left: u32,
    /// Bodies sent in it, as far as nothing disturbed them.
    pub(crate) session_bytes: u64,

    /// Whether this run had a session, and whether anything answered it.
    pub(crate) had_session: bool,
    pub(crate) answered: bool,
    /// The source was replaced between two runs.
    pub(crate) is_starting_over: bool,

    /// Whether something disturbed the last exchange but Cancel-Session.
    pub(crate) is_disturbed: bool,
    /// Whether something stood in its way.
    pub(crate) is_held_back: bool,
    /// The request of that exchange.
    pub(crate) last: Option<Request>,
    pub(crate) last_fault: Option<Fault>,
    pub(crate) disturbances: u64,
    pub(crate) since_fault: u64,
    pub(crate) fault_over: Instant,
    /// Fragments refused by their size.
    pub(crate) refusals: u32,
    /// Pages in place of Acks.
    pub(crate) pages: u32,
    /// Failures since the last progress that look like a lost session.
    pub(crate) doubts: u32,
    /// Whether an Ack claimed what never arrived.
    pub(crate) lied: bool,
    /// How often the server lost bytes, or its Ack hid that it did.
    pub(crate) setbacks: u32,
    /// How often a request came late or twice.
    pub(crate) late: u32,
    /// Whether the server forgot its sessions on a connection that it kept.
    pub(crate) expired: bool,
    /// Whether a time-out or an outage used up much of the time without progress since the last one.
    pub(crate) timed_out: bool,
    pub(crate) source_changed: bool,
    /// Whether the file was found where it is to be.
    pub(crate) verified: bool,
    pub(crate) interrupted: bool,
    /// Whether the last fragment went out in full in any session.
    pub(crate) whole_sent: bool,

    /// The highest byte of the file that any session acknowledged, and sessions opened since.
    pub(crate) highest: u64,
    pub(crate) sessions_since: u32,
    /// Bytes of bodies sent, and those of them for which there is a reason.
    pub(crate) bytes: u64,
    pub(crate) excused: u64,
    /// Sessions that nobody can give up.
    pub(crate) orphans: Vec<usize>,
}

impl Watch {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            session: None,
            acknowledged: 0,
            last_ack: 0,
            sent: 0,
            told: false,
            close_disturbed: false,
            progress: now,
            given_up: None,
            at_host_since: None,
            hosts_left: 0,
            session_bytes: 0,
            had_session: false,
            answered: false,
            is_starting_over: false,
            is_disturbed: false,
            is_held_back: false,
            last: None,
            last_fault: None,
            disturbances: 0,
            since_fault: 0,
            fault_over: now,
            refusals: 0,
            pages: 0,
            doubts: 0,
            lied: false,
            setbacks: 0,
            late: 0,
            expired: false,
            timed_out: false,
            source_changed: false,
            verified: false,
            interrupted: false,
            whole_sent: false,
            highest: 0,
            sessions_since: 0,
            bytes: 0,
            excused: 0,
            orphans: Vec::new(),
        }
    }

    pub(crate) fn note_fault(&mut self, request: Request, fault: Option<Fault>, model: &Model, now: Instant) {
        // Why an upload ends is what came before it tidies up.
        if !matches!(request, Request::Cancel { .. }) {
            (self.is_disturbed, self.is_held_back, self.last) = (fault.is_some(), false, Some(request));
        }
        self.since_fault += 1;
        self.last_fault = fault;
        let Some(fault) = fault else { return };
        self.close_disturbed |= matches!(request, Request::Close { .. });
        (self.since_fault, self.fault_over) = (0, now);
        self.disturbances += 1;
        self.doubts += u32::from(fault.looks_like_a_lost_session());
        self.pages += u32::from(fault.is_page());
        self.lied |= fault == Fault::Lie;
        self.setbacks += u32::from(is_setback(fault, model.overlap));
        self.late += u32::from(matches!(fault, Fault::Duplicate | Fault::Replay | Fault::Stale | Fault::StaleFirst));
        self.expired |= fault == Fault::Expired;
        self.timed_out |= matches!(fault, Fault::Silent | Fault::Stalled | Fault::For(_));
        self.source_changed |= fault == Fault::SourceChanged;
        self.interrupted |= fault == Fault::Interrupted;
    }

    /// Create-Session's Ack reached the client.
    pub(crate) fn note_session(&mut self, id: usize, at_host_since: Option<Instant>) {
        self.leave_session();
        self.sessions_since += 1;
        (self.session, self.at_host_since, self.had_session) = (Some(id), at_host_since, true);
        self.is_starting_over = false;
    }

    pub(crate) fn leave_session(&mut self) {
        self.excused += std::mem::take(&mut self.session_bytes);
        (self.session, self.acknowledged, self.last_ack, self.sent) = (None, 0, 0, 0);
        (self.told, self.close_disturbed, self.at_host_since) = (false, false, None);
    }

    /// For how long nothing new was acknowledged to this run, at most: a session may have been given up a pause and a
    /// Cancel-Session before the next was asked for.
    pub(crate) fn without_progress(&self, now: Instant) -> Duration {
        now.duration_since(self.progress) + Duration::from_secs(75)
    }

    /// The server lost so much that it had acknowledged.
    pub(crate) fn excuse(&mut self, bytes: u64) {
        self.excused += bytes;
    }

    /// Notes the part of a response that counts, when it reaches the client.
    pub(crate) fn note_reply(&mut self, request: Request, reply: Reply, sent: u64, place: Place, now: Instant) {
        self.answered = true;
        let Request::Fragment { first, end, .. } = request else { return };
        self.sent = self.sent.max(first + sent);
        if reply.status != 416 && !(reply.status == 200 && reply.is_ack) {
            return;
        }
        let silent = if reply.status == 200 && !self.told { end } else { self.last_ack };
        if reply.offset.is_none() && silent != end {
            return;
        }
        self.told |= reply.offset.is_some();
        self.last_ack = reply.offset.unwrap_or(silent);
        if self.last_ack > self.acknowledged {
            self.acknowledged = self.last_ack;
            // The answer to a question that any server gives is none yet.
            if end - first > SMALLEST || self.last_ack != end {
                self.progress = now;
            }
            if place == Place::Named {
                self.at_host_since = Some(now);
            }
        }
        if self.last_ack > self.highest {
            self.highest = self.last_ack;
            if end - first > SMALLEST || self.last_ack != end {
                (self.sessions_since, self.doubts, self.timed_out) = (0, 0, false);
            }
        }
    }

    /// Sessions that were opened by a request whose response the client did not see, or that it tried to give up.
    pub(crate) fn note_orphans(&mut self, request: Request, is_disturbed: bool, opened: Range<usize>) {
        if let Request::Cancel { session } = request {
            self.orphans.push(session);
        }
        if is_disturbed {
            self.orphans.extend(opened.filter(|id| self.session != Some(*id)));
        }
    }
}
