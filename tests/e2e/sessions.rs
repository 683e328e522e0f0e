//! `bitsup sessions`, on state folders prepared through the library.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bitsup::journal::{Entry, Journal, Upload};
use bitsup::protocol::{ContentName, Session};
use bitsup::source::Fingerprint;
use bitsup::source::UploadEntity;
use bitsup::uploader::ResumeState;
use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command};
use crate::support::nobody;
use crate::support::schema;
use crate::support::script::{ACK, Reply, ScriptServer};

/// A state folder, and files that are on their way.
struct State {
    folder: TempDir,
}

impl State {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// An upload that stopped in the middle, `days` ago.
    fn remember(&self, source: &Source, url: &str, days: u64) -> Entry {
        let now = SystemTime::now() - Duration::from_secs(24 * days * 3600);
        let (url, name) = (url.parse().expect("a URL"), ContentName::new("file.bin"));
        let entity = UploadEntity::open(&source.path).expect("opened");
        let upload = Upload { destination: &url, name: &name, entity: &entity };
        let journal = Journal::open(&self.path()).expect("a journal");
        let mut entry = journal.claim(&upload, now).expect("free");
        let id = "{A-1}".parse().expect("an id");
        let session = Session { id, protocol: None, host: None, host_fallback_timeout: None };
        let state = ResumeState { acknowledged: 500, sent_end: 600, ..ResumeState::new(&session) };
        entry.save(state, Fingerprint::of(&source.bytes[..500]), None, now);
        assert!(entry.take_warnings().is_empty());
        entry
    }

    fn run(&self, args: &[&str]) -> Finished {
        let output = command(["sessions"]).args(args).env("BITSUP_STATE_DIR", self.path()).output();
        Finished(output.expect("the program starts"))
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.path()).expect("a folder").count()
    }

    /// Lists as JSON.
    fn list(&self) -> Vec<serde_json::Value> {
        let finished = self.run(&["list", "--json"]);
        assert_eq!((finished.0.status.code(), finished.stderr().as_str()), (Some(0), ""));
        schema::lines("sessions", &finished.stdout())
    }

    fn only_id(&self) -> String {
        self.list()[0]["id"].as_str().expect("an id").to_owned()
    }
}

/// A server that answers Cancel-Session with this.
fn server(answer: &'static str) -> ScriptServer {
    ScriptServer::start(move |_| Reply::head(answer))
}

