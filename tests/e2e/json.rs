//! `--json`: real output against the schema; the summary comes last, however the run ends.

use serde_json::{Value, json};

use crate::support::bitsup::{Finished, Source, command};
use crate::support::schema;
use crate::support::script::{ACK, Model, Reply, ScriptServer};

fn model() -> ScriptServer {
    let model = Model::default();
    ScriptServer::start(move |request| model.answer(request))
}

/// Runs to the end; the events, and what went to stderr.
#[track_caller]
fn upload(code: i32, options: &[&str], source: &Source, url: &str) -> (Vec<Value>, String) {
    let output = command(["upload", "--json"]).args(options).arg(source.arg()).arg(url).output().expect("it starts");
    let finished = Finished(output);
    assert_eq!(finished.0.status.code(), Some(code), "{}", finished.stderr());
    let text = finished.stdout();
    assert!(text.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic()), "{text:?}");
    let events = schema::events(&text);
    let summaries = events.iter().filter(|event| event["event"] == "summary").count();
    assert_eq!((summaries, &events.last().expect("a summary")["event"]), (1, &json!("summary")), "{text}");
    assert_eq!(events.last().expect("a summary")["exit"], json!(code));
    (events, finished.stderr())
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().expect("a name")).collect()
}

#[test]
fn a_success_is_told_from_start_to_summary_and_stderr_is_empty() {
    let (source, server) = (Source::named("größe.bin", 300_000), model());
    let (events, stderr) = upload(0, &["--fragment-size", "100000"], &source, &server.url("/"));
    assert_eq!(stderr, "");
    let told = names(&events);
    assert_eq!((told[0], told[1], told[told.len() - 2]), ("start", "session", "done"));
    assert!(told[2..told.len() - 2].iter().all(|name| *name == "progress"), "{told:?}");
    let covered = &events[events.len() - 3];
    assert_eq!((&covered["acked"], &covered["size"]), (&json!(300_000), &json!(300_000)));
    let summary = events.last().expect("a summary");
    for (name, value) in [
        ("status", json!("success")),
        ("bytes", json!(300_000)),
        ("acked", json!(300_000)),
        ("resumed_from", json!(0)),
        ("requests", json!(6)),
        ("retries", json!(0)),
        ("session", json!("{A-1}")),
        ("url", json!(server.url("/gr%C3%B6%C3%9Fe.bin"))),
        ("uploaded", json!(1)),
    ] {
        assert_eq!(summary[name], value, "{name}");
    }
    // Progress for people is there when it was asked for.
    let (_, stderr) = upload(0, &["--progress=plain"], &source, &server.url("/x"));
    assert!(stderr.contains("100 %"), "{stderr}");
}

#[test]
fn trouble_on_the_way_is_told() {
    let (source, model) = (Source::new(300_000), Model::default());
    let mut fragments = 0;
    let server = ScriptServer::start(move |request| {
        fragments += usize::from(request.packet() == "Fragment");
        match (request.packet(), fragments) {
            ("Fragment", 1) => Reply::head("HTTP/1.1 413 Payload Too Large"),
            ("Fragment", 3) => Reply::head("HTTP/1.1 503 ##vso[x]\x1b[31m"),
            ("Fragment", 4) => Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: 0")),
            _ => model.answer(request),
        }
    });
    let options = ["--fragment-size", "100000", "--retry-delay", "1ms"];
    let (events, stderr) = upload(0, &options, &source, &server.url("/f"));
    let told = names(&events);
    for name in ["resize", "retry", "resync", "done"] {
        assert!(told.contains(&name), "no {name} in {told:?}");
    }
    assert!(!stderr.contains("##") && !stderr.contains('\x1b'), "{stderr:?}");
    assert_eq!(events.last().expect("a summary")["retries"], json!(2));
}

#[test]
fn a_refusal_has_its_facts() {
    let source = Source::new(10);
    let refusal = "HTTP/1.1 403 Forbidden\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070005\nBITS-Error-Context: 0x5";
    let server = ScriptServer::start(move |request| match request.packet() {
        "Create-Session" => Reply::head(refusal),
        _ => Reply::head(ACK),
    });
    let (events, stderr) = upload(8, &[], &source, &server.url("/f"));
    assert!(stderr.starts_with("bitsup: error: "), "{stderr}");
    let told = names(&events);
    assert_eq!(told, ["start", "error", "summary"]);
    for event in &events[1..] {
        assert_eq!((&event["class"], &event["http"]), (&json!("refused"), &json!(403)));
        assert_eq!((&event["hresult"], &event["retryable"]), (&json!("0x80070005"), &json!(false)));
        assert_eq!(event["resume_command"], Value::Null);
    }
}

#[test]
fn usage_and_sources_have_a_summary_too() {
    let source = Source::new(10);
    let (events, _) = upload(2, &[], &source, "ftp://h/");
    assert_eq!(names(&events), ["error", "summary"]);
    assert_eq!(events[1]["class"], "usage");
    let (events, _) = upload(2, &["--fragment-size", "x"], &source, "http://h/");
    assert_eq!(names(&events), ["error", "summary"]);
    // Arguments that clap refuses, and a setting that is wrong.
    for options in [&["--no-such"][..], &["-j", "x"], &["--resume=x"], &["--config", "no.toml"], &["-H"]] {
        let (events, stderr) = upload(2, options, &source, "http://h/");
        assert_eq!(names(&events), ["error", "summary"], "{options:?}");
        assert_eq!((&events[1]["class"], &events[1]["retryable"]), (&json!("usage"), &json!(false)));
        assert!(stderr.starts_with("bitsup: error: "), "{stderr}");
    }
    std::fs::remove_file(&source.path).expect("removed");
    let (events, _) = upload(3, &[], &source, "http://h/");
    assert_eq!(names(&events), ["error", "summary"]);
    assert_eq!((&events[0]["id"], &events[1]["class"]), (&json!(1), &json!("source")));
}

