//! Servers as they are met, and as MC-BUP's readings allow them, in memory.
//!
//! Bytes are symbols: a stored byte is the offset in the source that it came from, kept as runs of them.

/// What a server does with a fragment that does not begin where the stored bytes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlap {
    /// Refuses it with 416.
    Refuses,
    /// Writes the part that is new; refuses one that begins too late.
    Trims,
    /// Writes it where it says, and wants what follows it next; refuses one that begins too late.
    Rewrites,
    /// Appends all of it again, with an Ack like any other: the file is corrupt.
    Appends,
}

/// A kind of server.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) overlap: Overlap,
    /// What arrived of a body that was cut is kept.
    pub(crate) keeps_cut_bodies: bool,
    /// A session lives as long as the connection that it was made on.
    tied: bool,
    /// Whether Acks carry the offset.
    tells: bool,
    /// The first session is forgotten before its third fragment.
    forgets: bool,
    /// Fragments of more bytes are refused.
    pub(crate) most: Option<u64>,
    publishes_at_last: bool,
    pub(crate) overwrites: bool,
    /// A repeated Close is acknowledged.
    remembers_close: bool,
}

const PLAIN: Model = Model {
    name: "strict",
    overlap: Overlap::Refuses,
    keeps_cut_bodies: true,
    tied: false,
    tells: true,
    forgets: false,
    most: None,
    publishes_at_last: false,
    overwrites: true,
    remembers_close: false,
};

pub(crate) const MODELS: [Model; 12] = [
    PLAIN,
    Model { name: "trimming", overlap: Overlap::Trims, remembers_close: true, ..PLAIN },
    Model { name: "random access", overlap: Overlap::Rewrites, ..PLAIN },
    Model { name: "appending duplicates", overlap: Overlap::Appends, ..PLAIN },
    Model { name: "tied to the connection", tied: true, keeps_cut_bodies: false, ..PLAIN },
    Model { name: "never tells the offset", tells: false, ..PLAIN },
    Model { name: "never tells the offset, trimming", tells: false, overlap: Overlap::Trims, ..PLAIN },
    Model { name: "forgets sessions", forgets: true, ..PLAIN },
    Model { name: "refuses large fragments in disguise", most: Some(6000), ..PLAIN },
    Model { name: "publishes at the last fragment", publishes_at_last: true, overlap: Overlap::Trims, ..PLAIN },
    Model { name: "overwriting off", overwrites: false, ..PLAIN },
    Model {
        name: "overwriting off, publishes at the last fragment",
        overwrites: false,
        publishes_at_last: true,
        ..PLAIN
    },
];

/// A request; sessions are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Ping,
    Create,
    Fragment { session: usize, first: u64, end: u64 },
    Close { session: usize },
    Cancel { session: usize },
}

/// The head of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) is_ack: bool,
    pub(crate) session: Option<usize>,
    pub(crate) offset: Option<u64>,
    pub(crate) error: Option<&'static str>,
}

impl Reply {
    pub(crate) const ACK: Self = Self { status: 200, is_ack: true, session: None, offset: None, error: None };
    const NOT_FOUND: Self = Self::refusal(500, "0x8020001F");
    const EXISTS: Self = Self::refusal(403, "0x80070005");
    const INCOMPLETE: Self = Self::refusal(400, "0x80070057");

    const fn refusal(status: u16, error: &'static str) -> Self {
        Self { status, error: Some(error), ..Self::ACK }
    }

    /// From something that speaks no BITS.
    pub(crate) const fn bare(status: u16) -> Self {
        Self { status, is_ack: false, ..Self::ACK }
    }
}

/// Bytes of the source: runs of (first, length).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Bytes(Vec<(u64, u64)>);

impl Bytes {
    fn len(&self) -> u64 {
        self.0.iter().map(|(_, len)| len).sum()
    }

    fn append(&mut self, first: u64, end: u64) {
        match self.0.last_mut() {
            _ if first >= end => {}
            Some((start, len)) if *start + *len == first => *len += end - first,
            _ => self.0.push((first, end - first)),
        }
    }

    fn truncate(&mut self, len: u64) {
        while self.len() > len {
            let excess = self.len() - len;
            let Some((_, last)) = self.0.last_mut() else { return };
            *last -= excess.min(*last);
            if *last == 0 {
                self.0.pop();
            }
        }
    }

