//! Connections that are not kept, and handshakes that fail.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::job::Job;
use crate::losses::{MIB, once};
use crate::server::{Conduct, End, Identity, Request, Server, Setup};
use crate::together::Together;

/// Losses of bodies on connections that carried a response before, and fragments that were not the first on theirs.
#[track_caller]
fn two_losses_are_enough(server: &Server) {
    let fragments = server.fragments();
    let reused = fragments.iter().filter(|fragment| fragment.before > 0).count();
    assert!(reused <= 2, "{reused} of {} fragments on a connection that was used before", fragments.len());
    let largest = fragments.iter().map(Request::len).max();
    assert!(largest > Some(512 * 1024), "the largest fragment: {largest:?}");
    assert!(fragments.len() <= 24, "{} fragments", fragments.len());
}

/// Case 30, R8: a hop behind the peer has closed, which shows only when the next request is under way.
#[test]
fn case_30_a_peer_that_never_keeps_connections_gets_a_new_one_for_each_fragment() {
    let mut all = Together::default();
    for (name, end, after) in [("reset in the body", End::Reset, 30_000), ("closed at the head", End::Close, 0)] {
        all.add(name, move || {
            let server = Server::start(move |request, _| {
                if request.before > 0 { Conduct::refused(end.clone()).after(after) } else { Conduct::honest() }
            });
            let job = Job::new(16 * MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
            job.frugal(&server);
            two_losses_are_enough(&server);
        });
    }
    all.add("closed after each response", || {
        let server = Server::start(|_, _| Conduct::honest().closing());
        let job = Job::new(16 * MIB);
        job.run(&server, &[]).exits(0);
        job.arrived(&server);
        server.had_sessions(1, 0);
        job.frugal(&server);
        two_losses_are_enough(&server);
    });
    all.add("a fixed size", || {
        let server = Server::start(|request, _| {
            if request.before > 0 { Conduct::refused(End::Reset).after(30_000) } else { Conduct::honest() }
        });
        let job = Job::new(16 * MIB);
        job.run(&server, &["--fragment-size", "1M"]).exits(0);
        job.arrived(&server);
        two_losses_are_enough(&server);
    });
    all.run();
}

/// Bytes instead of the second handshake.
fn second_handshake(bytes: &'static [u8]) -> impl FnMut(&mut TcpStream, usize) -> bool + Send + 'static {
    move |stream, number| {
        if number == 1 {
            // Closing before the greeting is there would reset the connection.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = stream.peek(&mut [0; 512]);
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(stream, &mut std::io::sink());
        }
        number != 1
    }
}

/// An upload whose connection is lost once, and whose next handshake is answered by these bytes.
fn with_second_handshake(bytes: &'static [u8]) -> (Server, Job, Identity) {
    let identity = Identity::new();
    let mut policy = once(1, Conduct::done_but(End::Reset));
    let setup = Setup::new().tls(&identity).greeting(second_handshake(bytes));
    (setup.start(move |request, _| policy(request)), Job::new(4 * MIB), identity)
}

/// Case 21, R8.
#[test]
fn case_21_a_later_handshake_that_is_cut_is_tried_again() {
    let mut all = Together::default();
    for (name, bytes) in [
        ("internal_error", [0x15, 3, 3, 0, 2, 2, 80].as_slice()),
        ("handshake_failure", &[0x15, 3, 3, 0, 2, 2, 40]),
        ("unrecognized_name", &[0x15, 3, 3, 0, 2, 2, 112]),
        ("close_notify", &[0x15, 3, 3, 0, 2, 1, 0]),
        ("plain text", b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
        ("nothing", b""),
    ] {
        all.add(name, move || {
            let (server, job, identity) = with_second_handshake(bytes);
            let authority = identity.authority();
            job.run(&server, &["--cacert", authority.to_str().expect("text")]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
            job.frugal(&server);
        });
    }
    all.run();
}

/// R8: a decision about trust is final, and the session is kept.
#[test]
fn rule_8_an_alert_about_a_certificate_is_final() {
    let (server, job, identity) = with_second_handshake(&[0x15, 3, 3, 0, 2, 2, 116]);
    let authority = identity.authority();
    job.run(&server, &["--cacert", authority.to_str().expect("text")]).exits(6);
    server.had_sessions(1, 0);
}
