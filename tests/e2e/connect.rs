//! The options that say how a server is reached: proxies, their passwords, certificates, addresses.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command, run};
use crate::support::script::{ACK, Model, Reply, ScriptServer};

const PASSWORD: &str = "s3cret-pr0xy";
/// `me:s3cret-pr0xy` in base64.
const ENCODED: &str = "bWU6czNjcmV0LXByMHh5";
const TARGET: &str = "http://upload.example/drop/";

/// A proxy for http URLs that is the server, too.
fn proxy() -> (ScriptServer, Model) {
    let model = Model::default();
    let inside = model.clone();
    (ScriptServer::start(move |request| inside.answer(request)), model)
}

fn private(folder: &TempDir, text: &str) -> String {
    let path = folder.path().join("secret");
    std::fs::write(&path, text).expect("written");
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("private");
    path.to_str().expect("text").to_owned()
}

/// Every byte of every file in a folder.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        bytes.extend(if path.is_dir() { all_bytes(&path) } else { std::fs::read(path).unwrap_or_default() });
    }
    bytes
}

/// Runs with a state folder of its own; neither password nor its encoded form may be in anything printed or kept.
#[track_caller]
fn run_discreetly(mut command: Command) -> Finished {
    let state = TempDir::new().expect("a folder");
    let finished = Finished(command.env("BITSUP_STATE_DIR", state.path()).output().expect("ran"));
    let mut seen = [finished.0.stdout.clone(), finished.0.stderr.clone()].concat();
    seen.extend(all_bytes(state.path()));
    for secret in [PASSWORD, ENCODED] {
        let found = seen.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} in:\n{}", String::from_utf8_lossy(&seen));
    }
    finished
}

/// With those of a release (feature `bundled-roots`) as without: the user has said whom to trust.
#[cfg(target_os = "linux")]
#[test]
fn bundled_roots_do_not_stand_in_for_a_place_that_leads_nowhere() {
    let ((server, _), source) = (proxy(), Source::new(10));
    let mut upload = command(["upload", "--no-progress-timeout=0"]);
    upload
        .arg(source.arg())
        .arg(server.url("/").replace("http:", "https:"))
        .envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")]);
    let finished = Finished(upload.output().expect("started"));
    finished.exits(6).says(&["this machine has no certificate authorities"]);
}

#[test]
fn the_proxys_password_comes_from_a_file_or_the_environment_and_goes_nowhere_else() {
    let source = Source::new(300_000);
    let folder = TempDir::new().expect("a folder");
    let file = private(&folder, PASSWORD);
    for way in 0..4 {
        let (proxy, model) = proxy();
        let place = format!("127.0.0.1:{}", proxy.port);
        let mut upload = command(["upload", "-vv"]);
        upload.arg(source.arg()).arg(TARGET);
        match way {
            0 => upload.args(["--proxy", &place, "--proxy-user", "me", "--proxy-password-file", &file]),
            1 => upload.args(["--proxy", &format!("http://me@{place}")]).env("BITSUP_PROXY_PASSWORD", PASSWORD),
            2 => upload.env("http_proxy", format!("http://me:{PASSWORD}@{place}")),
            _ => upload.args(["--proxy-user", "me"]).env("ALL_PROXY", &place).env("BITSUP_PROXY_PASSWORD", PASSWORD),
        };
        run_discreetly(upload).exits(0);
        assert_eq!(model.stored(), source.bytes);
        for request in proxy.requests() {
            assert_eq!(request.path(), "http://upload.example/drop/file.bin");
            assert_eq!(request.field("Proxy-Authorization"), Some(format!("Basic {ENCODED}").as_str()));
        }
    }
}

#[test]
fn a_407_is_told_apart_from_a_401_and_asked_once() {
    let source = Source::new(10);
    let proxy = ScriptServer::start(|_| Reply::head("HTTP/1.1 407 Who?\nProxy-Authenticate: Basic realm=\"x\""));
    let place = format!("127.0.0.1:{}", proxy.port);
    for url in [TARGET, "https://upload.example/drop/"] {
        let before = proxy.requests().len();
        let mut upload = command(["upload", "--proxy", &format!("http://me@{place}")]);
        upload.arg(source.arg()).arg(url).env("BITSUP_PROXY_PASSWORD", PASSWORD);
        run_discreetly(upload).exits(7).says(&["proxy", "407"]);
        assert_eq!(proxy.requests().len(), before + 1);
    }
}