#[test]
fn a_command_that_goes_on_is_given_unless_it_holds_a_secret() {
    let source = Source::new(10);
    let server = ScriptServer::start(|_| Reply::head("HTTP/1.1 503 Service Unavailable"));
    let options = ["--no-progress-timeout", "0"];
    let (events, _) = upload(11, &options, &source, &server.url("/f"));
    let command = events.last().expect("a summary")["resume_command"].as_str().expect("a command").to_owned();
    assert!(command.starts_with("bitsup upload --json --no-progress-timeout 0 "), "{command}");
    let (events, stderr) = upload(11, &options, &source, &server.url("/f?sig=s3cret"));
    assert_eq!(events.last().expect("a summary")["resume_command"], Value::Null);
    let text = format!("{events:?}{stderr}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_dry_run_uses_no_network_and_says_where_it_would_go_on() {
    let source = Source::new(300_000);
    let state = tempfile::tempdir().expect("a folder");
    let state = state.path().to_str().expect("text").to_owned();
    let model = Model::default();
    let server = ScriptServer::start(move |request| match request.range() {
        Some((200_000, ..)) => Reply::head("HTTP/1.1 503 Service Unavailable"),
        _ => model.answer(request),
    });
    let url = server.url("/d/");
    let first = ["--state-dir", &state, "--fragment-size", "100000", "--no-progress-timeout", "0"];
    upload(11, &first, &source, &url);
    let requests = server.requests().len();
    let (events, _) = upload(0, &["--dry-run", "--state-dir", &state], &source, &url);
    assert_eq!(names(&events), ["start", "summary"]);
    assert_eq!((&events[0]["size"], &events[0]["resumed_from"]), (&json!(300_000), &json!(200_000)));
    assert_eq!(events[0]["url"], json!(server.url("/d/file.bin")));
    let output = command(["upload", "--dry-run", "--state-dir", &state]).arg(source.arg()).arg(&url).output();
    let finished = Finished(output.expect("it starts"));
    let path = source.path.display();
    assert_eq!(finished.stdout(), format!("{path} -> {url}file.bin, 292 KiB, resumes at 195 KiB\n"));
    assert_eq!((finished.stderr().as_str(), server.requests().len()), ("", requests));
}

#[cfg(unix)]
mod signals {
    use std::process::Stdio;

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::support::keeper::{Hold, Keeper};

    const HELD: Hold = Hold { packet: "Fragment", first: 0, acts: false };

    fn interrupted(signal: Signal, code: i32) {
        let (source, keeper) = (Source::new(10), Keeper::start(Some(HELD)));
        let mut command = command(["upload", "--json"]);
        command.arg(source.arg()).arg(keeper.server.url("/f")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        keeper.wait();
        kill_process(Pid::from_child(&child), signal).expect("sent");
        let finished = Finished(child.wait_with_output().expect("it ends"));
        keeper.release();
        let events = schema::events(&finished.stdout());
        assert_eq!(finished.0.status.code(), Some(code));
        assert_eq!(names(&events), ["start", "session", "error", "summary"]);
        let summary = &events[3];
        assert_eq!((&summary["status"], &summary["exit"]), (&json!("interrupted"), &json!(code)));
        assert!(summary["resume_command"].as_str().is_some_and(|command| command.ends_with("/f")), "{summary}");
    }

    #[test]
    fn a_signal_has_its_summary() {
        interrupted(Signal::INT, 130);
        interrupted(Signal::TERM, 143);
    }

    #[test]
    fn case_113_a_closed_terminal_has_its_summary_and_code() {
        if !crate::support::bitsup::ignores_hang_up() {
            interrupted(Signal::HUP, 129);
        }
    }

    #[test]
    fn case_113_below_nohup_an_upload_survives_its_terminal() {
        let (source, keeper) = (Source::new(10), Keeper::start(Some(HELD)));
        let mut command = std::process::Command::new("/bin/sh");
        command.args(["-c", "trap '' HUP; exec \"$0\" upload --json \"$1\" \"$2\"", crate::support::bitsup::program()]);
        command.arg(source.arg()).arg(keeper.server.url("/f")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        keeper.wait();
        kill_process(Pid::from_child(&child), Signal::HUP).expect("sent");
        keeper.release();
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    #[test]
    fn a_second_signal_has_one_too() {
        let (source, keeper) = (Source::new(10), Keeper::start(Some(HELD)));
        // Two signals at once: whether the first has ended the run by the time of the second is left to chance.
        let mut command = command(["upload", "--json"]);
        command.arg(source.arg()).arg(keeper.server.url("/f")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("it starts");
        keeper.wait();
        for signal in [Signal::TERM, Signal::INT] {
            kill_process(Pid::from_child(&child), signal).expect("sent");
        }
        let finished = Finished(child.wait_with_output().expect("it ends"));
        keeper.release();
        assert!(matches!(finished.0.status.code(), Some(130 | 143)), "{:?}", finished.0.status);
        let events = schema::events(&finished.stdout());
        let last = events.last().expect("a summary");
        assert_eq!((&last["event"], &last["status"]), (&json!("summary"), &json!("interrupted")));
    }
}
