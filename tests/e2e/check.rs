//! `bitsup check`: what it finds, what it leaves behind, how it fails.

use crate::support::bitsup::{Finished, command, run};
use crate::support::nobody;
use crate::support::schema;
use crate::support::script::{ACK, Reply, Request, ScriptServer};

const ARGS: [&str; 2] = ["check", "--json"];

/// A BITS server in front of which large requests are refused.
fn server(limit: usize) -> ScriptServer {
    ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => Reply::head(&format!(
            "{ACK}\nServer: Microsoft-IIS/10.0\nBITS-Session-Id: {{A-1}}\nBITS-Protocol: {{7df0354d-249b-430f-820d-3d2a9bef4931}}"
        )),
        "Fragment" if request.body.len() > limit => Reply::head("HTTP/1.1 413 Content Too Large"),
        "Fragment" => Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: {}", request.body.len())),
        _ => Reply::head(&format!("{ACK}\nServer: Microsoft-IIS/10.0")),
    })
}

fn json(finished: &Finished) -> serde_json::Value {
    let lines = schema::lines("check", &finished.stdout());
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn a_server_is_described_and_nothing_is_left_there() {
    let server = server(usize::MAX);
    let finished = run(["check", &server.url("/drop/")]);
    assert_eq!((finished.0.status.code(), finished.stderr().as_str()), (Some(0), ""));
    for fact in ["/drop/bitsup-check", "127.0.0.1", "Microsoft-IIS/10.0", "{7df0354d", "opened and cancelled"] {
        assert!(finished.stdout().contains(fact), "no {fact:?} in:\n{}", finished.stdout());
    }
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Cancel-Session"]);
    let record = json(&run(ARGS.iter().map(ToString::to_string).chain([server.url("/drop/")])));
    assert_eq!((&record["status"], &record["exit"], &record["cancelled"]), (&"ok".into(), &0.into(), &true.into()));
    assert_eq!(record["address"], format!("127.0.0.1:{}", server.port));
}

#[test]
fn the_largest_fragment_is_found_and_no_file_is_finished() {
    for limit in [700_000, 30_000] {
        let server = server(limit);
        let record = json(&run(["check", "--json", "--probe-fragment", &server.url("/")]));
        let size = |name: &str| record["fragment"][name].as_u64().and_then(|size| usize::try_from(size).ok());
        let (accepted, refused) = (size("accepted").expect("a size"), size("refused").expect("a size"));
        assert!(accepted <= limit && limit < refused, "{record}");
        assert!(refused - accepted <= 1024.max(refused / 64), "{record}");
        assert!(record["fragment"]["reason"].as_str().is_some_and(|reason| reason.contains("413")), "{record}");
        let requests = server.requests();
        assert!(requests.iter().all(|request| request.packet() != "Close-Session"));
        let ends_early = |request: &Request| request.range().is_none_or(|(_, last, total)| last + 1 < total);
        assert!(requests.iter().all(ends_early));
        let count = |packet| requests.iter().filter(|request| request.packet() == packet).count();
        assert_eq!(count("Create-Session"), count("Cancel-Session"));
    }
}

#[test]
fn a_session_is_cancelled_although_something_else_goes_wrong() {
    let broken = ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}")),
        "Fragment" => Reply::head("HTTP/1.1 400 Bad Request"),
        _ => Reply::head(ACK),
    });
    assert_eq!(run(["check", "--probe-fragment", &broken.url("/")]).0.status.code(), Some(12));
    assert_eq!(broken.packets().last().map(String::as_str), Some("Cancel-Session"));

    let leads_nowhere = ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}\nBITS-Host-Id: localhost:1")),
        _ => Reply::head(ACK),
    });
    assert_eq!(run(["check", &leads_nowhere.url("/")]).0.status.code(), Some(5));
    assert_eq!(leads_nowhere.packets(), ["Ping", "Create-Session", "Cancel-Session"]);
}

