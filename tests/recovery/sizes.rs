//! Too large, too slow, or an outage: the small question decides, and fragments end at a size that passes.

use crate::job::Job;
use crate::losses::MIB;
use crate::server::{Conduct, End, Request, Server, Setup, page};
use crate::together::Together;

/// Fragments of more than `limit` bytes, of which there are at most `strikes`; all, of which there are at most `all`.
#[track_caller]
fn adapts(server: &Server, limit: u64, strikes: usize, all: usize) {
    let fragments = server.fragments();
    let struck = fragments.iter().filter(|fragment| fragment.len() > limit).count();
    assert!(struck <= strikes, "{struck} fragments were larger than {limit} bytes");
    assert!(fragments.len() <= all, "{} fragments", fragments.len());
}

fn is_over(request: &Request, limit: u64) -> bool {
    request.is_fragment() && request.len() > limit
}

/// A gateway that gives a request up when so much of its body has not come in time: what `rate` carries in two seconds.
#[track_caller]
fn passes_the_gateway(status: &'static str, size: usize, rate: u64, limit: u64) {
    let server = Setup::new().unbuffered().start(move |request, _| {
        if is_over(request, limit) {
            return Conduct::says(&page(status)).after(limit).at_rate(rate).closing();
        }
        Conduct::honest().at_rate(rate)
    });
    let job = Job::new(size);
    job.run(&server, &[]).exits(0);
    job.published(&server);
    server.had_sessions(1, 0);
    job.frugal(&server);
    adapts(&server, limit, 8, size / 30_000 + 20);
}

/// Case 8, R4: 80 kB are what passes.
#[test]
fn case_08_a_gateway_that_gives_up_after_two_seconds_gets_fragments_that_pass() {
    let mut all = Together::default();
    for status in
        ["408 Request Time-out", "502 Bad Gateway", "504 Gateway Time-out", "507 Insufficient Storage", "524 Time"]
    {
        all.add(status, move || passes_the_gateway(status, 3 * MIB / 2, 400_000, 80_000));
    }
    all.add("40 kB/s", || passes_the_gateway("408 Request Time-out", 300_000, 40_000, 80_000));
    all.run();
}

/// Resets the connection in bodies of more than 50,000 bytes.
fn cutting_box() -> Server {
    Server::start(
        |request, _| {
            if is_over(request, 50_000) { Conduct::refused(End::Reset).after(50_000) } else { Conduct::honest() }
        },
    )
}

/// Case 9, R4.
#[test]
fn case_09_a_box_that_cuts_large_bodies_gets_smaller_ones() {
    let mut all = Together::default();
    all.add("automatic size", || {
        let (server, job) = (cutting_box(), Job::new(2 * MIB));
        job.run(&server, &[]).exits(0);
        job.published(&server);
        server.had_sessions(1, 0);
        adapts(&server, 50_000, 10, 90);
    });
    all.add("a size of 200,000 bytes", || {
        let (server, job) = (cutting_box(), Job::new(2 * MIB));
        job.run(&server, &["--fragment-size", "200000"]).exits(0);
        job.published(&server);
        server.had_sessions(1, 0);
        adapts(&server, 50_000, 10, 90);
    });
    all.run();
}

/// R4: refuses large bodies without reading them.
fn refusing_box(status: &'static str, limit: u64) -> Server {
    Server::start(move |request, _| {
        if is_over(request, limit) { Conduct::says(&page(status)).after(0).closing() } else { Conduct::honest() }
    })
}

/// R4, R4.5.
#[test]
fn rule_4_a_refusal_by_size_is_found_in_a_few_strikes_and_remembered_for_the_folder() {
    let mut all = Together::default();
    for (status, limit) in [
        ("413 Content Too Large", 1 << 20),
        ("413 Content Too Large", 300_000),
        ("404 Not Found", 300_000),
        ("403 Forbidden", 300_000),
    ] {
        all.add(format!("{status} above {limit}"), move || {
            let server = refusing_box(status, limit);
            let job = Job::new(8 * MIB);
            job.run(&server, &[]).exits(0);
            job.published(&server);
            server.had_sessions(1, 0);
            adapts(&server, limit, 6, 8 * MIB / 100_000);
            let before = server.fragments().len();
            let next = job.next(8 * MIB, "/drop/next.bin");
            next.run(&server, &[]).exits(0);
            next.published(&server);
            let fragments = server.fragments().split_off(before);
            let struck = fragments.iter().filter(|fragment| fragment.len() > limit).count();
            // How much of the limit the first upload found out depends on how far its fragments grew.
            assert!(struck <= 3, "{struck} strikes in the next upload to this folder");
            let before = server.fragments().len();
            let elsewhere = next.next(8 * MIB, "/another/file.bin");
            // A given size: how far automatic ones grow depends on how fast this machine is now.
            elsewhere.run(&server, &["--fragment-size", "4M"]).exits(0);
            elsewhere.published(&server);
            let fragments = server.fragments().split_off(before);
            let largest = fragments.iter().map(Request::len).max();
            assert_eq!(largest, Some(4 << 20), "another folder may have another limit");
        });
    }
    all.run();
}

