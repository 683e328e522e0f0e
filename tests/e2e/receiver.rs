//! `bitsup upload` and `bitsup serve`, two processes on one machine.

#[cfg(unix)]
use crate::support::bitsup::ignores_hang_up;
use crate::support::bitsup::{Finished, Source, command, run};
use crate::support::receiver::{Receiver, same_bytes};

fn upload(receiver: &Receiver, source: &Source, options: &[&str]) -> Finished {
    Finished(command(["upload"]).args(options).arg(source.arg()).arg(&receiver.url).output().expect("started"))
}

#[test]
fn files_of_every_size_arrive_whole() {
    let receiver = Receiver::start(&[]);
    let fragment = 10_000;
    for size in [0, 1, 4892, fragment - 1, fragment, fragment + 1, 3 * fragment - 1, 3 * fragment, 3 * fragment + 1] {
        let source = Source::named(&format!("{size}.bin"), size);
        upload(&receiver, &source, &["--fragment-size", "10000"]).exits(0).says(&["100 %"]);
        assert_eq!(receiver.published(&format!("{size}.bin")), source.bytes);
    }
}

#[test]
fn automatic_fragments_arrive_whole() {
    let receiver = Receiver::start(&[]);
    let source = Source::new(50 << 20);
    upload(&receiver, &source, &[]).exits(0);
    assert!(same_bytes(&source.path, &receiver.path("file.bin")));
}

#[test]
fn names_with_anything_in_them_arrive_under_that_name() {
    let receiver = Receiver::start(&[]);
    // A question mark is no part of a Windows file name.
    let marks = if cfg!(windows) { "100% #1!.bin" } else { "100% #1?.bin" };
    for name in ["a b.bin", "größe.bin", marks, "+plus&and=.bin", "日本.bin"] {
        let source = Source::named(name, 10);
        upload(&receiver, &source, &[]).exits(0);
        assert_eq!(receiver.published(name), source.bytes);
    }
}

#[test]
fn an_existing_file_is_not_replaced_unless_the_receiver_allows_it() {
    let receiver = Receiver::start(&[]);
    upload(&receiver, &Source::new(10), &[]).exits(0);
    upload(&receiver, &Source::new(20), &[]).exits(8).says(&["E_ACCESSDENIED"]);
    assert_eq!(receiver.published("file.bin").len(), 10);
    let receiver = Receiver::start(&["--overwrite"]);
    upload(&receiver, &Source::new(10), &[]).exits(0);
    upload(&receiver, &Source::new(20), &[]).exits(0);
    assert_eq!(receiver.published("file.bin").len(), 20);
}

#[test]
fn limits_of_the_receiver_are_named() {
    let receiver = Receiver::start(&["--max-size", "1000"]);
    upload(&receiver, &Source::new(1001), &[]).exits(10).says(&["BG_E_TOO_LARGE"]);
    let receiver = Receiver::start(&["--max-fragment", "1000"]);
    upload(&receiver, &Source::new(1001), &[]).exits(10).says(&["413"]);
    upload(&receiver, &Source::new(2001), &["--fragment-size", "1000"]).exits(0);
}

#[test]
fn a_receiver_for_everyone_must_be_asked_for() {
    run(["serve", "--listen", "0.0.0.0:0"]).exits(2).says(&["--allow-anonymous"]);
}

#[test]
fn a_receiver_without_a_folder_or_port_says_so() {
    run(["serve", "/no/such/folder"]).exits(2).says(&["cannot open the upload directory /no/such/folder"]);
    let receiver = Receiver::start(&[]);
    let address = receiver.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    run(["serve".as_ref(), "--listen".as_ref(), address.as_ref(), folder.path().as_os_str()])
        .exits(2)
        .says(&["listen on", &address]);
}

