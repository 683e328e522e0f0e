//! What a server refused as too large is not sent again, by later runs either.

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
fn a_size_is_refused_once_for_all_uploads_to_a_host() {
    for refusal in ["HTTP/1.1 413 Too Large", "HTTP/1.1 404 Not Found", "HTTP/1.1 403 Forbidden"] {
        let (server, model) = behind(refusal);
        let (source, state) = (Source::new(1_000_000), TempDir::new().expect("a folder"));
        upload(&source, &server.url("/drop/"), state.path(), &[])
            .exits(0)
            .says(&["fragments of 192 KiB are too large; now 96.0 KiB", "192 KiB -> 96.0 KiB: refused as too large"]);
        assert_eq!((refusals(&server, 0), model.stored() == source.bytes), (1, true), "{refusal}");
        for path in ["/drop/", "/elsewhere/"] {
            let before = server.requests().len();
            upload(&source, &server.url(path), state.path(), &[]).exits(0);
            assert_eq!(refusals(&server, before), 0, "{refusal} {path}");
        }
    }
}

#[test]
fn nothing_is_remembered_with_no_state_or_believed_against_a_chosen_size() {
    let (server, _) = behind("HTTP/1.1 413 Too Large");
    let (source, state) = (Source::new(300_000), TempDir::new().expect("a folder"));
    let mut before = 0;
    for (options, refused) in
        [(&["--no-state"][..], 1), (&["--no-state"], 1), (&[], 1), (&["--fragment-size", "150k"], 1), (&[], 0)]
    {
        let mut command = command(["upload"]);
        command.env("BITSUP_STATE_DIR", state.path()).args(options).arg(source.arg()).arg(server.url("/"));
        Finished(command.output().expect("started")).exits(0);
        assert_eq!(refusals(&server, before), refused, "{options:?}");
        before = server.requests().len();
    }
}

#[cfg(feature = "serve")]
#[test]
fn the_receivers_own_limit_is_met_once() {
    let receiver = crate::support::receiver::Receiver::start(&["--max-fragment", "100k", "--overwrite"]);
    let (source, state) = (Source::new(500_000), TempDir::new().expect("a folder"));
    for refused in [1, 0] {
        let finished = upload(&source, &receiver.url, state.path(), &[]);
        let text = finished.exits(0).stderr();
        assert_eq!(text.matches("\n< 413").count(), refused, "{text}");
        assert_eq!(receiver.published("file.bin"), source.bytes);
    }
}
