//! What Windows' client and IIS 6 said to each other, as printed in [MC-BUP] section 4, byte for byte.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::support::bitsup::{Finished, command};
use crate::support::script::{Reply, Request, ScriptServer};

fn capture(path: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Fields that name the client, the host or the connection rather than anything of the protocol.
const OF_NO_INTEREST: [&str; 3] = ["user-agent", "host", "connection"];

fn protocol_fields(head: &str) -> BTreeMap<String, String> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| !OF_NO_INTEREST.contains(&name.as_str()))
        .collect()
}

/// Uploads the recorded file to a server that gives IIS's recorded answers.
fn upload(url: &str, folder: &str, body: &str) -> Finished {
    let source = tempfile::tempdir().expect("a folder");
    let file = source.path().join("rfc2119.txt");
    std::fs::write(&file, capture(&format!("{folder}/{body}"))).expect("written");
    Finished(command(["upload", "-v"]).arg(&file).arg(url).output().expect("the program starts"))
}

/// Each recorded request has one of ours with the same request line and at least its fields, with the same values.
#[track_caller]
fn assert_equivalent(ours: &[Request], folder: &str, recorded: &[&str]) {
    for file in recorded {
        let theirs = String::from_utf8(capture(&format!("{folder}/{file}"))).expect("a head");
        let theirs = Request { head: theirs, ..Request::default() };
        let ours = ours.iter().find(|ours| ours.packet() == theirs.packet());
        let ours = ours.unwrap_or_else(|| panic!("no request like {file}"));
        assert_eq!(ours.head.lines().next(), theirs.head.lines().next(), "{file}");
        let our_fields = protocol_fields(&ours.head);
        for (name, value) in protocol_fields(&theirs.head) {
            assert_eq!(our_fields.get(&name), Some(&value), "{file}: {name}");
        }
    }
}

#[test]
fn an_upload_to_iis_as_recorded() {
    let server = ScriptServer::start(|request| {
        let file = match request.packet() {
            "Create-Session" => "02-ack.http",
            "Fragment" => "05-ack.http",
            "Ping" => "07-ack.http",
            "Close-Session" => "09-ack.http",
            other => panic!("{other:?}"),
        };
        Reply::Bytes(capture(&format!("upload/{file}")))
    });
    upload(&server.url("/upload/2000mb-rfc2119.txt"), "upload", "04-fragment-body.bin").exits(0);
    let requests = server.requests();
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Fragment", "Close-Session"]);
    assert_equivalent(
        &requests,
        "upload",
        &[
            "01-request-create-session.http",
            "03-request-fragment.http",
            "06-request-ping.http",
            "08-request-close-session.http",
        ],
    );
    assert_eq!(requests[2].body, capture("upload/04-fragment-body.bin"));
    assert!(requests.iter().all(|request| request.connection == 0), "one connection");
}

#[test]
fn an_upload_reply_to_iis_as_recorded_up_to_the_reply() {
    let server = ScriptServer::start(|request| {
        let file = match request.packet() {
            "Create-Session" => "02-ack.http",
            "Ping" => "04-ack.http",
            "Fragment" => "09-ack.http",
            "Close-Session" => "13-ack.http",
            other => panic!("{other:?}"),
        };
        // The recording names the test's own host in capitals; here it is called otherwise.
        let answer = String::from_utf8(capture(&format!("upload-reply/{file}"))).expect("a head");
        Reply::Bytes(answer.replace("FRANKCAO8", "LOCALHOST").into_bytes())
    });
    let url = format!("http://localhost:{}/upload-ref-isapi-WebFarm/2100mb-rfc2119.txt", server.port);
    upload(&url, "upload-reply", "06-fragment-body.bin").exits(0);
    let requests = server.requests();
    assert_eq!(server.packets(), ["Ping", "Create-Session", "Ping", "Fragment", "Close-Session"]);
    assert_equivalent(
        &requests,
        "upload-reply",
        &[
            "01-request-create-session.http",
            "03-request-ping.http",
            "05-request-fragment.http",
            "12-request-close-session.http",
        ],
    );
    let hosts: Vec<_> = requests.iter().filter_map(|request| request.field("host")).collect();
    let (before, after) = (format!("localhost:{}", server.port), format!("LOCALHOST:{}", server.port));
    assert_eq!(hosts, [&before, &before, &after, &after, &after]);
    assert!(requests.iter().all(|request| request.connection == 0), "the same host is the same connection");
}
