//! Events for programs: one JSON object a line, as `docs/events.schema.json` says.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::progress::Progress;
use super::{ErrorText, redact};
use crate::protocol::HResult;
use crate::uploader::{Resize, UploadEvent};

/// Shortest time between two `progress` events of one file.
const INTERVAL: Duration = Duration::from_millis(500);

/// The record of a run. Clones write to the same place. Never fails: what cannot be written is lost.
#[derive(Debug, Clone)]
pub struct JsonLog(Arc<Mutex<Inner>>);

struct Inner {
    out: Box<dyn Write + Send>,
    begun: Instant,
    counts: Counts,
    told_error: bool,
    /// The summary is written: nothing comes after it.
    is_over: bool,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// What a run has done so far, all its files together.
#[derive(Debug, Clone, Default)]
struct Counts {
    bytes: u64,
    acked: u64,
    resumed_from: u64,
    requests: u64,
    retries: u64,
    files: u64,
    uploaded: u64,
    failed: u64,
    /// Those of the last file that began.
    session: Option<String>,
    url: Option<String>,
}

/// Why something did not succeed, for programs.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// The same for people.
    pub text: ErrorText,
    /// The exit code's name.
    pub class: &'static str,
    /// The exit code.
    pub exit: u8,
    /// How the run ended with it, in one word.
    pub status: &'static str,
    /// HTTP's status, if a server refused.
    pub http: Option<u16>,
    /// BITS's code, if it gave one.
    pub hresult: Option<HResult>,
    /// Whether the same command may succeed later.
    pub retryable: bool,
    /// The command that goes on, for a POSIX shell, on Windows for `PowerShell`. `None` if there is none, or if it holds a secret.
    pub resume_command: Option<String>,
}

impl JsonLog {
    /// A record on standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    /// A record in `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        let (begun, counts) = (Instant::now(), Counts::default());
        Self(Arc::new(Mutex::new(Inner { out, begun, counts, told_error: false, is_over: false })))
    }

    /// How many files the run is about, once that is known.
    pub fn expect_files(&self, files: usize) {
        self.lock().counts.files = files as u64;
    }

    /// The events of one file: `id` counts from 1, `path` is as it was typed.
    #[must_use]
    pub fn file(&self, id: usize, path: &str) -> JsonFile {
        let now = Instant::now();
        let progress = Progress::new("", "", 0, now);
        let (log, path) = (self.clone(), path.to_owned());
        JsonFile { log, id, path, begun: now, progress, acked: 0, told: None, covered: false }
    }

    /// What would be uploaded: a `start` that nothing follows.
    pub fn planned(&self, id: usize, path: &str, url: &str, size: Option<u64>, resumed_from: u64) {
        let url = redact::url(url);
        let event = json!({"event": "start", "id": id, "file": path, "url": url, "size": size,
            "resumed_from": resumed_from, "dry_run": true});
        self.lock().write(event);
    }

    /// The last lines: an error that was not told of yet, and the summary.
    pub fn end(&self, failure: Option<&Failure>) {
        let mut inner = self.lock();
        if let Some(failure) = failure.filter(|_| !inner.told_error) {
            inner.write(error(None, failure));
        }
        inner.finish(failure);
    }

    /// The last line, by whoever ends the process at once: if the record is being written to, it goes without.
    pub fn summary_at_once(&self, failure: &Failure) {
        match self.0.try_lock() {
            Ok(mut inner) => inner.finish(Some(failure)),
            Err(TryLockError::Poisoned(inner)) => inner.into_inner().finish(Some(failure)),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, event: Value) {
        if self.is_over {
            return;
        }
        let mut line = Map::from_iter([("v".to_owned(), json!(1))]);
        if let Value::Object(fields) = event {
            line.extend(fields);
        }
        let line = format!("{}\n", ascii(&Value::Object(line).to_string()));
        let _ = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
    }

    fn finish(&mut self, failure: Option<&Failure>) {
        let counts = self.counts.clone();
        let alone = counts.files <= 1;
        let mut event = json!({
            "event": "summary",
            "status": failure.map_or("success", |failure| failure.status),
            "exit": failure.map_or(0, |failure| failure.exit),
            "bytes": counts.bytes,
            "acked": counts.acked,
            "resumed_from": counts.resumed_from,
            "requests": counts.requests,
            "retries": counts.retries,
            "seconds": seconds(self.begun.elapsed()),
            "session": counts.session.filter(|_| alone),
            "url": counts.url.filter(|_| alone),
            "files": counts.files,
            "uploaded": counts.uploaded,
            "failed": counts.failed,
        });
        if let Some(failure) = failure {
            add(&mut event, facts(failure));
        }
        self.write(event);
        self.is_over = true;
    }
}

