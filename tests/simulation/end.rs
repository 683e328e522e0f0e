//! How uploads end. With the default options, the run that is alive when the last fault is over ends with success; here
//! is each exception, with what must have happened for it.

use std::time::Duration;

use bitsup::uploader::{Refusal, RetryPolicy, UploadError};

use crate::model::{Overlap, Says};
use crate::server::{Life, Request};
use crate::world::{Verdict, World};

/// Three questions that a server does not answer, and the pauses between them.
const SILENCES: Duration = Duration::from_secs(360);

/// Of the machine: sessions without a new highest byte of the file.
const MAX_RESTARTS: u32 = 3;

/// How an upload ended, after as many runs as it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// Success, and the file is there.
    Right,
    /// The same. One of its runs ended without success, was allowed to, and the same command went on.
    RightInAnotherRun(Excuse),
    /// The source changed, and nothing more of it was sent.
    SourceChanged,
    /// Success, and the file is damaged: a server that appends whatever comes, when requests come late or twice, or it
    /// loses bytes. Its Acks look as if nothing had happened.
    Damaged,
    /// The same, or bytes lost at the end, found by reading the file back.
    FoundDifferent,
    /// The answer to a Close is lost, and the server does not know the session any more; or what it says of it is nothing
    /// that only lost sessions get.
    UnconfirmedClose,
    /// The session was lost after its last fragment was sent in full, and the file of the same name is there.
    UnconfirmedExists,
    /// The same, and pages in place of answers to Create-Session may be about that.
    UnconfirmedPage,
    /// The answer to a Close is lost, and the server never answers a Close of a session that it does not know: another run
    /// can only ask again.
    CloseUnanswered,
    /// The server refuses to close any session.
    CloseRefused,
    /// The client was killed when the session that had published was lost, and the next one was not on record. Overwriting
    /// is off: the file is there, and refused as if it were another's.
    RefusedByOwnFile,
    /// The source is another file than in an earlier run, overwriting is off, and the earlier one is published.
    OldFile,
    /// A firewall refuses some of the content, whatever the size of its fragments. The session is kept.
    Forbidden,
    /// The server lied, or lost what it had acknowledged more than once.
    Misled,
    /// The server forgot a session on a living connection, and calls the request wrong for that.
    ForgottenAlive,
    /// The server forgot two sessions without a new highest byte of the file, and calls the request wrong for that.
    ForgottenTwice,
}

/// Why a run may end without success while the upload can still succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Excuse {
    /// The user stopped it.
    Interrupted,
    /// The outage lasted longer than the time without progress that is allowed.
    OutageTooLong,
    /// Before there is a session, a page in place of an answer is taken for a wrong URL.
    PageBeforeSession,
    /// More sessions were lost without a new highest byte of the file than are replaced.
    TooManySessions,
    /// More bytes were lost without progress than are sent again.
    TooManyBytes,
    /// The server forgot a session on a living connection, and answers as if it were out of order.
    ForgottenAlive,
    /// The server forgot two sessions without a new highest byte of the file, and says so in other words than BITS's.
    ForgottenTwice,
}

impl End {
    pub(crate) fn is_unconfirmed(self) -> bool {
        matches!(
            self,
            Self::UnconfirmedClose
                | Self::UnconfirmedExists
                | Self::UnconfirmedPage
                | Self::FoundDifferent
                | Self::OldFile
                | Self::CloseRefused
                | Self::Forbidden
                | Self::ForgottenAlive
                | Self::ForgottenTwice
                | Self::Misled
        )
    }
}

impl World {
    pub(crate) fn succeeded(&self) -> Result<End, String> {
        if let Some(state) = self.journal.latest() {
            return Err(format!("success, but session {} is on record", state.session));
        }
        if self.server.has_published(self.version) {
            return Ok(self.excuse.map_or(End::Right, End::RightInAnotherRun));
        }
        match self.setup.model.overlap {
            Overlap::Appends if self.watch.lied => Ok(End::Misled),
            _ if self.is_damaged_unseen() => Ok(End::Damaged),
            _ => Err(String::from("success, but the file is not there")),
        }
    }

    pub(crate) fn is_damaged_unseen(&self) -> bool {
        self.setup.model.overlap == Overlap::Appends && (self.watch.late > 0 || self.watch.setbacks > 0)
    }

