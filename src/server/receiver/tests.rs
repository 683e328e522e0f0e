//! Disks that fail: at the n-th step of an upload, for every n (faults 60 and 63).

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::durable::{Disk, Durable, Folder, Replace};
use crate::protocol::{ContentName, ContentRange, ProtocolId, SessionId};
use crate::server::path::TargetPath;
use crate::server::reply::ReplyFailure;
use crate::server::request;
use crate::server::response::Response;
use crate::server::{Options, ServeError};
use crate::sync::lock;

/// A disk that fails at one step and then works again.
#[derive(Debug, Clone)]
struct Faulty {
    steps: Arc<AtomicU64>,
    fails_at: u64,
    error: io::ErrorKind,
    free: Option<u64>,
    /// Files whose bytes a power cut would take.
    unsynced: Arc<Mutex<std::collections::BTreeSet<u64>>>,
}

impl Faulty {
    fn never() -> Self {
        Self {
            steps: Arc::default(),
            fails_at: u64::MAX,
            error: io::ErrorKind::Other,
            free: None,
            unsynced: Arc::default(),
        }
    }

    fn step(&self) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        if step == self.fails_at { Err(self.error.into()) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    fn create(&self, folder: &Folder, name: &str) -> io::Result<File> {
        self.step()?;
        Durable.create(folder, name)
    }

    fn remove(&self, folder: &Folder, name: &str) -> io::Result<()> {
        self.step()?;
        Durable.remove(folder, name)
    }

    fn set_len(&self, file: &File, len: u64) -> io::Result<()> {
        self.step()?;
        Durable.set_len(file, len)
    }

    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        lock(&self.unsynced).insert(inode(file));
        // Half of it gets there, as on a disk that fills up.
        Durable.write(file, &bytes[..bytes.len() / 2])?;
        self.step()?;
        Durable.write(file, &bytes[bytes.len() / 2..])
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.step()?;
        lock(&self.unsynced).remove(&inode(file));
        Ok(())
    }

    fn sync_all(&self, file: &File) -> io::Result<()> {
        self.sync_data(file)
    }

    fn sync_folder(&self, _: &Folder) -> io::Result<()> {
        self.step()
    }

    fn rename(&self, (from, name): (&Folder, &str), (to, new): (&Folder, &str), replace: Replace) -> io::Result<()> {
        self.step()?;
        from.rename(name, to, new, replace)
    }

    fn free_space(&self, _: &Folder) -> Option<u64> {
        self.free
    }
}

fn inode(file: &File) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&file.metadata().unwrap())
}

const CONTENT: &[u8] = b"abcdefghijkl";

const REPLY: &[u8] = b"thank you";

struct Upload {
    root: tempfile::TempDir,
    disk: Faulty,
    receiver: Arc<Receiver>,
    caller: Caller,
    target: TargetPath,
}

impl Upload {
    fn on(disk: &Faulty, change: impl FnOnce(&mut Options)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut options = Options::new(root.path(), (Ipv4Addr::LOCALHOST, 0).into());
        change(&mut options);
        let (receiver, _) = Receiver::open(Box::new(disk.clone()), options).unwrap();
        let caller = Caller { ip: Ipv4Addr::LOCALHOST.into(), user: None };
        let target = TargetPath::from_url("/a").unwrap();
        Self { root, disk: disk.clone(), receiver: Arc::new(receiver), caller, target }
    }

    /// Another server on the same disk.
    fn restart(self) -> Self {
        let Self { root, disk, receiver, caller, target } = self;
        let options = receiver.options.clone();
        drop(receiver);
        let (receiver, discarded) = Receiver::open(Box::new(disk.clone()), options).unwrap();
        assert_eq!(discarded, Vec::<String>::new());
        Self { root, disk, receiver: Arc::new(receiver), caller, target }
    }

