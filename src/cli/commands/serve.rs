//! `bitsup serve [DIR]`

use std::io::{self, Write};

use crate::cli::args::ServeArgs;
use crate::cli::config::serve_options;
use crate::server::{ServeEvent, Server};

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let (quiet, json) = (args.quiet, args.json);
    let server = Server::bind(serve_options(args)?)?;
    let stop = server.stop_handle();
    ctrlc::set_handler(move || stop.stop())?;
    server.run(move |event| {
        if json {
            record(event);
        }
        if !quiet || is_first(event) {
            log(event);
        }
    })?;
    Ok(())
}

/// Whoever starts a quiet server on port 0 still needs to know where it listens.
fn is_first(event: &ServeEvent) -> bool {
    matches!(event, ServeEvent::Started { .. })
}

/// A record that cannot be written is no reason to stop receiving.
fn record(event: &ServeEvent) {
    let mut stdout = io::stdout();
    let _ = stdout.write_all(format!("{}\n", event.to_json()).as_bytes()).and_then(|()| stdout.flush());
}

/// A log that cannot be written is no reason to stop receiving.
fn log(event: &ServeEvent) {
    // In one piece: another writer cannot come between, and standard error is not buffered.
    let _ = io::stderr().write_all(format!("{event}\n").as_bytes());
}
