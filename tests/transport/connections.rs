//! Connections that are kept, and lost.

use std::sync::mpsc;

use bitsup::exchange::{ConnectionUse, RequestOptions};
use bitsup::exchange::{Timing, TransportErrorKind as Kind};
use bitsup::transport::{Http, Transport};

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
    let error = bitsup::transport::Transport::exchange(
        &mut client,
        request,
        bitsup::exchange::RequestOptions::default(),
        &mut std::io::empty(),
    )
    .expect_err("closed");
    assert_eq!(error.kind, Kind::Connect, "{error}");
    assert!(!error.request_was_sent && !error.reused_connection);
    assert_eq!(error.peer, Some(free.to_string()));
}

#[test]
fn a_peer_that_closes_in_good_order_is_told_from_one_that_resets() {
    for scheme in schemes() {
        for (first_is_answered, length, read, closed) in
            [(true, 0, 0, true), (true, 8 << 20, 50_000, false), (false, 0, 0, false)]
        {
            let server = Server::start(scheme, move |stream, _| {
                if first_is_answered {
                    read_request(stream)?;
                    answer(stream, OK)?;
                }
                // With unread bytes left, the kernel resets the connection.
                read_head(stream)?;
                stream.read_exact(&mut vec![0; read])
            });
            let mut client = server.client();
            if first_is_answered {
                server.send(&mut client, 3).expect("an answer");
            }
            let error = server.send(&mut client, length).expect_err("no answer");
            assert_eq!(error.kind, Kind::Cut, "{error}");
            assert_eq!((error.reused_connection, error.closed_by_peer), (first_is_answered, closed), "{error}");
        }
    }
}

#[test]
fn half_a_response_is_no_closed_connection() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_request(stream)?;
        answer(stream, OK)?;
        read_request(stream)?;
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Len")
    });
    let mut client = server.client();
    server.send(&mut client, 3).expect("an answer");
    let error = server.send(&mut client, 3).expect_err("half an answer");
    assert!(error.reused_connection && error.response_began && !error.closed_by_peer);
}

#[test]
fn a_connection_closed_between_two_writes_of_a_body_is_closed_by_the_peer() {
    use std::io::Read;
    /// Has the server close the connection before the second piece.
    struct Waiting {
        close: mpsc::Sender<()>,
        closed: mpsc::Receiver<()>,
        pieces: u32,
    }
    impl Read for Waiting {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.pieces += 1;
            if self.pieces == 2 {
                self.close.send(()).expect("listened to");
                self.closed.recv().expect("told");
            }
            Ok(buffer.len().min(100_000))
        }
    }
    let ((close, told), (done, closed)) = (mpsc::channel(), mpsc::channel());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        read_request(&mut stream).expect("a request");
        answer(&mut stream, OK).expect("written");
        read_head(&mut stream).expect("a head");
        stream.read_exact(&mut vec![0; 100_000]).expect("a piece");
        told.recv().expect("told");
        drop(stream);
        done.send(()).expect("listened to");
    });
    let request = |length: u64| {
        let request = http::Request::builder().method("BITS_POST").uri(format!("http://{place}/"));
        request.header("Content-Length", length).body(()).expect("a request")
    };
    let mut client = Http::new(bitsup::transport::Settings::default());
    let options = RequestOptions::default();
    client.exchange(request(3), options, &mut std::io::repeat(0).take(3)).expect("an answer");
    let mut source = Waiting { close, closed, pieces: 0 };
    let error = client.exchange(request(10_000_000), options, &mut source).expect_err("closed");
    server.join().expect("no panic");
    assert!(error.kind == Kind::Cut && error.closed_by_peer, "{error:?}");
    assert_eq!(error.body_sent, 100_000);
}

#[test]
fn a_request_may_want_a_new_connection() {
    // The server handles one connection at a time: the old one must be closed.
    let server = Server::start(Scheme::Plain, |stream, number| {
        loop {
            read_request(stream)?;
            answer(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nNumber: {number}\r\n\r\n"))?;
        }
    });
    let mut client = server.client();
    let mut number = |connection| {
        let options = RequestOptions { connection, ..RequestOptions::default() };
        let answer = client.exchange(server.request(0), options, &mut std::io::empty());
        answer.map(|answer| answer.headers()["Number"].to_str().expect("text").to_owned())
    };
    let error = number(ConnectionUse::Same).expect_err("there is none yet");
    assert_eq!((error.kind, error.request_was_sent), (Kind::NoConnection, false));
    let uses = [ConnectionUse::Any, ConnectionUse::Same, ConnectionUse::New, ConnectionUse::Any, ConnectionUse::New];
    assert_eq!(uses.map(|connection| number(connection).expect("an answer")), ["0", "0", "1", "1", "2"]);
}

#[test]
fn a_loss_names_its_peer() {
    for scheme in schemes() {
        let server = Server::start(scheme, |stream, _| read_request(stream).map(drop));
        let error = server.send(&mut server.client(), 3).expect_err("no answer");
        let place = server.url().split('/').nth(2).expect("a place").to_owned();
        assert_eq!(error.peer.as_deref(), Some(place.as_str()));
        let mut settings = server.settings();
        let port = place.rsplit(':').next().expect("a port").parse().expect("a number");
        settings.tls.insecure = true;
        let fixed = |address: [u8; 4]| bitsup::transport::FixedAddress {
            host: "files.example".to_owned(),
            port,
            address: address.into(),
        };
        settings.addresses.fixed = vec![fixed([127, 0, 0, 1])];
        let mut request = server.request(0);
        *request.uri_mut() = server.url().replace("127.0.0.1", "files.example").parse().expect("a URL");
        let mut client = Http::new(settings);
        let error = client.exchange(request, RequestOptions::default(), &mut std::io::empty()).expect_err("no answer");
        assert_eq!(error.peer, Some(format!("files.example:{port} ({place})")));
    }
    let mut client = Http::new(bitsup::transport::Settings::default());
    let request = http::Request::builder().uri("http://nowhere.invalid/").body(()).expect("a request");
    let error = client.exchange(request, RequestOptions::default(), &mut std::io::empty()).expect_err("no such host");
    assert_eq!(error.peer.as_deref(), Some("nowhere.invalid:80"));
}
