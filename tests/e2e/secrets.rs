//! One test for all secrets: every way to hand one over, every way of signing in, every way to fail. Whatever these runs
//! print or write, and whatever the commands that they start get to see, is searched for all of them.
//! `tests/auth/kerberos.sh` does the same for tickets.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::auth::{basic, gated, unauthorized};
use crate::support::bitsup::{Finished, Source, command};
use crate::support::nobody;
use crate::support::script::{Reply, ScriptServer};

pub(crate) const PASSWORD: &str = "s3cret-Pa55phrase";
const TOKEN: &str = "t0ken.q7Zk-xPw_93~Lm";
const PROXY_PASSWORD: &str = "Pr0xy-s3sam-0pen";
const PASSPHRASE: &str = "K3y-unl0cking-w0rds";
const SIGNATURE: &str = "s1gned-Que7y-Part";

/// The texts that must not be seen: the secrets as they are, as base64 and UTF-16 hold them wherever they begin, and
/// how proofs of passwords begin: NTLM's messages, those of Negotiate, Digest's.
fn hidden() -> Vec<String> {
    let proofs = ["TlRMTVNTUA", "Negotiate YI", "Negotiate YE", "Negotiate oX", "Negotiate oY", "response=", "cnonce="];
    let mut all = proofs.map(str::to_owned).to_vec();
    for secret in [PASSWORD, TOKEN, PROXY_PASSWORD, PASSPHRASE, SIGNATURE] {
        all.push(secret.into());
        all.push(secret.chars().flat_map(|c| [c, '\0']).collect());
        for shift in 0..3 {
            // Digits that hold nothing of what comes before or after.
            let encoded = STANDARD.encode(format!("{}{secret}", &"xxx"[..shift]));
            let whole = encoded.trim_end_matches('=');
            all.push(whole[if shift == 0 { 0 } else { 4 }..whole.len() - 2].into());
        }
    }
    all
}

/// Where the runs take place: what they are given lies in one folder, what they leave in another.
pub(crate) struct Stage {
    given: TempDir,
    left: TempDir,
    source: Source,
    hidden: Vec<String>,
    runs: Cell<u32>,
}

impl Stage {
    fn new() -> Self {
        let stage = Self {
            given: TempDir::new().expect("a folder"),
            left: TempDir::new().expect("a folder"),
            source: Source::new(300_000),
            hidden: hidden(),
            runs: Cell::new(0),
        };
        fs::create_dir(stage.left("tmp")).expect("made");
        stage
    }

    /// A file with secrets in it, for its owner only.
    fn given(&self, name: &str, text: &str) -> String {
        let path = self.given.path().join(name);
        fs::write(&path, text).expect("written");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
        path.to_str().expect("text").to_owned()
    }

    fn left(&self, name: &str) -> PathBuf {
        self.left.path().join(name)
    }

    /// A command that can write only where it is looked at, and whose environment holds all the secrets that it may.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.current_dir(self.left.path()).env("BITSUP_STATE_DIR", self.left("state"));
        for (name, folder) in [("HOME", ""), ("TMPDIR", "tmp"), ("XDG_STATE_HOME", "xdg"), ("XDG_CACHE_HOME", "xdg")] {
            command.env(name, self.left(folder));
        }
        command.env("BITSUP_PASSWORD", PASSWORD).env("BITSUP_PROXY_PASSWORD", PROXY_PASSWORD);
        command
    }

    fn upload(&self, url: &str, options: &[&str]) -> Command {
        let mut command = self.command(&["upload", "-vv", "--no-progress-timeout=20s", "--retry-delay=1ms"]);
        command.args(options).arg(self.source.arg()).arg(url);
        command
    }

    /// Runs it; looks at what it printed, and at all that lies about since.
    #[track_caller]
    fn run(&self, mut command: Command, code: i32) -> Finished {
        let finished = Finished(command.output().expect("started"));
        let shown = format!("{}{}", finished.stdout(), finished.stderr());
        assert_eq!(finished.0.status.code(), Some(code), "{command:?}:\n{shown}");
        self.search(&format!("what {command:?} printed"), shown.as_bytes());
        search_all(self, self.left.path());
        self.runs.set(self.runs.get() + 1);
        finished
    }

    #[track_caller]
    fn search(&self, what: &str, bytes: &[u8]) {
        // The secrets are ASCII, which is kept whatever surrounds it.
        let text = String::from_utf8_lossy(bytes);
        for secret in &self.hidden {
            assert!(!text.contains(secret.as_str()), "{secret:?} in {what}:\n{text}");
        }
    }
}

