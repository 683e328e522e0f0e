//! Carries packets out: asks the session what to do, does it on the disk, and puts the answer together.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use uuid::Uuid;

use super::answer::{Ack, Refusal, Reply};
use super::folder::{Folder, Kind, Replace};
use super::path::TargetPath;
use super::request::Request;
use super::session::{Closing, Limits, Phase, Session, choose_protocol};
use super::store::{Identity, Store};
use super::{Options, ServeError};
use crate::protocol::{ContentRange, Packet, ProtocolId, SessionId};

/// Most tombstones kept; the oldest go first.
const MAX_TOMBSTONES: usize = 10_000;

/// Ends a request that a newer one took over from.
pub(crate) type Interrupt = Box<dyn Fn() + Send + Sync>;

/// The receiver: all sessions, and the disk they live on.
pub(crate) struct Receiver {
    options: Options,
    limits: Limits,
    store: Store,
    seats: Mutex<HashMap<Uuid, Arc<Seat>>>,
}

/// A session's place: whoever asks last has the turn.
pub(crate) struct Seat {
    identity: Identity,
    session: Mutex<Session>,
    turn: Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    number: u64,
    interrupt: Option<Interrupt>,
}

/// Nothing is left half-changed under these locks, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seat {
    fn new(identity: Identity, session: Session) -> Arc<Self> {
        Arc::new(Self { identity, session: Mutex::new(session), turn: Mutex::default() })
    }

    fn session_id(&self) -> SessionId {
        let text = self.identity.id.braced().to_string().to_uppercase();
        text.parse().expect("a GUID in braces is printable ASCII")
    }

    /// Takes the turn and ends the request that had it.
    fn take_turn(&self, interrupt: Option<Interrupt>) -> u64 {
        let mut turn = lock(&self.turn);
        turn.number += 1;
        if let Some(end) = std::mem::replace(&mut turn.interrupt, interrupt) {
            end();
        }
        turn.number
    }

    fn has_turn(&self, number: u64) -> bool {
        lock(&self.turn).number == number
    }
}

impl Receiver {
    /// Opens the disk and goes on with the sessions found there. Also answers the names of state files that made no sense.
    pub(crate) fn open(options: Options) -> Result<(Self, Vec<String>), ServeError> {
        let root = |error: io::Error| match error.kind() {
            io::ErrorKind::ResourceBusy => ServeError::InUse(options.root.clone()),
            _ => ServeError::Root(options.root.clone(), error),
        };
        let store = Store::open(&options.root, options.durable).map_err(root)?;
        let found = store.load().map_err(root)?;
        let seats = found.sessions.into_iter().map(|(identity, session)| (identity.id, Seat::new(identity, session)));
        let seats = Mutex::new(seats.collect());
        let limits = Limits { file: options.max_size, fragment: options.max_fragment };
        Ok((Self { options, limits, store, seats }, found.discarded))
    }

    /// Carries out any packet but a Fragment, whose body has to come first.
    pub(crate) fn handle(&self, client: IpAddr, request: &Request) -> Reply {
        match &request.packet {
            Packet::Ping => Ok(Ack::Pong).into(),
            Packet::CreateSession { protocols, .. } => self.create(client, protocols, &request.target),
            Packet::CloseSession { session, .. } => self.with_seat(session, request, |seat| self.close(seat)),
            Packet::CancelSession { session } => self.with_seat(session, request, |seat| self.cancel(seat)),
            Packet::Fragment { .. } => Refusal::Invalid("a fragment without a body").into(),
        }
    }

    fn create(&self, client: IpAddr, offered: &[ProtocolId], target: &TargetPath) -> Reply {
        let created = choose_protocol(offered).and_then(|protocol| {
            self.check_target(target)?;
            let identity = Identity { id: Uuid::new_v4(), target: target.clone(), client };
            let seat = Seat::new(identity, Session::new(SystemTime::now()));
            self.admit(&seat)?;
            if let Err(error) = self.store.create(&seat.identity) {
                lock(&self.seats).remove(&seat.identity.id);
                // What is left of it is rubbish that the next start removes.
                let _ = self.store.remove(&seat.identity);
                return Err(error.into());
            }
            Ok((protocol, seat.session_id()))
        });
        match created {
            Ok((protocol, id)) => Reply::of(id, Ok(Ack::Created(protocol))),
            Err(refusal) => refusal.into(),
        }
    }

