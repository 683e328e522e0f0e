//! Signing in, by the built program. Other implementations are the counterparts in `tests/auth/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command};
use crate::support::script::{Model, Reply, Request, ScriptServer};

const SECRET: &str = "s3cret-Pa55phrase";

/// `me:` and the secret, in base64.
const BASIC: &str = "Basic bWU6czNjcmV0LVBhNTVwaHJhc2U=";

/// A place for secrets, and what a run leaves behind.
struct Desk {
    folder: TempDir,
    source: Source,
}

impl Desk {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder"), source: Source::new(300_000) }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
        path
    }

    fn password_file(&self) -> PathBuf {
        self.file("password", &format!("{SECRET}\n"))
    }

    fn upload(&self, url: &str, options: &[&str]) -> Command {
        let mut command = command(["upload", "-vv", "--no-progress-timeout", "20s"]);
        command.args(options).arg(self.source.arg()).arg(url);
        command.env("BITSUP_STATE_DIR", self.state()).env_remove("BITSUP_PASSWORD").env_remove("BITSUP_TOKEN");
        command
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs to the end; nothing that was printed or kept holds the secret.
    fn run(&self, mut command: Command) -> Finished {
        let finished = Finished(command.output().expect("started"));
        let mut seen = vec![finished.0.stdout.clone(), finished.0.stderr.clone()];
        read_all(&self.state(), &mut seen);
        for bytes in seen {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for hidden in [SECRET, &BASIC[6..], "bWU6czNj", "response=", "t0ken"] {
                assert!(!text.contains(hidden), "{hidden} in:\n{text}");
            }
        }
        finished
    }
}

fn read_all(folder: &Path, seen: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => read_all(&path, seen),
            path => seen.push(fs::read(path).expect("read")),
        }
    }
}

/// A server that lets in whoever `gate` does not answer.
pub(crate) fn gated(mut gate: impl FnMut(&Request) -> Option<Reply> + Send + 'static) -> (ScriptServer, Model) {
    let model = Model::default();
    let inner = model.clone();
    (ScriptServer::start(move |request| gate(request).unwrap_or_else(|| inner.answer(request))), model)
}

pub(crate) fn unauthorized(offers: &str) -> Reply {
    Reply::head(&format!("HTTP/1.1 401 Unauthorized\n{offers}"))
}

/// Lets in Basic with the right password.
pub(crate) fn basic(request: &Request) -> Option<Reply> {
    (request.field("authorization") != Some(BASIC)).then(|| unauthorized("WWW-Authenticate: Basic realm=\"x\""))
}

const CLEARTEXT: &str = "--allow-cleartext-auth";

#[test]
fn the_ping_settles_it_and_no_fragment_goes_out_twice() {
    let desk = Desk::new();
    let (server, model) = gated(basic);
    let file = format!("--password-file={}", desk.password_file().display());
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file, CLEARTEXT]))
        .exits(0)
        .says(&["authorization: Basic <redacted>"]);
    assert_eq!(server.packets(), ["Ping", "Ping", "Create-Session", "Fragment", "Fragment", "Close-Session"]);
    assert_eq!(model.stored(), desk.source.bytes);
    assert!(server.requests().iter().all(|request| request.connection == 0));
}

