//! Hosts that the server names, farms, and peers that speak something else.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::job::Job;
use crate::losses::MIB;
use crate::server::{Conduct, Identity, NOT_FOUND, Server, Setup, page};
use crate::together::Together;

/// A server that names the other one at Create-Session, and takes the session itself when it comes back.
fn leading_to(other: &Server, timeout: u32) -> Server {
    let fields = format!("\nBITS-Host-Id: 127.0.0.1:{}\nBITS-Host-Id-Fallback-Timeout: {timeout}", other.port);
    Setup::new().bits(|bits| bits.create_fields = fields).start(|_, _| Conduct::honest())
}

/// Case 23, R8: refusals start the time as losses do.
#[test]
fn case_23_a_named_host_that_only_refuses_is_left_in_time() {
    let mut all = Together::default();
    for status in ["503 Service Unavailable", "502 Bad Gateway", "404 Not Found"] {
        all.add(status, move || {
            let other = Server::start(move |_, _| Conduct::says(&page(status)).closing());
            let (server, job) = (leading_to(&other, 2), Job::new(MIB));
            job.run(&server, &["--no-progress-timeout", "30s"]).exits(0);
            job.arrived(&server);
        });
    }
    all.run();
}

/// Case 23, R8: it is left in the middle of an upload, too.
#[test]
fn case_23_a_named_host_that_refuses_after_a_while_is_left_in_time() {
    let other = Server::start(|request, bits| {
        bits.sessions.entry("{A-1}".to_owned()).or_default();
        if request.is_fragment() && request.first() == 0 {
            return Conduct::honest();
        }
        if request.packet() == "Ping" && bits.sent == 0 {
            return Conduct::honest();
        }
        Conduct::says(&page("503 Service Unavailable")).closing()
    });
    let (server, job) = (leading_to(&other, 2), Job::new(MIB));
    job.run(&server, &["--no-progress-timeout", "30s"]).exits(0);
    job.arrived(&server);
}

/// R8: the host knows the session no more, but it answers: the new session is opened there.
#[test]
fn rule_8_a_session_lost_at_a_named_host_is_opened_again_there() {
    let other = Server::start(|request, bits| {
        if request.is_fragment() && request.first() > 0 && bits.opened == 0 {
            bits.restart();
            return Conduct::says(NOT_FOUND);
        }
        if bits.opened == 0 {
            bits.sessions.entry("{A-1}".to_owned()).or_default();
        }
        Conduct::honest()
    });
    let (server, job) = (leading_to(&other, 60), Job::new(MIB));
    job.run(&server, &[]).exits(0);
    job.published(&other);
    assert_eq!((server.bits().opened, other.bits().opened), (1, 1));
}

/// Case 24, R8: two machines behind one address, chosen by a cookie, or in turn.
#[test]
fn case_24_a_farm_that_binds_sessions_by_a_cookie_gets_it_back() {
    let mut all = Together::default();
    for attributes in ["", "; Path=/; HttpOnly", "; path=/; samesite=none; Expires=Fri, 01 Jan 2100 00:00:00 GMT"] {
        all.add(format!("{attributes:?}"), move || {
            let (mut turn, mut home) = (0, 0);
            let server = Server::start(move |request, bits| {
                turn += 1;
                let cookie = request.field("Cookie").and_then(|cookie| cookie.strip_prefix("ARR=")?.parse().ok());
                let machine: u32 = cookie.unwrap_or(turn % 2);
                bits.all_fields = match cookie {
                    None => format!("\nSet-Cookie: ARR={machine}{attributes}"),
                    Some(_) => String::new(),
                };
                if request.packet() == "Create-Session" {
                    home = machine;
                }
                let is_stranger = request.field("BITS-Session-Id").is_some() && machine != home;
                let unknown = format!("{NOT_FOUND}{}", bits.all_fields);
                if is_stranger { Conduct::says(&unknown) } else { Conduct::honest() }
            });
            let job = Job::new(4 * MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
        });
    }
    all.run();
}

/// R8: cookies are the server's that set them.
#[test]
fn rule_8_a_cookie_goes_to_no_other_host() {
    let other = Server::start(|_, bits| {
        bits.sessions.entry("{A-1}".to_owned()).or_default();
        Conduct::honest()
    });
    let port = other.port;
    let server = Setup::new()
        .bits(|bits| {
            bits.create_fields = format!("\nBITS-Host-Id: localhost:{port}\nSet-Cookie: ARR=1; Path=/");
        })
        .start(|_, _| Conduct::honest());
    let job = Job::new(MIB);
    let resolve = format!("localhost:{port}:127.0.0.1");
    job.run(&server, &["--resolve", &resolve]).exits(0);
    assert!(other.requests().iter().all(|request| request.field("Cookie").is_none()));
    assert_eq!(other.bits().closed, 1);
}

/// Another service at a port that is taken for an HTTP server or proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Other {
    /// Closes when the first byte is not its version.
    Socks,
    /// Sends an alert and closes.
    Tls,
    /// Answers 400.
    Http,
}

