//! Answers that come while the body is still going out.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::{BodySent, Timing, TransportErrorKind as Kind};
use bitsup::transport::{Http, Settings, Transport};

use crate::support::{OK, Scheme, Server, answer, read_head, read_request, schemes};

const TOO_LARGE: &str = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 9\r\n\r\ntoo large";
const TRIES: usize = 100;
const BODY: u64 = 8 << 20;

/// Sends to a server that reads a little, answers, and closes with data unread: its kernel then resets the connection.
/// Fewer than 95 early answers of 100 must not happen.
fn count_recovered(scheme: Scheme) {
    let server = Server::start(scheme, |stream, number| {
        read_head(stream)?;
        // From right after the head to well into the body.
        stream.read_exact(&mut vec![0; number * 10_000])?;
        answer(stream, TOO_LARGE)
    });
    let mut client = server.client();
    let (mut recovered, mut losses) = (0, Vec::new());
    for _ in 0..TRIES {
        match server.send(&mut client, BODY) {
            Ok(answer) => {
                assert_eq!(answer.status(), 413);
                assert_eq!(answer.extensions().get::<Timing>(), None, "of part of a body nothing can be said");
                recovered += 1;
            }
            Err(error) => losses.push(error),
        }
    }
    assert!(recovered >= 95, "{recovered} of {TRIES}: {losses:?}");
}

#[test]
fn an_early_answer_survives_the_reset_after_it() {
    count_recovered(Scheme::Plain);
}

#[test]
fn an_early_answer_survives_the_reset_after_it_under_tls() {
    count_recovered(Scheme::Tls);
}

#[test]
fn the_source_is_not_read_on_after_an_early_answer() {
    struct Counting(u64);
    impl Read for Counting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }
    // The server keeps the connection open and reads nothing: without the answer this would wait for ever.
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_head(stream)?;
        answer(stream, TOO_LARGE)?;
        std::thread::park();
        Ok(())
    });
    let mut source = Counting(0);
    let answer =
        server.client().exchange(server.request(1 << 40), RequestOptions::default(), &mut source).expect("an answer");
    assert_eq!(answer.status(), 413);
    assert!(source.0 < 1 << 30, "{}", source.0);
}

#[test]
fn a_connection_with_an_early_answer_is_not_used_again() {
    for scheme in schemes() {
        // 416 leaves a connection usable, but not when the request is only half out.
        let server = Server::start(scheme, |stream, number| {
            if number == 0 {
                read_head(stream)?;
                answer(stream, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n")?;
            }
            read_request(stream)?;
            answer(stream, if number == 0 { "HTTP/1.1 500 Reused\r\nContent-Length: 0\r\n\r\n" } else { OK })
        });
        let mut client = server.client();
        assert_eq!(server.send(&mut client, 1 << 30).expect("an answer").status(), 416);
        assert_eq!(server.send(&mut client, 5).expect("an answer").status(), 200);
    }
}

#[test]
fn an_interim_answer_does_not_stop_the_body() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            let head = read_head(stream)?;
            answer(stream, "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 1")?;
            let length = if head.is_empty() { 0 } else { BODY };
            let read = io::copy(&mut stream.take(length), &mut io::sink())?;
            answer(stream, &format!("03 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nRead: {read}\r\n\r\n"))
        });
        let answer = server.send(&mut server.client(), BODY).expect("an answer");
        assert_eq!(answer.headers()["Read"], BODY.to_string());
        assert!(answer.extensions().get::<Timing>().is_some(), "it is not early");
    }
}

#[test]
fn hanging_up_without_a_word_is_a_cut() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            read_head(stream)?;
            stream.read_exact(&mut vec![0; 100_000])
        });
        let error = server.send(&mut server.client(), BODY).expect_err("no answer");
        assert_eq!(error.kind, Kind::Cut, "{error}");
        assert!(error.request_was_sent && !error.response_began && !error.reused_connection);
    }
}

/// More than the buffers of two kernels hold.
const LARGE: u64 = 64 << 20;

#[test]
fn after_an_early_success_the_whole_body_goes_out() {
    for scheme in schemes() {
        let (count, arrived) = mpsc::channel();
        let server = Server::start(scheme, move |stream, number| {
            for early in [OK, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 201 Cre"] {
                read_head(stream)?;
                answer(stream, early)?;
                let read = io::copy(&mut stream.take(LARGE), &mut io::sink())?;
                if early.ends_with("Cre") {
                    answer(stream, "ated\r\nContent-Length: 0\r\n\r\n")?;
                }
                count.send((number, read)).expect("listened to");
            }
            Ok(())
        });
        let mut client = server.client();
        for status in [200, 200, 201] {
            let answer = server.send(&mut client, LARGE).expect("an answer");
            assert_eq!(answer.status(), status);
            assert_eq!(arrived.recv().expect("counted"), (0, LARGE), "all of it, on one connection");
            assert_eq!(answer.extensions().get::<BodySent>(), Some(&BodySent(LARGE)));
            let timing = answer.extensions().get::<Timing>().expect("measured");
            assert!(timing.waiting <= timing.total);
        }
    }
}

#[test]
fn an_early_success_of_a_server_that_does_not_take_the_body_is_a_loss() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, number| {
            read_head(stream)?;
            stream.read_exact(&mut vec![0; number * 100_000])?;
            answer(stream, OK)
        });
        for _ in 0..20 {
            let error = server.send(&mut server.client(), LARGE).expect_err("half a body");
            assert_eq!(error.kind, Kind::Cut, "{error}");
            assert!(error.response_began && error.body_sent < LARGE);
        }
    }
}

#[test]
fn an_early_success_does_not_stop_the_clock_of_a_body_that_is_not_taken() {
    const SHORT: Duration = Duration::from_millis(150);
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            read_head(stream)?;
            answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and what does not belong to it")?;
            std::thread::park();
            Ok(())
        });
        let mut client = Http::new(Settings { request_timeout: SHORT, ..server.settings() });
        let error = server.send(&mut client, LARGE).expect_err("a stall");
        assert_eq!(error.kind, Kind::TimedOut(SHORT));
        assert!(error.body_sent < LARGE);
    }
}

#[test]
fn an_answer_that_does_not_end_is_not_read_on_while_the_body_goes_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        read_head(&mut stream).expect("a head");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").expect("written");
        let mut writing = stream.try_clone().expect("cloned");
        let writer = std::thread::spawn(move || {
            let mut written = 0_u64;
            while let Ok(count) = writing.write(&[b'x'; 1 << 14]) {
                written += count as u64;
            }
            written
        });
        let read = io::copy(&mut (&stream).take(LARGE), &mut io::sink()).expect("read");
        // The client may have been faster.
        let _ = stream.shutdown(std::net::Shutdown::Both);
        (read, writer.join().expect("no panic"))
    });
    let request = http::Request::builder().method("BITS_POST").uri(format!("http://127.0.0.1:{port}/"));
    let request = request.header("Content-Length", LARGE).body(()).expect("a request");
    let body = &mut io::repeat(b'x').take(LARGE);
    let answer = Http::new(Settings::default()).exchange(request, RequestOptions::default(), body);
    assert_eq!(answer.expect("an answer").status(), 200);
    let (read, written) = server.join().expect("no panic");
    assert_eq!(read, LARGE);
    // The buffers of two kernels hold no more than this.
    assert!(written < LARGE / 4, "{written}");
}
