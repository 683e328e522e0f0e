//! The client's calls.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::bitsup::{Finished, Source, command};
use crate::calls::may_abort;
use crate::receiver::Receiver;
use crate::tracer::Traced;
use crate::{Case, Ended, Tally, calls_of, sweep, tried};

pub(crate) const SIZE: usize = 3000;

/// With default options, but for the pauses.
pub(crate) fn upload(source: &Source, url: &str, state: &Path) -> Command {
    let mut upload = command(["upload", "--fragment-size", "1000", "--retry-delay", "1ms"]);
    upload.args(["--retry-max-delay", "20ms"]).env("RUST_BACKTRACE", "0");
    upload.arg(source.arg()).arg(format!("{url}file.bin")).env("BITSUP_STATE_DIR", state);
    upload
}

/// One fault, then the same command.
fn attempt(case: Case, source: &Source, receiver: &Receiver) -> Tally {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("state");
    // Other attempts upload at the same time.
    let own = folder.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.');
    let url = format!("{}{own}-", receiver.url);
    let published = receiver.path(&format!("{own}-file.bin"));
    let mut traced = Traced::start(&upload(source, &url, &state), Some((case.point, case.fault)));
    let mut stderr = String::new();
    traced.stderr().read_to_string(&mut stderr).unwrap();
    let first = Ended::from(traced.end(), stderr, case, may_abort(case.point));
    let mut tally = Tally::of(&first);
    let stderr = &first.stderr;
    let found = fs::read(&published).ok();
    assert!(found.as_ref().is_none_or(|bytes| *bytes == source.bytes), "{case}: a part is published: {stderr}");
    match first.status {
        Some(0) => assert!(found.is_some(), "{case}: a false success: {stderr}"),
        Some(code) => assert!(stderr.contains("bitsup: error: "), "{case}: {code} without an error: {stderr}"),
        None => {}
    }
    tally.published += usize::from(found.is_some() && first.status != Some(0));
    let second = Finished(upload(source, &url, &state).output().unwrap());
    assert_eq!(second.0.status.code(), Some(0), "{case}: {stderr}; then: {}", second.stderr());
    assert!(fs::read(&published).is_ok_and(|bytes| bytes == source.bytes), "{case}: other bytes");
    let left = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<_> = left.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    assert!(left.is_empty(), "{case}: {left:?}");
    tally
}

fn every_call(takes_all: bool) {
    let source = Source::new(SIZE);
    let what = "the sweep of errors of the client's calls";
    let receiver = Receiver::start(&["--max-sessions", "100000", "--overwrite", "--quiet"]);
    let cases = tried(what, takes_all, || {
        let folder = TempDir::new().unwrap();
        calls_of(&upload(&source, &receiver.url, &folder.path().join("state")))
    });
    sweep(what, &cases, |case| attempt(case, &source, &receiver));
}

#[test]
fn a_client_one_of_whose_calls_fails_is_right_about_it() {
    every_call(false);
}

#[test]
#[ignore = "takes minutes"]
fn a_client_any_of_whose_calls_fails_is_right_about_it() {
    every_call(true);
}