#[cfg(unix)]
#[test]
fn a_receiver_that_cannot_read_an_unfinished_upload_keeps_it_and_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let sessions = folder.path().join(".bitsup-sessions");
    std::fs::create_dir(&sessions).expect("made");
    let name = |ending| sessions.join(format!("6d1a6c3e-2a8a-4dd3-9d5b-3f4e0b7c9a10.{ending}"));
    std::fs::write(name("part"), "bytes").expect("written");
    // No link is followed there, so this stands for a disk that does not give the file.
    std::os::unix::fs::symlink("elsewhere", name("json")).expect("linked");
    run(["serve".as_ref(), "--listen".as_ref(), "127.0.0.1:0".as_ref(), folder.path().as_os_str()]).exits(2).says(&[
        "cannot read the unfinished upload",
        "unfinished upload",
        "6d1a6c3e",
        ".json",
        "start again",
        "removing the file gives up that upload",
    ]);
    assert_eq!(std::fs::read(name("part")).expect("still there"), b"bytes");
    assert!(name("json").is_symlink());
}

#[test]
fn the_whole_job_on_one_machine() {
    let (a, b) = (Source::named("a.bin", 300_000), Source::named("b.bin", 0));
    let finished = run(["try".as_ref(), a.arg(), b.arg()]);
    finished.exits(0).says(&["byte for byte", "bitsup serve", "bitsup upload", "a.bin", "b.bin"]);
    finished.says(&["bitsup check https://SERVER/FOLDER/"]);
    assert!(!finished.stderr().contains("limited"), "only a bar that is watched is slowed down: {}", finished.stderr());
    run(["try", "/no/such/file"]).exits(3);
}

