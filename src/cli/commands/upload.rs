//! `bitsup upload FILE URL`

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::Context;

use crate::cli::args::{Resume, UploadArgs};
use crate::cli::config::{ResumeConfig, UploadConfig, UsageError};
use crate::cli::signals::{self, Signals};
use crate::driver::{self, ReplyFile, ResumeMode, Start, Tools};
use crate::entity::UploadEntity;
use crate::event::UploadEvent;
use crate::journal::{Journal, Now, Record, Upload};
use crate::output::Reporter;
use crate::transport::Http;

pub(super) fn run(args: UploadArgs) -> anyhow::Result<()> {
    let config = UploadConfig::new(args)?;
    let signals = Signals::watch()?;
    let mut reporter = Reporter::stderr(config.output.progress, config.output.verbosity);
    upload(&config, &signals, &mut reporter)
}

/// Uploads one file, reporting as it goes.
pub(super) fn upload(config: &UploadConfig, signals: &Signals, reporter: &mut Reporter) -> anyhow::Result<()> {
    let entity = UploadEntity::open(&config.file)?;
    if let Some(limit) = config.max_time() {
        signals.after(limit)?;
    }
    let result = attempt(config, &entity, signals, &mut |event| reporter.event(event));
    reporter.finish();
    let what = || format!("cannot upload {} to {}", config.file.display(), config.destination());
    signals::name(result, signals, config.resume.resume != Resume::Never).with_context(what)
}

fn attempt(
    config: &UploadConfig,
    entity: &UploadEntity,
    signals: &Signals,
    report: &mut dyn FnMut(&UploadEvent),
) -> anyhow::Result<()> {
    let plan = config.plan(entity.size());
    report(&UploadEvent::Started {
        name: plan.name.as_str().to_owned(),
        url: plan.destination.to_string(),
        size: plan.size,
    });
    for text in &config.connect.warnings {
        report(&UploadEvent::Warning { text: text.clone() });
    }
    let upload = Upload { destination: &plan.destination, name: &plan.name, entity };
    let claim = journal(&config.resume, report).claim(&upload, Now::read())?;
    let reply = reply_file(config, entity, claim.entry.record())?;
    let mode = match config.resume.resume {
        Resume::Auto => ResumeMode::Auto,
        Resume::Always => ResumeMode::Always,
        Resume::Never => ResumeMode::Never,
    };
    let interrupter = signals.interrupter();
    let start = Start::new(plan, entity, claim, mode, interrupter, seed())?;
    let mut transport = Http::with_interrupter(config.connect.settings.clone(), interrupter.clone());
    let tools = Tools { entity, transport: &mut transport, interrupter, report: &mut *report };
    driver::upload(start, tools, config.wishes(seed(), reply))?;
    if !entity.is_what_its_path_names() {
        let text = format!("{} names another file by now; the one that was opened was uploaded", config.file.display());
        report(&UploadEvent::Warning { text });
    }
    Ok(())
}

/// Where the reply goes, checked before anything is sent. `earlier` knows what a run of the same upload saved before.
fn reply_file(config: &UploadConfig, entity: &UploadEntity, earlier: &Record) -> anyhow::Result<Option<ReplyFile>> {
    let Some(path) = &config.reply else { return Ok(None) };
    if path.canonicalize().is_ok_and(|path| path == entity.absolute_path()) {
        return Err(UsageError("--reply names the file that is to be uploaded".to_owned()).into());
    }
    Ok(Some(ReplyFile::new(path.clone(), config.force, earlier.reply)?))
}

fn journal(config: &ResumeConfig, report: &mut dyn FnMut(&UploadEvent)) -> Journal {
    let Some(folder) = &config.state_dir else { return Journal::disabled() };
    Journal::open(folder).unwrap_or_else(|warning| {
        report(&UploadEvent::Warning { text: warning.to_string() });
        Journal::disabled()
    })
}

/// Different in every process, as pauses must be.
fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
