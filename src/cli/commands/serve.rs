//! `bitsup serve [DIR]`

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Serialize;

use crate::cli::args::ServeArgs;
use crate::cli::config::serve_options;
use crate::cli::error::StopReason;
use crate::cli::signals;
use crate::output::{escape_line, json, units};
use crate::server::{ServeEvent, Server};
use crate::sync::lock;

/// Lines that wait for their reader; more are dropped.
const WAITING: usize = 10_000;

/// Time that the last lines get when the server has stopped.
const LAST_LINES: Duration = Duration::from_millis(200);

pub(super) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let quiet = args.quiet;
    let record = args.json.then(|| LineWriter::new(io::stdout(), json_line)).transpose()?;
    let log = LineWriter::new(io::stderr(), text_line)?;
    let server = Server::bind(serve_options(args.clone())?)?;
    let writers = [Some(log.clone()), record.clone()];
    let tell = move |event: &ServeEvent| {
        if let Some(record) = &record {
            record.write(event);
        }
        if !quiet || is_important(event) {
            log.write(event);
        }
    };
    watch(&server, args, tell.clone())?;
    supervisor::tell_ready();
    let run = server.run(tell);
    let until = Instant::now() + LAST_LINES;
    for writer in writers.into_iter().flatten() {
        writer.finish(until);
    }
    run.context("cannot receive uploads")
}

/// systemd, of a unit with `Type=notify`. Whether it hears is its business.
#[cfg(target_os = "linux")]
mod supervisor {
    use sd_notify::NotifyState;

    pub(super) fn tell_ready() {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    pub(super) fn tell_stopping() {
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
    }
}

#[cfg(not(target_os = "linux"))]
mod supervisor {
    pub(super) fn tell_ready() {}

    pub(super) fn tell_stopping() {}
}

/// Stops the server at a signal. SIGHUP lets it read certificate and password again, unless it says that the terminal is
/// gone.
fn watch(server: &Server, args: ServeArgs, tell: impl Fn(&ServeEvent) + Clone + Send + 'static) -> anyhow::Result<()> {
    let (stop, reload) = (server.stop_handle(), server.reload_handle());
    let (had_terminal, is_reading) = (io::stderr().is_terminal(), Arc::new(AtomicBool::new(false)));
    signals::on_each(move |signal| {
        // A terminal that hung up is none any more.
        if signal != StopReason::HangUp || (had_terminal && !io::stderr().is_terminal()) {
            supervisor::tell_stopping();
            return stop.stop();
        }
        if is_reading.swap(true, Ordering::AcqRel) {
            return;
        }
        let (args, reload, tell, over) = (args.clone(), reload.clone(), tell.clone(), Arc::clone(&is_reading));
        // A password file may be a pipe without a writer: the next signal must be heard all the same.
        let reader = std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
            let read = serve_options(args).map_err(|error| error.to_string());
            let result = read.and_then(|options| reload.reload(&options).map_err(|error| with_source(&error)));
            tell(&ServeEvent::Reloaded { reason: result.err() });
            over.store(false, Ordering::Release);
        });
        if reader.is_err() {
            is_reading.store(false, Ordering::Release);
        }
    })
}

fn with_source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// The user of a quiet server on port 0 still needs to know where it listens, and what came of SIGHUP.
fn is_important(event: &ServeEvent) -> bool {
    matches!(event, ServeEvent::Started { .. } | ServeEvent::Reloaded { .. })
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

fn json_line(event: &ServeEvent) -> String {
    json::line(&Line { v: json::VERSION, event, time: units::now() })
}

fn text_line(event: &ServeEvent) -> String {
    format!("{}\n", escape_line(&format!("{} {event}", units::now())))
}

/// Receives nothing, and ends when the last line is out.
type End = Arc<Mutex<Receiver<()>>>;

/// Writes lines on a thread of its own: a slow reader holds up no client. One that cannot be written is
/// no reason to stop receiving.
#[derive(Clone)]
struct LineWriter {
    /// `None` is the end.
    lines: SyncSender<Option<String>>,
    dropped: Arc<AtomicU64>,
    line: fn(&ServeEvent) -> String,
    end: End,
}

impl LineWriter {
    fn new(mut out: impl Write + Send + 'static, line: fn(&ServeEvent) -> String) -> io::Result<Self> {
        let (lines, waiting) = sync_channel::<Option<String>>(WAITING);
        let (alive, end) = channel::<()>();
        let dropped = Arc::new(AtomicU64::new(0));
        let missed = Arc::clone(&dropped);
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            for text in waiting.into_iter().map_while(|text| text) {
                // In one piece: another writer cannot come between.
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                let lines = missed.swap(0, Ordering::Relaxed);
                if lines > 0 {
                    let _ = out.write_all(line(&ServeEvent::Dropped { lines }).as_bytes());
                }
            }
            drop(alive);
        })?;
        Ok(Self { lines, dropped, line, end: Arc::new(Mutex::new(end)) })
    }

    fn write(&self, event: &ServeEvent) {
        if self.lines.try_send(Some((self.line)(event))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns when the last line is out; a reader that does not read is not waited for.
    fn finish(&self, until: Instant) {
        if self.lines.try_send(None).is_ok() {
            let _ = lock(&self.end).recv_timeout(until.saturating_duration_since(Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    /// A pipe without a reader.
    struct Stuck(Arc<Mutex<()>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            drop(lock(&self.0));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn case_81_lines_that_nobody_reads_are_dropped_and_counted() {
        let (gate, event) = (Arc::new(Mutex::new(())), ServeEvent::Stopped);
        let closed = lock(&gate);
        let writer = LineWriter::new(Stuck(Arc::clone(&gate)), text_line).expect("a thread");
        for _ in 0..WAITING + 100 {
            writer.write(&event);
        }
        let dropped = writer.dropped.load(Ordering::Relaxed);
        assert!((99..=100).contains(&dropped), "{dropped}");
        drop(closed);
        while writer.lines.try_send(None).is_err() {
            std::thread::yield_now();
        }
        assert!(lock(&writer.end).recv().is_err(), "the last line is out");
    }

    #[test]
    fn the_schema_in_the_documents_is_that_of_the_types() {
        check_schema::<Line<'_>>("serve-events");
    }
}