#[test]
fn secrets_come_from_many_places() {
    let desk = Desk::new();
    let (server, _) = gated(basic);
    let url = server.url("/a");
    let file = desk.password_file();
    let netrc = desk.file("netrc", &format!("\u{feff}machine 127.0.0.1 login me password {SECRET}\n"));
    let netrc = format!("--netrc-file={}", netrc.display());
    let command =
        format!("--password-command=cat '{}'; env >'{}'", file.display(), desk.folder.path().join("env").display());
    #[cfg(unix)]
    desk.run({
        let mut upload = desk.upload(&url, &["-ume", &command, CLEARTEXT]);
        upload.env("BITSUP_PASSWORD", "other").env("BITSUP_TOKEN", "t0ken");
        upload
    })
    .exits(0);
    #[cfg(unix)]
    {
        let env = fs::read_to_string(desk.folder.path().join("env")).expect("printed");
        assert!(env.contains("PATH=") && !env.contains("BITSUP_PASSWORD") && !env.contains("t0ken"), "{env}");
    }
    let _ = command;
    let mut upload = desk.upload(&url, &["-ume", CLEARTEXT]);
    upload.env("BITSUP_PASSWORD", SECRET);
    desk.run(upload).exits(0);
    desk.run(desk.upload(&url, &[&netrc, CLEARTEXT])).exits(0);
    desk.run(desk.upload(&url, &["-ume", &netrc, CLEARTEXT])).exits(0);
    let mut upload = desk.upload(&url, &["-ume", "--password-file=-", CLEARTEXT]);
    upload.stdin(fs::File::open(&file).expect("opened"));
    desk.run(upload).exits(0);
}

#[test]
fn a_secret_that_is_missing_or_lies_open_is_exit_2_before_anything_is_sent() {
    let desk = Desk::new();
    let (server, _) = gated(|_| None);
    let url = server.url("/a");
    desk.run(desk.upload(&url, &["-ume"])).exits(2).says(&["--password-file", "no terminal"]);
    desk.run(desk.upload(&url, &["-ume", "--password-file=/no/such/file"])).exits(2);
    desk.run(desk.upload(&url, &["-ume", "--password-command=exit 1"])).exits(2);
    desk.run(desk.upload(&url, &["-ume", "--auth=basic"])).exits(2).says(&[CLEARTEXT]);
    let mut upload = desk.upload(&url, &[]);
    upload.env("BITSUP_TOKEN", "t0ken");
    desk.run(upload).exits(2).says(&[CLEARTEXT]);
    let with_password = url.replace("http://", &format!("http://me:{SECRET}@"));
    desk.run(desk.upload(&with_password, &[])).exits(2).says(&["user or password"]);
    #[cfg(unix)]
    for (option, name) in [("--password-file", "password"), ("--netrc-file", "netrc"), ("--bearer-file", "token")] {
        let file = desk.file(name, SECRET);
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("opened to others");
        let option = format!("{option}={}", file.display());
        let user: &[&str] = if name == "password" { &["-ume"] } else { &[] };
        desk.run(desk.upload(&url, &[user, &[&option, CLEARTEXT]].concat())).exits(2).says(&["chmod 600"]);
    }
    assert!(server.requests().is_empty());
}

