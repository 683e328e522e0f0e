//! The client's side of a session as a state machine: it says what to do next and is told what came of that.
//!
//! No sockets, no files, no clock: a driver asks [`Uploader::next_action`], carries it out and reports with
//! [`Uploader::handle`]. Each state reads its own response, so that an Ack cannot be taken for another's. What is written
//! down when, what is retried and how, and how an upload ends are decided here and nowhere else.
//!
//! What goes wrong is a `FailedAttempt`; one table, in `recovery`, says what that means.

mod backoff;
mod budget;
mod error;
mod event;
mod fragment_size;
mod plan;
mod recovery;
mod refusal;
mod resume_state;
mod saves;
mod state;
mod target;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use http::{Method, Response, Uri};

use crate::exchange::TransportError;
use crate::protocol::Packet;

use backoff::Backoff;
use budget::Budget;
use fragment_size::Sizing;
use saves::Saves;
use state::cancel::CancelSession;
use state::close::CloseSession;
use state::create::CreateSession;
use state::fetch_reply::{FetchReply, KeepReply};
use state::fragment::Fragment;
use state::ping::Ping;
use state::verify::Verification;
use target::Target;

pub use backoff::RetryPolicy;
pub use error::UploadError;
pub use event::{Resize, UploadEvent};
pub use fragment_size::FragmentSize;
pub use plan::Plan;
pub use recovery::Reading;
pub use refusal::Refusal;
pub use resume_state::ResumeState;
pub use saves::Save;
pub use state::fetch_reply::{MAX_REPLY, ReplyError, ReplyFetched, ReplyRequest};
pub use state::verify::{Difference, Seen, Unverified, Verify, may_be_the_file};

/// What the driver is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this down, then report [`Input::Saved`].
    Save(Save),
    /// Remember this for later uploads to the same host and folder, then report [`Input::Remembered`].
    Remember(HostLimit),
    /// Send this packet to [`Uploader::target`] and report the response.
    Send(Packet),
    /// Fetch the reply from there, write the part of it that [`Uploader::accept_reply`] wants, and report
    /// [`Input::ReplyFetched`].
    FetchReply(ReplyRequest),
    /// Give the fetched reply its file's name, then report [`Input::ReplyKept`].
    KeepReply,
    /// Read the destination with this method and report [`Input::Seen`].
    Verify(Method),
    /// Wait for so long, then report [`Input::Waited`].
    Wait(Duration),
    /// Nothing: the upload has ended, as [`Uploader::into_result`] tells.
    Finish,
}

/// What is proven of the size of fragments at a host and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostLimit {
    /// A fragment of so many bytes is refused.
    Refused(u64),
    /// What was remembered is wrong by now.
    None,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// It is written down; `can_resume` says whether another process finds it.
    Saved {
        /// Whether another process can go on with this upload.
        can_resume: bool,
    },
    /// It is remembered, as far as that is possible.
    Remembered,
    /// The packet was answered. In the response's extensions, [`BodySent`](crate::exchange::BodySent) is how much of it
    /// went out (absent: all), and a [`Timing`](crate::exchange::Timing) what the size of fragments goes by.
    Responded(Response<()>),
    /// The packet was not answered; how much of it went out is in the error.
    Lost(TransportError),
    /// The fragment was refused until it is authenticated anew.
    Unauthenticated {
        /// Bytes of its body that went out.
        body_sent: u64,
        /// What authenticates next.
        by: Reauthentication,
    },
    /// A GET of the reply ended.
    ReplyFetched(ReplyFetched),
    /// The reply is in its file.
    ReplyKept,
    /// A HEAD or GET of the destination ended.
    Seen(Seen),
    /// The pause is over.
    Waited,
    /// The source is no longer the file it was when the upload began.
    SourceChanged,
    /// The user wants to stop.
    Interrupted,
    /// Something failed on this machine, and the upload cannot go on.
    Failed,
}

/// How a fragment's authentication is renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reauthentication {
    /// The same fragment again carries it.
    Repeat,
    /// A packet without a body has to do it first.
    PingFirst,
}

/// How long a response may take, beside what the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResponseTime {
    /// At least so long.
    pub at_least: Duration,
    /// At most so long.
    pub at_most: Option<Duration>,
}

/// How long the application behind the server may take for a whole file, with time to tell (MC-BUP 3.1.2).
const APPLICATION_TIME: Duration = Duration::from_secs(330);

/// A few bytes that only ask need no application, and a Close that was carried out is answered at once. Three of them, with the pauses between, must fit the budget.
const QUESTION_TIME: Duration = Duration::from_mins(1);

