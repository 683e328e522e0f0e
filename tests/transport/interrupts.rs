//! Interruption of whatever is blocked. A test that ends at all has shown that it was.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use bitsup::exchange::TransportErrorKind as Kind;
use bitsup::transport::{Http, Settings, Transport};

use crate::support::{OK, Scheme, Server, answer, read_head, read_request, schemes};

/// Interrupts an exchange once the server says that it came to a stop.
fn interrupted(scheme: Scheme, length: u64, read_body: bool) -> bool {
    let (stopped, told) = mpsc::channel();
    let server = Server::start(scheme, move |stream, _| {
        if read_body {
            read_request(stream)?;
        } else {
            read_head(stream)?;
        }
        stopped.send(()).expect("listened to");
        std::thread::park();
        Ok(())
    });
    let mut client = server.client();
    let cancellation = client.cancellation();
    let other = std::thread::spawn(move || {
        told.recv().expect("told");
        cancellation.interrupt();
    });
    let error = server.send(&mut client, length).expect_err("interrupted");
    other.join().expect("no panic");
    let again = server.send(&mut client, length).expect_err("still interrupted");
    assert_eq!(again.kind, Kind::Interrupted);
    assert!(!again.request_was_sent);
    error.kind == Kind::Interrupted && error.request_was_sent
}

#[test]
fn sending_is_interrupted() {
    assert!(schemes().all(|scheme| interrupted(scheme, 1 << 40, false)));
}

#[test]
fn waiting_for_an_answer_is_interrupted() {
    assert!(schemes().all(|scheme| interrupted(scheme, 10, true)));
}

#[test]
fn last_words_go_out_after_an_interruption_on_a_new_connection() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, number| {
            loop {
                read_request(stream)?;
                answer(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nNumber: {number}\r\n\r\n"))?;
            }
        });
        let mut client = server.client();
        server.send(&mut client, 0).expect("answered");
        client.cancellation().interrupt();
        assert_eq!(server.send(&mut client, 0).expect_err("interrupted").kind, Kind::Interrupted);
        client.last_words(Duration::from_secs(60));
        for _ in 0..2 {
            assert_eq!(server.send(&mut client, 0).expect("answered").headers()["Number"], "1");
        }
    }
}

#[test]
fn last_words_have_one_limit_for_everything() {
    const LIMIT: Duration = Duration::from_millis(300);
    for read_body in [false, true] {
        for scheme in schemes() {
            let server = Server::start(scheme, move |stream, number| {
                if read_body || number == 0 {
                    read_request(stream)?;
                }
                if number == 0 {
                    return answer(stream, OK);
                }
                std::thread::park();
                Ok(())
            });
            let mut client = server.client();
            let cancellation = client.cancellation();
            server.send(&mut client, 0).expect("answered");
            cancellation.interrupt();
            let began = Instant::now();
            client.last_words(LIMIT);
            let error = server.send(&mut client, 1 << 30).expect_err("silence");
            assert!(matches!(error.kind, Kind::Interrupted | Kind::TimedOut(_)), "{error}");
            assert!((LIMIT..LIMIT * 10).contains(&began.elapsed()), "{:?}", began.elapsed());
            let again = server.send(&mut client, 0).expect_err("over");
            assert!(matches!(again.kind, Kind::Interrupted | Kind::TimedOut(_)) && !again.request_was_sent);
        }
    }
}

#[test]
fn last_words_bound_connecting_too() {
    const LIMIT: Duration = Duration::from_millis(300);
    // Nothing shakes hands there.
    let server = Server::start(Scheme::Plain, |_, _| {
        std::thread::park();
        Ok(())
    });
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("http:", "https:").parse().expect("a URL");
    let mut client = Http::new(Settings { connect_timeout: Duration::ZERO, ..Settings::default() });
    client.last_words(LIMIT);
    let options = bitsup::exchange::RequestOptions::default();
    let error = client.exchange(request, options, &mut std::io::empty()).expect_err("silence");
    assert!(matches!(error.kind, Kind::Interrupted | Kind::TimedOut(_)), "{error}");
}