/// Runs a receiver, lets `job` do something, stops it by a signal, and answers what it wrote.
#[cfg(unix)]
fn served(options: &[&str], signal: rustix::process::Signal, job: impl FnOnce(&str)) -> std::process::Output {
    use std::io::{BufRead, BufReader, Read};
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(["serve", "--listen", "127.0.0.1:0"])
        .args(options)
        .arg(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the receiver starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
    let mut said = String::new();
    stderr.read_line(&mut said).expect("a line");
    let url = said.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL").to_owned();
    job(&url);
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
    rustix::process::kill_process(id, signal).expect("signalled");
    stderr.read_to_string(&mut said).expect("text");
    let mut output = child.wait_with_output().expect("ended");
    output.stderr = said.into_bytes();
    output
}

#[cfg(unix)]
#[test]
fn a_signal_stops_the_receiver_cleanly_and_its_log_has_a_line_for_each_packet() {
    use rustix::process::Signal;
    for signal in [Signal::INT, Signal::TERM] {
        let source = Source::named("a.bin", 10);
        let send = |url: &str| {
            Finished(command(["upload"]).arg(source.arg()).arg(url).output().expect("started")).exits(0);
        };
        let finished = Finished(served(&[], signal, send));
        let log = finished.exits(0).stderr();
        let lines: Vec<&str> = log.lines().collect();
        for (line, part) in lines.iter().zip([
            "listening on http://127.0.0.1:",
            " Ping /a.bin: 200",
            " Create-Session /a.bin {",
            " Fragment /a.bin {",
            " Close-Session /a.bin {",
            " published /a.bin (10 bytes)",
            "stopped",
        ]) {
            assert!(line.contains(part), "no {part:?} in {line:?}");
        }
        assert_eq!(lines.len(), 7, "{log}");
    }
}

#[cfg(unix)]
#[test]
fn a_receivers_json_is_one_object_a_line_and_quiet_leaves_only_the_first() {
    let source = Source::named("a.bin", 10);
    let output = served(&["--json", "-q"], rustix::process::Signal::TERM, |url| {
        Finished(command(["upload"]).arg(source.arg()).arg(url).output().expect("started")).exits(0);
    });
    let stdout = String::from_utf8(output.stdout).expect("text");
    let events: Vec<serde_json::Value> = stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["start", "packet", "packet", "packet", "packet", "published", "stop"]);
    let fragment = &events[3];
    assert_eq!((fragment["v"].as_u64(), fragment["packet"].as_str()), (Some(1), Some("Fragment")));
    assert_eq!((fragment["range"].as_str(), fragment["status"].as_u64()), (Some("bytes 0-9/10"), Some(200)));
    assert_eq!(String::from_utf8(output.stderr).expect("text").lines().count(), 1);
    assert_eq!(output.status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn what_a_client_sends_is_no_command_to_a_ci_service() {
    use std::io::{Read, Write};

    let output = served(&["--json"], rustix::process::Signal::TERM, |url| {
        let address = url.trim_start_matches("http://").trim_end_matches('/');
        let mut client = std::net::TcpStream::connect(address).expect("connected");
        let head = "BITS_POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\
                    BITS-Packet-Type: Cancel-Session\r\nBITS-Session-Id: ##vso[task.complete]\r\n\r\n";
        client.write_all(head.as_bytes()).expect("sent");
        client.read_to_string(&mut String::new()).expect("a response");
    });
    for log in [output.stdout, output.stderr].map(|log| String::from_utf8(log).expect("text")) {
        assert!(log.contains("Cancel-Session") && log.contains("vso[") && !log.contains("##"), "{log}");
    }
}

#[test]
fn an_application_that_refuses_is_exit_code_13_and_wrong_certificates_are_2() {
    let receiver = Receiver::start(&["--reply-command", "exit 3"]);
    upload(&receiver, &Source::new(10), &["--retry-max-delay=1ms", "--retries=8"]).exits(13);
    let folder = tempfile::tempdir().expect("a folder");
    run(["serve", "--tls-cert", "/no/such/cert", "--tls-key", "/no/such/key", &folder.path().display().to_string()])
        .exits(2)
        .says(&["cannot read /no/such/cert"]);
}

/// More lines than a pipe holds, and nobody who reads them.
#[cfg(unix)]
#[test]
fn case_81_a_log_that_nobody_reads_holds_up_nothing() {
    use std::io::{BufRead, BufReader, Read, Write};
    let folder = tempfile::tempdir().expect("a folder");
    let mut serve = command(["serve", "--listen", "127.0.0.1:0"]);
    let mut child = serve.arg(folder.path()).stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut first = String::new();
    log.read_line(&mut first).expect("a line");
    let address = first.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut client = std::net::TcpStream::connect(address).expect("connected");
    let ping = b"BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\n\r\n";
    for _ in 0..3000 {
        client.write_all(ping).expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
    }
    drop(client);
    std::process::Command::new("kill").arg(child.id().to_string()).status().expect("kill runs");
    assert!(child.wait().expect("it ends").success());
}

/// An operator sends SIGHUP after a certificate was renewed or a password changed.
#[cfg(unix)]
#[test]
fn case_85_sighup_reads_certificate_and_password_again() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::fs::PermissionsExt;
    if ignores_hang_up() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("inbox")).expect("made");
    let write = |name: &str, text: &str| {
        std::fs::write(at(name), text).expect("written");
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o600)).expect("set");
    };
    let certify = || {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        write("cert.pem", &made.cert.pem());
        write("key.pem", &made.signing_key.serialize_pem());
        write("trusted.pem", &made.cert.pem());
    };
    certify();
    write("password", "first\n");
    let mut serve = command(["serve", "--listen", "0", "--user", "me", "--password-file", "password", "inbox", "-q"]);
    serve.args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"]).current_dir(folder.path());
    let mut child = serve.stderr(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut next = || log.next().expect("a line").expect("text");
    let first = next();
    let url = first.split_whitespace().find(|word| word.starts_with("https")).expect("a URL").to_owned();
    let hang_up = || {
        let id = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(id, rustix::process::Signal::HUP).expect("signalled");
    };
    let upload = |name: &str, password: &str| {
        write("sent", password);
        let mut upload =
            command(["upload", "-u", "me", "--password-file", "sent", "--cacert", "trusted.pem", "--name", name]);
        let output = upload.arg("password").arg(&url).current_dir(folder.path()).output().expect("ran");
        output.status.code()
    };
    assert_eq!(upload("a", "first"), Some(0));
    certify();
    write("password", "second\n");
    hang_up();
    assert!(next().ends_with("certificate and password were read again"));
    assert_eq!((upload("b", "first"), upload("c", "second")), (Some(7), Some(0)));
    write("cert.pem", "none");
    hang_up();
    let told = next();
    assert!(told.contains("the old ones hold: cannot read cert.pem: "), "{told}");
    assert_eq!(upload("d", "second"), Some(0));
    child.kill().expect("killed");
    child.wait().expect("gone");
}

