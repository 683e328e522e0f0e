//! The messages between the machine and the client: actions to carry out, and the inputs that report their outcome.

use std::time::Duration;

use http::{Method, Response};

use crate::exchange::TransportError;
use crate::protocol::Packet;

use super::reply::{ReplyFetched, ReplyRequest};
use super::saves::Save;
use super::verify::Seen;

/// The next action of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this down, then report [`Input::Saved`].
    Save(Save),
    /// Remember this for later uploads to the same host and folder, then report [`Input::Remembered`].
    Remember(HostLimit),
    /// Send this packet to [`Uploader::target`](crate::uploader::Uploader::target) and report the response.
    Send(Packet),
    /// Fetch the reply from there, write the part of it that
    /// [`Uploader::accept_reply`](crate::uploader::Uploader::accept_reply) wants, and report [`Input::ReplyFetched`].
    FetchReply(ReplyRequest),
    /// Give the fetched reply its file's name, then report [`Input::ReplyKept`].
    KeepReply,
    /// Read the destination with this method and report [`Input::Seen`].
    Verify(Method),
    /// Wait for so long, then report [`Input::Waited`].
    Wait(Duration),
    /// Nothing: the upload has ended, as [`Uploader::into_result`](crate::uploader::Uploader::into_result) tells.
    Finish,
}

/// The proven limit on the size of fragments at a host and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostLimit {
    /// A fragment of this many bytes is refused.
    Refused(u64),
    /// The limit that was remembered no longer holds.
    None,
}

/// The event to react to.
#[derive(Debug)]
pub enum Input {
    /// It is written down; `can_resume` says whether another process finds it.
    Saved {
        /// Whether another process can resume this upload.
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
        /// The packet that authenticates next.
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
