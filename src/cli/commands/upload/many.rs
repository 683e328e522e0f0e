//! Several files, some of them at a time.

use std::iter::Enumerate;
use std::slice;
use std::sync::Mutex;

use crate::cli::config::{Item, Source};
use crate::cli::diagnosis::{Diagnosis, ExitCode};
use crate::cli::error::{BatchOutcome, Resumability};
use crate::output::{Batch, Lane, Reporter};
use crate::sync::lock;

use super::one::{RunContext, UploadConnection};

/// All files together, as far as can be told before they are opened.
pub(super) fn batch(items: &[Item], jobs: usize) -> Batch {
    Batch { files: items.len(), size: items.iter().map(size).sum(), jobs: jobs.min(items.len()) }
}

fn size(item: &Item) -> u64 {
    match &item.source {
        Source::File(path) => std::fs::metadata(path).map_or(0, |file| if file.is_file() { file.len() } else { 0 }),
        Source::StandardInput => 0,
    }
}

/// `reporter` shows a batch of this many jobs.
pub(super) fn run(context: &RunContext<'_>, items: &[Item], jobs: usize, reporter: Reporter) -> anyhow::Result<()> {
    let queue =
        Mutex::new(Queue { left: items.iter().enumerate(), outcome: BatchOutcome::of(items.len()), leaves: None });
    let worker = |number| Worker { context, lane: reporter.lane(number), connection: UploadConnection::default() };
    let mut workers: Vec<_> = (0..jobs).map(worker).collect();
    let signs_in = context.identity.credentials.is_some() || context.config.connect.has_proxy_login();
    if let (Some(first), true) = (workers.first_mut(), signs_in) {
        // A wrong password is tried once, not once for each connection: one at a time until the server has accepted it.
        while lock(&queue).outcome.uploaded == 0 && first.run_next(&queue) {}
    }
    std::thread::scope(|scope| {
        for mut worker in workers {
            let queue = &queue;
            scope.spawn(move || while worker.run_next(queue) {});
        }
    });
    drop(reporter);
    let queue = lock(&queue);
    // Finished files are remembered, whatever became of the file at hand.
    let is_remembered = queue.outcome.uploaded + queue.outcome.skipped > 0 && context.config.state_dir.is_some();
    let without = if is_remembered { Resumability::Remembers } else { Resumability::StartsOver };
    let leaves = queue.leaves.filter(|leaves| *leaves == Resumability::Resumes).unwrap_or(without);
    let stopped = context.signals.stopped(leaves);
    // A signal that came when all was done stopped nothing.
    queue.outcome.verdict().map_err(|failed| stopped.unwrap_or_else(|| failed.into()))
}

/// The files that were not begun, and what came of the others.
struct Queue<'a> {
    left: Enumerate<slice::Iter<'a, Item>>,
    outcome: BatchOutcome,
    /// The trace that stopped files leave: a session, if one of them does.
    leaves: Option<Resumability>,
}

/// Uploads one file after the other, on one connection.
struct Worker<'a> {
    context: &'a RunContext<'a>,
    lane: Lane<'a>,
    connection: UploadConnection,
}

impl Worker<'_> {
    /// Uploads the next file, if there is one.
    fn run_next(&mut self, queue: &Mutex<Queue<'_>>) -> bool {
        let Some((index, item)) = lock(queue).left.next() else { return false };
        self.lane.begin(index, &item.label, size(item));
        if self.context.skips(index + 1, item) {
            self.lane.skipped();
            lock(queue).outcome.skipped += 1;
            return !self.context.signals.cancellation.is_interrupted();
        }
        let result = self.context.upload(index + 1, item, &mut self.connection, &mut self.lane);
        let failed = result.err().map(|error| Diagnosis::of(&error));
        match &failed {
            None => self.lane.done(),
            // Who stops a run does not need to read it once for each file.
            Some(diagnosis) => {
                let text = diagnosis.text();
                let reason = diagnosis.reason.as_deref().unwrap_or_default();
                self.lane.failed(diagnosis.stopped.is_none().then_some(&text), reason);
            }
        }
        let mut queue = lock(queue);
        let mut is_over = self.context.signals.cancellation.is_interrupted();
        if let Some(diagnosis) = failed {
            queue.outcome.failed_by(diagnosis.exit_code);
            queue.leaves = queue.leaves.filter(|leaves| *leaves == Resumability::Resumes).or(diagnosis.stopped);
            is_over |= self.context.config.files.args.fail_fast || self.is_refused_password(&diagnosis);
        } else {
            queue.outcome.uploaded += 1;
        }
        if is_over {
            queue.left = [].iter().enumerate();
        }
        true
    }

    /// Another try with a password that was refused may lock the account.
    fn is_refused_password(&self, diagnosis: &Diagnosis) -> bool {
        diagnosis.refused_by_proxy && self.context.config.connect.has_proxy_login()
            || diagnosis.exit_code == ExitCode::Authentication && self.context.identity.credentials.is_some()
    }
}
