//! How much of a body went out, by what a server finds on its side.

use std::io::{self, Read};
use std::sync::mpsc;
use std::time::Duration;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::{BodySent, TransportErrorKind as Kind};
use bitsup::transport::{Http, Proxies, RateLimiter, Settings, Transport};

use crate::support::{OK, Scheme, Server, Stream, answer, read_head, read_request, schemes};

/// More than the buffers of two kernels hold.
const BODY: u64 = 64 << 20;
const SHORT: Duration = Duration::from_millis(150);

/// Bytes that rustls encrypts before the network takes them.
const TLS_BATCH: u64 = 128 * 1024;

/// Reads until the client's stream ends.
fn read_rest(stream: &mut dyn Stream) -> u64 {
    let (mut buffer, mut total) = (vec![0; 1 << 16], 0);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        total += count as u64;
    }
    total
}

/// As many bytes arrived as were sent. Under TLS some of them may not have left.
#[track_caller]
fn assert_exact(scheme: Scheme, sent: u64, arrived: u64) {
    let behind = if scheme == Scheme::Tls { TLS_BATCH } else { 0 };
    assert!(sent > 0 && sent < BODY, "{sent}");
    assert!((arrived..=arrived + behind).contains(&sent), "{sent} sent, {arrived} arrived");
}

fn of(answer: &http::Response<()>) -> u64 {
    answer.extensions().get::<BodySent>().expect("told").0
}

/// A server that reads `first` bytes of the body, does something, and reads the rest when the client is gone.
fn halting(
    scheme: Scheme,
    first: u64,
    then: impl Fn(&mut dyn Stream) -> io::Result<()> + Send + 'static,
) -> (Server, mpsc::Sender<()>, mpsc::Receiver<u64>) {
    let ((go_on, told), (count, arrived)) = (mpsc::channel(), mpsc::channel());
    let server = Server::start(scheme, move |stream, _| {
        read_head(stream)?;
        io::copy(&mut stream.take(first), &mut io::sink())?;
        then(stream)?;
        told.recv().expect("told");
        count.send(first + read_rest(stream)).expect("listened to");
        Ok(())
    });
    (server, go_on, arrived)
}

#[test]
fn a_peer_that_stops_reading_leaves_an_exact_count() {
    for scheme in schemes() {
        for rate_limit in [None, Some(RateLimiter::new((1 << 30).try_into().expect("a rate")))] {
            let (server, go_on, arrived) = halting(scheme, 300_000, |_| Ok(()));
            let settings = Settings { request_timeout: SHORT, rate_limit, ..server.settings() };
            let error = server.send(&mut Http::new(settings), BODY).expect_err("a stall");
            assert_eq!(error.kind, Kind::TimedOut(SHORT), "{error}");
            go_on.send(()).expect("listened to");
            assert_exact(scheme, error.body_sent, arrived.recv().expect("counted"));
        }
    }
}

#[test]
fn an_early_refusal_leaves_an_exact_count() {
    for scheme in schemes() {
        for first in [0, 1, 3_000_000] {
            let (server, go_on, arrived) = halting(scheme, first, |stream| {
                answer(stream, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n")
            });
            let answer = server.send(&mut server.client(), BODY).expect("an answer");
            assert_eq!(answer.status(), 413);
            go_on.send(()).expect("listened to");
            let arrived = arrived.recv().expect("counted");
            assert!(first == 0 && arrived == 0 && of(&answer) == 0 || of(&answer) > 0);
            if arrived > 0 {
                assert_exact(scheme, of(&answer), arrived);
            }
        }
    }
}

#[test]
fn a_request_line_that_is_rewritten_for_a_proxy_is_no_body() {
    let (server, go_on, arrived) = halting(Scheme::Plain, 5, |_| Ok(()));
    let place = server.url().trim_end_matches("/file").to_owned();
    let proxies = Proxies::always(place.parse().expect("a proxy"));
    let mut client = Http::new(Settings { request_timeout: SHORT, proxies, ..Settings::default() });
    let mut request = server.request(BODY);
    *request.uri_mut() = "http://files.example/a".parse().expect("a URL");
    let body = &mut io::repeat(b'x').take(BODY);
    let error = client.exchange(request, RequestOptions::default(), body).expect_err("a stall");
    go_on.send(()).expect("listened to");
    assert_exact(Scheme::Plain, error.body_sent, arrived.recv().expect("counted"));
}

#[test]
fn a_body_that_went_out_whole_counts_whole() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| {
            loop {
                match read_request(stream)? {
                    7 => return Ok(()),
                    _ => answer(stream, OK)?,
                }
            }
        });
        let mut client = server.client();
        for length in [0, 1, 5 << 20, 0] {
            assert_eq!(of(&server.send(&mut client, length).expect("an answer")), length);
        }
        let error = server.send(&mut client, 7).expect_err("no answer");
        assert_eq!(error.body_sent, 7, "{error}");
    }
}

#[test]
fn a_source_that_breaks_off_counts_what_went_out_before() {
    struct Breaking(u64);
    impl Read for Breaking {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0 {
                0 => Err(io::Error::other("the disk is on fire")),
                left => {
                    let count = buffer.len().min(usize::try_from(left).expect("small"));
                    self.0 -= count as u64;
                    Ok(count)
                }
            }
        }
    }
    let (count, arrived) = mpsc::channel();
    let server = Server::start(Scheme::Plain, move |stream, _| {
        read_head(stream)?;
        count.send(read_rest(stream)).expect("listened to");
        Ok(())
    });
    let mut source = Breaking(3_000_000);
    let error = server.client().exchange(server.request(BODY), RequestOptions::default(), &mut source);
    let error = error.expect_err("no body");
    assert_eq!((error.kind, error.body_sent), (Kind::Local, 3_000_000), "{error}");
    assert_eq!(arrived.recv().expect("counted"), 3_000_000);
}
