//! `bitsup serve [DIR]`

use std::io::{self, Write};

use anyhow::Context;

use crate::cli::args::ServeArgs;
use crate::cli::config::serve_options;
use crate::cli::signals;
use crate::server::{ServeEvent, Server};

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let (quiet, json) = (args.quiet, args.json);
    let server = Server::bind(serve_options(args)?).context("cannot receive uploads")?;
    let stop = server.stop_handle();
    signals::on_each(move |_| stop.stop())?;
    let run = server.run(move |event| {
        // A record or a log that cannot be written is no reason to stop receiving.
        if json {
            let mut stdout = io::stdout();
            let _ = stdout.write_all(format!("{}\n", event.to_json()).as_bytes()).and_then(|()| stdout.flush());
        }
        // Whoever starts a quiet server on port 0 still needs to know where it listens.
        if !quiet || matches!(event, ServeEvent::Started { .. }) {
            // In one piece: another writer cannot come between, and standard error is not buffered.
            let _ = io::stderr().write_all(format!("{event}\n").as_bytes());
        }
    });
    run.context("cannot receive uploads")
}