#[test]
fn unfinished_uploads_are_listed_for_people_and_programs() {
    let (state, source) = (State::new(), Source::new(1000));
    drop(state.remember(&source, "http://h/drop/file.bin", 2));
    drop(state.remember(&source, "http://h/drop/größe.bin?sig=s3cret", 0));
    let json = state.list();
    assert_eq!(json.len(), 2);
    let plain = json.iter().find(|line| line["has_query"] == false).expect("one of them");
    let path = UploadEntity::open(&source.path).expect("opened").absolute_path().to_owned();
    assert!(!path.to_string_lossy().starts_with(r"\\?\"), "{path:?} is nothing to show to people");
    assert_eq!(plain["url"], "http://h/drop/file.bin");
    assert_eq!(plain["file"], path.to_str().expect("text"));
    for (field, value) in [("v", 1), ("size", 1000), ("acked", 500)] {
        assert_eq!(plain[field], value, "{field}");
    }
    assert_eq!((&plain["status"], &plain["session"]), (&"open".into(), &"{A-1}".into()));
    let finished = state.run(&["list"]);
    let table = finished.stdout();
    assert_eq!((table.lines().count(), finished.stderr().as_str()), (3, ""));
    for text in ["ID", "50 %", "http://h/drop/file.bin", path.to_str().expect("text")] {
        assert!(table.contains(text), "no {text} in\n{table}");
    }
    let shown = state.run(&["show", &plain["id"].as_str().expect("an id")[..6]]);
    assert!(shown.stdout().contains("session  {A-1}") && shown.stdout().contains("500 bytes (50 %)"));
    let shown = state.run(&["show", "--json", plain["key"].as_str().expect("a key")]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown.stdout()).expect("JSON"), *plain);
    let everything = format!("{table}{}{}", shown.stdout(), state.run(&["list", "--json"]).stdout());
    assert!(!everything.contains("s3cret"));
}

#[test]
fn nothing_remembered_is_nothing_listed_and_no_folder_made() {
    let state = State::new();
    state.run(&["list"]).exits(0).says(&["no unfinished uploads"]);
    state.run(&["prune"]).exits(0).says(&["nothing to remove"]);
    state.run(&["show", "abc"]).exits(2).says(&["bitsup sessions list"]);
    assert_eq!(state.run(&["list", "--json"]).exits(0).stderr(), "");
    assert!(!state.path().exists());
}

#[test]
fn the_option_goes_before_the_environment() {
    let (state, source) = (State::new(), Source::new(1000));
    drop(state.remember(&source, "http://h/file.bin", 0));
    let other = state.folder.path().join("other");
    let other = other.to_str().expect("text");
    state.run(&["list", "--state-dir", other]).exits(0).says(&["no unfinished uploads"]);
    state.run(&["--state-dir", other, "list"]).exits(0).says(&["no unfinished uploads"]);
}

#[test]
fn cancelling_tells_the_server_and_forgets() {
    let not_found = "HTTP/1.1 500 Internal Server Error\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x8020001F";
    for answer in [ACK, not_found] {
        let (state, source, server) = (State::new(), Source::new(1000), server(answer));
        drop(state.remember(&source, &server.url("/drop/file.bin"), 0));
        state.run(&["cancel", &state.only_id()]).exits(0).says(&["cancelled: ", "/drop/file.bin"]);
        let requests = server.requests();
        assert_eq!((requests.len(), requests[0].packet()), (1, "Cancel-Session"));
        assert_eq!(requests[0].field("BITS-Session-Id"), Some("{A-1}"));
        assert_eq!((requests[0].path(), state.files()), ("/drop/file.bin", 0));
    }
}

#[test]
fn what_the_server_does_not_hear_is_forgotten_only_by_force() {
    let (state, source) = (State::new(), Source::new(1000));
    let refusing = server("HTTP/1.1 403 Forbidden");
    for (url, code) in
        [(&nobody::url("/file.bin"), 5), (&refusing.url("/file.bin"), 8), (&nobody::url("/file.bin?sig=s3cret"), 0)]
    {
        drop(state.remember(&source, url, 0));
        let id = state.only_id();
        if code != 0 {
            state.run(&["cancel", &id]).exits(code).says(&["cannot cancel", "--force"]);
        }
        if url.contains('?') {
            state.run(&["cancel", &id]).says(&["query", "--force"]);
        }
        state
            .run(&["cancel", &id, "--force"])
            .exits(0)
            .says(&["the server did not get the cancellation", "forgotten: "]);
        assert_eq!(state.files(), 0);
    }
}

#[test]
fn what_another_process_is_busy_with_is_left_alone() {
    let (state, source, server) = (State::new(), Source::new(1000), server(ACK));
    let busy = state.remember(&source, &server.url("/file.bin"), 20);
    let id = state.only_id();
    state.run(&["cancel", &id, "--force"]).exits(17).says(&["another bitsup", "next:"]);
    assert_eq!(state.run(&["prune"]).exits(0).stderr(), "nothing to remove\n");
    assert!(server.requests().is_empty());
    drop(busy);
    let pruned = state.run(&["prune"]);
    assert_eq!((pruned.0.status.code(), pruned.stdout()), (Some(0), format!("removed {id}: expired after 14 days\n")));
    assert_eq!(state.files(), 0);
}

#[test]
fn broken_records_are_named_and_escaped_and_pruned() {
    let (state, source) = (State::new(), Source::new(1000));
    drop(state.remember(&source, "http://h/file.bin", 0));
    let record = |path: &Path| path.extension().is_some_and(|ending| ending == "json");
    let mut files = std::fs::read_dir(state.path()).expect("a folder").map(|entry| entry.expect("an entry").path());
    let path = files.find(|path| record(path)).expect("a record");
    let text = std::fs::read_to_string(&path).expect("read");
    std::fs::write(&path, text.replace("\"name\":\"file.bin\"", "\"name\":\"\\u001b[31m\\u202e\\n\""))
        .expect("written");
    let shown = state.run(&["show", &state.only_id()]).stdout();
    assert!(shown.contains("u{1b}[31m") && !shown.contains('\x1b') && !shown.contains('\u{202e}'), "{shown:?}");
    std::fs::write(&path, "\x1b{").expect("written");
    assert_eq!(state.list()[0]["status"], "broken");
    assert!(state.run(&["list"]).stdout().contains("damaged"));
    state.run(&["cancel", &state.only_id()]).exits(2).says(&["bitsup sessions prune"]);
    let pruned = state.run(&["prune", "--json"]).stdout();
    let pruned = &schema::lines("sessions-prune", &pruned)[0];
    assert_eq!((&pruned["v"], &pruned["removed"]), (&1.into(), &"broken".into()));
    assert_eq!(state.files(), 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let state = State::new();
    std::fs::create_dir(state.path()).expect("made");
    std::fs::set_permissions(state.path(), PermissionsExt::from_mode(0o777)).expect("opened");
    state.run(&["list"]).exits(2).says(&["other users may write to it"]);
}