/// Names count as well as contents.
#[track_caller]
fn search_all(stage: &Stage, folder: &Path) {
    for entry in fs::read_dir(folder).expect("read").flatten() {
        let path = entry.path();
        stage.search("the name of a file", path.to_string_lossy().as_bytes());
        if path.is_dir() {
            search_all(stage, &path);
        } else {
            stage.search(&path.display().to_string(), &fs::read(&path).expect("read"));
        }
    }
}

const CLEARTEXT: &str = "--allow-cleartext-auth";
const OFFERS: [&str; 3] = ["Basic realm=\"x\"", "Digest realm=\"x\", nonce=\"n\", qop=\"auth\"", "Bearer"];

fn refusing(offer: &'static str) -> ScriptServer {
    gated(move |_| Some(unauthorized(&format!("WWW-Authenticate: {offer}")))).0
}

/// Lets in whoever brings anything.
fn credulous(offer: &'static str) -> ScriptServer {
    let ask = move || unauthorized(&format!("WWW-Authenticate: {offer}"));
    gated(move |request| request.field("authorization").is_none().then(ask)).0
}

fn sources(stage: &Stage) {
    let (server, _) = gated(basic);
    let url = server.url("/a");
    let file = stage.given("password", &format!("{PASSWORD}\n"));
    let option = format!("--password-file={file}");
    let netrc = stage.given("netrc", &format!("machine 127.0.0.1 login me password {PASSWORD}\n"));
    stage.run(stage.upload(&url, &["-ume", CLEARTEXT]), 0);
    stage.run(stage.upload(&url, &["-ume", &option, CLEARTEXT]), 0);
    stage.run(stage.upload(&url, &["--netrc-file", &netrc, CLEARTEXT]), 0);
    let mut from_input = stage.upload(&url, &["-ume", "--password-file=-", CLEARTEXT]);
    from_input.stdin(fs::File::open(&file).expect("opened"));
    stage.run(from_input, 0);
    let token = stage.given("token", TOKEN);
    let bearing = credulous("Bearer");
    stage.run(stage.upload(&bearing.url("/a"), &["--bearer-file", &token, CLEARTEXT]), 0);
    let mut from_environment = stage.upload(&bearing.url("/a"), &[CLEARTEXT]);
    stage.run(
        {
            from_environment.env_remove("BITSUP_PASSWORD").env("BITSUP_TOKEN", TOKEN);
            from_environment
        },
        0,
    );
    if cfg!(unix) {
        // The command writes all it sees to a searched file: its environment, its own command line, and bitsup's.
        let command = format!(
            "--password-command=cat '{file}'; {{ env; cat /proc/$$/cmdline /proc/$PPID/cmdline; }} >'{}' 2>&1; true",
            stage.left("seen").display()
        );
        let mut upload = stage.upload(&url, &["-ume", &command, CLEARTEXT]);
        stage.run(
            {
                upload.env("BITSUP_TOKEN", TOKEN).env("BITSUP_PROXY_PASSWORD", PROXY_PASSWORD);
                upload
            },
            0,
        );
        assert!(fs::read_to_string(stage.left("seen")).expect("written").contains("PATH="));
    }
}

