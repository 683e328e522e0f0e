//! Disks that fail: at the n-th step of an upload, for every n (faults 60 and 63).

use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::protocol::{ContentName, ContentRange};
use crate::serve::folder::Replace;
use crate::serve::request;

/// A disk that fails at one step and then works again.
#[derive(Debug, Clone)]
struct Faulty {
    steps: Arc<AtomicU64>,
    fails_at: u64,
    error: io::ErrorKind,
    free: Option<u64>,
}

impl Faulty {
    fn never() -> Self {
        Self { steps: Arc::default(), fails_at: u64::MAX, error: io::ErrorKind::Other, free: None }
    }

    fn step(&self) -> io::Result<()> {
        let step = self.steps.fetch_add(1, Ordering::Relaxed);
        if step == self.fails_at { Err(self.error.into()) } else { Ok(()) }
    }
}

impl Disk for Faulty {
    fn write(&self, file: &File, bytes: &[u8]) -> io::Result<()> {
        // Half of it gets there, as on a disk that fills up.
        Durable.write(file, &bytes[..bytes.len() / 2])?;
        self.step()?;
        Durable.write(file, &bytes[bytes.len() / 2..])
    }

    fn sync_data(&self, _: &File) -> io::Result<()> {
        self.step()
    }

    fn sync_all(&self, _: &File) -> io::Result<()> {
        self.step()
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

const CONTENT: &[u8] = b"abcdefghijkl";

fn answer(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Answer(reply) => reply,
        Outcome::Ask(_) => panic!("there is no application"),
    }
}

struct Upload {
    root: tempfile::TempDir,
    receiver: Arc<Receiver>,
    caller: Caller,
    target: TargetPath,
}

impl Upload {
    fn on(disk: &Faulty, change: impl FnOnce(&mut Options)) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut options = Options::new(root.path(), (Ipv4Addr::LOCALHOST, 0).into());
        change(&mut options);
        let (receiver, _) = Receiver::on(Box::new(disk.clone()), options).unwrap();
        let caller = Caller { ip: Ipv4Addr::LOCALHOST.into(), user: None };
        Self { root, receiver: Arc::new(receiver), caller, target: TargetPath::from_url("/a").unwrap() }
    }

    fn packet(&self, packet: Packet) -> Reply {
        answer(self.receiver.handle(&self.caller, &request::Request { packet, target: self.target.clone() }))
    }

    fn create(&self) -> Reply {
        let protocols = vec![ProtocolId::BITS_1_5_UPLOAD];
        self.packet(Packet::CreateSession { protocols, name: ContentName::new("a") })
    }

    fn fragment(&self, session: &SessionId, first: u64) -> Reply {
        let range = ContentRange::new(first, 4.min(12 - first), 12).unwrap();
        let begun = self.receiver.begin_fragment(&self.caller, session, &self.target, range, Box::new(|| {}));
        let mut fragment = match begun {
            Ok(fragment) => fragment,
            Err(reply) => return reply,
        };
        let bytes = &CONTENT[usize::try_from(first).unwrap()..usize::try_from(range.end()).unwrap()];
        answer(match fragment.write(bytes) {
            Ok(()) => fragment.finish(),
            Err(refusal) => fragment.give_up(refusal),
        })
    }

    fn close(&self, session: &SessionId) -> Reply {
        self.packet(Packet::CloseSession { session: session.clone(), name: ContentName::new("a") })
    }

    /// What the server itself would find after a power cut now.
    fn durable(&self, session: &SessionId) -> u64 {
        let seat = self.receiver.seat(&self.caller, session, &self.target).unwrap();
        lock(&seat.session).durable
    }

