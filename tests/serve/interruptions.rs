//! Cut connections, crashes, restarts, stops.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bitsup::server::{Options, ServeError, Server};

use crate::support::{Fixture, INVALID, UNKNOWN, head};

#[test]
fn bytes_of_a_cut_fragment_are_kept() {
    let fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    let mut client = fixture.connect();
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-999999/1000000")];
    client.send(&head("/a", "Fragment", &fields, 1_000_000));
    client.send(&vec![7; 500_000]);
    drop(client);
    std::thread::sleep(Duration::from_millis(300));
    let mut client = fixture.connect();
    client.fragment("/a", &session, "900000-900000/1000000", b"x").expect_offset(416, 500_000);
    client.fragment("/a", &session, "0-999999/1000000", &vec![7; 1_000_000]).expect_offset(200, 1_000_000);
    client.close("/a", &session).expect(200);
    let is_whole = fs::read(fixture.path("a")).unwrap() == vec![7; 1_000_000];
    assert!(is_whole);
}

#[test]
fn bytes_of_a_cut_fragment_are_kept_when_the_server_is_stopped() {
    let fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    let mut client = fixture.connect();
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-999999/1000000")];
    client.send(&head("/a", "Fragment", &fields, 1_000_000));
    client.send(&vec![7; 500_000]);
    drop(client);
    std::thread::sleep(Duration::from_millis(300));
    let fixture = fixture.restart(|_| {});
    let mut client = fixture.connect();
    client.fragment("/a", &session, "900000-900000/1000000", b"x").expect_offset(416, 500_000);
}

#[test]
fn fault_64_a_new_request_ends_the_one_that_hangs() {
    let fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    let mut hanging = fixture.connect();
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-9/10")];
    hanging.send(&head("/a", "Fragment", &fields, 10));
    hanging.send(b"abcd");
    std::thread::sleep(Duration::from_millis(200));
    let mut client = fixture.connect();
    let started = Instant::now();
    client.fragment("/a", &session, "0-9/10", b"0123456789").expect(200);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(hanging.read().status, 503);
    hanging.send(b"efghij");
    client.close("/a", &session).expect(200);
    let stored = fs::read(fixture.path("a")).unwrap();
    assert_eq!((stored.len(), &stored[4..]), (10, &b"456789"[..]), "{stored:?}");
}

#[test]
fn a_restarted_server_goes_on_at_the_durable_offset() {
    let fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    fixture.connect().fragment("/a", &session, "0-3/8", b"abcd").expect_offset(200, 4);
    let fixture = fixture.restart(|_| {});
    let mut client = fixture.connect();
    client.fragment("/a", &session, "6-7/8", b"gh").expect_offset(416, 4);
    client.fragment("/a", &session, "4-7/9", b"efgh").expect_error(400, INVALID);
    client.fragment("/a", &session, "4-7/8", b"efgh").expect_offset(200, 8);
    drop(client);
    let fixture = fixture.restart(|_| {});
    fixture.connect().close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"abcdefgh");
}

#[test]
fn a_server_that_is_stopped_while_it_removes_old_sessions_leaves_the_folder_free() {
    let fixture = Fixture::with(|options| options.limits.max_sessions = 100);
    let mut client = fixture.connect();
    for _ in 0..100 {
        client.open("/a");
    }
    drop(client);
    let all = fixture.state_files().len();
    let fixture = fixture.restart(|options| options.limits.session_timeout = Duration::ZERO);
    while fixture.state_files().len() == all {
        std::thread::yield_now();
    }
    let fixture = fixture.restart(|options| options.limits.session_timeout = Duration::ZERO);
    while !fixture.state_files().is_empty() {
        std::thread::yield_now();
    }
}

/// A session that has the first half of a file, and where its bytes are.
fn half_stored() -> (Fixture, String, PathBuf) {
    let fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    fixture.connect().fragment("/a", &session, "0-3/8", b"abcd").expect_offset(200, 4);
    let part = fixture.state_files().into_iter().find(|name| name.contains(".part")).unwrap();
    let part = fixture.path(".bitsup-sessions").join(part);
    (fixture, session, part)
}