    fn are_the_source(&self, size: u64) -> bool {
        match self.0.as_slice() {
            [] => size == 0,
            runs => *runs == [(0, size)],
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    Published,
    Closed,
    Gone,
}

#[derive(Debug, Clone)]
struct Session {
    stored: Bytes,
    /// What it wants next. Where the stored bytes end, except for a server that appends whatever comes.
    next: u64,
    connection: u32,
    fragments: u32,
    life: Life,
}

#[derive(Debug, Clone)]
pub(crate) struct Server {
    model: Model,
    size: u64,
    sessions: Vec<Session>,
    /// The session that was published last, and its bytes.
    published: Option<(usize, Bytes)>,
}

impl Server {
    pub(crate) fn new(model: Model, size: u64) -> Self {
        Self { model, size, sessions: Vec::new(), published: None }
    }

    /// Whether the file is there, byte for byte.
    pub(crate) fn has_published_the_source(&self) -> bool {
        self.published.as_ref().is_some_and(|(_, bytes)| bytes.are_the_source(self.size))
    }

    /// Whether the file was published for another session than `session`.
    pub(crate) fn has_published_other_than(&self, session: Option<usize>) -> bool {
        self.published.as_ref().is_some_and(|(publisher, _)| Some(*publisher) != session)
    }

    /// What is left after a restart from an older state: `lost` bytes less in the newest session.
    pub(crate) fn roll_back(&mut self, lost: u64) {
        if let Some(session) = self.sessions.last_mut()
            && session.life == Life::Open
        {
            session.stored.truncate(session.stored.len().saturating_sub(lost));
            session.next = session.next.saturating_sub(lost);
        }
    }

    /// Whether it refuses a fragment of so many bytes, whatever else is right with it.
    pub(crate) fn refuses_size(&self, len: u64) -> bool {
        self.model.most.is_some_and(|most| len > most)
    }

    pub(crate) fn forget(&mut self) {
        self.sessions.iter_mut().for_each(|session| session.life = Life::Gone);
    }

    pub(crate) fn answer(&mut self, request: Request, connection: u32) -> Reply {
        match request {
            Request::Ping => Reply::ACK,
            Request::Create => self.create(connection),
            Request::Fragment { session, first, end } => self.fragment(session, connection, first, end),
            Request::Close { session } => self.close(session, connection),
            Request::Cancel { session } => {
                self.sessions[session].life = Life::Gone;
                Reply::ACK
            }
        }
    }

    fn create(&mut self, connection: u32) -> Reply {
        if self.published.is_some() && !self.model.overwrites {
            return Reply::EXISTS;
        }
        self.sessions.push(Session { stored: Bytes::default(), next: 0, connection, fragments: 0, life: Life::Open });
        Reply { session: Some(self.sessions.len() - 1), ..Reply::ACK }
    }

    /// Whether the session is alive on this connection.
    fn meets(&mut self, session: usize, connection: u32) -> bool {
        let tied = self.model.tied;
        let session = &mut self.sessions[session];
        if tied && session.connection != connection {
            session.life = Life::Gone;
        }
        session.life != Life::Gone
    }

    fn fragment(&mut self, id: usize, connection: u32, first: u64, end: u64) -> Reply {
        if !self.meets(id, connection) || self.sessions[id].life == Life::Closed {
            return Reply::NOT_FOUND;
        }
        let (model, size) = (self.model, self.size);
        let session = &mut self.sessions[id];
        session.fragments += 1;
        if model.forgets && id == 0 && session.fragments == 3 {
            session.life = Life::Gone;
            return Reply::NOT_FOUND;
        }
        if model.most.is_some_and(|most| end - first > most) {
            // As IIS, a proxy before it, or request filtering say it.
            return Reply::bare([413, 404, 403][session.fragments as usize % 3]);
        }
        let out_of_step = first > session.next || (model.overlap == Overlap::Refuses && first != session.next);
        if out_of_step {
            let offset = Some(session.next).filter(|_| model.tells);
            return Reply { offset, ..Reply::bare(416) };
        }
        let next = session.store(model.overlap, first, end);
        if model.publishes_at_last && session.next == size && session.life == Life::Open && !self.publish(id) {
            return Reply::EXISTS;
        }
        Reply { session: Some(id), offset: Some(next).filter(|_| model.tells), ..Reply::ACK }
    }

    fn close(&mut self, id: usize, connection: u32) -> Reply {
        if !self.meets(id, connection) {
            return Reply::NOT_FOUND;
        }
        let (life, next) = (self.sessions[id].life, self.sessions[id].next);
        match life {
            Life::Closed if self.model.remembers_close => return Reply::ACK,
            Life::Closed | Life::Gone => return Reply::NOT_FOUND,
            Life::Open if next != self.size => return Reply::INCOMPLETE,
            Life::Open if !self.publish(id) => return Reply::EXISTS,
            Life::Open | Life::Published => {}
        }
        self.sessions[id].life = Life::Closed;
        Reply::ACK
    }

    fn publish(&mut self, id: usize) -> bool {
        if self.published.is_some() && !self.model.overwrites {
            return false;
        }
        self.sessions[id].life = Life::Published;
        self.published = Some((id, self.sessions[id].stored.clone()));
        true
    }
}

impl Session {
    /// Stores a fragment that does not begin too late; returns what the Ack tells.
    fn store(&mut self, overlap: Overlap, first: u64, end: u64) -> u64 {
        if overlap == Overlap::Appends {
            self.stored.append(first, end);
            self.next = end;
            return end;
        }
        self.stored.append(self.next, end);
        self.next = self.next.max(end);
        if overlap == Overlap::Rewrites { end } else { self.next }
    }
}