#[test]
fn case_88_a_receiver_does_not_serve_its_own_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).expect("written");
    // It is taken: one that is not refused does not stay.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (switch, what) in [("--allow-read", "read"), ("--overwrite", "replace")] {
        let mut serve =
            command(["serve", "--tls-cert", "cert.pem", "--tls-key", "key.pem", switch, "--listen", &address]);
        let finished = Finished(serve.current_dir(folder.path()).output().expect("ran"));
        finished.exits(2).says(&["--tls-key key.pem is in the directory that is served", what, "move it elsewhere"]);
    }
}

/// As many as there are descriptors for, and more: the idle ones give way to uploads.
#[cfg(unix)]
#[test]
fn case_86_idle_connections_take_no_descriptor_from_an_upload() {
    let source = Source::new(300_000);
    for (limit, idle) in [("128", 100), ("1024", 900)] {
        let script = format!("ulimit -n {limit}; exec \"$0\" serve --listen 127.0.0.1:0 --max-connections 5000 \"$1\"");
        let mut bash = std::process::Command::new("bash");
        let receiver = Receiver::of(bash.args(["-c", &script, crate::support::bitsup::program()]));
        let address = receiver.url.trim_start_matches("http://").trim_end_matches('/');
        let connections: Vec<_> = (0..idle).filter_map(|_| std::net::TcpStream::connect(address).ok()).collect();
        assert_eq!(connections.len(), idle);
        // Some have begun to say something, and never go on.
        for mut connection in connections.iter().take(idle / 2) {
            let _ = std::io::Write::write_all(&mut connection, b"B");
        }
        for _ in 0..3 {
            let soon = ["--response-timeout=5s", "--no-progress-timeout=0"];
            upload(&receiver, &source, &[&["--fragment-size", "100000"][..], &soon].concat()).exits(0);
            std::fs::remove_file(receiver.path("file.bin")).expect("published");
        }
    }
}

/// An operator lists and removes an upload that its client abandoned, while the receiver runs.
#[test]
fn case_83_an_operator_lists_and_removes_unfinished_uploads() {
    let (receiver, source) = (Receiver::start(&[]), Source::new(100_000));
    let cut = ["--fragment-size=10000", "--limit-rate=20k", "--max-time=1s", "--state-dir"];
    let state = tempfile::tempdir().expect("a folder");
    let path = state.path().to_str().expect("text");
    upload(&receiver, &source, &[&cut[..], &[path]].concat()).exits(11);
    let directory = receiver.folder.path().to_str().expect("text");
    let sessions =
        |words: &[&str]| command([&["sessions", "--server", directory][..], words].concat()).output().expect("ran");
    let listed: serde_json::Value = serde_json::from_slice(&sessions(&["list", "--json"]).stdout).expect("one line");
    assert_eq!((listed["path"].as_str(), listed["size"].as_u64()), (Some("file.bin"), Some(100_000)));
    assert!(listed["received"].as_u64().is_some_and(|received| received > 0), "{listed}");
    let table = String::from_utf8(sessions(&["list"]).stdout).expect("text");
    assert!(table.starts_with("ID ") && table.contains("127.0.0.1") && table.contains("file.bin"), "{table}");
    let id = listed["id"].as_str().expect("an id")[..8].to_owned();
    assert_eq!(sessions(&["remove", &id]).status.code(), Some(0));
    assert_eq!(sessions(&["remove", &id]).status.code(), Some(2));
    assert_eq!(sessions(&["list"]).stdout.len(), 0);
    // The server knows it no more: the client starts over.
    let again = ["--fragment-size=50000", "--state-dir", path];
    upload(&receiver, &source, &again).exits(0).says(&["starting over"]);
    assert_eq!(receiver.published("file.bin"), source.bytes);
    run(["sessions", "remove", "x"]).exits(2).says(&["remove is for --server DIR"]);
}

