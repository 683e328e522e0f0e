//! Through proxies: what they see, and what is made of their refusals. Names are such that only the proxy knows them.

use std::io::{self, Read};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::{ChannelBinding, TransportError, TransportErrorKind as Kind};
use bitsup::protocol::Origin;
use bitsup::transport::{FixedAddress, Http, Proxies, Settings, TlsSettings, Transport};
use http::{Request, Response, Uri};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{OK, Scheme, Server, Stream, answer, read_head, read_request};
use crate::tls::Authority;

const BODY: u64 = 8 << 20;

/// The requests that a proxy got, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn seen(log: &Log) -> Vec<String> {
    log.lock().expect("no panic").clone()
}

/// Settings for a proxy with `before` its address, as in `socks5://user:password@`.
fn settings(proxy: &Server, before: &str, authority: &Authority) -> Settings {
    let place = proxy.url();
    let place = place.trim_end_matches("/file").rsplit('/').next().expect("a place");
    let proxies = Proxies::always(format!("{before}{place}").parse().expect("a proxy"));
    let extra_roots = vec![authority.root()];
    Settings { proxies, tls: TlsSettings { extra_roots, ..TlsSettings::default() }, ..Settings::default() }
}

fn send(client: &mut Http, url: &str, length: u64) -> Result<Response<()>, TransportError> {
    let request = Request::builder().method("BITS_POST").uri(url).header("Host", "x").header("Content-Length", length);
    client.exchange(request.body(()).expect("a request"), RequestOptions::default(), &mut io::repeat(b'x').take(length))
}

/// The server behind a proxy: answers requests, within TLS if it has a configuration.
fn serve(stream: &mut dyn Stream, tls: Option<&Arc<ServerConfig>>) -> io::Result<()> {
    match tls {
        None => loop {
            read_request(stream)?;
            answer(stream, OK)?;
        },
        Some(config) => {
            let session = ServerConnection::new(Arc::clone(config)).expect("a session");
            let mut stream = StreamOwned::new(session, stream);
            loop {
                read_request(&mut stream)?;
                answer(&mut stream, OK)?;
            }
        }
    }
}

/// An HTTP proxy that answers CONNECT with `head`, and is the server itself after a 200.
fn http_proxy(scheme: Scheme, authority: &Authority, head: &'static str) -> (Server, Log) {
    let log = Log::default();
    let (inside, kept) = (authority.config(&["files.example"]), Arc::clone(&log));
    let handle = move |stream: &mut dyn Stream, _| {
        let request = String::from_utf8(read_head(stream)?).expect("text");
        kept.lock().expect("no panic").push(request);
        answer(stream, head)?;
        serve(stream, Some(&inside))
    };
    let server = match scheme {
        Scheme::Plain => Server::start(scheme, handle),
        Scheme::Tls => {
            let config = Arc::into_inner(authority.config(&["127.0.0.1"])).expect("the only one");
            Server::start_tls(config, authority.root(), handle)
        }
    };
    (server, log)
}

const TUNNEL: &str = "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n";

#[test]
fn https_goes_through_a_tunnel() {
    let authority = Authority::new();
    for (scheme, before) in [(Scheme::Plain, "http://me:s%20pw@"), (Scheme::Tls, "https://me:s%20pw@")] {
        let (proxy, log) = http_proxy(scheme, &authority, TUNNEL);
        let mut client = Http::new(settings(&proxy, before, &authority));
        for length in [0, BODY] {
            send(&mut client, "https://files.example/file", length).expect("through");
        }
        let head = "CONNECT files.example:443 HTTP/1.1\r\nHost: files.example:443\r\n\
                    Proxy-Authorization: Basic bWU6cyBwdw==\r\n\r\n";
        assert_eq!(seen(&log), [head]);
        let reached = client.connection_info().expect("a proxy");
        assert_eq!(reached.tls.expect("TLS").names, ["files.example"]);
        assert!(reached.proxy.is_some_and(|shown| !shown.contains("pw") && shown.contains("127.0.0.1")));
    }
}

#[test]
fn what_is_said_of_the_servers_certificate_does_not_hold_for_the_proxys() {
    let authority = Authority::new();
    let (proxy, log) = http_proxy(Scheme::Tls, &authority, TUNNEL);
    let mut settings = settings(&proxy, "https://", &authority);
    settings.tls = TlsSettings { insecure: true, ..TlsSettings::default() };
    let error = send(&mut Http::new(settings), "https://files.example/file", 0).expect_err("an unknown proxy");
    assert!(matches!(error.kind, Kind::Tls(_)) && error.to_string().contains("to the proxy https://"), "{error}");
    assert_eq!(seen(&log), [""; 0]);
}

