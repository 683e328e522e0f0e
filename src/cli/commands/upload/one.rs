//! One file on its way.

use std::io::{self, Read};
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use anyhow::Context;
use http::Uri;

use crate::auth::{AuthSettings, Authenticator};
use crate::cli::config::{Item, Source, UploadConfig, UsageError};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::cli::signals::Signals;
use crate::client::{self, ReplyFile, ResumeMode, Start, UploadContext};
use crate::journal::{Finished, Journal, JournalWarning, Record, Upload};
use crate::output::json::JsonLog;
use crate::output::{Lane, redact_url};
use crate::protocol::{ContentRange, Origin};
use crate::random;
use crate::source::{Contents, SourceChange, UploadEntity};
use crate::sync::lock;
use crate::transport::{Authorities, CancellationToken, Http};
use crate::uploader::{Plan, UploadEvent};

use super::input;

/// The largest file, in bytes, of many of which nothing is written down before something goes wrong. It fits one
/// fragment.
const BRIEF: u64 = 192 * 1024;

/// The data that all files of a run share.
pub(crate) struct RunContext<'a> {
    pub(crate) config: &'a UploadConfig,
    pub(crate) identity: &'a AuthSettings,
    pub(crate) signals: &'a Signals,
    pub(crate) journal: Journal,
    pub(crate) json: Option<&'a JsonLog>,
    /// The command line, if it can be typed again.
    pub(crate) resume_command: Option<&'a str>,
    /// The files that runs of several files have uploaded, this run among them; `None`: there are no other files.
    pub(crate) finished: Option<Finished>,
    /// The servers of this run.
    pub(crate) servers: Mutex<Vec<KnownServer>>,
}

/// Whether a server has answered in this run. One that has not is waited for once, not for each file.
pub(crate) struct KnownServer {
    origin: Origin,
    first_try: Instant,
    has_answered: bool,
}

/// A connection that one file after the other uses.
#[derive(Default)]
pub(crate) struct UploadConnection {
    http: Option<(Option<Origin>, Http)>,
    /// How far signing in got on it.
    login: Option<Authenticator>,
    /// The last thing that it carried was a whole upload to this server, which needs no Ping then.
    pinged: Option<Origin>,
}

impl UploadConnection {
    /// The transport and the authenticator for the item's server, and whether it needs no Ping.
    fn to(&mut self, item: &Item, context: &RunContext<'_>) -> (&mut Http, &mut Authenticator, bool) {
        let settings = context.config.transport(item);
        if self.http.as_ref().is_some_and(|(origin, _)| *origin != settings.origin) {
            (self.http, self.login, self.pinged) = (None, None, None);
        }
        let pinged = self.pinged.take() == Some(Origin::of(&item.destination));
        let (_, http) = self.http.get_or_insert_with(|| {
            let origin = settings.origin.clone();
            (origin, Http::with_cancellation(settings, context.signals.cancellation.clone()))
        });
        let login = self.login.get_or_insert_with(|| secret::login(context.identity.clone()));
        (http, login, pinged)
    }
}

