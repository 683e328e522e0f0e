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
    /// No byte of the request is taken for as long as the client waits; half of the fragment has arrived.
    Stalled,
    /// The request is carried out, and no answer comes for as long as the client waits.
    Silent,
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
    /// The source is another before the request.
    SourceChanged,
    /// The client dies before the request, and the source is another when it runs again.
    CrashChanged,
}

use Fault::{
    BadGateway, BareAck, CrashChanged, CrashLagging, CrashUnanswered, CrashUnsent, CrashUnwritten, CutBody, Duplicate,
    Forget, Lie, LostAnswer, LostRequest, Refused, Replay, RollBack, Silent, SourceChanged, Stale, StaleFirst, Stalled,
    Unavailable,
};

const ON_FRAGMENT: [Fault; 22] = [
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
    SourceChanged,
    CrashChanged,
    Stalled,
    Silent,
];

const ON_CLOSE: [Fault; 19] = [
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
    SourceChanged,
    CrashChanged,
    Stalled,
    Silent,
];

const ON_CREATE: [Fault; 9] =
    [Refused, LostRequest, LostAnswer, Replay, Unavailable, BadGateway, CrashUnsent, CrashUnanswered, Silent];

impl Fault {
    /// Much like another fault, the upload's end, or a server's lie: all schedules have it in the first place only.
    pub(crate) fn comes_first(self) -> bool {
        matches!(self, Refused | Stalled | Silent | Lie | SourceChanged | CrashChanged)
    }

    /// The faults that make a difference to such a request, or to the server just before it.
    pub(crate) fn on(request: Request) -> &'static [Fault] {
        match request {
            Request::Ping => &[Refused, LostAnswer, Unavailable, CrashUnsent],
            Request::Create => &ON_CREATE,
            Request::Fragment { .. } => &ON_FRAGMENT,
            Request::Close { .. } => &ON_CLOSE,
            Request::Cancel { .. } => &[LostAnswer, Silent],
        }
    }
}
