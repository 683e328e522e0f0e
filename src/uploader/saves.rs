//! What is written down when, so that another process can go on: decided here, carried out by the driver.
//!
//! The record never leads: that so much may have been sent is on the disk *before* the network gets it, and "Close was
//! sent" before Close is. An acknowledged offset may lag, and is written without waiting for the disk: a record that says
//! less costs a question, one that says more would cost the file.

use std::time::{Duration, Instant};

use crate::protocol::SessionId;

use super::{ResumeState, State, UploadError};

/// A durable write waits for the disk twice: in a steady upload there is one in this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// Something to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// This, so that it survives a power cut, before the next request.
    Durable(ResumeState),
    /// This newer Ack. It need not survive a power cut.
    Progress(ResumeState),
    /// There is no session to go on with.
    Forget,
}

/// What another process would find now, and what is due.
#[derive(Debug, Clone)]
pub(super) struct Saves {
    saved: Option<Saved>,
    due: Option<Save>,
    last: Option<Written>,
    /// Whether anything is written at all.
    is_on: bool,
    /// An upload of few bytes among many: written down only when it does not end at once.
    deferred: bool,
    /// What is on record is of another file than this run's, and stays so until the server has no more of that.
    of_another_file: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Saved {
    session: SessionId,
    target: Option<http::Uri>,
    sent_end: u64,
    acknowledged: u64,
    close_sent: bool,
    has_reply: bool,
}

/// The last durable write, and what had been sent by then.
#[derive(Debug, Clone, Copy)]
struct Written {
    at: Instant,
    sent_end: u64,
}

impl Saves {
    pub(super) fn new(is_on: bool, deferred: bool) -> Self {
        Self { saved: None, due: None, last: None, is_on, deferred, of_another_file: false }
    }

    /// This is what an earlier run left.
    pub(super) fn found(&mut self, state: &ResumeState) {
        self.saved = Some(Saved::of(state));
        self.deferred = false;
    }

    /// Whether the session on record may hold bytes of another file. Written anew, the record would be this run's, and
    /// nobody would ask any more.
    pub(super) fn set_of_another_file(&mut self, is_so: bool) {
        self.of_another_file = is_so;
    }

    pub(super) fn due(&self) -> Option<&Save> {
        self.due.as_ref()
    }

    pub(super) fn done(&mut self, is_on: bool) {
        (self.due, self.is_on) = (None, is_on);
    }

    /// After a step: what must be written before `state` goes on. `snapshot` is the session at hand, `size` the file's.
    pub(super) fn plan(&mut self, state: &State, snapshot: Option<ResumeState>, size: u64, now: Instant) {
        if !self.is_on {
            return;
        }
        let Some(snapshot) = snapshot else { return self.forget() };
        if self.of_another_file {
            return;
        }
        match state {
            // What was to be over soon is not.
            State::Waiting(..) => self.deferred = false,
            _ if self.deferred => return,
            _ => {}
        }
        let wanted = Saved::of(&snapshot);
        let durably = self.saved.as_ref().is_none_or(|saved| {
            let promised = wanted.sent_end <= saved.sent_end;
            let same = (&saved.session, &saved.target) == (&wanted.session, &wanted.target);
            !(same && promised && saved.close_sent == wanted.close_sent && saved.has_reply == wanted.has_reply)
        });
        if durably {
            let sent_end = wanted.sent_end.saturating_add(self.ahead(wanted.sent_end, now)).min(size);
            self.last = Some(Written { at: now, sent_end: wanted.sent_end });
            self.write(ResumeState { sent_end, ..snapshot }, Save::Durable);
        } else if let Some(saved) = self.saved.as_ref().filter(|saved| saved.acknowledged != wanted.acknowledged) {
            let sent_end = saved.sent_end;
            self.write(ResumeState { sent_end, ..snapshot }, Save::Progress);
        }
    }

    /// The last write of an upload that ends with `error`; what stays is what the same command can go on with.
    pub(super) fn plan_end(&mut self, error: &UploadError, snapshot: Option<ResumeState>) {
        match snapshot.filter(|_| self.is_on && error.keeps_record()) {
            Some(_) if self.of_another_file => {}
            // What was read beyond the last Ack is written with it, so that a later run knows it again.
            Some(snapshot)
                if snapshot.sent_end > snapshot.acknowledged || self.saved.as_ref() != Some(&Saved::of(&snapshot)) =>
            {
                self.write(snapshot, Save::Durable);
            }
            Some(_) => {}
            None => self.forget(),
        }
    }

    fn forget(&mut self) {
        self.of_another_file = false;
        if self.saved.take().is_some() && self.is_on {
            self.last = None;
            self.due = Some(Save::Forget);
        }
    }

    fn write(&mut self, state: ResumeState, how: impl FnOnce(ResumeState) -> Save) {
        self.saved = Some(Saved::of(&state));
        self.due = Some(how(state));
    }

    /// How much more will be sent until the next durable write, judged by what was sent since the last one.
    fn ahead(&self, sent_end: u64, now: Instant) -> u64 {
        let Some(last) = self.last else { return 0 };
        let elapsed = now.saturating_duration_since(last.at);
        // What takes longer is written each time.
        if elapsed >= INTERVAL {
            return 0;
        }
        let carried = u128::from(sent_end.saturating_sub(last.sent_end));
        u64::try_from(carried * INTERVAL.as_micros() / elapsed.as_micros().max(1000)).unwrap_or(u64::MAX)
    }
}

impl Saved {
    fn of(state: &ResumeState) -> Self {
        Self {
            session: state.session.clone(),
            target: state.target.clone(),
            sent_end: state.sent_end,
            acknowledged: state.acknowledged,
            close_sent: state.close_sent,
            has_reply: state.reply_saved,
        }
    }
}
