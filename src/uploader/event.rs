//! The events during an upload, to be shown or recorded.

use std::time::Duration;

use http::StatusCode;

use crate::protocol::{HostId, Packet, PacketKind, Session};

/// One thing that happened. Emitted in order, on the thread that uploads.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum UploadEvent {
    /// The upload begins; nothing was sent yet.
    Started {
        /// The file's name.
        name: String,
        /// Where it goes.
        url: String,
        /// Its size in bytes.
        size: u64,
    },
    /// Something is not as it should be, and the upload goes on.
    Warning {
        /// The message, safe to print.
        text: String,
    },
    /// This machine has no certificate authorities: those that the program was built with vouch for the server.
    BundledAuthorities,
    /// A packet is about to go out.
    Sending(Packet),
    /// The head of the request that is about to go out, as it goes out. Follows [`UploadEvent::Sending`].
    RequestHead(Box<http::request::Parts>),
    /// The network has taken this many bytes of the current fragment in all.
    BytesSent(u64),
    /// The head of a response, before anything is made of it.
    ResponseHead(Box<http::response::Parts>),
    /// A response arrived for the packet sent last.
    Responded {
        /// The packet's kind.
        packet: PacketKind,
        /// HTTP's status.
        status: StatusCode,
        /// The offset the server wants next, if the response has one (escaped).
        next_offset: Option<String>,
    },
    /// A Ping failed in a way that does not rule an upload out; the upload continues with Create-Session.
    PingIgnored {
        /// Why it failed.
        reason: String,
    },
    /// The server opened a session.
    SessionCreated(Session),
    /// The server asked us to continue at another host.
    HostChanged(HostId),
    /// The upload resumes a session of an earlier run.
    Resumed {
        /// The offset that the server had acknowledged by then.
        offset: u64,
        /// The file's size.
        total: u64,
    },
    /// Something went wrong; the next try comes after a pause.
    Retrying {
        /// The error, safe to print.
        cause: String,
        /// How long.
        pause: Duration,
        /// The number of the next try since the last progress, from 1.
        attempt: u32,
    },
    /// The session is of no use any more; a new one starts over.
    SessionLost {
        /// Why, safe to print.
        cause: String,
    },
    /// The host that the server named did not work for as long as the server allows; back to the URL's own.
    HostGivenUp {
        /// The URL that is used again.
        origin: String,
    },
    /// The part of the file that an earlier run sent is read again, to compare it with what was sent.
    Rereading {
        /// Bytes read so far.
        done: u64,
        /// Bytes to read.
        total: u64,
    },
    /// The upload cannot go on where an earlier run stopped, so it starts over.
    StartingOver {
        /// Why.
        why: String,
    },
    /// A session was given up at the server.
    SessionCancelled {
        /// The server's refusal if it did not acknowledge Cancel-Session, safe to print.
        refusal: Option<String>,
    },
    /// The server has everything before `offset`.
    Acknowledged {
        /// The next byte's offset.
        offset: u64,
        /// The file's size.
        total: u64,
    },
    /// The server wants another offset than the one we expected.
    Resynced {
        /// The offset that we expected.
        from: u64,
        /// The offset that the server wants.
        to: u64,
    },
    /// The fragments' size changed.
    Resized {
        /// Bytes before.
        from: u64,
        /// Bytes from now on.
        to: u64,
        /// Why.
        why: Resize,
    },
    /// The reply of the server's application is about to be fetched.
    FetchingReply {
        /// From where.
        url: String,
    },
    /// It is in its file.
    ReplySaved {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// The file at the destination is about to be compared with the source.
    Verifying {
        /// By what.
        how: &'static str,
    },
    /// It is the same.
    Verified {
        /// By what, with its value.
        proof: String,
    },
    /// The server acknowledged Close-Session, or the destination holds the file's content: the upload succeeded.
    Completed {
        /// The file's size in bytes.
        size: u64,
    },
}

/// Why the fragments' size changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resize {
    /// Waiting for Acks took this share of the last fragment's time, in thousandths: too much, or next to nothing.
    Waiting {
        /// The share, at most 1000.
        permille: u16,
    },
    /// The last one took longer than a fragment should.
    Slow,
    /// The server, or something before it, takes no more.
    Refused,
    /// The connection was lost while one went out, or no response came in time.
    Lost,
    /// The server keeps only this much of each.
    Kept,
    /// Nothing went wrong for a while.
    Recovered,
}
