//! Kinds of servers, and of what stands before them: as they are met, and as MC-BUP's readings allow them.

use crate::server::{Reply, Said};

/// A server's reaction to a fragment that does not begin where the stored bytes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// Refuses it with 416.
    Refuses,
    /// Writes the part that is new; refuses one that begins too late.
    Trims,
    /// Writes it where it says, and wants what follows it next; refuses one that begins too late.
    Rewrites,
    /// Appends all of it again and acknowledges the fragment's own end, with an Ack like any other.
    Appends,
}

/// How a server says something that it should say with BITS's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    NotFound,
    Denied,
    Bits400,
    Plain400,
    Plain500,
    Page404,
    Nothing,
}

impl Says {
    pub(crate) fn said(self) -> Said {
        Said::Reply(match self {
            Self::NotFound => Reply::refusal(500, "0x8020001F"),
            Self::Denied => Reply::refusal(403, "0x80070005"),
            Self::Bits400 => Reply::refusal(400, "0x80070057"),
            Self::Plain400 => Reply::bare(400),
            Self::Plain500 => Reply::bare(500),
            Self::Page404 => Reply::bare(404),
            Self::Nothing => return Said::Nothing,
        })
    }
}

/// When the file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publishes {
    AtClose,
    /// With the last fragment.
    AtLast,
    /// The target is emptied at Create-Session and written in place.
    InPlace,
}

/// How fragments of more than a size are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooLarge {
    /// With this status, and a page.
    Status(u16),
    /// 413, 404 and 403 in turn, as IIS, a proxy before it, or request filtering say it.
    InTurn,
    /// The connection is reset when so much was sent.
    Reset,
    Silence,
}

/// A kind of server, with what stands before it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) overlap: Overlap,
    /// The part that arrived of a body that was cut is kept.
    pub(crate) keeps_cut_bodies: bool,
    /// A session lives as long as the connection that it was made on.
    pub(crate) tied: bool,
    /// Whether Acks carry the offset.
    pub(crate) tells: bool,
    /// The first session is forgotten before its third fragment.
    pub(crate) forgets: bool,
    /// The answer for a session that is not known.
    pub(crate) lost: Says,
    pub(crate) publishes: Publishes,
    pub(crate) overwrites: bool,
    /// A repeated Close is acknowledged.
    pub(crate) remembers_close: bool,
    /// The refusal of each Close of a whole file; `None`: it is carried out.
    pub(crate) refuses_close: Option<Says>,
    /// Sessions are to be gone on with at another host.
    pub(crate) names_host: bool,
    /// Every host knows the sessions of all.
    pub(crate) shares_sessions: bool,
    /// The other host answers everything with this status.
    pub(crate) host_refuses: Option<u16>,
    /// Fragments of more bytes are refused.
    pub(crate) largest: Option<(u64, TooLarge)>,
    /// Exchanges of more seconds are ended with this status.
    pub(crate) slowest: Option<(u64, u16)>,
    /// Of each fragment, at most so many bytes are kept.
    pub(crate) keeps: Option<u64>,
    /// A firewall refuses the content from here on, for so long, in hundredths of the file.
    pub(crate) forbids: Option<(u64, u64)>,
    /// Each fragment is refused once, until it is authenticated by another nonce.
    pub(crate) nonces: bool,
    /// Each connection is closed after its first response.
    pub(crate) closes: bool,
    /// Acknowledges a fragment on its head, and reads its body afterwards.
    pub(crate) answers_on_head: bool,
}

const PLAIN: Model = Model {
    name: "strict",
    overlap: Overlap::Refuses,
    keeps_cut_bodies: true,
    tied: false,
    tells: true,
    forgets: false,
    lost: Says::NotFound,
    publishes: Publishes::AtClose,
    overwrites: true,
    remembers_close: false,
    refuses_close: None,
    names_host: false,
    shares_sessions: false,
    host_refuses: None,
    largest: None,
    slowest: None,
    keeps: None,
    forbids: None,
    nonces: false,
    closes: false,
    answers_on_head: false,
};

const TRIMMING: Model = Model { name: "trimming", overlap: Overlap::Trims, remembers_close: true, ..PLAIN };
const HOST: Model = Model { name: "names another host", names_host: true, ..PLAIN };
const LAST: Model =
    Model { name: "publishes at the last fragment", publishes: Publishes::AtLast, overlap: Overlap::Trims, ..PLAIN };

