//! `--verify`: what is at the destination is looked at after Close-Session.

use crate::support::bitsup::{Finished, Source, command};
use crate::support::script::{Model, Reply, Request, ScriptServer};

const SIZE: usize = 1000;

fn upload(url: &str, source: &Source, how: &str) -> Finished {
    let options = ["upload", "--no-state", "--retry-delay", "1ms", "--verify", how];
    Finished(command(options).arg(source.arg()).arg(url).output().expect("started"))
}

/// A server that keeps to the protocol, and answers HEAD and GET by `read`, given their number and what it has.
fn server(mut read: impl FnMut(&Request, usize, &[u8]) -> Reply + Send + 'static) -> ScriptServer {
    let (model, mut reads) = (Model::default(), 0);
    ScriptServer::start(move |request| {
        if request.head.starts_with("BITS_POST") {
            return model.answer(request);
        }
        assert_eq!(request.field("Accept-Encoding"), Some("identity"));
        reads += 1;
        read(request, reads - 1, &model.stored())
    })
}

/// 200 with these header lines and this body.
fn answer(fields: &str, body: &[u8]) -> Reply {
    Reply::Bytes([format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat())
}

fn whole(request: &Request, body: &[u8]) -> Reply {
    let sent = if request.head.starts_with("HEAD") { &[] } else { body };
    answer(&format!("Content-Length: {}\r\n", body.len()), sent)
}

fn reads(server: &ScriptServer) -> usize {
    server.packets().iter().filter(|packet| packet.is_empty()).count()
}

#[cfg(feature = "serve")]
#[test]
fn the_receiver_shows_what_arrived_or_not() {
    use crate::support::receiver::Receiver;
    let receiver = Receiver::start(&["--allow-read", "--overwrite"]);
    for (how, text) in [("size", "the same by its size, 300000 bytes"), ("sha256", "the same by its SHA-256, ")] {
        for size in [300_000, 0] {
            let source = Source::new(size);
            let finished = upload(&receiver.url, &source, how);
            finished.exits(0).says(&[&text.replace("300000", &size.to_string())]);
        }
    }
    let closed = Receiver::start(&["--overwrite"]);
    for how in ["size", "sha256"] {
        let finished = upload(&closed.url, &Source::new(10), how);
        finished.exits(18).says(&["acknowledged the upload", "405 Method Not Allowed", "without --verify"]);
        assert_eq!(closed.published("file.bin").len(), 10);
    }
    upload(&closed.url, &Source::new(10), "none").exits(0);
}

#[test]
fn the_same_is_success_and_asked_for_after_close() {
    for how in ["size", "sha256"] {
        let server = server(|request, _, stored| whole(request, stored));
        upload(&server.url("/file"), &Source::new(SIZE), how).exits(0).says(&["verified:"]);
        assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Close-Session", ""]);
        assert_eq!(server.requests()[4].path(), "/file");
    }
    let chunked = server(|_, _, stored| {
        let body = [format!("{:x}\r\n", stored.len()).as_bytes(), stored, b"\r\n0\r\n\r\n"].concat();
        answer("Transfer-Encoding: chunked\r\n", &body)
    });
    upload(&chunked.url("/file"), &Source::new(SIZE), "sha256").exits(0);
}

#[test]
fn a_difference_exits_14_and_is_not_tried_again() {
    for (how, text) in [("size", "it has 999 bytes instead of 1000"), ("sha256", "it has 999 bytes instead of 1000")] {
        let server = server(|request, _, stored| whole(request, &stored[1..]));
        let finished = upload(&server.url("/file"), &Source::new(SIZE), how);
        finished.exits(14).says(&["acknowledged the upload", "differs", text]);
        assert_eq!(reads(&server), 1);
    }
    let changed = |stored: &[u8]| [&stored[1..], b"x"].concat();
    let server = server(move |request, _, stored| whole(request, &changed(stored)));
    upload(&server.url("/file"), &Source::new(SIZE), "sha256").exits(14).says(&["its SHA-256 is ", "instead of"]);
    upload(&server.url("/file"), &Source::new(SIZE), "size").exits(0);
}

#[test]
fn a_body_without_a_length_that_goes_on_is_a_difference() {
    let server = server(|_, _, stored| answer("Connection: close\r\n", &[stored, b"x"].concat()));
    upload(&server.url("/file"), &Source::new(SIZE), "sha256").exits(14).says(&["more than the file's 1000 bytes"]);
}

#[test]
fn a_server_that_cannot_say_exits_18() {
    for status in ["401 Unauthorized", "404 Not Found", "405 Method Not Allowed", "501 Not Implemented", "302 Found"] {
        for how in ["size", "sha256"] {
            let server = server(move |_, _, _| Reply::head(&format!("HTTP/1.1 {status}\nLocation: /file")));
            let finished = upload(&server.url("/file"), &Source::new(SIZE), how);
            finished.exits(18).says(&["acknowledged the upload", status]);
            // Where HEAD is not allowed, GET may be.
            let twice = how == "size" && (status.starts_with("405") || status.starts_with("501"));
            assert_eq!(reads(&server), 1 + usize::from(twice), "{status}");
        }
    }
    let silent = server(|_, _, stored| Reply::Last([b"HTTP/1.1 200 OK\r\n\r\n", stored].concat()));
    upload(&silent.url("/file"), &Source::new(SIZE), "size").exits(18).says(&["has no length"]);
    upload(&silent.url("/file"), &Source::new(SIZE), "sha256").exits(18).says(&["has no length"]);
    let packed = server(|_, _, _| answer("Content-Encoding: gzip\r\nContent-Length: 3\r\n", b"abc"));
    upload(&packed.url("/file"), &Source::new(SIZE), "sha256").exits(18).says(&["compressed"]);
}

#[test]
fn what_may_pass_is_tried_again_a_few_times() {
    for how in ["size", "sha256"] {
        let recovers = server(|request, number, stored| match number {
            0 => Reply::HangUp,
            1 => Reply::head("HTTP/1.1 503 Service Unavailable\nRetry-After: 0"),
            2 if request.head.starts_with("GET") => Reply::Last(
                [format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n").as_bytes(), &stored[..9]].concat(),
            ),
            _ => whole(request, stored),
        });
        upload(&recovers.url("/file"), &Source::new(SIZE), how).exits(0).says(&["try 2"]);
        let never = server(|_, _, _| Reply::head("HTTP/1.1 503 Service Unavailable"));
        upload(&never.url("/file"), &Source::new(SIZE), how).exits(18).says(&["503 Service Unavailable"]);
        assert_eq!(reads(&never), 5);
    }
}

/// A server that loses its first answer to Close-Session, and has forgotten the session then.
fn forgetful(read: fn(&Request, &[u8]) -> Reply) -> ScriptServer {
    let (model, mut closes) = (Model::default(), 0);
    ScriptServer::start(move |request| match request.packet() {
        "Close-Session" if closes == 0 => {
            closes += 1;
            Reply::HangUp
        }
        "Close-Session" => Reply::head("HTTP/1.1 500 Gone\nBITS-Packet-Type: Ack\nBITS-Error: 0x8020001F"),
        "" => read(request, &model.stored()),
        _ => model.answer(request),
    })
}

#[test]
fn an_unconfirmed_close_is_a_success_only_if_the_content_is_there() {
    let same = forgetful(whole);
    upload(&same.url("/file"), &Source::new(SIZE), "size")
        .exits(18)
        .says(&["the same by its size", "BG_E_SESSION_NOT_FOUND"]);
    // The user asked whether the file is there, and it is.
    let same = forgetful(whole);
    upload(&same.url("/file"), &Source::new(SIZE), "sha256").exits(0).says(&["the same by its SHA-256"]);
    for how in ["size", "sha256"] {
        let other = forgetful(|request, stored| whole(request, &stored[1..]));
        upload(&other.url("/file"), &Source::new(SIZE), how).exits(14).says(&["differs"]);
        let hidden = forgetful(|_, _| Reply::head("HTTP/1.1 404 Not Found"));
        upload(&hidden.url("/file"), &Source::new(SIZE), how).exits(18).says(&["404 Not Found", "probably there"]);
    }
    let unasked = forgetful(whole);
    upload(&unasked.url("/file"), &Source::new(SIZE), "none").exits(18).says(&["probably there"]);
    assert_eq!(reads(&unasked), 0);
}

#[test]
fn a_failed_upload_is_not_looked_at() {
    let server = ScriptServer::start(|_| Reply::head("HTTP/1.1 403 Forbidden"));
    upload(&server.url("/file"), &Source::new(SIZE), "size").exits(8);
    assert_eq!(server.packets(), ["Ping"]);
}
