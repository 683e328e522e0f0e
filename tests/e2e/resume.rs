//! The same command again: after a kill, a signal, a change of the file, or trouble with what was kept of the upload.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
#[cfg(unix)]
use std::io::{BufRead, BufReader, Read};
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt, chown, symlink};
#[cfg(unix)]
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use bitsup::journal::{Journal, Upload};
use bitsup::protocol::{ContentName, Session};
use bitsup::source::Fingerprint;
use bitsup::source::UploadEntity;
use bitsup::uploader::ResumeState;
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

#[cfg(unix)]
use crate::support::bitsup::program;
use crate::support::bitsup::{Finished, Source, command};
use crate::support::keeper::{Hold, Keeper};
use crate::support::script::{Reply, Request};

const FRAGMENT: u64 = 100_000;
const SIZE: usize = 300_000;

/// The answer to the last of three fragments.
const THIRD: Hold = Hold { packet: "Fragment", first: 2 * FRAGMENT, acts: true };

/// A source and a state folder of their own.
struct Case {
    source: Source,
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { source: Source::new(SIZE), folder: TempDir::new().expect("a folder") }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn args(&self, keeper: &Keeper, options: &[&str]) -> Vec<OsString> {
        let usual = ["upload", "--fragment-size", "100000", "--retry-delay", "1ms", "--retry-max-delay", "1ms"];
        let mut args: Vec<OsString> = usual.iter().chain(options).map(Into::into).collect();
        args.extend([self.source.arg().to_owned(), keeper.server.url("/drop/file.bin").into()]);
        args
    }

    fn command(&self, keeper: &Keeper, options: &[&str]) -> Command {
        let mut command = command(self.args(keeper, options));
        command.env("BITSUP_STATE_DIR", self.state());
        command
    }

    fn run(&self, keeper: &Keeper, options: &[&str]) -> Finished {
        Finished(self.command(keeper, options).output().expect("the program starts"))
    }

