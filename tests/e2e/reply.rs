//! `--reply`: the answer of the server's application, fetched before Close-Session deletes it.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command, content};
use crate::support::script::{Model, Reply, Request, ScriptServer};

const SIZE: usize = 1000;

/// A folder for the reply, and for what another run needs.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("reply.bin")
    }

    fn reply(&self) -> Vec<u8> {
        std::fs::read(self.path()).expect("a reply")
    }

    /// Nothing of a reply is there, partial or not.
    fn is_empty(&self) -> bool {
        let names = std::fs::read_dir(self.folder.path()).expect("read").map(|entry| entry.expect("read").file_name());
        names.filter(|name| name != "state").count() == 0
    }

    fn upload(&self, url: &str, source: &Source, options: &[&str]) -> Finished {
        let mut command = command(["upload", "--retry-delay", "1ms", "--state-dir"]);
        command.arg(self.folder.path().join("state")).args(options);
        command.arg("--reply").arg(self.path()).arg(source.arg()).arg(url);
        Finished(command.output().expect("started"))
    }
}

/// A server that keeps to the protocol, offers a reply at `raw`, and answers each GET by `read`, given its number.
fn offering(raw: &'static str, mut read: impl FnMut(&Request, usize) -> Reply + Send + 'static) -> ScriptServer {
    let (model, mut reads) = (Model::default(), 0);
    ScriptServer::start(move |request| match request.packet() {
        "" => {
            reads += 1;
            read(request, reads - 1)
        }
        "Fragment" if request.range().is_some_and(|(_, last, total)| last + 1 == total) => {
            let Reply::Bytes(bytes) = model.answer(request) else { return Reply::HangUp };
            let head = String::from_utf8(bytes).expect("text");
            Reply::Bytes(head.replacen("\r\n\r\n", &format!("\r\nBITS-Reply-URL: {raw}\r\n\r\n"), 1).into_bytes())
        }
        _ => model.answer(request),
    })
}

fn whole(fields: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{fields}\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

/// The head of the whole reply, but only its first bytes.
fn torn(fields: &str, body: &[u8], sent: usize) -> Reply {
    let Reply::Bytes(mut bytes) = whole(fields, body) else { return Reply::HangUp };
    bytes.truncate(bytes.len() - body.len() + sent);
    Reply::Last(bytes)
}

fn part(body: &[u8], first: usize, last: usize) -> Reply {
    let (sent, total) = (&body[first..=last], body.len());
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {first}-{last}/{total}\r\nContent-Length: {}\r\n\r\n",
        sent.len()
    );
    Reply::Bytes([head.as_bytes(), sent].concat())
}

fn ranges(server: &ScriptServer) -> Vec<Option<String>> {
    let requests = server.requests();
    requests.iter().filter(|r| r.packet().is_empty()).map(|r| r.field("Range").map(str::to_owned)).collect()
}

#[cfg(all(feature = "serve", unix))]
#[test]
fn the_receivers_reply_is_saved() {
    use crate::support::receiver::Receiver;
    let receiver = Receiver::start(&["--overwrite", "--reply-command", "echo got; cat \"$BITSUP_FILE\""]);
    for size in [1, 300_000] {
        let (place, source) = (Place::new(), Source::new(size));
        place.upload(&receiver.url, &source, &[]).exits(0).says(&["reply saved as"]);
        assert_eq!(place.reply(), [b"got\n", &*source.bytes].concat());
        assert_eq!(receiver.published("file.bin"), source.bytes);
    }
    let silent = Receiver::start(&[]);
    let place = Place::new();
    place.upload(&silent.url, &Source::new(SIZE), &[]).exits(13).says(&["the server offered no reply"]);
    assert!(place.is_empty() && !silent.path("file.bin").exists());
}

#[test]
fn the_reply_is_fetched_as_recorded_and_before_close() {
    let raw = r"BITS-Sessions\Replies\{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}\responsefile.bin";
    let server = offering(raw, |_, _| whole("", b"answer"));
    let place = Place::new();
    place.upload(&server.url("/upload-ref-isapi-WebFarm/file"), &Source::new(SIZE), &[]).exits(0);
    assert_eq!(place.reply(), b"answer");
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "", "Close-Session"]);
    let requests = server.requests();
    let line = "GET /upload-ref-isapi-WebFarm/BITS-Sessions/Replies/%7BC85B4E0A-9EB9-4114-BFA4-8A43B4710091%7D/responsefile.bin HTTP/1.1";
    assert_eq!(requests[3].head.lines().next(), Some(line));
    assert_eq!(requests[3].field("Accept-Encoding"), Some("identity"));
    assert!(requests.iter().all(|request| request.connection == 0), "one connection");
}