/// A password that is typed does not appear on the terminal.
#[cfg(target_os = "linux")]
fn typed(stage: &Stage) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::{Read, Write};
    let (server, _) = gated(basic);
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("unlocked");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
    let slave = || fs::File::options().read(true).write(true).open(&name).expect("opened");
    let upload = stage.upload(&server.url("/a"), &["-ume", CLEARTEXT]);
    // Makes the terminal the one that is asked at.
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(upload.get_program()).args(upload.get_args());
    for (name, value) in upload.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env_remove("BITSUP_PASSWORD").current_dir(stage.left.path());
    let Ok(mut child) = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn() else {
        return crate::support::bitsup::say("SKIPPED: no setsid here, so nobody typed a password");
    };
    drop(command);
    let mut terminal = fs::File::from(master);
    let (mut shown, mut buffer, mut answered) = (Vec::new(), [0; 4096], false);
    while let Ok(count @ 1..) = terminal.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
        if !answered && String::from_utf8_lossy(&shown).contains(": ") {
            answered = true;
            terminal.write_all(format!("{PASSWORD}\n").as_bytes()).expect("typed");
        }
    }
    let code = child.wait().expect("ended").code();
    assert_eq!(code, Some(0), "{}", String::from_utf8_lossy(&shown));
    stage.search("a terminal", &shown);
}

fn outcomes(stage: &Stage) {
    for offer in OFFERS {
        let token = stage.given("token", TOKEN);
        let bearer = ["--bearer-file", &token, CLEARTEXT];
        let options: &[&str] = if offer == "Bearer" { &bearer } else { &["-ume", CLEARTEXT] };
        for json in [&[][..], &["--json"], &["--json", "--ci=github"], &["--progress=bar"]] {
            let options = [options, json].concat();
            stage.run(stage.upload(&credulous(offer).url("/a"), &options), 0);
            stage.run(stage.upload(&refusing(offer).url("/a"), &options), 7);
        }
        let (lost, _) = gated(move |request| {
            let signed = request.field("authorization").is_some();
            Some(if signed { Reply::HangUp } else { unauthorized(&format!("WWW-Authenticate: {offer}")) })
        });
        let options = [options, &["--retries=4"]].concat();
        stage.run(stage.upload(&lost.url("/a"), &options), if offer == "Bearer" { 5 } else { 7 });
        let report = format!("--report={}", stage.left(&format!("report-{}", stage.runs.get())).display());
        let url = credulous(offer).url("/");
        let check = ["check", "-vv", "--json", "--probe-fragment", &report, &url].map(str::to_owned);
        let check: Vec<&str> =
            check.iter().map(String::as_str).chain(options[..options.len() - 1].iter().copied()).collect();
        stage.run(stage.command(&check), 0);
    }
}

/// The files that a run leaves behind when it breaks off, and the output of commands that show them.
fn remembered(stage: &Stage) {
    let (server, _) = gated(|request| {
        let later = request.range().is_some_and(|(first, _, _)| first > 0);
        basic(request).or_else(|| later.then(|| unauthorized("WWW-Authenticate: Basic realm=\"x\"")))
    });
    let url = server.url(&format!("/a?sig={SIGNATURE}"));
    stage.run(stage.upload(&url, &["-ume", CLEARTEXT, "--json"]), 7);
    assert_ne!(fs::read_dir(stage.left("state")).expect("kept").count(), 0);
    stage.run(stage.upload(&url, &["-ume", CLEARTEXT, "--dry-run"]), 0);
    let list = stage.run(stage.command(&["sessions", "list"]), 0).stdout();
    let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id").to_owned();
    stage.run(stage.command(&["sessions", "list", "--json"]), 0);
    stage.run(stage.command(&["sessions", "show", &id]), 0);
    stage.run(stage.command(&["sessions", "show", "--json", &id]), 0);
    stage.run(stage.command(&["config", "--json", &url]), 0);
    stage.run(stage.command(&["config"]), 0);
    // Its query is not kept, so it cannot be named to the server.
    stage.run(stage.command(&["sessions", "cancel", &id, "-ume", CLEARTEXT]), 2);
    stage.run(stage.command(&["sessions", "cancel", &id, "--force"]), 0);
    stage.run(stage.upload(&server.url("/b"), &["-ume", CLEARTEXT]), 7);
    let list = stage.run(stage.command(&["sessions", "list"]), 0).stdout();
    let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id").to_owned();
    stage.run(stage.command(&["sessions", "cancel", &id, "-ume", CLEARTEXT]), 0);
}

