//! Kills `bitsup serve` at its system calls, starts it again, goes on, and compares the bytes (faults 39 and 63).
//!
//! Each call is one of a kind over all threads, from the start of the program to its end by SIGTERM. The short run takes
//! some of them; the long one takes all: `cargo test --test kill_sweep -- --ignored --nocapture`
#![cfg(all(feature = "serve", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "whatever fails here is a failed test")]

#[expect(dead_code, reason = "other sweeps use the rest")]
#[path = "../shared/tracer.rs"]
mod tracer;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::{SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_renameat2};
use tracer::{End, Fault, Point, Traced};

const TOTAL: usize = 3000;
const FRAGMENT: usize = 1000;

/// Every run makes these as often: none may be missed.
const DISK: [i64; 4] = [SYS_fdatasync, SYS_fsync, SYS_ftruncate, SYS_renameat2];

/// Most of each is waiting for the disk and for programs that start and end.
const AT_A_TIME: usize = 8;

fn serve(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitsup"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).arg(root);
    command.env("TOKIO_WORKER_THREADS", "1").stderr(Stdio::piped());
    command
}

/// Where the server says that it listens; `None` if it ended before.
fn address(stderr: ChildStderr) -> Option<String> {
    let mut lines = BufReader::new(stderr);
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let url = first.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    let address = url.filter(|_| first.ends_with('\n')).map(str::to_owned);
    thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
    address
}

/// A server that nobody watches.
struct Server(Child);

impl Server {
    fn start(root: &Path) -> (Self, Option<String>) {
        let mut child = serve(root).stdin(Stdio::null()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        (Self(child), address(stderr))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The state of an upload, as its client knows it.
#[derive(Debug, Default)]
struct Upload {
    session: Option<String>,
    acknowledged: usize,
    closed: bool,
}

impl Upload {
    /// Goes on as far as the server lives. `None` if it died.
    fn drive(&mut self, address: &str, content: &[u8]) -> Option<()> {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let session = if let Some(session) = &self.session {
            session.clone()
        } else {
            let fields = "BITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}\r\n";
            let (status, head) = ask(&mut stream, "Create-Session", fields, b"")?;
            assert_eq!(status, 200, "{head}");
            self.session.insert(field(&head, "BITS-Session-Id").unwrap()).clone()
        };
        while self.acknowledged < TOTAL {
            let end = TOTAL.min(self.acknowledged + FRAGMENT);
            let range = format!("bytes {}-{}/{TOTAL}", self.acknowledged, end - 1);
            let fields = format!("BITS-Session-Id: {session}\r\nContent-Range: {range}\r\n");
            let (status, head) = ask(&mut stream, "Fragment", &fields, &content[self.acknowledged..end])?;
            assert_eq!(status, 200, "an acknowledged byte or session is lost: {self:?} {head}");
            let offset: usize = field(&head, "BITS-Received-Content-Range").unwrap().parse().unwrap();
            assert!((end..=TOTAL).contains(&offset), "{self:?} {head}");
            self.acknowledged = offset;
        }
        let (status, head) = ask(&mut stream, "Close-Session", &format!("BITS-Session-Id: {session}\r\n"), b"")?;
        assert_eq!(status, 200, "{self:?} {head}");
        self.closed = true;
        Some(())
    }
}

fn ask(stream: &mut TcpStream, kind: &str, fields: &str, body: &[u8]) -> Option<(u16, String)> {
    let length = body.len();
    let head = format!(
        "BITS_POST /file HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: {kind}\r\n{fields}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).unwrap();
    Some((answer.get(9..12)?.parse().ok()?, answer))
}

fn field(head: &str, name: &str) -> Option<String> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// The outcome of the runs.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    /// Calls that the run did not come to make: not every run makes as many.
    missed: usize,
    /// Kinds of calls, by the kernel's number, at which it was killed.
    kinds: BTreeSet<i64>,
    /// Sessions that were there before the kill and went on.
    resumed: usize,
    /// Whole files that were there before the client was told so.
    published: usize,
}

impl Tally {
    fn count(&mut self, point: Point, end: &End, upload: &Upload, is_published: bool) {
        let (call, _) = point;
        match end {
            End::Killed => {
                self.kills += 1;
                self.kinds.insert(call);
            }
            End::Exited { status: 0, .. } if !DISK.contains(&call) => self.missed += 1,
            End::Exited { .. } | End::Died(_) => panic!("the server was not killed: {point:?}: {end:?}: {upload:?}"),
        }
        self.published += usize::from(is_published && !upload.closed);
        self.resumed += usize::from(upload.session.is_some() && !upload.closed);
    }
}

/// An upload to a server that is killed, if at all, and otherwise stopped in order.
fn run(root: &Path, kill_at: Option<Point>, content: &[u8], upload: &mut Upload) -> End {
    let mut traced = Traced::start(&serve(root), kill_at.map(|point| (point, Fault::Kill)));
    if let Some(address) = address(traced.stderr())
        && upload.drive(&address, content).is_some()
    {
        traced.terminate();
    }
    traced.end()
}

/// One kill, then another server.
fn kill_at(point: Point, content: &[u8], tally: &Mutex<Tally>) {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    let mut upload = Upload::default();
    let end = run(root.path(), Some(point), content, &mut upload);
    // Absent or whole, and whole once the client was told so.
    let published = fs::read(&file);
    assert!(published.as_ref().map_or(!upload.closed, |bytes| bytes == content), "{point:?}: {upload:?}");
    tally.lock().unwrap().count(point, &end, &upload, published.is_ok());
    let point = format!("{point:?}: {upload:?}");
    // The killed one is buried, and its lock with it.
    let (_server, address) = Server::start(root.path());
    let address = address.unwrap_or_else(|| panic!("no restart: {point}"));
    upload.drive(&address, content).unwrap_or_else(|| panic!("the restarted server died: {point}"));
    assert!(fs::read(&file).unwrap() == content, "{point}");
}

/// Takes every `step`-th of the calls.
fn sweep(step: usize) {
    if let Err(error) = tracer::is_allowed() {
        say(&format!("SKIPPED: the receiver's kill sweep needs the right to trace: {error}"));
        return;
    }
    let started = Instant::now();
    let content: Vec<u8> = (0..=250).cycle().take(TOTAL).collect();
    let root = tempfile::tempdir().unwrap();
    let mut whole = Upload::default();
    let End::Exited { status: 0, calls } = run(root.path(), None, &content, &mut whole) else { panic!("{whole:?}") };
    assert!(whole.closed);
    let points = tracer::points(&calls);
    let chosen: Vec<Point> = points.iter().copied().step_by(step).collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    let work = || {
        while let Some(point) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            kill_at(*point, &content, &tally);
        }
    };
    thread::scope(|scope| (0..AT_A_TIME).for_each(|_| drop(scope.spawn(work))));
    let tally = tally.into_inner().unwrap();
    say(&format!("receiver's kill sweep: {} calls, {tally:?} in {} s", points.len(), started.elapsed().as_secs()));
    assert!(DISK.iter().all(|call| tally.kinds.contains(call)) || step > 1, "{tally:?}");
    assert!(tally.kills > 5 * tally.missed, "hardly anything was killed: {tally:?}");
    assert!(tally.resumed > 0, "it was killed at the wrong calls: {tally:?}");
}

/// Not by a macro: the test harness would keep it to itself.
fn say(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[test]
fn a_killed_server_keeps_what_it_acknowledged_at_some_calls() {
    sweep(5);
}

#[test]
#[ignore = "takes minutes"]
fn a_killed_server_keeps_what_it_acknowledged_at_every_call() {
    sweep(1);
}
