//! `bitsup check --report`: what its file holds, what it does not, and that the server can be played from it.

use std::fs;
#[cfg(feature = "serve")]
use std::path::Path;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::support::bitsup::{Finished, command};
use crate::support::replay::Replay;
use crate::support::script::{ACK, Reply, ScriptServer};
#[cfg(feature = "serve")]
use crate::support::transcript::Exchange;
use crate::support::transcript::read;

const USER: &str = "ottilie";
const PASSWORD: &str = "s3cret-Pa55phrase";

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Checks `url` as the user.
    fn check(&self, report: &str, url: &str, options: &[&str]) -> Finished {
        let mut check = command(["check", "--allow-cleartext-auth", "-u", USER, "--report"]);
        check.arg(self.path(report)).args(options).arg(url).env("BITSUP_PASSWORD", PASSWORD);
        Finished(check.output().expect("ran"))
    }

    /// The report, in which there must be none of these words, nor a secret.
    #[track_caller]
    fn report(&self, name: &str, hidden: &[&str]) -> String {
        let text = fs::read_to_string(self.path(name)).expect("written");
        let proof = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        for word in [USER, PASSWORD, &proof, "127.0.0.1", "localhost"].iter().chain(hidden) {
            assert!(!text.to_lowercase().contains(&word.to_lowercase()), "{word} in:\n{text}");
        }
        assert!(text.lines().all(|line| !line.contains('\x1b')), "{text:?}");
        text
    }
}

#[cfg(feature = "serve")]
fn kinds(exchanges: &[Exchange]) -> Vec<&str> {
    exchanges.iter().map(Exchange::kind).collect()
}

#[cfg(feature = "serve")]
fn receiver(desk: &Desk) -> crate::support::receiver::Receiver {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "files.local".to_owned()]).expect("made");
    let (cert, key, password) = (desk.path("cert.pem"), desk.path("key.pem"), desk.path("password"));
    private(&cert, &made.cert.pem());
    private(&key, &made.signing_key.serialize_pem());
    private(&password, PASSWORD);
    let mut serve = command(["serve", "--listen", "127.0.0.1:0", "--user", USER, "--tls-cert"]);
    serve.arg(cert).arg("--tls-key").arg(key).arg("--password-file").arg(password);
    crate::support::receiver::Receiver::of(&mut serve)
}

#[cfg(feature = "serve")]
fn private(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
}

#[cfg(feature = "serve")]
#[test]
fn a_report_holds_the_exchanges_but_no_secret_and_plays_the_server() {
    let desk = Desk::new();
    let receiver = receiver(&desk);
    let authority = format!("--cacert={}", desk.path("cert.pem").display());
    let finished = desk.check("report.txt", &receiver.url, &[&authority]);
    assert_eq!(finished.0.status.code(), Some(0), "{}", finished.stderr());
    finished.says(&["report.txt has the requests", "read it before you attach it"]);
    let left: Vec<_> = fs::read_dir(receiver.folder.path()).expect("read").flatten().collect();
    assert!(left.iter().all(|entry| entry.file_name() == ".bitsup-sessions"), "{left:?}");

    let text = desk.report("report.txt", &["files.local"]);
    for line in ["tls: TLS 1.3", "certificate: server.example, other1.example", "result: exit 0", "bitsup: 0."] {
        assert!(text.contains(&format!("\n{line}")), "no {line:?} in:\n{text}");
    }
    let exchanges = read(&text);
    let packets = ["Ping", "Create-Session", "Fragment", "Cancel-Session"];
    assert!(kinds(&exchanges).ends_with(&packets), "{text}");
    assert!(text.contains("> content-range: bytes 0-1023/1025\n"), "{text}");

    let replay = Replay::start(exchanges);
    let again = desk.check("again.txt", &replay.server.url("/"), &[]);
    assert_eq!(again.0.status.code(), Some(0), "{}", again.stderr());
    replay.is_over_but_for(&[]);
    assert_eq!(kinds(&read(&desk.report("again.txt", &[]))), kinds(&read(&text)));
}