#[test]
fn nothing_is_fetched_unless_asked_for() {
    let server = offering("r", |_, _| Reply::HangUp);
    let source = Source::new(SIZE);
    let finished = command(["upload", "--no-state"]).arg(source.arg()).arg(server.url("/f")).output();
    Finished(finished.expect("started")).exits(0);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Close-Session"]);
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    let body = content(5000);
    let sent = body.clone();
    let server = offering("r", move |request, number| match number {
        0 => torn("ETag: \"x\"\r\n", &sent, 1000),
        1 => Reply::head("HTTP/1.1 503 Service Unavailable"),
        2 => {
            assert_eq!(request.field("If-Range"), Some("\"x\""));
            part(&sent, 1000, 1999)
        }
        _ => part(&sent, 2000, 4999),
    });
    let place = Place::new();
    place.upload(&server.url("/f"), &Source::new(SIZE), &[]).exits(0);
    assert_eq!(place.reply(), body);
    let wanted = [None, Some("bytes=1000-"), Some("bytes=1000-"), Some("bytes=2000-")];
    assert_eq!(ranges(&server), wanted.map(|range| range.map(str::to_owned)));
}

#[test]
fn a_busy_server_is_asked_for_the_reply_when_it_wants() {
    let busy = "HTTP/1.1 503 Service Unavailable\nDate: Mon, 18 Jun 2007 21:11:27 GMT\nRetry-After: Mon, 18 Jun 2007 21:11:28 GMT";
    let server = offering("r", move |_, number| if number == 0 { Reply::head(busy) } else { whole("", b"answer") });
    let place = Place::new();
    let finished = place.upload(&server.url("/f"), &Source::new(SIZE), &[]);
    finished.exits(0).says(&["503 Service Unavailable: trying again in 1.0 s, try 1"]);
    assert_eq!(place.reply(), b"answer");
}

#[test]
fn a_reply_that_changed_begins_again() {
    let (old, new) = (content(5000), content(3000).into_iter().rev().collect::<Vec<_>>());
    let expected = new.clone();
    for second in ["200", "206 elsewhere", "206 other total", "416"] {
        let (old, new) = (old.clone(), new.clone());
        let server = offering("r", move |_, number| match (number, second) {
            (0, _) => torn("", &old, 1000),
            (1, "206 elsewhere") => part(&new, 999, 2999),
            (1, "206 other total") => part(&new, 1000, 2999),
            (1, "416") => Reply::head("HTTP/1.1 416 Range Not Satisfiable\nContent-Range: bytes */500"),
            _ => whole("", &new),
        });
        let place = Place::new();
        place.upload(&server.url("/f"), &Source::new(SIZE), &[]).exits(0);
        assert_eq!(place.reply(), expected, "{second}");
    }
}

/// Where the reply is said to be, the answer there, the exit code, and what is said.
type Case = (&'static str, fn() -> Reply, i32, &'static str);

#[test]
fn what_cannot_be_fetched_ends_without_close() {
    let cases: [Case; 7] = [
        ("r", || Reply::head("HTTP/1.1 404 Not Found"), 13, "404 Not Found"),
        ("r", || Reply::head("HTTP/1.1 302 Found\nLocation: /x"), 13, "302 Found"),
        ("r", || Reply::Last(b"HTTP/1.1 200 OK\r\n\r\nabc".to_vec()), 12, "does not tell its length"),
        ("r", || Reply::head("HTTP/1.1 200 OK\nContent-Length: 1073741825"), 13, "larger than"),
        ("r", || Reply::head("HTTP/1.1 503 Service Unavailable"), 11, "503"),
        ("../r", || Reply::HangUp, 13, "leads out of its folder"),
        ("http://other.example/r", || Reply::HangUp, 13, "another scheme, host or port"),
    ];
    for (raw, read, code, text) in cases {
        let server = offering(raw, move |_, _| read());
        let place = Place::new();
        let finished = place.upload(&server.url("/f"), &Source::new(SIZE), &["--retries", "3"]);
        finished.exits(code).says(&[text, "every byte is acknowledged", "without --reply"]);
        assert!(
            !server.packets().iter().any(|packet| packet == "Close-Session" || packet == "Cancel-Session"),
            "{raw}"
        );
        assert!(place.is_empty());
    }
}

#[test]
fn another_run_fetches_what_the_first_could_not() {
    let server = offering("r", |_, number| match number {
        0 => Reply::head("HTTP/1.1 404 Not Found"),
        _ => whole("", b"answer"),
    });
    let (place, source) = (Place::new(), Source::new(SIZE));
    place.upload(&server.url("/f"), &source, &[]).exits(13);
    place.upload(&server.url("/f"), &source, &[]).exits(0);
    assert_eq!(place.reply(), b"answer");
    let packets = server.packets();
    assert_eq!(packets, ["Ping", "Create-Session", "Fragment", "", "Ping", "", "Close-Session"]);
}

