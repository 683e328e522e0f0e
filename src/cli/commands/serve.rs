//! `bitsup serve [DIR]`

use std::io::{self, Write};

use anyhow::Context;
use serde::Serialize;

use crate::cli::args::ServeArgs;
use crate::cli::config::serve_options;
use crate::cli::signals;
use crate::output::{escape_line, json, units};
use crate::server::{ServeEvent, Server};

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let (quiet, json) = (args.quiet, args.json);
    let server = Server::bind(serve_options(args)?)?;
    let stop = server.stop_handle();
    signals::on_each(move |_| stop.stop())?;
    let run = server.run(move |event| {
        if json {
            record(event);
        }
        if !quiet || is_first(event) {
            log(event);
        }
    });
    run.context("cannot receive uploads")
}

/// Whoever starts a quiet server on port 0 still needs to know where it listens.
fn is_first(event: &ServeEvent) -> bool {
    matches!(event, ServeEvent::Started { .. })
}

/// Fields may be added in a version; those here keep their meaning. Sizes are bytes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "A line of `bitsup serve --json`"))]
struct Line<'a> {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    v: u8,
    #[serde(flatten)]
    event: &'a ServeEvent,
    /// When it happened: RFC 3339, UTC.
    #[cfg_attr(test, schemars(extend("format" = "date-time")))]
    time: String,
}

/// A record that cannot be written is no reason to stop receiving.
fn record(event: &ServeEvent) {
    let mut stdout = io::stdout();
    let line = json::line(&Line { v: json::VERSION, event, time: units::now() });
    let _ = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
}

/// A log that cannot be written is no reason to stop receiving.
fn log(event: &ServeEvent) {
    let line = format!("{} {event}", units::now());
    // In one piece: another writer cannot come between, and standard error is not buffered.
    let _ = io::stderr().write_all(format!("{}\n", escape_line(&line)).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    #[test]
    fn the_schema_in_the_documents_is_that_of_the_types() {
        check_schema::<Line<'_>>("serve-events");
    }
}
