//! When a record is written, so that another process can resume: decided here, carried out by the client.
//!
//! The record never leads: that so much may have been sent is on the disk *before* the network gets it, and "Close was
//! sent" before Close is. An acknowledged offset may lag, and is written without waiting for the disk: a record that
//! says less costs a question, one that says more would cost the file.

use std::time::{Duration, Instant};

use super::error::UploadError;
use super::resume_state::ResumeState;

/// A durable write waits for the disk twice: in a steady upload there is one in this time.
const INTERVAL: Duration = Duration::from_secs(1);

/// Something to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Save {
    /// This, so that it survives a power cut, before the next request.
    Durable(ResumeState),
    /// This newer Ack. It need not survive a power cut.
    Progress(ResumeState),
    /// This, of an upload that is over with the next response. It need not survive a power cut.
    Brief(ResumeState),
    /// There is no session to resume.
    Forget,
}

/// The record that another process would find now, and the write that is due.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Saves {
    /// The record as it is now.
    saved: Option<ResumeState>,
    due: Option<Save>,
    last: Option<Written>,
    /// Whether anything is written at all.
    is_on: bool,
    /// An upload of few bytes among many: written down only when it does not end at once, but for that Close is sent. A
    /// file that the server publishes then, another process could not tell from another client's.
    deferred: bool,
    /// The record would not survive a power cut.
    is_brief: bool,
    /// The record is of another file than this run's, and stays so until the server has no more of that.
    of_another_file: bool,
}

/// The last durable write, and what had been sent by then.
#[derive(Debug, Clone, Copy)]
struct Written {
    at: Instant,
    sent_end: u64,
}

impl Saves {
    pub(super) fn new(is_on: bool, deferred: bool) -> Self {
        Self { saved: None, due: None, last: None, is_on, deferred, is_brief: false, of_another_file: false }
    }

    /// This is what an earlier run left.
    pub(super) fn found(&mut self, state: &ResumeState) {
        self.saved = Some(state.clone());
        self.deferred = false;
    }

    /// Whether the session on record may hold bytes of another file. Written anew, the record would be this run's, and
    /// no run would ask any more.
    pub(super) fn set_of_another_file(&mut self, is_so: bool) {
        self.of_another_file = is_so;
    }

    pub(super) fn due(&self) -> Option<&Save> {
        self.due.as_ref()
    }

    pub(super) fn done(&mut self, is_on: bool) {
        (self.due, self.is_on) = (None, is_on);
    }

    /// After a step: what must be written down before the next. `wanted` is the session at hand, `size` the file's.
    pub(super) fn plan(&mut self, is_pause: bool, wanted: Option<ResumeState>, size: u64, now: Instant) {
        if !self.is_on {
            return;
        }
        let Some(wanted) = wanted else { return self.forget() };
        if self.of_another_file {
            return;
        }
        // An upload that pauses does not end at once: its record is deferred no longer.
        self.deferred &= !is_pause;
        if self.deferred {
            if wanted.close_sent && self.saved.is_none() {
                self.is_brief = true;
                self.write(wanted, Save::Brief);
            }
            return;
        }
        match &self.saved {
            Some(saved) if covers(saved, &wanted) && !self.is_brief => {
                // The promise stays as it was: a lower one would have to be raised again before the next fragment.
                let sent_end = saved.sent_end;
                if saved.acknowledged != wanted.acknowledged {
                    self.write(ResumeState { sent_end, ..wanted }, Save::Progress);
                }
            }
            _ => {
                let sent_end = wanted.sent_end.saturating_add(self.ahead(wanted.sent_end, now)).min(size);
                self.last = Some(Written { at: now, sent_end: wanted.sent_end });
                self.is_brief = false;
                self.write(ResumeState { sent_end, ..wanted }, Save::Durable);
            }
        }
    }

    /// The last write of an upload that ends with `error`; what stays is what the same command can resume.
    pub(super) fn plan_end(&mut self, error: &UploadError, snapshot: Option<ResumeState>) {
        match snapshot.filter(|_| self.is_on && error.keeps_record()) {
            Some(_) if self.of_another_file => {}
            // The digest of bytes read beyond the last Ack is written with it, so that a later run knows them again.
            Some(snapshot) if snapshot.sent_end > snapshot.acknowledged || !self.is_saved(&snapshot) => {
                self.is_brief = false;
                self.write(snapshot, Save::Durable);
            }
            Some(_) => {}
            None => self.forget(),
        }
    }

