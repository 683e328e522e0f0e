//! Answers whose body is wanted.

use std::io;
use std::time::{Duration, Instant};

use bitsup::exchange::RequestOptions;
use bitsup::exchange::TransportErrorKind as Kind;
use bitsup::transport::{Http, ResponseSink, Settings, Transport};
use http::{Request, Response};

use crate::support::{OK, Scheme, Server, Stream, answer, read_head, schemes};

const SHORT: Duration = Duration::from_millis(300);

/// Keeps what it gets, up to a limit.
struct Kept {
    status: u16,
    bytes: Vec<u8>,
    limit: usize,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Self { status: 0, bytes: Vec::new(), limit }
    }
}

impl ResponseSink for Kept {
    fn begin(&mut self, head: &Response<()>) -> bool {
        self.status = head.status().as_u16();
        self.status == 200
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > self.limit { Err(io::Error::other("enough")) } else { Ok(()) }
    }
}

fn get(server: &Server, method: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(server.url()).header("Accept-Encoding", "identity");
    request.body(()).expect("a request")
}

fn body(length: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length))
}

#[test]
fn a_body_arrives_whole_and_the_connection_is_kept() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, connection| {
            assert_eq!(connection, 0, "one connection");
            for text in [
                body(1_000_000),
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_owned(),
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            ] {
                let head = String::from_utf8(read_head(stream)?).expect("text").to_ascii_lowercase();
                assert!(head.starts_with("get /file http/1.1\r\n") && head.contains("accept-encoding: identity"));
                assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
                answer(stream, &text)?;
            }
            std::thread::park();
            Ok(())
        });
        let mut client = server.client();
        for (status, length) in [(200, 1_000_000), (200, 3), (404, 0)] {
            let mut kept = Kept::new(usize::MAX);
            let answer = client.fetch(get(&server, "GET"), RequestOptions::default(), &mut kept).expect("an answer");
            assert_eq!((answer.status().as_u16(), kept.status, kept.bytes.len()), (status, status, length));
        }
    }
}

#[test]
fn a_head_request_tells_the_length_of_a_body_that_does_not_come() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_head(stream)?;
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n\r\n")
    });
    let mut kept = Kept::new(0);
    let answer = server.client().fetch(get(&server, "HEAD"), RequestOptions::default(), &mut kept).expect("an answer");
    assert_eq!(answer.headers()["content-length"], "123456789");
    assert_eq!(kept.bytes.len(), 0);
}

/// The loss when a server sends this and then does no more, or hangs up.
fn loss(text: String, hang_up: bool, limit: usize) -> Kind {
    let server = Server::start(Scheme::Plain, move |stream: &mut dyn Stream, _| {
        read_head(stream)?;
        answer(stream, &text)?;
        if !hang_up {
            std::thread::park();
        }
        Ok(())
    });
    let mut client = Http::new(Settings { request_timeout: SHORT, ..server.settings() });
    client.fetch(get(&server, "GET"), RequestOptions::default(), &mut Kept::new(limit)).expect_err("a loss").kind
}

#[test]
fn a_body_that_stops_breaks_off_or_is_too_much_is_no_answer() {
    let torn = || "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".to_owned();
    assert_eq!(loss(torn(), false, 100), Kind::TimedOut(SHORT));
    assert_eq!(loss(torn(), true, 100), Kind::Cut);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc";
    assert_eq!(loss(chunked.to_owned(), true, 100), Kind::Cut);
    assert_eq!(loss(body(1000), true, 10), Kind::Local);
}

#[test]
fn a_slow_body_is_waited_for_as_long_as_bytes_come() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_head(stream)?;
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")?;
        for _ in 0..6 {
            std::thread::sleep(SHORT / 3);
            answer(stream, "x")?;
        }
        Ok(())
    });
    let mut client = Http::new(Settings { request_timeout: SHORT, ..server.settings() });
    let mut kept = Kept::new(6);
    client.fetch(get(&server, "GET"), RequestOptions::default(), &mut kept).expect("an answer");
    assert_eq!(kept.bytes, b"xxxxxx");
}

#[test]
fn a_body_under_way_is_interrupted() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_head(stream)?;
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nx")?;
        std::thread::park();
        Ok(())
    });
    let mut client = server.client();
    let cancellation = client.cancellation();
    std::thread::spawn(move || {
        std::thread::sleep(SHORT);
        cancellation.interrupt();
    });
    let began = Instant::now();
    let error =
        client.fetch(get(&server, "GET"), RequestOptions::default(), &mut Kept::new(6)).expect_err("interrupted");
    assert_eq!(error.kind, Kind::Interrupted);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_request_may_grant_its_answer_more_time() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        for _ in 0..2 {
            read_head(stream)?;
            std::thread::sleep(SHORT * 2);
            answer(stream, OK)?;
        }
        Ok(())
    });
    let mut client = Http::new(Settings { response_timeout: SHORT, ..server.settings() });
    let patient = RequestOptions { response_at_least: Duration::from_secs(60), ..RequestOptions::default() };
    assert!(client.exchange(server.request(0), patient, &mut io::empty()).is_ok());
    let none = RequestOptions::default();
    let error = client.exchange(server.request(0), none, &mut io::empty()).expect_err("a stall");
    assert_eq!(error.kind, Kind::TimedOut(SHORT));
}
