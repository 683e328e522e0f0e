//! The rules that must hold whatever goes wrong, seen from outside: requests, responses, and saved records.

use std::time::Duration;

use bitsup::exchange::BodySent;
use bitsup::uploader::{FragmentSize, Input, ResumeState, Save};

use crate::end::End;
use crate::fault::Fault;
use crate::journal::{number, url};
use crate::server::{HOST_FALLBACK_SECONDS, Life, Place, Request};
use crate::watch::{SMALLEST, Watch};
use crate::world::{State, Verdict, World};

/// The first automatic size of fragments, in bytes.
const START: u64 = 192 * 1024;
/// Bytes that may be sent beyond the file and what was lost.
const SLACK: u64 = 64 * 1024 * 1024;
/// Failures that look like a lost session after which a session that still lives may be given up.
const DOUBTS: u32 = 3;
/// Refusals by size that an upload may meet beyond those that faults explain: two for each time that a size halves.
const REFUSALS: u32 = 26;

impl World {
    /// Whether this may be sent at all, and an end is in sight.
    pub(crate) fn check_request(&self, request: Request) -> Verdict {
        let watch = &self.watch;
        if watch.source_changed && !matches!(request, Request::Cancel { .. }) && !watch.is_disturbed {
            return Err(format!("{request:?} after the source changed"));
        }
        if watch.since_fault > self.most_requests() {
            return Err(format!("still at it {} requests after the last fault", watch.since_fault));
        }
        let since = self.now.duration_since(watch.fault_over);
        if since > self.most_time() {
            return Err(format!("still at it {since:?} after the last fault"));
        }
        if u64::from(watch.refusals) > u64::from(REFUSALS) + 3 * watch.disturbances {
            return Err(format!("{} fragments were refused by their size", watch.refusals));
        }
        // A server that appends, and refused a gap that its own loss left, has shown for good that it keeps count: what
        // it has twice after that is not noticed, and is sent in full.
        if watch.bytes > self.setup.size + watch.excused + SLACK && !self.is_damaged_unseen() {
            return Err(format!("{} bytes sent, {} of them with a reason", watch.bytes, watch.excused));
        }
        self.check_place(request)
    }

    /// Requests that an upload may need once nothing goes wrong any more.
    fn most_requests(&self) -> u64 {
        let (model, setup) = (&self.setup.model, &self.setup);
        let chosen = match setup.sizing {
            FragmentSize::Auto => START.min(setup.refused_before.map_or(u64::MAX, |refused| refused / 2)),
            FragmentSize::Fixed(size) => size.get(),
        };
        let by_size = model.largest.map_or(u64::MAX, |(largest, _)| largest / 2);
        let in_time = |(seconds, _)| setup.link.carried_in(Duration::from_secs(seconds)) / 4;
        let by_time = model.slowest.map_or(u64::MAX, in_time);
        let smallest = chosen.min(by_size).min(by_time).min(model.keeps.unwrap_or(u64::MAX));
        // Each fault may have halved the size, for four fragments or for good.
        let smallest = (smallest >> self.watch.disturbances.min(16)).max(SMALLEST.min(chosen));
        150 + 3 * setup.size / smallest
    }

    fn most_time(&self) -> Duration {
        let (watch, link) = (&self.watch, &self.setup.link);
        let requests = u32::try_from(watch.since_fault).unwrap_or(u32::MAX);
        let habits = Duration::from_secs(335) * watch.refusals + (link.round_trip + link.service) * requests * 2;
        Duration::from_secs(1500) + link.carry(self.setup.size) * 4 + habits
    }

    /// A session is opened at the URL's host, and lives where the server said until that has not worked for too long.
    fn check_place(&self, request: Request) -> Verdict {
        let fallback = Duration::from_secs(HOST_FALLBACK_SECONDS);
        match (self.place, request, self.watch.at_host_since) {
            // One that was lost there is opened again there.
            (Place::Named, _, None) => Err(format!("{request:?} at the host that was named for another session")),
            (Place::Origin, Request::Fragment { .. } | Request::Close { .. }, Some(since))
                if self.now.duration_since(since) < fallback =>
            {
                Err(format!("{request:?} at the URL's host after {:?}", self.now.duration_since(since)))
            }
            _ => Ok(()),
        }
    }

