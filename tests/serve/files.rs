//! Names and folders that files may be written to (faults 56, 57 and 62).

use std::fs;
#[cfg(unix)]
use std::path::PathBuf;

use crate::support::{DENIED, Fixture, INVALID, upload};

#[test]
fn fault_57_an_existing_file_is_403_at_create_and_at_publish() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    fs::write(fixture.path("a"), "old").unwrap();
    client.create("/a").expect_error(403, DENIED);
    client.close("/a", &session).expect_error(403, DENIED);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"old");
    fs::remove_file(fixture.path("a")).unwrap();
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"ab");
}

#[test]
fn fault_57_an_existing_file_is_replaced_when_allowed() {
    let fixture = Fixture::with(|options| options.allow_overwrite = true);
    fs::write(fixture.path("a"), "old").unwrap();
    upload(&mut fixture.connect(), "/a", b"new");
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"new");
}

#[test]
fn fault_57_of_two_uploads_to_one_name_the_second_to_close_is_403() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let (one, two) = (client.open("/a"), client.open("/a"));
    client.fragment("/a", &one, "0-0/1", b"1").expect(200);
    client.fragment("/a", &two, "0-0/1", b"2").expect(200);
    client.close("/a", &two).expect(200);
    client.close("/a", &one).expect_error(403, DENIED);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"2");
}

#[cfg(unix)]
#[test]
fn fault_57_only_regular_files_are_replaced() {
    use std::os::unix::net::UnixListener;
    let fixture = Fixture::with(|options| options.allow_overwrite = true);
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    let socket = UnixListener::bind(fixture.path("a")).unwrap();
    client.create("/a").expect_error(403, DENIED);
    client.close("/a", &session).expect_error(403, DENIED);
    assert!(!fs::symlink_metadata(fixture.path("a")).unwrap().is_file());
    drop(socket);
    fs::remove_file(fixture.path("a")).unwrap();
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"ab");
}

#[test]
fn a_folder_as_target_is_400_and_a_missing_one_on_the_way_404() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.path("d")).unwrap();
    let mut client = fixture.connect();
    client.create("/d").expect_error(400, INVALID);
    client.create("/d/").expect_error(400, INVALID);
    client.create("/").expect_error(400, INVALID);
    client.create("/none/a").expect_error(404, "0x80070003");
    fs::write(fixture.path("f"), "").unwrap();
    client.create("/f/a").expect_error(404, "0x80070003");
    upload(&mut client, "/d/a%20b", b"x");
    assert_eq!(fs::read(fixture.path("d/a b")).unwrap(), b"x");
}

#[test]
fn fault_56_paths_that_lead_elsewhere_are_403() {
    let fixture = Fixture::with(|options| options.allow_overwrite = true);
    let mut client = fixture.connect();
    for path in [
        "/../a",
        "/%2e%2e/a",
        "/..%2fa",
        "/..%5ca",
        "/a/../../b",
        "/%252e%252e/a",
        "/c:/a",
        "/c:%5ca",
        "/a:b",
        "/a.",
        "/a%20",
        "/nul",
        "/com1.txt",
        "/a%00b",
        "/a%0d%0ab",
        "/.bitsup-sessions/x",
        "/.BITSUP-SESSIONS/x",
        "/.bitsup-sessions",
    ] {
        client.create(path).expect_error(403, DENIED);
    }
    for path in ["/%c0%ae%c0%ae/a", "/a//b", "//a", "/%zz", "/%"] {
        client.create(path).expect_error(400, INVALID);
    }
    client.create(&format!("/{}", "x".repeat(300))).expect_error(414, "0x80200021");
    assert_eq!(fixture.state_files(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn fault_56_symbolic_links_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("victim"), "old").unwrap();
    let fixture = Fixture::with(|options| options.allow_overwrite = true);
    std::os::unix::fs::symlink(outside.path(), fixture.path("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("victim"), fixture.path("file")).unwrap();
    fs::create_dir(fixture.path("d")).unwrap();
    let mut client = fixture.connect();
    client.create("/link/new").expect_error(404, "0x80070003");
    client.create("/file").expect_error(403, DENIED);
    // A folder that becomes a link between Create-Session and Close-Session.
    let session = client.open("/d/victim");
    client.fragment("/d/victim", &session, "0-1/2", b"ab").expect(200);
    fs::remove_dir(fixture.path("d")).unwrap();
    std::os::unix::fs::symlink(outside.path(), fixture.path("d")).unwrap();
    client.close("/d/victim", &session).expect_error(404, "0x80070003");
    assert_eq!(fs::read(outside.path().join("victim")).unwrap(), b"old");
}

#[cfg(unix)]
#[test]
fn fault_62_unfinished_files_are_private_and_finished_ones_never_executable() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/2", b"ab").expect(200);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(fixture.path(".bitsup-sessions")), 0o700);
    for name in fixture.state_files() {
        assert_eq!(mode(fixture.path(".bitsup-sessions").join(&name)), 0o600, "{name}");
    }
    client.close("/a", &session).expect(200);
    assert_eq!(mode(fixture.path("a")) & 0o7111, 0);
}

/// Where the folder hands its group down, as those of several users do.
#[cfg(unix)]
#[test]
fn case_89_a_published_file_has_the_folders_group_and_the_mode_asked_for() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let fixture = Fixture::with(|options| options.file_mode = Some(0o640));
    // Another group than one's own is for root to give.
    let _ = std::os::unix::fs::chown(fixture.root.path(), None, Some(12_345));
    let group = fs::metadata(fixture.root.path()).unwrap().gid();
    fs::set_permissions(fixture.root.path(), fs::Permissions::from_mode(0o2775)).unwrap();
    upload(&mut fixture.connect(), "/a", b"new");
    let published = fs::metadata(fixture.path("a")).unwrap();
    assert_eq!((published.gid(), published.mode() & 0o7777), (group, 0o640));
}

/// Linux only: on macOS and the BSDs every folder hands its group down.
#[cfg(target_os = "linux")]
#[test]
fn case_89_a_folder_that_keeps_its_group_gives_it_to_no_file() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::new();
    let own = fs::metadata(fixture.root.path()).unwrap().gid();
    let _ = std::os::unix::fs::chown(fixture.root.path(), None, Some(12_345));
    upload(&mut fixture.connect(), "/a", b"new");
    assert_eq!(fs::metadata(fixture.path("a")).unwrap().gid(), own);
}

#[cfg(unix)]
#[test]
fn case_90_a_folder_that_is_replaced_ends_the_server() {
    let mut fixture = Fixture::new();
    let session = fixture.connect().open("/a");
    let root = fixture.root.path().to_owned();
    fs::remove_dir_all(&root).unwrap();
    fs::create_dir(&root).unwrap();
    assert_eq!(fixture.connect().fragment("/a", &session, "0-0/1", b"1").status, 500);
    let ended = fixture.thread.take().unwrap().join().unwrap();
    let error = ended.expect_err("it was replaced").to_string();
    assert!(error.contains("was removed or replaced"), "{error}");
}