    fn spawn(&self, keeper: &Keeper, options: &[&str]) -> Child {
        let mut command = self.command(keeper, options);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Runs until the server holds an answer back, and is killed. Answers how many requests there were.
    fn killed(&self, keeper: &Keeper, options: &[&str]) -> usize {
        let mut child = self.spawn(keeper, options);
        keeper.wait();
        child.kill().expect("killed");
        child.wait().expect("gone");
        keeper.release();
        keeper.server.requests().len()
    }

    /// The one record in the state folder.
    fn record(&self) -> PathBuf {
        let mut paths = fs::read_dir(self.state()).expect("a folder").map(|entry| entry.expect("an entry").path());
        paths.find(|path| path.extension().is_some_and(|ending| ending == "json")).expect("a record")
    }

    fn files(&self) -> usize {
        fs::read_dir(self.state()).map_or(0, Iterator::count)
    }

    /// A file that looks as it did, at least to whoever asks for its size and date, but is another one inside.
    fn alter(&self) {
        let modified = self.source.path.metadata().and_then(|metadata| metadata.modified()).expect("a date");
        let mut file = File::options().write(true).open(&self.source.path).expect("opened");
        file.write_all(&[!self.source.bytes[0]]).expect("written");
        file.set_modified(modified).expect("set");
    }

    /// An upload whose last Ack arrived, and of which nothing else came to pass.
    fn all_acknowledged(&self, keeper: &Keeper) {
        let url = keeper.server.url("/drop/file.bin").parse().expect("a URL");
        let name = ContentName::new("file.bin");
        let entity = UploadEntity::open(&self.source.path).expect("opened");
        let journal = Journal::open(&self.state()).expect("a journal");
        let now = SystemTime::now();
        let upload = Upload { destination: &url, name: &name, entity: &entity };
        let mut entry = journal.claim(&upload, now).expect("free");
        let id = "{B-1}".parse().expect("an id");
        let session = Session { id, protocol: None, host: None, host_fallback_timeout: None };
        let (acknowledged, sent_end) = (SIZE as u64, SIZE as u64);
        let state = ResumeState { acknowledged, sent_end, last_fragment_sent: true, ..ResumeState::new(&session) };
        entry.save(state, Fingerprint::of(&self.source.bytes), None, now);
        keeper.kept().open.insert("{B-1}".to_owned(), self.source.bytes.clone());
        keeper.kept().opened = 1;
    }
}

fn packets(requests: &[Request]) -> Vec<&str> {
    requests.iter().map(Request::packet).collect()
}

fn firsts(requests: &[Request]) -> Vec<u64> {
    requests.iter().filter_map(Request::range).map(|(first, _, _)| first).collect()
}

#[cfg(unix)]
fn signal(child: &Child, signal: Signal) {
    let id = Pid::from_raw(i32::try_from(child.id()).expect("small")).expect("not 0");
    kill_process(id, signal).expect("sent");
}

/// Ends by a signal within two seconds. Windows has none that another process could send.
#[cfg(unix)]
#[track_caller]
fn stopped(child: Child, by: Signal, code: i32) -> Finished {
    let started = Instant::now();
    signal(&child, by);
    let finished = Finished(child.wait_with_output().expect("an end"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(finished.0.status.code(), Some(code), "{}", finished.stderr());
    finished
}

/// A second run goes on with the first one's session, and after one small question sends only the missing bytes.
#[track_caller]
fn goes_on(keeper: &Keeper, skipped: usize) {
    let requests = keeper.since(skipped);
    assert_eq!(packets(&requests)[..2], ["Ping", "Fragment"]);
    let question = &requests[1];
    assert!(question.body.len() <= 5 * 1024, "{}", question.head);
    let repeated = firsts(&requests).into_iter().skip(1).find(|first| *first < 2 * FRAGMENT);
    assert_eq!(repeated, None);
    assert!(requests[1..].iter().all(|request| request.field("BITS-Session-Id") == Some("{B-1}")));
    assert_eq!(requests.last().map(Request::packet), Some("Close-Session"));
}

#[test]
fn a_killed_upload_goes_on_where_it_stopped() {
    for acts in [true, false] {
        let (case, keeper) = (Case::new(), Keeper::start(Some(Hold { acts, ..THIRD })));
        let before = case.killed(&keeper, &[]);
        case.run(&keeper, &[]).exits(0).says(&["resuming: "]);
        goes_on(&keeper, before);
        let is_same = keeper.kept().published == [case.source.bytes.clone()];
        assert!(is_same);
        assert_eq!(case.files(), 0);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_stops_while_the_server_is_silent_and_says_how_to_go_on() {
    for (by, code, word) in [(Signal::INT, 130, "interrupted"), (Signal::TERM, 143, "terminated")] {
        let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
        let child = case.spawn(&keeper, &[]);
        keeper.wait();
        stopped(child, by, code).exits(code).says(&[word, "next:   run the same command again: it resumes"]);
        keeper.release();
        let before = keeper.server.requests().len();
        case.run(&keeper, &[]).exits(0).says(&["resuming: the server has 195 KiB"]);
        goes_on(&keeper, before);
        let is_same = keeper.kept().published == [case.source.bytes.clone()];
        assert!(is_same);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_stops_while_it_waits_for_another_try() {
    let mut refusals = 0;
    let (case, keeper) = (
        Case::new(),
        Keeper::with(None, move |request| {
            refusals += u32::from(request.packet() == "Fragment");
            let busy = "HTTP/1.1 503 Service Unavailable\nRetry-After: 60";
            (request.packet() == "Fragment" && refusals == 1).then(|| Reply::head(busy))
        }),
    );
    let mut child = case.spawn(&keeper, &[]);
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains(", try 1") {
        line.clear();
        assert!(lines.read_line(&mut line).expect("read") > 0, "it waits for another try");
    }
    stopped(child, Signal::INT, 130);
    line.clear();
    lines.read_to_string(&mut line).expect("read");
    assert!(line.contains("run the same command again"), "{line}");
    case.run(&keeper, &[]).exits(0);
    let kept = keeper.kept();
    assert_eq!((kept.opened, kept.published.len()), (1, 1));
}

/// With nobody reading what it says, a run cannot end in order: only the second signal can end it.
#[cfg(target_os = "linux")]
#[test]
fn a_second_signal_ends_it_at_once() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let (_reader, mut writer) = std::io::pipe().expect("a pipe");
    let stderr = writer.try_clone().expect("cloned");
    let mut child = case.command(&keeper, &[]).stderr(stderr).spawn().expect("the program starts");
    keeper.wait();
    rustix::io::ioctl_fionbio(&writer, true).expect("set");
    while writer.write(b"x").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).expect("set");
    let status = (0..200).find_map(|_| {
        signal(&child, Signal::INT);
        std::thread::sleep(Duration::from_millis(10));
        child.try_wait().expect("asked")
    });
    if status.is_none() {
        child.kill().expect("killed");
    }
    keeper.release();
    assert_eq!(status.and_then(|status| status.code()), Some(130));
}

#[test]
fn a_file_that_changed_between_runs_is_not_mixed() {
    for same_size in [false, true] {
        let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
        let before = case.killed(&keeper, &[]);
        if same_size {
            case.alter();
        } else {
            fs::write(&case.source.path, &case.source.bytes[1..]).expect("written");
        }
        let why = if same_size { "content is not that of" } else { "the file has 299999 bytes" };
        case.run(&keeper, &["--resume", "always"]).exits(16).says(&["cannot be resumed", why]);
        case.run(&keeper, &[]).exits(0).says(&["starting over: ", why]);
        let requests = keeper.since(before);
        assert_eq!(packets(&requests)[..3], ["Cancel-Session", "Ping", "Create-Session"]);
        assert_eq!((requests[0].field("BITS-Session-Id"), keeper.kept().open.len()), (Some("{B-1}"), 0));
        assert_eq!(firsts(&requests)[0], 0);
        let is_same = keeper.kept().published == [fs::read(&case.source.path).expect("read")];
        assert!(is_same);
    }
}

#[test]
fn a_file_that_changes_on_its_way_is_not_mixed() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(Hold { first: FRAGMENT, ..THIRD })));
    let child = case.spawn(&keeper, &[]);
    keeper.wait();
    File::options().append(true).open(&case.source.path).expect("opened").write_all(b"more").expect("written");
    keeper.release();
    Finished(child.wait_with_output().expect("an end")).exits(4).says(&["the file changed"]);
    let packets = keeper.server.packets();
    assert_eq!(packets[2..], ["Fragment", "Fragment", "Cancel-Session"]);
    assert_eq!((keeper.kept().open.len(), case.files()), (0, 0));
    case.run(&keeper, &[]).exits(0);
    let is_same = keeper.kept().published == [fs::read(&case.source.path).expect("read")];
    assert!(is_same);
}

#[test]
fn a_file_that_is_replaced_on_its_way_goes_on_as_it_was_opened_and_that_is_said() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(Hold { first: FRAGMENT, ..THIRD })));
    let child = case.spawn(&keeper, &[]);
    keeper.wait();
    let other = case.folder.path().join("other");
    fs::write(&other, vec![7; SIZE]).expect("written");
    let renamed = fs::rename(&other, &case.source.path);
    keeper.release();
    let finished = Finished(child.wait_with_output().expect("an end"));
    finished.exits(0);
    match renamed {
        // Before Windows 10, and in Wine, an open file keeps its name.
        Err(_) if cfg!(windows) => return,
        result => result.expect("renamed"),
    }
    finished.says(&["warning: ", "names another file by now; the one that was opened was uploaded"]);
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
    case.run(&keeper, &[]).exits(0);
    assert_eq!(keeper.kept().published.last(), Some(&vec![7; SIZE]));
}

