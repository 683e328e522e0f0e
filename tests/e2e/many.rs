//! Several files in one run, against the receiver.

use std::collections::BTreeMap;
#[cfg(unix)]
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command, content};
use crate::support::keeper::{Hold, Keeper};
use crate::support::nobody;
use crate::support::receiver::Receiver;
use crate::support::schema;
use crate::support::script::{ACK, Reply, ScriptServer};

fn run(args: &[&str]) -> Finished {
    Finished(command(["upload"]).args(args).output().expect("it starts"))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// A receiver that records what it is asked.
struct Recorder {
    folder: TempDir,
    url: String,
    child: Child,
    record: mpsc::Receiver<String>,
}

impl Recorder {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut child = command(["serve", "-q", "--json", "--listen", "127.0.0.1:0"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the receiver starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut first = String::new();
        lines.read_line(&mut first).expect("the receiver says where it listens");
        let url = serde_json::from_str::<Value>(&first).expect("JSON")["url"].as_str().expect("a URL").to_owned();
        // Read while it works: a full pipe would stop the receiver.
        let (sender, record) = mpsc::channel();
        std::thread::spawn(move || {
            lines.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)).ok();
        });
        Self { folder, url, child, record }
    }

    /// Ends it once it has recorded that `files` sessions were closed; the packets of each connection.
    ///
    /// An answer is recorded after it was sent: when the client has ended, the last lines may be still to come.
    fn packets(mut self, files: usize) -> BTreeMap<String, Vec<String>> {
        let mut packets: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut closed = 0;
        while let Ok(line) = self.record.recv_timeout(Duration::from_secs(60)) {
            let event: Value = serde_json::from_str(&line).expect("JSON");
            if event["event"] == "packet" {
                let word = |name: &str| event[name].as_str().expect("text").to_owned();
                packets.entry(word("client")).or_default().push(word("packet"));
                closed += usize::from(event["packet"] == "Close-Session");
            }
            if closed == files {
                // Any packet that is recorded from now on is one too many.
                self.child.kill().ok();
            }
        }
        self.child.kill().ok();
        self.child.wait().expect("gone");
        packets
    }
}

/// A folder with files of 4 KiB, and a list of them.
fn small_files(count: usize) -> (TempDir, String) {
    let folder = TempDir::new().expect("a folder");
    let mut list = String::new();
    for n in 0..count {
        let path = folder.path().join(format!("f{n}"));
        std::fs::write(&path, content(4096 + n)).expect("written");
        list.push_str(text(&path));
        list.push('\n');
    }
    let path = folder.path().join("list");
    std::fs::write(&path, list).expect("written");
    let path = text(&path).to_owned();
    (folder, path)
}

#[test]
fn small_files_share_a_connection_one_ping_and_cost_three_requests_each() {
    const FILES: usize = 200;
    let (folder, list) = small_files(FILES);
    for jobs in [1, 3] {
        let recorder = Recorder::start();
        let state = TempDir::new().expect("a folder");
        let options = ["--files-from", &list, "--state-dir", text(state.path()), &recorder.url];
        let jobs_text = jobs.to_string();
        run(&[&["-j", &jobs_text][..], &options].concat()).exits(0).says(&["200 of 200 files uploaded"]);
        for n in 0..FILES {
            let name = format!("f{n}");
            let (sent, there) = (folder.path().join(&name), recorder.folder.path().join(&name));
            assert_eq!(std::fs::read(there).expect("published"), std::fs::read(sent).expect("read"), "{name}");
        }
        assert_eq!(std::fs::read_dir(state.path()).expect("a folder").count(), 0, "nothing is left to go on with");
        let packets = recorder.packets(FILES);
        assert_eq!(packets.len(), jobs, "connections");
        let all: Vec<&str> = packets.values().flatten().map(String::as_str).collect();
        for (packet, count) in
            [("Ping", jobs), ("Create-Session", FILES), ("Fragment", FILES), ("Close-Session", FILES)]
        {
            assert_eq!(all.iter().filter(|one| **one == packet).count(), count, "{packet}");
        }
        assert!(packets.values().all(|packets| packets[0] == "Ping"));
    }
}

