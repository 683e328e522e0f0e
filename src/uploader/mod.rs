//! The client's side of a session as a state machine: it says which packet to send next and is told what came back.
//!
//! No sockets, no files, no clock: a driver asks [`Uploader::next_action`], carries it out and reports with
//! [`Uploader::handle`]. Each state reads its own answer, so that an Ack cannot be taken for another's.
//!
//! What goes wrong is either final, and ends the upload, or goes through [`recovery`](self), which decides between a
//! pause, a new session and giving up.

mod budget;
mod cancel;
mod close;
mod create;
mod error;
mod fragment;
mod ping;
mod recovery;
mod refusal;
mod retry;
mod saved;
mod sizing;
mod target;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use http::{Response, Uri};

use crate::event::UploadEvent;
use crate::protocol::{ContentName, Packet, ProtocolId, SessionId, TransportError};

use budget::Budget;
use cancel::CancelSession;
use close::CloseSession;
use create::CreateSession;
use fragment::Fragment;
use ping::Ping;
use recovery::Fault;
use sizing::Sizing;
use target::Target;

pub use error::UploadError;
pub use refusal::Refusal;
pub use retry::RetryPolicy;
pub(crate) use retry::{Backoff, Hint, retry_after};
pub use saved::Saved;
pub use sizing::FragmentSize;

/// What is to be uploaded, and how. Does not change during an upload.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where to.
    pub destination: Uri,
    /// Size of the file in bytes.
    pub size: u64,
    /// Its name.
    pub name: ContentName,
    /// Protocols in order of preference.
    pub protocols: Vec<ProtocolId>,
    /// How large fragments are.
    pub fragment_size: FragmentSize,
    /// How persistent to be.
    pub retry: RetryPolicy,
    /// Whether another host that the server names is used (`BITS-Host-Id`).
    pub follow_host_id: bool,
    /// Whether a session that is lost may be replaced by a new one that starts over.
    pub may_start_over: bool,
}

/// What the driver is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send this packet to [`Uploader::target`] and report the answer.
    Send(Packet),
    /// Wait for so long, then report [`Event::Waited`].
    Wait(Duration),
    /// Nothing: the upload succeeded.
    Finish,
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The packet was answered. A [`Timing`](crate::protocol::Timing) in the answer's extensions is what the size of
    /// fragments goes by; without one it stays.
    Answered(Response<()>),
    /// The packet was not answered; whether the server got it is unknown.
    Lost(TransportError),
    /// The pause is over.
    Waited,
    /// The source is no longer the file it was when the upload began.
    SourceChanged,
    /// The user wants to stop.
    Interrupted,
}

/// One upload of one file.
#[derive(Debug, Clone)]
pub struct Uploader {
    context: Context,
    state: State,
}

/// What all states share.
#[derive(Debug, Clone)]
struct Context {
    plan: Plan,
    target: Target,
    sizing: Sizing,
    budget: Budget,
    backoff: Backoff,
    /// Whether the server refused a Close although its Acks covered the file.
    was_called_incomplete: bool,
    /// What is to be told to the user, in order.
    outbox: Vec<UploadEvent>,
}

impl Context {
    fn tell(&mut self, event: UploadEvent) {
        self.outbox.push(event);
    }

    fn resized(&mut self, change: Option<sizing::Change>) {
        if let Some(sizing::Change { from, to, why }) = change {
            self.tell(UploadEvent::Resized { from, to, why });
        }
    }
}

/// Where in the conversation the upload stands. Data-carrying instead of typestate: recovery chooses at run time.
#[derive(Debug, Clone)]
enum State {
    Ping(Ping),
    CreateSession(CreateSession),
    Fragment(Fragment),
    CloseSession(CloseSession),
    CancelSession(CancelSession),
    /// A pause before another try.
    Waiting(Duration, Box<State>),
    Finished,
}

impl State {
    /// The session that would be left behind on the server if the upload ended here.
    fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Ping(ping) => ping.then().and_then(State::session),
            Self::Waiting(_, then) => then.session(),
            Self::Fragment(fragment) => Some(fragment.session()),
            Self::CloseSession(close) => Some(close.session()),
            Self::CreateSession(_) | Self::CancelSession(_) | Self::Finished => None,
        }
    }
}