#[test]
fn resuming_can_be_demanded_and_forbidden() {
    let (case, keeper) = (Case::new(), Keeper::start(None));
    case.run(&keeper, &["--resume", "always"]).exits(16).says(&["no unfinished upload", "next:"]);
    assert!(keeper.server.requests().is_empty());
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let before = case.killed(&keeper, &[]);
    case.run(&keeper, &["--resume", "always"]).exits(0);
    goes_on(&keeper, before);
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    case.killed(&keeper, &[]);
    keeper.kept().open.clear();
    case.run(&keeper, &["--resume", "always"]).exits(16).says(&["cannot be resumed", "0x8020001F", "next:"]);
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let before = case.killed(&keeper, &[]);
    case.run(&keeper, &["--resume", "never"]).exits(0);
    let requests = keeper.since(before);
    assert_eq!(firsts(&requests), [0, FRAGMENT, 2 * FRAGMENT]);
    assert_eq!((keeper.kept().opened, case.files()), (2, 0));
}

#[test]
fn a_session_that_the_server_lost_is_begun_anew() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let before = case.killed(&keeper, &[]);
    keeper.kept().open.clear();
    case.run(&keeper, &[]).exits(0).says(&["starting over with a new session"]);
    let requests = keeper.since(before);
    assert_eq!(packets(&requests)[..4], ["Ping", "Fragment", "Create-Session", "Fragment"]);
    assert_eq!(firsts(&requests)[1..], [0, FRAGMENT, 2 * FRAGMENT]);
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
}