    /// The end that an error without success comes to; `None`: the same command is given again.
    pub(crate) fn judge(&mut self, error: &UploadError) -> Result<Option<End>, String> {
        let is_forbidden = self.setup.model.forbids.is_some() && self.watch.is_held_back && !self.watch.is_disturbed;
        let excuse = match error {
            UploadError::Interrupted if self.watch.interrupted => Some(Excuse::Interrupted),
            UploadError::SourceChanged if self.watch.source_changed => return Ok(Some(End::SourceChanged)),
            UploadError::Different(_) if self.is_another_file() => return Ok(Some(End::OldFile)),
            UploadError::Different(_) if self.watch.is_disturbed && self.watch.last == Some(Request::Create) => {
                return Ok(Some(End::UnconfirmedPage));
            }
            UploadError::Different(_) if self.is_damaged_unseen() || self.watch.setbacks > 0 || self.watch.lied => {
                return Ok(Some(End::FoundDifferent));
            }
            UploadError::Unconfirmed { cause, .. } if !self.is_misled() => match self.unconfirmed(error) {
                Ok(end) => return Ok(Some(end)),
                // The last refusal was of the last fragment; the session is kept all the same.
                Err(why) => Some(self.excuse_of(cause).ok_or(why)?),
            },
            _ if self.is_misled() => return Ok(Some(End::Misled)),
            _ if is_forbidden || self.is_unanswered_close() => None,
            _ => self.excuse_of(error),
        };
        if excuse.is_some() {
            self.excuse = excuse;
            return Ok(None);
        }
        self.end_of(error).map(Some)
    }

    /// A server that is honest, and is set back at most once, never costs more than time.
    fn is_misled(&self) -> bool {
        self.watch.lied || self.watch.setbacks > 1
    }

    fn excuse_of(&self, error: &UploadError) -> Option<Excuse> {
        let policy = RetryPolicy::default();
        let budget = if self.watch.answered { policy.no_progress_timeout } else { policy.wait_for_server };
        let watch = &self.watch;
        match error {
            UploadError::GaveUp { .. }
                if watch.without_progress(self.now) >= budget
                    && (watch.is_disturbed
                        || self.is_just_over(policy.max_delay)
                        || (self.is_silent_about_lost_sessions() && self.is_just_over(SILENCES))
                        || (watch.is_held_back && (watch.timed_out || watch.setbacks > 0))) =>
            {
                Some(Excuse::OutageTooLong)
            }
            UploadError::GaveUp { .. } if watch.sessions_since + 1 >= MAX_RESTARTS => Some(Excuse::TooManySessions),
            UploadError::NoProgress { resent, .. }
                if *resent > 3 * self.setup.size + (64 << 20) && watch.disturbances > 2 =>
            {
                Some(Excuse::TooManyBytes)
            }
            UploadError::GaveUp { .. } if watch.expired => Some(Excuse::ForgottenAlive),
            UploadError::Refused { .. } if self.has_lost_two_sessions() => Some(Excuse::ForgottenTwice),
            // Silence is the word of a server that says nothing of lost sessions.
            UploadError::GaveUp { cause, .. }
                if matches!(**cause, UploadError::Lost { .. }) && self.has_lost_two_sessions() =>
            {
                Some(Excuse::ForgottenTwice)
            }
            UploadError::Refused { .. } | UploadError::Redirected { .. } | UploadError::BadResponse { .. }
                if watch.is_disturbed
                    && !watch.had_session
                    && matches!(watch.last, Some(Request::Ping | Request::Create)) =>
            {
                Some(Excuse::PageBeforeSession)
            }
            _ => None,
        }
    }

    /// Each of the three failures that it takes to give a session up is a time-out.
    fn is_silent_about_lost_sessions(&self) -> bool {
        self.watch.is_held_back && self.setup.model.lost == Says::Nothing
    }

    /// The last fault ended less than so long ago, the longest pause at least: too late for another try.
    fn is_just_over(&self, pause: Duration) -> bool {
        self.watch.disturbances > 0 && self.now.saturating_duration_since(self.watch.fault_over) < pause
    }

