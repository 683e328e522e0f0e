//! Lost sessions, and the budget of the session that replaces one.

use crate::job::Job;
use crate::losses::{MIB, once};
use crate::server::{Bits, Conduct, End, NOT_FOUND, Request, Server, Setup, page};
use crate::together::Together;

/// A refusal with BITS fields.
const INVALID: &str =
    "HTTP/1.1 400 Bad Request\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070057\nBITS-Error-Context: 0x5";

/// Case 10, R5: the second pass over the file takes longer than the budget, and has a hiccup in it. Fragments of more than
/// 512 KiB are refused, so that one begins close behind each mark.
#[test]
fn case_10_a_hiccup_after_a_lost_session_is_waited_out() {
    const MARK: u64 = 3 << 20;
    let mut hiccup = true;
    let server = Setup::new().unbuffered().start(move |request, bits| {
        if request.len() > 512 * 1024 {
            return Conduct::says(&page("413 Content Too Large")).after(0).closing();
        }
        if bits.opened == 1 && request.first() >= MARK {
            bits.restart();
            return Conduct::says(NOT_FOUND).after(0).closing();
        }
        if bits.opened == 2 && request.first() >= MARK * 2 / 3 && std::mem::take(&mut hiccup) {
            return Conduct::says(&page("503 Service Unavailable")).after(0).closing();
        }
        Conduct::honest().at_rate(600_000)
    });
    let job = Job::new(4 * MIB);
    job.run(&server, &["--no-progress-timeout", "3s"]).exits(0);
    job.published(&server);
    server.had_sessions(2, 0);
}

/// Responses of servers that forgot a session; none is `BG_E_SESSION_NOT_FOUND`.
fn verdicts() -> Vec<(&'static str, End)> {
    vec![
        ("400 with BITS fields", End::Say(INVALID.to_owned())),
        ("400 page", End::Say(page("400 Bad Request"))),
        ("plain 500", End::Say(page("500 Internal Server Error"))),
        ("404 page", End::Say(page("404 Not Found"))),
        ("410 page", End::Say(page("410 Gone"))),
        ("closed", End::Close),
        ("silence", End::Silence),
    ]
}

fn is_unknown(request: &Request, bits: &Bits) -> bool {
    request.is_fragment() && !bits.sessions.contains_key(request.session())
}

fn options(end: &End) -> &'static [&'static str] {
    if *end == End::Silence { &["--response-timeout", "1s"] } else { &[] }
}

/// Case 12, R5.
#[test]
fn case_12_a_session_that_a_restart_lost_is_opened_anew_whatever_the_server_says() {
    let mut all = Together::default();
    for (name, end) in verdicts() {
        all.add(name, move || {
            let verdict = end.clone();
            let server = Server::start(move |request, bits| {
                if request.is_fragment() && request.nth == 1 {
                    bits.restart();
                    return Conduct::refused(End::Reset);
                }
                if is_unknown(request, bits) { Conduct::refused(verdict.clone()) } else { Conduct::honest() }
            });
            let job = Job::new(4 * MIB);
            job.run(&server, options(&end)).exits(0);
            job.arrived(&server);
            server.had_sessions(2, 1);
        });
    }
    all.run();
}

/// A run that is killed while the server is silent.
fn killed(job: &Job, server: &Server) {
    let run = job.spawn(server, &[]);
    server.wait_until(|bits| bits.silent == 1);
    run.kill();
}

/// Case 12, R5.
#[test]
fn case_12_a_session_of_an_earlier_run_is_opened_anew_whatever_the_server_says() {
    let mut all = Together::default();
    for (name, end) in verdicts() {
        all.add(name, move || {
            let (verdict, mut policy) = (end.clone(), once(1, Conduct::refused(End::Silence)));
            let server = Server::start(move |request, bits| {
                if is_unknown(request, bits) { Conduct::refused(verdict.clone()) } else { policy(request) }
            });
            let job = Job::new(4 * MIB);
            killed(&job, &server);
            server.bits().restart();
            job.run(&server, options(&end)).exits(0);
            job.arrived(&server);
            server.had_sessions(2, 1);
        });
    }
    all.run();
}

/// R5: once in a run; then the refusal has its own exit code.
#[test]
fn rule_5_a_refusal_that_a_new_session_meets_too_is_final() {
    let mut all = Together::default();
    for (name, head, code) in
        [("400 with BITS fields", INVALID.to_owned(), 12), ("400 page", page("400 Bad Request"), 12)]
    {
        all.add(name, move || {
            let mut is_broken = false;
            let server = Server::start(move |request, bits| {
                if request.is_fragment() && request.nth == 1 {
                    is_broken = true;
                    bits.restart();
                    return Conduct::refused(End::Reset);
                }
                if is_broken && request.is_fragment() { Conduct::says(&head).closing() } else { Conduct::honest() }
            });
            let job = Job::new(4 * MIB);
            job.run(&server, &["--no-progress-timeout", "20s"]).exits(code);
            let bits = server.bits();
            assert_eq!((bits.opened, bits.sessions.len()), (2, 0), "sessions opened, and still open");
        });
    }
    all.run();
}

/// R5.
#[test]
fn rule_5_a_lost_session_with_resume_always_is_exit_16() {
    let mut all = Together::default();
    for (name, end) in verdicts() {
        all.add(name, move || {
            let (verdict, mut policy) = (end.clone(), once(1, Conduct::refused(End::Silence)));
            let server = Server::start(move |request, bits| {
                if is_unknown(request, bits) { Conduct::refused(verdict.clone()) } else { policy(request) }
            });
            let job = Job::new(4 * MIB);
            killed(&job, &server);
            server.bits().restart();
            let options = [options(&end), &["--resume", "always"]].concat();
            job.run(&server, &options).exits(16);
            assert_eq!(server.bits().opened, 1);
        });
    }
    all.run();
}

/// R5: nothing was lost, so the session is not suspect.
#[test]
fn rule_5_a_400_with_bits_fields_in_a_session_that_is_not_suspect_is_final() {
    let mut policy = once(1, Conduct::says(INVALID));
    let server = Server::start(move |request, _| policy(request));
    let job = Job::new(4 * MIB);
    job.run(&server, &[]).exits(12);
    server.had_sessions(1, 1);
}
