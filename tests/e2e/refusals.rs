//! The program's messages and exit codes when a server refuses or is none.

#[cfg(unix)]
use std::io::Write;

use crate::support::bitsup::{Finished, Source, command, run};
use crate::support::script::{Model, Reply, Request, ScriptServer};

/// Without a second try: what is said and returned is what the first fault makes of it.
fn upload(url: &str, size: usize) -> Finished {
    let source = Source::new(size);
    run(["upload".as_ref(), "--no-progress-timeout=0".as_ref(), source.arg(), url.as_ref()])
}

/// One server that answers every packet of a kind with `head`, and the others as it should.
fn refusing(packet: &'static str, head: &'static str) -> ScriptServer {
    let model = Model::default();
    ScriptServer::start(
        move |request| {
            if request.packet() == packet { Reply::head(head) } else { model.answer(request) }
        },
    )
}

const DENIED: &str = "HTTP/1.1 403 Forbidden\nBITS-Packet-Type: Ack\nBITS-Error: 0x80070005\nBITS-Error-Context: 0x5";

#[test]
fn what_is_no_bits_server_exits_9_and_says_what_answered() {
    for (head, status) in [
        ("HTTP/1.1 200 OK\nServer: nginx/1.25\nContent-Type: text/html\nContent-Length: 5\n\nhello", "200 OK"),
        ("HTTP/1.1 404 Not Found\nServer: nginx/1.25", "404 Not Found"),
        ("HTTP/1.1 405 Method Not Allowed\nServer: nginx/1.25\nAllow: GET, HEAD", "405 Method Not Allowed"),
        ("HTTP/1.1 501 Not Implemented\nServer: nginx/1.25", "501 Not Implemented"),
        ("HTTP/1.1 302 Found\nServer: nginx/1.25\nLocation: /login", "/login"),
    ] {
        let server = ScriptServer::start(move |_| match head.split_once("\n\n") {
            Some((head, body)) => Reply::Bytes(format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n")).into_bytes()),
            None => Reply::head(head),
        });
        let finished = upload(&server.url("/x/"), 10);
        finished.exits(9).says(&[status]);
        if !head.contains("302") {
            finished.says(&["nginx/1.25", "next:"]);
        }
    }
}

#[test]
fn where_nothing_listens_exits_5() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    upload(&format!("http://127.0.0.1:{port}/"), 10)
        .exits(5)
        .says(&["cannot connect to 127.0.0.1:", "connection refused"]);
}

#[test]
fn an_unknown_name_exits_5() {
    upload("http://no-such-host.invalid/", 10).exits(5).says(&["no-such-host.invalid"]);
}

#[test]
fn what_speaks_no_http_exits_12_or_5() {
    let server = ScriptServer::start(|_| Reply::Last(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec()));
    upload(&server.url("/"), 10).exits(12).says(&["did not answer in HTTP/1.1"]);
    let server = ScriptServer::start(|_| Reply::HangUp);
    upload(&server.url("/"), 10).exits(5).says(&["broke"]);
}

#[test]
fn https_to_a_plain_server_exits_6() {
    let server = ScriptServer::start(|_| Reply::HangUp);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    upload(&format!("https://127.0.0.1:{port}/"), 10).exits(6).says(&["no TLS connection"]);
    drop(server);
}

/// An Ack of failure, as BITS servers give it.
fn failure(status: &str, code: &str, context: &str) -> &'static str {
    let head = format!("HTTP/1.1 {status}\nBITS-Packet-Type: Ack\nBITS-Error: {code}\nBITS-Error-Context: {context}");
    Box::leak(head.into_boxed_str())
}

