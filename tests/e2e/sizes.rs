//! A size that a server refused as too large is not sent again, by later runs either.

use std::path::Path;

use tempfile::TempDir;

use crate::support::bitsup::{Finished, Source, command};
use crate::support::script::{Model, Reply, Request, ScriptServer};

fn upload(source: &Source, url: &str, state: &Path, options: &[&str]) -> Finished {
    let mut command = command(["upload", "-v", "--state-dir"]);
    command.arg(state).args(options).arg(source.arg()).arg(url);
    Finished(command.output().expect("started"))
}

/// A server behind something that refuses requests of more than 100,000 bytes in its own way.
fn behind(refusal: &'static str) -> (ScriptServer, Model) {
    let model = Model::default();
    let inner = model.clone();
    let server =
        ScriptServer::start(
            move |request| {
                if length(request) > 100_000 { Reply::head(refusal) } else { inner.answer(request) }
            },
        );
    (server, model)
}

fn length(request: &Request) -> u64 {
    request.field("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0)
}

fn refusals(server: &ScriptServer, since: usize) -> usize {
    server.requests()[since..].iter().filter(|request| length(request) > 100_000).count()
}

#[test]
fn what_is_proven_of_a_folder_is_remembered_and_tried_again_once() {
    // A page may be chance, so that it takes two at one size to prove something; sizes between are measured.
    for (refusal, refused) in
        [("HTTP/1.1 413 Too Large", 1..=1), ("HTTP/1.1 404 Not Found", 2..=4), ("HTTP/1.1 403 Forbidden", 2..=4)]
    {
        let (server, model) = behind(refusal);
        let (source, state) = (Source::new(1_000_000), TempDir::new().expect("a folder"));
        upload(&source, &server.url("/drop/"), state.path(), &[])
            .exits(0)
            .says(&["fragments of 192 KiB are too large; now 96.0 KiB", "192 KiB -> 96.0 KiB: refused as too large"]);
        assert!(refused.contains(&refusals(&server, 0)) && model.stored() == source.bytes, "{refusal}");
        for (path, refused) in [("/drop/", 0..=1), ("/elsewhere/", refused)] {
            let before = server.requests().len();
            upload(&source, &server.url(path), state.path(), &[]).exits(0);
            assert!(refused.contains(&refusals(&server, before)), "{refusal} {path}");
        }
    }
}

#[test]
fn nothing_is_remembered_with_no_state_or_believed_against_a_chosen_size() {
    let (server, _) = behind("HTTP/1.1 413 Too Large");
    let (source, state) = (Source::new(300_000), TempDir::new().expect("a folder"));
    let mut before = 0;
    for (options, refused, first_size) in [
        (&["--no-state"][..], 1, 196_608),
        (&["--no-state"], 1, 196_608),
        (&[], 1, 196_608),
        (&["--fragment-size", "150k"], 1, 153_600),
        // Half of what was refused last, and then all of that once more.
        (&[], 1, 76_800),
    ] {
        let mut command = command(["upload"]);
        command.env("BITSUP_STATE_DIR", state.path()).args(options).arg(source.arg()).arg(server.url("/"));
        Finished(command.output().expect("started")).exits(0);
        assert_eq!(refusals(&server, before), refused, "{options:?}");
        let first = server.requests()[before..].iter().map(length).find(|length| *length > 0);
        assert_eq!(first, Some(first_size), "{options:?}");
        before = server.requests().len();
    }
}

#[cfg(feature = "serve")]
#[test]
fn the_receivers_own_limit_is_met_once() {
    let receiver = crate::support::receiver::Receiver::start(&["--max-fragment", "100k", "--overwrite"]);
    let (source, state) = (Source::new(500_000), TempDir::new().expect("a folder"));
    for refused in [1, 1] {
        let finished = upload(&source, &receiver.url, state.path(), &[]);
        let text = finished.exits(0).stderr();
        assert_eq!(text.matches("\n< 413").count(), refused, "{text}");
        assert_eq!(receiver.published("file.bin"), source.bytes);
    }
}
