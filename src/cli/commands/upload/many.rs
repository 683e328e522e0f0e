//! Several files, some of them at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::auth::Identity;
use crate::cli::batch::Tally;
use crate::cli::config::{Item, Source, UploadConfig};
use crate::cli::diagnosis::exit_code::{self, ExitCode};
use crate::cli::diagnosis::{facts, failure};
use crate::cli::signals::{self, Left, Signals};
use crate::output::json::JsonLog;
use crate::output::{Batch, Lane, Reporter};
use crate::uploader::UploadEvent;

use super::one::{self, Job, Line};

pub(super) fn run(
    config: &UploadConfig,
    items: &[Item],
    identity: &Identity,
    signals: &Signals,
    json: Option<&JsonLog>,
    again: Option<&str>,
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
    let job = Job { config, identity, signals, journal: &journal, of_many: true };
    let queue = Queue {
        items,
        next: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        tally: Mutex::default(),
        left: Mutex::default(),
    };
    let worker = |number| Worker { job, json, again, lane: reporter.lane(number), line: Line::default() };
    let mut workers: Vec<_> = (0..jobs).map(worker).collect();
    let signs_in = identity.credentials.is_some() || config.connect.has_proxy_login();
    if let (Some(first), true) = (workers.first_mut(), signs_in) {
        // A wrong password is tried once, not once for each connection: one at a time until somebody was let in.
        while !queue.has_uploaded() && first.run_next(&queue) {}
    }
    std::thread::scope(|scope| {
        for mut worker in workers {
            let queue = &queue;
            scope.spawn(move || while worker.run_next(queue) {});
        }
    });
    drop(reporter);
    let tally = queue.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    let verdict = tally.verdict(items.len());
    let left = queue.left.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Left::Nothing);
    // A signal that came when all was done stopped nothing.
    match (verdict, signals.stopped(left)) {
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
    tally: Mutex<Tally>,
    /// What files that were stopped leave: a session, if one of them does.
    left: Mutex<Option<Left>>,
}

impl<'a> Queue<'a> {
    fn next(&self) -> Option<(usize, &'a Item)> {
        if self.is_over.load(Ordering::SeqCst) {
            return None;
        }
        let index = self.next.fetch_add(1, Ordering::SeqCst);
        self.items.get(index).map(|item| (index, item))
    }

    fn has_uploaded(&self) -> bool {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).uploaded > 0
    }
}

/// Uploads one file after the other, on one connection.
struct Worker<'a> {
    job: Job<'a>,
    json: Option<&'a JsonLog>,
    again: Option<&'a str>,
    lane: Lane<'a>,
    line: Line,
}

impl Worker<'_> {
    /// Uploads the next file, if there is one.
    fn run_next(&mut self, queue: &Queue<'_>) -> bool {
        let Some((index, item)) = queue.next() else { return false };
        let result = self.upload(index, item, queue);
        let mut tally = queue.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(()) => tally.uploaded += 1,
            Err(Failed { code, .. }) => tally.failed_by(code),
        }
        // Another try with a password that was refused may lock the account.
        let is_refused = result.is_err_and(|failed| failed.by_password);
        let is_over = is_refused || tally.failed > 0 && self.job.config.files.fail_fast;
        if self.job.signals.cancellation().is_interrupted() || is_over {
            queue.is_over.store(true, Ordering::SeqCst);
        }
        true
    }

    fn upload(&mut self, index: usize, item: &Item, queue: &Queue<'_>) -> Result<(), Failed> {
        let source = item.source.to_string();
        self.lane.begin(item.name.as_str(), size(item));
        let mut record = self.json.map(|json| json.file(index + 1, &source));
        let lane = &mut self.lane;
        let result = self.job.upload(item, &mut self.line, &mut |event| {
            lane.event(event);
            if let Some(record) = &mut record {
                record.event(event);
            }
        });
        let Err(error) = result else {
            lane.done();
            return Ok(());
        };
        let code = exit_code::of(&error);
        // Who stops a run does not need to read it once for each file.
        let stopped = signals::left_by(&error);
        if let Some(stopped) = stopped {
            let mut left = queue.left.lock().unwrap_or_else(PoisonError::into_inner);
            *left = left.filter(|left| *left == Left::Session).or(Some(stopped));
        }
        lane.failed(Some(&failure::text(&error)).filter(|_| stopped.is_none()));
        if let Some(record) = &record {
            record.failed(&facts::of(&error, self.again));
        }
        Err(Failed { code, by_password: self.is_about_password(code, &error) })
    }

    fn is_about_password(&self, code: ExitCode, error: &anyhow::Error) -> bool {
        let by_proxy = facts::is_proxys_refusal(error) && self.job.config.connect.has_proxy_login();
        let by_server = code == ExitCode::Authentication && self.job.identity.credentials.is_some();
        by_proxy || by_server
    }
}

/// How a file failed.
#[derive(Clone, Copy)]
struct Failed {
    code: ExitCode,
    /// By a password that was not taken.
    by_password: bool,
}