    /// The response that the client gets; an application is played as the server does it.
    fn respond(&self, next: Next) -> Response {
        let pending = match next {
            Next::Respond(response) => return response,
            Next::AskApplication(pending) => pending,
        };
        let begun = self.receiver.begin_reply(&pending);
        let said = begun.and_then(|(path, reply)| {
            assert_eq!(std::fs::read(path).unwrap(), CONTENT, "the application sees the whole file");
            self.receiver.write_reply(&reply, REPLY)
        });
        let result = said.map(|()| REPLY.len() as u64).map_err(ReplyFailure::from);
        let failure = match self.receiver.end_reply(&pending, result) {
            Ok(_) => None,
            Err(ReplyFailure::Storage(error)) => Some(error.into()),
            Err(ReplyFailure::Application(what) | ReplyFailure::NotRun(what)) => panic!("{what}"),
        };
        self.receiver.respond_after(&pending, failure)
    }

    fn packet(&self, packet: Packet) -> Response {
        self.respond(self.receiver.handle(&self.caller, &request::Request { packet, target: self.target.clone() }))
    }

    fn create(&self) -> Response {
        let protocols = vec![ProtocolId::BITS_1_5_UPLOAD];
        self.packet(Packet::CreateSession { protocols, name: ContentName::new("a") })
    }

    fn fragment(&self, session: &SessionId, first: u64) -> Response {
        let range = ContentRange::new(first, 4.min(12 - first), 12).unwrap();
        let begun = self.receiver.begin_fragment(&self.caller, session, &self.target, range, Box::new(|| {}));
        let mut fragment = match begun {
            Ok(fragment) => fragment,
            Err(response) => return response,
        };
        let bytes = &CONTENT[usize::try_from(first).unwrap()..usize::try_from(range.end()).unwrap()];
        let received = fragment.write(bytes);
        self.respond(fragment.finish(received))
    }

    fn close(&self, session: &SessionId) -> Response {
        self.packet(Packet::CloseSession { session: session.clone(), name: ContentName::new("a") })
    }

    /// The offset that the server itself would find after a power cut now.
    fn durable(&self, session: &SessionId) -> u64 {
        let slot = self.receiver.slot(&self.caller, session, &self.target).unwrap();
        lock(&slot.session).durable
    }