    /// Without BITS's words for it, and at least the second one so that no other explains it.
    fn has_lost_two_sessions(&self) -> bool {
        let is_lost = |session| session > 0 && self.server.life(session) == Life::Gone;
        self.setup.model.lost != Says::NotFound && self.watch.session.is_some_and(is_lost)
    }

    fn end_of(&self, error: &UploadError) -> Result<End, String> {
        let cause = match error {
            UploadError::GaveUp { cause, .. } => cause,
            error => error,
        };
        match cause {
            UploadError::Refused { .. } if self.setup.model.forbids.is_some() => {
                self.check_kept()?;
                Ok(End::Forbidden)
            }
            UploadError::Refused { .. }
                if self.setup.model.refuses_close.is_some()
                    && matches!(self.watch.last, Some(Request::Close { .. })) =>
            {
                Ok(End::CloseRefused)
            }
            UploadError::Refused { .. } if self.watch.expired => Ok(End::ForgottenAlive),
            UploadError::Lost { .. } if self.is_unanswered_close() => Ok(End::CloseUnanswered),
            UploadError::Refused { .. } if !self.setup.model.overwrites && self.is_another_file() => Ok(End::OldFile),
            UploadError::Refused { refusal: Refusal::Permission, .. } if self.is_own_file() => {
                Ok(End::RefusedByOwnFile)
            }
            _ if self.server.has_published(self.version) => Err(format!("failed, but the file is there: {error}")),
            _ => Err(format!("failed for good: {error}")),
        }
    }

    fn is_lost_without_words(&self) -> bool {
        let is_gone = self.watch.session.is_some_and(|session| self.server.life(session) == Life::Gone);
        is_gone && self.setup.model.lost != Says::NotFound
    }

    fn is_open(&self) -> bool {
        self.watch.session.is_some_and(|session| self.server.life(session) == Life::Open)
    }

    fn is_unanswered_close(&self) -> bool {
        let is_close = matches!(self.watch.last, Some(Request::Close { .. }));
        is_close && !self.watch.is_disturbed && self.setup.model.lost == Says::Nothing && !self.is_open()
    }

    fn is_own_file(&self) -> bool {
        let is_unknown = (self.watch.session.is_none() || self.watch.late > 0) && self.runs > 1;
        !self.setup.model.overwrites && is_unknown && self.server.has_published(self.version)
    }

    fn check_kept(&self) -> Verdict {
        let is_gone = |session| self.server.life(session) == Life::Gone || self.watch.orphans.contains(&session);
        let is_gone = self.watch.session.is_none_or(is_gone);
        match self.journal.latest() {
            None if !is_gone && self.setup.state == crate::world::State::Kept => {
                Err(String::from("the session is not kept"))
            }
            _ => Ok(()),
        }
    }

    fn unconfirmed(&self, error: &UploadError) -> Result<End, String> {
        let model = &self.setup.model;
        let is_there = self.server.has_published(self.version) || self.is_damaged_unseen();
        if !self.watch.whole_sent && self.setup.size > 0 {
            return Err(format!("unconfirmed, but the last fragment was never sent in full: {error}"));
        }
        if model.refuses_close.is_some() {
            return Ok(End::CloseRefused);
        }
        if model.forbids.is_some() {
            self.check_kept()?;
            return Ok(End::Forbidden);
        }
        match self.watch.last {
            _ if self.has_lost_two_sessions() => Ok(End::ForgottenTwice),
            _ if self.watch.expired && !matches!(self.watch.last, Some(Request::Create)) => Ok(End::ForgottenAlive),
            // Whether it was carried out nobody can know.
            Some(Request::Close { .. }) if self.watch.close_disturbed => Ok(End::UnconfirmedClose),
            Some(Request::Create) if self.watch.is_disturbed => Ok(End::UnconfirmedPage),
            // A Close on a connection that was closed may have been carried out.
            Some(Request::Close { .. }) if model.closes && (self.watch.setbacks > 0 || !self.is_open()) => {
                Ok(End::UnconfirmedClose)
            }
            Some(Request::Close { .. }) if self.is_lost_without_words() => Ok(End::UnconfirmedClose),
            _ if !is_there => Err(format!("unconfirmed, and the file is not there: {error}")),
            Some(Request::Create | Request::Fragment { .. }) if !model.overwrites => Ok(End::UnconfirmedExists),
            _ => Err(format!("unconfirmed: {error}")),
        }
    }
}
