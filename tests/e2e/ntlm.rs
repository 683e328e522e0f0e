//! NTLM and Negotiate against a server by pyspnego. Skipped, aloud, where Python does not have it; `BITSUP_TEST_PYTHON`
//! names a Python that does.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};
use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command, say};

const SECRET: &str = "s3cret-Pa55phrase";

pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    folder: TempDir,
}

impl Server {
    /// `None` where there is no counterpart.
    pub(crate) fn start(scheme: &str, more: &[&str]) -> Option<Self> {
        let python = std::env::var("BITSUP_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let has_it = Command::new(&python).args(["-c", "import spnego"]).stderr(Stdio::null()).status();
        if !has_it.is_ok_and(|status| status.success()) {
            say("SKIPPED: NTLM needs a Python with pyspnego (pip install pyspnego; BITSUP_TEST_PYTHON=…)");
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("users"), format!("DOM:me:{SECRET}\n")).expect("written");
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/auth/ntlm_server.py"))
            .arg(scheme)
            .args([folder.path().join("users"), folder.path().join("log")])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut port).expect("a port");
        let scheme = if more.iter().any(|option| option.starts_with("tls=")) { "https" } else { "http" };
        let path = if more.contains(&"many") { "" } else { "a.bin" };
        let url = format!("{scheme}://127.0.0.1:{}/{path}", port.trim());
        Some(Self { child, url, folder })
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn upload(&self, source: &Source, scheme: &str, password: &str) -> Finished {
        self.upload_with(source, scheme, password, &[])
    }

    fn upload_with(&self, source: &Source, scheme: &str, password: &str, options: &[&str]) -> Finished {
        let file: PathBuf = self.folder.path().join("password");
        fs::write(&file, password).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("private");
        let state = self.folder.path().join("state");
        let mut command = command([
            "upload",
            "-vv",
            "--retry-delay=1ms",
            "--fragment-size=100k",
            "-uDOM\\me",
            "--allow-cleartext-auth",
        ]);
        command.args(["--auth", scheme, "--password-file"]).arg(file).args(options).arg(source.arg()).arg(&self.url);
        let finished = Finished(command.env("BITSUP_STATE_DIR", state).output().expect("started"));
        // NTLM's messages begin so, in base64; the user's name is in them.
        for hidden in [SECRET, "TlRMTVNTUA", "oYG"] {
            assert!(!finished.stderr().contains(hidden), "{}", finished.stderr());
        }
        finished
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_connection_is_signed_in_once_with_the_ping() {
    for (offered, asked) in [("ntlm", "auto"), ("ntlm", "ntlm"), ("negotiate", "auto"), ("negotiate", "negotiate")] {
        let Some(server) = Server::start(offered, &[]) else { return };
        let source = Source::new(300_000);
        server.upload(&source, asked, SECRET).exits(0);
        let expected = [
            "0 Ping unsigned",
            "0 Ping challenged",
            "0 Ping DOM\\me 0",
            "0 Create-Session DOM\\me 0",
            "0 Fragment DOM\\me 102400",
            "0 Fragment DOM\\me 102400",
            "0 Fragment DOM\\me 95200",
            "0 Close-Session DOM\\me 0",
            "0 Close-Session stored 300000",
        ];
        assert_eq!(server.log(), expected, "{offered} {asked}");
    }
}

#[test]
fn a_new_connection_begins_with_a_ping() {
    for scheme in ["ntlm", "negotiate"] {
        let Some(server) = Server::start(scheme, &["close"]) else { return };
        server.upload(&Source::new(300_000), scheme, SECRET).exits(0);
        let log = server.log();
        let second: Vec<&String> = log.iter().filter(|line| line.starts_with("1 ")).collect();
        assert_eq!(second[..2], ["1 Ping challenged", "1 Ping DOM\\me 0"], "{log:#?}");
        assert!(second[2].starts_with("1 Fragment DOM\\me"), "{log:#?}");
        assert!(!log.iter().any(|line| line.contains("Fragment unsigned")), "{log:#?}");
        assert_eq!(log.last().map(String::as_str), Some("1 Close-Session stored 300000"));
    }
}

#[test]
fn fault_20_a_wrong_password_is_proved_once() {
    for scheme in ["ntlm", "negotiate"] {
        let Some(server) = Server::start(scheme, &[]) else { return };
        server.upload(&Source::new(10), "auto", "wrong").exits(7).says(&["did not accept the user and password"]);
        let log = server.log();
        assert_eq!(log.iter().filter(|line| line.contains("refused")).count(), 1, "{log:#?}");
        assert_eq!(log.len(), 3, "{log:#?}");
    }
}

/// A certificate for this machine and its key, in one file.
pub(crate) fn certificate(folder: &Path, name: &str, algorithm: &'static SignatureAlgorithm) -> String {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    let certificate =
        CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name").self_signed(&key).expect("signed");
    let path = folder.join(name);
    fs::write(&path, certificate.pem() + &key.serialize_pem()).expect("written");
    path.to_str().expect("text").to_owned()
}

#[test]
fn over_tls_a_login_is_bound_to_the_servers_certificate() {
    let folder = TempDir::new().expect("a folder");
    let own = certificate(folder.path(), "own", &rcgen::PKCS_ECDSA_P256_SHA256);
    let long = certificate(folder.path(), "long", &rcgen::PKCS_ECDSA_P384_SHA384);
    for scheme in ["ntlm", "negotiate"] {
        for shown in [&own, &long] {
            let Some(server) = Server::start(scheme, &[&format!("tls={shown}"), &format!("bound={shown}")]) else {
                return;
            };
            server.upload_with(&Source::new(300_000), "auto", SECRET, &["--cacert", shown]).exits(0);
            assert_eq!(server.log().last().map(String::as_str), Some("0 Close-Session stored 300000"));
        }
        // A server that wants nothing of it takes it as well.
        let Some(server) = Server::start(scheme, &[&format!("tls={own}")]) else { return };
        server.upload_with(&Source::new(10), "auto", SECRET, &["--cacert", &own]).exits(0);
        // Somebody in between, whom this machine trusts, hands everything on to the server.
        let Some(relay) = Server::start(scheme, &[&format!("tls={long}"), &format!("bound={own}")]) else { return };
        let refused = relay.upload_with(&Source::new(10), "auto", SECRET, &["--cacert", &long]);
        refused.exits(7).says(&["did not accept the user and password", "Extended Protection"]);
        assert_eq!(
            relay.log().iter().filter(|line| line.contains("refused BadBindings")).count(),
            1,
            "{:?}",
            relay.log()
        );
    }
}

#[test]
fn fault_20_a_proof_whose_answer_is_lost_again_and_again_goes_out_three_times() {
    for scheme in ["ntlm", "negotiate"] {
        let Some(server) = Server::start(scheme, &["hangup"]) else { return };
        let lost = server.upload(&Source::new(10), "auto", SECRET);
        lost.exits(7).says(&["no response, or a server error, came 3 times after the user and password were sent"]);
        let log = server.log();
        assert_eq!(log.iter().filter(|line| line.contains("hung up")).count(), 3, "{log:#?}");
    }
}

#[test]
fn several_files_at_a_time_sign_in_on_each_connection_and_a_wrong_password_is_proved_once() {
    for scheme in ["ntlm", "negotiate"] {
        let Some(server) = Server::start(scheme, &["many"]) else { return };
        let source = Source::new(10);
        let others: Vec<_> = (0..5).map(|n| server.folder.path().join(format!("f{n}"))).collect();
        let mut options = vec!["-j3"];
        for other in &others {
            fs::write(other, "text").expect("written");
            options.push(other.to_str().expect("text"));
        }
        server.upload_with(&source, "auto", "wrong", &options).exits(7).says(&["5 were not begun"]);
        let log = server.log();
        assert_eq!(log.iter().filter(|line| line.contains("refused")).count(), 1, "{log:#?}");
        server.upload_with(&source, "auto", SECRET, &options).exits(0);
        let log = server.log();
        assert_eq!(log.iter().filter(|line| line.contains("Close-Session DOM")).count(), 6, "{log:#?}");
        assert_eq!(log.iter().filter(|line| line.contains("refused")).count(), 1, "{log:#?}");
    }
}
