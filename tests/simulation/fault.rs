//! The failures that an exchange can meet.

use crate::server::{Reply, Request};

/// The answer of something in between, once or for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection.
    Refused,
    Unavailable,
    /// The same, with `Retry-After`.
    RetryLater,
    TooMany,
    Page404,
    Page403,
    /// A portal's.
    Redirect,
    Portal,
    /// The server's disk is full; it answers everything that needs no room.
    DiskFull,
}

impl Trouble {
    /// `None`: no answer at all.
    pub(crate) fn reply(self, request: Request) -> Option<Reply> {
        Some(match self {
            Self::Refused => return None,
            Self::Unavailable => Reply::bare(503),
            Self::RetryLater => Reply::later(503, 5),
            Self::TooMany => Reply::later(429, 1),
            Self::Page404 => Reply::bare(404),
            Self::Page403 => Reply::bare(403),
            Self::Redirect => Reply::bare(302),
            Self::Portal => Reply::bare(200),
            Self::DiskFull if matches!(request, Request::Fragment { .. }) => Reply::refusal(500, "0x80070070"),
            Self::DiskFull => Reply::ACK,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
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
    /// The connection was closed in good order after the response before.
    ClosedByPeer,
    /// The request arrives twice; the first answer counts.
    Duplicate,
    /// The request arrives twice; the second answer counts.
    Replay,
    /// The request before this one arrives again.
    Stale,
    /// The very first fragment arrives again; its session may be an old one.
    StaleFirst,
    /// Something in between answers.
    Once(Trouble),
    /// The same for a while.
    For(Trouble),
    /// The request is carried out, and answered with 502.
    BadGateway,
    /// The request is carried out, and answered with a 404 page.
    StoredPage,
    /// Half of the fragment is stored, and the Ack says nothing of it.
    BareAck,
    /// Nothing is stored, and the Ack claims all of the file.
    Lie,
    /// The server loses the last bytes.
    RollBack,
    /// The server is started again, and has lost its sessions.
    Restarted,
    /// The server forgets its sessions, and keeps the connection.
    Expired,
    /// The host that the server named is lost, with the sessions there.
    HostLost,
    /// The client is killed before it writes down what it learnt last.
    CrashUnsaved,
    /// The client is killed between that and the request.
    CrashUnsent,
    /// The client is killed before it sees the answer.
    CrashUnanswered,
    /// The client's power is cut before the request: what was not written durably is lost.
    PowerUnsent,
    /// The client's power is cut before it sees the answer.
    PowerUnanswered,
    /// The user stops the upload, and gives the same command again.
    Interrupted,
    /// The source is another before the request.
    SourceChanged,
    /// The client is killed before the request, and the source is another of the same size when it runs again.
    CrashReplaced,
    /// The same with a file of the same content.
    CrashTouched,
}

use Fault::{
    BadGateway, BareAck, ClosedByPeer, CrashReplaced, CrashTouched, CrashUnanswered, CrashUnsaved, CrashUnsent,
    CutBody, Duplicate, Expired, For, HostLost, Interrupted, Lie, LostAnswer, LostRequest, Once, PowerUnanswered,
    PowerUnsent, Replay, Restarted, RollBack, Silent, SourceChanged, Stale, StaleFirst, Stalled, StoredPage,
};
use Trouble::{DiskFull, Page403, Page404, Portal, Redirect, Refused, RetryLater, TooMany, Unavailable};

const ON_FRAGMENT: [Fault; 44] = [
    LostAnswer,
    CutBody,
    LostRequest,
    ClosedByPeer,
    Once(Unavailable),
    Once(Page404),
    Restarted,
    CrashUnanswered,
    Duplicate,
    Replay,
    Stale,
    StaleFirst,
    BadGateway,
    StoredPage,
    BareAck,
    RollBack,
    Expired,
    HostLost,
    CrashUnsaved,
    PowerUnanswered,
    Once(Refused),
    Once(RetryLater),
    Once(TooMany),
    Once(Page403),
    Once(Redirect),
    Once(Portal),
    Once(DiskFull),
    For(Refused),
    For(Unavailable),
    For(RetryLater),
    For(Page404),
    For(Page403),
    For(Redirect),
    For(Portal),
    For(DiskFull),
    CrashUnsent,
    PowerUnsent,
    CrashReplaced,
    CrashTouched,
    Interrupted,
    SourceChanged,
    Silent,
    Stalled,
    Lie,
];

const ON_CLOSE: [Fault; 35] = [
    LostAnswer,
    LostRequest,
    ClosedByPeer,
    Once(Unavailable),
    Once(Page404),
    Restarted,
    CrashUnanswered,
    Duplicate,
    Replay,
    Stale,
    StaleFirst,
    BadGateway,
    StoredPage,
    RollBack,
    Expired,
    HostLost,
    CrashUnsaved,
    PowerUnanswered,
    Once(Refused),
    Once(RetryLater),
    Once(TooMany),
    Once(Page403),
    Once(Redirect),
    Once(Portal),
    For(Refused),
    For(Unavailable),
    For(Page404),
    For(Page403),
    For(Portal),
    CrashUnsent,
    CrashReplaced,
    CrashTouched,
    Interrupted,
    SourceChanged,
    Silent,
];

const ON_CREATE: [Fault; 17] = [
    LostRequest,
    LostAnswer,
    Replay,
    ClosedByPeer,
    BadGateway,
    Once(Unavailable),
    Once(Page404),
    Once(Refused),
    Once(RetryLater),
    Once(Page403),
    Once(Redirect),
    Once(Portal),
    For(Refused),
    For(Unavailable),
    CrashUnsent,
    CrashUnanswered,
    Silent,
];

const ON_PING: [Fault; 12] = [
    LostAnswer,
    ClosedByPeer,
    HostLost,
    Once(Unavailable),
    Once(Refused),
    Once(Page403),
    Once(Redirect),
    Once(Portal),
    For(Refused),
    For(Portal),
    CrashUnsent,
    Interrupted,
];

impl Fault {
    /// After how many others it comes at most in the schedules that are searched; random ones have each anywhere. A
    /// fault that is much like another one, a server's lie, or the upload's end comes first; three of a kind are those
    /// that are met most: losses, kills, restarts, outages.
    pub(crate) fn most_before(self) -> usize {
        match self {
            LostAnswer | CutBody | ClosedByPeer | Restarted | CrashUnanswered | Once(Unavailable) => usize::MAX,
            LostRequest | Stale | CrashUnsaved | Expired | BadGateway | BareAck | RollBack | Once(Page404) => 1,
            _ => 0,
        }
    }

    /// A refusal of a fragment by its size looks the same.
    pub(crate) fn is_page(self) -> bool {
        matches!(self, Once(Page404 | Page403) | For(Page404 | Page403) | StoredPage)
    }

    /// A server that has forgotten a session may answer like that.
    pub(crate) fn looks_like_a_lost_session(self) -> bool {
        matches!(self, Once(Page404) | For(Page404) | StoredPage | Silent | Stalled)
    }

    /// The faults that make a difference to such a request, or to the server just before it.
    pub(crate) fn on(request: Request) -> &'static [Fault] {
        match request {
            Request::Ping => &ON_PING,
            Request::Create => &ON_CREATE,
            Request::Fragment { .. } => &ON_FRAGMENT,
            Request::Close { .. } => &ON_CLOSE,
            Request::Cancel { .. } => &[LostAnswer, Silent],
        }
    }
}