#[test]
fn failures_have_the_codes_of_an_upload() {
    for (status, code) in [("401 Unauthorized", 7), ("403 Forbidden", 8), ("404 Not Found", 9), ("407 Who", 7)] {
        let server = ScriptServer::start(move |_| Reply::head(&format!("HTTP/1.1 {status}")));
        let finished = run(["check", "--json", &server.url("/")]);
        assert_eq!(finished.0.status.code(), Some(code), "{status}");
        let record = json(&finished);
        assert_eq!((&record["status"], &record["exit"]), (&"error".into(), &code.into()));
        finished.says(&["bitsup: error: cannot upload to http://127.0.0.1"]);
    }
    assert_eq!(run(["check", &nobody::url("/")]).0.status.code(), Some(5));
    assert_eq!(run(["check", "ftp://h/"]).0.status.code(), Some(2));
}

#[test]
fn another_host_is_greeted_and_told_unless_that_is_not_wanted() {
    let other = server(usize::MAX);
    let place = format!("localhost:{}", other.port);
    let named = place.clone();
    let origin = ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}\nBITS-Host-Id: {named}")),
        _ => Reply::head(ACK),
    });
    let record = json(&run(["check", "--json", "-4", &origin.url("/")]));
    assert_eq!(record["host_id"], place.as_str());
    assert_eq!(origin.packets(), ["Ping", "Create-Session"]);
    assert_eq!(other.packets(), ["Ping", "Cancel-Session"]);
    run(["check", "--json", "--no-host-id", &origin.url("/")]);
    assert_eq!(origin.packets()[2..], ["Ping", "Create-Session", "Cancel-Session"]);
}

#[test]
fn a_server_that_hangs_up_after_each_answer_is_no_failure() {
    let server = ScriptServer::start(|request| {
        let head = format!("{ACK}\nBITS-Session-Id: {{A-1}}\nBITS-Received-Content-Range: {}", request.body.len());
        match Reply::head(&head) {
            Reply::Bytes(bytes) => Reply::Last(bytes),
            other => other,
        }
    });
    for args in [&["check"][..], &["check", "--probe-fragment"]] {
        let finished = run(args.iter().map(ToString::to_string).chain([server.url("/")]));
        assert_eq!(finished.0.status.code(), Some(0), "{}", finished.stderr());
    }
}

#[test]
fn a_query_with_a_secret_is_not_printed() {
    let server = server(usize::MAX);
    let finished = Finished(command(["check", "-vv", &server.url("/a?sig=s3cret")]).output().expect("ran"));
    assert_eq!(finished.0.status.code(), Some(0));
    assert!(!finished.stdout().contains("s3cret") && !finished.stderr().contains("s3cret"));
}

#[test]
fn whoever_signs_in_is_told_how_and_no_password_goes_out_twice() {
    const BASIC: &str = "Basic bWU6czNjcmV0";
    for (right, exit, proofs) in [(BASIC, 0, None), ("another", 7, Some(1))] {
        let inner = move |request: &Request| {
            if request.field("Authorization") != Some(right) {
                return Reply::head("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"drop\"");
            }
            let received = request.body.len();
            Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}\nBITS-Received-Content-Range: {received}"))
        };
        let server = ScriptServer::start(inner);
        let mut check = command(["check", "-vv", "--json", "--probe-fragment", "--allow-cleartext-auth", "-u", "me"]);
        let finished = Finished(check.arg(server.url("/")).env("BITSUP_PASSWORD", "s3cret").output().expect("ran"));
        assert_eq!(finished.0.status.code(), Some(exit), "{}", finished.stderr());
        let record = json(&finished);
        assert_eq!(record["auth"] == "Basic", exit == 0, "{record}");
        let shown = format!("{}{}", finished.stdout(), finished.stderr());
        assert!(!shown.contains("s3cret") && !shown.contains("bWU6"), "{shown}");
        let proven = server.requests().iter().filter(|request| request.field("Authorization").is_some()).count();
        assert!(proofs.is_none_or(|proofs| proven == proofs), "{proven} proofs");
    }
}
