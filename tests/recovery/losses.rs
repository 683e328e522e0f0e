//! Answers that are lost, that come early, or that come from something else than the server.

use crate::job::Job;
use crate::server::{Conduct, End, Request, Server, Setup, page};
use crate::together::Together;

pub(crate) const MIB: usize = 1 << 20;

/// Disturbs the fragment with this number, or the file's last if there are not so many.
pub(crate) fn once(number: usize, conduct: Conduct) -> impl FnMut(&Request) -> Conduct + Send + 'static {
    let mut planned = Some(conduct);
    move |request| {
        let is_due = request.is_fragment() && (request.nth == number || request.is_last());
        planned.take_if(|_| is_due).unwrap_or_else(Conduct::honest)
    }
}

/// The fragment after the one that was disturbed is small and begins where the server's last Ack ended.
#[track_caller]
fn asks_after(server: &Server, number: usize) {
    let fragments = server.fragments();
    let disturbed = fragments.iter().position(|fragment| fragment.nth == number || fragment.is_last());
    let disturbed = disturbed.expect("a last one");
    let (lost, question) = (&fragments[disturbed], &fragments[disturbed + 1]);
    assert_eq!(question.first(), lost.told, "the question begins at the last acknowledged byte");
    assert!(question.len() <= 5 * 1024, "a question of {} bytes", question.len());
    assert!(!question.is_last(), "the question holds the file's last byte");
}

/// One upload in which this happens to one fragment, and to nothing else.
#[track_caller]
fn survives(size: usize, number: usize, conduct: Conduct, options: &[&str]) {
    let mut policy = once(number, conduct);
    let server = Server::start(move |request, _| policy(request));
    let job = Job::new(size);
    job.run(&server, options).exits(0);
    job.published(&server);
    server.had_sessions(1, 0);
    job.frugal(&server);
    asks_after(&server, number);
}

/// Case 1.
#[test]
fn case_01_a_lost_ack_is_asked_for_whichever_ack_it_is() {
    let mut all = Together::default();
    for number in 0..4 {
        for (how, end) in [("reset", End::Reset), ("closed", End::Close)] {
            all.add(format!("Ack {number} {how}"), move || survives(8 * MIB, number, Conduct::done_but(end), &[]));
        }
    }
    all.run();
}

/// Case 1. The last fragment's Ack gets 330 s at least, so it is none of these.
#[test]
fn case_01_an_ack_that_does_not_come_in_time_is_asked_for() {
    let mut all = Together::default();
    for number in 0..2 {
        all.add(format!("Ack {number}"), move || {
            survives(8 * MIB, number, Conduct::done_but(End::Silence), &["--response-timeout", "1s"]);
        });
    }
    all.run();
}

/// Case 1, several times in one upload.
#[test]
fn case_01_two_lost_acks_in_a_row_are_asked_for() {
    let mut all = Together::default();
    for first in 1..3 {
        all.add(format!("Acks {first} and {}", first + 1), move || {
            let server = Server::start(move |request, _| {
                let is_due = request.is_fragment() && (first..first + 2).contains(&request.nth);
                if is_due { Conduct::done_but(End::Reset) } else { Conduct::honest() }
            });
            let job = Job::new(8 * MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
        });
    }
    all.run();
}

/// Case 2.
#[test]
fn case_02_a_refusal_after_the_body_was_stored_is_asked_about() {
    let mut all = Together::default();
    for status in ["413 Content Too Large", "404 Not Found", "403 Forbidden"] {
        for number in 1..3 {
            all.add(format!("{status} for fragment {number}"), move || {
                let conduct = Conduct::done_but(End::Say(page(status))).closing();
                survives(8 * MIB, number, conduct, &[]);
            });
        }
    }
    all.run();
}

/// Case 3, R2.
#[test]
fn case_03_an_ack_on_the_head_does_not_end_the_body() {
    let server =
        Server::start(|request, _| if request.is_fragment() { Conduct::honest().early() } else { Conduct::honest() });
    let job = Job::new(64 * MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
}

/// Case 3, R2.
#[test]
fn case_03_an_ack_on_the_head_of_a_body_that_is_then_cut_is_a_lost_answer() {
    // Fragments that are too large for the buffers of both systems: what these took counts as sent.
    let server = Setup::new().unbuffered().start(|request, _| match request.nth {
        1 if request.is_fragment() => Conduct::refused(End::Reset).early().after(200_000),
        _ if request.is_fragment() => Conduct::honest().early(),
        _ => Conduct::honest(),
    });
    let job = Job::new(64 * MIB);
    job.run(&server, &["--fragment-size", "28M"]).exits(0);
    job.published(&server);
    // By the head alone it tells the end of each fragment, as a server does that appends blindly: the second question
    // finds that out, and a new session is opened.
    server.had_sessions(2, 1);
}

/// R1: a cut in the middle of a body, of which the server keeps what arrived.
#[test]
fn rule_1_an_ack_between_the_ends_of_what_was_sent_is_believed() {
    let mut all = Together::default();
    for number in 1..4 {
        for kept in [1, 3000, 5120, 100_000] {
            all.add(format!("{kept} bytes of fragment {number}"), move || {
                survives(8 * MIB, number, Conduct::done_but(End::Reset).after(kept), &[]);
            });
        }
    }
    all.run();
}

/// R1: what was never sent is never believed.
#[test]
fn rule_1_an_ack_beyond_what_was_sent_is_a_protocol_error() {
    let server = Server::start(|request, _| {
        let claim = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: 4000000";
        if request.is_fragment() && request.nth == 1 { Conduct::says(claim) } else { Conduct::honest() }
    });
    let job = Job::new(8 * MIB);
    job.run(&server, &[]).exits(12);
    server.had_sessions(1, 1);
}

/// R9: a body that an Ack promises and that does not come is not waited for until the time-out.
#[test]
fn rule_9_a_promised_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(|request, _| {
        let end = request.range().map_or(0, |(_, end, _)| end);
        let head = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nContent-Length: 100";
        let promises = End::Say(format!("{head}\nBITS-Received-Content-Range: {end}"));
        if request.is_fragment() { Conduct::done_but(promises) } else { Conduct::honest() }
    });
    let job = Job::new(MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
}