/// R4.5: a limit that is gone is forgotten within the next upload.
#[test]
fn rule_4_a_remembered_limit_that_is_gone_is_found_out() {
    let mut refuses = true;
    let server = Server::start(move |request, _| {
        refuses &= request.path() == "/drop/file.bin";
        let is_refused = refuses && is_over(request, 300_000);
        if is_refused { Conduct::says(&page("413 Content Too Large")).after(0).closing() } else { Conduct::honest() }
    });
    let job = Job::new(4 * MIB);
    job.run(&server, &[]).exits(0);
    let before = server.fragments().len();
    let next = job.next(4 * MIB, "/drop/next.bin");
    next.run(&server, &[]).exits(0);
    next.published(&server);
    let largest = server.fragments().iter().skip(before).map(Request::len).max();
    assert!(largest > Some(300_000), "the largest fragment afterwards: {largest:?}");
}

/// R4: the smallest fragment that is to pass.
#[test]
fn rule_4_small_limits_are_found_too() {
    let mut all = Together::default();
    for status in ["413 Content Too Large", "404 Not Found"] {
        all.add(status, move || {
            let (server, job) = (refusing_box(status, 12_000), Job::new(MIB / 2));
            job.run(&server, &[]).exits(0);
            job.published(&server);
            server.had_sessions(1, 0);
            adapts(&server, 12_000, 14, 130);
        });
    }
    all.run();
}

/// R4.6.
#[test]
fn rule_4_five_kib_refused_by_413_is_exit_10() {
    let (server, job) = (refusing_box("413 Content Too Large", 2000), Job::new(MIB));
    job.run(&server, &[]).exits(10);
    assert_eq!(server.bits().sessions.len(), 0, "the session is cancelled");
}

/// R4.6, R5: a firewall that does not like what is at 2 MiB.
#[test]
fn rule_4_pages_to_some_content_are_exit_8_and_the_session_is_kept() {
    const BAD: u64 = 2 << 20;
    let server = Server::start(|request, _| {
        let (first, end, _) = request.range().unwrap_or_default();
        let is_blocked = (first..end).contains(&BAD) && request.path() == "/drop/file.bin";
        if is_blocked { Conduct::says(&page("403 Forbidden")).closing() } else { Conduct::honest() }
    });
    let job = Job::new(4 * MIB);
    let ended = job.run(&server, &["--no-progress-timeout", "6s"]);
    ended.exits(8).says_one_of(&["403 page", "firewall", "proxy"]);
    server.had_sessions(1, 0);
    assert_ne!(job.remembered(), Vec::<String>::new(), "a record of the session");
    let before = server.fragments().len();
    let next = job.next(3 * MIB, "/another/file.bin");
    next.run(&server, &[]).exits(0);
    next.published_beside(&server, 1);
    let fragments = server.fragments().len() - before;
    assert!(fragments < 12, "{fragments} fragments for the next upload");
}

/// Case 27, R4.4.
#[test]
fn case_27_a_server_that_keeps_only_part_of_each_fragment_gets_that_size() {
    let mut all = Together::default();
    for kept in [20_000, 65_536, 150_000] {
        all.add(format!("{kept} bytes"), move || {
            let server =
                Server::start(
                    move |request, _| {
                        if request.is_fragment() { Conduct::honest().keeping(kept) } else { Conduct::honest() }
                    },
                );
            let job = Job::new(3 * MIB);
            let ended = job.run(&server, &[]);
            ended.exits(0);
            job.published(&server);
            server.had_sessions(1, 0);
            let sent = server.bits().sent;
            assert!(sent < 2 * 3 * MIB as u64, "{sent} bytes were sent");
            // Progress has a line every 10 %.
            let others = ended.stderr.lines().filter(|line| !line.contains('%')).count();
            assert!(others <= 6, "{others} lines that are not progress:\n{}", ended.stderr);
        });
    }
    all.run();
}
