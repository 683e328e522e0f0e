//! `bitsup upload FILE... URL`

mod dry_run;
mod input;
mod many;
mod one;
mod sources;

use crate::auth::AuthSettings;
use crate::cli::args::UploadArgs;
use crate::cli::config::{Item, UploadConfig, UsageError};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::cli::signals::Signals;
use crate::output::json::JsonLog;
use crate::uploader::UploadEvent;

use one::{RunContext, UploadConnection};

/// `resume_command` is the command line, if it can be typed again.
pub(super) fn run(args: UploadArgs, resume_command: Option<&str>) -> anyhow::Result<()> {
    let json = args.machine.json.then(JsonLog::stdout);
    let result = run_recorded(args, json.as_ref(), resume_command);
    if let Some(json) = json {
        let failure = result.as_ref().err().map(|error| Diagnosis::of(error).failure(resume_command));
        json.end(failure.as_ref());
    }
    result
}

fn run_recorded(args: UploadArgs, json: Option<&JsonLog>, resume_command: Option<&str>) -> anyhow::Result<()> {
    let signals = Signals::watch()?;
    // It runs before the rest is looked at, since that may ask for secrets.
    if let Some(limit) = args.retry.max_time {
        signals.after(limit)?;
    }
    let config = UploadConfig::new(args).map_err(|error| signals.instead_of(error))?;
    if let Some(json) = json {
        let (json, resume_command) = (json.clone(), resume_command.map(str::to_owned));
        signals.before_end(move |stopped| {
            json.summary_at_once(&Diagnosis::of(&stopped.into()).failure(resume_command.as_deref()));
        });
    }
    let items = signals.attribute(sources::items(&config, &signals), false)?;
    if let Some(json) = json {
        json.expect_files(items.len());
    }
    if config.files.args.dry_run {
        return dry_run::run(&config, &items, json, resume_command);
    }
    if items.len() > 1 && config.reply.is_some() {
        return Err(UsageError("--reply is for one file; these are several".to_owned()).into());
    }
    let identity = secret::identity(config.auth(&items)?).map_err(|error| signals.instead_of(error))?;
    match &items[..] {
        [item] => single(&config, item, &identity, &signals, json, resume_command),
        _ => many::run(&config, &items, &identity, &signals, json, resume_command),
    }
}

fn single(
    config: &UploadConfig,
    item: &Item,
    identity: &AuthSettings,
    signals: &Signals,
    json: Option<&JsonLog>,
    resume_command: Option<&str>,
) -> anyhow::Result<()> {
    let reporter = config.output.reporter().with_ci(config.machine.ci);
    config.connect.warning.iter().for_each(|text| reporter.warn_always(text));
    let mut record = json.map(|json| json.file(1, &item.source.to_string()));
    let mut lane = reporter.lane(0);
    let mut report = |event: &UploadEvent| {
        lane.event(event);
        if let Some(record) = &mut record {
            record.event(event);
        }
    };
    let result = upload(config, item, identity, signals, &mut report);
    if let (Err(error), Some(record)) = (&result, &record) {
        record.failed(&Diagnosis::of(error).failure(resume_command));
    }
    result
}

/// Uploads one file, reporting as it goes.
pub(super) fn upload(
    config: &UploadConfig,
    item: &Item,
    identity: &AuthSettings,
    signals: &Signals,
    report: &mut dyn FnMut(&UploadEvent),
) -> anyhow::Result<()> {
    let journal = one::journal(config, report);
    let context = RunContext { config, identity, signals, journal: &journal, of_many: false };
    context.upload(item, &mut UploadConnection::default(), report)
}
