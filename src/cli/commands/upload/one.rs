//! One file on its way.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::SystemTime;

use anyhow::Context;
use http::Uri;

use crate::auth::{Authenticator, Identity};
use crate::cli::config::{Item, Source, UploadConfig, UsageError};
use crate::cli::secret;
use crate::cli::signals::{self, Signals};
use crate::client::{self, ReplyFile, ResumeMode, Start, UploadContext};
use crate::journal::{Journal, Record, Upload};
use crate::output::redact_url;
use crate::source::UploadEntity;
use crate::transport::Http;
use crate::uploader::Plan;
use crate::uploader::UploadEvent;

use super::input;

/// The largest file, in bytes, of many of which nothing is written down before something goes wrong. It fits one fragment.
const BRIEF: u64 = 192 * 1024;

/// What all files of a run share.
#[derive(Clone, Copy)]
pub(super) struct RunContext<'a> {
    pub(super) config: &'a UploadConfig,
    /// Who signs in.
    pub(super) identity: &'a Identity,
    pub(super) signals: &'a Signals,
    pub(super) journal: &'a Journal,
    /// Whether there are other files.
    pub(super) of_many: bool,
}

/// A connection that one file after the other uses.
#[derive(Default)]
pub(super) struct UploadConnection {
    /// To this host.
    http: Option<(Option<String>, Http)>,
    /// How far signing in got on it.
    login: Option<Authenticator>,
    /// The last thing that it carried was a whole upload to this server, which needs no Ping then.
    pinged: Option<Uri>,
}

impl UploadConnection {
    /// What leads to the item's server, and whether it needs no Ping.
    fn to(&mut self, item: &Item, context: RunContext<'_>) -> (&mut Http, &mut Authenticator, bool) {
        let settings = context.config.transport(item);
        if self.http.as_ref().is_some_and(|(host, _)| *host != settings.origin) {
            (self.http, self.login, self.pinged) = (None, None, None);
        }
        let pinged = self.pinged.take().is_some_and(|uri| is_same_server(&uri, &item.destination));
        let (_, http) = self.http.get_or_insert_with(|| {
            let host = settings.origin.clone();
            (host, Http::with_interrupter(settings, context.signals.cancellation().clone()))
        });
        let login = self.login.get_or_insert_with(|| secret::login(context.identity.clone()));
        (http, login, pinged)
    }
}

fn is_same_server(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.authority() == b.authority()
}

impl RunContext<'_> {
    /// Uploads a file, reporting as it goes.
    pub(super) fn upload(
        self,
        item: &Item,
        connection: &mut UploadConnection,
        report: &mut dyn FnMut(&UploadEvent),
    ) -> anyhow::Result<()> {
        let result = self.try_upload(item, connection, report);
        let what = || {
            let url = redact_url(&item.destination.to_string());
            format!("cannot upload {} to {url}", item.source)
        };
        let goes_on = self.config.resume != ResumeMode::Never;
        signals::name(result, self.signals, goes_on).with_context(what)
    }

    fn try_upload(
        self,
        item: &Item,
        connection: &mut UploadConnection,
        report: &mut dyn FnMut(&UploadEvent),
    ) -> anyhow::Result<()> {
        match &item.source {
            Source::File(path) => self.attempt(item, &UploadEntity::open(path)?, self.journal, connection, report),
            Source::StandardInput => {
                let spooled = input::spool(self.signals)?;
                // Nobody can type the same again.
                self.attempt(item, &UploadEntity::open(spooled.path())?, &Journal::disabled(), connection, report)
            }
        }
    }

    fn attempt(
        self,
        item: &Item,
        entity: &UploadEntity,
        journal: &Journal,
        connection: &mut UploadConnection,
        report: &mut dyn FnMut(&UploadEvent),
    ) -> anyhow::Result<()> {
        let config = self.config;
        let plan = config.plan(item, entity.size());
        let plan = Plan { defer_saves: self.of_many && plan.size <= BRIEF, ..plan };
        report(&UploadEvent::Started {
            name: plan.name.as_str().to_owned(),
            url: plan.destination.to_string(),
            size: plan.size,
        });
        let upload = Upload { destination: &plan.destination, name: &plan.name, entity };
        let mut claim = journal.claim(&upload, SystemTime::now())?;
        let reply = reply_file(config, entity, claim.entry.record())?;
        if reply.as_ref().is_none_or(|file| file.saved().is_none()) {
            claim.entry.reply_is_gone();
        }
        let cancellation = self.signals.cancellation();
        let (http, login, pinged) = connection.to(item, self);
        let mut start = Start::new(plan, entity, claim, config.resume, cancellation, &mut *report, seed())?;
        if pinged {
            start = start.skip_ping();
        }
        let context = UploadContext { entity, transport: http, login, cancellation, report: &mut *report };
        let result = client::upload(start, context, reply);
        if result.is_err() {
            // Its connection may be in the middle of something.
            connection.http = None;
        }
        result?;
        connection.pinged = Some(item.destination.clone());
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

/// The journal of a run.
pub(super) fn journal(config: &UploadConfig, report: &mut dyn FnMut(&UploadEvent)) -> Journal {
    let Some(folder) = &config.state_dir else { return Journal::disabled() };
    let journal = Journal::open(folder).unwrap_or_else(|warning| {
        report(&UploadEvent::Warning { text: warning.to_string() });
        Journal::disabled()
    });
    if let Some(warning) = journal.older_records() {
        report(&UploadEvent::Warning { text: warning.to_string() });
    }
    journal
}

/// Different in every process, as pauses must be.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
