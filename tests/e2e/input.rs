//! Standard input that is none.

use std::fs::File;
use std::process::Command;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, command, program};
use crate::support::script::{Model, ScriptServer};

/// By a shell, which can close it.
fn redirected(how: &str, arguments: &[&str]) -> Finished {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec \"$0\" upload --no-state --no-progress-timeout 5s \"$@\" {how}"), program()]);
    Finished(shell.args(arguments).output().expect("started"))
}

#[test]
fn an_input_that_is_closed_is_exit_3_and_nothing_is_sent() {
    let model = Model::default();
    let server = ScriptServer::start(move |request| model.answer(request));
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("out").display().to_string();
    for how in ["<&-", &format!("0>'{file}'")] {
        let url = server.url("/a");
        redirected(how, &["-", &url]).exits(3).says(&["cannot read standard input: it is closed", "next:   pipe"]);
        redirected(how, &["--files-from", "-", &url]).exits(3).says(&["cannot read standard input: it is closed"]);
    }
    assert!(server.requests().is_empty());
    // One that is empty is a file like others.
    redirected("</dev/null", &["-", &server.url("/a")]).exits(0);
}

#[test]
fn an_input_that_is_a_directory_is_exit_3() {
    let folder = TempDir::new().expect("a folder");
    let mut upload = command(["upload", "--no-state", "-", "http://127.0.0.1:9/a"]);
    upload.stdin(File::open(folder.path()).expect("opened"));
    let finished = Finished(upload.output().expect("started"));
    finished.exits(3).says(&["cannot read standard input: it is a directory"]);
}