/// Whatever leads elsewhere.
fn elsewhere(stage: &Stage) {
    let (other, _) = gated(basic);
    let there = format!("localhost:{}", other.port);
    for (code, head) in [
        (7, format!("HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: 1\nBITS-Host-Id: {there}")),
        (9, format!("HTTP/1.1 307 Over there\nLocation: http://me:{PASSWORD}@{there}/a?token={TOKEN}")),
        (8, format!("HTTP/1.1 403 No\nX-Original-Authorization: Basic {}", STANDARD.encode(format!("me:{PASSWORD}")))),
    ] {
        let (server, _) = gated(move |request| {
            basic(request).or_else(|| (request.packet() == "Create-Session").then(|| Reply::head(&head)))
        });
        stage.run(stage.upload(&server.url("/a"), &["-ume", CLEARTEXT]), code);
    }
    assert!(other.requests().iter().all(|request| request.field("authorization").is_none()));
}

fn proxies(stage: &Stage) {
    let file = stage.given("proxy", PROXY_PASSWORD);
    let refusing = ScriptServer::start(|_| Reply::head("HTTP/1.1 407 Who?\nProxy-Authenticate: Basic realm=\"x\""));
    let (passing, _) = gated(|_| None);
    // No proxy at all: an address at which nobody listens.
    let (refusing, passing, nobody) = (refusing.port, passing.port, 9);
    for (port, code) in [(passing, 0), (refusing, 7), (nobody, 5)] {
        let place = format!("127.0.0.1:{port}");
        let user = ["--proxy-user=me", "--retries=1"];
        let named = format!("--proxy=http://{place}");
        let from_file = format!("--proxy-password-file={file}");
        let url = "http://upload.example/drop/";
        stage.run(stage.upload(url, &[&user[..], &[&named, &from_file]].concat()), code);
        stage.run(stage.upload(url, &[&user[..], &[&named, "--json"]].concat()), code);
        let mut upload = stage.upload(url, &["--retries=1"]);
        stage.run(
            {
                upload.env("http_proxy", format!("http://me:{PROXY_PASSWORD}@{place}"));
                upload
            },
            code,
        );
    }
    // An HTTP proxy gives no usable answer to SOCKS.
    for (scheme, code) in [("http", 7), ("socks5", 5), ("socks5h", 5)] {
        let place = format!("--proxy={scheme}://127.0.0.1:{refusing}");
        let options = ["--proxy-user=me", &place, "--retries=0", "--connect-timeout=500ms"];
        stage.run(stage.upload("https://192.0.2.1/drop/", &options), code);
    }
}

/// Typing errors, and files that lie open.
fn mistakes(stage: &Stage) {
    let open = stage.given("open", PASSWORD);
    #[cfg(unix)]
    fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("opened to others");
    let code = if cfg!(unix) { 2 } else { 5 };
    let nobody = &nobody::url("/a");
    let secret_in_url = format!("http://me:{PASSWORD}@127.0.0.1:9/a");
    let secret_in_proxy = format!("--proxy=http://me:{PROXY_PASSWORD}@127.0.0.1:9");
    let password_file = format!("--password-file={open}");
    let netrc_file = format!("--netrc-file={open}");
    let bearer_file = format!("--bearer-file={open}");
    let proxy_file = format!("--proxy-password-file={open}");
    for json in [&[][..], &["--json"]] {
        let run = |url: &str, options: &[&str], code| {
            let mut upload = stage.upload(url, &[json, options, &["--retries=0"]].concat());
            upload.env_remove("BITSUP_PASSWORD").env_remove("BITSUP_PROXY_PASSWORD");
            stage.run(upload, code);
        };
        run(&secret_in_url, &[], 2);
        run(nobody, &[&secret_in_proxy], 2);
        run(nobody, &["-ume", &password_file, CLEARTEXT], code);
        // Where nobody looks who can read it: it is no such file either.
        run(nobody, &[&netrc_file, CLEARTEXT], 2);
        run(nobody, &[&bearer_file, CLEARTEXT], code);
        run(nobody, &[&format!("--proxy={}", nobody::address()), "--proxy-user=me", &proxy_file], code);
        run(nobody, &["-ume", "--auth=basic"], 2);
        run(nobody, &["-ume", "--password-command=echo s3cret-Pa55phrase; exit 1"], 2);
    }
}