    /// Whether this may be sent now, with what is written down.
    pub(crate) fn check_order(&mut self, request: Request) -> Verdict {
        match request {
            Request::Ping | Request::Cancel { .. } => Ok(()),
            Request::Create => {
                if self.watch.session.is_some()
                    && self.watch.session != self.watch.given_up
                    && !self.watch.is_starting_over
                {
                    (self.watch.given_up, self.watch.progress) = (self.watch.session, self.now);
                }
                self.check_new_session()
            }
            Request::Fragment { session, first, end, .. } => {
                if first > self.watch.sent.min(self.watch.acknowledged) {
                    let Watch { sent, acknowledged, .. } = self.watch;
                    return Err(format!(
                        "a fragment at {first}, but {sent} bytes were sent, {acknowledged} acknowledged"
                    ));
                }
                self.check_promise(session, |state| state.sent_end >= end)?;
                self.check_lag(end - first)
            }
            Request::Close { session } => {
                self.watch.close_disturbed |= self.place == Place::Named && self.setup.model.host_refuses.is_some();
                if self.watch.acknowledged.min(self.watch.sent) < self.setup.size {
                    return Err(format!("Close, but only {} bytes are acknowledged", self.watch.acknowledged));
                }
                self.check_promise(session, |state| state.close_sent)
            }
        }
    }

    /// The record that covers a packet is durable before the packet is sent.
    fn check_promise(&self, session: usize, is_promised: impl Fn(&ResumeState) -> bool) -> Verdict {
        if self.watch.session != Some(session) {
            return Err(format!("a packet of session {session}"));
        }
        match (self.setup.state, self.journal.durable()) {
            (State::Nothing | State::Deferred, None) => Ok(()),
            (_, Some(state)) if number(&state.session) == session && is_promised(state) => Ok(()),
            (_, durable) => Err(format!("about to send what is not on record: {durable:?}")),
        }
    }

    /// The record follows the last Ack. While a second question is out, the first answer does not count yet.
    fn check_lag(&self, len: u64) -> Verdict {
        match self.journal.latest() {
            Some(state) if len > SMALLEST && state.acknowledged != self.watch.last_ack => {
                Err(format!("the record says {}, the last Ack {}", state.acknowledged, self.watch.last_ack))
            }
            _ => Ok(()),
        }
    }

    /// A new session costs all that was sent: not for an outage.
    fn check_new_session(&self) -> Verdict {
        if let Some(state) = self.journal.durable() {
            return Err(format!("Create-Session, and another run would find session {}", state.session));
        }
        let Some(session) = self.watch.session else { return Ok(()) };
        let watch = &self.watch;
        let model = &self.setup.model;
        let is_elsewhere = model.names_host && !model.shares_sessions && self.place == Place::Origin;
        let is_lost = self.server.life(session) != Life::Open || self.place_is_dead() || is_elsewhere;
        let is_in_doubt = watch.doubts >= DOUBTS || watch.setbacks > 0 || watch.lied || watch.is_starting_over;
        if is_lost || is_in_doubt || model.cannot_be_asked() || watch.orphans.contains(&session) {
            return Ok(());
        }
        Err(format!("a new session, although session {session} lives"))
    }

    fn place_is_dead(&self) -> bool {
        self.setup.model.host_refuses.is_some() || !self.server.is_within_reach(Place::Named)
    }

    /// A saved record is never ahead of the Acks, and can be read.
    pub(crate) fn check_save(&self, save: &Save) -> Verdict {
        let (Save::Durable(state) | Save::Progress(state) | Save::Brief(state)) = save else { return Ok(()) };
        if self.setup.state == State::Nothing {
            return Err(format!("{save:?}, although nothing is kept"));
        }
        if self.watch.session != Some(number(&state.session)) {
            return Err(format!("{save:?} of another session"));
        }
        if state.acknowledged > self.watch.acknowledged {
            return Err(format!("the record says {}, the Acks {}", state.acknowledged, self.watch.acknowledged));
        }
        if !state.is_sound(&url(Place::Origin), self.setup.size) {
            return Err(format!("{save:?} would not be read back"));
        }
        Ok(())
    }