impl Uploader {
    /// An upload that has not begun. `now` starts its clock; `seed` is all its randomness, used for pauses.
    #[must_use]
    pub fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        Self { context: Context::new(plan, now, seed), state: State::Ping(Ping::before_create()) }
    }

    /// What to do next. Asking twice changes nothing.
    #[must_use]
    pub fn next_action(&self) -> Action {
        match &self.state {
            State::Ping(_) => Action::Send(Packet::Ping),
            State::CreateSession(_) => Action::Send(CreateSession::packet(&self.context)),
            State::Fragment(fragment) => Action::Send(fragment.packet(&self.context)),
            State::CloseSession(close) => Action::Send(close.packet(&self.context)),
            State::CancelSession(cancel) => Action::Send(cancel.packet()),
            State::Waiting(pause, _) => Action::Wait(*pause),
            State::Finished => Action::Finish,
        }
    }

    /// Where the next packet goes.
    #[must_use]
    pub fn target(&self) -> &Uri {
        self.context.target.current()
    }

    /// The size of fragments in use, and the smallest one that was refused, in bytes.
    #[must_use]
    pub fn fragment_sizes(&self) -> (u64, Option<u64>) {
        (self.context.sizing.current(), self.context.sizing.refused())
    }

    /// A fragment of so many bytes was refused in an earlier upload to this host: unless the user chose a size, none as
    /// large is sent.
    #[must_use]
    pub fn knowing_refused(mut self, size: u64) -> Self {
        self.context.sizing.learnt_elsewhere(size);
        self
    }

    /// What happened since the last call that is worth telling, in order.
    pub fn take_events(&mut self) -> Vec<UploadEvent> {
        std::mem::take(&mut self.context.outbox)
    }

    /// Tells what came of the last [`Action`].
    ///
    /// # Errors
    /// When the upload ends here without success.
    pub fn handle(self, event: Event, now: Instant) -> Result<Self, UploadError> {
        let Self { mut context, state } = self;
        let session = state.session().cloned();
        let next = match event {
            Event::Interrupted => return Err(UploadError::Interrupted),
            Event::SourceChanged => Err(UploadError::SourceChanged),
            Event::Waited => waited(state),
            Event::Answered(answer) => answered(state, &mut context, &answer, now),
            Event::Lost(error) => lost(state, &mut context, error, now),
        };
        let state = match (next, session) {
            (Ok(state), _) => context.within_max_time(state, now)?,
            (Err(cause), Some(session)) if cause.cancels_session() => {
                State::CancelSession(CancelSession::because(session, cause))
            }
            (Err(cause), _) => return Err(cause),
        };
        Ok(Self { context, state })
    }
}

impl Context {
    fn new(plan: Plan, now: Instant, seed: u64) -> Self {
        Self {
            target: Target::new(plan.destination.clone()),
            sizing: Sizing::new(plan.fragment_size),
            budget: Budget::new(plan.size, now),
            backoff: Backoff::new(seed),
            was_called_incomplete: false,
            outbox: Vec::new(),
            plan,
        }
    }
}

fn answered(state: State, context: &mut Context, answer: &Response<()>, now: Instant) -> Result<State, UploadError> {
    if let (Some(timing), State::Ping(_) | State::CreateSession(_)) = (answer.extensions().get(), &state) {
        context.sizing.exchanged(*timing);
    }
    match state {
        State::Ping(ping) => ping.answered(context, answer),
        State::CreateSession(create) => create.answered(context, answer, now),
        State::Fragment(fragment) => fragment.answered(context, answer, now),
        State::CloseSession(close) => close.answered(context, answer, now),
        State::CancelSession(cancel) => Err(cancel.done()),
        State::Waiting(..) | State::Finished => Err(UploadError::OutOfTurn),
    }
}

fn lost(state: State, context: &mut Context, error: TransportError, now: Instant) -> Result<State, UploadError> {
    match state {
        State::Ping(ping) => ping.lost(context, error, now),
        State::CreateSession(create) => create.lost(context, error, now),
        State::Fragment(fragment) => fragment.lost(context, error, now),
        State::CloseSession(close) => close.lost(context, error, now),
        State::CancelSession(cancel) => Err(cancel.done()),
        State::Waiting(..) | State::Finished => Err(UploadError::OutOfTurn),
    }
}

fn waited(state: State) -> Result<State, UploadError> {
    match state {
        State::Waiting(_, then) => Ok(*then),
        _ => Err(UploadError::OutOfTurn),
    }
}
