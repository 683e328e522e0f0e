//! Upload-reply ([MC-BUP] 1.3.3): the application sees each complete file once, and its reply is fetched before Close.
#![cfg(unix)]

use std::fs;
use std::io::Read;
use std::time::Duration;

use bitsup::server::{Account, Options};

use crate::support::{Client, Fixture, GUID, Response, UNKNOWN, recorded_request};
use crate::transcript::capture;

const REJECTED: &str = "0x80004005";

/// A command that notes each run in the file `runs` of its folder.
fn noting(folder: &tempfile::TempDir, then: &str) -> String {
    format!("echo run >> '{}'; {then}", folder.path().join("runs").display())
}

fn runs(folder: &tempfile::TempDir) -> usize {
    fs::read_to_string(folder.path().join("runs")).map_or(0, |text| text.lines().count())
}

fn with_command(command: &str) -> Fixture {
    Fixture::with(|options| options.reply_command = Some(command.to_owned()))
}

#[track_caller]
fn expect_rejected(response: Response) {
    let response = response.expect(500);
    assert_eq!(response.field("BITS-Error"), Some(REJECTED));
    assert_eq!(response.field("BITS-Error-Context"), Some("0x7"));
    assert_eq!(response.field("BITS-Reply-URL"), None);
}

fn get(client: &mut Client, path: &str, fields: &str) -> (Response, Vec<u8>) {
    let response = client.ask(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n").as_bytes());
    let mut body = vec![0; response.field("Content-Length").unwrap().parse().unwrap()];
    client.stream.read_exact(&mut body).unwrap();
    (response, body)
}

#[test]
fn the_reply_is_offered_as_iis_does_and_lives_until_close() {
    let fixture = with_command("printf '%s|%s|' \"$BITSUP_URL\" \"$BITSUP_SESSION\"; cat \"$BITSUP_FILE\"");
    fs::create_dir(fixture.path("d")).unwrap();
    let mut client = fixture.connect();
    let session = client.open("/d/a");
    let first = client.fragment("/d/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
    assert_eq!(first.field("BITS-Reply-URL"), None);
    let last = client.fragment("/d/a", &session, "2-3/4", b"cd").expect_offset(200, 4);
    let url = format!("BITS-Sessions\\Replies\\{session}\\responsefile.bin");
    assert_eq!(last.field("BITS-Reply-URL"), Some(&*url));
    let again = client.fragment("/d/a", &session, "3-3/4", b"d").expect_offset(200, 4);
    assert_eq!(again.field("BITS-Reply-URL"), Some(&*url), "a lost Ack is repeated");
    let encoded = session.replace('{', "%7B").replace('}', "%7D");
    let path = format!("/d/BITS-Sessions/Replies/{encoded}/responsefile.bin");
    let expected = format!("http://h/d/a|{session}|abcd");
    let (response, body) = get(&mut client, &path, "");
    assert_eq!((response.status, body), (200, expected.clone().into_bytes()));
    let (response, body) = get(&mut client, &path, "Range: bytes=2-4\r\n");
    assert_eq!((response.status, &*body), (206, &expected.as_bytes()[2..5]));
    // It is this session's, in this folder, and nothing else can be read.
    let elsewhere = format!("/BITS-Sessions/Replies/{encoded}/responsefile.bin");
    assert_eq!(get(&mut client, &elsewhere, "").0.status, 405);
    assert_eq!(get(&mut client, "/d/a", "").0.status, 405);
    assert!(!fixture.path("d/a").exists(), "nothing is published before Close-Session");
    client.close("/d/a", &session).expect(200);
    assert_eq!(get(&mut client, &path, "").0.status, 405);
    assert_eq!(fs::read(fixture.path("d/a")).unwrap(), b"abcd");
    assert_eq!(get(&mut client, "/d/a", "").0.status, 405, "nor is what was published");
    assert_eq!(fixture.state_files().len(), 1, "only the tombstone is left: {:?}", fixture.state_files());
}

#[test]
fn windows_recorded_requests_fetch_the_reply() {
    const RECORDED: &str = "C85B4E0A-9EB9-4114-BFA4-8A43B4710091";
    let fixture = with_command("yes reply | head -c 9977");
    fs::create_dir(fixture.path("upload-ref-isapi-WebFarm")).unwrap();
    let mut client = fixture.connect();
    let create = recorded_request("upload-reply.txt", "Create-Session");
    let created = client.ask(create.as_bytes()).expect(200);
    let session = created.field("BITS-Session-Id").unwrap().trim_matches(['{', '}']).to_owned();
    // The one change: the session is ours.
    let request = |kind: &str| {
        let text = recorded_request("upload-reply.txt", kind);
        assert!(text.contains(RECORDED), "{text}");
        text.replace(RECORDED, &session).into_bytes()
    };
    client.send(&request("Fragment"));
    let last = client.ask(&capture("rfc2119.txt")).expect_offset(200, 4892);
    let url = format!("BITS-Sessions\\Replies\\{{{session}}}\\responsefile.bin");
    assert_eq!(last.field("BITS-Reply-URL"), Some(&*url));
    let part = client.ask(&request("GET"));
    assert_eq!((part.status, part.field("Content-Range")), (206, Some("bytes 0-9976/9977")));
    assert_eq!(part.field("Content-Length"), Some("9977"));
    let mut reply = vec![0; 9977];
    client.stream.read_exact(&mut reply).unwrap();
    assert_eq!(reply, b"reply\n".iter().copied().cycle().take(9977).collect::<Vec<_>>());
    client.ask(&request("Close-Session")).expect(200);
}

#[test]
fn fault_58_a_reply_is_its_users_alone() {
    // Of `s3cret` and each of these.
    const ME: (&str, &str) = ("Authorization", "Basic bWU6czNjcmV0");
    const OTHER: (&str, &str) = ("Authorization", "Basic b3RoZXI6czNjcmV0");
    let serving = |user: &'static str| {
        move |options: &mut Options| {
            options.account = Some(Account::new(user, "s3cret").unwrap());
            options.reply_command = Some("echo reply".to_owned());
        }
    };
    let fixture = Fixture::with(serving("me"));
    let mut client = fixture.connect();
    let created = client.packet("/a", "Create-Session", &[ME, ("BITS-Supported-Protocols", GUID)], b"").expect(200);
    let session = created.field("BITS-Session-Id").unwrap().to_owned();
    let fields = [ME, ("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-1/2")];
    client.packet("/a", "Fragment", &fields, b"ab").expect_offset(200, 2);
    drop(client);
    let path = format!("/BITS-Sessions/Replies/{}/responsefile.bin", session.trim_matches(['{', '}']));
    let read_as = |fixture: &Fixture, (name, value): (&str, &str)| {
        get(&mut fixture.connect(), &path, &format!("{name}: {value}\r\n")).0.status
    };
    assert_eq!(read_as(&fixture, ME), 200);
    let fixture = fixture.restart(serving("other"));
    assert_eq!(read_as(&fixture, OTHER), 405);
}

#[test]
fn the_application_is_asked_once_whatever_is_repeated_or_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let command = noting(&folder, "echo reply");
    let change = |options: &mut Options| options.reply_command = Some(command.clone());
    let fixture = Fixture::with(change);
    let mut client = fixture.connect();
    let session = client.open("/a");
    for _ in 0..3 {
        client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    }
    drop(client);
    let fixture = fixture.restart(change);
    let mut client = fixture.connect();
    let again = client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    assert!(again.field("BITS-Reply-URL").is_some());
    client.close("/a", &session).expect(200);
    client.close("/a", &session).expect(200);
    assert_eq!(runs(&folder), 1);
}