#[test]
fn without_a_state_nothing_is_kept() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let before = case.killed(&keeper, &["--no-state"]);
    assert!(!case.state().exists());
    case.run(&keeper, &["--no-state"]).exits(0);
    assert_eq!(firsts(&keeper.since(before)), [0, FRAGMENT, 2 * FRAGMENT]);
    assert_eq!((keeper.kept().published.len(), case.state().exists()), (1, false));
}

#[test]
fn a_state_folder_that_cannot_be_is_one_warning() {
    let (case, keeper) = (Case::new(), Keeper::start(None));
    fs::write(case.state(), "").expect("written");
    let finished = case.run(&keeper, &[]);
    finished.exits(0).says(&["warning: no unfinished uploads can be kept in"]);
    assert_eq!(finished.stderr().matches("warning").count(), 1);
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
}

/// A limit on the size of files fails every write of a byte, as a full disk does, also for root.
#[cfg(unix)]
#[test]
fn a_full_state_folder_is_one_warning() {
    let (case, keeper) = (Case::new(), Keeper::start(None));
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", program()]).args(case.args(&keeper, &[]));
    let output = shell.env("BITSUP_STATE_DIR", case.state()).stdin(Stdio::null()).output();
    let finished = Finished(output.expect("the shell starts"));
    finished.exits(0).says(&["warning: this upload cannot be resumed later: cannot write to"]);
    assert_eq!(finished.stderr().matches("warning").count(), 1, "{}", finished.stderr());
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
    assert_eq!(case.files(), 0);
}

/// Root may write everywhere: then somebody else runs it.
#[cfg(unix)]
#[test]
fn a_read_only_state_folder_is_one_warning() {
    const NOBODY: u32 = 65_534;
    let (case, keeper) = (Case::new(), Keeper::start(None));
    fs::create_dir(case.state()).expect("made");
    fs::set_permissions(case.state(), PermissionsExt::from_mode(0o500)).expect("closed");
    let is_root = File::create(case.state().join("probe")).is_ok();
    let output = if is_root {
        let own = case.folder.path().join("bitsup");
        fs::remove_file(case.state().join("probe")).expect("removed");
        // By another process: a child that another test starts meanwhile would inherit the file while it is written to, and no
        // system runs such a file.
        assert!(Command::new("cp").arg(program()).arg(&own).status().expect("started").success());
        let source = &case.source.path;
        for path in [case.folder.path(), &own, source.parent().expect("a folder"), source] {
            fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("opened");
        }
        chown(case.state(), Some(NOBODY), Some(NOBODY)).expect("given away");
        let mut command = Command::new(own);
        command.args(case.args(&keeper, &[])).env("BITSUP_STATE_DIR", case.state()).env_remove("http_proxy");
        command.stdin(Stdio::null()).uid(NOBODY).gid(NOBODY).output().expect("started as nobody")
    } else {
        case.command(&keeper, &[]).output().expect("started")
    };
    let finished = Finished(output);
    finished.exits(0).says(&["warning: this upload cannot be resumed later: cannot write to"]);
    assert_eq!(finished.stderr().matches("warning").count(), 1, "{}", finished.stderr());
    assert_eq!(case.files(), 0);
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
    fs::set_permissions(case.state(), PermissionsExt::from_mode(0o700)).expect("opened");
}

#[test]
fn a_second_run_keeps_out_of_the_first_ones_way() {
    let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
    let first = case.spawn(&keeper, &[]);
    keeper.wait();
    case.run(&keeper, &[]).exits(17).says(&["another bitsup is busy with this upload", "next:"]);
    keeper.release();
    Finished(first.wait_with_output().expect("an end")).exits(0);
    assert_eq!((keeper.kept().opened, keeper.server.requests().len()), (1, 6));
}