/// The time-out is the subject.
#[cfg(unix)]
#[test]
fn case_59_max_time_ends_a_command_that_hangs_and_what_it_started() {
    use std::os::unix::process::CommandExt;
    let desk = Desk::new();
    let (server, _) = gated(|_| None);
    for command in ["sleep 300", "sleep 300 & wait", "exec >&-; sleep 300"] {
        let option = format!("--password-command={command}");
        let mut upload = desk.upload(&server.url("/a"), &["-ume", &option, "--max-time=1s"]);
        // Not in front of the terminal of whoever runs the tests, where the command shares its group.
        upload.process_group(0);
        // Their errors go to a pipe that ends with the last of them.
        let finished = desk.run(upload);
        finished.exits(11).says(&["--password-command", command, "--max-time", "had not ended"]);
        assert!(!finished.stderr().contains("server"), "{}", finished.stderr());
    }
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn case_59_max_time_ends_the_reading_of_a_secret_that_does_not_come() {
    let desk = Desk::new();
    let (server, _) = gated(|_| None);
    for option in ["--password-file=-", "--bearer-file=-"] {
        let user: &[&str] = if option.starts_with("--p") { &["-ume"] } else { &[] };
        let mut upload = desk.upload(&server.url("/a"), &[user, &[option, CLEARTEXT, "--max-time=1s"]].concat());
        let (reader, writer) = std::io::pipe().expect("a pipe");
        upload.stdin(reader);
        desk.run(upload).exits(11).says(&[&option.replace('=', " "), "nothing came", "--max-time"]);
        drop(writer);
    }
    assert!(server.requests().is_empty());
}

/// By `script`, which is the terminal.
#[cfg(target_os = "linux")]
#[test]
fn case_59_max_time_ends_the_asking_for_a_password() {
    let desk = Desk::new();
    let (server, _) = gated(|_| None);
    let program = crate::support::bitsup::program();
    for who in ["--user=me", "--proxy=http://me@127.0.0.1:9"] {
        let line = format!(
            "'{program}' upload --no-state --max-time=1s {who} '{}' {}; echo exit $?; stty -a",
            desk.source.path.display(),
            server.url("/a")
        );
        let mut terminal = Command::new("script");
        // Held open: its end would be the answer.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        terminal.args(["-qec", &line, "/dev/null"]).stdin(reader);
        let Ok(output) = terminal.output() else {
            crate::support::bitsup::say("SKIPPED: asking at a terminal needs script");
            return;
        };
        drop(writer);
        let text = String::from_utf8_lossy(&output.stdout);
        for said in ["Password of me at", "no answer was typed", "--max-time", "exit 11", " echo "] {
            assert!(text.contains(said), "no {said} in:\n{text}");
        }
    }
}

#[test]
fn fault_20_a_wrong_password_goes_out_once_and_the_state_is_kept() {
    let desk = Desk::new();
    let mut locked = false;
    // Lets the first fragment in, then nobody any more.
    let (server, _) = gated(move |request| {
        locked |= request.range().is_some_and(|(first, _, _)| first > 0);
        if locked { Some(unauthorized("WWW-Authenticate: Basic realm=\"x\"")) } else { basic(request) }
    });
    let file = format!("--password-file={}", desk.password_file().display());
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file, CLEARTEXT])).exits(7).says(&[
        "the server did not accept the user and password (Basic)",
        "server: 401 Unauthorized",
        "next:",
    ]);
    assert_eq!(server.packets(), ["Ping", "Ping", "Create-Session", "Fragment", "Fragment"]);
    let list = command(["sessions", "list"]).env("BITSUP_STATE_DIR", desk.state()).output().expect("started");
    assert!(String::from_utf8_lossy(&list.stdout).contains("file.bin"), "kept");

    let (server, _) = gated(|_| Some(unauthorized("WWW-Authenticate: Basic realm=\"x\"")));
    desk.run(desk.upload(&server.url("/b"), &["-ume", &file, CLEARTEXT])).exits(7);
    let sent = server.requests().iter().filter(|request| request.field("authorization").is_some()).count();
    assert_eq!((server.requests().len(), sent), (2, 1));
}

#[test]
fn fault_20_a_password_whose_answer_is_lost_again_and_again_goes_out_three_times() {
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    for offer in ["Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"n\", qop=\"auth\""] {
        let (server, _) = gated(move |request| {
            let signed = request.field("authorization").is_some();
            Some(if signed { Reply::HangUp } else { unauthorized(&format!("WWW-Authenticate: {offer}")) })
        });
        let others: Vec<_> = (0..3).map(|n| desk.file(&format!("f{n}"), "text").display().to_string()).collect();
        let options = ["-ume", &file, CLEARTEXT, "--retry-delay=1ms", "--no-state", "-j3"];
        let options: Vec<&str> = options.into_iter().chain(others.iter().map(String::as_str)).collect();
        desk.run(desk.upload(&server.url("/d/"), &options)).exits(7).says(&[
            "no response, or a server error, came 3 times after the user and password were sent",
            "may lock the account",
            "3 were not begun",
        ]);
        let sent = server.requests().iter().filter(|request| request.field("authorization").is_some()).count();
        assert_eq!(sent, 3, "{offer}");
    }
}