/// A session is given up as a courtesy.
const CANCEL_TIME: Duration = Duration::from_secs(10);

/// One upload of one file.
#[derive(Debug, Clone)]
pub struct Uploader {
    context: Context,
    state: State,
}

/// What all states share.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
struct Context {
    plan: Plan,
    target: Target,
    sizing: Sizing,
    budget: Budget,
    backoff: Backoff,
    saves: Saves,
    /// To be remembered for the host and folder.
    limit: Option<HostLimit>,
    /// Whether another process can go on with the session: else it is given up when the upload ends.
    can_resume: bool,
    /// Whether anything answered as HTTP in this run.
    was_answered: bool,
    /// Whether there is, or was, a session: from then on most losses are retried.
    had_session: bool,
    /// Whether the last fragment was sent in full in any session: the server may have published the file.
    may_be_there: bool,
    /// Whether the server has shown that it keeps count of what it stored.
    keeps_count: bool,
    /// Whether the server appends whatever comes: it is never asked, and never sent anything twice.
    appends: bool,
    /// Losses on connections that the peer had closed in good order after a response.
    closed_losses: u32,
    /// Losses on other connections that had carried a response, and whether new ones fared no better.
    stale_losses: u32,
    is_no_connections_fault: bool,
    /// Whether a session was given up because it was suspect, and on which status.
    has_doubted: bool,
    doubted: Option<http::StatusCode>,
    /// A session that was given up while nothing could be told to the server: it hears of it when it answers again.
    left: Option<crate::protocol::SessionId>,
    /// Whether the server refused a Close although its Acks covered the file.
    was_called_incomplete: bool,
    /// What is to be told to the user, in order.
    outbox: Vec<UploadEvent>,
}

impl Context {
    fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        let mut sizing = Sizing::new(plan.fragment_size);
        if let Some(refused) = plan.refused_before {
            sizing.remembered(refused);
        }
        Self {
            target: Target::new(plan.destination.clone()),
            sizing,
            budget: Budget::new(plan.size, now),
            backoff: Backoff::new(seed),
            saves: Saves::new(plan.can_resume, plan.defer_saves),
            limit: None,
            can_resume: plan.can_resume,
            was_answered: false,
            had_session: false,
            may_be_there: false,
            keeps_count: false,
            appends: false,
            closed_losses: 0,
            stale_losses: 0,
            is_no_connections_fault: false,
            has_doubted: false,
            doubted: None,
            left: None,
            was_called_incomplete: false,
            outbox: Vec::new(),
            plan,
        }
    }

    fn tell(&mut self, event: UploadEvent) {
        self.outbox.push(event);
    }

    fn resized(&mut self, change: Option<fragment_size::Change>) {
        if let Some(fragment_size::Change { from, to, why }) = change {
            self.tell(UploadEvent::Resized { from, to, why });
        }
    }

    /// The session as another process would go on with it.
    fn snapshot(&self, session: &ResumeState) -> ResumeState {
        let target = self.target.current();
        let is_moved = *target != self.plan.destination && target.query().is_none();
        ResumeState {
            target: is_moved.then(|| target.clone()),
            fragment_limit: self.sizing.limit(),
            keeps_count: self.keeps_count,
            ..session.clone()
        }
    }
}

/// Where in the conversation the upload stands. Data-carrying instead of typestate: recovery chooses at run time.
#[derive(Debug, Clone)]
enum State {
    Ping(Ping),
    CreateSession(CreateSession),
    Fragment(Fragment),
    FetchReply(FetchReply),
    KeepReply(KeepReply),
    CloseSession(CloseSession),
    Verify(Verification),
    CancelSession(CancelSession),
    /// A pause before another try.
    Waiting(Duration, Box<State>),
    Finished,
    /// It ends without success when everything is written down.
    Ended(UploadError),
}

impl State {
    /// The session that would be left behind on the server if the upload ended here.
    fn session(&self) -> Option<ResumeState> {
        match self {
            Self::Ping(ping) => ping.then().and_then(State::session),
            Self::Waiting(_, then) => then.session(),
            Self::Fragment(fragment) => Some(ResumeState { sent_end: fragment.end(), ..fragment.session().clone() }),
            Self::FetchReply(fetch) => Some(fetch.session().clone()),
            Self::KeepReply(keep) => Some(keep.session().clone()),
            Self::CloseSession(close) => Some(close.session().clone()),
            Self::Verify(verification) => verification.session().cloned(),
            Self::CancelSession(cancel) => cancel.then_session(),
            Self::CreateSession(_) | Self::Finished | Self::Ended(_) => None,
        }
    }