#[test]
fn a_record_that_cannot_be_trusted_is_not() {
    type Spoil = fn(&Case);
    let spoilers: &[(&str, Spoil)] = &[
        ("truncated", |case| {
            let file = File::options().write(true).open(case.record()).expect("opened");
            file.set_len(file.metadata().expect("its size").len() / 2).expect("cut");
        }),
        ("empty", |case| fs::write(case.record(), "").expect("written")),
        ("of a newer version", |case| {
            let text = fs::read_to_string(case.record()).expect("read");
            assert!(text.contains("\"v\":2"), "{text}");
            fs::write(case.record(), text.replacen("\"v\":2", "\"v\":3", 1)).expect("written");
        }),
        #[cfg(unix)]
        ("a symbolic link", |case| {
            let real = case.folder.path().join("real");
            fs::rename(case.record(), &real).expect("moved");
            symlink(&real, case.state().join(case.name_of_lock())).expect("linked");
        }),
        #[cfg(unix)]
        ("group-writable", |case| {
            fs::set_permissions(case.record(), PermissionsExt::from_mode(0o660)).expect("opened");
        }),
    ];
    for (what, spoil) in spoilers {
        let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
        let before = case.killed(&keeper, &[]);
        spoil(&case);
        let finished = case.run(&keeper, &[]);
        finished.exits(0).says(&["warning: "]);
        assert_eq!(finished.stderr().matches("warning").count(), 1, "{what}: {}", finished.stderr());
        assert_eq!(firsts(&keeper.since(before)), [0, FRAGMENT, 2 * FRAGMENT], "{what}");
        assert!(keeper.kept().published == [case.source.bytes.clone()], "{what}");
    }
}

