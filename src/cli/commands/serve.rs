//! `bitsup serve [DIR]`

use std::io::{self, Write};

use crate::cli::args::ServeArgs;
use crate::cli::config;
use crate::serve::{ServeEvent, Server};

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let quiet = args.quiet;
    let server = Server::bind(config::serve(args)?)?;
    let stop = server.stop_handle();
    ctrlc::set_handler(move || stop.stop())?;
    server.run(move |event| {
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

/// A log that cannot be written is no reason to stop receiving.
fn log(event: &ServeEvent) {
    let _ = writeln!(io::stderr().lock(), "{event}");
}