    /// Whether a file could be published there now.
    fn check_target(&self, target: &TargetPath) -> Result<(), Refusal> {
        let folder = self.folder_of(target)?;
        match folder.kind(target.name())? {
            Some(Kind::Folder) => return Err(Refusal::Invalid("the target is a folder")),
            Some(Kind::Other) => return Err(Refusal::Denied("the target is no regular file")),
            Some(Kind::File) if !self.options.allow_overwrite => return Err(Refusal::Exists),
            Some(Kind::File) | None => {}
        }
        if self.store.can_publish_into(&folder)? { Ok(()) } else { Err(Refusal::OtherDevice) }
    }

    fn folder_of(&self, target: &TargetPath) -> Result<Folder, Refusal> {
        self.store.folder_of(target).map_err(|error| match error.kind() {
            // A link on the way is no folder either.
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Refusal::NoFolder,
            _ => error.into(),
        })
    }

    /// Gives a new session its seat, if its client may have one more.
    fn admit(&self, seat: &Arc<Seat>) -> Result<(), Refusal> {
        let mut seats = lock(&self.seats);
        let same_client = seats.values().filter(|other| other.identity.client == seat.identity.client);
        // A session that is busy is open.
        let is_open =
            |other: &&Arc<Seat>| other.session.try_lock().map_or(true, |session| session.phase == Phase::Open);
        if same_client.filter(is_open).count() >= self.options.max_sessions {
            return Err(Refusal::TooManySessions);
        }
        seats.insert(seat.identity.id, Arc::clone(seat));
        Ok(())
    }

    /// The seat of a session. One that is for another file is as unknown as one that never was.
    fn seat(&self, id: &SessionId, target: &TargetPath) -> Result<Arc<Seat>, Refusal> {
        let id = Uuid::parse_str(id.as_str()).map_err(|_| Refusal::UnknownSession)?;
        let seat = lock(&self.seats).get(&id).cloned().ok_or(Refusal::UnknownSession)?;
        if seat.identity.target == *target { Ok(seat) } else { Err(Refusal::UnknownSession) }
    }

    fn with_seat(&self, id: &SessionId, request: &Request, act: impl Fn(&Seat) -> Result<Ack, Refusal>) -> Reply {
        match self.seat(id, &request.target) {
            Err(refusal) => refusal.into(),
            Ok(seat) => {
                seat.take_turn(None);
                reply_of(&seat, act(&seat))
            }
        }
    }

    fn close(&self, seat: &Seat) -> Result<Ack, Refusal> {
        let mut session = self.alive(seat)?;
        self.settle(seat, &mut session)?;
        let Closing::Publish(size) = session.close()? else { return Ok(Ack::Closed(None)) };
        let folder = self.folder_of(&seat.identity.target)?;
        let replace = if self.options.allow_overwrite { Replace::Allowed } else { Replace::Never };
        self.store.publish(&seat.identity, &folder, size, replace)?;
        session.phase = Phase::Closed;
        session.touched = SystemTime::now();
        Ok(Ack::Closed(Some(size)))
    }

    fn cancel(&self, seat: &Seat) -> Result<Ack, Refusal> {
        let mut session = self.alive(seat)?;
        session.cancel()?;
        self.store.remove(&seat.identity)?;
        session.phase = Phase::Gone;
        lock(&self.seats).remove(&seat.identity.id);
        Ok(Ack::Cancelled)
    }