/// Its port, and how many connections came.
fn listen(what: Other) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            seen.fetch_add(1, Ordering::Relaxed);
            thread::spawn(move || refuse(stream, what));
        }
    });
    (port, count)
}

fn refuse(mut stream: TcpStream, what: Other) {
    let read = stream.read(&mut [0; 1024]);
    let answer: &[u8] = match what {
        Other::Socks => b"",
        Other::Tls => &[0x15, 3, 1, 0, 2, 2, 70],
        Other::Http => b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    };
    if read.is_ok() && stream.write_all(answer).is_ok() && stream.shutdown(Shutdown::Write).is_ok() {
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    }
}

/// Case 33, R8: the peer never answered as what it was taken for. No option, so that it is the default that bounds it.
#[test]
fn case_33_a_peer_that_speaks_something_else_is_no_outage() {
    let mut all = Together::default();
    for (name, what, url, proxy, words) in [
        ("http to SOCKS", Other::Socks, Some("http"), None, ["socks", "not http", "does not speak http"]),
        ("http to TLS", Other::Tls, Some("http"), None, ["https", "tls", "not http"]),
        ("https to plain", Other::Http, Some("https"), None, ["http://", "plain", "not tls"]),
        ("https to SOCKS", Other::Socks, Some("https"), None, ["tls", "https", "socks"]),
        ("http proxy on a SOCKS port", Other::Socks, None, Some("http"), ["socks", "socks", "socks"]),
        ("http proxy on a TLS port", Other::Tls, None, Some("http"), ["https", "tls", "not http"]),
        ("https proxy on a plain port", Other::Http, None, Some("https"), ["http://", "plain", "not tls"]),
        ("SOCKS proxy on an HTTP port", Other::Http, None, Some("socks5h"), ["http", "not socks", "socks"]),
    ] {
        all.add(name, move || {
            let (port, _) = listen(what);
            let job = Job::new(1000);
            let server = Server::start(|_, _| Conduct::honest());
            let address = |scheme: &str| format!("{scheme}://127.0.0.1:{port}");
            let url = url.map_or_else(|| server.url(job.path), |scheme| address(scheme) + job.path);
            let mut options = Vec::new();
            let proxy = proxy.map(address);
            if let Some(proxy) = &proxy {
                options.extend(["--proxy", proxy]);
            }
            let run = crate::job::Running::start(job.command_for(job.source.arg(), &url, &options));
            let ended = run.end();
            assert!(ended.code.is_some_and(|code| code != 0), "exit {:?}:\n{}", ended.code, ended.stderr);
            ended.says_one_of(&words);
        });
    }
    all.run();
}

/// R8: nothing that is wrong in this way is final once a session exists.
#[test]
fn rule_8_a_peer_that_speaks_something_else_for_a_while_is_an_outage_once_there_is_a_session() {
    let identity = Identity::new();
    let spoilt = Arc::new(Mutex::new(0));
    let inside = Arc::clone(&spoilt);
    let server = Setup::new()
        .tls(&identity)
        .greeting(move |stream, number| {
            let is_spoilt = (1..4).contains(&number);
            if is_spoilt {
                *inside.lock().expect("no panic") += 1;
                refuse(stream.try_clone().expect("cloned"), Other::Http);
            }
            !is_spoilt
        })
        .start(|request, _| {
            let is_due = request.is_fragment() && request.nth == 1;
            if is_due { Conduct::refused(crate::server::End::Reset) } else { Conduct::honest() }
        });
    let job = Job::new(4 * MIB);
    let authority = identity.authority();
    job.run(&server, &["--cacert", authority.to_str().expect("text")]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
    assert_eq!(*spoilt.lock().expect("no panic"), 3);
}
