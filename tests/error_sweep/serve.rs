//! The receiver's calls, while a client uploads.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::bitsup::{Finished, Source, command};
use crate::calls::{is_tokios, may_abort, may_lose_signal};
use crate::tracer::{End, Traced};
use crate::upload::{SIZE, upload};
use crate::{Case, Ended, Tally, sweep, tried};

/// With an application whose reply is the file.
fn serve(root: &Path, listen: &str) -> Command {
    let mut serve = command(["serve", "--overwrite", "--listen", listen, "--reply-command", "cat \"$BITSUP_FILE\""]);
    serve.arg(root).env("TOKIO_WORKER_THREADS", "1").env("RUST_BACKTRACE", "0").stderr(Stdio::piped());
    serve
}

/// The first line that a server prints, and where it listens; `None` if it ended before.
fn first_line(stderr: &mut impl BufRead) -> (String, Option<String>) {
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next()).map(str::to_owned);
    (line, address)
}

/// A server to which nothing happens.
struct Server {
    child: Child,
    address: String,
    /// Closed, its log would have no reader.
    _stderr: BufReader<ChildStderr>,
}

impl Server {
    /// At this address, so that sessions go on; at any if something else has taken the port.
    fn start(root: &Path, address: &str, any_port: &str) -> Self {
        let started = [address, any_port].into_iter().find_map(|listen| {
            let mut child = serve(root, listen).spawn().unwrap();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            let (line, address) = first_line(&mut stderr);
            if let Some(address) = address {
                return Some(Self { child, address, _stderr: stderr });
            }
            assert!(line.contains("in use"), "no restart: {line}");
            child.wait().unwrap();
            None
        });
        started.expect("a free port")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The source and the folder that the client of a run needs.
struct Client<'a> {
    source: &'a Source,
    folder: TempDir,
    /// Any port at an address that no other run uses at the time: else it could come to another one's server after the
    /// end of its own.
    any_port: String,
}

impl<'a> Client<'a> {
    fn new(source: &'a Source) -> Self {
        static CLIENTS: AtomicU8 = AtomicU8::new(1);
        let host = CLIENTS.fetch_add(1, Ordering::Relaxed);
        Self { source, folder: TempDir::new().unwrap(), any_port: format!("127.0.1.{host}:0") }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Uploads to a server. It does not wait long for one that has ended, nor for one whose disk is full: that asks for
    /// a minute.
    fn run(&self, address: &str, max_time: &str) -> Finished {
        let mut upload = upload(self.source, &format!("http://{address}/"), &self.root().join("state"));
        upload.args(["--max-time", max_time, "--retries", "10", "--force", "--reply"]).arg(self.root().join("reply"));
        Finished(upload.output().unwrap())
    }

    /// Whether file and reply are there as they should be.
    fn has_all(&self) -> bool {
        let holds = |name: &str| fs::read(self.root().join(name)).is_ok_and(|bytes| bytes == self.source.bytes);
        holds("inbox/file.bin") && holds("reply")
    }
}

/// Tells a server to end and returns the text that it prints until then. One that may have lost the signal is told
/// again; no other, since that would hide an end that hangs.
fn ended(server: &Traced, stderr: &mut impl Read, may_lose_signal: bool) -> String {
    let mut rest = String::new();
    server.terminate();
    thread::scope(|scope| {
        let (ended, waiting) = mpsc::channel::<()>();
        if may_lose_signal {
            scope.spawn(move || {
                while waiting.recv_timeout(Duration::from_secs(5)) == Err(RecvTimeoutError::Timeout) {
                    server.terminate();
                }
            });
        }
        stderr.read_to_string(&mut rest).unwrap();
        drop(ended);
    });
    rest
}

/// A client's upload to a server to which something may happen, and that is told to end then.
fn run(client: &Client, case: Option<Case>) -> (Option<(String, Finished)>, String, End) {
    fs::create_dir_all(client.root().join("inbox")).unwrap();
    let command = serve(&client.root().join("inbox"), &client.any_port);
    let mut traced = Traced::start(&command, case.map(|case| (case.point, case.fault)));
    let mut stderr = BufReader::new(traced.stderr());
    let (mut said, address) = thread::scope(|scope| {
        let (told, waiting) = mpsc::channel::<()>();
        let traced = &traced;
        // The call that failed may be the one that says where it listens: without its address there is no upload.
        scope.spawn(move || {
            if waiting.recv_timeout(Duration::from_secs(20)) == Err(RecvTimeoutError::Timeout) {
                traced.terminate();
            }
        });
        let first = first_line(&mut stderr);
        drop(told);
        first
    });
    let uploaded = address.map(|address| {
        let uploaded = client.run(&address, if case.is_some() { "2s" } else { "60s" });
        (address, uploaded)
    });
    // One that ends by itself has an exit code to tell.
    if uploaded.is_some() {
        said.push_str(&ended(&traced, &mut stderr, case.is_some_and(|case| may_lose_signal(case.point))));
    } else {
        stderr.read_to_string(&mut said).unwrap();
    }
    (uploaded, said, traced.end())
}

/// One fault, then another server.
fn attempt(case: Case, source: &Source) -> Tally {
    let client = Client::new(source);
    let (uploaded, said, end) = run(&client, Some(case));
    let may_abort = may_abort(case.point) || is_tokios(&said);
    let ended = Ended::from(end, said, case, may_abort);
    let said = &ended.stderr;
    let mut tally = Tally::of(&ended);
    let is_clear = ended.status.is_none_or(|code| code == 0) || said.contains("bitsup: error: ");
    assert!(is_clear, "{case}: {:?} without an error: {said}", ended.status);
    let published = fs::read(client.root().join("inbox/file.bin"));
    assert!(published.is_err() || published.is_ok_and(|bytes| bytes == source.bytes), "{case}: a part is published");
    let mut address = client.any_port.clone();
    if let Some((at, uploaded)) = uploaded {
        address = at;
        let text = uploaded.stderr();
        let succeeded = uploaded.0.status.success();
        assert!(succeeded || text.contains("bitsup: error: "), "{case}: {:?}: {text}", uploaded.0.status);
        assert!(!succeeded || client.has_all(), "{case}: a false success: {text}; {said}");
        tally.refused += usize::from(!succeeded);
    }
    let server = Server::start(&client.root().join("inbox"), &address, &client.any_port);
    let second = client.run(&server.address, "60s");
    assert_eq!(second.0.status.code(), Some(0), "{case}: {said}; then: {}", second.stderr());
    assert!(client.has_all(), "{case}: other bytes");
    tally
}

fn every_call(takes_all: bool) {
    let what = "the sweep of errors of the receiver's calls";
    let source = Source::new(SIZE);
    let cases = tried(what, takes_all, || {
        let client = Client::new(&source);
        let (uploaded, said, end) = run(&client, None);
        let End::Exited { status: 0, calls } = end else { panic!("{said}") };
        uploaded.expect("it listens").1.exits(0);
        assert!(client.has_all());
        calls
    });
    sweep(what, &cases, |case| attempt(case, &source));
}

#[test]
fn a_receiver_one_of_whose_calls_fails_makes_no_false_promise() {
    every_call(false);
}

#[test]
#[ignore = "takes minutes"]
fn a_receiver_any_of_whose_calls_fails_makes_no_false_promise() {
    every_call(true);
}