#[test]
fn a_wrong_password_goes_out_once_for_several_files() {
    let desk = Desk::new();
    let password = format!("--password-file={}", desk.password_file().display());
    let others: Vec<_> = (0..3).map(|n| desk.file(&format!("f{n}"), "text").display().to_string()).collect();
    for offer in
        ["Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", "Digest realm=\"x\", nonce=\"n\""]
    {
        let (server, _) = gated(move |_| Some(unauthorized(&format!("WWW-Authenticate: {offer}"))));
        let options = ["-ume", &password, CLEARTEXT, "-j3"].into_iter();
        let options: Vec<_> = options.chain(others.iter().map(String::as_str)).collect();
        desk.run(desk.upload(&server.url("/d/"), &options)).exits(7).says(&["3 were not begun"]);
        let sent = || server.requests().iter().filter(|request| request.field("authorization").is_some()).count();
        assert_eq!((server.requests().len(), sent()), (2, 1), "{offer}");

        // A failure before anybody signs in settles nothing.
        let options = [&["missing"], &options[..]].concat();
        desk.run(desk.upload(&server.url("/d/"), &options)).exits(15).says(&["3 were not begun"]);
        assert_eq!((server.requests().len(), sent()), (4, 2), "{offer}");
    }
}

#[test]
fn several_connections_prove_a_digest_each_and_no_proof_is_used_twice() {
    let desk = Desk::new();
    let password = format!("--password-file={}", desk.password_file().display());
    let others: Vec<_> = (0..6).map(|n| desk.file(&format!("f{n}"), "text").display().to_string()).collect();
    let (server, _) = gated(|request| {
        let signed = request.field("authorization").is_some();
        (!signed).then(|| unauthorized("WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\""))
    });
    let options = ["-ume", &password, "-j3", "--no-state"].into_iter();
    let options: Vec<_> = options.chain(others.iter().map(String::as_str)).collect();
    desk.run(desk.upload(&server.url("/d/"), &options)).exits(0);
    let mut counts = std::collections::BTreeSet::new();
    for request in server.requests() {
        let Some(proof) = request.field("authorization") else { continue };
        let part = |name: &str| proof.split(name).nth(1).and_then(|rest| rest.split(',').next()).map(str::to_owned);
        assert!(counts.insert((part("cnonce="), part("nc="))), "a proof that was used before: {proof}");
    }
}

#[test]
fn a_server_that_lets_nobody_in_does_not_keep_files_from_others() {
    let desk = Desk::new();
    let (closed, _) = gated(|_| Some(unauthorized("WWW-Authenticate: Basic realm=\"x\"")));
    let (open, model) = gated(|_| None);
    let file = desk.file("f", "text").display().to_string();
    let list = format!("Source,Destination\n{file},{}\n{file},{}\n", closed.url("/a"), open.url("/b"));
    let mut upload = command(["upload", "--files-from"]);
    upload.arg(desk.file("list.csv", &list)).env("BITSUP_STATE_DIR", desk.state());
    desk.run(upload).exits(15);
    assert_eq!(model.stored(), b"text");
}

#[test]
fn credentials_are_for_one_server() {
    let desk = Desk::new();
    let (server, _) = gated(basic);
    let list =
        desk.file("list.csv", &format!("Source,Destination\na,{}\nb,http://other.example/b\n", server.url("/a")));
    let mut upload = command(["upload", "-ume", CLEARTEXT, "--files-from"]);
    upload.arg(list).env("BITSUP_PASSWORD", SECRET);
    desk.run(upload).exits(2).says(&["credentials belong to one server"]);
    assert_eq!(server.packets(), [""; 0]);
}