#[test]
fn a_refusal_is_reported_with_what_its_page_says_and_played_again() {
    let proof = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let page =
        format!("<html><title>403.4 - No</title>\x1b[31m {USER} at 127.0.0.1: {PASSWORD}, Basic {proof}, C00kie");
    let server = ScriptServer::start(move |request| match request.packet() {
        _ if request.field("authorization").is_none() => {
            Reply::head("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=\"Contoso\"\nSet-Cookie: a=C00kie")
        }
        "Create-Session" => {
            let length = page.len();
            let fields = "Content-Type: text/html\r\nX-Request: 10.1.2.3\r\nLocation: https://node7/?sig=s1gnature";
            let head = format!("HTTP/1.1 403 Forbidden\r\n{fields}\r\nContent-Length: {length}\r\n\r\n");
            Reply::Bytes([head.as_bytes(), page.as_bytes()].concat())
        }
        _ => Reply::head(ACK),
    });
    let desk = Desk::new();
    let finished = desk.check("report.txt", &server.url(&format!("/{USER}/a?sig=s1gnature")), &["--json"]);
    assert_eq!(finished.0.status.code(), Some(8), "{}", finished.stderr());
    let text = desk.report("report.txt", &["C00kie", "Contoso", "10.1.2.3", "node7", "s1gnature"]);
    for line in [
        "> BITS_POST /<user>/bitsup-check-NAME?sig=<redacted> HTTP/1.1",
        "< www-authenticate: Basic realm=\"<redacted>\"",
        "< x-request: <redacted>",
        "< location: https://other1.example/?sig=<redacted>",
        "| \"<html><title>403.4 - No</title>\\u001b[31m <user> at server.example: <redacted>, Basic <redacted>, <red",
        "result: exit 8, bitsup: error: cannot upload to http://server.example",
    ] {
        assert!(text.contains(&format!("\n{line}")), "no {line:?} in:\n{text}");
    }
    let replay = Replay::start(read(&text.replace("/<user>/", "/")));
    let again = desk.check("again.txt", &replay.server.url("/"), &[]);
    assert_eq!(again.0.status.code(), Some(8), "{}", again.stderr());
    replay.is_over_but_for(&[]);
}

#[test]
fn a_report_is_written_up_to_where_the_connection_broke() {
    let desk = Desk::new();
    let server = ScriptServer::start(|request| match request.packet() {
        "Ping" => Reply::head(ACK),
        _ => Reply::HangUp,
    });
    assert_eq!(desk.check("report.txt", &server.url("/"), &[]).0.status.code(), Some(5));
    let text = desk.report("report.txt", &[]);
    assert!(text.contains("\n* no response\n") && text.contains("\nresult: exit 5, "), "{text}");
    assert_eq!(read(&text)[0].response.as_deref().map(|head| head.starts_with("HTTP/1.1 200 OK")), Some(true));

    assert_eq!(desk.check("nobody.txt", "http://127.0.0.1:9/", &[]).0.status.code(), Some(5));
    assert!(desk.report("nobody.txt", &[]).contains("\nresult: exit 5, "));
}

#[test]
fn a_report_is_a_new_file_that_others_cannot_read() {
    let desk = Desk::new();
    let server = ScriptServer::start(|_| Reply::head("HTTP/1.1 404 Not Found"));
    assert_eq!(desk.check("report.txt", &server.url("/"), &[]).0.status.code(), Some(9));
    let path = desk.path("report.txt");
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).expect("there").permissions()) & 0o777,
        0o600
    );
    let (before, requests) = (fs::read(&path).expect("read"), server.requests().len());
    desk.check("report.txt", &server.url("/"), &[]).exits(2).says(&["--report", "report.txt"]);
    desk.check("no/such/folder", &server.url("/"), &[]).exits(2).says(&["--report"]);
    assert_eq!(fs::read(&path).expect("read"), before);
    assert_eq!(server.requests().len(), requests, "nothing was sent");
}
