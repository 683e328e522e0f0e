//! Access: Basic authentication and TLS (faults 51, 55 and 58).

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use bitsup::server::{Account, Options, ServeError, Server, TlsFiles};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::{Fixture, GUID, UNKNOWN, head};

/// Of `me` and `s3cret`.
const RIGHT: (&str, &str) = ("Authorization", "Basic bWU6czNjcmV0");

fn with_account() -> Fixture {
    Fixture::with(|options| {
        options.account = Some(Account::new("me", "s3cret").unwrap());
        options.allow_read = true;
    })
}

#[test]
fn fault_55_nobody_gets_anything_without_the_right_credentials() {
    let fixture = with_account();
    fs::write(fixture.path("a"), "secret").unwrap();
    for credentials in
        [&[][..], &[("Authorization", "Basic bWU6d3Jvbmc=")], &[("Authorization", "Bearer s3cret")], &[RIGHT, RIGHT]]
    {
        let mut client = fixture.connect();
        for kind in ["Ping", "Create-Session", "Close-Session", "no packet"] {
            let response = client.packet("/b", kind, credentials, b"");
            assert_eq!(response.status, 401, "{kind} {credentials:?}");
            assert_eq!(response.field("WWW-Authenticate"), Some("Basic realm=\"bitsup\""));
            assert_eq!(response.field("BITS-Packet-Type"), None);
        }
        let fields: String = credentials.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        for path in ["/a", "/none", "/../x"] {
            let get = format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
            assert_eq!(fixture.connect().ask(get.as_bytes()).status, 401);
        }
    }
    let mut client = fixture.connect();
    client.packet("/b", "Ping", &[RIGHT], b"").expect(200);
}

#[test]
fn a_fragment_without_credentials_is_refused_before_its_body() {
    let fixture = with_account();
    let mut client = fixture.connect();
    let fields = [("BITS-Session-Id", GUID), ("Content-Range", "bytes 0-9999999/10000000")];
    client.send(&head("/a", "Fragment", &fields, 10_000_000));
    let response = client.read();
    assert_eq!((response.status, response.field("Connection")), (401, Some("close")));
}

#[test]
fn fault_58_a_session_is_its_users_alone() {
    let fixture = with_account();
    let mut client = fixture.connect();
    let create = [RIGHT, ("BITS-Supported-Protocols", GUID)];
    let created = client.packet("/a", "Create-Session", &create, b"").expect(200);
    let session = created.field("BITS-Session-Id").unwrap().to_owned();
    drop(client);
    let fixture = fixture.restart(|options| options.account = Some(Account::new("other", "s3cret").unwrap()));
    // Of `other` and `s3cret`.
    let other = ("Authorization", "Basic b3RoZXI6czNjcmV0");
    let fields = [other, ("BITS-Session-Id", &session), ("Content-Range", "bytes 0-0/1")];
    fixture.connect().packet("/a", "Fragment", &fields, b"x").expect_error(500, UNKNOWN);
    let fixture = fixture.restart(|_| {});
    fixture.connect().fragment("/a", &session, "0-0/1", b"x").expect_error(500, UNKNOWN);
    let fixture = fixture.restart(|options| options.account = Some(Account::new("me", "new password").unwrap()));
    // Of `me` and `new password`.
    let mine = ("Authorization", "Basic bWU6bmV3IHBhc3N3b3Jk");
    let fields = [mine, ("BITS-Session-Id", &session), ("Content-Range", "bytes 0-0/1")];
    fixture.connect().packet("/a", "Fragment", &fields, b"x").expect_offset(200, 1);
}

struct Certificate {
    folder: tempfile::TempDir,
    files: TlsFiles,
    der: rustls::pki_types::CertificateDer<'static>,
}

fn certificate() -> Certificate {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    fs::write(&files.cert, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    Certificate { folder, files, der: made.cert.der().clone() }
}

fn connect_tls(
    fixture: &Fixture,
    certificate: &Certificate,
    alpn: &[&[u8]],
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, fixture.connect().stream)
}

#[test]
fn packets_are_carried_out_over_tls() {
    let certificate = certificate();
    let fixture = Fixture::with(|options| options.tls = Some(certificate.files.clone()));
    assert!(fixture.first_line().contains("https://127.0.0.1:"));
    let mut stream = connect_tls(&fixture, &certificate, &[b"h2", b"http/1.1"]);
    let mut ask = |bytes: &[u8]| {
        stream.write_all(bytes).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    };
    assert!(ask(&head("/a", "Ping", &[], 0)).starts_with("HTTP/1.1 200"));
    let created = ask(&head("/a", "Create-Session", &[("BITS-Supported-Protocols", GUID)], 0));
    let session = created.split("\r\n").find_map(|line| line.strip_prefix("Bits-Session-Id: ")).unwrap();
    let content = vec![7; 3_000_000];
    let range = format!("bytes 0-{}/{}", content.len() - 1, content.len());
    let fragment = head("/a", "Fragment", &[("BITS-Session-Id", session), ("Content-Range", &range)], content.len());
    assert!(ask(&[&fragment[..], &content].concat()).starts_with("HTTP/1.1 200"));
    assert!(ask(&head("/a", "Close-Session", &[("BITS-Session-Id", session)], 0)).starts_with("HTTP/1.1 200"));
    let is_whole = fs::read(fixture.path("a")).unwrap() == content;
    assert!(is_whole);
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[test]
fn plain_http_on_a_tls_port_gets_no_http_response() {
    let certificate = certificate();
    let fixture = Fixture::with(|options| options.tls = Some(certificate.files.clone()));
    let mut client = fixture.connect();
    client.send(&head("/a", "Ping", &[], 0));
    let mut rest = Vec::new();
    let _ = client.stream.read_to_end(&mut rest);
    assert!(!String::from_utf8_lossy(&rest).contains("HTTP"));
}

#[test]
fn certificates_that_cannot_be_used_are_named_with_the_cause() {
    let (one, two) = (certificate(), certificate());
    let empty = one.folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    let none = one.folder.path().join("none");
    for (cert, key, said) in [
        (&none, &one.files.key, "none"),
        (&one.files.cert, &none, "none"),
        (&empty, &one.files.key, "empty"),
        (&one.files.key, &one.files.key, "key.pem"),
        (&one.files.cert, &one.files.cert, "cert.pem"),
        (&one.files.cert, &two.files.key, "with the key"),
    ] {
        let mut options = Options::new(one.folder.path(), "127.0.0.1:0".parse().unwrap());
        options.tls = Some(TlsFiles { cert: cert.clone(), key: key.clone() });
        let error = Server::bind(options).expect_err("refused");
        assert!(
            matches!(error, ServeError::TlsFile(..) | ServeError::Pem(..) | ServeError::Tls(..))
                && error.to_string().contains(said),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}
