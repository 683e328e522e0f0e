//! Each promise on the network is on disk before: the system calls of the built program, in their order.
//!
//! The crash tests beside the code use disks that only pretend to sync; here it is the system that is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command, program, say};
use crate::support::receiver::Receiver;

const CALLS: &str = "trace=mkdirat,openat,write,writev,pwrite64,ftruncate,fchmod,rename,renameat,renameat2,\
                     fsync,fdatasync,sendto,sendmsg,exit_group";

/// Runs the program under strace, which writes down each call with the paths of its files. The program is the child.
fn traced(trace: &Path) -> Option<Command> {
    let works = Command::new("strace").args(["-D", "-qq", "-o", "/dev/null", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        say("SKIPPED: the order of system calls needs strace, and the right to trace");
        return None;
    }
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "-y", "-qq", "-s", "4096", "-e", CALLS, "-o"]).arg(trace).arg(program());
    for (name, value) in command([""; 0]).get_envs() {
        match value {
            Some(value) => strace.env(name, value),
            None => strace.env_remove(name),
        };
    }
    strace.stdin(Stdio::null());
    Some(strace)
}

/// A call: its text when it began, or when it was over.
#[derive(Debug, PartialEq)]
enum Call {
    Began(String),
    Over(String),
}

/// strace splits a call that another thread's comes into.
fn calls(trace: &str) -> Vec<Call> {
    let mut unfinished: BTreeMap<&str, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((thread, text)) = line.split_once(' ') else { continue };
        let text = text.trim_start();
        if let Some(begun) = text.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, begun.to_owned());
            calls.push(Call::Began(begun.to_owned()));
        } else if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|text| text.split_once("resumed>")) {
            let begun = unfinished.remove(thread).unwrap_or_default();
            calls.push(Call::Over(begun + rest));
        } else {
            calls.push(Call::Began(text.to_owned()));
            calls.push(Call::Over(text.to_owned()));
        }
    }
    calls
}

/// Locks, and the journal's newest Acks: those are written without waiting for the disk, for nothing relies on them.
const UNPROMISED: [&str; 4] = ["\"lock\"", ".lock\"", ".ack\"", ".ack>"];

/// The files and names that a power cut could take at a moment.
#[derive(Debug, Default)]
struct Unsynced {
    /// Files that were written, or folders in which names changed.
    paths: BTreeSet<String>,
    syncs: usize,
    renames: usize,
}

impl Unsynced {
    /// Follows a call. A rename must not lead to bytes that could be lost.
    fn follow(&mut self, call: &Call) {
        match call {
            Call::Began(text) if UNPROMISED.iter().any(|name| text.contains(name)) => {}
            Call::Began(text) => match name(text) {
                "openat" if !text.contains("O_CREAT") => {}
                // The file that changes, or the folder that gets a name.
                "write" | "writev" | "pwrite64" | "ftruncate" | "fchmod" | "openat" | "mkdirat" => {
                    self.paths.extend(paths(text).into_iter().take(1));
                }
                "rename" | "renameat" | "renameat2" => {
                    let folders = paths(text);
                    let [from, to] = &folders[..] else { panic!("not by two folders: {text}") };
                    let from = format!("{from}/{}", text.split('"').nth(1).expect("a name"));
                    assert!(!self.paths.contains(&from), "not synced before {text}");
                    self.paths.insert(to.clone());
                    self.renames += 1;
                }
                _ => {}
            },
            Call::Over(text) if ["fsync", "fdatasync"].contains(&name(text)) && text.ends_with("= 0") => {
                self.syncs += 1;
                self.paths.retain(|path| !paths(text).contains(path));
            }
            Call::Over(_) => {}
        }
    }

    /// Those that begin with `begin`.
    fn below(&self, begin: &Path) -> Vec<&String> {
        let begin = begin.to_str().expect("text");
        self.paths.iter().filter(|path| path.starts_with(begin)).collect()
    }
}

fn name(call: &str) -> &str {
    call.split_once('(').map_or("", |(name, _)| name)
}

/// The paths of the open files among the arguments: strings do not count.
fn paths(call: &str) -> Vec<String> {
    let outside = call.split('"').step_by(2).collect::<String>();
    let outside = outside.split(") = ").next().unwrap_or_default();
    outside.split("</").skip(1).filter_map(|rest| Some(format!("/{}", rest.split_once('>')?.0))).collect()
}

