//! One file on its way.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;

use anyhow::Context;

use crate::auth::{AuthSettings, Authenticator};
use crate::cli::config::{Item, Source, UploadConfig, UsageError};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::cli::signals::Signals;
use crate::client::{self, ReplyFile, ResumeMode, Start, UploadContext};
use crate::journal::{Journal, JournalWarning, Record, Upload};
use crate::output::json::JsonLog;
use crate::output::{Lane, redact_url};
use crate::protocol::Origin;
use crate::source::UploadEntity;
use crate::transport::Http;
use crate::uploader::{Plan, UploadEvent};

use super::input;

/// The largest file, in bytes, of many of which nothing is written down before something goes wrong. It fits one fragment.
const BRIEF: u64 = 192 * 1024;

/// What all files of a run share.
pub(crate) struct RunContext<'a> {
    pub(crate) config: &'a UploadConfig,
    pub(crate) identity: &'a AuthSettings,
    pub(crate) signals: &'a Signals,
    pub(crate) journal: Journal,
    pub(crate) json: Option<&'a JsonLog>,
    /// The command line, if it can be typed again.
    pub(crate) resume_command: Option<&'a str>,
    /// Whether there are other files.
    pub(crate) of_many: bool,
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
    /// What leads to the item's server, and whether it needs no Ping.
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
                // Nobody can type the same again.
                forgetful = Journal::disabled();
                (spooled.path(), &forgetful)
            }
        };
        let entity = &UploadEntity::open(path)?;
        let config = self.config;
        let plan = config.plan(item, entity.size());
        let plan = Plan { defer_saves: self.of_many && plan.size <= BRIEF, ..plan };
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
        // Different in every process, as pauses must be.
        let seed = RandomState::new().build_hasher().finish();
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
        result?;
        connection.pinged = Some(Origin::of(&item.destination));
        if !entity.is_what_its_path_names() {
            let text = format!("{} names another file by now; the one that was opened was uploaded", item.source);
            report(&UploadEvent::Warning { text });
        }
        Ok(())
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
