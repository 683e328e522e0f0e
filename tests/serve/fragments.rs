//! Fragments ([MC-BUP] 2.2.6).

use std::fs;
use std::io::Write;

use crate::support::{Fixture, INVALID, head};

#[test]
fn a_gap_is_416_with_the_offset() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "1-1/4", b"b").expect_offset(416, 0);
    client.fragment("/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
    client.fragment("/a", &session, "3-3/4", b"d").expect_offset(416, 2);
    client.fragment("/a", &session, "2-3/4", b"cd").expect_offset(200, 4);
}

#[test]
fn a_gap_with_a_long_body_is_answered_at_once_and_ends_the_connection() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 1-10000000/20000000")];
    client.send(&head("/a", "Fragment", &fields, 10_000_000));
    client.send(&vec![0; 100_000]);
    let response = client.read().expect_offset(416, 0);
    assert_eq!(response.field("Connection"), Some("close"));
    // Bytes that are still on their way do not cost the response, and does no harm.
    let _ = client.stream.write_all(&vec![0; 1_000_000]);
    drop(client);
    fixture.connect().fragment("/a", &session, "0-0/20000000", b"a").expect_offset(200, 1);
}

#[test]
fn of_an_overlap_only_the_new_tail_is_written() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-3/8", b"abcd").expect_offset(200, 4);
    client.fragment("/a", &session, "0-3/8", b"XXXX").expect_offset(200, 4);
    client.fragment("/a", &session, "2-5/8", b"XXef").expect_offset(200, 6);
    client.fragment("/a", &session, "0-7/8", b"XXXXXXgh").expect_offset(200, 8);
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), b"abcdefgh");
}

#[test]
fn a_changed_total_is_400() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
    client.fragment("/a", &session, "2-3/5", b"cd").expect_error(400, INVALID);
    client.fragment("/a", &session, "2-3/4", b"cd").expect_offset(200, 4);
}

#[test]
fn a_body_that_does_not_fit_its_range_is_400() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-1/4", b"abc").expect_error(400, INVALID);
    client.fragment("/a", &session, "0-1/4", b"").expect_error(400, INVALID);
    client.fragment("/a", &session, "0-1/4", b"ab").expect_offset(200, 2);
}

#[test]
fn a_bad_content_range_is_400() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    for range in
        ["0-1", "1-0/4", "0-4/4", "-1/4", "0-/4", "0-1/*", "+0-1/4", "0-18446744073709551616/4", "a-b/c", "*/4"]
    {
        client.fragment("/a", &session, range, b"ab").expect_error(400, INVALID);
    }
    client.packet("/a", "Fragment", &[("BITS-Session-Id", &session)], b"ab").expect_error(400, INVALID);
}

#[test]
fn limits_are_500_for_the_file_and_413_for_the_fragment() {
    let fixture = Fixture::with(|options| {
        options.limits.max_size = Some(100);
        options.limits.max_fragment = Some(10);
    });
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-0/101", b"a").expect_error(500, "0x80200020");
    let refused = client.fragment("/a", &session, "0-10/100", b"abcdefghijk").expect(413);
    assert_eq!(refused.field("BITS-Error"), None, "a code would say that the file is too large");
    client.fragment("/a", &session, "0-9/100", b"abcdefghij").expect_offset(200, 10);
}

/// Only where the file system says how much is free.
#[cfg(unix)]
#[test]
fn a_file_larger_than_the_disk_is_refused_before_its_bytes() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    client.fragment("/a", &session, "0-0/9000000000000000000", b"a").expect_error(500, "0x80070070");
}
