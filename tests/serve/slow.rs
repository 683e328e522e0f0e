//! Clients that take their time (fault 61): each with limits of its own, short so that nobody waits.

use std::fs;
use std::io::Read;
use std::time::Duration;

use bitsup::server::Options;

use crate::support::{Client, Fixture, head};

const SHORT: Duration = Duration::from_millis(100);

fn ends(mut client: Client) -> String {
    let mut rest = Vec::new();
    // A reset is an end too.
    let _ = client.stream.read_to_end(&mut rest);
    String::from_utf8_lossy(&rest).into_owned()
}

#[test]
fn fault_61_a_head_that_does_not_come_ends_the_connection() {
    let fixture = Fixture::with(|options| options.limits.head_timeout = SHORT);
    let mut client = fixture.connect();
    client.send(b"BITS_POST /a HTTP/1.1\r\nHost:");
    assert_eq!(ends(client), "");
}

#[test]
fn fault_61_an_idle_connection_is_ended() {
    let fixture = Fixture::with(|options| options.limits.idle_timeout = SHORT);
    assert_eq!(ends(fixture.connect()), "");
    let mut client = fixture.connect();
    client.packet("/a", "Ping", &[], b"").expect(200);
    assert_eq!(ends(client), "");
}

fn cut_body(change: impl Fn(&mut Options), piece: &[u8]) {
    let fixture = Fixture::with(change);
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-999999/1000000")];
    client.send(&head("/a", "Fragment", &fields, 1_000_000));
    client.send(piece);
    assert_eq!(client.read().expect(408).field("Connection"), Some("close"));
    let mut client = fixture.connect();
    // The bytes that came are kept.
    let next = client.fragment("/a", &session, "999999-999999/1000000", b"x").expect_offset(416, piece.len() as u64);
    assert_eq!(next.field("BITS-Error"), Some("0x00000000"));
}

#[test]
fn fault_61_a_body_that_falls_silent_is_cut() {
    cut_body(|options| options.limits.stall_timeout = SHORT, b"abc");
}

#[test]
fn fault_61_a_body_that_crawls_is_cut() {
    let fixture = Fixture::with(|options| {
        options.limits.stall_timeout = Duration::from_millis(300);
        options.limits.min_rate = 1_000_000;
    });
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-999999/1000000")];
    client.send(&head("/a", "Fragment", &fields, 1_000_000));
    // Never silent for long, and yet too slow; it ends when the server does.
    while std::io::Write::write_all(&mut client.stream, b"x").is_ok() {
        std::thread::sleep(Duration::from_millis(20));
        client.stream.set_nonblocking(true).unwrap();
        let responded = client.stream.peek(&mut [0]).is_ok();
        client.stream.set_nonblocking(false).unwrap();
        if responded {
            break;
        }
    }
    client.read().expect(408);
}

/// A server with a file to read that is more than the sockets' buffers hold.
fn with_a_large_file(silence: Duration) -> (Fixture, Vec<u8>) {
    let fixture = Fixture::with(|options| {
        options.allow_read = true;
        options.limits.stall_timeout = silence;
    });
    let content = vec![7; 32 << 20];
    fs::write(fixture.path("a"), &content).unwrap();
    (fixture, content)
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

#[test]
fn fault_61_a_reader_that_is_slow_is_not_cut() {
    let (fixture, content) = with_a_large_file(Duration::from_secs(20));
    let mut client = fixture.connect();
    assert_eq!(client.ask(GET).status, 200);
    let mut body = vec![0; content.len()];
    for piece in body.chunks_mut(4 << 20) {
        std::thread::sleep(Duration::from_millis(50));
        client.stream.read_exact(piece).unwrap();
    }
    let is_whole = body == content;
    assert!(is_whole);
}

#[test]
fn fault_61_a_reader_that_takes_nothing_is_cut() {
    let (fixture, content) = with_a_large_file(Duration::from_millis(300));
    let mut client = fixture.connect();
    assert_eq!(client.ask(GET).status, 200);
    // Many times the limit, for machines that are busy.
    std::thread::sleep(Duration::from_secs(3));
    assert!(ends(client).len() < content.len());
}
