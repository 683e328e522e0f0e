//! The conversation of Windows' client and IIS 6, as printed in [MC-BUP] section 4, byte for byte.

use crate::support::bitsup::{Finished, command};
use crate::support::replay::Replay;
use crate::support::transcript::{Exchange, capture, recorded};

/// Uploads the recorded file to a server that gives IIS's recorded answers. Each of our requests has the request line and
/// the fields of the recorded one of its kind, with the same values.
fn upload(url: &str) -> Finished {
    let source = tempfile::tempdir().expect("a folder");
    let file = source.path().join("rfc2119.txt");
    std::fs::write(&file, capture("rfc2119.txt")).expect("written");
    Finished(command(["upload", "-v"]).arg(&file).arg(url).output().expect("the program starts"))
}

#[test]
fn an_upload_to_iis_as_recorded() {
    let replay = Replay::start(recorded("upload.txt"));
    upload(&replay.server.url("/upload/2000mb-rfc2119.txt")).exits(0);
    replay.is_over_but_for(&[]);
    let requests = replay.server.requests();
    assert_eq!(replay.server.packets(), ["Ping", "Create-Session", "Fragment", "Close-Session"]);
    assert_eq!(requests[2].body, capture("rfc2119.txt"));
    assert!(requests.iter().all(|request| request.connection == 0), "one connection");
}

#[test]
fn an_upload_reply_to_iis_as_recorded_up_to_the_reply() {
    // The recording names the test's own host in capitals; here it is called otherwise.
    let here = |exchange: Exchange| Exchange {
        response: exchange.response.map(|head| head.replace("FRANKCAO8", "LOCALHOST")),
        ..exchange
    };
    let replay = Replay::start(recorded("upload-reply.txt").into_iter().map(here).collect());
    let port = replay.server.port;
    upload(&format!("http://localhost:{port}/upload-ref-isapi-WebFarm/2100mb-rfc2119.txt")).exits(0);
    replay.is_over_but_for(&["POST", "GET"]);
    let requests = replay.server.requests();
    assert_eq!(replay.server.packets(), ["Ping", "Create-Session", "Ping", "Fragment", "Close-Session"]);
    let hosts: Vec<_> = requests.iter().filter_map(|request| request.field("host")).collect();
    let (before, after) = (format!("localhost:{port}"), format!("LOCALHOST:{port}"));
    assert_eq!(hosts, [&before, &before, &after, &after, &after]);
    assert!(requests.iter().all(|request| request.connection == 0), "the same host is the same connection");
}
