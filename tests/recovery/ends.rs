//! The end of an upload: when the file may be there already, and when it is safe to say so.

use crate::job::Job;
use crate::losses::MIB;
use crate::server::{Conduct, End, NOT_FOUND, Server, page};
use crate::together::Together;

/// Refusals of a Close-Session whose session is closed already; whether they carry BITS fields.
fn refusals() -> Vec<(&'static str, String, bool)> {
    let invalid = "HTTP/1.1 400 Bad Request\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070057";
    let denied = "HTTP/1.1 403 Forbidden\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070005";
    vec![
        ("unknown session", NOT_FOUND.to_owned(), true),
        ("400 with BITS fields", invalid.to_owned(), true),
        ("403 with BITS fields", denied.to_owned(), true),
        ("400 page", page("400 Bad Request"), false),
        ("404 page", page("404 Not Found"), false),
        ("403 page", page("403 Forbidden"), false),
        ("plain 500", page("500 Internal Server Error"), false),
    ]
}

/// A page may be an outage, so it may be waited for; not longer than this.
const SHORT: [&str; 2] = ["--no-progress-timeout", "6s"];

const HOW_IT_ENDS: [(&[&str], i32); 2] = [(&[], 18), (&["--verify", "sha256"], 0)];

/// Case 13, R6.
#[test]
fn case_13_a_repeated_close_that_is_refused_is_unconfirmed_unless_it_is_verified() {
    let mut all = Together::default();
    for (name, head, has_fields) in refusals() {
        for (verify, code) in HOW_IT_ENDS {
            let head = head.clone();
            all.add(format!("{name} {verify:?}"), move || {
                let server = Server::start(move |request, _| match (request.packet(), request.nth) {
                    ("Close-Session", 0) => Conduct::done_but(End::Reset),
                    ("Close-Session", _) => Conduct::says(&head),
                    _ => Conduct::honest(),
                });
                let job = Job::new(MIB);
                let budget: &[&str] = if has_fields { &[] } else { &SHORT };
                job.run(&server, &[budget, verify].concat()).exits(code);
                job.published(&server);
                assert_eq!(server.bits().opened, 1, "the file is not sent again");
                job.frugal(&server);
            });
        }
    }
    all.run();
}

/// Case 13, R6: the file that is there is another one.
#[test]
fn case_13_an_unconfirmed_close_and_another_content_is_a_difference() {
    let server = Server::start(move |request, bits| match (request.packet(), request.nth) {
        ("Close-Session", 0) => {
            if let Some(upload) = bits.sessions.values_mut().next() {
                upload.stored[7] ^= 1;
            }
            Conduct::done_but(End::Reset)
        }
        _ => Conduct::honest(),
    });
    let job = Job::new(MIB);
    job.run(&server, &["--verify", "sha256"]).exits(14);
}

/// Case 14, R6: the server publishes at the last byte and forgets the session; it does not overwrite.
#[test]
fn case_14_a_lost_last_ack_and_a_session_that_is_gone_is_unconfirmed_unless_it_is_verified() {
    let denied = "HTTP/1.1 403 Forbidden\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070005";
    let mut all = Together::default();
    for (name, head) in [("403", denied.to_owned()), ("409", page("409 Conflict")), ("403 page", page("403 Forbidden"))]
    {
        for (verify, code) in HOW_IT_ENDS {
            let head = head.clone();
            all.add(format!("{name} {verify:?}"), move || {
                let mut is_published = false;
                let server = Server::start(move |request, bits| {
                    if is_published {
                        bits.publish_all();
                    }
                    match request.packet() {
                        "Create-Session" if is_published => Conduct::says(&head),
                        "Fragment" if request.is_last() && !is_published => {
                            is_published = true;
                            Conduct::done_but(End::Reset)
                        }
                        _ => Conduct::honest(),
                    }
                });
                let job = Job::new(MIB);
                job.run(&server, &[&SHORT, verify].concat()).exits(code);
                job.published(&server);
            });
        }
    }
    all.run();
}

/// Case 15, R6.
#[test]
fn case_15_a_close_that_something_else_answered_is_sent_again_and_the_file_is_not() {
    let mut all = Together::default();
    let redirect = "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:9/login";
    for (name, end) in [
        ("200 page", End::Say(page("200 OK"))),
        ("302", End::Say(redirect.to_owned())),
        ("502", End::Say(page("502 Bad Gateway"))),
        ("503", End::Say(page("503 Service Unavailable"))),
        ("404 page", End::Say(page("404 Not Found"))),
        ("403 page", End::Say(page("403 Forbidden"))),
        ("plain 500", End::Say(page("500 Internal Server Error"))),
        ("reset", End::Reset),
    ] {
        for times in [1, 2] {
            let end = end.clone();
            all.add(format!("{name}, {times} times"), move || {
                let server = Server::start(move |request, _| {
                    let is_due = request.packet() == "Close-Session" && request.nth < times;
                    if is_due { Conduct::refused(end.clone()).closing() } else { Conduct::honest() }
                });
                let job = Job::new(MIB);
                job.run(&server, &[]).exits(0);
                job.arrived(&server);
                server.had_sessions(1, 0);
                job.frugal(&server);
            });
        }
    }
    all.run();
}

/// R6: the first Close is refused by the server itself.
#[test]
fn rule_6_a_first_close_for_an_unknown_session_is_a_new_session() {
    let mut all = Together::default();
    for (name, head, _) in refusals().into_iter().take(2) {
        all.add(name, move || {
            let server = Server::start(move |request, bits| {
                if request.packet() == "Close-Session" && request.nth == 0 {
                    bits.restart();
                    return Conduct::says(&head);
                }
                Conduct::honest()
            });
            let job = Job::new(MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            assert_eq!(server.bits().opened, 2);
        });
    }
    all.run();
}

/// R6.
#[test]
fn rule_6_an_empty_file_is_unconfirmed_but_no_failure() {
    let server = Server::start(|_, _| Conduct::honest());
    let job = Job::new(0);
    job.run(&server, &[]).exits(0).says_one_of(&["unconfirmed", "not confirmed", "cannot be confirmed"]);
    job.arrived(&server);
    let ended = job.run(&server, &["--verify", "size"]);
    ended.exits(0);
    assert!(!ended.stderr.contains("confirmed"), "{}", ended.stderr);
}

/// R6.
#[test]
fn rule_6_verifying_the_size_asks_by_get_where_head_tells_none() {
    let server = Server::start(|request, _| {
        let silent = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked";
        if request.method() == "HEAD" { Conduct::says(silent) } else { Conduct::honest() }
    });
    let job = Job::new(MIB);
    job.run(&server, &["--verify", "size"]).exits(0);
    job.arrived(&server);
    assert!(server.requests().iter().any(|request| request.method() == "GET"));
}
