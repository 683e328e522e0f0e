//! The small question after an unknown outcome, and the second one, which tells servers that count from those that append
//! blindly.

use crate::job::Job;
use crate::losses::{MIB, once};
use crate::server::{Conduct, End, Overlap, Request, Server, Setup};
use crate::together::Together;

/// A server that appends each body whole and acknowledges the fragment's own end.
fn appender() -> Setup {
    Setup::new().bits(|bits| bits.overlap = Overlap::Appends)
}

fn is(request: &Request, number: usize) -> bool {
    request.is_fragment() && request.nth == number
}

/// Case 4, R3.
#[test]
fn case_04_a_server_that_appends_blindly_is_found_out_after_a_lost_ack() {
    let mut all = Together::default();
    for number in 0..3 {
        all.add(format!("Ack {number}"), move || {
            let mut policy = once(number, Conduct::done_but(End::Reset));
            let server = appender().start(move |request, _| policy(request));
            let job = Job::new(4 * MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(2, 1);
        });
    }
    all.run();
}

/// Case 4, R3: once found out, it is not asked again.
#[test]
fn case_04_a_second_lost_ack_at_such_a_server_means_a_new_session_without_a_question() {
    let mut sessions_with_a_loss = 0;
    let server = appender().start(move |request, bits| {
        let is_due = request.is_fragment() && request.first() > 0 && bits.opened > sessions_with_a_loss;
        if is_due && sessions_with_a_loss < 2 {
            sessions_with_a_loss = bits.opened;
            return Conduct::done_but(End::Close);
        }
        Conduct::honest()
    });
    let job = Job::new(4 * MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(3, 2);
    let mut in_second = server.fragments().into_iter().filter(|fragment| fragment.session() == "{A-2}");
    assert!(in_second.next_back().is_some_and(|last| last.len() > 5 * 1024), "no question in the second session");
}

/// Case 4, R3.
#[test]
fn case_04_a_server_that_appends_blindly_is_found_out_after_a_kill() {
    let mut all = Together::default();
    for number in 1..4 {
        all.add(format!("killed at fragment {number}"), move || {
            let mut policy = once(number, Conduct::done_but(End::Silence));
            let server = appender().start(move |request, _| policy(request));
            let job = Job::new(4 * MIB);
            let run = job.spawn(&server, &[]);
            server.wait_until(|bits| bits.silent == 1);
            run.kill();
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
        });
    }
    all.run();
}

/// The whole body of one fragment is lost, so that an honest answer to the question is exactly the question's end: the
/// second question is asked, and its answer shows that the server keeps count.
#[track_caller]
fn keeps_its_session(overlap: Overlap) {
    let server = Setup::new()
        .bits(|bits| bits.overlap = overlap)
        .start(|request, _| if is(request, 1) { Conduct::refused(End::Reset) } else { Conduct::honest() });
    let job = Job::new(4 * MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
    job.frugal(&server);
    let fragments = server.fragments();
    let (first, second) = (&fragments[2], &fragments[3]);
    assert_eq!((first.len(), second.len()), (5120, 2560), "both questions");
    assert_eq!(second.first(), first.first(), "the same bytes");
}

/// R3.
#[test]
fn rule_3_the_second_question_leaves_a_server_that_counts_its_session() {
    let mut all = Together::default();
    all.add("takes what is new", || keeps_its_session(Overlap::Trims));
    all.add("refuses what overlaps", || keeps_its_session(Overlap::Refuses));
    all.run();
}

/// R3: a server that showed once that it keeps count is asked once only.
#[test]
fn rule_3_a_server_that_showed_that_it_counts_gets_no_second_question() {
    let server = Server::start(|request, _| match request.nth {
        1 if request.is_fragment() => Conduct::done_but(End::Reset),
        4 if request.is_fragment() => Conduct::refused(End::Reset),
        _ => Conduct::honest(),
    });
    let job = Job::new(8 * MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
    let questions = server.fragments().iter().filter(|fragment| fragment.len() <= 5 * 1024).count();
    assert_eq!(questions, 2);
}

/// R3: another answer to the second question says nothing.
#[test]
fn rule_3_a_second_question_that_is_refused_changes_nothing() {
    let mut all = Together::default();
    for (name, head) in [("503", "HTTP/1.1 503 Service Unavailable"), ("404", "HTTP/1.1 404 Not Found")] {
        all.add(name, move || {
            let server = Server::start(move |request, _| match request.nth {
                1 if request.is_fragment() => Conduct::refused(End::Reset),
                3 if request.is_fragment() => Conduct::says(head).closing(),
                _ => Conduct::honest(),
            });
            let job = Job::new(4 * MIB);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
        });
    }
    all.run();
}

/// R3: the file's last byte is not sent to ask, since its arrival may publish the file; unless it is all that is left.
#[test]
fn rule_3_a_short_rest_is_asked_for_without_its_last_byte() {
    let mut all = Together::default();
    for rest in [1, 2, 3000, 5120] {
        all.add(format!("{rest} bytes"), move || {
            let server = Server::start(
                move |request, _| {
                    if is(request, 1) { Conduct::refused(End::Reset) } else { Conduct::honest() }
                },
            );
            // Fragments of automatic size begin with 192 KiB.
            let job = Job::new(192 * 1024 + rest);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
            let question = server.fragments()[2].clone();
            let asked = if rest == 1 { 1 } else { rest as u64 - 1 };
            assert_eq!((question.first(), question.len()), (192 * 1024, asked));
        });
    }
    all.run();
}

/// R3, protocol.md 2.2: offsets were told, then one answer comes without.
#[test]
fn rule_3_an_ack_without_the_offset_after_others_with_one_is_asked_about() {
    let bare = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack";
    let server =
        Server::start(
            move |request, _| {
                if is(request, 2) { Conduct::done_but(End::Say(bare.to_owned())) } else { Conduct::honest() }
            },
        );
    let job = Job::new(8 * MIB);
    job.run(&server, &[]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
    job.frugal(&server);
    assert!(server.fragments()[3].len() <= 5 * 1024, "a question");
}