fn has_ending(path: &str, ending: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == ending)
}

/// The text that goes to a socket with this call, as strace shows it.
fn sent(call: &Call) -> Option<&str> {
    match call {
        Call::Began(text) if text.contains("<socket:") || text.contains("<TCP") => {
            text.split_once(", ").map(|(_, text)| text)
        }
        _ => None,
    }
}

fn number_after(text: &str, begin: &str) -> Option<u64> {
    let (_, rest) = text.split_once(begin)?;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[test]
fn what_the_journal_promises_is_synced_before_the_network_gets_it() {
    let folder = TempDir::new().expect("a folder");
    let (trace, state) = (folder.path().join("trace"), folder.path().join("state"));
    let Some(mut upload) = traced(&trace) else { return };
    let receiver = Receiver::start(&[]);
    let source = Source::new(3000);
    upload.args(["upload", "--fragment-size", "1000"]).arg(source.arg()).arg(&receiver.url);
    upload.env("BITSUP_STATE_DIR", &state);
    Finished(upload.output().expect("started")).exits(0);

    let (mut unsynced, mut fragments) = (Unsynced::default(), 0);
    // The record's `sent_end`: as it was written last, and as it survives a power cut.
    let (mut written, mut durable) = (0, 0);
    for call in calls(&ended(&trace)) {
        unsynced.follow(&call);
        if let Call::Began(text) = &call
            && name(text) == "write"
            && paths(text).first().is_some_and(|path| has_ending(path, "tmp"))
        {
            written = number_after(text, r#"\"sent_end\":"#).unwrap_or(written);
        }
        let Some(text) = sent(&call).filter(|text| text.contains(": Fragment") || text.contains(": Close-Session"))
        else {
            continue;
        };
        let lost = unsynced.below(&state);
        assert!(lost.is_empty(), "{lost:?} could be lost when {text} was sent");
        durable = written;
        if let Some((_, range)) = text.to_ascii_lowercase().split_once("content-range: bytes ") {
            let end = number_after(range, "-").expect("a range") + 1;
            assert!(end <= durable, "the record promises {durable} bytes, up to {end} are sent");
            fragments += 1;
        }
    }
    assert_eq!((fragments, durable), (3, 3000));
    assert!(unsynced.renames > 1 && unsynced.syncs >= 2 * unsynced.renames, "{unsynced:?}");
}

#[test]
fn what_the_receiver_acknowledges_is_synced_before() {
    let folder = TempDir::new().expect("a folder");
    let trace = folder.path().join("trace");
    let Some(mut serve) = traced(&trace) else { return };
    let receiver = Receiver::of(serve.args(["serve", "--listen", "127.0.0.1:0"]));
    let source = Source::new(3000);
    let upload = command(["upload", "--fragment-size", "1000"]).arg(source.arg()).arg(&receiver.url).output();
    Finished(upload.expect("started")).exits(0);
    assert_eq!(receiver.published("file.bin"), source.bytes);
    let root = receiver.folder.path().to_owned();
    drop(receiver);

    let (mut unsynced, mut responses) = (Unsynced::default(), 0);
    for call in calls(&ended(&trace)) {
        unsynced.follow(&call);
        if let Call::Began(text) = &call
            && name(text) == "write"
            && paths(text).first().is_some_and(|path| has_ending(path, "pos"))
        {
            let counted = unsynced.paths.iter().find(|path| has_ending(path, "part"));
            assert_eq!(counted, None, "bytes are counted before they are synced");
        }
        let Some(text) = sent(&call).filter(|text| text.contains("HTTP/1.1 200")) else { continue };
        responses += 1;
        // The Ping before the first session rests on nothing.
        let lost = unsynced.below(&root);
        assert!(lost.is_empty() || responses == 1, "{lost:?} could be lost when {text} was sent");
    }
    assert_eq!(responses, 6, "Ping, Create-Session, three Fragments, Close-Session");
    assert_eq!(unsynced.renames, 3, "the session, the file, the tombstone");
}

/// The trace of a program that has ended: strace may be a little behind.
fn ended(trace: &Path) -> String {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let text = std::fs::read_to_string(trace).expect("a trace");
        if text.contains("exit_group(") || text.contains("+++ killed") || Instant::now() > deadline {
            return text;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