impl RunContext<'_> {
    /// Uploads a file, the `number`th from 1, reporting as it goes.
    pub(crate) fn upload(
        &self,
        number: usize,
        item: &Item,
        connection: &mut UploadConnection,
        lane: &mut Lane<'_>,
    ) -> anyhow::Result<()> {
        let mut record = self.json.map(|json| json.file(number, &item.source.to_string()));
        let result = self.attempt(item, connection, &mut |event| {
            if matches!(event, UploadEvent::Responded { .. }) {
                self.note_answer(&item.destination);
            }
            lane.event(event);
            if let Some(record) = &mut record {
                record.event(event);
            }
        });
        let result = self.signals.attribute(result, self.config.resume != ResumeMode::Never).with_context(|| {
            let url = redact_url(&item.destination.to_string());
            format!("cannot upload {} to {url}", item.source)
        });
        if let (Err(error), Some(record)) = (&result, &record) {
            record.failed(&Diagnosis::of(error).failure(self.resume_command));
        }
        result
    }

    /// The plan, with what is left of the time that its server is waited for.
    fn patient(&self, mut plan: Plan) -> Plan {
        let origin = Origin::of(&plan.destination);
        let mut servers = lock(&self.servers);
        let retry = &mut plan.retry;
        match servers.iter().find(|server| server.origin == origin) {
            None => servers.push(KnownServer { origin, first_try: Instant::now(), has_answered: false }),
            Some(server) if server.has_answered => retry.wait_for_server = retry.no_progress_timeout,
            Some(server) => {
                retry.wait_for_server = retry.wait_for_server.saturating_sub(server.first_try.elapsed());
            }
        }
        plan
    }

    fn note_answer(&self, destination: &Uri) {
        let origin = Origin::of(destination);
        lock(&self.servers)
            .iter_mut()
            .filter(|server| server.origin == origin)
            .for_each(|server| server.has_answered = true);
    }

    /// Whether an earlier run has uploaded the file, and verified it as this one is to. Programs are told.
    pub(crate) fn skips(&self, number: usize, item: &Item) -> bool {
        let known = self.finished.as_ref().and_then(|known| known.contents(&item.destination, self.config.verify()));
        let (Some(known), Source::File(path)) = (known, &item.source) else { return false };
        let entity = UploadEntity::open(path).ok().filter(|entity| entity.size() == known.size);
        if entity.and_then(|entity| read_again(&entity, &self.signals.cancellation)) != Some(known) {
            return false;
        }
        if let Some(json) = self.json {
            let url = redact_url(&item.destination.to_string());
            json.file(number, &item.source.to_string()).skipped(item.name.as_str(), &url, known.size);
        }
        true
    }

    fn attempt(
        &self,
        item: &Item,
        connection: &mut UploadConnection,
        report: &mut dyn FnMut(&UploadEvent),
    ) -> anyhow::Result<()> {
        let (spooled, forgetful);
        let (path, journal) = match &item.source {
            Source::File(path) => (path.as_path(), &self.journal),
            Source::StandardInput => {
                spooled = input::spool(self.signals)?;
                // The same input cannot be typed again.
                forgetful = Journal::disabled();
                (spooled.path(), &forgetful)
            }
        };
        let entity = &UploadEntity::open(path)?;
        let config = self.config;
        let plan = self.patient(config.plan(item, entity.size()));
        let plan = Plan { defer_saves: self.finished.is_some() && plan.size <= BRIEF, ..plan };
        report(&UploadEvent::Started {
            name: plan.name.as_str().to_owned(),
            url: plan.destination.to_string(),
            size: plan.size,
        });
        let upload = Upload { destination: &plan.destination, name: &plan.name, entity };
        let mut remembered = journal.claim(&upload, SystemTime::now())?;
        let reply = reply_file(config, entity, remembered.record())?;
        if reply.as_ref().is_none_or(|file| file.saved().is_none()) {
            remembered.reply_is_gone();
        }
        let cancellation = &self.signals.cancellation;
        let (http, login, pinged) = connection.to(item, self);
        if Origin::of(&item.destination).is_https() && http.authorities() == Some(Authorities::Bundled) {
            report(&UploadEvent::BundledAuthorities);
        }
        // Different in every process, as pauses must be.
        let seed = random::seed();
        let mut start = Start::new(plan, entity, remembered, config.resume, cancellation, &mut *report, seed)?;
        if pinged {
            start = start.skip_ping();
        }
        let context =
            UploadContext { entity, transport: http, authenticator: login, cancellation, report: &mut *report };
        let result = client::upload(start, context, reply);
        if result.is_err() {
            // Its connection may be in the middle of something.
            connection.http = None;
        }
        if let (Some(finished), Source::File(_), Ok(contents)) = (&self.finished, &item.source, &result) {
            // Bytes that this run did not read were read by the run that it resumed.
            let contents = contents.or_else(|| read_again(entity, cancellation));
            contents
                .inspect(|contents| finished.note(&item.destination, *contents, config.verify(), SystemTime::now()));
        }
        result?;
        connection.pinged = Some(Origin::of(&item.destination));
        if !entity.is_what_its_path_names() {
            let text = format!("{} names another file by now; the one that was opened was uploaded", item.source);
            report(&UploadEvent::Warning { text });
        }
        Ok(())
    }
}

/// The file's contents when it was opened; `None` if it cannot be read, has changed, or the run is stopped meanwhile.
fn read_again(entity: &UploadEntity, cancellation: &CancellationToken) -> Option<Contents> {
    let contents = match ContentRange::new(0, entity.size(), entity.size()) {
        Ok(whole) => Contents::of(UntilInterrupted { file: entity.read(whole).ok()?, cancellation }, entity.size()),
        // There is no range of an empty file.
        Err(_) => Contents::of(io::empty(), 0),
    };
    let is_unchanged = !matches!(entity.change(), Err(_) | Ok(SourceChange::Content));
    contents.ok().filter(|_| is_unchanged)
}

/// A large file takes longer to read than a user who presses Ctrl-C waits.
struct UntilInterrupted<'a, R> {
    file: R,
    cancellation: &'a CancellationToken,
}

impl<R: Read> Read for UntilInterrupted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancellation.is_interrupted() { Err(io::ErrorKind::Other.into()) } else { self.file.read(buffer) }
    }
}

/// Where the reply goes, checked before anything is sent. `earlier` knows what a run of the same upload saved before.
fn reply_file(config: &UploadConfig, entity: &UploadEntity, earlier: &Record) -> anyhow::Result<Option<ReplyFile>> {
    let Some(path) = &config.reply else { return Ok(None) };
    if entity.is_at(path) {
        return Err(UsageError("--reply names the file that is to be uploaded".to_owned()).into());
    }
    Ok(Some(ReplyFile::new(path.clone(), config.force, earlier.reply)?))
}

pub(crate) fn journal(config: &UploadConfig, lane: &mut Lane<'_>) -> Journal {
    let Some(folder) = &config.state_dir else { return Journal::disabled() };
    let mut warn = |warning: JournalWarning| lane.event(&UploadEvent::Warning { text: warning.to_string() });
    let journal = Journal::open(folder).unwrap_or_else(|warning| {
        warn(warning);
        Journal::disabled()
    });
    journal.older_records().into_iter().for_each(warn);
    journal
}
