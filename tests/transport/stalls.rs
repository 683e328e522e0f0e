//! Peers that stop. A test that ends at all has shown that the clock ran.

use std::io;
use std::time::Duration;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::TransportErrorKind as Kind;
use bitsup::transport::{Http, Settings, Transport};

use crate::support::{OK, Scheme, Server, Stream, answer, read_head, read_request, schemes};

const SHORT: Duration = Duration::from_millis(150);

fn loss(
    scheme: Scheme,
    length: u64,
    change: impl Fn(&mut Settings),
    handle: impl FnMut(&mut dyn Stream, usize) -> io::Result<()> + Send + 'static,
) -> Kind {
    let server = Server::start(scheme, handle);
    let mut settings = Settings {
        connect_timeout: Duration::ZERO,
        request_timeout: Duration::ZERO,
        response_timeout: Duration::ZERO,
        ..server.settings()
    };
    change(&mut settings);
    server.send(&mut Http::new(settings), length).expect_err("a stall").kind
}

#[test]
fn a_server_that_reads_nothing_runs_into_the_request_limit() {
    for scheme in schemes() {
        let kind = loss(
            scheme,
            1 << 30,
            |settings| settings.request_timeout = SHORT,
            |stream, _| {
                read_head(stream)?;
                std::thread::park();
                Ok(())
            },
        );
        assert_eq!(kind, Kind::TimedOut(SHORT));
    }
}

#[test]
fn a_server_that_answers_nothing_runs_into_the_response_limit() {
    for scheme in schemes() {
        let kind = loss(
            scheme,
            10,
            |settings| settings.response_timeout = SHORT,
            |stream, _| {
                read_request(stream)?;
                std::thread::park();
                Ok(())
            },
        );
        assert_eq!(kind, Kind::TimedOut(SHORT));
    }
}

#[test]
fn single_bytes_do_not_extend_the_response_limit() {
    let kind = loss(
        Scheme::Plain,
        10,
        |settings| settings.response_timeout = SHORT,
        |stream, _| {
            read_request(stream)?;
            answer(stream, "HTTP/1.1 200 OK\r\nX: ")?;
            loop {
                answer(stream, "y")?;
                std::thread::sleep(SHORT / 10);
            }
        },
    );
    assert_eq!(kind, Kind::TimedOut(SHORT));
}

#[test]
fn a_handshake_that_stalls_runs_into_the_connect_limit() {
    let server = Server::start(Scheme::Plain, |_, _| {
        std::thread::park();
        Ok(())
    });
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("http:", "https:").parse().expect("a URL");
    let mut client = Http::new(Settings { connect_timeout: SHORT, ..Settings::default() });
    let error = bitsup::transport::Transport::exchange(
        &mut client,
        request,
        bitsup::exchange::RequestOptions::default(),
        &mut io::empty(),
    )
    .expect_err("a stall");
    assert_eq!(error.kind, Kind::Connect, "{error}");
    assert!(!error.request_was_sent);
}

#[test]
fn without_limits_a_slow_server_is_waited_for() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_request(stream)?;
        std::thread::sleep(SHORT);
        answer(stream, OK)
    });
    let none = Duration::ZERO;
    let settings =
        Settings { connect_timeout: none, request_timeout: none, response_timeout: none, ..Settings::default() };
    assert_eq!(server.send(&mut Http::new(settings), 10).expect("an answer").status(), 200);
}

#[test]
fn a_request_may_grant_its_answer_less_time() {
    for usual in [Duration::ZERO, Duration::from_secs(3600)] {
        let server = Server::start(Scheme::Plain, |stream, _| {
            read_request(stream)?;
            std::thread::park();
            Ok(())
        });
        let mut client = Http::new(Settings { response_timeout: usual, ..server.settings() });
        let options = RequestOptions {
            response_at_least: Duration::from_secs(3600),
            response_at_most: Some(SHORT),
            ..RequestOptions::default()
        };
        let error = client.exchange(server.request(0), options, &mut io::empty()).expect_err("a stall");
        assert_eq!(error.kind, Kind::TimedOut(SHORT));
    }
}

#[test]
fn a_body_that_a_response_promises_and_does_not_bring_is_not_waited_for_long() {
    for text in
        ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"]
    {
        let server = Server::start(Scheme::Plain, move |stream, number| {
            read_request(stream)?;
            answer(stream, if number == 0 { text } else { OK })?;
            if number == 0 {
                // Ends when the client closes.
                io::copy(stream, &mut io::sink())?;
            }
            Ok(())
        });
        let mut client = server.client();
        let began = std::time::Instant::now();
        let status = server.send(&mut client, 3).expect("the response counts").status();
        assert_eq!(status, 200);
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        server.send(&mut client, 3).expect("on a new connection");
    }
}
