//! What can go wrong with an exchange.

use crate::server::Request;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection.
    Refused,
    /// The request is lost on its way.
    LostRequest,
    /// The answer is.
    LostAnswer,
    /// The connection breaks within the fragment.
    CutBody,
    /// The request arrives twice; the first answer counts.
    Duplicate,
    /// The request arrives twice; the second answer counts.
    Replay,
    /// The request before this one arrives again.
    Stale,
    /// The very first fragment arrives again; its session may be an old one.
    StaleFirst,
    /// 503 from something in between.
    Unavailable,
    /// The request is carried out, and answered with 502.
    BadGateway,
    /// Half of the fragment is stored, and the Ack says nothing of it.
    BareAck,
    /// Nothing is stored, and the Ack claims all of the file.
    Lie,
    /// The server loses the last bytes.
    RollBack,
    /// The server loses its sessions.
    Forget,
    /// The client dies before it writes its journal.
    CrashUnwritten,
    /// The client dies between its journal and the request.
    CrashUnsent,
    /// The client dies before it sees the answer.
    CrashUnanswered,
    /// The same, with a journal that lags as far behind as it may.
    CrashLagging,
}

use Fault::{
    BadGateway, BareAck, CrashLagging, CrashUnanswered, CrashUnsent, CrashUnwritten, CutBody, Duplicate, Forget, Lie,
    LostAnswer, LostRequest, Refused, Replay, RollBack, Stale, StaleFirst, Unavailable,
};

const ON_FRAGMENT: [Fault; 18] = [
    Refused,
    LostRequest,
    LostAnswer,
    CutBody,
    Duplicate,
    Replay,
    Stale,
    StaleFirst,
    Unavailable,
    BadGateway,
    BareAck,
    Lie,
    RollBack,
    Forget,
    CrashUnwritten,
    CrashUnsent,
    CrashUnanswered,
    CrashLagging,
];

const ON_CLOSE: [Fault; 15] = [
    Refused,
    LostRequest,
    LostAnswer,
    Duplicate,
    Replay,
    Stale,
    StaleFirst,
    Unavailable,
    BadGateway,
    RollBack,
    Forget,
    CrashUnwritten,
    CrashUnsent,
    CrashUnanswered,
    CrashLagging,
];

const ON_CREATE: [Fault; 8] =
    [Refused, LostRequest, LostAnswer, Replay, Unavailable, BadGateway, CrashUnsent, CrashUnanswered];

impl Fault {
    /// The faults that make a difference to such a request, or to the server just before it.
    pub(crate) fn on(request: Request) -> &'static [Fault] {
        match request {
            Request::Ping => &[Refused, LostAnswer, Unavailable, CrashUnsent],
            Request::Create => &ON_CREATE,
            Request::Fragment { .. } => &ON_FRAGMENT,
            Request::Close { .. } => &ON_CLOSE,
            Request::Cancel { .. } => &[LostAnswer],
        }
    }
}
