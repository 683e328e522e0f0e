//! Servers as they carry requests out, in memory. The traits of each are in a [`Model`].
//!
//! Bytes are symbols: a stored byte is the offset in the source that it came from and which version of the source that
//! was, kept as runs of them. So a file of hundreds of MiB costs nothing.

use crate::model::{Model, Overlap, Publishes, Says};

/// The time-out that comes with the name of another host.
pub(crate) const HOST_FALLBACK_SECONDS: u64 = 110;

/// Which host a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The URL's.
    Origin,
    /// The one that the server names.
    Named,
}

/// A request; sessions are numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    Ping,
    Create,
    Fragment { session: usize, first: u64, end: u64, version: u8 },
    Close { session: usize },
    Cancel { session: usize },
}

impl Request {
    /// Bytes of its body.
    pub(crate) fn len(self) -> u64 {
        match self {
            Self::Fragment { first, end, .. } => end - first,
            _ => 0,
        }
    }
}

/// The head of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) is_ack: bool,
    pub(crate) session: Option<usize>,
    pub(crate) names_host: bool,
    pub(crate) offset: Option<u64>,
    pub(crate) error: Option<&'static str>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

impl Reply {
    pub(crate) const ACK: Self = Self {
        status: 200,
        is_ack: true,
        session: None,
        names_host: false,
        offset: None,
        error: None,
        retry_after: None,
    };
    const EXISTS: Self = Self::refusal(403, "0x80070005");
    const INCOMPLETE: Self = Self::refusal(400, "0x80070057");

    pub(crate) const fn refusal(status: u16, error: &'static str) -> Self {
        Self { status, error: Some(error), ..Self::ACK }
    }

    /// From something that speaks no BITS.
    pub(crate) const fn bare(status: u16) -> Self {
        Self { status, is_ack: false, ..Self::ACK }
    }

    pub(crate) const fn later(status: u16, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::bare(status) }
    }
}

/// The server's answer to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said {
    Reply(Reply),
    /// No answer, for as long as the client waits.
    Nothing,
    /// The server is started again: the connection is closed.
    Closed,
}

/// Bytes of the source: runs of (version, first, length).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Bytes(Vec<(u8, u64, u64)>);

impl Bytes {
    fn len(&self) -> u64 {
        self.0.iter().map(|(_, _, len)| len).sum()
    }

    fn append(&mut self, version: u8, first: u64, end: u64) {
        match self.0.last_mut() {
            _ if first >= end => {}
            Some((of, start, len)) if *of == version && *start + *len == first => *len += end - first,
            _ => self.0.push((version, first, end - first)),
        }
    }

    fn truncate(&mut self, len: u64) {
        while self.len() > len {
            let excess = self.len() - len;
            let Some((_, _, last)) = self.0.last_mut() else { return };
            *last -= excess.min(*last);
            if *last == 0 {
                self.0.pop();
            }
        }
    }

    /// The runs of bytes from this place on.
    fn tail(&self, from: u64) -> Vec<(u8, u64, u64)> {
        let mut at = 0;
        let mut tail = Vec::new();
        for &(version, first, len) in &self.0 {
            let skip = from.saturating_sub(at).min(len);
            if skip < len {
                tail.push((version, first + skip, len - skip));
            }
            at += len;
        }
        tail
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Open,
    Published,
    Closed,
    Gone,
}

#[derive(Debug, Clone)]
struct Session {
    stored: Bytes,
    /// The offset that it wants next: where the stored bytes end, except for a server that appends whatever comes.
    next: u64,
    connection: u32,
    place: Place,
    fragments: u32,
    life: Life,
}

#[derive(Debug, Clone)]
pub(crate) struct Server {
    model: Model,
    size: u64,
    /// Versions of the source are the same before this byte.
    differs_from: u64,
    sessions: Vec<Session>,
    /// The host that it named does not work any more, and is not named again.
    has_lost_host: bool,
    /// The session that was published last, and its bytes.
    published: Option<(usize, Bytes)>,
}

impl Server {
    pub(crate) fn new(model: Model, size: u64, differs_from: u64) -> Self {
        Self { model, size, differs_from, sessions: Vec::new(), has_lost_host: false, published: None }
    }

    /// Whether the file is there, byte for byte.
    pub(crate) fn has_published(&self, version: u8) -> bool {
        let Some((_, bytes)) = &self.published else { return false };
        let mut source = Bytes::default();
        self.put(&mut source, version, 0, self.size);
        *bytes == source
    }

