//! `bitsup upload FILE... URL`

mod dry_run;
mod input;
mod many;
mod one;
mod sources;

use std::sync::Mutex;
use std::time::SystemTime;

use crate::cli::args::UploadArgs;
use crate::cli::config::{UploadConfig, UsageError};
use crate::cli::diagnosis::Diagnosis;
use crate::cli::secret;
use crate::cli::signals::Signals;
use crate::client::ResumeMode;
use crate::journal::Journal;
use crate::output::json::JsonLog;

use sources::SelectedFiles;

pub(super) use one::{RunContext, UploadConnection, journal};

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
    if let Some(limit) = args.retry.max_time() {
        signals.after(limit)?;
    }
    let config = UploadConfig::new(args).map_err(|error| signals.instead_of(error))?;
    if let Some(json) = json {
        let (json, resume_command) = (json.clone(), resume_command.map(str::to_owned));
        signals.before_end(move |stopped| {
            json.summary_at_once(&Diagnosis::of(&stopped.into()).failure(resume_command.as_deref()));
        });
    }
    let SelectedFiles { items, left_out } = signals.attribute(sources::select(&config, &signals), false)?;
    if let Some(json) = json {
        json.expect_files(items.len());
    }
    let reporter = config.output.reporter().with_ci(config.machine.ci);
    for line in left_out {
        reporter.message(&line);
    }
    if config.files.args.dry_run {
        return dry_run::run(&config, &items, &reporter, json, resume_command);
    }
    if items.len() > 1 && config.reply.is_some() {
        return Err(UsageError("--reply is for one file; these are several".to_owned()).into());
    }
    let identity = secret::identity(config.auth(&items)?).map_err(|error| signals.instead_of(error))?;
    let of_many = items.len() != 1;
    let batch = many::batch(&items, usize::from(config.files.args.jobs));
    let reporter = if of_many { reporter.with_batch(&batch) } else { reporter };
    config.connect.warning.iter().for_each(|text| reporter.warn_always(text));
    let journal = journal(&config, &mut reporter.lane(0));
    let (config, identity, signals) = (&config, &identity, &signals);
    let first = items.first().map(|item| &item.destination).filter(|_| config.resume != ResumeMode::Never);
    let finished = of_many.then(|| if first.is_some() { journal.clone() } else { Journal::disabled() });
    let finished = finished.map(|journal| journal.finished(first, SystemTime::now()));
    let context =
        RunContext { config, identity, signals, journal, json, resume_command, finished, servers: Mutex::default() };
    if let [item] = &items[..] {
        return context.upload(1, item, &mut UploadConnection::default(), &mut reporter.lane(0));
    }
    many::run(&context, &items, batch.jobs, reporter)?;
    if let Some(finished) = context.finished {
        finished.forget(items.iter().map(|item| &item.destination));
    }
    Ok(())
}