#[test]
fn one_bad_file_stops_no_other_and_exits_15() {
    let receiver = Receiver::start(&[]);
    let good = Source::named("good", 300_000);
    let (also, missing) = (good.beside("also", 10), good.path.with_file_name("missing"));
    let args = [text(&good.path), text(&missing), text(&also), &receiver.url];
    let finished = run(&args);
    finished.exits(15).says(&["cannot read", "missing", "2 of 3 files uploaded, 1 failed", "1 of 3 files failed"]);
    assert_eq!(receiver.published("good"), good.bytes);
    assert_eq!(receiver.published("also").len(), 10);
    // All failed for the same reason: that is the code.
    run(&args).exits(15);
    run(&["--no-state", text(&good.path), text(&also), &receiver.url]).exits(8);
    run(&[text(&missing), text(&folder_of(&good)), &receiver.url]).exits(3);
}

fn folder_of(source: &Source) -> std::path::PathBuf {
    source.path.parent().expect("a folder").to_owned()
}

#[test]
fn fail_fast_begins_no_further_file() {
    let receiver = Receiver::start(&[]);
    let good = Source::named("good", 10);
    let missing = good.path.with_file_name("missing");
    let finished = run(&["--fail-fast", text(&missing), text(&good.path), &receiver.url]);
    finished.exits(3).says(&["1 of 2 files failed, 1 were not begun"]);
    assert!(!receiver.path("good").exists());
}

#[test]
fn two_files_for_one_url_are_refused_before_anything_is_sent() {
    let receiver = Receiver::start(&[]);
    let (a, b) = (Source::named("same", 10), Source::named("same", 20));
    let finished = run(&["-j", "2", text(&a.path), text(&b.path), &receiver.url]);
    finished.exits(2).says(&["have the same destination /same", "nothing was sent"]);
    assert!(!receiver.path("same").exists());
    run(&[text(&a.path), text(&b.path), &format!("{}x", receiver.url)]).exits(2).says(&["ends in /"]);
    run(&[text(&a.path), "--reply", "r", text(&b.beside("other", 1)), &receiver.url]).exits(2).says(&["--reply"]);
}