    /// The session, unless its time is over.
    fn alive<'a>(&self, seat: &'a Seat) -> Result<MutexGuard<'a, Session>, Refusal> {
        let session = lock(&seat.session);
        let expired = session.is_expired(SystemTime::now(), self.options.session_timeout);
        if expired { Err(Refusal::UnknownSession) } else { Ok(session) }
    }

    /// Makes durable what an interrupted request left behind.
    fn settle(&self, seat: &Seat, session: &mut Session) -> Result<(), Refusal> {
        if session.phase != Phase::Open || session.written == session.durable {
            return Ok(());
        }
        let part = self.store.open_part(&seat.identity, session.written)?;
        Ok(self.store.settle(&seat.identity, &part, session)?)
    }

    /// Makes durable what every interrupted request left behind: the server stops.
    pub(crate) fn settle_all(&self) {
        let seats: Vec<Arc<Seat>> = lock(&self.seats).values().cloned().collect();
        for seat in seats {
            // What cannot be settled is sent again: nobody was told that it is stored.
            let _ = seat.session.try_lock().map(|mut session| self.settle(&seat, &mut session));
        }
    }

    /// Begins a fragment: everything that can be refused without its body is refused here.
    pub(crate) fn begin_fragment(
        self: &Arc<Self>,
        id: &SessionId,
        target: &TargetPath,
        range: ContentRange,
        interrupt: Interrupt,
    ) -> Result<Fragment, Reply> {
        let seat = self.seat(id, target)?;
        let turn = seat.take_turn(Some(interrupt));
        self.plan(&seat, range).map_err(|refusal| reply_of(&seat, Err(refusal))).map(|(part, skip)| Fragment {
            receiver: Arc::clone(self),
            seat,
            turn,
            part,
            skip,
        })
    }

    fn plan(&self, seat: &Seat, range: ContentRange) -> Result<(File, u64), Refusal> {
        let mut session = self.alive(seat)?;
        let mut plan = session.fragment(range, self.limits);
        if matches!(plan, Err(Refusal::OutOfStep(_))) {
            // The answer names an offset, so it must be a durable one.
            self.settle(seat, &mut session)?;
            plan = session.fragment(range, self.limits);
        }
        let plan = plan?;
        let missing = plan.total - plan.at;
        if plan.new > 0 && self.store.free_space().is_some_and(|free| free < missing) {
            return Err(Refusal::DiskFull);
        }
        let part = self.store.open_part(&seat.identity, plan.at)?;
        session.total = Some(plan.total);
        Ok((part, plan.skip))
    }

    /// Removes what has expired, and tombstones beyond a sane number.
    pub(crate) fn sweep(&self, now: SystemTime) {
        let seats: Vec<Arc<Seat>> = lock(&self.seats).values().cloned().collect();
        let mut tombstones = Vec::new();
        for seat in seats {
            // A session that is busy has not expired.
            let Ok(mut session) = seat.session.try_lock() else { continue };
            if session.is_expired(now, self.options.session_timeout) {
                session.phase = Phase::Gone;
                drop(session);
                self.forget(&seat);
            } else if session.phase == Phase::Closed {
                tombstones.push((session.touched, Arc::clone(&seat)));
            }
        }
        tombstones.sort_by_key(|(touched, _)| *touched);
        let surplus = tombstones.len().saturating_sub(MAX_TOMBSTONES);
        tombstones[..surplus].iter().for_each(|(_, seat)| self.forget(seat));
    }

    fn forget(&self, seat: &Seat) {
        seat.take_turn(None);
        lock(&seat.session).phase = Phase::Gone;
        lock(&self.seats).remove(&seat.identity.id);
        // Nobody waits for an answer; what is left is found at the next start and expires again.
        let _ = self.store.remove(&seat.identity);
    }
}

fn reply_of(seat: &Seat, result: Result<Ack, Refusal>) -> Reply {
    match result {
        // A session that is no more has no name to repeat.
        Err(Refusal::UnknownSession) => Refusal::UnknownSession.into(),
        result => Reply::of(seat.session_id(), result),
    }
}

/// A fragment whose body is coming in.
pub(crate) struct Fragment {
    receiver: Arc<Receiver>,
    seat: Arc<Seat>,
    turn: u64,
    part: File,
    skip: u64,
}

impl Fragment {
    /// Stores the next bytes of the body. Blocks on the disk.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let known = self.skip.min(bytes.len() as u64);
        self.skip -= known;
        let new = usize::try_from(known).map_or(&[][..], |known| &bytes[known..]);
        if new.is_empty() {
            return Ok(());
        }
        let mut session = self.session()?;
        (&self.part).write_all(new)?;
        session.written += new.len() as u64;
        session.touched = SystemTime::now();
        Ok(())
    }

    /// The body is complete: makes it durable and answers. Blocks on the disk.
    pub(crate) fn finish(self) -> Reply {
        let result = self.session().and_then(|mut session| {
            if session.written > session.durable {
                self.receiver.store.settle(&self.seat.identity, &self.part, &mut session)?;
            }
            Ok(Ack::Received(session.durable))
        });
        reply_of(&self.seat, result)
    }

    /// The answer for a body that did not come in whole. What came is kept.
    pub(crate) fn give_up(self, refusal: Refusal) -> Reply {
        reply_of(&self.seat, Err(refusal))
    }

    fn session(&self) -> Result<MutexGuard<'_, Session>, Refusal> {
        let session = lock(&self.seat.session);
        if !self.seat.has_turn(self.turn) {
            Err(Refusal::Superseded)
        } else if session.phase == Phase::Open {
            Ok(session)
        } else {
            Err(Refusal::UnknownSession)
        }
    }
}