#[test]
fn requests_at_once_wait_for_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_command(&noting(&folder, "sleep 0.5; echo reply"));
    let session = fixture.connect().open("/a");
    fixture.connect().fragment("/a", &session, "0-0/2", b"a").expect_offset(200, 1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fixture.connect().fragment("/a", &session, "0-1/2", b"ab"));
        }
    });
    fixture.connect().close("/a", &session).expect(200);
    assert_eq!(runs(&folder), 1);
}

#[test]
fn a_client_that_leaves_finds_the_reply_when_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_command(&noting(&folder, "sleep 0.3; echo reply"));
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-1/2")];
    client.send(&[&crate::support::head("/a", "Fragment", &fields, 2)[..], b"ab"].concat());
    // Gone before the response, but not before the last byte has arrived.
    while runs(&folder) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(client);
    let last = fixture.connect().fragment("/a", &session, "1-1/2", b"b").expect_offset(200, 2);
    assert!(last.field("BITS-Reply-URL").is_some());
    assert_eq!(runs(&folder), 1);
}

#[test]
fn an_application_that_fails_refuses_the_file_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let command = noting(&folder, "echo half; exit 3");
    let change = |options: &mut Options| options.reply_command = Some(command.clone());
    let fixture = Fixture::with(change);
    let mut client = fixture.connect();
    let session = client.open("/a");
    expect_rejected(client.fragment("/a", &session, "0-1/2", b"ab"));
    expect_rejected(client.fragment("/a", &session, "0-1/2", b"ab"));
    expect_rejected(client.close("/a", &session));
    drop(client);
    let fixture = fixture.restart(change);
    let mut client = fixture.connect();
    expect_rejected(client.close("/a", &session));
    assert!(!fixture.path("a").exists());
    client.cancel("/a", &session).expect(200);
    client.close("/a", &session).expect_error(500, UNKNOWN);
    assert_eq!((runs(&folder), fixture.state_files().len()), (1, 0));
    let log = with_command("exit 3");
    let session = log.connect().open("/a");
    log.connect().fragment("/a", &session, "0-1/2", b"ab");
    assert!(log.log().iter().any(|line| line.contains("application refused") && line.contains('3')));
}

