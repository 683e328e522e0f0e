//! Signing in where it is harder than usual.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::job::Job;
use crate::losses::MIB;
use crate::server::{Bits, Conduct, Request, Server};
use crate::together::Together;

/// A file that only its owner can read.
fn secret(job: &Job, name: &str, text: &[u8]) -> PathBuf {
    let path = job.folder.path().join(name);
    fs::write(&path, text).expect("written");
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
    path
}

/// Runs with a user and a password.
fn signed(job: &Job, server: &Server, user: &str, options: &[&str]) -> crate::job::Ended {
    let password = secret(job, "password", b"secret\n");
    let fixed = ["-u", user, "--password-file", password.to_str().expect("text")];
    job.run(server, &[&fixed, options].concat())
}

/// A parameter of the Authorization field.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let field = request.field("Authorization")?.strip_prefix("Digest ")?;
    let value = field.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    Some(value.trim_matches('"').to_owned())
}

/// Gives each nonce once.
#[derive(Default)]
struct OneTime {
    valid: BTreeSet<String>,
    given: u32,
    tells_next: bool,
}

impl OneTime {
    fn nonce(&mut self) -> String {
        self.given += 1;
        let nonce = format!("n{}", self.given);
        self.valid.insert(nonce.clone());
        nonce
    }

    fn judge(&mut self, request: &Request, bits: &mut Bits) -> Conduct {
        let is_valid = parameter(request, "nonce").is_some_and(|nonce| self.valid.remove(&nonce));
        if !is_valid {
            let stale = if request.field("Authorization").is_some() { ", stale=true" } else { "" };
            let nonce = self.nonce();
            return Conduct::says(&format!(
                "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=\"x\", nonce=\"{nonce}\", qop=\"auth\"{stale}"
            ));
        }
        if self.tells_next {
            bits.all_fields = format!("\nAuthentication-Info: nextnonce=\"{}\"", self.nonce());
        }
        Conduct::honest()
    }
}

/// Case 22, R8.
#[test]
fn case_22_digest_with_one_time_nonces_is_signed_in_for_each_request() {
    let mut all = Together::default();
    for tells_next in [false, true] {
        all.add(format!("nextnonce: {tells_next}"), move || {
            let mut nonces = OneTime { tells_next, ..OneTime::default() };
            let server = Server::start(move |request, bits| nonces.judge(request, bits));
            let job = Job::new(MIB);
            signed(&job, &server, "me", &[]).exits(0);
            job.arrived(&server);
            server.had_sessions(1, 0);
            let fragments = server.fragments().len();
            let refused = (server.requests().len() - 3).saturating_sub(fragments);
            if tells_next {
                // The first request of all is the only one that is refused.
                assert_eq!(server.bits().sent, MIB as u64, "no body goes out twice ({refused})");
            } else {
                assert!(server.bits().sent <= 2 * MIB as u64 + 10_240, "each body goes out twice at most");
            }
        });
    }
    all.run();
}

/// R8: bounded, with a server that refuses each nonce.
#[test]
fn rule_8_nonces_that_are_never_accepted_are_exit_7() {
    let mut given = 0;
    let server = Server::start(move |_, _| {
        given += 1;
        Conduct::says(&format!(
            "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n{given}\", qop=\"auth\", stale=true"
        ))
    });
    let job = Job::new(MIB);
    signed(&job, &server, "me", &[]).exits(7);
    let requests = server.requests().len();
    assert!(requests <= 12, "{requests} requests");
}

/// Answers 401 with this challenge until a request carries credentials; accepts any.
fn asking(challenge: &'static str) -> Server {
    Server::start(move |request, _| {
        let head = format!("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: {challenge}");
        if request.field("Authorization").is_none() { Conduct::says(&head) } else { Conduct::honest() }
    })
}

/// Either it works, or it is refused before anything is sent, with the reason.
#[track_caller]
fn works_or_says_why(job: &Job, server: &Server, ended: &crate::job::Ended) {
    match ended.code {
        Some(0) => job.arrived(server),
        Some(2) => drop(ended.says_one_of(&["ascii", "character"])),
        _ => drop(ended.exits(0)),
    }
}

