//! Every error that the program can make, run for real, and its text as it stands in `messages.txt`: read it as if the code
//! were unknown. `BITSUP_WRITE_MESSAGES=1` writes the file anew.
//!
//! On Linux only: the system's own words for an error differ elsewhere. Nothing is looked up: what a name server says, or
//! whether there is one, is the machine's.

mod network;
mod servers;
mod typed;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command};
use crate::support::script::{Model, Reply, Request, ScriptServer};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/messages.txt");

/// The runs so far: a title, the command, the exit code and all that was printed.
struct Book {
    folder: TempDir,
    source: Source,
    seen: Vec<(String, String)>,
}

impl Book {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder"), source: Source::new(1000), seen: Vec::new() }
    }

    /// A file in a folder of its own: `DIR` in arguments.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).expect("written");
    }

    fn directory(&self, name: &str) {
        std::fs::create_dir(self.folder.path().join(name)).expect("made");
    }

    /// Runs the program with `args`, in which `FILE`, `DIR` and `URL` stand for what differs between runs.
    fn run(&mut self, title: &str, url: &str, args: &[&str]) {
        self.run_with(title, url, args, &[]);
    }

    fn run_with(&mut self, title: &str, url: &str, args: &[&str], environment: &[(&str, &str)]) {
        let (folder, file) = (text(self.folder.path()), text(&self.source.path));
        let expand = |arg: &&str| arg.replace("FILE", &file).replace("DIR", &folder).replace("URL", url);
        let mut command = command(args.iter().map(expand));
        command.env("BITSUP_STATE_DIR", self.folder.path().join("state"));
        command.envs(environment.iter().map(|(name, value)| (*name, expand(value))));
        let finished = Finished(command.output().expect("the program starts"));
        self.note(title, &args.join(" "), url, &finished);
    }

    fn note(&mut self, title: &str, typed: &str, url: &str, finished: &Finished) {
        let mut text = format!("$ bitsup {typed}\nexit {}\n", finished.0.status.code().expect("a code"));
        for line in finished.stdout().lines().chain(finished.stderr().lines()) {
            // Progress has times and rates; so has the clock.
            let line = line.split("clock says").next().unwrap_or_default().trim_end();
            if !line.starts_with("file.bin: ") && !line.contains(": trying again in ") {
                writeln!(text, "{line}").expect("written");
            }
        }
        let origin = url.trim_end_matches('/').rsplit('/').find(|part| part.contains(':')).unwrap_or("no origin");
        let text = text
            .replace(&self::text(&self.source.path), "FILE")
            .replace(&self::text(self.folder.path()), "DIR")
            .replace(origin, "SERVER")
            .replace(env!("CARGO_TARGET_TMPDIR"), "TMP");
        let text = text.lines().fold(String::new(), |text, line| text + &without_random(line) + "\n");
        assert!(self.seen.iter().all(|(known, _)| known != title), "{title} twice");
        self.seen.push((title.to_owned(), text));
    }

    /// An upload to a server that answers every packet of a kind, or `Any`, with `answer`, and the others as it should.
    fn upload(&mut self, packet: &'static str, title: &str, answer: &'static str) {
        self.upload_with(packet, title, answer, &[]);
    }

    fn upload_with(&mut self, packet: &'static str, title: &str, answer: &'static str, options: &[&str]) {
        let server = answering(packet, answer);
        let args = [&["upload", "FILE", "URL", "--no-progress-timeout=0"], options].concat();
        self.run(&format!("{packet}: {title}"), &server.url("/drop/"), &args);
    }
}

/// A line without what differs between runs: names of temporary files, ports, keys, times.
fn without_random(line: &str) -> String {
    let mut line = line.to_owned();
    for before in [
        "bitsup-check-",
        "sha256//",
        "/.tmp",
        "nowhere/bitsup-",
        "127.0.0.1:",
        "no progress for ",
        "beyond byte 0 for ",
    ] {
        let mut at = 0;
        while let Some(found) = line[at..].find(before) {
            at += found + before.len();
            let is_random = |c: char| c.is_ascii_alphanumeric() || (before == "sha256//" && "+/=".contains(c));
            let length = line[at..].find(|c| !is_random(c)).unwrap_or(line.len() - at);
            line.replace_range(at..at + length, "RANDOM");
        }
    }
    line
}

fn text(path: &Path) -> String {
    path.to_str().expect("text").to_owned()
}

/// A head's lines, and after an empty one the body.
fn answering(packet: &'static str, answer: &'static str) -> ScriptServer {
    let model = Model::default();
    ScriptServer::start(move |request| {
        if packet == "Any" || request.packet() == packet { reply(answer) } else { model.answer(request) }
    })
}

fn reply(answer: &str) -> Reply {
    match answer.split_once("\n\n") {
        Some((head, body)) => {
            let head = head.replace('\n', "\r\n");
            Reply::Bytes(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
        }
        None if answer == "HANG UP" => Reply::HangUp,
        None => Reply::head(answer),
    }
}

#[test]
fn every_error_reads_as_it_should() {
    let mut book = Book::new();
    servers::before_a_session(&mut book);
    servers::create_session(&mut book);
    servers::sub_statuses(&mut book);
    servers::within_a_session(&mut book);
    servers::at_the_end(&mut book);
    servers::sign_in(&mut book);
    servers::verification_and_reply(&mut book);
    network::run(&mut book);
    typed::run(&mut book);
    let known = std::fs::read_to_string(FILE).unwrap_or_default();
    let known: BTreeMap<&str, &str> =
        known.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect();
    if std::env::var_os("BITSUP_WRITE_MESSAGES").is_some() {
        return write(&book.seen);
    }
    for (title, text) in &book.seen {
        let known = known.get(title.as_str()).copied().unwrap_or_default();
        assert_eq!(known.trim_end(), text.trim_end(), "{title}: see the head of this test");
    }
    if cfg!(feature = "serve") {
        assert_eq!(known.len(), book.seen.len(), "messages.txt has situations that are not run");
    }
}

fn write(seen: &[(String, String)]) {
    let mut text = format!("Errors of bitsup, {} situations, written by tests/e2e/messages.rs\n", seen.len());
    for (title, section) in seen {
        write!(text, "\n## {title}\n{section}").expect("written");
    }
    std::fs::write(FILE, text).expect("written");
}

/// Whether the request asks for what `--verify` reads.
fn reads_back(request: &Request) -> bool {
    request.head.starts_with("HEAD ") || request.head.starts_with("GET ")
}
