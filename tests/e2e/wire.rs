//! The bytes on the wire, seen by a server on raw sockets.

#[cfg(target_os = "linux")]
use std::sync::mpsc;

use crate::support::bitsup::{Finished, Source, command, content, run};
use crate::support::script::{ACK, Model, Reply, Request, ScriptServer};

fn upload(server: &ScriptServer, source: &Source, options: &[&str]) -> Finished {
    Finished(command(["upload"]).args(options).arg(source.arg()).arg(server.url("/drop/")).output().expect("started"))
}

/// A server that is like [`Model`] but for the packets that `special` answers.
fn model(special: impl Fn(&Request) -> Option<Reply> + Send + 'static) -> (ScriptServer, Model) {
    let model = Model::default();
    let inner = model.clone();
    (ScriptServer::start(move |request| special(request).unwrap_or_else(|| inner.answer(request))), model)
}

#[test]
fn the_straight_path_is_one_connection_with_lengths_and_nothing_odd() {
    let (server, stored) = model(|_| None);
    let source = Source::named("a b#ü.bin", 600_000);
    // Two fragments, however slow the machine is just now.
    upload(&server, &source, &["--fragment-size", "400000"]).exits(0);
    let requests = server.requests();
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Fragment", "Close-Session"]);
    assert_eq!(stored.stored(), source.bytes);
    for request in &requests {
        assert_eq!(request.head.lines().next(), Some("BITS_POST /drop/a%20b%23%C3%BC.bin HTTP/1.1"));
        let length = request.body.len().to_string();
        assert_eq!(request.field("content-length"), Some(length.as_str()));
        for odd in ["expect", "transfer-encoding", "accept-encoding", "upgrade"] {
            assert_eq!(request.field(odd), None, "{odd}");
        }
        assert_eq!(request.connection, 0);
    }
    assert_eq!(requests[1].field("content-name"), Some("a b#ü.bin"));
    assert_eq!(requests[1].field("bits-supported-protocols"), Some("{7df0354d-249b-430f-820d-3d2a9bef4931}"));
    assert_eq!(requests[0].field("bits-session-id"), None);
    let session = Some("{A-1}");
    assert!(requests[2..].iter().all(|request| request.field("bits-session-id") == session));
    let ranges: Vec<_> = requests.iter().filter_map(Request::range).collect();
    assert_eq!(ranges, [(0, 399_999, 600_000), (400_000, 599_999, 600_000)]);
}

#[test]
fn header_fields_of_ones_own_go_with_every_request() {
    let (server, _) = model(|_| None);
    let source = Source::new(10);
    upload(&server, &source, &["-H", "X-Team: blue", "--header=x-team: red"]).exits(0);
    let variable = [("BITSUP_HEADER", "X-Team: blue\nX-Team: red")];
    let mut set = command(["upload"]);
    set.envs(variable).arg(source.arg()).arg(server.url("/drop/"));
    Finished(set.output().expect("started")).exits(0);
    let requests = server.requests();
    assert_eq!(requests.len(), 8);
    for request in requests {
        let lines: Vec<_> =
            request.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("x-team")).collect();
        assert!(lines.len() == 2 && lines[0].ends_with(": blue") && lines[1].ends_with(": red"), "{}", request.head);
    }
    // Nobody can tell which of them are secrets.
    let finished = upload(&server, &source, &["-vv", "-H", "X-Api-Key: s3cret", "-H", "X-Team: blue"]);
    assert!(finished.exits(0).stderr().contains("x-team: <redacted>"));
    assert!(["s3cret", "blue"].iter().all(|value| !finished.stderr().contains(value)));
    upload(&server, &source, &["-H", "Content-Length: 5"]).exits(2).says(&["bitsup's own"]);
}