#[test]
fn lists_are_read_from_a_file_and_from_standard_input() {
    let receiver = Receiver::start(&[]);
    let name = if cfg!(windows) { "a, '1'" } else { "a, \"1\"" };
    let a = Source::named(name, 10);
    let b = a.beside("b", 20);
    let csv = format!(
        "Source,Destination\r\n\"{}\",{url}x%20y\r\n{},{url}z/../\r\n",
        text(&a.path).replace('"', "\"\""),
        text(&b),
        url = receiver.url
    );
    let list = a.beside("list.csv", 0);
    std::fs::write(&list, &csv).expect("written");
    // A folder that is not there: the other file arrives all the same.
    run(&["--files-from", text(&list)]).exits(15);
    assert_eq!(receiver.published("x y"), a.bytes);
    let mut command = command(["upload", "--files-from", "-", "-0", &receiver.url]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let names = format!("{}\0{}\0", text(&a.path), text(&b));
    child.stdin.take().expect("piped").write_all(names.as_bytes()).expect("written");
    Finished(child.wait_with_output().expect("it ends")).exits(0);
    assert_eq!(receiver.published("b").len(), 20);
    assert_eq!(receiver.published(name), a.bytes);
}

#[test]
fn standard_input_is_kept_in_a_private_file_that_does_not_stay() {
    let receiver = Receiver::start(&[]);
    let bytes = content(700_000);
    let spool = TempDir::new().expect("a folder");
    let upload = |args: &[&str]| {
        let mut command = command(["upload"]);
        command.args(args).env("TMPDIR", spool.path()).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut input = child.stdin.take().expect("piped");
        let _ = input.write_all(&bytes);
        drop(input);
        Finished(child.wait_with_output().expect("it ends"))
    };
    upload(&["-", &format!("{}whole", receiver.url)]).exits(0);
    upload(&["-", &receiver.url, "--name", "named"]).exits(0);
    assert_eq!(receiver.published("whole"), bytes);
    assert_eq!(receiver.published("named"), bytes);
    upload(&["-", &receiver.url]).exits(2).says(&["--name"]);
    assert_eq!(std::fs::read_dir(spool.path()).expect("a folder").count(), 0);
}

#[test]
fn each_file_has_its_events_and_the_run_its_summary() {
    let receiver = Receiver::start(&[]);
    let a = Source::named("a", 10);
    let (b, missing) = (a.beside("b", 300_000), a.path.with_file_name("missing"));
    let args = ["--json", "-j", "2", text(&a.path), text(&missing), text(&b), &receiver.url];
    let finished = run(&args);
    assert_eq!(finished.0.status.code(), Some(15), "{}", finished.stderr());
    let events = schema::events(&finished.stdout());
    let of = |id: u64| -> Vec<&str> {
        let own = events.iter().filter(|event| event["id"] == id);
        own.map(|event| event["event"].as_str().expect("text")).collect()
    };
    assert_eq!(of(1), ["start", "session", "progress", "done"]);
    assert_eq!(of(2), ["error"]);
    assert_eq!(of(3).last(), Some(&"done"));
    let summary = events.last().expect("a summary");
    assert_eq!((&summary["status"], &summary["class"]), (&"mixed".into(), &"mixed".into()));
    let counts =
        ["files", "uploaded", "failed", "bytes", "acked"].map(|name| summary[name].as_u64().expect("a number"));
    assert_eq!(counts, [3, 2, 1, 300_010, 300_010]);
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_all_files_and_keeps_their_sessions() {
    use rustix::process::{Pid, Signal, kill_process};
    let receiver = Receiver::start(&[]);
    let a = Source::named("a", 3_000_000);
    let b = a.beside("b", 3_000_000);
    let state = TempDir::new().expect("a folder");
    // So slow that it cannot end by itself; the events tell when both have something on the server.
    let args = ["upload", "--json", "-j", "2", "--limit-rate", "200k", "--fragment-size", "5k"];
    let mut command = command(args);
    command.arg("--state-dir").arg(state.path()).arg(&a.path).arg(&b).arg(&receiver.url);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let (mut seen, mut told) = (BTreeSet::new(), String::new());
    while seen.len() < 2 {
        let before = told.len();
        assert!(stdout.read_line(&mut told).expect("text") > 0, "{told}");
        let event: Value = serde_json::from_str(&told[before..]).expect("JSON");
        if event["event"] == "progress" && event["acked"].as_u64() > Some(0) {
            seen.insert(event["id"].as_u64());
        }
    }
    kill_process(Pid::from_child(&child), Signal::INT).expect("sent");
    std::io::Read::read_to_string(&mut stdout, &mut told).expect("text");
    let finished = Finished(child.wait_with_output().expect("it ends"));
    assert_eq!(finished.0.status.code(), Some(130), "{}", finished.stderr());
    let said = finished.stderr();
    assert_eq!(said.matches("bitsup: error:").count(), 1, "{said}");
    let events = schema::events(&told);
    assert_eq!(events.iter().filter(|event| event["event"] == "error").count(), 2, "{told}");
    assert_eq!(events.last().expect("a summary")["status"], "interrupted");
    let plan = ["--dry-run", "--json", "--state-dir", text(state.path()), text(&a.path), text(&b), &receiver.url];
    for event in &schema::events(&run(&plan).stdout())[..2] {
        assert!(event["resumed_from"].as_u64() > Some(0), "{event}");
    }
    let again = ["-j", "2", "--state-dir", text(state.path()), text(&a.path), text(&b), &receiver.url];
    run(&again).exits(0).says(&["a: resuming: ", "b: resuming: "]);
    assert_eq!(receiver.published("a"), a.bytes);
}

#[test]
fn case_70_files_that_fail_alike_are_told_in_a_line_each() {
    let server = ScriptServer::start(|_| Reply::head("HTTP/1.1 403 Forbidden"));
    let folder = tempfile::tempdir().expect("a folder");
    let paths: Vec<_> = (0..60).map(|n| folder.path().join(format!("f{n}"))).collect();
    for path in &paths {
        std::fs::write(path, "text").expect("written");
    }
    let mut upload = command(["upload"]);
    upload.args(&paths).arg(folder.path().join("missing")).arg(server.url("/d/"));
    let finished = Finished(upload.output().expect("ran"));
    let stderr =
        finished.exits(15).says(&["cannot upload f59: the same error as for f0\n", "61 of 61 files failed"]).stderr();
    assert_eq!(stderr.matches("bitsup: error: ").count(), 62, "{stderr}");
    assert_eq!(stderr.matches("  cause:  ").count(), 1, "{stderr}");
    assert!(stderr.lines().count() < 75, "{stderr}");
}

/// A job of several files, with a state folder of its own.
struct Job {
    folder: TempDir,
    receiver: Receiver,
}

impl Job {
    fn new(names: &[&str]) -> Self {
        let job = Self { folder: TempDir::new().expect("a folder"), receiver: Receiver::start(&[]) };
        for name in names {
            job.write(name, name.as_bytes());
        }
        job
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).expect("written");
    }

    fn command(&self, options: &[&str], names: &[&str]) -> std::process::Command {
        let mut upload = command(["upload"]);
        upload.args(options).current_dir(self.folder.path()).env("BITSUP_STATE_DIR", self.folder.path().join("state"));
        upload.args(names).arg(&self.receiver.url);
        upload
    }

    fn run(&self, options: &[&str], names: &[&str]) -> Finished {
        Finished(self.command(options, names).output().expect("ran"))
    }

    fn remembered(&self) -> usize {
        let names = std::fs::read_dir(self.folder.path().join("state")).expect("a folder");
        names
            .filter(|name| name.as_ref().is_ok_and(|name| name.path().extension().is_some_and(|end| end == "done")))
            .count()
    }
}

const SKIPPED: &str = ": already uploaded by an earlier run\n";

#[test]
fn case_60_the_same_command_goes_on_with_what_is_not_done() {
    for options in [&[][..], &["-j3"]] {
        let job = Job::new(&["a", "b", "d"]);
        let names = ["a", "b", "c", "d"];
        job.run(options, &names).exits(15).says(&["1 of 4 files failed"]);
        job.write("c", b"at last");
        let finished = job.run(options, &names);
        finished.exits(0).says(&["c: uploaded"]);
        for name in ["a", "b", "d"] {
            finished.says(&[&format!("{name}{SKIPPED}")]);
        }
        assert_eq!(job.receiver.published("c"), b"at last");
        assert_eq!(job.remembered(), 0, "a run that succeeded leaves nothing");
        // Now it is another run: the receiver replaces no file.
        job.run(options, &names).exits(8);
    }
}

#[test]
fn what_changed_since_or_is_not_to_be_resumed_is_uploaded_again() {
    let job = Job::new(&["a", "b"]);
    let names = ["a", "b", "missing"];
    job.run(&[], &names).exits(15);
    job.write("a", b"A");
    let stderr = job.run(&[], &names).exits(15).says(&[&format!("b{SKIPPED}"), "cannot upload a "]).stderr();
    assert!(!stderr.contains(&format!("a{SKIPPED}")), "{stderr}");
    for options in [&["--no-state"][..], &["--resume=never"]] {
        assert!(!job.run(options, &names).exits(15).stderr().contains(SKIPPED), "{options:?}");
    }
}

#[test]
fn what_was_verified_less_than_this_run_asks_is_uploaded_again() {
    let job = Job::new(&["a"]);
    let names = ["a", "missing"];
    job.run(&[], &names).exits(15).says(&["a: uploaded"]);
    // The receiver replaces no file.
    job.run(&["--verify=size"], &names).exits(15).says(&["cannot upload a "]);
    job.run(&[], &names).exits(15).says(&[&format!("a{SKIPPED}")]);
}

#[test]
fn what_was_done_before_a_kill_is_skipped_and_told_to_programs() {
    let job = Job::new(&["a", "b"]);
    job.write("c", &content(2_000_000));
    let list: &[&str] = &["a", "b", "c"];
    let mut child = job.command(&["--limit-rate=50k"], list).stderr(Stdio::piped()).spawn().expect("started");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    lines
        .find(|line| line.as_ref().is_ok_and(|line| line.starts_with("b: uploaded")))
        .expect("two are done")
        .expect("text");
    child.kill().expect("killed");
    child.wait().expect("gone");
    let run = Finished(job.command(&["--json"], list).output().expect("ran"));
    assert_eq!(run.0.status.code(), Some(0), "{}", run.stderr());
    let events = schema::events(&run.stdout());
    let skipped: Vec<_> =
        events.iter().filter(|event| event["skipped"] == true).map(|event| event["file"].clone()).collect();
    assert_eq!(skipped, ["a", "b"]);
    assert_eq!((&events[events.len() - 1]["uploaded"], &events[events.len() - 1]["files"]), (&3.into(), &3.into()));
    assert_eq!(job.receiver.published("c"), content(2_000_000));
}

/// A tree below `out`, and the directory that it needs on the server.
fn tree() -> Job {
    let job = Job::new(&[]);
    std::fs::create_dir_all(job.folder.path().join("out/b c")).expect("made");
    for name in ["out/a", "out/b c/d#1"] {
        job.write(name, name.as_bytes());
    }
    job
}

#[test]
fn case_69_directories_keep_their_paths_below_the_url() {
    let job = tree();
    job.run(&["--dry-run"], &["out"])
        .exits(3)
        .says(&["cannot read out: it is a directory", "bitsup upload -r uploads"]);
    job.run(&[], &["out"]).exits(3).says(&["bitsup upload -r uploads the files in it"]);
    std::fs::create_dir(job.receiver.path("b c")).expect("made");
    job.run(&["-r"], &["out"]).exits(0);
    assert_eq!(job.receiver.published("b c/d#1"), b"out/b c/d#1");
    assert_eq!(job.receiver.published("a"), b"out/a");
    // As it is typed, or listed.
    std::fs::create_dir_all(job.receiver.path("out/b c")).expect("made");
    job.run(&["-r", "--relative"], &["./out"]).exits(0);
    job.write("list", b"# from find\nout/b c/d#1\n");
    std::fs::remove_file(job.receiver.path("out/b c/d#1")).expect("it was there");
    job.run(&["--relative", "--files-from=list"], &[]).exits(0);
    assert_eq!(job.receiver.published("out/b c/d#1"), b"out/b c/d#1");
    job.run(&["--relative"], &["/etc/hostname"]).exits(2).says(&["begins at the root or has .. in it"]);
}

#[test]
fn a_directory_that_the_server_lacks_is_named() {
    let job = tree();
    std::fs::create_dir(job.folder.path().join("out/e")).expect("made");
    job.write("out/e/d#1", b"");
    job.run(&["-r"], &["out"]).exits(15).says(&["cannot upload e/d#1: the same error as for b c/d#1"]);
    let job = tree();
    job.run(&["-r"], &["out"])
        .exits(15)
        .says(&["the URL has a folder that does not exist", "create the folder on the server"]);
}

#[test]
fn case_75_nothing_to_upload_is_exit_3() {
    let job = tree();
    std::fs::create_dir(job.folder.path().join("empty")).expect("made");
    job.run(&["-r"], &["empty"]).exits(3).says(&["nothing to upload: there is no file in the directory"]);
    job.write("list", b"# none\n");
    job.run(&["--files-from=list"], &[]).exits(3).says(&["nothing to upload: the list names no file"]);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_uploaded_is_told_before_anything_is_sent() {
    let job = tree();
    std::os::unix::fs::symlink("a", job.folder.path().join("out/link")).expect("linked");
    for name in ["out/x:y", "out/b c/nul", "out/z."] {
        job.write(name, b"");
    }
    let told = ["3 names are not possible on the server", "\"nul\" (a device", "\"x:y\" (", "\"z.\" ("];
    job.run(&["-r"], &["out"]).exits(3).says(&told);
    assert!(!job.receiver.path("a").exists());
    for name in ["out/x:y", "out/b c/nul", "out/z."] {
        std::fs::remove_file(job.folder.path().join(name)).expect("it was there");
    }
    std::fs::create_dir(job.receiver.path("b c")).expect("made");
    let link = "out/link is left out: it is a symbolic link; --follow-links uploads what it leads to\n";
    job.run(&["-r"], &["out"]).exits(0).says(&[link]);
    assert!(!job.receiver.path("link").exists());
    let clean = tree();
    std::os::unix::fs::symlink("a", clean.folder.path().join("out/link")).expect("linked");
    std::fs::create_dir(clean.receiver.path("b c")).expect("made");
    clean.run(&["-r", "--follow-links"], &["out"]).exits(0);
    assert_eq!(clean.receiver.published("link"), b"out/a");
}

#[test]
fn case_61_a_server_is_waited_for_once_not_for_each_file() {
    let job = Job::new(&["a", "b", "c"]);
    let mut upload = command(["upload", "--wait-for-server=1s", "--retry-delay=100ms", "a", "b", "c"]);
    upload.arg(nobody::url("/")).current_dir(job.folder.path());
    let stderr = Finished(upload.output().expect("ran")).exits(5).stderr();
    let tries =
        |name: &str| stderr.lines().filter(|line| line.starts_with(name) && line.contains("trying again")).count();
    assert!(tries("a: ") > 0 && tries("c: ") == 0, "{stderr}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_says_that_what_is_done_is_remembered() {
    let job = Job::new(&["a"]);
    job.write("b", &content(2_000_000));
    let mut upload = job.command(&["--limit-rate=50k", "--fragment-size=1M"], &["a", "b"]);
    let mut child = upload.stderr(Stdio::piped()).spawn().expect("started");
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    let mut said = String::new();
    while !said.contains("a: uploaded") {
        assert!(stderr.read_line(&mut said).expect("text") > 0, "{said}");
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    std::io::Read::read_to_string(&mut stderr, &mut said).expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    assert!(!said.contains("nothing is kept") && !said.contains("1 failed"), "{said}");
}

/// The server has published the file and replaces none; only the record for the moment of Close tells that it is ours.
#[test]
fn case_60_a_small_file_that_was_published_at_a_kill_is_known_again() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("a"), "small").expect("written");
    let hold = Hold { packet: "Close-Session", first: 0, acts: true };
    let mut creates = 0;
    let keeper = Keeper::with(Some(hold), move |request| match request.packet() {
        "Create-Session" => {
            creates += 1;
            (creates > 1)
                .then(|| Reply::head("HTTP/1.1 403 Forbidden\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x80070005"))
        }
        // Only the first was held.
        "Close-Session" => Some(Reply::head(ACK)),
        _ => None,
    });
    let job = || {
        let mut upload = command(["upload", "a", "missing"]);
        upload
            .arg(keeper.server.url("/"))
            .current_dir(folder.path())
            .env("BITSUP_STATE_DIR", folder.path().join("state"));
        upload
    };
    let mut child = job().stderr(Stdio::null()).spawn().expect("started");
    keeper.wait();
    child.kill().expect("killed");
    child.wait().expect("gone");
    keeper.release();
    let stderr = Finished(job().output().expect("ran")).exits(15).says(&["a: uploaded"]).stderr();
    assert!(!stderr.contains("cannot upload a "), "{stderr}");
    assert_eq!(keeper.kept().published.len(), 1);
}
