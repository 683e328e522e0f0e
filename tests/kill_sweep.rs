//! Kills `bitsup serve` at its system calls, starts it again, goes on, and compares the bytes (faults 39 and 63).
//!
//! The short run takes some of the points; the long one takes all:
//! `cargo test --test kill_sweep -- --ignored --nocapture`
#![cfg(all(feature = "serve", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "whatever fails here is a failed test")]

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

const TOTAL: usize = 3000;
const FRAGMENT: usize = 1000;

/// Calls that are counted together. Each thread counts its own, so the kinds that change the disk are taken one by one.
const KINDS: [&str; 12] = [
    "all",
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "renameat,renameat2",
    "unlinkat",
    "close",
    "lseek",
    "newfstatat,statx,fstat,fstatfs",
    "fchmod,ftruncate,mkdirat,flock",
    "accept4,recvfrom,sendto,writev",
];

/// A running server, alone in its process group.
struct Server {
    child: Child,
    address: Option<String>,
}

impl Server {
    fn start(root: &Path, kill_at: Option<(&str, usize)>) -> Self {
        let program = env!("CARGO_BIN_EXE_bitsup");
        let mut command = match kill_at {
            None => Command::new(program),
            Some((calls, count)) => {
                let mut strace = Command::new("strace");
                let inject = format!("inject={calls}:signal=KILL:when={count}");
                strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject, program]);
                strace
            }
        };
        command.args(["serve", "--listen", "127.0.0.1:0"]).arg(root);
        // Fewer threads share the calls, so more of the counts are reached.
        command.env("TOKIO_WORKER_THREADS", "1").process_group(0);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        let _ = lines.read_line(&mut first);
        let url = first.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = url.filter(|_| first.ends_with('\n')).map(str::to_owned);
        std::thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a client knows.
#[derive(Debug, Default)]
struct Upload {
    session: Option<String>,
    acknowledged: usize,
    closed: bool,
}

impl Upload {
    /// Goes on as far as the server lives. `None` if it died.
    fn drive(&mut self, server: &Server, content: &[u8]) -> Option<()> {
        let mut stream = TcpStream::connect(server.address.as_ref()?).ok()?;
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

/// One kill. Answers whether the server died of it.
fn kill_at(calls: &str, count: usize, content: &[u8]) -> bool {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    let mut upload = Upload::default();
    let died = {
        let server = Server::start(root.path(), Some((calls, count)));
        upload.drive(&server, content).is_none()
    };
    let point = format!("{calls} {count}: {upload:?}");
    // Absent or whole, and whole once the client was told so.
    assert!(fs::read(&file).map_or(!upload.closed, |bytes| bytes == content), "{point}");
    // The folder is locked until the system has buried the killed server.
    let restarted = (0..100).find_map(|_| {
        let server = Server::start(root.path(), None);
        if server.address.is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        server.address.is_some().then_some(server)
    });
    let server = restarted.expect("the server starts again");
    upload.drive(&server, content).expect("the restarted server lives");
    assert!(fs::read(&file).unwrap() == content, "{point}");
    died
}

/// Takes every `step`-th of the points.
fn sweep(step: usize) {
    let works = Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        say("SKIPPED: the kill sweep needs strace, and the right to trace");
        return;
    }
    let content: Vec<u8> = (0..=250).cycle().take(TOTAL).collect();
    let (mut kills, mut points) = (0, 0);
    for (index, calls) in KINDS.iter().enumerate() {
        // There are many calls in all, and few of a kind.
        let step = if *calls == "all" { step } else { step.div_ceil(4) };
        let counts = (1 + index % step..).step_by(step);
        let died = counts.take_while(|count| kill_at(calls, *count, &content)).count();
        points += died + 1;
        kills += died;
    }
    say(&format!("kill sweep: {kills} kills at {points} points"));
    assert!(kills > 0, "nothing was killed");
}

/// Not by a macro: the test harness would keep it to itself.
fn say(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[test]
fn a_killed_server_keeps_what_it_acknowledged_at_some_points() {
    sweep(9);
}

#[test]
#[ignore = "takes minutes"]
fn a_killed_server_keeps_what_it_acknowledged_at_every_point() {
    sweep(1);
}