/// Case 31.
#[test]
fn case_31_names_that_are_not_ascii_work_or_are_refused_with_the_reason() {
    let mut all = Together::default();
    all.add("realm", || {
        let (server, job) = (asking("Digest realm=\"Büro\", nonce=\"n\", qop=\"auth\""), Job::new(MIB));
        signed(&job, &server, "me", &[]).exits(0);
        job.arrived(&server);
    });
    all.add("user", || {
        let (server, job) = (asking("Digest realm=\"x\", nonce=\"n\", qop=\"auth\""), Job::new(MIB));
        let ended = signed(&job, &server, "jürgen", &[]);
        works_or_says_why(&job, &server, &ended);
    });
    all.add("Basic user", || {
        let (server, job) = (asking("Basic realm=\"x\""), Job::new(MIB));
        let ended = signed(&job, &server, "jürgen", &["--allow-cleartext-auth"]);
        works_or_says_why(&job, &server, &ended);
    });
    all.add("token", || {
        let (server, job) = (asking("Bearer"), Job::new(MIB));
        let token = secret(&job, "token", "tökén\n".as_bytes());
        let token = token.to_str().expect("text");
        let ended = job.run(&server, &["--bearer-file", token, "--allow-cleartext-auth"]);
        works_or_says_why(&job, &server, &ended);
    });
    all.run();
}

/// A challenge of any bytes.
fn asking_raw(challenge: &'static [u8]) -> Server {
    use crate::server::End;
    Server::start(move |request, _| {
        if request.field("Authorization").is_some() {
            return Conduct::honest();
        }
        let head = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: ";
        Conduct::refused(End::Raw([head, challenge, b"\r\n\r\n"].concat())).closing()
    })
}

/// Case 32.
#[test]
fn case_32_what_is_odd_in_a_challenge_does_not_spoil_the_rest() {
    let mut all = Together::default();
    for (name, challenge) in [
        ("Latin-1", b"Basic realm=\"Gesch\xe4ft\"".as_slice()),
        ("Latin-1, Digest", b"Digest realm=\"Gesch\xe4ft\", nonce=\"n\", qop=\"auth\""),
        ("unquoted blank", b"Basic realm=My Site"),
        ("unquoted blank in Digest", b"Digest realm=My Site, nonce=\"n\", qop=\"auth\""),
        ("an empty parameter", b"Digest realm=\"x\", odd=, nonce=\"n\", qop=\"auth\""),
        ("a parameter without a value", b"Digest realm=\"x\", odd, nonce=\"n\", qop=\"auth\""),
        ("an odd challenge before", b"Odd ???=\"{, Basic realm=\"x\""),
        ("an odd challenge behind", b"Basic realm=\"x\", Odd a=b=c d"),
        ("an unquoted nonce", b"Digest realm=\"x\", nonce=bm9uY2U=, qop=auth"),
    ] {
        all.add(name, move || {
            let (server, job) = (asking_raw(challenge), Job::new(MIB));
            signed(&job, &server, "me", &["--allow-cleartext-auth"]).exits(0);
            job.arrived(&server);
        });
    }
    all.run();
}

/// R8: tokens expire during long uploads.
#[test]
fn rule_8_a_token_file_is_read_again_when_the_token_is_refused() {
    let job = Job::new(4 * MIB);
    let path = secret(&job, "token", b"old\n");
    let file = path.clone();
    let server = Server::start(move |request, _| {
        if request.is_fragment() && request.nth == 1 {
            fs::write(&file, "new\n").expect("written");
        }
        let is_new = fs::read(&file).is_ok_and(|token| token == b"new\n");
        let wanted = if is_new { "Bearer new" } else { "Bearer old" };
        let head = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error=\"invalid_token\"";
        if request.field("Authorization") == Some(wanted) { Conduct::honest() } else { Conduct::says(head) }
    });
    job.run(&server, &["--bearer-file", path.to_str().expect("text"), "--allow-cleartext-auth"]).exits(0);
    job.arrived(&server);
    server.had_sessions(1, 0);
}

/// Case 34: signs each request in, or names the setting. Two legs, none of whose content matters here.
#[cfg(feature = "windows-auth")]
#[test]
fn case_34_a_server_that_authenticates_each_request_is_served_or_named() {
    // A challenge without target information, as in [MS-NLMP] 4.2.2.3's setting.
    const CHALLENGE: &str = "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA=";
    let server = Server::start(|request, _| {
        let offer = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: NTLM";
        let proof = request.field("Authorization").and_then(|field| field.strip_prefix("NTLM "));
        // The third message begins so; the first is asked for the third, and everything else for the first.
        match proof {
            Some(message) if message.starts_with("TlRMTVNTUAAD") => Conduct::honest(),
            Some(_) => Conduct::says(&format!("{offer} {CHALLENGE}")),
            None => Conduct::says(offer),
        }
    });
    let job = Job::new(MIB);
    let ended = signed(&job, &server, "DOM\\me", &["--auth", "ntlm", "--allow-cleartext-auth"]);
    if ended.code == Some(0) {
        job.arrived(&server);
    } else {
        ended.exits(7).says_one_of(&["authpersistsinglerequest"]);
    }
    let first = server.fragments().iter().filter(|fragment| fragment.first() == 0).count();
    assert!(first <= 2, "the first fragment went out {first} times");
}
