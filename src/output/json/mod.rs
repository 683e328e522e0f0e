//! Output for programs: JSON, one object a line.

mod event;

use std::io::Write;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use serde::Serialize;

pub(crate) use event::Failure;

use super::progress::UploadProgress;
use super::{escape, redact, units};
use crate::sync::lock;
use crate::uploader::UploadEvent;
use event::{Counts, Event, EventLine, Id, reason};

/// The version that each line begins with. Fields may be added to it.
pub(crate) const VERSION: u8 = 1;

/// Shortest time between two `progress` events of one file.
const INTERVAL: Duration = Duration::from_millis(500);

/// A value as a line of its own, in printable ASCII.
pub(crate) fn line(value: &impl Serialize) -> String {
    // Only maps with other keys than texts cannot be written, and there are none.
    serde_json::to_string(value).map_or_else(|_| String::new(), |json| escape::ascii_json(&json) + "\n")
}

/// The record of a run. Clones write to the same place. Never fails: what cannot be written is lost.
#[derive(Clone)]
pub(crate) struct JsonLog(Arc<Mutex<Writer>>);

struct Writer {
    out: Box<dyn Write + Send>,
    begun: Instant,
    counts: Counts,
    told_error: bool,
    /// The summary is written: nothing comes after it.
    is_over: bool,
}

impl JsonLog {
    pub(crate) fn stdout() -> Self {
        Self::new(Box::new(std::io::stdout()))
    }

    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        let (begun, counts) = (Instant::now(), Counts::default());
        Self(Arc::new(Mutex::new(Writer { out, begun, counts, told_error: false, is_over: false })))
    }

    /// How many files the run is about, once that is known.
    pub(crate) fn expect_files(&self, files: usize) {
        lock(&self.0).counts.files = files as u64;
    }

    /// The events of one file: `id` counts from 1, `path` is as it was typed.
    pub(crate) fn file(&self, id: usize, path: &str) -> JsonFile {
        let progress = UploadProgress::new("", "", 0, Instant::now());
        let (log, path) = (self.clone(), path.to_owned());
        JsonFile { log, id: Id(id), path, progress, acked: 0, told: None, covered: false }
    }

    /// A file that would be uploaded: a `start` that nothing follows.
    pub(crate) fn planned(&self, id: usize, path: &str, url: &str, size: Option<u64>, resumed_from: u64) {
        let (file, url, resumed_from) = (path.to_owned(), redact::url(url), Some(resumed_from));
        lock(&self.0).write(&Event::Start { id: Id(id), file, name: None, url, size, resumed_from, dry_run: true });
    }

    /// The last lines: an error that was not told of yet, and the summary.
    pub(crate) fn end(&self, failure: Option<&Failure>) {
        let mut writer = lock(&self.0);
        if let Some(failure) = failure.filter(|_| !writer.told_error) {
            writer.write(&Event::error(None, failure));
        }
        writer.finish(failure);
    }

    /// The last line, by the thread that ends the process at once: if the record is being written to, it goes without.
    pub(crate) fn summary_at_once(&self, failure: &Failure) {
        match self.0.try_lock() {
            Ok(mut writer) => writer.finish(Some(failure)),
            Err(TryLockError::Poisoned(writer)) => writer.into_inner().finish(Some(failure)),
            Err(TryLockError::WouldBlock) => {}
        }
    }
}

impl Writer {
    fn write(&mut self, event: &Event) {
        if !self.is_over {
            let line = line(&EventLine { v: VERSION, event, time: units::now() });
            let _ = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
        }
    }

    fn finish(&mut self, failure: Option<&Failure>) {
        let mut counts = self.counts.clone();
        if counts.files > 1 {
            (counts.session, counts.url) = (None, None);
        }
        self.write(&Event::Summary {
            status: failure.map_or("success", |failure| failure.status),
            exit: failure.map_or(0, |failure| failure.exit),
            counts,
            seconds: self.begun.elapsed().into(),
            failure: failure.cloned(),
        });
        self.is_over = true;
    }

    fn count(&mut self, event: &UploadEvent) {
        let counts = &mut self.counts;
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
}

/// One file's events.
pub(crate) struct JsonFile {
    log: JsonLog,
    id: Id,
    path: String,
    progress: UploadProgress,
    /// The bytes of `progress` that are in the run's counts.
    acked: u64,
    told: Option<Instant>,
    /// Whether it was told that everything is acknowledged.
    covered: bool,
}

impl JsonFile {
    /// Writes what is worth it.
    pub(crate) fn event(&mut self, event: &UploadEvent) {
        self.event_at(event, Instant::now());
    }

