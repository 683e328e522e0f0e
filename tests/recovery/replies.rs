//! Replies that never come whole.

use std::path::PathBuf;

use crate::job::Job;
use crate::losses::MIB;
use crate::server::{Conduct, End, Request, Server, Setup};

const SIZE: usize = 1000;

/// A server that offers a reply and gives it as `give` says.
fn offering(mut give: impl FnMut(&Request) -> Conduct + Send + 'static) -> Server {
    let setup = Setup::new().bits(|bits| bits.last_fields.push_str("\nBITS-Reply-URL: reply.bin"));
    setup.start(move |request, _| if request.method() == "GET" { give(request) } else { Conduct::honest() })
}

fn reply(job: &Job) -> PathBuf {
    job.folder.path().join("reply.bin")
}

/// This status and these fields, and as much of the reply from `first` on.
fn torn(status: &str, fields: &str, first: usize, count: usize) -> Conduct {
    let length = SIZE - first;
    let mut bytes = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n").into_bytes();
    bytes.extend(std::iter::repeat_n(b'r', count.min(length)));
    Conduct::refused(End::Raw(bytes)).closing()
}

fn gets(server: &Server) -> usize {
    server.requests().iter().filter(|request| request.method() == "GET").count()
}

/// Case 26, R9: the server takes no ranges, so nothing beyond byte 500 is ever there.
#[test]
fn case_26_a_reply_that_never_gets_further_ends_with_the_budget() {
    let server = offering(|request| torn("200 OK", "", 0, if request.nth % 2 == 0 { 400 } else { 500 }));
    let job = Job::new(MIB);
    let path = reply(&job);
    let ended = job.run(&server, &["--no-progress-timeout", "5s", "--reply", path.to_str().expect("text")]);
    ended.exits(11);
    let gets = gets(&server);
    assert!(gets < 40, "{gets} requests for the reply");
    assert!(!path.exists());
}

/// Case 26, R9: each answer is another reply.
#[test]
fn case_26_a_reply_that_changes_again_and_again_is_started_three_times() {
    let server = offering(|request| torn("200 OK", &format!("ETag: \"{}\"\r\n", request.nth), 0, 500));
    let job = Job::new(MIB);
    let path = reply(&job);
    let ended = job.run(&server, &["--reply", path.to_str().expect("text")]);
    assert!(ended.code.is_some_and(|code| code != 0), "{:?}: {}", ended.code, ended.stderr);
    // The fourth answer may show that it changed once more.
    let gets = gets(&server);
    assert!(gets <= 4, "{gets} requests for the reply");
}

/// R9: a reply that gets on, however slowly, is fetched.
#[test]
fn rule_9_a_reply_that_comes_in_pieces_is_fetched() {
    let server = offering(|request| {
        let first = request.field("Range").and_then(|range| {
            let digits = range.strip_prefix("bytes=")?.trim_end_matches('-');
            digits.parse().ok()
        });
        let Some(first) = first else { return torn("200 OK", "ETag: \"x\"\r\n", 0, 200) };
        let range = format!("Content-Range: bytes {first}-{}/{SIZE}\r\nETag: \"x\"\r\n", SIZE - 1);
        torn("206 Partial Content", &range, first, 200)
    });
    let job = Job::new(MIB);
    let path = reply(&job);
    job.run(&server, &["--reply", path.to_str().expect("text")]).exits(0);
    assert_eq!(std::fs::read(path).expect("a reply"), vec![b'r'; SIZE]);
}