/// One file's events.
#[derive(Debug)]
pub struct JsonFile {
    log: JsonLog,
    id: usize,
    path: String,
    begun: Instant,
    progress: Progress,
    /// What of `progress` is in the run's counts.
    acked: u64,
    told: Option<Instant>,
    /// Whether it was told that everything is acknowledged.
    covered: bool,
}

impl JsonFile {
    /// Writes what is worth it.
    pub fn event(&mut self, event: &UploadEvent) {
        self.event_at(event, Instant::now());
    }

    fn event_at(&mut self, event: &UploadEvent, now: Instant) {
        self.progress.apply(event, now);
        if matches!(event, UploadEvent::Started { .. }) {
            (self.begun, self.told) = (now, None);
        }
        let mut told = self.told_of(event, now);
        add(&mut told, json!({"id": self.id}));
        let mut inner = self.log.0.lock().unwrap_or_else(PoisonError::into_inner);
        let acked = self.progress.acked();
        inner.counts.acked = (inner.counts.acked - self.acked.min(inner.counts.acked)).saturating_add(acked);
        self.acked = acked;
        count(&mut inner.counts, event);
        if told.get("event").is_some() {
            inner.write(told);
        }
    }

    /// The file failed.
    pub fn failed(&self, failure: &Failure) {
        let mut inner = self.log.lock();
        (inner.counts.failed, inner.told_error) = (inner.counts.failed + 1, true);
        inner.write(error(Some(self.id), failure));
    }

    fn told_of(&mut self, event: &UploadEvent, now: Instant) -> Value {
        match event {
            UploadEvent::Started { name, url, size } => json!({"event": "start", "file": self.path, "name": name,
                "url": redact::url(url), "size": size}),
            UploadEvent::SessionCreated(session) => json!({"event": "session", "session": session.id.to_string(),
                "protocol": session.protocol.as_ref().map(ToString::to_string),
                "host": session.host.as_ref().map(ToString::to_string)}),
            UploadEvent::Retrying { cause, pause, attempt } => json!({"event": "retry", "cause": redact::url(cause),
                "pause": seconds(*pause), "attempt": attempt}),
            UploadEvent::SessionLost { cause } => {
                json!({"event": "resync", "from": self.acked, "to": 0, "cause": redact::url(cause)})
            }
            UploadEvent::StartingOver { why } => json!({"event": "resync", "from": 0, "to": 0, "cause": why}),
            UploadEvent::Resumed { offset, total } => json!({"event": "progress", "acked": offset, "in_flight": 0,
                "size": total, "rate": Value::Null, "resumed": true}),
            UploadEvent::Resized { from, to, why } => {
                json!({"event": "resize", "from": from, "to": to, "why": reason(*why)})
            }
            UploadEvent::Resynced { from, to } => json!({"event": "resync", "from": from, "to": to}),
            UploadEvent::Completed { size } => json!({"event": "done", "file": self.path,
                "url": redact::url(&self.progress.url), "bytes": size,
                "seconds": seconds(now.saturating_duration_since(self.begun))}),
            UploadEvent::BytesSent(_) | UploadEvent::Acknowledged { .. } => self.progress_if_due(now),
            _ => json!({}),
        }
    }