#[test]
fn http_goes_by_whole_urls() {
    let authority = Authority::new();
    for (scheme, before) in [(Scheme::Plain, "http://me:pw@"), (Scheme::Tls, "https://me:pw@")] {
        let log = Log::default();
        let kept = Arc::clone(&log);
        let handle = move |stream: &mut dyn Stream, _| {
            loop {
                let head = String::from_utf8(read_head(stream)?).expect("text");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                io::copy(&mut stream.take(length.expect("a length")), &mut io::sink())?;
                kept.lock().expect("no panic").push(head);
                answer(stream, OK)?;
            }
        };
        let proxy = match scheme {
            Scheme::Plain => Server::start(scheme, handle),
            Scheme::Tls => {
                let config = Arc::into_inner(authority.config(&["127.0.0.1"])).expect("the only one");
                Server::start_tls(config, authority.root(), handle)
            }
        };
        let mut client = Http::new(settings(&proxy, before, &authority));
        for length in [0, BODY] {
            let answer = send(&mut client, "http://files.example:81/a?b", length).expect("through");
            assert_eq!(answer.extensions().get::<ChannelBinding>(), None, "nobody signs in at the proxy's own TLS");
        }
        assert_eq!(seen(&log).len(), 2);
        for head in seen(&log) {
            let start = "BITS_POST http://files.example:81/a?b HTTP/1.1\r\nProxy-Authorization: Basic bWU6cHc=\r\n";
            assert!(head.starts_with(start), "{head}");
            assert_eq!(head.matches("HTTP/1.1").count(), 1, "{head}");
        }
        assert!(client.connection_info().expect("a proxy").tls.is_none(), "the proxy's own TLS is not the server's");
    }
}

#[test]
fn a_proxy_that_refuses_is_asked_once_and_told_apart() {
    let authority = Authority::new();
    for (head, kind, words) in [
        (
            "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
            Kind::ProxyAuthentication,
            "not accept the user",
        ),
        ("HTTP/1.1 407 Who?\r\nProxy-Authenticate: NTLM\r\n\r\n", Kind::ProxyScheme, "offers NTLM"),
        (
            "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Negotiate, Basic realm=x\r\n\r\n",
            Kind::ProxyAuthentication,
            "not accept the user",
        ),
        ("HTTP/1.1 403 No\r\n\r\n", Kind::ProxyRefused, "403"),
        ("HTTP/1.0 502 Bad Gateway\r\n\r\n", Kind::Connect, "502"),
        ("HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 503 Busy\r\n\r\n", Kind::Connect, "503"),
        ("SSH-2.0-x\r\n\r\n", Kind::ProxyRefused, "this is not HTTP"),
        ("", Kind::Connect, "closed the connection"),
    ] {
        let log = Log::default();
        let kept = Arc::clone(&log);
        let proxy = Server::start(Scheme::Plain, move |stream, _| {
            let request = read_head(stream)?;
            kept.lock().expect("no panic").push(String::from_utf8(request).expect("text"));
            answer(stream, head)
        });
        let mut client = Http::new(settings(&proxy, "http://me:s3cret@", &authority));
        let error = send(&mut client, "https://files.example/file", 0).expect_err("refused");
        assert_eq!(error.kind, kind, "{error}");
        assert!(
            error.detail.contains(words) && error.to_string().contains(" proxy http://127.0.0.1"),
            "{words}: {error}"
        );
        assert!(!format!("{error:?}").contains("s3cret") && !error.request_was_sent);
        assert_eq!(seen(&log).len(), 1);
    }
}

#[test]
fn a_proxy_that_says_nothing_runs_into_the_connect_limit() {
    let authority = Authority::new();
    let proxy = Server::start(Scheme::Plain, |stream, _| stream.read_to_end(&mut Vec::new()).map(drop));
    for before in ["http://", "socks5h://"] {
        let mut settings = settings(&proxy, before, &authority);
        settings.connect_timeout = Duration::from_millis(50);
        let error = send(&mut Http::new(settings), "https://files.example/file", 0).expect_err("silence");
        assert_eq!(error.kind, Kind::Connect, "{error}");
        assert!(error.detail.contains("timed out"), "{error}");
    }
}

