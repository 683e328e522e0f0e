//! What of an upload must survive the process, so that the same command goes on with it.

use std::time::{Duration, Instant};

use http::Uri;

use crate::event::UploadEvent;
use crate::protocol::{Session, SessionId};

use super::close::CloseSession;
use super::fragment::Fragment;
use super::ping::Ping;
use super::{Context, Plan, State, Uploader};

/// An open session, as far as it is needed to go on with it in another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The session.
    pub session: SessionId,
    /// Where its packets go: the destination, or the same at another host.
    pub target: Uri,
    /// How long to stay at another host without progress.
    pub host_fallback_timeout: Option<Duration>,
    /// The offset that the server acknowledged last.
    pub acknowledged: u64,
    /// Behind the highest byte that was sent, or is about to be: no server can have more.
    pub sent: u64,
    /// Whether the server ever told an offset.
    pub tells_offset: bool,
    /// The smallest fragment that was refused, in bytes.
    pub refused_size: Option<u64>,
    /// Whether Close-Session was sent, or is about to be: its answer may have been lost.
    pub close_sent: bool,
}

impl Uploader {
    /// An upload that goes on with the session of an earlier process.
    ///
    /// The server may have stored more than it acknowledged, or less: a small fragment asks first.
    #[must_use]
    pub fn resume(plan: Plan, saved: Saved, now: Instant, seed: u64) -> Self {
        let mut context = Context::new(plan, now, seed);
        context.target.stay_at(saved.target, saved.host_fallback_timeout);
        context.sizing.learnt(saved.refused_size);
        context.budget.resumed_at(saved.acknowledged);
        context.tell(UploadEvent::Resumed { offset: saved.acknowledged, total: context.plan.size });
        let state = if saved.acknowledged == context.plan.size {
            State::CloseSession(CloseSession::resumed(saved.session, saved.close_sent))
        } else {
            State::Fragment(Fragment::resumed(saved.session, saved.acknowledged, saved.sent, saved.tells_offset))
        };
        Self { context, state: State::Ping(Ping::before(state)) }
    }

    /// What to save now: `None` before there is a session and after the upload has ended.
    #[must_use]
    pub fn saved(&self) -> Option<Saved> {
        self.state.saved(&self.context)
    }
}

impl State {
    fn saved(&self, context: &Context) -> Option<Saved> {
        let base = |session: &SessionId| Saved {
            session: session.clone(),
            target: context.target.current().clone(),
            host_fallback_timeout: context.target.fallback_timeout(),
            acknowledged: context.plan.size,
            sent: context.plan.size,
            tells_offset: true,
            refused_size: context.sizing.refused(),
            close_sent: false,
        };
        match self {
            Self::Ping(ping) => ping.then()?.saved(context),
            Self::Waiting(_, then) => then.saved(context),
            Self::Fragment(fragment) => Some(Saved {
                acknowledged: fragment.offset(),
                sent: fragment.sent(context),
                tells_offset: fragment.tells_offset(),
                ..base(fragment.session())
            }),
            Self::CloseSession(close) => Some(Saved { close_sent: true, ..base(close.session()) }),
            Self::CreateSession(_) | Self::CancelSession(_) | Self::Finished => None,
        }
    }
}

impl From<SessionId> for Session {
    /// A session of which only the name was saved.
    fn from(id: SessionId) -> Self {
        Self { id, protocol: None, host: None, host_fallback_timeout: None }
    }
}