/// The server is a proxy: then it may be that of port 80.
#[test]
fn case_48_a_default_port_makes_no_second_server() {
    let desk = Desk::new();
    let (proxy, _) = gated(basic);
    let file = desk.file("f", "text").display().to_string();
    let list = format!("Source,Destination\n{file},http://h.example/a\n{file},HTTP://H.example:80/b\n");
    let mut upload = command(["upload", "-ume", CLEARTEXT, "--proxy", &proxy.url(""), "--files-from"]);
    upload.arg(desk.file("list.csv", &list)).env("BITSUP_PASSWORD", SECRET).env("BITSUP_STATE_DIR", desk.state());
    desk.run(upload).exits(0);
    assert_eq!(proxy.packets().iter().filter(|packet| *packet == "Close-Session").count(), 2);
}

#[test]
fn without_credentials_the_error_says_what_the_server_wants() {
    let desk = Desk::new();
    let (server, _) = gated(|_| Some(unauthorized("WWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM")));
    desk.run(desk.upload(&server.url("/a"), &[])).exits(7).says(&["(Negotiate, NTLM)", "--user NAME"]);
    assert_eq!(server.packets(), ["Ping"]);
}

#[test]
fn fault_52_basic_over_http_wants_to_be_allowed() {
    let desk = Desk::new();
    let (server, _) = gated(basic);
    let file = format!("--password-file={}", desk.password_file().display());
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file])).exits(7).says(&[CLEARTEXT]);
    assert_eq!(server.packets(), ["Ping"]);
}

#[test]
fn fault_48_a_host_that_the_server_names_gets_credentials_only_if_trusted() {
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    for trusted in [false, true] {
        let (other, _) = gated(basic);
        let port = other.port;
        let (server, _) = gated(move |request| {
            basic(request).or_else(|| {
                let session = format!(
                    "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: 1\nBITS-Host-Id: localhost:{port}"
                );
                (request.packet() == "Create-Session").then(|| Reply::head(&session))
            })
        });
        let url = server.url(&format!("/{trusted}"));
        let options = ["-ume", &file, CLEARTEXT, "--no-state", "--trust-host-id=LOCALHOST"];
        let finished = desk.run(desk.upload(&url, &options[..if trusted { 5 } else { 4 }]));
        let signed = other.requests().iter().any(|request| request.field("authorization").is_some());
        assert_eq!(signed, trusted);
        if trusted {
            finished.exits(0);
        } else {
            finished.exits(7).says(&["--trust-host-id", "localhost"]);
        }
    }
}

#[test]
fn a_token_is_sent_as_it_is() {
    let desk = Desk::new();
    let (server, _) = gated(|request| {
        (request.field("authorization") != Some("Bearer t0ken.x")).then(|| unauthorized("WWW-Authenticate: Bearer"))
    });
    let file = format!("--bearer-file={}", desk.file("token", "t0ken.x\n").display());
    desk.run(desk.upload(&server.url("/a"), &[&file, CLEARTEXT])).exits(0);
    assert_eq!(server.packets()[..2], ["Ping", "Create-Session"], "unasked");
    let mut upload = desk.upload(&server.url("/b"), &[CLEARTEXT]);
    upload.env("BITSUP_TOKEN", "t0ken.wrong");
    desk.run(upload).exits(7).says(&["did not accept the token"]);
}

