//! The end of a session ([MC-BUP] 2.2.8, 2.2.10), and its limits.

use std::fs;
use std::time::Duration;

use crate::support::{Fixture, INVALID, UNKNOWN};

#[test]
fn close_before_all_bytes_is_400_and_publishes_nothing() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
    client.close("/a", &session).expect_error(400, INVALID);
    assert!(!fixture.path("a").exists());
    client.fragment("/a", &session, "2-3/4", b"cd").expect_offset(200, 4);
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"abcd");
}

#[test]
fn a_repeated_close_is_200_also_after_a_restart() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
    client.close("/a", &session).expect(200);
    client.close("/a", &session).expect(200);
    drop(client);
    let fixture = fixture.restart(|_| {});
    let mut client = fixture.connect();
    client.close("/a", &session).expect(200);
    client.fragment("/a", &session, "0-1/2", b"ab").expect_error(500, UNKNOWN);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"ab");
}

#[test]
fn cancel_removes_everything() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
    client.cancel("/a", &session).expect(200);
    assert_eq!(fixture.state_files(), Vec::<String>::new());
    client.fragment("/a", &session, "2-3/4", b"cd").expect_error(500, UNKNOWN);
    client.close("/a", &session).expect_error(500, UNKNOWN);
    client.cancel("/a", &session).expect_error(500, UNKNOWN);
}

#[test]
fn cancel_after_close_leaves_the_file() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.close("/a", &session).expect(200);
    client.cancel("/a", &session).expect_error(500, UNKNOWN);
    assert!(fixture.path("a").exists());
}

#[test]
fn fault_58_unknown_foreign_and_misspelt_sessions_look_the_same() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    let other = client.open("/b");
    for id in [&*other, "{00000000-0000-0000-0000-000000000000}", "1", "../../x", &"x".repeat(200)] {
        let response = client.fragment("/a", id, "0-1/2", b"ab").expect_error(500, UNKNOWN);
        assert_eq!(response.field("BITS-Session-Id"), None);
        client.close("/a", id).expect_error(500, UNKNOWN);
        client.cancel("/a", id).expect_error(500, UNKNOWN);
    }
    client.fragment("/a", &session, "0-1/2", b"ab").expect_offset(200, 2);
}

#[test]
fn fault_58_a_session_without_progress_expires() {
    let fixture = Fixture::with(|options| options.limits.session_timeout = Duration::from_millis(200));
    let mut client = fixture.connect();
    let session = client.open("/a");
    std::thread::sleep(Duration::from_millis(400));
    client.fragment("/a", &session, "0-1/2", b"ab").expect_error(500, UNKNOWN);
}

#[test]
fn fault_61_one_client_has_so_many_sessions_and_no_more() {
    let fixture = Fixture::with(|options| options.limits.max_sessions = 2);
    let mut client = fixture.connect();
    let first = client.open("/a");
    client.open("/b");
    client.create("/c").expect_error(503, "0x80070718");
    client.cancel("/a", &first).expect(200);
    let third = client.open("/c");
    client.close("/c", &third).expect(200);
    client.open("/d");
}