#[test]
fn a_wrong_password_for_the_proxy_goes_out_once_for_several_files() {
    let sources: Vec<Source> = (0..4).map(|n| Source::named(&format!("f{n}"), 10)).collect();
    for url in [TARGET, "https://upload.example/drop/"] {
        let proxy = ScriptServer::start(|_| Reply::head("HTTP/1.1 407 Who?\nProxy-Authenticate: Basic realm=\"x\""));
        let mut upload = command(["upload", "-j3", "--proxy", &format!("http://me@127.0.0.1:{}", proxy.port)]);
        upload.args(sources.iter().map(Source::arg)).arg(url).env("BITSUP_PROXY_PASSWORD", PASSWORD);
        run_discreetly(upload).exits(7).says(&["407", "3 were not begun"]);
        assert_eq!(proxy.requests().len(), 1);
    }
}

#[test]
fn a_password_for_the_proxy_whose_answer_is_lost_again_and_again_goes_out_three_times() {
    let sources: Vec<Source> = (0..3).map(|n| Source::named(&format!("f{n}"), 10)).collect();
    for url in [TARGET, "https://upload.example/drop/"] {
        let proxy = ScriptServer::start(|_| Reply::HangUp);
        let place = format!("http://me@127.0.0.1:{}", proxy.port);
        let mut upload =
            command(["upload", "-j3", "--retry-delay=1ms", "--no-progress-timeout=20s", "--proxy", &place]);
        upload.args(sources.iter().map(Source::arg)).arg(url).env("BITSUP_PROXY_PASSWORD", PASSWORD);
        let lost = "the connection was lost 3 times after the user and password went out";
        run_discreetly(upload).exits(7).says(&["the proxy", lost, "2 were not begun"]);
        assert_eq!(proxy.requests().len(), 3, "{url}");
    }
}

#[test]
fn loopback_and_no_proxy_go_direct_and_the_option_goes_before_both() {
    let (proxy, _) = proxy();
    let place = format!("127.0.0.1:{}", proxy.port);
    let (direct, _) = self::proxy();
    let check = |args: &[&str], url: &str, no_proxy: &str| {
        let mut check = command(["check"]);
        check.args(args).arg(url).env("http_proxy", &place).env("no_proxy", no_proxy);
        Finished(check.output().expect("ran"))
    };
    let seen = || proxy.requests().len();
    check(&[], &direct.url("/"), "");
    assert_eq!((seen(), direct.requests().len()), (0, 3));
    let resolve = format!("upload.example:{}:127.0.0.1", direct.port);
    let far = format!("http://upload.example:{}/", direct.port);
    check(&["--resolve", &resolve], &far, " .example ,x");
    assert_eq!((seen(), direct.requests().len()), (0, 6));
    check(&["--resolve", &resolve, "--proxy", "none"], &far, "");
    assert_eq!((seen(), direct.requests().len()), (0, 9));
    check(&[], &far, "");
    check(&["--proxy", &place], &direct.url("/"), "*");
    assert_eq!((seen(), direct.requests().len()), (6, 9));
}

