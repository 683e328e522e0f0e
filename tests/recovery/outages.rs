//! Times in which nothing works: the session, the size of fragments and what is remembered of the host stay as they were.

use std::time::{Duration, Instant};

use crate::job::Job;
use crate::losses::{MIB, once};
use crate::server::{ACK, Conduct, End, Request, Server, page};
use crate::together::Together;

/// A time that begins with a request and in which everything is answered alike.
pub(crate) struct Outage {
    lasts: Duration,
    began: Option<Instant>,
}

impl Outage {
    pub(crate) fn of_seconds(seconds: u64) -> Self {
        Self { lasts: Duration::from_secs(seconds), began: None }
    }

    /// Whether it is on; it begins now if `begins` says so and it did not before.
    pub(crate) fn is_on(&mut self, begins: bool) -> bool {
        if begins && self.began.is_none() {
            self.began = Some(Instant::now());
        }
        self.began.is_some_and(|began| began.elapsed() < self.lasts)
    }
}

fn is(request: &Request, number: usize) -> bool {
    request.is_fragment() && request.nth == number
}

/// Case 5, R4.
#[test]
fn case_05_three_seconds_of_pages_are_an_outage_of_which_nothing_is_remembered() {
    let mut all = Together::default();
    for status in ["404 Not Found", "403 Forbidden"] {
        for number in [0, 2] {
            all.add(format!("{status} from fragment {number}"), move || {
                let mut outage = Outage::of_seconds(3);
                let server = Server::start(move |request, _| {
                    let is_on = outage.is_on(is(request, number));
                    if is_on { Conduct::says(&page(status)).closing() } else { Conduct::honest() }
                });
                let job = Job::new(8 * MIB);
                job.run(&server, &[]).exits(0);
                job.arrived(&server);
                server.had_sessions(1, 0);
                job.frugal(&server);
                let before = server.fragments().len();
                assert!(before < 30, "{before} fragments: the size is not to blame");
                let next = job.next(3 * MIB, "/another/file.bin");
                next.run(&server, &[]).exits(0);
                next.arrived(&server);
                let fragments = server.fragments().len() - before;
                assert!(fragments < 12, "{fragments} fragments for the next upload");
            });
        }
    }
    all.run();
}

/// An outage that begins when 75 % of the file are stored: the same session goes on after it, and what is stored is not
/// sent again.
#[track_caller]
fn outlasts(seconds: u64, head: &str, options: &[&str]) {
    const STORED: u64 = 6 << 20;
    let (mut outage, head) = (Outage::of_seconds(seconds), head.to_owned());
    let server = Server::start(move |request, _| {
        let (first, end, _) = request.range().unwrap_or_default();
        let begins = first < STORED && STORED < end;
        if begins && outage.began.is_none() {
            outage.is_on(true);
            return Conduct::done_but(End::Say(head.clone())).after(STORED - first).closing();
        }
        if outage.is_on(false) { Conduct::says(&head).closing() } else { Conduct::honest() }
    });
    let job = Job::new(8 * MIB);
    job.run(&server, options).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
    job.frugal(&server);
}

/// Case 6, R5.
#[test]
fn case_06_an_outage_of_ten_seconds_costs_no_session() {
    let mut all = Together::default();
    for status in ["503 Service Unavailable", "429 Too Many Requests"] {
        let head = format!("HTTP/1.1 {status}\nRetry-After: 1");
        all.add(format!("{status} with Retry-After"), move || outlasts(10, &head, &[]));
    }
    for status in ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Time-out", "408 Request Time-out"] {
        all.add(status, move || outlasts(10, &page(status), &[]));
    }
    all.run();
}

/// Case 7, R5. A slow pause is up to a minute; here it is shorter.
#[test]
fn case_07_a_full_disk_costs_no_session() {
    let full = "HTTP/1.1 500 Internal Server Error\nBITS-Packet-Type: Ack\nBITS-Error-Context: 0x5\nBITS-Error-Code: ";
    let mut all = Together::default();
    for code in ["0x80070070", "0x80070112"] {
        all.add(code, move || outlasts(12, &format!("{full}{code}"), &["--retry-max-delay", "2s"]));
    }
    all.run();
}