/// Packet, answer, exit code, what is said, whether the session is given up.
type Row = (&'static str, &'static str, i32, &'static str, bool);

#[track_caller]
fn check(rows: &[Row]) {
    for &(packet, head, code, said, cancelled) in rows {
        let server = refusing(packet, head);
        let finished = upload(&server.url("/x/"), 10);
        finished.exits(code).says(&[said, "bitsup: error: cannot upload"]);
        assert!(!finished.stderr().contains("100 %"), "{}", finished.stderr());
        assert_eq!(server.packets().iter().any(|p| p == "Cancel-Session"), cancelled, "{packet} {head}");
        assert!(finished.stderr().lines().filter(|line| line.starts_with("  ")).count() <= 3);
    }
}

#[test]
fn refusals_before_a_session_exit_as_the_table_says() {
    check(&[
        ("Ping", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Negotiate", 7, "401 Unauthorized", false),
        ("Ping", "HTTP/1.1 403 Forbidden", 8, "403 Forbidden", false),
        ("Create-Session", DENIED, 8, "E_ACCESSDENIED (0x80070005), context 5", false),
        ("Create-Session", "HTTP/1.1 409 Conflict", 8, "409", false),
        ("Create-Session", failure("501 Not Implemented", "x80070005", "5"), 9, "E_ACCESSDENIED", false),
        ("Create-Session", failure("400 Bad Request", "0x80200022", "5"), 9, "PROTOCOL_MISMATCH", false),
        ("Create-Session", failure("403 Forbidden", "80200023", "5"), 9, "EXECUTE_ENABLE", false),
        ("Create-Session", failure("500 Error", "0x80200020", "5"), 10, "BG_E_TOO_LARGE", false),
        ("Create-Session", failure("400 Bad Request", "0x80070057", "5"), 12, "E_INVALIDARG", false),
        ("Create-Session", failure("400 Bad Request", "0x80200021", "5"), 2, "STRING_TOO_LONG", false),
        ("Create-Session", "HTTP/1.1 414 URI Too Long", 2, "414", false),
        ("Create-Session", "HTTP/1.1 503 Service Unavailable", 11, "503", false),
        ("Create-Session", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack", 12, "names no session", false),
        (
            "Create-Session",
            "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: s\nBITS-Protocol: {00000000-0000-0000-0000-000000000001}",
            12,
            "not offered",
            false,
        ),
    ]);
}

#[test]
fn refusals_within_a_session_exit_as_the_table_says() {
    check(&[
        ("Fragment", DENIED, 8, "E_ACCESSDENIED", true),
        ("Fragment", failure("500 Error", "0x80200020", "5"), 10, "BG_E_TOO_LARGE", true),
        ("Fragment", "HTTP/1.1 413 Payload Too Large", 10, "413", true),
        ("Fragment", failure("400 Bad Request", "0x80070057", "5"), 12, "E_INVALIDARG", true),
        ("Fragment", "HTTP/1.1 411 Length Required", 12, "411", true),
        (
            "Fragment",
            "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: 11",
            12,
            "only 10 were sent",
            true,
        ),
        (
            "Fragment",
            "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: +10",
            12,
            "not a plain number",
            true,
        ),
        ("Fragment", failure("404 Not Found", "0x80004005", "7"), 13, "context 7", true),
        ("Fragment", failure("500 Error", "0x8020001F", "5"), 11, "BG_E_SESSION_NOT_FOUND", false),
        ("Fragment", failure("500 Error", "0x80070112", "5"), 11, "ERROR_DISK_FULL", false),
        ("Fragment", "HTTP/1.1 503 Service Unavailable", 11, "503", false),
        ("Fragment", "HTTP/1.1 200 OK\nServer: portal", 11, "portal", false),
        ("Close-Session", "HTTP/1.1 200 OK\nServer: portal", 11, "portal", false),
        ("Close-Session", "HTTP/1.1 500 Error", 11, "500", false),
        ("Close-Session", DENIED, 8, "E_ACCESSDENIED", true),
    ]);
}

#[test]
fn endless_answers_without_progress_exit_11() {
    for stuck in [
        "200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: 0",
        "416 Range\nBITS-Received-Content-Range: 0",
        "416 Range",
    ] {
        let server = refusing("Fragment", Box::leak(format!("HTTP/1.1 {stuck}").into_boxed_str()));
        let (source, url) = (Source::new(10), server.url("/x/"));
        run(["upload".as_ref(), "--retry-max-delay=1ms".as_ref(), source.arg(), url.as_ref()])
            .exits(11)
            .says(&["acknowledged nothing"]);
        assert!(server.requests().len() < 40);
    }
}

#[test]
fn a_servers_text_cannot_act_on_a_terminal() {
    let server = ScriptServer::start(|_| {
        Reply::Bytes(
            b"HTTP/1.1 200 OK\r\nServer: \xffevil\x9b31m\xc2\x9b31m\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n".to_vec(),
        )
    });
    let source = Source::new(10);
    for options in [&[][..], &["-v"], &["-vv"]] {
        let url = server.url("/x/");
        let finished = command(["upload"]).args(options).arg(source.arg()).arg(url).output().expect("started");
        let finished = Finished(finished);
        finished.exits(9).says(&["evil"]);
        assert!(
            !finished.stderr().chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'),
            "{:?}",
            finished.stderr()
        );
    }
}

#[test]
fn a_source_that_changes_while_it_is_sent_exits_4_and_cancels() {
    let source = Source::new(1000);
    let path = source.path.clone();
    let model = Model::default();
    let server = ScriptServer::start(move |request: &Request| {
        if request.range().is_some_and(|(first, _, _)| first == 300) {
            let later = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
            std::fs::File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(later))
                .expect("touched");
        }
        model.answer(request)
    });
    run(["upload".as_ref(), "--fragment-size=300".as_ref(), source.arg(), server.url("/x/").as_ref()])
        .exits(4)
        .says(&["the file changed while it was being uploaded"]);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Fragment", "Cancel-Session"]);
}

/// Of an upload of 1000 bytes by fragments of 300: changes the file when the fragment that begins there arrives.
fn changed_at(first: u64, change: impl Fn(&std::fs::File) + Send + 'static) -> (Finished, ScriptServer) {
    let source = Source::new(1000);
    let path = source.path.clone();
    let model = Model::default();
    let server = ScriptServer::start(move |request: &Request| {
        if request.range().is_some_and(|(at, _, _)| at == first) {
            change(&std::fs::File::options().write(true).open(&path).expect("opened"));
        }
        model.answer(request)
    });
    let finished = run(["upload".as_ref(), "--fragment-size=300".as_ref(), source.arg(), server.url("/x/").as_ref()]);
    (finished, server)
}

#[test]
fn a_source_that_changes_behind_its_last_byte_is_not_closed() {
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
    let (finished, server) = changed_at(900, move |file| file.set_modified(later).expect("touched"));
    finished.exits(4).says(&["the file changed while it was being uploaded"]);
    let packets = server.packets();
    assert_eq!(packets.iter().filter(|packet| *packet == "Fragment").count(), 4, "{packets:?}");
    assert!(packets.ends_with(&["Fragment".to_owned(), "Cancel-Session".to_owned()]), "{packets:?}");
}

/// Size and time of modification are put back: what is left is the time of the last change of any kind.
#[cfg(unix)]
#[test]
fn a_source_that_hides_its_change_is_compared() {
    let (finished, server) = changed_at(300, |mut file| {
        let before = file.metadata().and_then(|metadata| metadata.modified()).expect("told");
        file.write_all(b"other bytes").expect("written");
        file.set_modified(before).expect("put back");
    });
    finished.exits(4).says(&["the file changed while it was being uploaded"]);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Fragment", "Cancel-Session"]);
}

#[test]
fn a_source_that_shrinks_while_it_is_sent_is_never_padded() {
    let source = Source::new(3000);
    let path = source.path.clone();
    let model = Model::default();
    let server = ScriptServer::start(move |request: &Request| {
        if request.packet() == "Create-Session" {
            std::fs::File::options().write(true).open(&path).and_then(|file| file.set_len(5)).expect("cut");
        }
        model.answer(request)
    });
    run(["upload".as_ref(), source.arg(), server.url("/x/").as_ref()]).exits(4);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Cancel-Session"]);
}

#[test]
fn an_ack_of_everything_is_no_success_without_close() {
    let server = refusing("Close-Session", "HTTP/1.1 404 Not Found");
    let finished = upload(&server.url("/x/"), 10);
    assert_ne!(finished.0.status.code(), Some(0));
    assert!(server.packets().iter().any(|packet| packet == "Close-Session"));
}

#[test]
fn the_time_for_the_whole_upload_also_ends_a_wait_for_an_answer() {
    // Connections are taken by the system; nobody ever answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let source = Source::new(10);
    run(["upload".as_ref(), "--max-time=200ms".as_ref(), source.arg(), url.as_ref()])
        .exits(11)
        .says(&["--max-time", "run the same command again"]);
}