/// The reload waits for a writer; the signal after it is heard all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_reload_that_waits_for_its_password_holds_up_no_signal() {
    use std::io::{BufRead, BufReader};
    if ignores_hang_up() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("password");
    assert!(
        std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().expect("mkfifo runs").success()
    );
    let mut serve = command(["serve", "--listen", "0", "--user", "me", "--password-file"]);
    serve.arg(&pipe).arg(folder.path()).stderr(std::process::Stdio::piped());
    let mut child = serve.spawn().expect("it starts");
    std::fs::write(&pipe, "secret\n").expect("read by the server");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    log.read_line(&mut String::new()).expect("it listens");
    let id = rustix::process::Pid::from_child(&child);
    for signal in [rustix::process::Signal::HUP, rustix::process::Signal::TERM] {
        rustix::process::kill_process(id, signal).expect("signalled");
    }
    assert!(child.wait().expect("it ends").success());
}

/// Descriptors that are short for a moment are no sign that the directory was replaced.
#[cfg(unix)]
#[test]
fn case_90_a_lack_of_descriptors_stops_no_server() {
    use std::io::{Read, Write};
    let script = "ulimit -n 36; exec \"$0\" serve --listen 127.0.0.1:0 \"$1\"";
    let mut bash = std::process::Command::new("bash");
    let receiver = Receiver::of(bash.args(["-c", script, crate::support::bitsup::program()]));
    let address = receiver.url.trim_start_matches("http://").trim_end_matches('/');
    let connect = |_| std::net::TcpStream::connect(address).expect("connected");
    // As many as the server has places for, then the bytes of a session for each: half a fragment is on its way.
    let mut clients: Vec<_> = (0..16).map(connect).collect();
    let mut answers = Vec::new();
    for (number, client) in clients.iter_mut().enumerate() {
        client.set_read_timeout(Some(std::time::Duration::from_secs(2))).expect("set");
        let create = format!(
            "BITS_POST /f{number} HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Create-Session\r\n\
             BITS-Supported-Protocols: {{7df0354d-249b-430f-820d-3d2a9bef4931}}\r\n\r\n"
        );
        client.write_all(create.as_bytes()).expect("sent");
        let mut answer = [0; 1024];
        let count = client.read(&mut answer).unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
        if let Some((_, rest)) = answer.split_once("Bits-Session-Id: ") {
            let session = rest.lines().next().unwrap_or_default();
            let fragment = format!(
                "BITS_POST /f{number} HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Fragment\r\nContent-Length: 10\r\n\
                 BITS-Session-Id: {session}\r\nContent-Range: bytes 0-9/10\r\n\r\nhello"
            );
            let _ = client.write_all(fragment.as_bytes());
        }
        answers.push(answer);
    }
    // A fragment that finds no descriptor is refused before its end.
    let is_refused = |client: &mut std::net::TcpStream| {
        let mut answer = [0; 1024];
        client.read(&mut answer).is_ok_and(|count| answer[..count].starts_with(b"HTTP/1.1 500 "))
    };
    let was_short = answers.iter().any(|answer| answer.contains(" 500 ")) || clients.iter_mut().rev().any(is_refused);
    assert!(was_short, "descriptors were never short: {answers:?}");
    drop(clients);
    upload(&receiver, &Source::new(1000), &[]).exits(0);
}