#[test]
fn an_application_that_takes_too_long_or_says_too_much_is_killed_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    // Were the children left alone, the second would write on.
    // It ends by itself once the folder is gone, in case it is not killed.
    let slow = format!("(while echo x >> '{}'; do sleep 0.05; done 2>/dev/null) & wait", alive.display());
    let fixture = Fixture::with(|options| {
        options.reply_command = Some(slow.clone());
        options.limits.reply_timeout = Duration::from_millis(300);
    });
    let session = fixture.connect().open("/a");
    expect_rejected(fixture.connect().fragment("/a", &session, "0-1/2", b"ab"));
    let size = || fs::metadata(&alive).unwrap().len();
    // One line may be under way; none follows it.
    std::thread::sleep(Duration::from_millis(150));
    let then = size();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(size(), then);
    let fixture = Fixture::with(|options| {
        options.reply_command = Some("yes".to_owned());
        options.limits.max_reply = 100_000;
    });
    let session = fixture.connect().open("/a");
    expect_rejected(fixture.connect().fragment("/a", &session, "0-1/2", b"ab"));
    assert!(!fixture.state_files().iter().any(|name| name.contains(".out") || name.contains(".reply")));
}

#[test]
fn an_empty_file_is_seen_at_its_close() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = with_command(&noting(&folder, "test ! -s \"$BITSUP_FILE\""));
    let mut client = fixture.connect();
    let session = client.open("/a");
    let closed = client.close("/a", &session).expect(200);
    assert_eq!((closed.field("BITS-Reply-URL"), runs(&folder)), (None, 1));
    let fixture = with_command("false");
    let mut client = fixture.connect();
    let session = client.open("/a");
    expect_rejected(client.close("/a", &session));
    assert!(!fixture.path("a").exists());
}

#[test]
fn a_stop_ends_the_application_and_a_restarted_server_asks_again() {
    let folder = tempfile::tempdir().unwrap();
    let command = noting(&folder, "test -e \"$0\" && sleep 60; echo reply");
    let marker = folder.path().join("slow");
    fs::write(&marker, "").unwrap();
    let command = command.replace("$0", &marker.display().to_string());
    let change = |options: &mut Options| options.reply_command = Some(command.clone());
    let mut fixture = Fixture::with(change);
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-1/2")];
    client.send(&[&crate::support::head("/a", "Fragment", &fields, 2)[..], b"ab"].concat());
    while runs(&folder) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    fixture.end();
    fs::remove_file(&marker).unwrap();
    let fixture = fixture.restart(change);
    let last = fixture.connect().fragment("/a", &session, "1-1/2", b"b").expect_offset(200, 2);
    assert!(last.field("BITS-Reply-URL").is_some());
    assert_eq!(runs(&folder), 2);
}