#[cfg(unix)]
impl Case {
    /// The name of the record, when only its lock is left.
    fn name_of_lock(&self) -> String {
        let mut names = fs::read_dir(self.state()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let lock = names.find_map(|name| name.to_str()?.strip_suffix(".lock").map(str::to_owned));
        format!("{}.json", lock.expect("a lock"))
    }
}

#[test]
fn what_only_lacks_its_close_is_only_closed() {
    let (case, keeper) = (Case::new(), Keeper::start(None));
    case.all_acknowledged(&keeper);
    case.run(&keeper, &[]).exits(0);
    assert_eq!(keeper.server.packets(), ["Ping", "Close-Session"]);
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
}

#[test]
fn a_close_of_which_nobody_knows_is_no_success_and_no_failure() {
    let hold = Hold { packet: "Close-Session", first: 0, acts: true };
    let (case, keeper) = (Case::new(), Keeper::start(Some(hold)));
    let before = case.killed(&keeper, &[]);
    case.run(&keeper, &[]).exits(18).says(&["the file is probably there", "BG_E_SESSION_NOT_FOUND", "next:"]);
    assert_eq!(packets(&keeper.since(before)), ["Ping", "Close-Session"]);
    let before = keeper.server.requests().len();
    case.run(&keeper, &[]).exits(0);
    assert_eq!(firsts(&keeper.since(before)), [0, FRAGMENT, 2 * FRAGMENT]);
    let is_same = keeper.kept().published == [case.source.bytes.clone(), case.source.bytes.clone()];
    assert!(is_same);
}

#[test]
fn a_close_that_was_not_carried_out_is_sent_again() {
    let hold = Hold { packet: "Close-Session", first: 0, acts: false };
    let (case, keeper) = (Case::new(), Keeper::start(Some(hold)));
    let before = case.killed(&keeper, &[]);
    case.run(&keeper, &[]).exits(0);
    assert_eq!(packets(&keeper.since(before)), ["Ping", "Close-Session"]);
    assert_eq!(keeper.kept().published.len(), 1);
}

#[test]
fn a_busy_server_is_asked_again_when_it_wants() {
    let mut refusals = 0;
    let (case, keeper) = (
        Case::new(),
        Keeper::with(None, move |request| {
            refusals += u32::from(request.packet() == "Fragment");
            let busy = "HTTP/1.1 503 Service Unavailable\nRetry-After: 1";
            (request.packet() == "Fragment" && refusals == 2).then(|| Reply::head(busy))
        }),
    );
    let started = Instant::now();
    case.run(&keeper, &[]).exits(0).says(&[
        "503 Service Unavailable from a server without a Server header (Fragment): trying again in 1.0 s, try 1",
    ]);
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    let kept = keeper.kept();
    assert_eq!(kept.opened, 1);
    let is_same = kept.published == [case.source.bytes.clone()];
    assert!(is_same);
}

#[test]
fn a_fragment_that_is_too_large_is_halved_and_that_is_said() {
    let limit = 30_000;
    let too_large =
        move |request: &Request| (request.body.len() > limit).then(|| Reply::head("HTTP/1.1 413 Content Too Large"));
    let (case, keeper) = (Case::new(), Keeper::with(None, too_large));
    case.run(&keeper, &[]).exits(0).says(&["are too large; now 24.4 KiB"]);
    let requests = keeper.server.requests();
    let refused: Vec<_> = requests.iter().map(|request| request.body.len()).filter(|len| *len > limit).collect();
    assert_eq!(refused[..2], [100_000, 50_000]);
    // A size that was refused is not tried again.
    assert!(refused.is_sorted_by(|a, b| a > b), "{refused:?}");
    let is_same = keeper.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
}

/// A server whose Create-Session sends the upload to another port of this machine.
fn sending_away(port: u16) -> Keeper {
    let mut kept = crate::support::keeper::Kept::default();
    Keeper::with(None, move |request| {
        let reply = kept.answer(request);
        let Reply::Bytes(bytes) = reply else { return Some(reply) };
        let more = format!("BITS-Host-Id: 127.0.0.1:{port}\r\nBITS-Host-Id-Fallback-Timeout: 1\r\n\r\n");
        let head = bytes.strip_suffix(b"\r\n").expect("a head");
        let is_create = request.packet() == "Create-Session";
        Some(Reply::Bytes(if is_create { [head, more.as_bytes()].concat() } else { bytes }))
    })
}

#[test]
fn another_host_is_used_if_it_works_and_left_if_not() {
    let other = Keeper::start(None);
    other.kept().open.insert("{B-1}".to_owned(), Vec::new());
    let (case, keeper) = (Case::new(), sending_away(other.server.port));
    case.run(&keeper, &[]).exits(0);
    assert_eq!(keeper.server.packets(), ["Ping", "Create-Session"]);
    let is_same = other.kept().published == [case.source.bytes.clone()];
    assert!(is_same);
    // Nothing listens on a port that was given back.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let (case, keeper) = (Case::new(), sending_away(port));
    case.run(&keeper, &[]).exits(0).says(&["the host that the server named does not work; back to"]);
    let expected = ["Ping", "Create-Session", "Ping", "Fragment", "Fragment", "Fragment", "Close-Session"];
    assert_eq!(keeper.server.packets(), expected);
}

/// The connection is accepted, and nobody ever answers on it.
#[cfg(unix)]
#[test]
fn a_signal_before_there_is_a_session_keeps_nothing_and_does_not_say_so() {
    for packet in ["Ping", "Create-Session"] {
        let (case, keeper) = (Case::new(), Keeper::start(Some(Hold { packet, first: 0, acts: true })));
        let child = case.spawn(&keeper, &[]);
        keeper.wait();
        stopped(child, Signal::TERM, 143).exits(143).says(&["next:   run the same command again: it starts over"]);
        keeper.release();
        assert_eq!(case.files(), 0);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_upload_promises_only_what_the_same_command_keeps() {
    for (option, promise) in [
        (&["--no-state"][..], "run the same command again: it starts over"),
        (&["--resume", "never"], "without --resume never to resume"),
        (&["--max-time", "1s"], "run the same command again: it resumes"),
    ] {
        let (case, keeper) = (Case::new(), Keeper::start(Some(THIRD)));
        let child = case.spawn(&keeper, option);
        keeper.wait();
        let finished = if option[0] == "--max-time" {
            Finished(child.wait_with_output().expect("an end"))
        } else {
            stopped(child, Signal::INT, 130)
        };
        assert!(finished.stderr().contains(promise), "{option:?}: {}", finished.stderr());
        keeper.release();
    }
}
