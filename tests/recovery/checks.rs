//! `bitsup check` harms nothing that is there.

use crate::job::Running;
use crate::server::{Conduct, Request, Server};

use crate::bitsup::command;

/// A server that empties the target when a session is opened for it.
fn opens_at_create() -> Server {
    let server = Server::start(|request, bits| {
        if request.packet() == "Create-Session" {
            bits.published.insert(request.path().to_owned(), Vec::new());
        }
        Conduct::honest()
    });
    server.bits().published.insert("/drop/existing.bin".to_owned(), b"precious".to_vec());
    server
}

/// Case 28, R10.
#[test]
fn case_28_check_asks_with_a_fresh_name_in_the_folder() {
    let server = opens_at_create();
    let mut names = Vec::new();
    for (path, options) in [
        ("/drop/existing.bin", [].as_slice()),
        ("/drop/existing.bin", &["--probe-fragment"]),
        ("/drop/", &[]),
        ("/drop/", &["--json"]),
    ] {
        let before = server.requests().len();
        let mut check = command(["check"]);
        check.args(options).arg(server.url(path));
        let ended = Running::start(check).end();
        ended.exits(0);
        let requests = server.requests().split_off(before);
        let mut created = requests.iter().filter(|request| request.packet() == "Create-Session").map(Request::path);
        let name = created.next().expect("a session").to_owned();
        assert!(name.starts_with("/drop/") && name != "/drop/existing.bin", "{name}");
        assert!(ended.stdout.contains(name.trim_start_matches("/drop/")), "no {name} in:\n{}", ended.stdout);
        names.push(name);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 4, "each run has a name of its own: {names:?}");
    let bits = server.bits();
    assert_eq!(bits.published["/drop/existing.bin"], b"precious");
    assert!(
        bits.opened >= 4 && bits.sessions.is_empty(),
        "{} opened, {:?} still open",
        bits.opened,
        bits.sessions.keys()
    );
}
