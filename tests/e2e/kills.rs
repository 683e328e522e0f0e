//! Kills `bitsup upload` at its system calls, runs it again, and compares the bytes.
//!
//! The short run takes some of the calls; the long one takes all:
//! `cargo test --test e2e kills -- --ignored --nocapture`

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, program, say};
use crate::support::receiver::Receiver;

const SIZE: usize = 3000;

/// The outcome of the runs.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    /// Calls that the run did not come to make.
    missed: usize,
    /// Second runs that went on with the first one's session.
    resumed: usize,
    /// Runs that only said that the file is probably there, as it was.
    unconfirmed: usize,
    /// Whole files that were there although the run was killed.
    published: usize,
}

fn upload(prefix: &[&str], source: &Source, receiver: &Receiver, state: &Path) -> Finished {
    let line = [prefix, &[program(), "upload", "--fragment-size", "1000", "--retry-delay", "1ms"]].concat();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).arg(source.arg()).arg(format!("{}file.bin", receiver.url));
    command.env("BITSUP_STATE_DIR", state).env_remove("http_proxy").stdin(Stdio::null());
    Finished(command.output().expect("started"))
}

/// A system call: which, and the how manieth of its name in its thread. `strace` counts each name and each thread for
/// itself, so where two threads come to the same, the first of them is killed there.
type Point = (String, usize);

/// The calls of an upload that nobody kills, in order.
fn calls(source: &Source, receiver: &Receiver) -> Vec<Point> {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace");
    let strace = ["strace", "-f", "-qq", "-o", trace.to_str().expect("text")];
    upload(&strace, source, receiver, &folder.path().join("state")).exits(0);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let trace = fs::read_to_string(&trace).expect("a trace");
    let lines = trace.lines().filter_map(|line| line.split_once(' '));
    let calls = lines.filter_map(|(thread, line)| Some((thread, line.trim_start().split_once('(')?.0)));
    // The first call is the start of the program itself, and is over before strace may inject anything.
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && name != "execve";
    let point = |(thread, name): (&str, &str)| {
        let count = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *count += 1;
        let point = (name.to_owned(), *count);
        seen.insert(point.clone()).then_some(point)
    };
    calls.filter(|(_, name)| is_name(name)).filter_map(point).collect()
}

/// One kill, then another run.
fn kill_at((name, count): &Point, source: &Source, receiver: &Receiver, tally: &mut Tally) {
    let folder = TempDir::new().expect("a folder");
    let state = folder.path().join("state");
    let published = receiver.path("file.bin");
    let _ = fs::remove_file(&published);
    let inject = format!("inject={name}:signal=KILL:when={count}");
    let first = upload(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject], source, receiver, &state);
    if first.0.status.signal() == Some(9) {
        tally.kills += 1;
    } else {
        // Not every run makes every call.
        assert_eq!(first.0.status.code(), Some(0), "{name} {count}: {}", first.stderr());
        tally.missed += 1;
    }
    if let Ok(bytes) = fs::read(&published) {
        assert!(bytes == source.bytes, "{name} {count}: a part is published");
        tally.published += 1;
    }
    let second = upload(&[], source, receiver, &state);
    let code = second.0.status.code();
    tally.resumed += usize::from(second.stderr().contains("resuming: "));
    tally.unconfirmed += usize::from(code == Some(18));
    assert!(matches!(code, Some(0 | 18)), "{name} {count}: {code:?}: {}", second.stderr());
    assert!(fs::read(&published).is_ok_and(|bytes| bytes == source.bytes), "{name} {count}: other bytes");
    let left = fs::read_dir(&state).expect("a folder").map(|entry| entry.expect("an entry").path());
    let left: Vec<_> = left.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    assert!(left.is_empty(), "{name} {count}: {left:?}");
}

/// Takes every `step`-th of the calls.
fn sweep(step: usize) {
    let works = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        say("SKIPPED: the client's kill sweep needs strace, and the right to trace");
        return;
    }
    let started = Instant::now();
    let source = Source::new(SIZE);
    let receiver = Receiver::start(&["--max-sessions", "100000", "--overwrite", "--quiet"]);
    let mut tally = Tally::default();
    for point in calls(&source, &receiver).iter().step_by(step) {
        kill_at(point, &source, &receiver, &mut tally);
    }
    say(&format!("client kill sweep: {tally:?} in {} s", started.elapsed().as_secs()));
    assert!(tally.kills > 9 * tally.missed, "hardly anything was killed: {tally:?}");
    assert!(tally.resumed > 0 && tally.published > 0, "it was killed at the wrong calls: {tally:?}");
}

#[test]
fn a_client_killed_at_some_calls_goes_on() {
    sweep(7);
}

#[test]
#[ignore = "takes minutes"]
fn a_client_killed_at_every_call_goes_on() {
    sweep(1);
}