    pub(crate) fn published_len(&self) -> Option<u64> {
        self.published.as_ref().map(|(_, bytes)| bytes.len())
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn life(&self, session: usize) -> Life {
        self.sessions[session].life
    }

    pub(crate) fn open_sessions(&self) -> impl Iterator<Item = usize> {
        self.sessions.iter().enumerate().filter(|(_, session)| session.life == Life::Open).map(|(id, _)| id)
    }

    /// Takes the server back to an older state, as a restart from it would: `lost` bytes less in the newest session.
    pub(crate) fn roll_back(&mut self, lost: u64) {
        if let Some(session) = self.sessions.last_mut()
            && session.life == Life::Open
        {
            session.stored.truncate(session.stored.len().saturating_sub(lost));
            session.next = session.next.saturating_sub(lost);
            let stored = session.stored.clone();
            if self.model.publishes == Publishes::InPlace {
                self.published = Some((self.sessions.len() - 1, stored));
            }
        }
    }

    pub(crate) fn forget(&mut self) {
        self.sessions.iter_mut().for_each(|session| session.life = Life::Gone);
    }

    pub(crate) fn lose_host(&mut self) {
        self.has_lost_host = true;
    }

    /// Whether anything arrives there.
    pub(crate) fn is_within_reach(&self, place: Place) -> bool {
        place == Place::Origin || !self.has_lost_host
    }

    /// Carries out what arrives at `place`, which must be within reach.
    pub(crate) fn answer(&mut self, request: Request, place: Place, connection: u32) -> Said {
        match request {
            Request::Ping => Said::Reply(Reply::ACK),
            Request::Create => Said::Reply(self.create(connection)),
            Request::Fragment { session, .. } | Request::Close { session } | Request::Cancel { session }
                if !self.model.shares_sessions && self.sessions[session].place != place =>
            {
                self.model.lost.said()
            }
            Request::Fragment { session, first, end, version } => {
                self.fragment(session, connection, (first, end, version))
            }
            Request::Close { session } => self.close(session, connection),
            Request::Cancel { session } => {
                self.sessions[session].life = Life::Gone;
                Said::Reply(Reply::ACK)
            }
        }
    }

    fn create(&mut self, connection: u32) -> Reply {
        if self.published.is_some() && !self.model.overwrites {
            return Reply::EXISTS;
        }
        let names_host = self.model.names_host && !self.has_lost_host;
        let place = if names_host { Place::Named } else { Place::Origin };
        if self.model.publishes == Publishes::InPlace {
            // The target is opened, and emptied.
            self.forget();
            self.published = Some((self.sessions.len(), Bytes::default()));
        }
        let stored = Bytes::default();
        self.sessions.push(Session { stored, next: 0, connection, place, fragments: 0, life: Life::Open });
        Reply { session: Some(self.sessions.len() - 1), names_host, ..Reply::ACK }
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

    fn fragment(&mut self, id: usize, connection: u32, (first, end, version): (u64, u64, u8)) -> Said {
        if !self.meets(id, connection) || self.sessions[id].life == Life::Closed {
            return self.model.lost.said();
        }
        let model = self.model;
        let session = &mut self.sessions[id];
        session.fragments += 1;
        if model.forgets && id == 0 && session.fragments == 3 {
            session.life = Life::Gone;
            // A server that does not say so was started again.
            return if model.lost == Says::NotFound { model.lost.said() } else { Said::Closed };
        }
        let out_of_step = first > session.next || (model.overlap == Overlap::Refuses && first != session.next);
        if out_of_step {
            let offset = model.tells.then_some(session.next);
            return Said::Reply(Reply { offset, ..Reply::bare(416) });
        }
        let end = model.keeps.map_or(end, |most| end.min(first + most));
        let next = self.store(id, (first, end, version));
        let session = &self.sessions[id];
        if model.publishes == Publishes::AtLast
            && session.next == self.size
            && session.life == Life::Open
            && !self.publish(id)
        {
            return Said::Reply(Reply::EXISTS);
        }
        Said::Reply(Reply { session: Some(id), offset: model.tells.then_some(next), ..Reply::ACK })
    }

    /// Stores a fragment that does not begin too late; returns what the Ack tells.
    fn store(&mut self, id: usize, (first, end, version): (u64, u64, u8)) -> u64 {
        let mut stored = std::mem::take(&mut self.sessions[id].stored);
        let next = self.sessions[id].next;
        let told = match self.model.overlap {
            Overlap::Appends => {
                self.put(&mut stored, version, first, end);
                self.sessions[id].next = end;
                end
            }
            Overlap::Rewrites => {
                let tail = stored.tail(end);
                stored.truncate(first);
                self.put(&mut stored, version, first, end);
                for (version, first, len) in tail {
                    stored.append(version, first, first + len);
                }
                self.sessions[id].next = next.max(end);
                end
            }
            Overlap::Refuses | Overlap::Trims => {
                self.put(&mut stored, version, next.max(first), end);
                self.sessions[id].next = next.max(end);
                next.max(end)
            }
        };
        if self.model.publishes == Publishes::InPlace {
            self.published = Some((id, stored.clone()));
        }
        self.sessions[id].stored = stored;
        told
    }

    fn put(&self, bytes: &mut Bytes, version: u8, first: u64, end: u64) {
        bytes.append(0, first, end.min(self.differs_from));
        bytes.append(version, first.max(self.differs_from), end);
    }

    fn close(&mut self, id: usize, connection: u32) -> Said {
        if !self.meets(id, connection) {
            return self.model.lost.said();
        }
        let (life, next) = (self.sessions[id].life, self.sessions[id].next);
        if let Some(says) = self.model.refuses_close.filter(|_| next == self.size) {
            return says.said();
        }
        match life {
            Life::Closed if self.model.remembers_close => return Said::Reply(Reply::ACK),
            Life::Closed | Life::Gone => return self.model.lost.said(),
            Life::Open if next != self.size => return Said::Reply(Reply::INCOMPLETE),
            Life::Open if self.model.publishes != Publishes::InPlace && !self.publish(id) => {
                return Said::Reply(Reply::EXISTS);
            }
            Life::Open | Life::Published => {}
        }
        self.sessions[id].life = Life::Closed;
        Said::Reply(Reply::ACK)
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