    fn is_saved(&self, state: &ResumeState) -> bool {
        self.saved.as_ref().is_some_and(|saved| {
            !self.is_brief
                && covers(saved, state)
                && (saved.sent_end, saved.acknowledged) == (state.sent_end, state.acknowledged)
        })
    }

    fn forget(&mut self) {
        self.of_another_file = false;
        if self.saved.take().is_some() && self.is_on {
            self.last = None;
            self.due = Some(Save::Forget);
        }
    }

    fn write(&mut self, state: ResumeState, how: impl FnOnce(ResumeState) -> Save) {
        self.saved = Some(state.clone());
        self.due = Some(how(state));
    }

    /// How much more will be sent until the next durable write, judged by what was sent since the last one.
    fn ahead(&self, sent_end: u64, now: Instant) -> u64 {
        let Some(last) = self.last else { return 0 };
        let elapsed = now.saturating_duration_since(last.at);
        // A fragment that takes longer is written each time.
        if elapsed >= INTERVAL {
            return 0;
        }
        let carried = u128::from(sent_end.saturating_sub(last.sent_end));
        u64::try_from(carried * INTERVAL.as_micros() / elapsed.as_micros().max(1000)).unwrap_or(u64::MAX)
    }
}

/// Whether the record `saved` allows what `wanted` is about to do: it names the session and where it is, promises all
/// that may have been sent, and knows of Close and the reply. Only an Ack may be newer (R7).
fn covers(saved: &ResumeState, wanted: &ResumeState) -> bool {
    let is_same_session = (&saved.session, &saved.target) == (&wanted.session, &wanted.target);
    is_same_session
        && wanted.sent_end <= saved.sent_end
        && (saved.close_sent, saved.reply_saved) == (wanted.close_sent, wanted.reply_saved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Session;

    fn state(acknowledged: u64, sent_end: u64) -> ResumeState {
        let id = "s".parse().expect("a session id");
        let session = Session { id, protocol: None, host: None, host_fallback_timeout: None };
        ResumeState { acknowledged, sent_end, ..ResumeState::new(&session) }
    }

    /// Saves that have written this down.
    fn written(state: &ResumeState) -> Saves {
        let mut saves = Saves::new(true, false);
        saves.plan(false, Some(state.clone()), 10_000_000, Instant::now());
        assert_eq!(saves.due(), Some(&Save::Durable(state.clone())));
        saves.done(true);
        saves
    }

    #[test]
    fn the_end_writes_what_the_record_lacks() {
        let end = |saved: &ResumeState, at: ResumeState| {
            let mut saves = written(saved);
            saves.plan_end(&UploadError::Interrupted, Some(at));
            saves.due().cloned()
        };
        assert_eq!(end(&state(10, 10), state(10, 10)), None);
        // Close-Session may have been sent.
        let closing = ResumeState { close_sent: true, ..state(10, 10) };
        assert_eq!(end(&state(10, 10), closing.clone()), Some(Save::Durable(closing)));
        // A newer Ack.
        assert_eq!(end(&state(5, 10), state(10, 10)), Some(Save::Durable(state(10, 10))));
        // What was read beyond the last Ack, of which only now the digest is known.
        assert_eq!(end(&state(5, 10), state(5, 10)), Some(Save::Durable(state(5, 10))));
    }

    #[test]
    fn a_record_promises_what_goes_out_until_the_next_durable_write() {
        let now = Instant::now();
        let mut saves = Saves::new(true, false);
        saves.plan(false, Some(state(0, 1000)), 10_000_000, now);
        saves.done(true);
        saves.plan(false, Some(state(1000, 2000)), 10_000_000, now + INTERVAL / 10);
        assert_eq!(saves.due(), Some(&Save::Durable(state(1000, 2000 + 10 * 1000))));
        saves.done(true);
        saves.plan(false, Some(state(2000, 50_000)), 10_000_000, now + INTERVAL * 3);
        assert_eq!(saves.due(), Some(&Save::Durable(state(2000, 50_000))), "each, where they are slow");
    }
}
