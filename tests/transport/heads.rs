//! Answers that are out of bounds, and what is left of a connection after an answer.

use std::io::{self, Read};

use bitsup::exchange::TransportErrorKind as Kind;

use crate::support::{OK, Scheme, Server, answer, read_request};

/// The error of a request that is answered with `text` on a connection that then stays open.
fn sort(text: String) -> (Kind, String) {
    let server = Server::start(Scheme::Plain, move |stream, _| {
        read_request(stream)?;
        answer(stream, &text)?;
        io::copy(stream, &mut io::sink()).map(drop)
    });
    let error = server.send(&mut server.client(), 3).expect_err("no answer");
    assert!(error.request_was_sent && error.response_began);
    (error.kind, error.detail)
}

#[test]
fn heads_and_interim_answers_are_bounded() {
    let (kind, detail) = sort(format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(65 * 1024)));
    assert!(kind == Kind::BadResponse && detail.contains("65536 bytes"), "{detail}");
    let (kind, detail) = sort(format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(101)));
    assert!(kind == Kind::BadResponse && detail.contains("100 lines"), "{detail}");
    let (kind, detail) = sort("HTTP/1.1 102 Processing\r\n\r\n".repeat(11));
    assert!(kind == Kind::BadResponse && detail.contains("10 interim"), "{detail}");
}

#[test]
fn what_is_no_http_is_a_bad_answer() {
    assert_eq!(sort("SSH-2.0-OpenSSH_9.9\r\n".to_owned()).0, Kind::BadResponse);
}

/// The number of connections it takes to send two requests, the first of which is answered with `text`.
fn connections(text: impl Into<String>) -> usize {
    let text = text.into();
    let server = Server::start(Scheme::Plain, move |stream, number| {
        let mut text = if number == 0 { &text } else { OK };
        loop {
            read_request(stream)?;
            answer(stream, text)?;
            text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nReused: yes\r\n\r\n";
        }
    });
    let mut client = server.client();
    server.send(&mut client, 3).expect("an answer");
    let second = server.send(&mut client, 3).expect("an answer");
    if second.headers().contains_key("Reused") { 1 } else { 2 }
}

#[test]
fn a_drained_answer_keeps_the_connection() {
    assert_eq!(connections(OK), 1);
    assert_eq!(connections("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 1);
    assert_eq!(connections(format!("HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n{}", "x".repeat(65536))), 1);
    assert_eq!(connections("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), 1);
    assert_eq!(connections("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 2\r\n\r\nno"), 1);
    assert_eq!(connections("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"), 1);
}

#[test]
fn any_other_answer_ends_it() {
    assert_eq!(connections("HTTP/1.1 200 OK\r\n\r\n"), 2, "no length");
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n{}", "x".repeat(65537));
    assert_eq!(connections(long), 2, "too long to be read");
    let long =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n{}\r\n0\r\n\r\n", "x".repeat(65537));
    assert_eq!(connections(long), 2, "the same in chunks");
    assert_eq!(connections("HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n"), 2, "refused");
    assert_eq!(connections("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), 2, "announced");
    assert_eq!(connections("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\ngarbage"), 2, "garbage");
}

#[test]
fn a_body_that_fails_is_told_and_leaves_no_half_request() {
    use bitsup::transport::Transport;
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_request(stream)?;
        answer(stream, OK)
    });
    let mut client = server.client();
    let error = client
        .exchange(server.request(10), bitsup::exchange::RequestOptions::default(), &mut Broken)
        .expect_err("no body");
    assert!(error.kind == Kind::Local && error.detail.contains("on fire"), "{error}");
    assert_eq!(server.send(&mut client, 10).expect("an answer").status(), 200);
}