#[cfg(unix)]
fn certificates(stage: &Stage) {
    use crate::connect::openssl;
    let Some(folder) = openssl::made() else { return };
    let path = |name: &str| openssl::path(&folder, name);
    let right = stage.given("passphrase", openssl::PASSPHRASE);
    let wrong = stage.given("wrong", PASSPHRASE);
    for (passphrase, code) in [(right, 5), (wrong, 2)] {
        let key = ["--cert", &path("c.pem"), "--key", &path("e.pem"), "--key-passphrase-file", &passphrase]
            .map(str::to_owned);
        let key: Vec<&str> = key.iter().map(String::as_str).chain(["--retries=0"]).collect();
        stage.run(stage.upload("https://127.0.0.1:9/a", &key), code);
    }
}

/// The receiver's own password, and what clients try.
#[cfg(feature = "serve")]
fn receiver(stage: &Stage) {
    use std::io::{BufRead, BufReader};
    let file = stage.given("account", PASSWORD);
    fs::create_dir(stage.left("inbox")).expect("made");
    let mut serve = stage.command(&["serve", "--listen=127.0.0.1:0", "--json", "--user=me", "--password-file", &file]);
    serve.arg(stage.left("inbox")).stderr(std::process::Stdio::piped());
    let mut child = serve.stdout(fs::File::create(stage.left("serve.json")).expect("made")).spawn().expect("started");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    let mut first = String::new();
    lines.read_line(&mut first).expect("a line");
    let url = first.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL").to_owned();
    stage.run(stage.upload(&url, &["-ume", CLEARTEXT]), 0);
    let mut wrong = stage.upload(&url, &["-ume", CLEARTEXT]);
    stage.run(
        {
            wrong.env("BITSUP_PASSWORD", PASSPHRASE);
            wrong
        },
        7,
    );
    child.kill().and_then(|()| child.wait()).expect("ended");
    let mut said = first.into_bytes();
    std::io::Read::read_to_end(&mut lines, &mut said).expect("read");
    stage.search("what the receiver said", &said);
    search_all(stage, stage.left.path());
}

/// By pyspnego, with TLS and without.
#[cfg(all(unix, feature = "windows-auth"))]
fn windows(stage: &Stage) {
    use crate::ntlm::{Server, certificate};
    let pem = certificate(stage.given.path(), "server", &rcgen::PKCS_ECDSA_P256_SHA256);
    let tls = format!("tls={pem}");
    for scheme in ["ntlm", "negotiate"] {
        for more in [&[][..], &[tls.as_str()], &["hangup"]] {
            let Some(server) = Server::start(scheme, more) else { return };
            let code = if more.contains(&"hangup") { 7 } else { 0 };
            for json in [&[][..], &["--json"]] {
                let options = [&["-uDOM\\me", "--cacert", &pem], json].concat();
                stage.run(stage.upload(&server.url, &options), code);
                let mut wrong = stage.upload(&server.url, &options);
                stage.run(
                    {
                        wrong.env("BITSUP_PASSWORD", PASSPHRASE);
                        wrong
                    },
                    7,
                );
            }
        }
    }
}

#[test]
fn fault_51_no_secret_is_in_anything_that_is_printed_or_written() {
    let stage = Stage::new();
    sources(&stage);
    #[cfg(target_os = "linux")]
    typed(&stage);
    outcomes(&stage);
    remembered(&stage);
    elsewhere(&stage);
    proxies(&stage);
    mistakes(&stage);
    #[cfg(unix)]
    certificates(&stage);
    #[cfg(feature = "serve")]
    receiver(&stage);
    #[cfg(all(unix, feature = "windows-auth"))]
    windows(&stage);
    assert!(stage.runs.get() > 50, "{} runs were looked at", stage.runs.get());
}