#[test]
fn bytes_beyond_the_durable_offset_are_not_trusted_after_a_crash() {
    let (fixture, session, part) = half_stored();
    fs::OpenOptions::new().append(true).open(part).unwrap().write_all(&[0; 100]).unwrap();
    let fixture = fixture.restart(|_| {});
    let mut client = fixture.connect();
    client.fragment("/a", &session, "4-7/8", b"efgh").expect_offset(200, 8);
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"abcdefgh");
}

#[test]
fn a_session_that_lost_acknowledged_bytes_does_not_go_on() {
    let (fixture, session, part) = half_stored();
    fs::OpenOptions::new().write(true).open(part).unwrap().set_len(3).unwrap();
    let fixture = fixture.restart(|_| {});
    fixture.connect().fragment("/a", &session, "4-7/8", b"efgh").expect_error(500, UNKNOWN);
}

#[test]
fn a_session_whose_bytes_are_gone_and_whose_name_is_a_folders_does_not_go_on() {
    let (fixture, session, part) = half_stored();
    fs::remove_file(part).unwrap();
    fs::create_dir(fixture.path("a")).unwrap();
    let fixture = fixture.restart(|_| {});
    fixture.connect().fragment("/a", &session, "4-7/8", b"efgh").expect_error(500, UNKNOWN);
    assert!(fixture.path("a").is_dir());
}

#[test]
fn state_that_makes_no_sense_is_discarded_and_said() {
    let fixture = Fixture::new();
    let broken = fixture.connect().open("/a");
    let sound = fixture.connect().open("/b");
    let id = broken.trim_matches(['{', '}']).to_lowercase();
    fs::write(fixture.path(&format!(".bitsup-sessions/{id}.json")), "{\"v\":1,").unwrap();
    fs::write(fixture.path(".bitsup-sessions/00000000-0000-0000-0000-000000000000.part"), "rubbish").unwrap();
    let foreign = [fixture.path(".bitsup-sessions/notes.tmp"), fixture.path(".bitsup-sessions/notes.json")];
    for path in &foreign {
        fs::write(path, "somebody's").unwrap();
    }
    let fixture = fixture.restart(|_| {});
    let mut client = fixture.connect();
    client.fragment("/a", &broken, "0-0/1", b"a").expect_error(500, UNKNOWN);
    client.fragment("/b", &sound, "0-0/1", b"b").expect_offset(200, 1);
    assert!(foreign.iter().all(|path| path.exists()), "what is not ours stays");
    for path in &foreign {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(fixture.state_files().len(), 3, "{:?}", fixture.state_files());
    assert!(
        fixture.log().iter().any(|line| line.starts_with("discarded") && line.contains(&id)),
        "{:?}",
        fixture.log()
    );
}

#[test]
fn state_of_a_newer_program_is_left_alone() {
    let fixture = Fixture::new();
    let name = ".bitsup-sessions/00000000-0000-0000-0000-000000000000.json";
    fs::write(fixture.path(name), "{\"v\":2,\"new\":true}").unwrap();
    let fixture = fixture.restart(|_| {});
    assert!(fixture.path(name).exists());
}

#[test]
fn a_folder_has_one_server() {
    let fixture = Fixture::new();
    let second = Server::bind(Options::new(fixture.root.path(), "127.0.0.1:0".parse().unwrap()));
    assert!(matches!(second, Err(ServeError::InUse(_))), "{second:?}");
}

#[test]
fn a_stop_is_clean_and_quick_with_connections_open() {
    let mut fixture = Fixture::new();
    let mut idle = fixture.connect();
    idle.packet("/a", "Ping", &[], b"").expect(200);
    let session = idle.open("/a");
    let mut hanging = fixture.connect();
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-9/10")];
    hanging.send(&head("/a", "Fragment", &fields, 10));
    let started = Instant::now();
    fixture.end();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(fixture.log().last().map(String::as_str), Some("stopped"));
}
