//! Several files, some of them at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::auth::AuthSettings;
use crate::cli::batch::Tally;
use crate::cli::config::{Item, Source, UploadConfig};
use crate::cli::diagnosis::{Diagnosis, ExitCode};
use crate::cli::error::Resumability;
use crate::cli::signals::Signals;
use crate::output::json::JsonLog;
use crate::output::{Batch, Lane, Reporter};
use crate::sync::lock;
use crate::uploader::UploadEvent;

use super::one::{self, RunContext, UploadConnection};

pub(super) fn run(
    config: &UploadConfig,
    items: &[Item],
    identity: &AuthSettings,
    signals: &Signals,
    json: Option<&JsonLog>,
    resume_command: Option<&str>,
) -> anyhow::Result<()> {
    let jobs = config.files.jobs.min(items.len());
    let batch = Batch { files: items.len(), size: items.iter().map(size).sum(), jobs };
    let reporter = Reporter::stderr(config.output.progress, config.output.verbosity);
    let reporter = reporter.with_ci(config.machine.ci).with_batch(&batch);
    config.connect.warnings.iter().for_each(|text| reporter.warn_always(text));
    let journal = one::journal(config, &mut |event| {
        if let UploadEvent::Warning { text } = event {
            reporter.message(&format!("warning: {text}"));
        }
    });
    let context = RunContext { config, identity, signals, journal: &journal, of_many: true };
    let queue = Queue { items, next: AtomicUsize::new(0), is_over: AtomicBool::new(false), outcome: Mutex::default() };
    let worker = |number| Worker {
        context,
        json,
        resume_command,
        lane: reporter.lane(number),
        connection: UploadConnection::default(),
    };
    let mut workers: Vec<_> = (0..jobs).map(worker).collect();
    let signs_in = identity.credentials.is_some() || config.connect.has_proxy_login();
    if let (Some(first), true) = (workers.first_mut(), signs_in) {
        // A wrong password is tried once, not once for each connection: one at a time until somebody was let in.
        while queue.outcome().tally.uploaded == 0 && first.run_next(&queue) {}
    }
    std::thread::scope(|scope| {
        for mut worker in workers {
            let queue = &queue;
            scope.spawn(move || while worker.run_next(queue) {});
        }
    });
    drop(reporter);
    let outcome = queue.outcome.into_inner().unwrap_or_else(PoisonError::into_inner);
    let verdict = outcome.tally.verdict(items.len());
    let leaves = outcome.leaves.unwrap_or(Resumability::StartsOver);
    // A signal that came when all was done stopped nothing.
    match (verdict, signals.stopped(leaves)) {
        (Err(_), Some(stopped)) => Err(stopped),
        (verdict, _) => Ok(verdict?),
    }
}

/// As far as can be told before it is opened.
fn size(item: &Item) -> u64 {
    match &item.source {
        Source::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
        Source::StandardInput => 0,
    }
}

/// The files, and what came of them.
struct Queue<'a> {
    items: &'a [Item],
    next: AtomicUsize,
    /// No further file is begun.
    is_over: AtomicBool,
    outcome: Mutex<BatchOutcome>,
}

#[derive(Default)]
struct BatchOutcome {
    tally: Tally,
    /// What files that were stopped leave: a session, if one of them does.
    leaves: Option<Resumability>,
}

impl<'a> Queue<'a> {
    fn next(&self) -> Option<(usize, &'a Item)> {
        if self.is_over.load(Ordering::SeqCst) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::SeqCst);
        self.items.get(index).map(|item| (index, item))
    }

    fn outcome(&self) -> MutexGuard<'_, BatchOutcome> {
        lock(&self.outcome)
    }
}

/// Uploads one file after the other, on one connection.
struct Worker<'a> {
    context: RunContext<'a>,
    json: Option<&'a JsonLog>,
    resume_command: Option<&'a str>,
    lane: Lane<'a>,
    connection: UploadConnection,
}

impl Worker<'_> {
    /// Uploads the next file, if there is one.
    fn run_next(&mut self, queue: &Queue<'_>) -> bool {
        let Some((index, item)) = queue.next() else { return false };
        let result = self.upload(index, item);
        let mut outcome = queue.outcome();
        match &result {
            Ok(()) => outcome.tally.uploaded += 1,
            Err(failed) => {
                outcome.tally.failed_by(failed.code);
                outcome.leaves = outcome.leaves.filter(|leaves| *leaves == Resumability::Resumes).or(failed.leaves);
            }
        }
        // Another try with a password that was refused may lock the account.
        let is_refused = result.is_err_and(|failed| failed.by_password);
        let is_over = is_refused || outcome.tally.failed > 0 && self.context.config.files.fail_fast;
        if self.context.signals.cancellation().is_interrupted() || is_over {
            queue.is_over.store(true, Ordering::SeqCst);
        }
        true
    }

    fn upload(&mut self, index: usize, item: &Item) -> Result<(), FailedUpload> {
        let source = item.source.to_string();
        self.lane.begin(item.name.as_str(), size(item));
        let mut record = self.json.map(|json| json.file(index + 1, &source));
        let lane = &mut self.lane;
        let result = self.context.upload(item, &mut self.connection, &mut |event| {
            lane.event(event);
            if let Some(record) = &mut record {
                record.event(event);
            }
        });
        let Err(error) = result else {
            lane.done();
            return Ok(());
        };
        let diagnosis = Diagnosis::of(&error);
        // Who stops a run does not need to read it once for each file.
        lane.failed(Some(&diagnosis.text()).filter(|_| diagnosis.stopped.is_none()));
        if let Some(record) = &record {
            record.failed(&diagnosis.failure(self.resume_command));
        }
        let code = diagnosis.exit_code;
        let by_proxy = diagnosis.refused_by_proxy && self.context.config.connect.has_proxy_login();
        let by_server = code == ExitCode::Authentication && self.context.identity.credentials.is_some();
        Err(FailedUpload { code, leaves: diagnosis.stopped, by_password: by_proxy || by_server })
    }
}

/// How a file failed.
struct FailedUpload {
    code: ExitCode,
    /// What it leaves, if it was stopped.
    leaves: Option<Resumability>,
    /// By a password that was not taken.
    by_password: bool,
}
