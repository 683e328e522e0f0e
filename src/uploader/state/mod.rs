//! The states of an upload: each says what is next and reads its own response, so that an Ack cannot be taken for another
//! packet's. A new packet is a new state, in a file of its own and in each `match` of this one.

pub(super) mod cancel;
pub(super) mod close;
pub(super) mod create;
pub(super) mod fetch_reply;
pub(super) mod fragment;
pub(super) mod ping;
pub(super) mod verify;

use std::time::Duration;

use http::Response;

use crate::exchange::TransportError;
use crate::protocol::Packet;

use super::action::{Action, Input, Reauthentication, ResponseTime};
use super::context::Context;
use super::error::UploadError;
use super::resume_state::ResumeState;
use cancel::CancelSession;
use close::CloseSession;
use create::CreateSession;
use fetch_reply::FetchReply;
use fragment::Fragment;
use ping::Ping;
use verify::Verification;

/// The result of a state's input: the next state, or why the upload ends.
pub(super) type Step = Result<State, UploadError>;

/// How long the application behind the server may take for a whole file, with time to tell (R9, MC-BUP 3.1.2).
const APPLICATION_TIME: Duration = Duration::from_secs(330);

/// A few bytes that only ask need no application, and a Close that was carried out is answered at once (R3). Three of them,
/// with the pauses between, must fit the budget.
const QUESTION_TIME: Duration = Duration::from_secs(60);

/// A session is given up as a courtesy.
const CANCEL_TIME: Duration = Duration::from_secs(10);

/// Where in the conversation the upload stands. Data-carrying instead of typestate: recovery chooses at run time.
#[derive(Debug, Clone)]
pub(super) enum State {
    Ping(Ping),
    CreateSession(CreateSession),
    Fragment(Fragment),
    FetchReply(FetchReply),
    /// The reply has arrived: its file gets its name once that is on record.
    KeepReply(ResumeState),
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
    /// Every byte is acknowledged: fetches the reply, which Close-Session deletes, then closes the session.
    fn after_the_last_byte(context: &mut Context, session: ResumeState) -> Self {
        context.may_be_there = true;
        let id = session.session.clone();
        let next = if !context.plan.wants_reply || session.reply_saved {
            Self::CloseSession(CloseSession::of(session))
        } else {
            FetchReply::of(context, session).map_or_else(Self::Ended, Self::FetchReply)
        };
        context.tell_of_left_session(&id, next)
    }

    pub(super) fn action(&self, context: &Context) -> Action {
        let name = || context.plan.name.clone();
        match self {
            Self::Ping(_) => Action::Send(Packet::Ping),
            Self::CreateSession(_) => {
                Action::Send(Packet::CreateSession { protocols: context.plan.protocols.clone(), name: name() })
            }
            Self::Fragment(fragment) => {
                let session = fragment.session().session.clone();
                Action::Send(Packet::Fragment { session, name: name(), range: fragment.range() })
            }
            Self::FetchReply(fetch) => Action::FetchReply(fetch.request()),
            Self::KeepReply(_) => Action::KeepReply,
            Self::CloseSession(close) => {
                Action::Send(Packet::CloseSession { session: close.session().session.clone(), name: name() })
            }
            Self::Verify(verification) => Action::Verify(verification.method().clone()),
            Self::CancelSession(cancel) => Action::Send(Packet::CancelSession { session: cancel.session().clone() }),
            Self::Waiting(pause, _) => Action::Wait(*pause),
            Self::Finished | Self::Ended(_) => Action::Finish,
        }
    }

    pub(super) fn response_time(&self, context: &Context) -> ResponseTime {
        let at_most = |time| ResponseTime { at_most: Some(time), ..ResponseTime::default() };
        match self {
            // Without a reply to wait for, the user's own limit holds; it is as long unless a shorter one was chosen.
            Self::Fragment(fragment) if context.plan.wants_reply && fragment.range().end() == context.plan.size => {
                ResponseTime { at_least: APPLICATION_TIME, at_most: None }
            }
            Self::Fragment(fragment) if fragment.is_question() => at_most(QUESTION_TIME),
            Self::CloseSession(close) if close.is_repeated() => at_most(QUESTION_TIME),
            Self::CancelSession(_) => at_most(CANCEL_TIME),
            _ => ResponseTime::default(),
        }
    }