    fn event_at(&mut self, event: &UploadEvent, now: Instant) {
        self.progress.apply(event, now);
        if matches!(event, UploadEvent::Started { .. }) {
            self.told = None;
        }
        let told = self.told_of(event, now);
        let mut writer = lock(&self.log.0);
        let acked = self.progress.acked();
        writer.counts.acked = writer.counts.acked.saturating_sub(self.acked).saturating_add(acked);
        self.acked = acked;
        writer.count(event);
        if let Some(told) = told {
            writer.write(&told);
        }
    }

    /// An earlier run has uploaded the file.
    pub(crate) fn skipped(mut self, name: &str, url: &str, bytes: u64) {
        self.event(&UploadEvent::Started { name: name.to_owned(), url: url.to_owned(), size: bytes });
        let mut writer = lock(&self.log.0);
        writer.counts.uploaded += 1;
        let (file, url, seconds) = (self.path.clone(), redact::url(url), Duration::ZERO.into());
        writer.write(&Event::Done { id: self.id, file, url, bytes, seconds, skipped: true });
    }

    pub(crate) fn failed(&self, failure: &Failure) {
        let mut writer = lock(&self.log.0);
        (writer.counts.failed, writer.told_error) = (writer.counts.failed + 1, true);
        writer.write(&Event::error(Some(self.id), failure));
    }

    fn told_of(&mut self, event: &UploadEvent, now: Instant) -> Option<Event> {
        let (id, file) = (self.id, &self.path);
        Some(match event {
            UploadEvent::Started { name, url, size } => Event::Start {
                id,
                file: file.clone(),
                name: Some(name.clone()),
                url: redact::url(url),
                size: Some(*size),
                resumed_from: None,
                dry_run: false,
            },
            UploadEvent::SessionCreated(session) => Event::Session {
                id,
                session: session.id.to_string(),
                protocol: session.protocol.as_ref().map(ToString::to_string),
                host: session.host.as_ref().map(ToString::to_string),
            },
            UploadEvent::Retrying { cause, pause, attempt } => {
                Event::Retry { id, cause: redact::url(cause), pause: (*pause).into(), attempt: *attempt }
            }
            UploadEvent::SessionLost { cause } => {
                Event::Resync { id, from: self.acked, to: 0, cause: Some(redact::url(cause)) }
            }
            UploadEvent::StartingOver { why } => Event::Resync { id, from: 0, to: 0, cause: Some(why.clone()) },
            UploadEvent::Resumed { offset, total } => Event::Progress {
                id,
                acked: *offset,
                in_flight: 0,
                sent: *offset,
                size: *total,
                rate: None,
                resumed: true,
            },
            UploadEvent::Resized { from, to, why } => Event::Resize { id, from: *from, to: *to, why: reason(*why) },
            UploadEvent::Resynced { from, to } => Event::Resync { id, from: *from, to: *to, cause: None },
            UploadEvent::Completed { size } => Event::Done {
                id,
                file: file.clone(),
                url: redact::url(&self.progress.url),
                bytes: *size,
                seconds: self.progress.elapsed(now).into(),
                skipped: false,
            },
            UploadEvent::BytesSent(_) | UploadEvent::Acknowledged { .. } => return self.progress_if_due(now),
            _ => return None,
        })
    }

    fn progress_if_due(&mut self, now: Instant) -> Option<Event> {
        let progress = &self.progress;
        let (acked, in_flight) = (progress.acked(), progress.in_flight());
        let covers = acked == progress.size && !self.covered;
        let is_due = self.told.is_none_or(|told| now.saturating_duration_since(told) >= INTERVAL);
        if !(covers || is_due && acked + in_flight > 0) {
            return None;
        }
        (self.told, self.covered) = (Some(now), self.covered || covers);
        let (id, size, rate) = (self.id, progress.size, progress.rate(now));
        let sent = self.progress.taken();
        Some(Event::Progress { id, acked, in_flight, sent, size, rate, resumed: false })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use serde_json::{Value, json};

    use super::*;
    use crate::cli::ExitCode;
    use crate::output::ErrorText;
    use crate::output::testing::{
        Broken, Buffer, any_event, check_schema, close, fragment, request_head, session, started,
    };

    /// The names that `class` may have.
    pub(super) fn classes() -> Vec<&'static str> {
        ExitCode::ALL.iter().map(|code| code.info().class).filter(|class| *class != "success").collect()
    }

    #[test]
    fn the_schema_is_that_of_the_events() {
        check_schema::<EventLine<'_>>("events");
    }

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
        assert!(buffer.text().lines().all(|line| line.starts_with(r#"{"v":1,"event":""#)), "{}", buffer.text());
        let is_time = |time: &Value| time.as_str().is_some_and(|time| time.len() == 24 && time.ends_with('Z'));
        assert!(lines.iter().all(|line| is_time(&line["time"])));
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
            hresult: Some(crate::protocol::HResult(0x8007_0005)),
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