const fn forgets(name: &'static str, lost: Says) -> Model {
    Model { name, lost, forgets: true, ..PLAIN }
}

const fn limits(name: &'static str, how: TooLarge) -> Model {
    Model { name, largest: Some((50_000, how)), ..TRIMMING }
}

const fn hurries(name: &'static str, status: u16) -> Model {
    Model { name, slowest: Some((2, status)), ..TRIMMING }
}

const fn unclosable(name: &'static str, says: Says) -> Model {
    Model { name, refuses_close: Some(says), ..LAST }
}

pub(crate) const MODELS: [Model; 43] = [
    PLAIN,
    TRIMMING,
    Model { name: "random access", overlap: Overlap::Rewrites, ..PLAIN },
    Model { name: "appends blindly", overlap: Overlap::Appends, ..PLAIN },
    Model { name: "appends blindly, whole bodies only", overlap: Overlap::Appends, keeps_cut_bodies: false, ..PLAIN },
    Model {
        name: "appends blindly, over 50,000 bytes: 413",
        overlap: Overlap::Appends,
        ..limits("", TooLarge::Status(413))
    },
    Model { name: "tied to the connection", tied: true, keeps_cut_bodies: false, ..PLAIN },
    Model { name: "never tells the offset", tells: false, ..PLAIN },
    Model { name: "never tells the offset, trimming", tells: false, overlap: Overlap::Trims, ..PLAIN },
    forgets("forgets a session", Says::NotFound),
    forgets("forgets a session, 400 with fields", Says::Bits400),
    forgets("forgets a session, plain 400", Says::Plain400),
    forgets("forgets a session, plain 500", Says::Plain500),
    forgets("forgets a session, 404 page", Says::Page404),
    forgets("forgets a session, no answer", Says::Nothing),
    LAST,
    Model { name: "overwriting off", overwrites: false, ..PLAIN },
    Model { name: "overwriting off, publishes at the last fragment", overwrites: false, ..LAST },
    Model { name: "opens the target at Create-Session", publishes: Publishes::InPlace, ..PLAIN },
    unclosable("refuses Close, 400 with fields", Says::Bits400),
    unclosable("refuses Close, 403 with fields", Says::Denied),
    unclosable("refuses Close, 404 page", Says::Page404),
    unclosable("refuses Close, plain 500", Says::Plain500),
    HOST,
    Model { name: "names another host, sessions shared", shares_sessions: true, ..HOST },
    Model { name: "names another host that refuses, 503", host_refuses: Some(503), shares_sessions: true, ..HOST },
    Model { name: "names another host that refuses, 404 page", host_refuses: Some(404), shares_sessions: true, ..HOST },
    limits("over 50,000 bytes: 413", TooLarge::Status(413)),
    limits("over 50,000 bytes: 404 page", TooLarge::Status(404)),
    limits("over 50,000 bytes: 403 page", TooLarge::Status(403)),
    limits("over 50,000 bytes: 413, 404, 403 in turn", TooLarge::InTurn),
    limits("over 50,000 bytes: reset", TooLarge::Reset),
    limits("over 50,000 bytes: no answer", TooLarge::Silence),
    hurries("over 2 s: 408", 408),
    hurries("over 2 s: 502", 502),
    hurries("over 2 s: 504", 504),
    hurries("over 2 s: 507", 507),
    Model { name: "keeps 20,000 bytes of a fragment", keeps: Some(20_000), ..TRIMMING },
    Model { name: "a firewall forbids some content", forbids: Some((60, 10)), ..TRIMMING },
    Model { name: "nonces for one request each", nonces: true, ..PLAIN },
    Model { name: "closes each connection", closes: true, ..TRIMMING },
    Model { name: "closes each connection, strict", closes: true, ..PLAIN },
    Model { name: "answers on the head", answers_on_head: true, ..PLAIN },
];

impl Model {
    /// Whether Acks look the same whatever is stored already, so that a question cannot tell.
    pub(crate) fn cannot_be_asked(&self) -> bool {
        matches!(self.overlap, Overlap::Appends | Overlap::Rewrites) || !self.tells
    }

    /// Whether the size of a fragment can be why it fails.
    pub(crate) fn limits_size(&self) -> bool {
        self.largest.is_some() || self.slowest.is_some()
    }
}