/// A SOCKS proxy: what it wants of the login, and its answers to requests. It is the server itself after a 0.
fn socks(authority: &Authority, login: Option<&'static [u8]>, answers: &'static [u8]) -> (Server, Log) {
    let log = Log::default();
    let (inside, kept) = (authority.config(&["files.example"]), Arc::clone(&log));
    let server = Server::start(Scheme::Plain, move |stream, number| {
        let mut greeting = [0; 2];
        stream.read_exact(&mut greeting)?;
        let mut methods = vec![0; usize::from(greeting[1])];
        stream.read_exact(&mut methods)?;
        if let Some(login) = login {
            if !methods.contains(&2) {
                return stream.write_all(&[5, 0xff]);
            }
            stream.write_all(&[5, 2])?;
            let mut given = vec![0; login.len()];
            stream.read_exact(&mut given)?;
            stream.write_all(&[1, u8::from(given != login)])?;
        } else {
            stream.write_all(&[5, 0])?;
        }
        let mut request = [0; 4];
        stream.read_exact(&mut request)?;
        let length = match request[3] {
            1 => 4,
            3 => {
                let mut length = [0];
                stream.read_exact(&mut length)?;
                usize::from(length[0])
            }
            kind => panic!("an unexpected kind of address: {kind}"),
        };
        let mut place = vec![0; length + 2];
        stream.read_exact(&mut place)?;
        let (address, port) = place.split_at(length);
        let shown =
            if request[3] == 3 { String::from_utf8_lossy(address).into_owned() } else { format!("{address:?}") };
        kept.lock().expect("no panic").push(format!("{shown} {}", u16::from_be_bytes([port[0], port[1]])));
        let code = answers.get(number).copied().unwrap_or(0);
        // Where it is bound to, in each of the three forms in turn.
        let bound: [&[u8]; 3] = [b"\x01\0\0\0\0", b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", b"\x03\x05proxy"];
        stream.write_all(&[&[5, code, 0], bound[number % 3], &[0, 0]].concat())?;
        if code == 0 { serve(stream, Some(&inside)) } else { Ok(()) }
    });
    (server, log)
}

#[test]
fn socks_gets_names_or_addresses() {
    let authority = Authority::new();
    let (proxy, log) = socks(&authority, None, &[]);
    for length in [0, BODY] {
        send(&mut Http::new(settings(&proxy, "socks5h://", &authority)), "https://files.example/file", length)
            .expect("through");
    }
    let mut here = settings(&proxy, "socks5://", &authority);
    let fixed = |last| FixedAddress { host: "files.example".to_owned(), port: 443, address: [192, 0, 2, last].into() };
    here.addresses.fixed = vec![fixed(7)];
    send(&mut Http::new(here), "https://files.example/file", 3).expect("through");
    assert_eq!(seen(&log), ["files.example 443", "files.example 443", "[192, 0, 2, 7] 443"]);
    // One address is refused, the next is not.
    let (proxy, log) = socks(&authority, None, &[5, 0]);
    let mut here = settings(&proxy, "socks5://", &authority);
    here.addresses.fixed = vec![fixed(7), fixed(8)];
    send(&mut Http::new(here), "https://files.example/file", 3).expect("through");
    assert_eq!(seen(&log), ["[192, 0, 2, 7] 443", "[192, 0, 2, 8] 443"]);
}

#[test]
fn socks_asks_for_the_login_and_says_no() {
    let authority = Authority::new();
    let url = "https://files.example/file";
    let (proxy, log) = socks(&authority, Some(b"\x01\x02me\x06s3cret"), &[]);
    send(&mut Http::new(settings(&proxy, "socks5h://me:s3cret@", &authority)), url, 3).expect("let in");
    for before in ["socks5h://me:s3cre7@", "socks5h://"] {
        let error = send(&mut Http::new(settings(&proxy, before, &authority)), url, 3).expect_err("not let in");
        assert_eq!(error.kind, Kind::ProxyAuthentication, "{error}");
        assert!(!format!("{error:?}").contains("s3cre"), "{error}");
    }
    assert_eq!(seen(&log).len(), 1);
    for (code, kind, words) in [
        (&[2], Kind::ProxyRefused, "rules"),
        (&[4], Kind::Connect, "unreachable"),
        (&[5], Kind::Connect, "refused"),
        (&[9], Kind::Connect, "general failure"),
    ] {
        let (proxy, _) = socks(&authority, None, code);
        let error = send(&mut Http::new(settings(&proxy, "socks5h://", &authority)), url, 3).expect_err("refused");
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.detail.contains(words), "{error}");
    }
}

#[test]
fn a_proxy_does_not_open_the_users_own_network_to_a_public_server() {
    let authority = Authority::new();
    let (proxy, log) = http_proxy(Scheme::Plain, &authority, TUNNEL);
    for before in ["http://", "socks5h://", "socks5://"] {
        let mut settings = settings(&proxy, before, &authority);
        settings.origin = Some(Origin::of(&Uri::from_static("https://files.example/")));
        settings.addresses.fixed =
            vec![FixedAddress { host: "files.example".to_owned(), port: 443, address: [203, 0, 114, 1].into() }];
        for named in ["https://10.0.0.1/file", "https://[::1]/file", "https://localhost/file"] {
            let error = send(&mut Http::new(settings.clone()), named, 0).expect_err("not allowed");
            assert_eq!(error.kind, Kind::NotAllowed, "{before} {named}: {error}");
        }
    }
    assert_eq!(seen(&log), [""; 0]);
}
