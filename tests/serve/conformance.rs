//! The errors that [MC-BUP] 2.2.1.2 lets a server send, row by row.
//!
//! | Row | Here |
//! |---|---|
//! | `BG_E_SESSION_NOT_FOUND` 500 | unknown, foreign, expired, cancelled session (`sessions.rs`) |
//! | `E_ACCESSDENIED` 403 | the file exists (`files.rs`); the folder may not be written (below) |
//! | `E_ACCESSDENIED` 501, uploads not enabled on the directory | cannot arise: no folder below the root can be excepted |
//! | `BG_E_TOO_LARGE` 500 | over `--max-size` (`fragments.rs`) |
//! | `E_INVALIDARG` 400 | a header or range that is wrong (`heads.rs`, `fragments.rs`; below) |
//! | 0 with 416 | out of step (`fragments.rs`) |
//! | disk full 500 | no space, or over `--max-temp` (`fragments.rs`, `limits.rs`) |
//! | `BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH` 4xx | our choice: no protocol in common is 400 with `E_INVALIDARG`, as any wrong header (`heads.rs`) |
//! | `BG_E_SERVER_EXECUTE_ENABLE` 403 | cannot arise: no folder has anything executed in it |
//! | `BG_E_STRING_TOO_LONG` | a path or name that is too long: 414 (`files.rs`) |
//! | context 7 | the application refused (`replies.rs`) |

use std::fs;

use crate::support::{Fixture, GUID, INVALID};

/// A receiver that is no superuser, whoever runs the test: a superuser may write everywhere.
#[cfg(unix)]
mod ordinary {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::SocketAddr;
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};

    use super::fs;

    const NOBODY: u32 = 65534;

    pub(super) fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) struct Receiver {
        child: Child,
        pub(super) address: SocketAddr,
    }

    impl Receiver {
        /// `None` where the system has no other user to give.
        pub(super) fn in_folder(root: &Path) -> Option<Self> {
            let tools = tempfile::tempdir().unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_bitsup"));
            if rustix::process::geteuid().is_root() {
                command = Command::new(copied(tools.path()));
                command.uid(NOBODY).gid(NOBODY);
                if let Err(error) = chown(root, Some(NOBODY), Some(NOBODY)) {
                    return skip(&error);
                }
            }
            command.args(["serve", "--listen", "127.0.0.1:0"]).arg(root);
            let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
            let mut child = match spawned {
                Ok(child) => child,
                Err(error) => return skip(&error),
            };
            let (mut log, mut line) = (BufReader::new(child.stderr.take().unwrap()), String::new());
            log.read_line(&mut line).unwrap();
            let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once('/')?.0.parse().ok());
            // Its log must not fill the pipe.
            std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
            Some(Self { child, address: address.expect(&line) })
        }
    }

    impl Drop for Receiver {
        fn drop(&mut self) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }

    /// The program where everyone can reach it.
    fn copied(folder: &Path) -> PathBuf {
        let program = folder.join("bitsup");
        set_mode(folder, 0o755);
        // By another process: a child that is started meanwhile would inherit the file while it is written to, and no system
        // runs such a file.
        let copied =
            std::process::Command::new("cp").args([env!("CARGO_BIN_EXE_bitsup").as_ref(), program.as_path()]).status();
        assert!(copied.unwrap().success());
        set_mode(&program, 0o755);
        program
    }

    /// Not by a macro: the test harness would keep it to itself.
    fn skip(error: &std::io::Error) -> Option<Receiver> {
        let text = format!("SKIPPED: folders that may not be written need a user who is no superuser: {error}\n");
        std::io::stderr().write_all(text.as_bytes()).unwrap();
        None
    }
}

#[cfg(unix)]
#[test]
fn mcbup_2_2_1_2_a_folder_that_may_not_be_written_is_403() {
    use crate::support::{Client, DENIED};
    let root = tempfile::tempdir().unwrap();
    let Some(receiver) = ordinary::Receiver::in_folder(root.path()) else { return };
    let folder = root.path().join("d");
    fs::create_dir(&folder).unwrap();
    ordinary::set_mode(&folder, 0o555);
    let mut client = Client::of(receiver.address);
    let session = client.open("/d/a");
    client.fragment("/d/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    client.close("/d/a", &session).expect_error(403, DENIED);
    ordinary::set_mode(&folder, 0o777);
    client.close("/d/a", &session).expect(200);
    assert_eq!(fs::read(folder.join("a")).unwrap(), b"ab");
}

#[test]
fn mcbup_2_2_2_several_protocols_in_any_spelling_are_offered() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let other = "{00000000-0000-0000-0000-000000000001}";
    let upper = GUID.to_uppercase();
    for list in [
        format!("{GUID} {other}"),
        format!("{other} {upper}"),
        format!("{other},{GUID}"),
        format!("{other} , {GUID} {other}"),
        format!("not-a-guid {GUID}"),
    ] {
        let created = client.packet("/a", "Create-Session", &[("BITS-Supported-Protocols", &list)], b"").expect(200);
        assert_eq!(created.field("BITS-Protocol"), Some(GUID), "{list}");
    }
    let none = [("BITS-Supported-Protocols", other)];
    client.packet("/a", "Create-Session", &none, b"").expect_error(400, INVALID);
}

#[test]
fn mcbup_2_2_1_names_of_fields_are_read_in_any_case() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let request = format!(
        "BITS_POST /a HTTP/1.1\r\nHOST: h\r\nbits-packet-type: Create-Session\r\nBITS-SUPPORTED-PROTOCOLS: {GUID}\r\n\
         CONTENT-NAME: a\r\ncontent-length: 0\r\n\r\n"
    );
    let session = client.ask(request.as_bytes()).expect(200).field("BITS-Session-Id").unwrap().to_owned();
    let request = format!(
        "BITS_POST /a HTTP/1.1\r\nhost: h\r\nBITS-PACKET-TYPE: FRAGMENT\r\nbits-session-id: {session}\r\n\
         content-range: Bytes 0-1/2\r\nCONTENT-LENGTH: 2\r\n\r\nab"
    );
    client.ask(request.as_bytes()).expect_offset(200, 2);
}

#[test]
fn mcbup_2_2_2_a_name_in_any_encoding_does_not_matter_to_the_place() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    for name in [&b"gr\xc3\xb6\xc3\x9fe.txt"[..], b"gr\xf6\xdfe.txt", b"\x83\x65\x83X\x83g", b"..\\..\\x", b""] {
        let head = format!(
            "BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Create-Session\r\nBITS-Supported-Protocols: {GUID}\r\n\
             Content-Length: 0\r\nContent-Name: "
        );
        client.send(&[head.as_bytes(), name, b"\r\n\r\n"].concat());
        let session = client.read().expect(200).field("BITS-Session-Id").unwrap().to_owned();
        client.cancel("/a", &session).expect(200);
    }
    let session = client.open("/a");
    client.close("/a", &session).expect(200);
    let names: Vec<_> = fs::read_dir(fixture.root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the file and the folder of unfinished uploads: {names:?}");
}

#[test]
fn mcbup_2_2_4_a_ping_has_no_body_and_names_no_session() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let pong = client.packet("/a", "Ping", &[], b"").expect(200);
    assert_eq!((pong.field("BITS-Session-Id"), pong.field("BITS-Error")), (None, None));
    client.packet("/a", "Ping", &[("BITS-Session-Id", "{00000000-0000-0000-0000-000000000000}")], b"").expect(200);
}