    /// Goes on as a client does: every refusal is tried again, after another server took over if `restarts` says so, and
    /// offsets are the server's. Returns the errors met.
    fn run(mut self, restarts: bool) -> Vec<RequestError> {
        let (mut errors, mut session, mut offset) = (Vec::new(), None, 0);
        loop {
            let response = match &session {
                None => self.create(),
                Some(session) if offset < 12 => self.fragment(session, offset),
                Some(session) => self.close(session),
            };
            match (response.result, &session) {
                (Ok(Ack::Created { .. }), _) => session = response.session,
                (Ok(Ack::Received(next)), Some(session)) => {
                    assert_eq!(next, self.durable(session), "only what is stored is acknowledged");
                    self.assert_synced(&["part", "pos"]);
                    assert!(next < 12 || !self.receiver.asks(), "the application's reply is told");
                    offset = next;
                }
                (Ok(Ack::Replied(next)), Some(_)) => {
                    self.assert_synced(&["part", "pos", "reply"]);
                    assert_eq!(std::fs::read(self.file("reply").unwrap()).unwrap(), REPLY);
                    offset = next;
                }
                (Ok(Ack::Closed(_)), Some(session)) => return self.check(session, errors),
                (Err(error), _) => {
                    errors.push(error);
                    assert!(errors.len() < 5, "{errors:?}");
                    if restarts {
                        self = self.restart();
                    }
                    if let Some(session) = &session
                        && !self.root.path().join("a").exists()
                    {
                        assert!(self.durable(session) >= offset, "an acknowledged byte is lost: {offset}");
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// Checks all that holds when the client was told that its file is published, whatever failed on the way.
    fn check(self, session: &SessionId, errors: Vec<RequestError>) -> Vec<RequestError> {
        assert_eq!(std::fs::read(self.root.path().join("a")).unwrap(), CONTENT);
        assert_eq!(self.receiver.quota.outstanding(), 0, "a finished upload holds nothing");
        let after = self.restart();
        assert_eq!(after.close(session).result, Ok(Ack::Closed(None)), "a repeated Close is answered");
        assert_eq!(std::fs::read(after.root.path().join("a")).unwrap(), CONTENT);
        let left = ["part", "pos", "reply"].map(|ending| after.file(ending));
        assert_eq!(left, [None, None, None]);
        errors
    }

    /// A power cut now would take nothing of these.
    fn assert_synced(&self, endings: &[&str]) {
        for ending in endings {
            let file = File::open(self.file(ending).unwrap()).unwrap();
            assert!(!lock(&self.disk.unsynced).contains(&inode(&file)), "acknowledged before {ending} is synced");
        }
    }

    /// The path of the session's file with this ending.
    fn file(&self, ending: &str) -> Option<PathBuf> {
        let folder = std::fs::read_dir(self.root.path().join(".bitsup-sessions")).unwrap();
        let mut paths = folder.map(|entry| entry.unwrap().path());
        paths.find(|path| path.extension().is_some_and(|other| other == ending))
    }
}

/// Steps that may fail unseen: those of the tombstone. A published file without its `.part` says the same.
const TOMBSTONE: u64 = 10;

fn each_step_fails_once(kind: io::ErrorKind, expected: &RequestError, application: bool, restarts: bool) {
    let options = |options: &mut Options| {
        options.limits.max_temp = Some(100);
        options.reply_command = application.then(|| "played by the test".to_owned());
    };
    let whole = Faulty::never();
    let upload = Upload::on(&whole, options);
    let begin = whole.steps.load(Ordering::Relaxed);
    assert_eq!(upload.run(false), []);
    // The restart at the end takes no step: nothing is left to remove.
    let end = whole.steps.load(Ordering::Relaxed);
    assert!(end - begin > if application { 35 } else { 25 }, "{begin} to {end}");
    for fails_at in begin..end {
        let disk = Faulty { fails_at, error: kind, ..Faulty::never() };
        let errors = Upload::on(&disk, options).run(restarts);
        let unseen = errors.is_empty() && fails_at + TOMBSTONE >= end;
        assert!(unseen || errors == [expected.clone()], "step {fails_at} of {begin} to {end}: {errors:?}");
    }
}

#[test]
fn an_application_that_the_system_could_not_run_is_asked_again() {
    let upload = Upload::on(&Faulty::never(), |options| options.reply_command = Some("played by the test".to_owned()));
    let session = upload.create().session.unwrap();
    for first in [0, 4] {
        assert!(upload.fragment(&session, first).result.is_ok());
    }
    let range = ContentRange::new(8, 4, 12).unwrap();
    let begun = upload.receiver.begin_fragment(&upload.caller, &session, &upload.target, range, Box::new(|| {}));
    let Ok(mut fragment) = begun else { panic!("refused") };
    let received = fragment.write(&CONTENT[8..]);
    let Next::AskApplication(pending) = fragment.finish(received) else { panic!("not asked") };
    let not_run = ReplyFailure::NotRun("there are too many processes".to_owned());
    assert!(upload.receiver.end_reply(&pending, Err(not_run)).is_err());
    let response = upload.receiver.respond_after(&pending, Some(RequestError::NotRun));
    assert_eq!(response.result, Err(RequestError::NotRun));
    assert_eq!(RequestError::NotRun.status().as_u16(), 503);
    assert_eq!(upload.fragment(&session, 8).result, Ok(Ack::Replied(12)));
}

#[test]
fn fault_63_a_disk_that_fills_up_is_said_and_no_byte_is_acknowledged_that_is_not_stored() {
    for (application, restarts) in [(false, false), (false, true), (true, false), (true, true)] {
        each_step_fails_once(io::ErrorKind::StorageFull, &RequestError::DiskFull, application, restarts);
    }
    let response = Response::from(RequestError::DiskFull).to_http();
    assert_eq!((response.status().as_u16(), &response.headers()["bits-error"]), (500, &"0x80070070".parse().unwrap()));
}

#[test]
fn fault_63_a_step_that_fails_is_said_and_the_session_stands_at_its_durable_length() {
    let error = io::Error::from(io::ErrorKind::Other);
    for (application, restarts) in [(false, false), (false, true), (true, false), (true, true)] {
        each_step_fails_once(io::ErrorKind::Other, &RequestError::Storage(error.to_string()), application, restarts);
    }
}

#[test]
fn fault_63_a_file_that_was_renamed_just_before_a_crash_is_published_for_good_at_the_next_start() {
    let upload = Upload::on(&Faulty::never(), |_| {});
    let session = upload.create().session.unwrap();
    for first in [0, 4, 8] {
        assert!(upload.fragment(&session, first).result.is_ok());
    }
    let part = upload.file("part").unwrap();
    let (root, options) = (upload.root, upload.receiver.options.clone());
    drop(upload.receiver);
    let mut pos = File::options().read(true).write(true).open(part.with_extension("pos")).unwrap();
    let stamp = crate::durable::stamp(&File::open(&part).unwrap()).unwrap();
    let intent = crate::server::progress::seek_intent(&mut pos, stamp).unwrap();
    std::io::Write::write_all(&mut pos, &intent).unwrap();
    std::fs::rename(part, root.path().join("a")).unwrap();
    // The first step is the sync of the folder that the file has its name in.
    let fails = Faulty { fails_at: 0, ..Faulty::never() };
    assert!(Receiver::open(Box::new(fails), options.clone()).is_err(), "nobody is told of a name that may not last");
    let (receiver, _) = Receiver::open(Box::new(Faulty::never()), options).unwrap();
    let upload = Upload { root, receiver: Arc::new(receiver), ..Upload::on(&Faulty::never(), |_| {}) };
    assert_eq!(upload.close(&session).result, Ok(Ack::Closed(None)));
    assert_eq!((upload.file("pos"), upload.file("part")), (None, None));
}

#[test]
fn fault_63_a_disk_that_fails_at_the_start_costs_no_session() {
    let upload = Upload::on(&Faulty::never(), |_| {});
    let session = upload.create().session.unwrap();
    assert!(upload.fragment(&session, 0).result.is_ok());
    let (root, options) = (upload.root, upload.receiver.options.clone());
    drop(upload.receiver);
    // The sync of the offset.
    for fails_at in 0..1 {
        let disk = Faulty { fails_at, ..Faulty::never() };
        match Receiver::open(Box::new(disk), options.clone()) {
            Err(ServeError::Session(file, _)) => assert!(file.exists(), "{file:?}"),
            other => panic!("{fails_at}: {:?}", other.map(|(_, discarded)| discarded)),
        }
    }
    let healthy = Faulty::never();
    let (receiver, discarded) = Receiver::open(Box::new(healthy.clone()), options).unwrap();
    assert_eq!((discarded, healthy.steps.load(Ordering::Relaxed)), (Vec::new(), 1));
    let upload = Upload { root, receiver: Arc::new(receiver), ..Upload::on(&healthy, |_| {}) };
    assert_eq!(upload.durable(&session), 4);
    assert_eq!(upload.fragment(&session, 4).result, Ok(Ack::Received(8)));
}

#[test]
fn fault_60_a_file_larger_than_the_free_space_is_refused_before_its_bytes() {
    let upload = Upload::on(&Faulty { free: Some(11), ..Faulty::never() }, |_| {});
    let session = upload.create().session.unwrap();
    assert_eq!(upload.fragment(&session, 0).result, Err(RequestError::DiskFull));
    assert_eq!(Upload::on(&Faulty { free: Some(12), ..Faulty::never() }, |_| {}).run(false), []);
}

#[test]
fn case_82_room_is_reserved_for_the_whole_file_and_the_second_is_refused_at_once() {
    let upload = Upload::on(&Faulty::never(), |options| options.limits.max_temp = Some(20));
    let (one, two) = (upload.create().session.unwrap(), upload.create().session.unwrap());
    assert!(upload.fragment(&one, 0).result.is_ok());
    assert_eq!(upload.fragment(&two, 0).result, Err(RequestError::NoRoom));
    let response = Response::from(RequestError::NoRoom).to_http();
    assert_eq!((response.status().as_u16(), &response.headers()["bits-error"]), (503, &"0x80070718".parse().unwrap()));
    let upload = upload.restart();
    assert_eq!(upload.fragment(&two, 0).result, Err(RequestError::NoRoom), "also after a restart");
    for first in [4, 8] {
        assert!(upload.fragment(&one, first).result.is_ok());
    }
    assert!(upload.close(&one).result.is_ok());
    assert_eq!(upload.fragment(&two, 0).result, Ok(Ack::Received(4)));
    let small = Upload::on(&Faulty::never(), |options| options.limits.max_temp = Some(11));
    let session = small.create().session.unwrap();
    assert_eq!(small.fragment(&session, 0).result, Err(RequestError::TooLarge), "it would never fit");
}

#[test]
fn case_82_what_others_reserved_is_not_free() {
    let upload = Upload::on(&Faulty { free: Some(19), ..Faulty::never() }, |_| {});
    let (one, two) = (upload.create().session.unwrap(), upload.create().session.unwrap());
    assert!(upload.fragment(&one, 0).result.is_ok());
    // 8 bytes of the first are still to come.
    assert_eq!(upload.fragment(&two, 0).result, Err(RequestError::DiskFull));
}

/// Whatever stands at the destination: it is not what the client sent.
#[test]
fn case_84_bytes_that_somebody_removed_are_not_published() {
    for (restarts, standing) in [(false, None), (true, None), (false, Some("another")), (true, Some("another"))] {
        let mut upload = Upload::on(&Faulty::never(), |options| options.allow_overwrite = true);
        let session = upload.create().session.unwrap();
        for first in [0, 4, 8] {
            assert!(upload.fragment(&session, first).result.is_ok());
        }
        if let Some(text) = standing {
            std::fs::write(upload.root.path().join("a"), text).unwrap();
        }
        std::fs::remove_file(upload.file("part").unwrap()).unwrap();
        if restarts {
            let (root, options) = (upload.root, upload.receiver.options.clone());
            drop(upload.receiver);
            let (receiver, discarded) = Receiver::open(Box::new(Faulty::never()), options).unwrap();
            assert_eq!(discarded.len(), 1);
            upload = Upload { root, receiver: Arc::new(receiver), ..Upload::on(&Faulty::never(), |_| {}) };
        }
        let answer = upload.close(&session).result;
        assert!(answer.is_err(), "{restarts} {standing:?}: {answer:?}");
        assert_eq!(std::fs::read_to_string(upload.root.path().join("a")).ok().as_deref(), standing);
    }
}

/// The stalest idle one gives way, but none that was active within the hour; what is past its time counts for nothing.
#[test]
fn case_83_an_abandoned_session_gives_way() {
    use std::time::{Duration, SystemTime};
    let upload = Upload::on(&Faulty::never(), |options| options.limits.max_sessions = 2);
    let (one, two) = (upload.create().session.unwrap(), upload.create().session.unwrap());
    assert_eq!(upload.create().result, Err(RequestError::TooManySessions));
    let age = |session: &SessionId, age: Duration| {
        let slot = upload.receiver.slot(&upload.caller, session, &upload.target).unwrap();
        lock(&slot.session).touched = SystemTime::now() - age;
    };
    age(&one, Duration::from_secs(3540));
    assert_eq!(upload.create().result, Err(RequestError::TooManySessions));
    age(&one, Duration::from_secs(3660));
    age(&two, Duration::from_secs(5400));
    let three = upload.create();
    assert_eq!((three.displaced.as_ref(), three.result.is_ok()), (Some(&two), true));
    assert_eq!(upload.fragment(&two, 0).result, Err(RequestError::UnknownSession));
    assert!(upload.fragment(&one, 0).result.is_ok());
    age(&three.session.unwrap(), Duration::from_secs(1_296_000));
    let four = upload.create();
    assert_eq!((four.displaced, four.result.is_ok()), (None, true));
    let network = crate::server::limits::network;
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!((of("2001:db8::1"), of("::ffff:10.0.0.1")), (of("2001:db8::ffff:1"), of("10.0.0.1")));
    assert_ne!(of("2001:db8:0:1::1"), of("2001:db8::1"));
}

#[test]
fn case_82_an_upload_that_was_left_alone_holds_only_what_it_has() {
    use std::time::{Duration, SystemTime};
    let upload = Upload::on(&Faulty::never(), |options| options.limits.max_temp = Some(20));
    let (one, two) = (upload.create().session.unwrap(), upload.create().session.unwrap());
    assert!(upload.fragment(&one, 0).result.is_ok());
    let slot = upload.receiver.slot(&upload.caller, &one, &upload.target).unwrap();
    lock(&slot.session).touched = SystemTime::now() - Duration::from_secs(7200);
    assert_eq!(upload.fragment(&two, 0).result, Ok(Ack::Received(4)));
    assert_eq!(upload.fragment(&one, 4).result, Err(RequestError::NoRoom), "who comes back asks again");
    assert!(upload.fragment(&two, 4).result.is_ok() && upload.fragment(&two, 8).result.is_ok());
    assert!(upload.close(&two).result.is_ok());
    assert!(upload.fragment(&one, 4).result.is_ok());
}

#[test]
fn case_83_what_an_operator_removed_counts_for_nothing_and_its_client_starts_over() {
    let upload = Upload::on(&Faulty::never(), |options| options.limits.max_sessions = 1);
    let session = upload.create().session.unwrap();
    assert!(upload.fragment(&session, 0).result.is_ok());
    assert_eq!(upload.create().result, Err(RequestError::TooManySessions));
    *lock(&upload.receiver.swept) = None;
    let stored = crate::server::stored_sessions(upload.root.path()).unwrap();
    assert_eq!((stored.len(), stored[0].received, stored[0].size), (1, 4, Some(12)));
    crate::server::remove_stored_session(upload.root.path(), stored[0].id).unwrap();
    assert!(upload.create().result.is_ok());
    assert_eq!(upload.fragment(&session, 4).result, Err(RequestError::UnknownSession));
}

#[test]
fn case_84_a_session_whose_bytes_are_gone_is_no_more() {
    let upload = Upload::on(&Faulty::never(), |_| {});
    let session = upload.create().session.unwrap();
    assert!(upload.fragment(&session, 0).result.is_ok());
    std::fs::remove_file(upload.file("part").unwrap()).unwrap();
    assert_eq!(upload.fragment(&session, 4).result, Err(RequestError::UnknownSession));
    assert_eq!(upload.receiver.quota.outstanding(), 0);
}

#[test]
fn case_84_a_session_below_what_is_no_folder_any_more_keeps_no_server_from_starting() {
    let mut upload = Upload::on(&Faulty::never(), |_| {});
    std::fs::create_dir(upload.root.path().join("sub")).unwrap();
    upload.target = TargetPath::from_url("/sub/a").unwrap();
    let session = upload.create().session.unwrap();
    assert!(upload.fragment(&session, 0).result.is_ok());
    std::fs::remove_file(upload.file("part").unwrap()).unwrap();
    std::fs::remove_dir(upload.root.path().join("sub")).unwrap();
    std::os::unix::fs::symlink("/", upload.root.path().join("sub")).unwrap();
    let (root, options) = (upload.root, upload.receiver.options.clone());
    drop(upload.receiver);
    let (_, discarded) = Receiver::open(Box::new(Faulty::never()), options).unwrap();
    assert_eq!(discarded.len(), 1);
    drop(root);
}

#[test]
fn case_90_a_folder_that_is_gone_is_told_from_one_that_cannot_be_looked_at() {
    let upload = Upload::on(&Faulty::never(), |_| {});
    let (root, elsewhere) = (upload.root.path(), tempfile::tempdir().unwrap());
    std::fs::rename(root, elsewhere.path().join("moved")).unwrap();
    // An error that says as little as those of a system short of descriptors.
    std::os::unix::fs::symlink(root, root).unwrap();
    assert!(!upload.receiver.is_replaced());
    std::fs::remove_file(root).unwrap();
    assert!(upload.receiver.is_replaced());
}
