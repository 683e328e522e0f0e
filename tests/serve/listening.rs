//! Where a receiver listens, whom it counts as its client, and what it tells those who watch it.

use std::net::IpAddr;

use bitsup::server::Account;

use crate::support::{Fixture, GUID};

const TOO_MANY: u16 = 503;

fn behind_a_proxy(network: &str) -> Fixture {
    Fixture::with(|options| {
        options.limits.max_sessions = 1;
        options.limits.max_connections = 2;
        options.trusted_proxies.0.push(network.parse().unwrap());
    })
}

fn create_for(fixture: &Fixture, path: &str, client: &str) -> u16 {
    let fields = [("BITS-Supported-Protocols", GUID), ("X-Forwarded-For", client)];
    fixture.connect().packet(path, "Create-Session", &fields, b"").status
}

#[test]
fn limits_and_log_have_the_client_that_a_trusted_proxy_names() {
    let fixture = behind_a_proxy("127.0.0.0/8");
    assert_eq!(create_for(&fixture, "/a", "203.0.113.7"), 200);
    assert_eq!(create_for(&fixture, "/b", "203.0.113.8"), 200, "another client");
    assert_eq!(create_for(&fixture, "/c", "203.0.113.7"), TOO_MANY);
    assert_eq!(create_for(&fixture, "/d", "203.0.113.99, 203.0.113.7"), TOO_MANY, "what a client says of itself");
    let log = fixture.log();
    assert!(log.iter().any(|line| line.starts_with("203.0.113.8 Create-Session /b")), "{log:?}");
    let open: Vec<_> = (0..5).map(|_| fixture.connect()).collect();
    assert_eq!(create_for(&fixture, "/e", "203.0.113.9"), 200, "a proxy has as many connections as it needs");
    drop(open);
}

#[test]
fn nobody_else_chooses_an_address() {
    for fixture in [behind_a_proxy("192.0.2.0/24"), Fixture::with(|options| options.limits.max_sessions = 1)] {
        assert_eq!(create_for(&fixture, "/a", "203.0.113.7"), 200);
        assert_eq!(create_for(&fixture, "/b", "203.0.113.8"), TOO_MANY);
        let log = fixture.log();
        assert!(log.iter().any(|line| line.starts_with("127.0.0.1:")), "{log:?}");
    }
}

#[test]
fn a_server_has_as_many_addresses_as_it_is_given() {
    let fixture =
        Fixture::with(|options| options.listen.push("127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()));
    fixture.first_line();
    fixture.connect().packet("/a", "Ping", &[], b"").expect(200);
    let log = fixture.log();
    let urls: Vec<_> =
        log.iter().filter_map(|line| line.split_whitespace().find(|word| word.starts_with("http"))).collect();
    assert_eq!(urls.len(), 2, "{log:?}");
    for url in urls {
        let address = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        crate::support::Client::of(address).packet("/a", "Ping", &[], b"").expect(200);
    }
}

#[test]
fn those_who_watch_it_are_told_that_it_works() {
    let fixture = Fixture::with(|options| {
        options.health = true;
        options.account = Some(Account::new("me", "s3cret").unwrap());
    });
    let mut client = fixture.connect();
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(client.read_to_its_end()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let mut client = fixture.connect();
    client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(client.read_to_its_end()).unwrap();
    assert!(answer.contains("Content-Length: 3") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(fixture.connect().ask(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n").status, 401, "nothing else is");
    assert_eq!(Fixture::new().connect().ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 405, "only if asked for");
}

#[test]
fn an_address_of_both_kinds_is_the_same_client() {
    let fixture = behind_a_proxy("127.0.0.1/32");
    let mapped: IpAddr = "::ffff:203.0.113.7".parse().unwrap();
    assert_eq!(create_for(&fixture, "/a", "203.0.113.7"), 200);
    assert_eq!(create_for(&fixture, "/b", &mapped.to_string()), TOO_MANY);
}

#[cfg(unix)]
mod unix_sockets {
    use std::io::{Read, Write};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    use bitsup::server::{Listen, Options, ServeError, Server};

    use crate::support::Fixture;

    const PING: &[u8] = b"BITS_POST /a HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: Ping\r\nConnection: close\r\n\r\n";

    fn ping(socket: &Path) -> String {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(PING).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn on(socket: &Path) -> Fixture {
        Fixture::with(|options| options.listen.push(Listen::Unix(socket.to_owned())))
    }

    #[test]
    fn a_unix_socket_is_served_and_gone_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let mut fixture = on(&socket);
        assert!(ping(&socket).starts_with("HTTP/1.1 200 "));
        let log = fixture.log();
        assert!(log.iter().any(|line| line.starts_with("unix Ping /a: 200")), "{log:?}");
        fixture.end();
        assert!(!socket.exists());
    }

    #[test]
    fn a_socket_left_behind_is_replaced_but_no_other_and_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        drop(UnixListener::bind(&socket).unwrap());
        let fixture = on(&socket);
        assert!(ping(&socket).starts_with("HTTP/1.1 200 "));
        let file = folder.path().join("file");
        std::fs::write(&file, "precious").unwrap();
        for taken in [&socket, &file] {
            let other = tempfile::tempdir().unwrap();
            let mut options = Options::new(other.path(), "127.0.0.1:0".parse().unwrap());
            options.listen = vec![Listen::Unix(taken.clone())];
            assert!(matches!(Server::bind(options), Err(ServeError::Bind(..))));
        }
        assert!(ping(&socket).starts_with("HTTP/1.1 200 "));
        assert_eq!(std::fs::read(&file).unwrap(), b"precious");
        drop(fixture);
    }
}