/// A server as [`offering`], whose first Close-Session has no answer.
fn losing_close() -> ScriptServer {
    let raw = "r";
    let (model, mut closes) = (Model::default(), 0);
    ScriptServer::start(move |request| match request.packet() {
        "" => whole("", b"answer"),
        "Close-Session" if closes == 0 => {
            closes += 1;
            Reply::HangUp
        }
        "Fragment" => {
            let Reply::Bytes(bytes) = model.answer(request) else { return Reply::HangUp };
            let head = String::from_utf8(bytes).expect("text");
            Reply::Bytes(head.replacen("\r\n\r\n", &format!("\r\nBITS-Reply-URL: {raw}\r\n\r\n"), 1).into_bytes())
        }
        _ => model.answer(request),
    })
}

#[test]
fn a_reply_that_was_saved_is_known_again_and_not_fetched_twice() {
    let (server, place, source) = (losing_close(), Place::new(), Source::new(SIZE));
    place.upload(&server.url("/f"), &source, &["--retries", "0"]).exits(11).says(&["reply saved as"]);
    assert_eq!(place.reply(), b"answer");
    place.upload(&server.url("/f"), &source, &[]).exits(0).says(&["reply saved as"]);
    assert_eq!(place.reply(), b"answer");
    let packets = server.packets();
    assert_eq!(packets, ["Ping", "Create-Session", "Fragment", "", "Close-Session", "Ping", "Close-Session"]);
    // The upload is over: the file is nobody's any more.
    place.upload(&server.url("/f"), &source, &[]).exits(2).says(&["--force"]);
}

#[test]
fn a_reply_that_was_saved_and_is_gone_is_fetched_again_and_one_that_was_changed_is_kept() {
    let (server, place, source) = (losing_close(), Place::new(), Source::new(SIZE));
    place.upload(&server.url("/f"), &source, &["--retries", "0"]).exits(11);
    std::fs::write(place.path(), "Answer").expect("written");
    place.upload(&server.url("/f"), &source, &[]).exits(2).says(&["--force"]);
    assert_eq!(place.reply(), b"Answer");
    std::fs::remove_file(place.path()).expect("removed");
    place.upload(&server.url("/f"), &source, &[]).exits(0);
    assert_eq!(place.reply(), b"answer");
    assert_eq!(server.packets()[5..], ["Ping", "", "Close-Session"]);
}

#[test]
fn a_file_that_exists_is_replaced_only_by_force_and_checked_first() {
    let server = offering("r", |_, _| whole("", b"answer"));
    let (place, source) = (Place::new(), Source::new(SIZE));
    std::fs::write(place.path(), "mine").expect("written");
    place.upload(&server.url("/f"), &source, &[]).exits(2).says(&["--force", "reply.bin"]);
    assert_eq!((place.reply().as_slice(), server.packets().len()), (&b"mine"[..], 0));
    place.upload(&server.url("/f"), &source, &["--force"]).exits(0);
    assert_eq!(place.reply(), b"answer");
    let mut itself = command(["upload", "--force", "--reply"]);
    let output = itself.arg(source.arg()).arg(source.arg()).arg(server.url("/f")).output().expect("started");
    Finished(output).exits(2).says(&["the file that is to be uploaded"]);
}

#[test]
fn an_empty_file_gets_no_reply() {
    let server = offering("r", |_, _| whole("", b"answer"));
    Place::new().upload(&server.url("/f"), &Source::new(0), &[]).exits(13).says(&["the server offered no reply"]);
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_the_session_and_leaves_no_file() {
    use std::process::Stdio;
    let body = content(5000);
    let (began, told) = std::sync::mpsc::channel();
    let server = offering("r", move |_, number| match number {
        0 => {
            let _ = began.send(());
            // The reader waits for the rest.
            let Reply::Last(bytes) = torn("", &body, 1000) else { return Reply::HangUp };
            Reply::Bytes(bytes)
        }
        _ => whole("", &body),
    });
    let (place, source) = (Place::new(), Source::new(SIZE));
    let mut child = command(["upload", "--state-dir"]);
    child.arg(place.folder.path().join("state")).arg("--reply").arg(place.path()).arg(source.arg());
    let child = child.arg(server.url("/f")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    told.recv().expect("told");
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("signalled");
    Finished(child.wait_with_output().expect("ended")).exits(130).says(&["run the same command again"]);
    assert!(place.is_empty());
    place.upload(&server.url("/f"), &source, &[]).exits(0);
    assert_eq!(place.reply(), content(5000));
}