#[test]
fn wrong_options_exit_2_without_a_word_of_the_password() {
    let source = Source::new(1);
    let folder = TempDir::new().expect("a folder");
    let empty = private(&folder, "nothing\n");
    let in_url = format!("http://me:{PASSWORD}@h:1");
    for (args, right) in [
        (&["--proxy", &in_url][..], "process list"),
        (&["--proxy", "ftp://h"], "socks5h://"),
        (&["--proxy-user", "me"], "no proxy is named"),
        (&["--proxy-password-file", &empty], "--proxy-user"),
        (&["--proxy", "http://me@h:1"], "BITSUP_PROXY_PASSWORD"),
        (&["--cacert", "/no/such/file"], "--cacert /no/such/file"),
        (&["--cacert", &empty], "no certificate in PEM"),
        (&["--cert", &empty], "no certificate in PEM"),
        (&["--key", &empty], "--cert"),
        (&["--pin-sha256", "abc"], "44 characters"),
        (&["--resolve", "h:1"], "HOST:PORT:ADDR"),
        (&["-4", "-6"], "--ipv6"),
    ] {
        let mut upload = command(["upload"]);
        upload.args(args).arg(source.arg()).arg(TARGET);
        run_discreetly(upload).exits(2).says(&[right]);
    }
    let mut upload = command(["upload"]);
    upload.arg(source.arg()).arg("https://h/").env("HTTPS_PROXY", format!("ftp://me:{PASSWORD}@h"));
    // Windows makes no difference between upper and lower case.
    let name = if cfg!(windows) { "https_proxy" } else { "HTTPS_PROXY" };
    run_discreetly(upload).exits(2).says(&[&format!("{name} in the environment")]);
}

#[test]
fn ipv6_addresses_are_written_in_brackets() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        crate::support::bitsup::say("skipped: no IPv6 here");
        return;
    };
    let port = listener.local_addr().expect("an address").port();
    let heads = std::thread::spawn(move || {
        use std::io::{BufRead, BufReader, Write};
        let (stream, _) = listener.accept().expect("accepted");
        let mut lines = BufReader::new(stream.try_clone().expect("cloned")).lines().map_while(Result::ok);
        let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        (&stream).write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").expect("written");
        head
    });
    let url = format!("http://[::1]:{port}/");
    run(["check", "-6", &url]);
    let head = heads.join().expect("no panic");
    assert!(head.contains(&format!("host: [::1]:{port}")), "{head:?}");
    let refused = run(["check", "-4", &url]);
    assert_eq!(refused.0.status.code(), Some(5));
    refused.says(&["no IPv4 address"]);
}

/// Certificates and servers that `openssl` makes; `None` where it is not installed.
#[cfg(unix)]
pub(crate) mod openssl {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;

    use super::*;
    use crate::support::bitsup::say;

    /// Of the encrypted key.
    pub(crate) const PASSPHRASE: &str = PASSWORD;

    /// Runs it in a folder.
    fn openssl(folder: &TempDir, args: &[&str]) -> bool {
        let mut command = Command::new("openssl");
        command.args(args).current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A folder with a certificate for 127.0.0.1 (`c.pem`), its key (`k.pem`), and the key encrypted (`e.pem`).
    pub(crate) fn made() -> Option<TempDir> {
        let folder = TempDir::new().expect("a folder");
        let request = "req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -days 30 -subj /CN=t -addext subjectAltName=IP:127.0.0.1";
        let encrypt = "pkcs8 -topk8 -in k.pem -out e.pem -passout pass:s3cret-pr0xy";
        let done = [request, encrypt].iter().all(|line| openssl(&folder, &line.split(' ').collect::<Vec<_>>()));
        if !done {
            say("SKIPPED: no openssl here, so nothing was tried against it");
        }
        done.then_some(folder)
    }

    /// `openssl s_server` with options; the test writes to its input.
    fn serve(folder: &TempDir, options: &[&str]) -> (std::process::Child, u16) {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-cert", "c.pem", "-key", "k.pem"])
            .args(options)
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.starts_with("ACCEPT") {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("text"), 0, "it did not start");
        }
        child.stdout = Some(output.into_inner());
        (child, port)
    }

    pub(crate) fn path(folder: &TempDir, name: &str) -> String {
        folder.path().join(name).to_str().expect("text").to_owned()
    }