/// R5: a session that nothing makes suspect is not given up for what a server or a portal says for a while.
#[test]
fn rule_5_a_session_that_is_not_suspect_outlasts_plain_errors() {
    let mut all = Together::default();
    for status in ["500 Internal Server Error", "404 Not Found", "410 Gone", "403 Forbidden", "405 Method Not Allowed"]
    {
        all.add(status, move || outlasts(8, &page(status), &[]));
    }
    let portal = "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:9/login";
    all.add("302", move || outlasts(8, portal, &[]));
    all.add("200 page", || outlasts(8, &page("200 OK"), &[]));
    all.run();
}

/// Case 11, R5.
#[test]
fn case_11_a_portal_in_between_once_is_waited_out() {
    let mut all = Together::default();
    let redirect = "HTTP/1.1 302 Found\nLocation: http://127.0.0.1:9/login";
    for (name, head) in [("302", redirect.to_owned()), ("307", redirect.replace("302", "307")), ("200", page("200 OK"))]
    {
        for number in 0..3 {
            let head = head.clone();
            all.add(format!("{name} for fragment {number}"), move || {
                let mut policy = once(number, Conduct::says(&head).closing());
                let server = Server::start(move |request, _| policy(request));
                let job = Job::new(8 * MIB);
                job.run(&server, &[]).exits(0);
                job.arrived(&server);
                server.had_sessions(1, 0);
                job.frugal(&server);
            });
        }
    }
    all.run();
}

/// Case 25, R9: half of the budget is no reason to give up, however the pauses fall.
#[test]
fn case_25_an_outage_of_half_the_budget_ends_no_run() {
    let mut all = Together::default();
    for number in 0..24 {
        all.add(format!("run {number}"), || {
            let mut outage = Outage::of_seconds(5);
            let server = Server::start(move |request, _| {
                let is_on = outage.is_on(is(request, 1));
                if is_on { Conduct::says(&page("503 Service Unavailable")).closing() } else { Conduct::honest() }
            });
            let job = Job::new(300_000);
            job.run(&server, &["--no-progress-timeout", "10s"]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
        });
    }
    all.run();
}

/// Case 25, R9: the budget is used to its end before an outage that does not end is final.
#[test]
fn case_25_the_budget_is_used_to_its_end() {
    let mut all = Together::default();
    for number in 0..8 {
        all.add(format!("run {number}"), || {
            let server = Server::start(|request, _| {
                let refused = request.is_fragment() && request.first() > 0;
                if refused { Conduct::says(&page("503 Service Unavailable")).closing() } else { Conduct::honest() }
            });
            let job = Job::new(300_000);
            job.run(&server, &["--no-progress-timeout", "4s"]).exits(11);
            server.had_sessions(1, 0);
            let fragments = server.fragments();
            let (first, last) = (&fragments[1], fragments.last().expect("several"));
            let used = last.at.abs_diff(first.at);
            assert!(used > Duration::from_millis(3500), "the last try came after {used:?} of 4 s");
        });
    }
    all.run();
}

/// Case 29, R8: the first try of one packet is answered like this.
#[test]
fn case_29_an_odd_answer_at_the_start_is_tried_again() {
    let mut all = Together::default();
    for (packet, name, head) in [
        ("Create-Session", "204", "HTTP/1.1 204 No Content".to_owned()),
        ("Create-Session", "an empty 200", "HTTP/1.1 200 OK".to_owned()),
        ("Create-Session", "503 of HTTP/1.0", "HTTP/1.0 503 Service Unavailable".to_owned()),
        ("Ping", "a malformed head", "HTTP/1.1 2oo OK".to_owned()),
        ("Ping", "two lengths", format!("{ACK}\nContent-Length: 0\nContent-Length: 7")),
        ("Fragment", "a malformed head", "HTTP/1.1 2oo OK".to_owned()),
        ("Fragment", "503 of HTTP/1.0", "HTTP/1.0 503 Service Unavailable".to_owned()),
        ("Close-Session", "a malformed head", "HTTP/1.1 2oo OK".to_owned()),
    ] {
        all.add(format!("{packet}: {name}"), move || {
            let server = Server::start(move |request, _| {
                let is_due = request.packet() == packet && request.nth == 0;
                if is_due { Conduct::says(&head).closing() } else { Conduct::honest() }
            });
            let job = Job::new(300_000);
            job.run(&server, &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
        });
    }
    all.run();
}