    /// Goes on as a client does: every refusal is tried again, offsets are the server's. Answers the refusals met.
    fn run(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut until_acknowledged = |ask: &dyn Fn() -> Reply| loop {
            let reply = ask();
            match reply.result {
                Ok(ack) => return (ack, reply.session),
                Err(refusal) => refusals.push(refusal),
            }
            assert!(refusals.len() < 5, "{refusals:?}");
        };
        let session = until_acknowledged(&|| self.create()).1.unwrap();
        let mut offset = 0;
        while offset < 12 {
            let (ack, _) = until_acknowledged(&|| self.fragment(&session, offset));
            assert_eq!(ack, Ack::Received(self.durable(&session)), "only what is stored is acknowledged");
            offset = self.durable(&session);
        }
        until_acknowledged(&|| self.close(&session));
        assert_eq!(std::fs::read(self.root.path().join("a")).unwrap(), CONTENT);
        assert!(self.receiver.quota.has_room_for(100), "a finished upload holds nothing");
        refusals
    }
}

fn each_step_fails_once(kind: io::ErrorKind, expected: &Refusal) {
    let whole = Faulty::never();
    assert_eq!(Upload::on(&whole, |_| {}).run(), []);
    let steps = whole.steps.load(Ordering::Relaxed);
    assert!(steps > 20, "{steps}");
    for fails_at in 0..steps {
        let disk = Faulty { fails_at, error: kind, ..Faulty::never() };
        let refusals = Upload::on(&disk, |options| options.max_temp = Some(100)).run();
        // Past the rename the file is published, whatever becomes of the tombstone.
        let said = refusals.iter().all(|refusal| refusal == expected);
        assert!(said && (refusals.len() == 1 || fails_at + 5 > steps), "step {fails_at} of {steps}: {refusals:?}");
    }
}

#[test]
fn fault_63_a_disk_that_fills_up_is_said_and_no_byte_is_acknowledged_that_is_not_stored() {
    each_step_fails_once(io::ErrorKind::StorageFull, &Refusal::DiskFull);
    let reply = Reply::from(Refusal::DiskFull).to_response();
    assert_eq!((reply.status().as_u16(), &reply.headers()["bits-error"]), (500, &"0x80070070".parse().unwrap()));
}

#[test]
fn fault_63_a_sync_that_fails_is_said_and_the_session_stands_at_its_durable_length() {
    let error = io::Error::from(io::ErrorKind::Other);
    each_step_fails_once(io::ErrorKind::Other, &Refusal::Storage(error.to_string()));
}

#[test]
fn fault_60_a_file_larger_than_the_free_space_is_refused_before_its_bytes() {
    let upload = Upload::on(&Faulty { free: Some(11), ..Faulty::never() }, |_| {});
    let session = upload.create().session.unwrap();
    assert_eq!(upload.fragment(&session, 0).result, Err(Refusal::DiskFull));
    assert_eq!(Upload::on(&Faulty { free: Some(12), ..Faulty::never() }, |_| {}).run(), []);
}

#[test]
fn fault_61_unfinished_files_together_hold_no_more_than_allowed() {
    let upload = Upload::on(&Faulty::never(), |options| options.max_temp = Some(20));
    let (one, two) = (upload.create().session.unwrap(), upload.create().session.unwrap());
    for first in [0, 4] {
        assert!(upload.fragment(&one, first).result.is_ok());
    }
    assert!(upload.fragment(&two, 0).result.is_ok(), "the claim alone holds nothing");
    assert_eq!(upload.fragment(&two, 4).result, Ok(Ack::Received(8)));
    assert_eq!(upload.fragment(&one, 8).result, Ok(Ack::Received(12)));
    assert_eq!(upload.fragment(&two, 8).result, Err(Refusal::NoRoom));
    let answer = Reply::from(Refusal::NoRoom).to_response();
    assert_eq!((answer.status().as_u16(), &answer.headers()["bits-error"]), (500, &"0x80070070".parse().unwrap()));
    assert!(upload.close(&one).result.is_ok());
    assert_eq!(upload.fragment(&two, 8).result, Ok(Ack::Received(12)));
}