    /// The session that would be left behind on the server if the upload ended here.
    pub(super) fn session(&self) -> Option<ResumeState> {
        match self {
            Self::Ping(ping) => ping.then().and_then(Self::session),
            Self::Waiting(_, then) => then.session(),
            // Before a fragment goes out it is on record that the server may have all of it (R7).
            Self::Fragment(fragment) => {
                let session = fragment.session();
                Some(ResumeState { sent_end: session.sent_end.max(fragment.range().end()), ..session.clone() })
            }
            Self::FetchReply(fetch) => Some(fetch.session().clone()),
            Self::KeepReply(session) => Some(session.clone()),
            Self::CloseSession(close) => Some(close.session().clone()),
            Self::Verify(verification) => verification.session().cloned(),
            Self::CancelSession(cancel) => cancel.then_session(),
            Self::CreateSession(_) | Self::Finished | Self::Ended(_) => None,
        }
    }

    /// Whether an error here has taken into account that the file may be there: what ends here, and a first Close that is
    /// refused, say themselves what that means (R6).
    pub(super) fn speaks_for_itself(&self) -> bool {
        match self {
            Self::Verify(_) | Self::CancelSession(_) | Self::Ended(_) => true,
            Self::CloseSession(close) => !close.is_repeated(),
            _ => false,
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

    pub(super) fn on_input(self, context: &mut Context, input: Input) -> Step {
        match (input, self) {
            (Input::Interrupted, Self::Verify(verification)) => Err(verification.interrupted()),
            (Input::Interrupted | Input::Failed, Self::CancelSession(cancel)) => Err(cancel.interrupted()),
            (Input::Interrupted, _) => Err(UploadError::Interrupted),
            (Input::Failed, _) => Err(UploadError::Local),
            (Input::SourceChanged, _) => Err(UploadError::SourceChanged),
            (Input::Waited, Self::Waiting(_, then)) => Ok(*then),
            (Input::Unauthenticated { body_sent, by }, Self::Fragment(mut fragment)) => {
                fragment.note_sent(body_sent);
                // Not for ever (R8): a server may forget who is signed in at once.
                if !context.budget.sign_in() {
                    return Err(UploadError::SignInForgotten);
                }
                Ok(match by {
                    Reauthentication::Repeat => Self::Fragment(fragment),
                    Reauthentication::PingFirst => Self::Ping(Ping::before(Self::Fragment(fragment))),
                })
            }
            (Input::Responded(response), state) => {
                context.was_answered = true;
                state.on_response(context, &response)
            }
            (Input::Lost(error), state) => state.on_loss(context, error),
            (Input::ReplyFetched(fetched), Self::FetchReply(fetch)) => fetch.on_fetched(context, fetched),
            (Input::ReplyKept, Self::KeepReply(session)) => Ok(Self::CloseSession(CloseSession::of(session))),
            (Input::Seen(seen), Self::Verify(verification)) => verification.on_seen(context, seen),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    fn on_response(self, context: &mut Context, response: &Response<()>) -> Step {
        if let (Some(timing), Self::Ping(_) | Self::CreateSession(_)) = (response.extensions().get(), &self) {
            context.sizer.bodiless_exchange(*timing);
        }
        match self {
            Self::Ping(ping) => ping.on_response(context, response),
            Self::CreateSession(create) => create.on_response(context, response),
            Self::Fragment(fragment) => {
                context.budget.signed_in();
                fragment.on_response(context, response)
            }
            Self::CloseSession(close) => close.on_response(context, response),
            Self::CancelSession(cancel) => cancel.on_response(context, response),
            _ => Err(UploadError::OutOfTurn),
        }
    }

    fn on_loss(self, context: &mut Context, error: TransportError) -> Step {
        match self {
            Self::Ping(ping) => ping.on_loss(context, error),
            Self::CreateSession(create) => create.on_loss(context, error),
            Self::Fragment(fragment) => fragment.on_loss(context, error),
            Self::CloseSession(close) => close.on_loss(context, error),
            Self::CancelSession(cancel) => cancel.on_loss(context, error),
            _ => Err(UploadError::OutOfTurn),
        }
    }
}