#[test]
fn auto_grows_by_steps_that_a_refusal_makes_cheap() {
    let (server, _) = model(|request| {
        let (_, last, _) = request.range()?;
        Some(Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: {}", last + 1)))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sparse");
    std::fs::File::create(&path).and_then(|file| file.set_len(100 << 20)).expect("made");
    run(["upload".as_ref(), path.as_os_str(), server.url("/").as_ref()]).exits(0);
    let sizes: Vec<u64> =
        server.requests().iter().filter_map(Request::range).map(|(a, b, _)| (b - a + 1) >> 10).collect();
    assert_eq!(sizes[0], 192);
    // By how much they grow is measured, and no matter of a test on a busy machine.
    let mut largest = 0;
    for size in sizes {
        let most = match largest {
            0 => 192,
            1..1024 => 1024,
            1024..28_672 => 28_672,
            _ => 256 << 10,
        };
        assert!(size <= most, "{size} after {largest}");
        largest = largest.max(size);
    }
}

#[test]
fn a_fixed_size_is_kept() {
    let (server, stored) = model(|_| None);
    let source = Source::new(1000);
    upload(&server, &source, &["--fragment-size", "300"]).exits(0);
    let ranges: Vec<_> = server.requests().iter().filter_map(Request::range).collect();
    assert_eq!(ranges, [(0, 299, 1000), (300, 599, 1000), (600, 899, 1000), (900, 999, 1000)]);
    assert_eq!(stored.stored(), source.bytes);
}

#[test]
fn several_protocols_keep_their_order_and_one_form() {
    let (server, _) = model(|_| None);
    let options =
        ["--protocol", "00000000-0000-0000-0000-00000000000A", "--protocol", "7DF0354D249B430F820D3D2A9BEF4931"];
    upload(&server, &Source::new(1), &options).exits(0);
    let offered = "{00000000-0000-0000-0000-00000000000a} {7df0354d-249b-430f-820d-3d2a9bef4931}";
    assert_eq!(server.requests()[1].field("bits-supported-protocols"), Some(offered));
}

#[test]
fn a_name_of_ones_own_is_sent_and_appended() {
    let (server, _) = model(|_| None);
    upload(&server, &Source::new(1), &["--name", "other name.txt"]).exits(0);
    let request = &server.requests()[1];
    assert_eq!((request.path(), request.field("content-name")), ("/drop/other%20name.txt", Some("other name.txt")));
}

/// Session identifiers, Acks and Pings of servers in the wild.
#[test]
fn quirks_of_known_servers_do_not_matter() {
    let fields = |request: &Request, fields: &str| match request.packet() {
        "Fragment" => format!("{fields}\nBITS-Received-Content-Range: {}", request.range().expect("a range").1 + 1),
        _ => fields.to_owned(),
    };
    for id in [
        "1234567890123",
        "a0ff5911-4144-45b3-bf27-27afc8ec8a67",
        "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}",
        "/sessions/42/x",
        "aZ09_-aZ09_-aZ09_-aZ09",
    ] {
        let server = ScriptServer::start(move |request| {
            if request.packet() != "Create-Session" {
                return Reply::head(&fields(request, ACK));
            }
            Reply::head(&format!(
                "{ACK}\nBITS-Session-Id: {id}\nAccept-encoding: identity\nPragma: no-cache\nX-Other: 1"
            ))
        });
        upload(&server, &Source::new(300_000), &[]).exits(0);
        assert_eq!(server.requests()[2].field("bits-session-id"), Some(id));
    }
    for ping in [
        "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Error-Code: 1\nBITS-Error-Context:",
        "HTTP/1.1 200 OK\nContent-Length: 0",
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 500 Internal Server Error",
    ] {
        let (server, _) = model(move |request| (request.packet() == "Ping").then(|| Reply::head(ping)));
        upload(&server, &Source::new(10), &[]).exits(0);
    }
}

#[test]
fn chunked_answers_and_a_connection_for_each_do_not_matter() {
    let chunked = |head: &str, body: &str| {
        let head = head.replace('\n', "\r\n");
        let body = if body.is_empty() { String::new() } else { format!("{:x}\r\n{body}\r\n", body.len()) };
        format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{body}0\r\n\r\n").into_bytes()
    };
    let fields = |request: &Request| match request.packet() {
        "Create-Session" => format!("{ACK}\nBITS-Session-Id: s"),
        "Fragment" => format!("{ACK}\nBITS-Received-Content-Range: {}", request.range().expect("a range").1 + 1),
        _ => ACK.to_owned(),
    };
    let server = ScriptServer::start(move |request| match request.packet() {
        "Ping" => Reply::Bytes(chunked("HTTP/1.1 200 OK", "pong")),
        _ => Reply::Bytes(chunked(&fields(request), "some text")),
    });
    upload(&server, &Source::new(600_000), &[]).exits(0);
    assert!(server.requests().iter().all(|request| request.connection == 0), "chunks have an end");

    let server = ScriptServer::start(move |request| {
        let head = format!("{}\nConnection: close\nContent-Length: 0\n\n", fields(request)).replace('\n', "\r\n");
        Reply::Last(head.into_bytes())
    });
    upload(&server, &Source::new(600_000), &["--fragment-size=300k"]).exits(0);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Fragment", "Close-Session"]);
    assert_eq!(server.requests().last().map(|request| request.connection), Some(4));
}

#[test]
fn a_server_that_never_tells_offset_or_protocol_is_served() {
    let server = ScriptServer::start(|request| match request.packet() {
        "Create-Session" => Reply::head("HTTP/1.1 201 Created\nbits-packet-type: ACK\nbits-session-id: 7"),
        _ => Reply::head(ACK),
    });
    upload(&server, &Source::new(1000), &["--fragment-size", "400"]).exits(0);
    let ranges: Vec<_> = server.requests().iter().filter_map(Request::range).collect();
    assert_eq!(ranges, [(0, 399, 1000), (400, 799, 1000), (800, 999, 1000)]);
}

#[test]
fn the_servers_offset_decides_where_to_go_on() {
    let mut first = true;
    let stored = Model::default();
    let model = stored.clone();
    let server = ScriptServer::start(move |request| {
        if request.packet() == "Fragment" && std::mem::take(&mut first) {
            model.stored.lock().expect("no panic").extend_from_slice(&request.body[..7]);
            return Reply::head("HTTP/1.1 416 Requested Range Not Satisfiable\nBITS-Received-Content-Range: 7");
        }
        model.answer(request)
    });
    let source = Source::new(2000);
    upload(&server, &source, &["--fragment-size", "1000", "-v"]).exits(0).says(&["bytes 7-1006/2000"]);
    assert_eq!(stored.stored(), source.bytes);
}

#[test]
fn an_empty_file_is_ping_create_close() {
    let (server, _) = model(|_| None);
    upload(&server, &Source::new(0), &[]).exits(0);
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Close-Session"]);
}

#[test]
fn redirects_of_create_on_the_same_host_are_followed() {
    let (server, stored) = model(|request| {
        let moved = request.path() == "/drop/file.bin" && request.packet() == "Create-Session";
        moved.then(|| Reply::head("HTTP/1.1 307 Temporary Redirect\nLocation: /new/place.bin"))
    });
    let source = Source::new(10);
    upload(&server, &source, &[]).exits(0);
    let paths: Vec<_> = server.requests().iter().map(|request| request.path().to_owned()).collect();
    assert_eq!(paths, ["/drop/file.bin", "/drop/file.bin", "/new/place.bin", "/new/place.bin", "/new/place.bin"]);
    assert_eq!(stored.stored(), source.bytes);
}

/// No fragment is ever held whole.
#[cfg(target_os = "linux")]
#[test]
fn fragments_of_any_size_take_at_most_32_mib_of_memory() {
    uploaded_in_32_mib_of_memory((512 << 20) + 1);
}

/// Above 4 GiB, numbers no longer fit 32 bits.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "takes a debug build a minute: .ci/run runs it with a release"]
fn over_4_gib_in_at_most_32_mib_of_memory() {
    uploaded_in_32_mib_of_memory((4 << 30) + 1);
}

#[cfg(target_os = "linux")]
fn uploaded_in_32_mib_of_memory(size: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sparse");
    std::fs::File::create(&path).and_then(|file| file.set_len(size)).expect("made");
    let (tell_pid, pid) = mpsc::channel::<u32>();
    let (tell_peak, peak) = mpsc::channel::<u64>();
    let server = ScriptServer::start(move |request| {
        if request.packet() == "Close-Session" {
            // The process waits for this answer: its peak can be read.
            let status = std::fs::read_to_string(format!("/proc/{}/status", pid.recv().expect("a pid"))).expect("read");
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
            tell_peak.send(line.trim().trim_end_matches(" kB").parse().expect("a number")).expect("told");
        }
        match request.packet() {
            "Create-Session" => Reply::head(&format!("{ACK}\nBITS-Session-Id: s")),
            "Fragment" => {
                let (_, last, total) = request.range().expect("a range");
                assert_eq!(total, size);
                Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: {}", last + 1))
            }
            _ => Reply::head(ACK),
        }
    });
    let child = command(["upload", "-q"]).arg(&path).arg(server.url("/")).spawn().expect("started");
    tell_pid.send(child.id()).expect("told");
    Finished(child.wait_with_output().expect("ended")).exits(0);
    let peak = peak.recv().expect("Close was sent");
    assert!(peak <= 32 * 1024, "{peak} KiB");
}

#[test]
fn content_makes_different_bytes_everywhere() {
    let bytes = content(64);
    assert!(bytes.chunks(8).enumerate().all(|(i, a)| bytes.chunks(8).skip(i + 1).all(|b| a != b)));
}

#[test]
fn cookies_are_forgotten_with_their_session() {
    let (model, mut is_lost) = (Model::default(), true);
    let server = ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => {
            model.answer(request);
            Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}\nSet-Cookie: farm=1"))
        }
        "Fragment" if std::mem::take(&mut is_lost) => {
            Reply::head("HTTP/1.1 500 Gone\nBITS-Packet-Type: Ack\nBITS-Error: 0x8020001F\nBITS-Error-Context: 0x5")
        }
        _ => model.answer(request),
    });
    let source = Source::new(1000);
    run(["upload".as_ref(), source.arg(), server.url("/x/").as_ref()]).exits(0);
    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| (request.packet(), request.field("Cookie"))).collect();
    let farm = Some("farm=1");
    let first = [("Ping", None), ("Create-Session", None), ("Fragment", farm)];
    let second = [("Create-Session", None), ("Fragment", farm), ("Close-Session", farm)];
    assert_eq!(seen, [first, second].concat());
}