    /// The connection was lost: the server may have been started again.
    fn connection_lost(&mut self) {
        if let Self::Fragment(fragment) = self {
            fragment.connection_lost();
        }
    }

    fn ping_acknowledged(&mut self) {
        match self {
            Self::Fragment(fragment) => fragment.ping_acknowledged(),
            Self::CloseSession(close) => close.ping_acknowledged(),
            _ => {}
        }
    }
}

/// Every byte is acknowledged.
fn end(context: &mut Context, session: ResumeState) -> State {
    context.may_be_there = true;
    let id = session.session.clone();
    let next = if !context.plan.wants_reply || session.reply_saved {
        State::CloseSession(CloseSession::of(session))
    } else {
        FetchReply::of(context, session).map_or_else(State::Ended, State::FetchReply)
    };
    context.tell_of_left_session(&id, next)
}

impl Uploader {
    /// An upload that has not begun. `now` starts its clock; `seed` is all its randomness, used for pauses.
    #[must_use]
    pub fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        Self { context: Context::new(plan, now, seed), state: State::Ping(Ping::before_create()) }
    }

    /// An upload that goes on with the session of an earlier process.
    ///
    /// The server may have stored more than it acknowledged, or less: a small fragment asks first.
    #[must_use]
    pub fn resume(plan: Plan, state: ResumeState, now: Instant, seed: u64) -> Self {
        let mut context = Context::of_earlier(plan, &state, now, seed);
        context.sizing.resumed(state.fragment_limit);
        context.budget.resumed_at(state.acknowledged);
        // Nobody noted whether the process was killed before or after that.
        context.may_be_there = state.sent_end == context.plan.size;
        context.keeps_count = state.keeps_count;
        context.tell(UploadEvent::Resumed { offset: state.acknowledged, total: context.plan.size });
        let next = Fragment::resumed(&mut context, state);
        Self { context, state: State::Ping(Ping::before(next)) }
    }

    /// The same where the source may be another file that begins with the same bytes, up to `known`: at least those that
    /// were acknowledged to the earlier process.
    ///
    /// What the server stored beyond these came from the file of then: if there is any, the upload starts over.
    #[must_use]
    pub fn resume_with_another_file(plan: Plan, state: ResumeState, known: u64, now: Instant, seed: u64) -> Self {
        if known == 0 {
            return Self::start_over(plan, state, now, seed);
        }
        let mut uploader = Self::resume(plan, state, now, seed);
        if let State::Ping(ping) = &mut uploader.state {
            ping.distrust(&uploader.context, known);
            uploader.context.saves.set_of_another_file(true);
        }
        uploader
    }

    /// An upload that gives the session of an earlier process up, then starts over.
    #[must_use]
    pub fn start_over(plan: Plan, state: ResumeState, now: Instant, seed: u64) -> Self {
        let context = Context::of_earlier(plan, &state, now, seed);
        let cancel = CancelSession::then(state.session, State::Ping(Ping::before_create()));
        Self { context, state: State::CancelSession(cancel) }
    }

    /// No upload: gives the session of an earlier process up. One that the server does not know is given up.
    #[must_use]
    pub fn give_up(plan: Plan, state: ResumeState, now: Instant) -> Self {
        let context = Context::of_earlier(plan, &state, now, 0);
        let cancel = CancelSession::alone(state.session);
        Self { context, state: State::CancelSession(cancel) }
    }

    /// The same on a connection that carried an upload to this server before, so that it was pinged already: begins with
    /// Create-Session. Where that is lost, because the connection is no longer there, it begins with Ping after all.
    /// Nothing changes for an upload that goes on with a session, or has begun.
    #[must_use]
    pub fn skip_ping(self) -> Self {
        let state = match self.state {
            State::Ping(ping) if ping.then().is_none() => State::CreateSession(CreateSession::without_ping()),
            state => state,
        };
        Self { state, ..self }
    }

    /// Whether the next packet is for the connection of before, and no new one.
    #[must_use]
    pub fn needs_same_connection(&self) -> bool {
        matches!(&self.state, State::CreateSession(create) if create.skipped_ping())
    }

    /// Whether the next packet goes out on a new connection: this peer never keeps one.
    #[must_use]
    pub fn needs_new_connection(&self) -> bool {
        matches!(&self.state, State::Fragment(_)) && self.context.never_keeps_connections()
    }

    /// How long the next packet's response may take.
    #[must_use]
    pub fn response_time(&self) -> ResponseTime {
        let at_most = |time| ResponseTime { at_most: Some(time), ..ResponseTime::default() };
        match &self.state {
            // Without a reply to wait for, the user's own limit holds; it is as long unless a shorter one was chosen.
            State::Fragment(fragment)
                if self.context.plan.wants_reply && fragment.range().end() == self.context.plan.size =>
            {
                ResponseTime { at_least: APPLICATION_TIME, at_most: None }
            }
            State::Fragment(fragment) if fragment.is_question() => at_most(QUESTION_TIME),
            State::CloseSession(close) if close.is_repeated() => at_most(QUESTION_TIME),
            State::CancelSession(_) => at_most(CANCEL_TIME),
            _ => ResponseTime::default(),
        }
    }

    /// Whether the upload ends without success after the packet at hand.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(&self.state, State::CancelSession(cancel) if cancel.is_last())
    }

    /// What to do next. Asking twice changes nothing.
    #[must_use]
    pub fn next_action(&self) -> Action {
        if let Some(save) = self.context.saves.due() {
            return Action::Save(save.clone());
        }
        if let Some(limit) = self.context.limit {
            return Action::Remember(limit);
        }
        match &self.state {
            State::Ping(_) => Action::Send(Packet::Ping),
            State::CreateSession(_) => Action::Send(CreateSession::packet(&self.context)),
            State::Fragment(fragment) => Action::Send(fragment.packet(&self.context)),
            State::FetchReply(fetch) => Action::FetchReply(fetch.request()),
            State::KeepReply(_) => Action::KeepReply,
            State::CloseSession(close) => Action::Send(close.packet(&self.context)),
            State::Verify(verification) => Action::Verify(verification.method().clone()),
            State::CancelSession(cancel) => Action::Send(cancel.packet()),
            State::Waiting(pause, _) => Action::Wait(*pause),
            State::Finished | State::Ended(_) => Action::Finish,
        }
    }

    /// Where the file is to be in the end.
    #[must_use]
    pub fn destination(&self) -> &Uri {
        &self.context.plan.destination
    }

    /// Where the next packet goes.
    #[must_use]
    pub fn target(&self) -> &Uri {
        self.context.target.current()
    }

    /// The size of fragments in use, in bytes.
    #[must_use]
    pub fn fragment_size(&self) -> u64 {
        self.context.sizing.current()
    }

    /// At which byte of the reply the body of a response with this head begins, if it is wanted.
    #[must_use]
    pub fn accept_reply(&self, head: &Response<()>) -> Option<u64> {
        match &self.state {
            State::FetchReply(fetch) => fetch.accept(head),
            _ => None,
        }
    }

    /// What happened since the last call that is worth telling, in order.
    pub fn take_events(&mut self) -> Vec<UploadEvent> {
        std::mem::take(&mut self.context.outbox)
    }

    /// How the upload ended. Meant for after [`Action::Finish`].
    ///
    /// # Errors
    /// When it ended without success, or has not ended.
    pub fn into_result(self) -> Result<(), UploadError> {
        match self.state {
            State::Finished => Ok(()),
            State::Ended(error) => Err(error),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    /// Tells what came of the last [`Action`].
    #[must_use]
    pub fn handle(self, input: Input, now: Instant) -> Self {
        let Self { mut context, state } = self;
        let state = match input {
            Input::Saved { can_resume } => {
                context.saves.done(can_resume);
                context.can_resume &= can_resume;
                state
            }
            Input::Remembered => {
                context.limit = None;
                state
            }
            input => context.step(state, input, now),
        };
        Self { context, state }
    }
}

impl Context {
    /// The context of an upload of which an earlier process left this.
    fn of_earlier(plan: Plan, state: &ResumeState, now: Instant, seed: u64) -> Self {
        let mut context = Self::new(plan, now, seed);
        context.had_session = true;
        context.target.stay_at(state.target_for(&context.plan.destination), state.host.clone(), state.host_fallback());
        context.saves.found(state);
        context
    }

    /// One step, with what must be written down before the next.
    fn step(&mut self, state: State, input: Input, now: Instant) -> State {
        let session = state.session();
        // What ends here, and a first Close that is refused, say themselves what that means.
        let speaks_for_itself = match &state {
            State::Verify(_) | State::CancelSession(_) | State::Ended(_) => true,
            State::CloseSession(close) => !close.is_repeated(),
            _ => false,
        };
        let next = match self.react(state, input, now) {
            Ok(State::Ended(error)) => Err((error, true)),
            Ok(state) if self.is_out_of_time(&state, now) => {
                let error = UploadError::OutOfTime { acknowledged: self.budget.highest() };
                return self.ended(error, true, state.session());
            }
            Ok(state) => Ok(state),
            Err(error) => Err((error, speaks_for_itself)),
        };
        match next {
            Ok(state) => {
                let snapshot = state.session().map(|session| self.snapshot(&session));
                self.saves.plan(&state, snapshot, self.plan.size, now);
                state
            }
            Err((cause, is_said)) => self.ended(cause, is_said, session),
        }
    }

    fn react(&mut self, state: State, input: Input, now: Instant) -> Result<State, UploadError> {
        match (input, state) {
            (Input::Interrupted, State::Verify(verification)) => Err(verification.interrupted()),
            (Input::Interrupted | Input::Failed, State::CancelSession(cancel)) => Err(cancel.interrupted()),
            (Input::Interrupted, _) => Err(UploadError::Interrupted),
            (Input::Failed, _) => Err(UploadError::Local),
            (Input::SourceChanged, _) => Err(UploadError::SourceChanged),
            (Input::Waited, State::Waiting(_, then)) => Ok(*then),
            (Input::Unauthenticated { body_sent, by }, State::Fragment(fragment)) => {
                self.authenticate(fragment, body_sent, by)
            }
            (Input::Responded(response), state) => {
                self.was_answered = true;
                self.responded(state, &response, now)
            }
            (Input::Lost(error), state) => self.lost(state, error, now),
            (Input::ReplyFetched(fetched), State::FetchReply(fetch)) => fetch.fetched(self, fetched, now),
            (Input::ReplyKept, State::KeepReply(keep)) => Ok(keep.kept()),
            (Input::Seen(seen), State::Verify(verification)) => verification.seen(self, seen, now),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    fn responded(&mut self, state: State, response: &Response<()>, now: Instant) -> Result<State, UploadError> {
        if let (Some(timing), State::Ping(_) | State::CreateSession(_)) = (response.extensions().get(), &state) {
            self.sizing.exchanged(*timing);
        }
        match state {
            State::Ping(ping) => ping.answered(self, response),
            State::CreateSession(create) => create.answered(self, response, now),
            State::Fragment(fragment) => {
                self.budget.signed_in();
                fragment.answered(self, response, now)
            }
            State::CloseSession(close) => close.answered(self, response, now),
            State::CancelSession(cancel) => cancel.answered(self, response),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    fn lost(&mut self, state: State, error: TransportError, now: Instant) -> Result<State, UploadError> {
        match state {
            State::Ping(ping) => ping.lost(self, error, now),
            State::CreateSession(create) => create.lost(self, error, now),
            State::Fragment(fragment) => fragment.lost(self, error, now),
            State::CloseSession(close) => close.lost(self, error, now),
            State::CancelSession(cancel) => cancel.lost(self, error),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    /// Not for ever: a server may forget who is signed in at once.
    fn authenticate(
        &mut self,
        mut fragment: Fragment,
        body_sent: u64,
        by: Reauthentication,
    ) -> Result<State, UploadError> {
        fragment.unauthenticated(body_sent);
        if !self.budget.sign_in() {
            return Err(UploadError::SignInForgotten);
        }
        let fragment = State::Fragment(fragment);
        Ok(match by {
            Reauthentication::Repeat => fragment,
            Reauthentication::PingFirst => State::Ping(Ping::before(fragment)),
        })
    }

    /// The upload ends with `cause`: verifies where that may change it (R6), gives a session up that nobody can go on
    /// with, or leaves it on record.
    fn ended(&mut self, cause: UploadError, is_said: bool, session: Option<ResumeState>) -> State {
        let cause = if self.may_be_there && !is_said { cause.after_the_last_fragment() } else { cause };
        if !is_said && matches!(cause, UploadError::Unconfirmed { .. }) && self.plan.verify != Verify::None {
            return Verification::instead_of(self, cause, session);
        }
        let snapshot = session.map(|session| self.snapshot(&session));
        let is_unconfirmed = matches!(cause, UploadError::Unconfirmed { .. } | UploadError::Unverified(_));
        let is_useless = cause.cancels_session() || !(self.can_resume || is_unconfirmed);
        match snapshot {
            Some(snapshot) if is_useless => {
                // The host that the server named may never have been reached; its own knows the session as well.
                if matches!(cause.root(), UploadError::Lost { .. }) {
                    self.target.back_to_origin();
                }
                self.saves.plan_end(&UploadError::SourceChanged, None);
                State::CancelSession(CancelSession::because(snapshot.session, cause))
            }
            snapshot => {
                self.saves.plan_end(&cause, snapshot);
                State::Ended(cause)
            }
        }
    }
}
