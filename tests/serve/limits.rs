//! The operator's limits, and what many clients at once may take (faults 60 and 61).

use std::time::Duration;

use crate::support::{Fixture, upload};

#[test]
fn the_host_to_go_on_with_is_announced_when_set() {
    // [MC-BUP] 2.2.3.2
    let fixture = Fixture::with(|options| {
        options.host_id = Some("node1.example:8443".parse().unwrap());
        options.host_id_fallback_timeout = Some(Duration::from_secs(110));
    });
    let created = fixture.connect().create("/a").expect(200);
    assert_eq!(created.field("BITS-Host-Id"), Some("node1.example:8443"));
    assert_eq!(created.field("BITS-Host-Id-Fallback-Timeout"), Some("110"));
    let fixture = Fixture::new();
    let created = fixture.connect().create("/a").expect(200);
    assert_eq!(created.field("BITS-Host-Id"), None);
    assert_eq!(created.field("BITS-Host-Id-Fallback-Timeout"), None);
}

#[test]
fn fault_61_unfinished_uploads_together_hold_so_many_bytes_and_no_more() {
    let fixture = Fixture::with(|options| options.limits.max_temp = Some(10));
    let mut client = fixture.connect();
    let (one, two) = (client.open("/a"), client.open("/b"));
    client.fragment("/a", &one, "0-5/8", b"abcdef").expect_offset(200, 6);
    client.fragment("/b", &two, "0-5/6", b"abcdef").expect_error(503, "0x80070718");
    client.cancel("/a", &one).expect(200);
    client.fragment("/b", &two, "0-5/6", b"abcdef").expect_offset(200, 6);
    let fixture = fixture.restart(|options| options.limits.max_temp = Some(10));
    let mut client = fixture.connect();
    let three = client.open("/c");
    client.fragment("/c", &three, "0-5/6", b"abcdef").expect_error(503, "0x80070718");
    client.close("/b", &two).expect(200);
    client.fragment("/c", &three, "0-5/6", b"abcdef").expect_offset(200, 6);
}

#[test]
fn fault_61_one_client_has_so_many_connections_and_no_more() {
    let fixture = Fixture::with(|options| options.limits.max_connections = 2);
    let (mut one, mut two) = (fixture.connect(), fixture.connect());
    one.packet("/a", "Ping", &[], b"").expect(200);
    two.packet("/a", "Ping", &[], b"").expect(200);
    // It may be closed before this is written.
    let ping = || {
        let mut client = fixture.connect();
        let _ = std::io::Write::write_all(&mut client.stream, &crate::support::head("/a", "Ping", &[], 0));
        client.try_read()
    };
    assert!(ping().is_none(), "a third one gets no word");
    drop(one);
    // The server notices the end of the first when it reads it.
    let again = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        ping()
    });
    again.expect("a place again").expect(200);
}

#[test]
fn fault_61_a_thousand_idle_connections_keep_nobody_from_uploading() {
    allow_many_files();
    let fixture = Fixture::with(|options| options.limits.max_connections = 2000);
    let idle: Vec<_> = (0..1000)
        .map(|number| {
            let mut client = fixture.connect();
            // Some have said nothing, some half a head, some a whole request.
            match number % 3 {
                0 => {}
                1 => client.send(b"BITS_POST /a HTT"),
                _ => drop(client.packet("/a", "Ping", &[], b"").expect(200)),
            }
            client
        })
        .collect();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let fixture = &fixture;
            scope.spawn(move || upload(&mut fixture.connect(), &format!("/{number}"), &vec![7; 1_000_000]));
        }
    });
    for number in 0..4 {
        assert_eq!(std::fs::metadata(fixture.path(&number.to_string())).unwrap().len(), 1_000_000);
    }
    drop(idle);
}

/// Both ends of each connection are in this process.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}