#[test]
fn case_31_a_token_that_no_field_can_hold_is_exit_2() {
    let desk = Desk::new();
    let (server, _) = gated(|_| None);
    for (text, reason) in [("t0ken-\u{f6}", "not ASCII"), ("t0ken two", "blank"), ("Bearer", "empty")] {
        let file = format!("--bearer-file={}", desk.file("token", text).display());
        desk.run(desk.upload(&server.url("/a"), &[&file, CLEARTEXT])).exits(2).says(&["--bearer-file", reason]);
        let mut upload = desk.upload(&server.url("/a"), &[CLEARTEXT]);
        upload.env("BITSUP_TOKEN", text);
        desk.run(upload).exits(2).says(&["BITSUP_TOKEN", reason]);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_token_file_is_read_again_when_the_token_expires() {
    for renews in [true, false] {
        let desk = Desk::new();
        let path = desk.file("token", "  Bearer t0ken.1 \n");
        let option = format!("--bearer-file={}", path.display());
        let mut valid = "Bearer t0ken.1";
        let (server, model) = gated(move |request| {
            if request.range().is_some_and(|(first, _, _)| first > 0) && valid.ends_with('1') {
                valid = "Bearer t0ken.2";
                if renews {
                    fs::write(&path, "t0ken.2").expect("written");
                }
            }
            (request.field("authorization") != Some(valid)).then(|| unauthorized("WWW-Authenticate: Bearer"))
        });
        let finished = desk.run(desk.upload(&server.url("/a"), &[&option, CLEARTEXT, "--fragment-size=100000"]));
        let fragments = server.packets().iter().filter(|packet| *packet == "Fragment").count();
        if renews {
            finished.exits(0);
            assert_eq!((model.stored(), fragments), (desk.source.bytes, 4));
        } else {
            finished.exits(7).says(&["did not accept the token"]);
            assert_eq!(fragments, 2);
        }
    }
}

/// Digest by a script: which proofs go out when. That they are right is tested against other implementations.
#[test]
fn a_fragment_whose_nonce_is_stale_goes_out_again_at_once() {
    let desk = Desk::new();
    let mut nonce = 1;
    let mut fragments = 0;
    let (server, model) = gated(move |request| {
        let signed = request.field("authorization").unwrap_or_default();
        fragments += usize::from(request.packet() == "Fragment");
        if fragments == 2 {
            fragments += 1;
            nonce += 1;
        }
        let offer = format!("WWW-Authenticate: Digest realm=\"x\", nonce=\"n{nonce}\", qop=\"auth\"");
        let stale = if signed.is_empty() { "" } else { ", stale=true" };
        (!signed.contains(&format!("nonce=\"n{nonce}\""))).then(|| unauthorized(&format!("{offer}{stale}")))
    });
    let file = format!("--password-file={}", desk.password_file().display());
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file])).exits(0);
    let fragment = ["Fragment", "Fragment", "Fragment", "Close-Session"];
    assert_eq!(server.packets()[2..], [&["Create-Session"][..], &fragment].concat());
    assert_eq!(model.stored(), desk.source.bytes);
}

#[test]
fn a_server_that_forgets_who_is_signed_in_is_left() {
    let desk = Desk::new();
    let mut count = 0;
    let (server, _) = gated(move |request| {
        count += 1;
        let offer = format!("WWW-Authenticate: Digest realm=\"x\", nonce=\"{count}\", qop=\"auth\", stale=true");
        let signed = request.field("authorization").is_some();
        (request.packet() == "Fragment" || !signed).then(|| unauthorized(&offer))
    });
    let file = format!("--password-file={}", desk.password_file().display());
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file])).exits(7);
    assert_eq!(server.packets().iter().filter(|packet| *packet == "Fragment").count(), 3);
}

#[test]
fn case_22_nonces_that_count_once_end_in_an_upload() {
    for names_next in [false, true] {
        let desk = Desk::new();
        let mut used = 0;
        let mut count = 0;
        let model = Model::default();
        let inner = model.clone();
        let server = ScriptServer::start(move |request| {
            let proof = request.field("authorization").unwrap_or_default();
            if count == used || !proof.contains(&format!("nonce=\"n{count}\"")) {
                count += 1;
                return unauthorized(&format!(
                    "WWW-Authenticate: Digest realm=\"x\", nonce=\"n{count}\", qop=\"auth\""
                ));
            }
            used = count;
            let answer = inner.answer(request);
            if !names_next {
                return answer;
            }
            count += 1;
            let Reply::Bytes(bytes) = answer else { return answer };
            let head = String::from_utf8(bytes).expect("text");
            let info = format!("\r\nAuthentication-Info: nextnonce=\"n{count}\"\r\n");
            Reply::Bytes(head.replacen("\r\n", &info, 1).into_bytes())
        });
        let file = format!("--password-file={}", desk.password_file().display());
        let options = ["-ume", &file, "--fragment-size=100000"];
        desk.run(desk.upload(&server.url("/a"), &options)).exits(0);
        assert_eq!(model.stored(), desk.source.bytes);
        let fragments = server.packets().iter().filter(|packet| *packet == "Fragment").count();
        assert_eq!(fragments, if names_next { 3 } else { 6 });
    }
}