    fn progress_if_due(&mut self, now: Instant) -> Value {
        let covers = self.progress.acked() == self.progress.size && !self.covered;
        let is_due = self.told.is_none_or(|told| now.saturating_duration_since(told) >= INTERVAL);
        let has_begun = self.progress.acked() + self.progress.in_flight() > 0;
        if !(covers || is_due && has_begun) {
            return json!({});
        }
        (self.told, self.covered) = (Some(now), self.covered || covers);
        json!({"event": "progress", "acked": self.progress.acked(), "in_flight": self.progress.in_flight(),
            "size": self.progress.size, "rate": self.progress.rate(now)})
    }
}

fn count(counts: &mut Counts, event: &UploadEvent) {
    match event {
        UploadEvent::Started { url, size, .. } => {
            counts.bytes = counts.bytes.saturating_add(*size);
            (counts.url, counts.session) = (Some(redact::url(url)), None);
        }
        UploadEvent::SessionCreated(session) => counts.session = Some(session.id.to_string()),
        UploadEvent::RequestHead(head) => {
            counts.requests += 1;
            // A resumed upload opens no session.
            let session = head.headers.get("bits-session-id").and_then(|id| id.to_str().ok());
            counts.session = session.map(str::to_owned).or(counts.session.take());
        }
        UploadEvent::Retrying { .. } => counts.retries += 1,
        UploadEvent::Resumed { offset, .. } => counts.resumed_from = counts.resumed_from.saturating_add(*offset),
        UploadEvent::Completed { .. } => counts.uploaded += 1,
        _ => {}
    }
}

fn error(id: Option<usize>, failure: &Failure) -> Value {
    let text = |text: &Option<String>| text.as_deref().map(redact::url);
    let mut event = json!({"event": "error", "message": redact::url(&failure.text.what), "exit": failure.exit,
        "server": text(&failure.text.said), "cause": text(&failure.text.cause), "next": text(&failure.text.next)});
    if let Some(id) = id {
        add(&mut event, json!({"id": id}));
    }
    add(&mut event, facts(failure));
    event
}

fn facts(failure: &Failure) -> Value {
    json!({
        "class": failure.class,
        "http": failure.http,
        "hresult": failure.hresult.map(|code| format!("0x{:08X}", code.0)),
        "retryable": failure.retryable,
        "resume_command": failure.resume_command,
    })
}

fn reason(why: Resize) -> &'static str {
    match why {
        Resize::Waiting { .. } => "waiting",
        Resize::Slow => "slow",
        Resize::Refused => "refused",
        Resize::Lost => "lost",
        Resize::Kept => "kept",
        Resize::Recovered => "recovered",
    }
}

