//! Connections that are kept, and lost.

use std::sync::mpsc;

use bitsup::protocol::{Timing, TransportErrorKind as Kind};
use bitsup::transport::Http;

use crate::support::{OK, Scheme, Server, answer, read_head, read_request, schemes};

#[test]
fn a_connection_is_kept_under_tls_although_tickets_come_after_the_handshake() {
    let server = Server::start(Scheme::Tls, |stream, number| {
        loop {
            read_request(stream)?;
            answer(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nNumber: {number}\r\n\r\n"))?;
        }
    });
    let mut client = server.client();
    for length in [0, 5 << 20, 0] {
        assert_eq!(server.send(&mut client, length).expect("an answer").headers()["Number"], "0");
    }
}

#[test]
fn each_answer_says_how_long_its_own_exchange_took() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            loop {
                read_request(stream)?;
                answer(stream, OK)?;
            }
        });
        let mut client = server.client();
        for length in [0, 5 << 20, 0] {
            let before = std::time::Instant::now();
            let answer = server.send(&mut client, length).expect("an answer");
            let timing = answer.extensions().get::<Timing>().expect("measured");
            assert!(!timing.waiting.is_zero() && timing.waiting <= timing.total && timing.total <= before.elapsed());
        }
    }
}

#[test]
fn a_closed_connection_is_replaced_without_a_loss() {
    let (closed, told) = mpsc::channel();
    let server = Server::start(Scheme::Plain, move |stream, number| {
        read_request(stream)?;
        answer(stream, OK)?;
        if number == 1 {
            closed.send(()).expect("listened to");
        }
        Ok(())
    });
    let mut client = server.client();
    server.send(&mut client, 3).expect("an answer");
    // Only when the server takes the next connection is the first one closed for certain.
    server.send(&mut Http::new(server.settings()), 3).expect("an answer");
    told.recv().expect("told");
    assert_eq!(server.send(&mut client, 3).expect("a new connection").status(), 200);
}

#[test]
fn a_loss_tells_whether_its_connection_was_used_before() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            read_request(stream)?;
            answer(stream, OK)?;
            // Closes it in the moment of the next request, which no look beforehand can see.
            read_head(stream).map(drop)
        });
        let mut client = server.client();
        server.send(&mut client, 3).expect("an answer");
        let error = server.send(&mut client, 0).expect_err("closed");
        assert_eq!(error.kind, Kind::Cut, "{error}");
        assert!(error.reused_connection && error.request_was_sent && !error.response_began);
        assert!(error.is_stale_connection());
        server.send(&mut client, 0).expect("a new connection");
    }
}

#[test]
fn a_half_answer_is_a_loss_that_tells_so() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_request(stream)?;
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Len")
    });
    let error = server.send(&mut server.client(), 3).expect_err("half an answer");
    assert_eq!(error.kind, Kind::Cut, "{error}");
    assert!(error.request_was_sent && error.response_began && !error.reused_connection);
}

#[test]
fn nothing_went_out_where_nobody_listens() {
    let server = Server::start(Scheme::Plain, |_, _| Ok(()));
    let mut client = server.client();
    let mut request = server.request(0);
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
    *request.uri_mut() = format!("http://{free}/").parse().expect("a URL");
    let error =
        bitsup::transport::Transport::exchange(&mut client, request, &mut std::io::empty()).expect_err("closed");
    assert_eq!(error.kind, Kind::Connect, "{error}");
    assert!(!error.request_was_sent && !error.reused_connection);
}