    #[test]
    fn a_certificate_wanted_by_renegotiation_is_named_with_what_helps() {
        let Some(folder) = made() else { return };
        let (mut server, port) = serve(&folder, &["-tls1_2"]);
        let mut input = server.stdin.take().expect("piped");
        let output = BufReader::new(server.stdout.take().expect("piped"));
        // A second handshake as soon as the request is there.
        let asking = std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if line.starts_with("bits-packet-type") {
                    let _ = input.write_all(b"R\n");
                }
            }
        });
        let finished = run(["check", "--cacert", &path(&folder, "c.pem"), &format!("https://127.0.0.1:{port}/")]);
        let _ = server.kill();
        let _ = server.wait();
        asking.join().expect("no panic");
        assert_eq!(finished.0.status.code(), Some(6), "{}", finished.stderr());
        finished.says(&["renegotiation", "clientcertnegotiation=enable"]);
        assert!(finished.stdout().contains("TLS 1.2"), "{}", finished.stdout());
    }

    #[test]
    fn a_server_that_wants_a_certificate_gets_it_by_an_encrypted_key() {
        let Some(folder) = made() else { return };
        let passphrase = private(&folder, PASSWORD);
        let (c, e) = (path(&folder, "c.pem"), path(&folder, "e.pem"));
        for version in ["-tls1_2", "-tls1_3"] {
            // It answers GET alone, so there is no answer to wait for: what counts is how far it comes.
            let options = [version, "-Verify", "1", "-verify_return_error", "-CAfile", "c.pem", "-www"];
            let (mut server, port) = serve(&folder, &options);
            let url = format!("https://127.0.0.1:{port}/");
            let check = |args: &[&str]| {
                let mut check = command(["check", "--response-timeout", "1s", "--cacert", &c]);
                check.args(args).arg(&url);
                run_discreetly(check)
            };
            let without = check(&[]);
            assert_eq!(without.0.status.code(), Some(6), "{version}: {}", without.stderr());
            without.says(&["requires a client certificate", "--cert"]);
            let with = check(&["--cert", &c, "--key", &e, "--key-passphrase-file", &passphrase]);
            assert!(with.stdout().contains("client:"), "{version}: {} {}", with.stdout(), with.stderr());
            assert_ne!(with.0.status.code(), Some(6), "{version}: {}", with.stderr());
            let _ = server.kill();
            let _ = server.wait();
        }
        let wrong = private(&folder, "wr0ng");
        let url = "https://127.0.0.1:9/";
        let (cert, key) = (["--cert", c.as_str()], ["--key", e.as_str()]);
        for (rest, right) in [(&[][..], "--key-passphrase-file"), (&["--key-passphrase-file", &wrong], "not the key's")]
        {
            let finished = run(["check"].iter().chain(&cert).chain(&key).chain(rest).chain([&url]));
            assert_eq!(finished.0.status.code(), Some(2), "{}", finished.stderr());
            finished.says(&[right]);
        }
    }

    #[test]
    fn insecure_is_loud_and_a_pin_is_not_overruled() {
        let Some(folder) = made() else { return };
        let (mut server, port) = serve(&folder, &["-www"]);
        let url = format!("https://127.0.0.1:{port}/");
        let loud = run(["check", "--response-timeout", "1s", "--insecure", &url]);
        loud.says(&["warning: --insecure: the server's certificate is not checked"]);
        assert_ne!(loud.0.status.code(), Some(6), "{}", loud.stderr());
        let pinned = run(["check", "--insecure", "--pin-sha256", &"00".repeat(32), &url]);
        assert_eq!(pinned.0.status.code(), Some(6), "{}", pinned.stderr());
        pinned.says(&["--pin-sha256", "sha256//"]);
        let unknown = run(["check", &url]);
        assert_eq!(unknown.0.status.code(), Some(6));
        unknown.says(&["--cacert"]);
        let _ = server.kill();
        let _ = server.wait();
    }
}

/// The proxy leads anywhere; the URL's own address is one of the internet.
#[test]
fn a_public_server_cannot_lead_an_upload_into_this_network() {
    let model = Model::default();
    let proxy = ScriptServer::concurrent(move |request| match request.packet() {
        "Create-Session" => Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}\nBITS-Host-Id: 10.9.8.7")),
        _ => model.answer(request),
    });
    let source = Source::new(1000);
    let options = ["upload", "--no-progress-timeout=0", "--proxy", &proxy.url("")];
    let finished = Finished(command(options).arg(source.arg()).arg("http://203.0.113.9/x/").output().expect("ran"));
    assert!(proxy.requests().iter().all(|request| !request.head.contains("10.9.8.7")));
    finished.exits(12).says(&["203.0.113.9 is on the internet and named 10.9.8.7, whose address 10.9.8.7 is not"]);
}
