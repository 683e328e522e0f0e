//! The straight path, as Windows walks it.

use std::fs;
use std::time::Duration;

use crate::support::{Fixture, GUID, Response, head, recorded_request, upload};
use crate::transcript::capture;

#[test]
fn windows_recorded_requests_upload_the_file() {
    for (file, target) in [
        ("upload.txt", "upload/2000mb-rfc2119.txt"),
        ("upload-reply.txt", "upload-ref-isapi-WebFarm/2100mb-rfc2119.txt"),
    ] {
        let fixture = Fixture::new();
        fs::create_dir(fixture.path(target).parent().unwrap()).unwrap();
        let mut client = fixture.connect();
        client.ask(recorded_request(file, "Ping").as_bytes()).expect(200);
        let created = client.ask(recorded_request(file, "Create-Session").as_bytes()).expect(200);
        assert_eq!(created.field("BITS-Protocol"), Some(GUID));
        // The one change: the session is ours.
        let session = created.field("BITS-Session-Id").unwrap().to_owned();
        let with_session = |kind: &str| {
            let text = recorded_request(file, kind);
            let start = text.find("BITS-Session-Id: ").unwrap() + "BITS-Session-Id: ".len();
            let end = start + text[start..].find("\r\n").unwrap();
            format!("{}{session}{}", &text[..start], &text[end..]).into_bytes()
        };
        let body = capture("rfc2119.txt");
        client.send(&with_session("Fragment"));
        client.ask(&body).expect_offset(200, 4892);
        assert!(!fixture.path(target).exists(), "nothing is published before Close-Session");
        client.ask(&with_session("Close-Session")).expect(200);
        assert_eq!(fs::read(fixture.path(target)).unwrap(), body);
    }
}

#[test]
fn every_ack_names_the_session_once_it_is_known() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    let same = |response: Response| assert_eq!(response.field("BITS-Session-Id"), Some(&*session));
    same(client.fragment("/a", &session, "0-1/4", b"ab"));
    same(client.fragment("/a", &session, "3-3/4", b"d").expect(416));
    same(client.close("/a", &session).expect(400));
    same(client.fragment("/a", &session, "2-3/4", b"cd"));
    same(client.close("/a", &session));
    same(client.close("/a", &session));
}

#[test]
fn session_ids_are_guids_in_braces_and_read_in_any_spelling() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    assert_eq!((session.len(), &session[..1], &session[37..]), (38, "{", "}"));
    assert_eq!(session, session.to_uppercase());
    client.fragment("/a", &session.to_lowercase(), "0-0/2", b"a").expect_offset(200, 1);
    client.fragment("/a", session.trim_matches(['{', '}']), "1-1/2", b"b").expect_offset(200, 2);
}

#[test]
fn packet_types_and_guids_are_read_in_any_case_and_lists_with_commas() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    client.packet("/a", "PING", &[], b"").expect(200);
    let list = format!("{{00000000-0000-0000-0000-000000000001}}, {}", GUID.to_uppercase());
    let created = client.packet("/a", "create-SESSION", &[("bits-supported-protocols", &list)], b"").expect(200);
    assert_eq!(created.field("BITS-Protocol"), Some(GUID));
}

#[test]
fn an_empty_file_is_created_and_closed() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/empty");
    client.close("/empty", &session).expect(200);
    assert_eq!(fs::read(fixture.path("empty")).unwrap(), b"");
}

#[test]
fn a_large_fragment_arrives_whole() {
    let fixture = Fixture::new();
    let bytes: Vec<u8> = (0..5_000_003u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    upload(&mut fixture.connect(), "/big", &bytes);
    let is_whole = fs::read(fixture.path("big")).unwrap() == bytes;
    assert!(is_whole);
}

#[test]
fn a_body_in_small_pieces_arrives_whole() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    let bytes: Vec<u8> = (0..=255).cycle().take(2000).collect();
    let fields = [("BITS-Session-Id", &*session), ("Content-Range", "bytes 0-1999/2000")];
    client.send(&head("/a", "Fragment", &fields, 2000));
    for piece in bytes.chunks(37) {
        client.send(piece);
        std::thread::sleep(Duration::from_millis(1));
    }
    client.read().expect_offset(200, 2000);
    client.close("/a", &session).expect(200);
    assert_eq!(fs::read(fixture.path("a")).unwrap(), bytes);
}

#[test]
fn a_client_that_waits_to_be_told_to_send_is_told() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let session = client.open("/a");
    let fields = |range| [("BITS-Session-Id", &*session), ("Content-Range", range), ("Expect", "100-continue")];
    client.send(&head("/a", "Fragment", &fields("bytes 0-1/2"), 2));
    assert_eq!(client.read().status, 100);
    client.ask(b"ab").expect_offset(200, 2);
    // A request that its head alone rules out is refused before the body.
    client.send(&head("/a", "Fragment", &fields("bytes 0-1/3"), 2));
    client.read().expect(400);
    client.expect_end();
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let fixture = Fixture::new();
    let mut client = fixture.connect();
    let ping = head("/a", "Ping", &[], 0);
    client.send(&[&ping[..], &head("/a", "Pong", &[], 0), &ping].concat());
    assert_eq!([client.read().status, client.read().status, client.read().status], [200, 400, 200]);
}
