//! HEAD and GET of published files (RFC 9110), for whoever may upload.

use std::fs;

use crate::support::{Client, Fixture, upload};

fn reading() -> Fixture {
    Fixture::with(|options| options.allow_read = true)
}

fn request(client: &mut Client, method: &str, path: &str, fields: &str) -> (crate::support::Response, Vec<u8>) {
    client.send(format!("{method} {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n").as_bytes());
    let response = client.read();
    let length = response.field("Content-Length").unwrap().parse().unwrap();
    let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
    std::io::Read::read_exact(&mut client.stream, &mut body).unwrap();
    (response, body)
}

#[test]
fn published_files_are_given_out_whole_and_in_parts() {
    let fixture = reading();
    let content: Vec<u8> = (0..1_000_003u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut client = fixture.connect();
    upload(&mut client, "/a", &content);
    let (head, _) = request(&mut client, "HEAD", "/a", "");
    assert_eq!((head.status, head.field("Content-Length")), (200, Some("1000003")));
    assert_eq!(head.field("Accept-Ranges"), Some("bytes"));
    let (ranged, _) = request(&mut client, "HEAD", "/a", "Range: bytes=0-1\r\n");
    assert_eq!((ranged.status, ranged.field("Content-Length")), (200, Some("1000003")), "case 94");
    let modified = head.field("Last-Modified").unwrap().to_owned();
    assert!(modified.ends_with(" GMT"), "{modified}");
    let (response, body) = request(&mut client, "GET", "/a", "");
    assert!(response.status == 200 && body == content);
    let (response, body) = request(&mut client, "GET", "/a", "Range: bytes=500000-500009\r\n");
    assert_eq!((response.status, response.field("Content-Range")), (206, Some("bytes 500000-500009/1000003")));
    assert_eq!(body, content[500_000..500_010]);
    let (response, body) = request(&mut client, "GET", "/a", "Range: bytes=1000003-\r\n");
    assert_eq!((response.status, response.field("Content-Range"), body.len()), (416, Some("bytes */1000003"), 0));
    let fields = format!("Range: bytes=-3\r\nIf-Range: {modified}\r\n");
    assert_eq!(request(&mut client, "GET", "/a", &fields).1, content[1_000_000..]);
    let fields = "Range: bytes=-3\r\nIf-Range: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    assert_eq!(request(&mut client, "GET", "/a", fields).0.status, 200);
}

#[test]
fn fault_56_nothing_else_is_given_out() {
    let fixture = reading();
    fs::create_dir(fixture.path("d")).unwrap();
    fs::write(fixture.path("d/f"), "x").unwrap();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "x").unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.path(), fixture.path("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), fixture.path("file")).unwrap();
    }
    let mut client = fixture.connect();
    let session = client.open("/unfinished");
    client.fragment("/unfinished", &session, "0-0/2", b"x").expect(200);
    for (path, status) in [
        ("/", 404),
        ("/d", 404),
        ("/d/", 404),
        ("/none", 404),
        ("/d/f/g", 404),
        ("/link/secret", 404),
        ("/file", 404),
        ("/unfinished", 404),
        ("/../x", 403),
        ("/..%2fx", 403),
        ("/d/%2e%2e/x", 403),
        ("/.bitsup-sessions/lock", 403),
        ("/nul", 403),
    ] {
        let (response, body) = request(&mut client, "GET", path, "");
        assert_eq!((response.status, body.len()), (status, 0), "{path}");
        assert_eq!(response.field("BITS-Packet-Type"), None, "a plain client gets a plain response");
    }
    assert_eq!(request(&mut client, "GET", "/d/f", "").1, b"x");
    let put = client.ask(b"PUT /d/f HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((put.status, put.field("Allow")), (405, Some("BITS_POST, GET, HEAD")));
}

#[test]
fn fault_59_heads_of_two_readings_are_refused_for_get_too() {
    let fixture = reading();
    fs::write(fixture.path("a"), "x").unwrap();
    for (fields, body) in [
        ("Transfer-Encoding: chunked\r\n", ""),
        ("Content-Length: 1\r\n", "x"),
        ("Content-Length: 0\r\nContent-Length: 0\r\n", ""),
    ] {
        let get = format!("GET /a HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}");
        assert_eq!(fixture.connect().ask(get.as_bytes()).status, 400, "{fields:?}");
    }
}
