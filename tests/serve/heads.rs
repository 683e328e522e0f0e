//! Request heads, and the log of them (faults 59 and 64).

use std::fs;
use std::io::Write;

use crate::support::{Fixture, GUID, INVALID};

#[test]
fn case_80_only_a_fragment_needs_a_length() {
    let fixture = Fixture::new();
    let ping = b"BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\n\r\n";
    let mut client = fixture.connect();
    client.ask(ping).expect(200);
    client.ask(ping).expect(200);
    let session = client.open("/a");
    let fragment = format!(
        "BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Fragment\r\nBITS-Session-Id: {session}\r\n\
         Content-Range: bytes 0-4/5\r\n\r\n"
    );
    client.ask(fragment.as_bytes()).expect_error(411, INVALID);
}

#[test]
fn missing_and_unknown_fields_are_400() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.ask(b"BITS_POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").expect_error(400, INVALID);
    client.packet("/a", "Pong", &[], b"").expect_error(400, INVALID);
    client.packet("/a", "Create-Session", &[], b"").expect_error(400, INVALID);
    let other = [("BITS-Supported-Protocols", "{00000000-0000-0000-0000-000000000001}")];
    client.packet("/a", "Create-Session", &other, b"").expect_error(400, INVALID);
    let many = [("BITS-Supported-Protocols", &*vec![GUID; 101].join(","))];
    client.packet("/a", "Create-Session", &many, b"").expect_error(400, INVALID);
    client.packet("/a", "Close-Session", &[], b"").expect_error(400, INVALID);
    client.packet("/a", "Cancel-Session", &[], b"").expect_error(400, INVALID);
    client.packet("/a", "Ping", &[], b"body").expect_error(400, INVALID);
    client.packet("/a", "Ping", &[("BITS-Packet-Type", "Ping")], b"").expect_error(400, INVALID);
}

#[test]
fn a_value_over_4_kib_is_400() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.packet("/a", "Ping", &[("X", &"x".repeat(4097))], b"").expect_error(400, INVALID);
    client.packet("/a", "Ping", &[("X", &"x".repeat(4096))], b"").expect(200);
}

#[test]
fn other_methods_are_405_and_list_nothing() {
    let fixture = Fixture::new();
    fs::write(fixture.path("a"), "x").unwrap();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"] {
        for path in ["/", "/a"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
            let response = fixture.connect().ask(request.as_bytes());
            assert_eq!((response.status, response.field("Allow")), (405, Some("BITS_POST")), "{method}");
            assert_eq!(response.field("BITS-Packet-Type"), None, "a plain client gets a plain response");
        }
    }
}

/// As nginx speaks by default: a connection for each request.
#[test]
fn case_80_a_whole_upload_over_http_1_0() {
    let fixture = Fixture::new();
    let ask = |kind: &str, fields: &str, body: &str| {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let request = format!(
            "BITS_POST /a HTTP/1.0\r\nHost: h\r\nConnection: close\r\nBITS-Packet-Type: {kind}\r\n{fields}{length}\r\n{body}"
        );
        let mut client = fixture.connect();
        let response = client.ask(request.as_bytes()).expect(200);
        client.expect_end();
        response
    };
    ask("Ping", "", "");
    let created = ask("Create-Session", &format!("BITS-Supported-Protocols: {GUID}\r\n"), "");
    let session = format!("BITS-Session-Id: {}\r\n", created.field("BITS-Session-Id").unwrap());
    ask("Fragment", &format!("{session}Content-Range: bytes 0-4/5\r\n"), "hello").expect_offset(200, 5);
    ask("Close-Session", &session, "");
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"hello");
}

#[test]
fn fault_59_heads_that_can_be_read_in_two_ways_are_refused_and_end_the_connection() {
    let fixture = Fixture::new();
    let smuggled = "BITS_POST /b HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\nContent-Length: 0\r\n\r\n";
    for (fields, end) in [
        ("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: identity\r\nContent-Length: 0\r\n", ""),
        ("Content-Length: 0\r\nContent-Length: 0\r\n", ""),
        ("Content-Length: 0\r\nContent-Length: 5\r\n", ""),
        ("Content-Length: +0\r\n", ""),
        ("Content-Length: -0\r\n", ""),
        ("Content-Length: 0, 0\r\n", ""),
        ("Content-Length: 0\n", ""),
        ("Content-Length: 0\r\nX: a\r\n b\r\n", ""),
        ("Content-Length : 0\r\n", ""),
        ("Content-Length: 0\r\nHost: other\r\n", ""),
    ] {
        let mut client = fixture.connect();
        let request =
            format!("BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\n{fields}\r\n{end}{smuggled}");
        let response = client.ask(request.as_bytes());
        assert_eq!(response.status, 400, "{fields:?}");
        client.expect_end();
    }
}

#[test]
fn an_endless_head_ends_the_connection() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.send(b"BITS_POST /a HTTP/1.1\r\n");
    let line = format!("X: {}\r\n", "x".repeat(1000));
    let mut sent = 0;
    while sent < 1_000_000 && client.stream.write_all(line.as_bytes()).is_ok() {
        sent += line.len();
    }
    if let Some(response) = client.try_read() {
        assert!((400..500).contains(&response.status), "{response:?}");
    }
}

#[test]
fn fault_64_every_packet_is_one_line_with_what_clients_send_escaped() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/2", b"ab").expect(200);
    client.close("/a", &session).expect(200);
    client.packet("/a", "Cancel-Session", &[("BITS-Session-Id", "x\u{1b}\u{202e}y")], b"");
    let log = fixture.log();
    assert!(log.iter().all(|line| !line.contains(char::is_control) && !line.contains('\u{202e}')), "{log:#?}");
    // How long it took is last.
    let end = |line: &String| line.split_once(' ').unwrap().1.rsplit_once(", ").map(|(text, _)| text.to_owned());
    let ends: Vec<String> = log.iter().map(|line| end(line).unwrap_or_default()).collect();
    assert_eq!(ends[1], format!("Create-Session /a {session}: 200"));
    assert_eq!(ends[2], format!("Fragment /a {session} bytes 0-1/2: 200, 2 bytes"));
    assert_eq!(ends[3], format!("Close-Session /a {session}: 200"));
    assert!(log[4].ends_with(" published /a (2 bytes)"));
}

#[test]
fn case_87_what_is_no_request_has_its_line_too() {
    let fixture = Fixture::new();
    for (sent, told) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\n"[..], " refused: no head of a request: "),
        (b"BITS_POST /a HTTP/1.1\r\nHost: h", " refused: not the whole head of a request: "),
        (b"BITS_POST /a b HTTP/1.1\r\nHost: h\r\n\r\n", ""),
    ] {
        let mut client = fixture.connect();
        let from = client.stream.local_addr().unwrap().to_string();
        client.send(sent);
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        client.read_to_its_end();
        let log = fixture.log();
        let line = log.iter().find(|line| line.starts_with(&from));
        assert!(line.is_some_and(|line| line.contains(told)), "{sent:?}: {log:#?}");
    }
}

#[test]
fn case_94_clients_that_have_nothing_more_to_say_get_their_answer() {
    let fixture = Fixture::new();
    for _ in 0..200 {
        let mut client = fixture.connect();
        client.send(b"BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\nContent-Length: 0\r\n\r\n");
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        client.read().expect(200);
    }
}