fn seconds(time: Duration) -> f64 {
    // Milliseconds are what is known; more digits would only be long.
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

fn add(event: &mut Value, more: Value) {
    if let (Value::Object(event), Value::Object(more)) = (event, more) {
        event.extend(more);
    }
}

/// The same JSON without a character that acts on a terminal, and without what begins a CI service's command.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.replace("##", "#\\u0023")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::testing::{Broken, Buffer, any_event, close, fragment, request_head, session, started};

    fn lines(buffer: &Buffer) -> Vec<Value> {
        buffer.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn events(lines: &[Value]) -> Vec<&str> {
        lines.iter().map(|line| line["event"].as_str().expect("an event")).collect()
    }

    #[test]
    fn an_upload_is_told_in_order_and_summed_up() {
        let buffer = Buffer::default();
        let log = JsonLog::new(Box::new(buffer.clone()));
        log.expect_files(1);
        let mut file = log.file(1, "d/a.bin");
        for event in [
            started("a.bin", 100),
            request_head("x", "y"),
            UploadEvent::SessionCreated(session()),
            fragment(0, 100, 100),
            request_head("x", "y"),
            UploadEvent::Retrying { cause: "http://u:p@h/".to_owned(), pause: Duration::from_millis(1500), attempt: 1 },
            UploadEvent::Acknowledged { offset: 100, total: 100 },
            close(),
            UploadEvent::Completed { size: 100 },
        ] {
            file.event(&event);
        }
        log.end(None);
        file.event(&started("late", 1));
        let lines = lines(&buffer);
        assert_eq!(events(&lines), ["start", "session", "retry", "progress", "done", "summary"]);
        assert!(lines.iter().all(|line| line["v"] == 1));
        assert_eq!((&lines[0]["file"], &lines[0]["id"]), (&json!("d/a.bin"), &json!(1)));
        assert_eq!((&lines[2]["cause"], &lines[2]["pause"]), (&json!("http://<redacted>@h/"), &json!(1.5)));
        let summary = &lines[5];
        assert_eq!(
            (&summary["status"], &summary["exit"], &summary["bytes"]),
            (&json!("success"), &json!(0), &json!(100))
        );
        assert_eq!((&summary["acked"], &summary["requests"], &summary["retries"]), (&json!(100), &json!(2), &json!(1)));
        assert_eq!(summary["session"], json!(session().id.to_string()));
    }

    #[test]
    fn progress_is_told_twice_a_second_and_when_all_is_acknowledged() {
        let buffer = Buffer::default();
        let log = JsonLog::new(Box::new(buffer.clone()));
        let (mut file, start) = (log.file(1, "a"), Instant::now());
        file.event_at(&started("a", 1000), start);
        for n in 0..=1000 {
            let now = start + Duration::from_millis(n);
            file.event_at(&UploadEvent::Acknowledged { offset: n, total: 1000 }, now);
        }
        let lines = lines(&buffer);
        let told: Vec<u64> = lines[1..].iter().map(|line| line["acked"].as_u64().expect("a number")).collect();
        assert_eq!(told, [1, 501, 1000]);
    }

    #[test]
    fn a_failure_has_its_facts_in_its_event_and_in_the_summary() {
        let buffer = Buffer::default();
        let log = JsonLog::new(Box::new(buffer.clone()));
        log.expect_files(2);
        let failure = Failure {
            text: ErrorText { what: "no ##vso[x]\x1b".to_owned(), ..ErrorText::default() },
            class: "refused",
            exit: 8,
            status: "failed",
            http: Some(403),
            hresult: Some(HResult(0x8007_0005)),
            retryable: false,
            resume_command: None,
        };
        log.file(2, "a").failed(&failure);
        log.summary_at_once(&failure);
        assert!(!buffer.text().contains("##") && !buffer.text().contains('\x1b'), "{}", buffer.text());
        let lines = lines(&buffer);
        for line in &lines {
            assert_eq!((&line["class"], &line["http"], &line["exit"]), (&json!("refused"), &json!(403), &json!(8)));
            assert_eq!((&line["hresult"], &line["retryable"]), (&json!("0x80070005"), &json!(false)));
        }
        assert_eq!((&lines[0]["id"], &lines[1]["failed"]), (&json!(2), &json!(1)));
    }

    #[test]
    fn a_reader_that_went_away_ends_nothing() {
        let log = JsonLog::new(Box::new(Broken));
        log.file(1, "a").event(&started("a", 1));
        log.end(None);
    }

    proptest! {
        #[test]
        fn every_line_is_json_in_plain_ascii(events in prop::collection::vec(any_event(), 0..20), path in any::<String>()) {
            let buffer = Buffer::default();
            let log = JsonLog::new(Box::new(buffer.clone()));
            let mut file = log.file(1, &path);
            for event in &events {
                file.event(event);
            }
            log.end(None);
            let text = buffer.text();
            prop_assert!(text.bytes().all(|b| b == b'\n' || b == b' ' || b.is_ascii_graphic()), "{:?}", text);
            let lines = lines(&buffer);
            prop_assert_eq!(&lines.last().expect("a summary")["event"], "summary");
        }
    }
}