/// systemd passes the sockets from descriptor 3 on, and hears when the receiver is ready.
#[cfg(target_os = "linux")]
#[test]
fn a_socket_of_systemd_is_served_and_systemd_is_told() {
    use std::os::fd::OwnedFd;
    let folder = tempfile::tempdir().expect("a folder");
    let supervisor = std::os::unix::net::UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("an address");
    let script = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; \
                  exec \"$0\" serve --listen systemd --allow-anonymous --allow-read --reply-command \"$1\" \"$2\"";
    // The command has neither the socket nor systemd's variables.
    let command = "env | grep -c -e ^LISTEN_ -e ^NOTIFY_; ls -l /proc/self/fd | grep -c socket:; true";
    let mut shell = std::process::Command::new("/bin/sh");
    shell.env("NOTIFY_SOCKET", folder.path().join("notify")).stdin(OwnedFd::from(listener));
    let receiver = Receiver::of(shell.args(["-c", script, crate::support::bitsup::program(), command]));
    let mut text = [0; 100];
    let length = supervisor.recv(&mut text).expect("systemd is told");
    assert_eq!(&text[..length], b"READY=1\n");
    let reply = folder.path().join("reply");
    upload(&receiver, &Source::new(10), &["--reply", reply.to_str().expect("UTF-8")]).exits(0);
    let seen = std::fs::read_to_string(&reply).expect("a reply");
    assert_eq!(seen, "0\n0\n");
    rustix::process::kill_process(rustix::process::Pid::from_child(&receiver.child), rustix::process::Signal::TERM)
        .expect("sent");
    let length = supervisor.recv(&mut text).expect("systemd is told");
    assert_eq!(&text[..length], b"STOPPING=1\n");
}

/// Idle, slow heads, and slow bodies, each from an address of its own: most have no place among the descriptors.
#[cfg(target_os = "linux")]
#[test]
fn a_thousand_slow_clients_hold_up_no_upload() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit }).expect("raised");
    let script = "ulimit -n 1024; exec \"$0\" serve --max-sessions 200 --listen 127.0.0.1:0 \"$1\"";
    let receiver =
        Receiver::of(std::process::Command::new("bash").args(["-c", script, crate::support::bitsup::program()]));
    let address = receiver.url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
    let address = std::net::SocketAddr::V4(address);
    let connect = |number: u8| -> std::io::Result<TcpStream> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        socket.bind(&SocketAddrV4::new(Ipv4Addr::new(127, 0, 1, number), 0).into())?;
        socket.set_nonblocking(true)?;
        // Those that find no place in the queue are slow as well.
        let _ = socket.connect(&address.into());
        Ok(socket.into())
    };
    // Bodies first: they are under way when the others come.
    let bodies: Vec<_> = (0..100).map(|number| slow_body(&receiver.url, number)).collect();
    let mut others: Vec<_> = (0..900_u32).map(|number| connect((number % 250) as u8).expect("a socket")).collect();
    for (number, client) in others.iter_mut().enumerate() {
        // The first ones say nothing, and would keep their places for a minute.
        if number >= 300 {
            let _ = client.write_all(b"BITS_POST /slow HTTP/1.1\r\nHost: h");
        }
    }
    let source = Source::new(16 << 20);
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let (receiver, source) = (&receiver, &source);
            scope.spawn(move || {
                upload(receiver, source, &["--name", name]).exits(0);
            });
        }
    });
    for mut body in bodies {
        body.write_all(b"lo").expect("still open");
        let mut answer = [0; 12];
        body.read_exact(&mut answer).expect("answered");
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    drop(others);
}

/// A connection with a fragment whose last two bytes are missing.
#[cfg(target_os = "linux")]
fn slow_body(url: &str, number: u8) -> std::net::TcpStream {
    use std::io::{Read, Write};
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut client = std::net::TcpStream::connect(address).expect("connected");
    let head = |kind: &str, fields: &str| {
        format!("BITS_POST /slow{number} HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: {kind}\r\n{fields}\r\n")
    };
    let create = head("Create-Session", "BITS-Supported-Protocols: {7df0354d-249b-430f-820d-3d2a9bef4931}\r\n");
    client.write_all(create.as_bytes()).expect("sent");
    let mut answer = [0; 1024];
    let count = client.read(&mut answer).expect("answered");
    let answer = String::from_utf8_lossy(&answer[..count]);
    let (_, session) = answer.split_once("Bits-Session-Id: ").expect("a session");
    let session = session.lines().next().unwrap_or_default();
    let fields = format!("BITS-Session-Id: {session}\r\nContent-Range: bytes 0-4/5\r\nContent-Length: 5\r\n");
    client.write_all((head("Fragment", &fields) + "hel").as_bytes()).expect("sent");
    client
}