    /// Takes note of the record that another run finds, and of its meaning for the session that there was.
    pub(crate) fn check_found(&mut self, found: Option<&ResumeState>) -> Verdict {
        let model = &self.setup.model;
        let is_dead = self.place_is_dead() || (model.names_host && !model.shares_sessions);
        (self.watch.since_fault, self.watch.fault_over, self.watch.progress) = (0, self.now, self.now);
        (self.watch.interrupted, self.watch.expired, self.watch.hosts_left) = (false, false, 0);
        let watch = &mut self.watch;
        (watch.had_session, watch.answered, watch.is_starting_over) = (found.is_some(), false, false);
        match (found, watch.session) {
            (Some(state), Some(session)) if number(&state.session) == session => {
                watch.sent = watch.sent.max(state.sent_end);
                watch.whole_sent |= state.sent_end == self.setup.size;
                watch.close_disturbed |= state.close_sent;
                Ok(())
            }
            (Some(state), session) => Err(format!("the record is of session {}, used was {session:?}", state.session)),
            (None, Some(session)) => {
                let is_known = self.setup.state != State::Kept || watch.last_fault == Some(Fault::CrashUnsaved);
                let is_lost = self.server.life(session) != Life::Open || is_dead;
                if !is_lost && !is_known && !watch.orphans.contains(&session) {
                    return Err(format!("no record of session {session}, which lives"));
                }
                watch.orphans.push(session);
                watch.leave_session();
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }

    /// Keeps the account of what was sent. `None`: the client is dead.
    pub(crate) fn account(&mut self, request: Request, input: Option<&Input>, is_disturbed: bool) {
        if is_disturbed {
            self.watch.fault_over = self.now;
        }
        // Only what went out whole can arrive again.
        self.previous = Some((request, self.place));
        let Request::Fragment { first, end, .. } = request else { return };
        let sent = match input {
            Some(Input::Responded(response)) => response.extensions().get().map_or(0, |BodySent(sent)| *sent),
            Some(Input::Lost(error)) => error.body_sent,
            Some(Input::Unauthenticated { body_sent, .. }) => *body_sent,
            _ => end - first,
        };
        if sent < end - first || self.watch.is_held_back {
            self.previous = None;
        } else {
            self.first_fragment.get_or_insert((request, self.place));
        }
        let watch = &mut self.watch;
        watch.sent = watch.sent.max(first + sent);
        watch.whole_sent |= first + sent == self.setup.size;
        watch.bytes += sent;
        let is_taken = matches!(input, Some(Input::Responded(_))) && watch.last_ack >= end;
        if is_taken && !is_disturbed && sent > SMALLEST {
            watch.session_bytes += sent;
        } else {
            watch.excused += sent;
        }
    }

    /// No session is left behind that nobody can go on with or give up.
    pub(crate) fn check_left_behind(&self) -> Verdict {
        let on_record = self.journal.latest().map(|state| number(&state.session));
        let left = self.server.open_sessions().find(|id| Some(*id) != on_record && !self.watch.orphans.contains(id));
        match left {
            // A session whose file may be there is not given up, whether it is found or not.
            Some(_) if self.setup.state == State::Nothing && self.end.is_some_and(End::is_unconfirmed) => Ok(()),
            Some(_) if matches!(self.end, Some(End::FoundDifferent | End::OldFile | End::Misled)) => Ok(()),
            // It was not closed, but the file was found all the same.
            Some(_) if self.watch.verified => Ok(()),
            // Out of reach, at a host that was left.
            Some(_) if self.setup.model.names_host && !self.setup.model.shares_sessions => Ok(()),
            Some(id) if !self.setup.model.tied && !self.place_is_dead() => {
                Err(format!("session {id} is left behind, {:?}", self.end))
            }
            _ => Ok(()),
        }
    }
}