#[test]
fn case_31_a_user_and_a_realm_beyond_ascii_sign_in_by_digest() {
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    let (server, model) = gated(|request| {
        let proof = request.field("authorization").unwrap_or_default();
        let is_right = proof.starts_with("Digest username=\"j\u{fc}rgen\", realm=\"S\u{e4}ge\", ");
        let offer = "WWW-Authenticate: Digest realm=\"S\u{e4}ge\", nonce=\"n\", qop=\"auth\"";
        (!is_right).then(|| unauthorized(offer))
    });
    desk.run(desk.upload(&server.url("/a"), &["-uj\u{fc}rgen", &file])).exits(0);
    assert_eq!(model.stored(), desk.source.bytes);
}

#[test]
fn case_32_challenges_as_old_servers_write_them_are_understood() {
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    for offer in [&b"Basic realm=\"S\xe4ge\""[..], b"Basic realm=My Site", b"Odd (x), Basic realm=\"x\""] {
        let (server, _) = gated(move |request| {
            basic(request).map(|_| {
                let head =
                    [b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: ", offer, b"\r\n\r\n"];
                Reply::Bytes(head.concat())
            })
        });
        desk.run(desk.upload(&server.url("/a"), &["-ume", &file, CLEARTEXT])).exits(0);
    }
}

#[cfg(feature = "serve")]
#[test]
fn reply_and_verification_sign_in_too() {
    use crate::support::receiver::Receiver;
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    let mut options = vec!["--user=me", &file, "--allow-read"];
    if cfg!(unix) {
        options.push("--reply-command=echo thanks");
    }
    let receiver = Receiver::start(&options);
    let url = format!("{}a.bin", receiver.url);
    let reply = desk.folder.path().join("reply");
    let reply_option = format!("--reply={}", reply.display());
    let mut client = vec!["-ume", &file, CLEARTEXT, "--verify=sha256"];
    if cfg!(unix) {
        client.push(&reply_option);
    }
    desk.run(desk.upload(&url, &client)).exits(0);
    assert_eq!(receiver.published("a.bin"), desk.source.bytes);
    if cfg!(unix) {
        assert_eq!(fs::read(reply).expect("saved"), b"thanks\n");
    }
}

#[test]
fn whoever_cancels_signs_in_too() {
    let desk = Desk::new();
    let file = format!("--password-file={}", desk.password_file().display());
    let (server, _) = gated(|request| {
        let second = request.range().is_some_and(|(first, _, _)| first > 0);
        basic(request).or_else(|| second.then(|| unauthorized("WWW-Authenticate: Basic realm=\"x\"")))
    });
    desk.run(desk.upload(&server.url("/a"), &["-ume", &file, CLEARTEXT])).exits(7);
    let cancel = |options: &[&str]| {
        let list = command(["sessions", "list"]).env("BITSUP_STATE_DIR", desk.state()).output().expect("started");
        let list = String::from_utf8_lossy(&list.stdout).into_owned();
        let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id").to_owned();
        let mut command = command(["sessions", "cancel", &id]);
        command.args(options).env("BITSUP_STATE_DIR", desk.state());
        desk.run(command)
    };
    cancel(&[]).exits(7).says(&["the server requires authentication (Basic)"]);
    cancel(&["-ume", &file, CLEARTEXT]).exits(0).says(&["cancelled: "]);
    assert_eq!(server.packets().iter().filter(|packet| *packet == "Cancel-Session").count(), 3);
}
