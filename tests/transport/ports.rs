//! URLs whose scheme is not that of the port: what answers there is named.

use std::io::{self, Read};
use std::time::Duration;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::{TlsFault, TransportError, TransportErrorKind as Kind};
use bitsup::transport::{Http, Proxies, Settings, Transport};
use http::Request;

use crate::support::{Scheme, Server, Stream, answer, read_head};

/// The alert `unexpected_message`, as a TLS server answers a request in plain text.
const TLS_ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 10];
const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A server of TLS, by what it makes of a request in plain text.
fn tls(stream: &mut dyn Stream, _: usize) -> io::Result<()> {
    stream.read_exact(&mut [0; 5])?;
    stream.write_all(&TLS_ALERT)
}

/// A server or proxy of HTTP, by what it makes of other bytes.
fn http(stream: &mut dyn Stream, _: usize) -> io::Result<()> {
    stream.read_exact(&mut [0; 3])?;
    answer(stream, BAD_REQUEST)
}

/// A SOCKS proxy that says why it closes.
fn socks(stream: &mut dyn Stream, _: usize) -> io::Result<()> {
    stream.read_exact(&mut [0; 2])?;
    stream.write_all(&[5, 0xff])
}

/// A SOCKS proxy that closes at once.
fn curt(stream: &mut dyn Stream, _: usize) -> io::Result<()> {
    read_head(stream).map(drop)
}

fn place(server: &Server) -> String {
    server.url().split('/').nth(2).expect("a place").to_owned()
}

fn loss(settings: Settings, url: &str, length: u64) -> TransportError {
    let request = Request::builder().method("BITS_POST").uri(url).header("Content-Length", length);
    let request = request.body(()).expect("a request");
    let body = &mut io::repeat(b'x').take(length);
    Http::new(settings).exchange(request, RequestOptions::default(), body).expect_err("no answer")
}

type Handle = fn(&mut dyn Stream, usize) -> io::Result<()>;

/// The error for a server with the wrong scheme.
fn of_server(handle: Handle, scheme: &str, length: u64) -> TransportError {
    let server = Server::start(Scheme::Plain, handle);
    loss(Settings::default(), &format!("{scheme}://{}/file", place(&server)), length)
}

/// The error for a proxy with the wrong scheme, for this URL.
fn of_proxy(handle: Handle, scheme: &str, url: &str) -> TransportError {
    let server = Server::start(Scheme::Plain, handle);
    let proxy = format!("{scheme}://{}", place(&server));
    let proxies = Proxies::always(proxy.parse().expect("a proxy"));
    let error = loss(Settings { proxies, ..Settings::default() }, url, 0);
    let peer = error.peer.as_deref().expect("known");
    assert!(peer.contains("files.example:") && peer.contains(&proxy), "{peer}");
    assert!(error.to_string().contains(&proxy), "{error}");
    error
}

#[track_caller]
fn assert_told(error: &TransportError, kind: Kind, words: &str) {
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.detail.contains(words), "no {words:?} in: {error}");
    assert!(!error.is_about_trust());
}

#[test]
fn http_to_other_ports() {
    for length in [0, 64 << 20] {
        assert_told(&of_server(tls, "http", length), Kind::BadResponse, "this is a TLS port");
        assert_told(&of_server(socks, "http", length), Kind::BadResponse, "this is a SOCKS proxy");
    }
    assert_told(&of_server(curt, "http", 0), Kind::Cut, "without a response");
}

#[test]
fn https_to_other_ports() {
    assert_told(&of_server(http, "https", 0), Kind::Tls(TlsFault::NotTls), "this is an HTTP port");
    assert_told(&of_server(socks, "https", 0), Kind::Tls(TlsFault::NotTls), "this is a SOCKS proxy");
}

#[test]
fn proxies_of_another_kind() {
    let (plain, secure) = ("http://files.example/file", "https://files.example/file");
    for url in [plain, secure] {
        assert_told(&of_proxy(socks, "http", url), Kind::ProxyRefused, "this is a SOCKS proxy");
        assert_told(&of_proxy(tls, "http", url), Kind::ProxyRefused, "this is a TLS port");
        assert_told(&of_proxy(http, "socks5h", url), Kind::ProxyRefused, "this is an HTTP port");
        assert_told(&of_proxy(http, "https", url), Kind::Tls(TlsFault::NotTls), "this is an HTTP port");
    }
    assert_told(&of_proxy(curt, "http", secure), Kind::Connect, "SOCKS");
    assert_told(&of_proxy(curt, "http", plain), Kind::Cut, "SOCKS");
}

#[test]
fn a_proxy_that_waits_for_more_than_a_greeting_may_be_one_for_http() {
    // As a server of HTTP or TLS waits for a line or a record.
    let server = Server::start(Scheme::Plain, |stream, _| stream.read_to_end(&mut Vec::new()).map(drop));
    let proxies = Proxies::always(format!("socks5h://{}", place(&server)).parse().expect("a proxy"));
    let settings = Settings { proxies, connect_timeout: Duration::from_millis(50), ..Settings::default() };
    assert_told(&loss(settings, "https://files.example/file", 0), Kind::Connect, "if it is an HTTP proxy");
}
