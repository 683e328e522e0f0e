//! Lets one system call of `bitsup upload`, or of `bitsup serve`, fail in each way in which it can, then does all of it
//! again without (faults 43, 46 and 63).
//!
//! Each call is one of a kind over all threads, from the start of `main`. The short run takes one fault of each kind of
//! call; the long one takes all: `cargo test --test error_sweep -- --ignored --nocapture`
// The tracer knows the registers of this processor only, and other ones lack some of the calls.
#![cfg(all(feature = "serve", target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "whatever fails here is a failed test")]

#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../e2e/support/bitsup.rs"]
mod bitsup;
mod calls;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../e2e/support/receiver.rs"]
mod receiver;
mod serve;
#[expect(dead_code, reason = "other sweeps use the rest")]
#[path = "../shared/tracer.rs"]
mod tracer;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{iter, thread};

use bitsup::say;
use nix::sys::signal::Signal;
use tracer::{End, Fault, Point, Traced};

/// So many runs wait at the same time.
const AT_A_TIME: usize = 8;

/// A call, and the fault that it meets.
#[derive(Debug, Clone, Copy)]
struct Case {
    point: Point,
    fault: Fault,
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (call, nth) = self.point;
        write!(f, "{} {nth}, {:?}", calls::name(call), self.fault)
    }
}

/// How a program ended to which something happened.
#[derive(Debug)]
struct Ended {
    /// `None` if it aborted as it may.
    status: Option<i32>,
    stderr: String,
}

impl Ended {
    /// It must not panic, unless that lies in a library and cannot be avoided.
    fn from(end: End, stderr: String, case: Case, may_abort: bool) -> Self {
        let status = match end {
            End::Died(Signal::SIGABRT) | End::Exited { status: 101, .. } if may_abort => None,
            End::Exited { status, .. } if status != 101 => Some(status),
            end => panic!("{case}: {end:?}: {stderr}"),
        };
        assert!(may_abort || !stderr.contains("panicked"), "{case}: {status:?}: {stderr}");
        Self { status, stderr }
    }
}

/// The outcome of the runs.
#[derive(Debug, Default)]
struct Tally {
    /// How the programs ended, by exit code.
    codes: BTreeMap<i32, usize>,
    /// How many aborted as they may.
    aborts: usize,
    /// Whole files that were there although the client's run had failed.
    published: usize,
    /// Uploads that failed because of their receiver.
    refused: usize,
}

impl Tally {
    fn of(ended: &Ended) -> Self {
        let codes = ended.status.map(|code| (code, 1)).into_iter().collect();
        Self { codes, aborts: usize::from(ended.status.is_none()), ..Self::default() }
    }

    fn and(mut self, other: Self) -> Self {
        for (code, runs) in other.codes {
            *self.codes.entry(code).or_default() += runs;
        }
        self.aborts += other.aborts;
        self.published += other.published;
        self.refused += other.refused;
        self
    }
}

/// The cases of a run that made these calls. Of each kind of call all, or one that lies in the middle, with a fault that
/// differs from kind to kind.
fn cases(made: &[i64], takes_all: bool) -> Vec<Case> {
    let points = &tracer::points(made)[calls::own(made)..];
    let cases = |point: Point| calls::faults(point).into_iter().map(move |fault| Case { point, fault });
    if takes_all {
        return points.iter().flat_map(|point| cases(*point)).collect();
    }
    let kinds: BTreeSet<i64> = points.iter().map(|(call, _)| *call).collect();
    let middle = |kind: i64| {
        let of_kind: Vec<&Point> = points.iter().filter(|(call, _)| *call == kind).collect();
        *of_kind[of_kind.len() / 2]
    };
    let one = |(number, kind): (usize, i64)| {
        let cases: Vec<Case> = cases(middle(kind)).collect();
        cases.get(number % cases.len().max(1)).copied()
    };
    kinds.into_iter().enumerate().filter_map(one).collect()
}

/// The cases that are tried; none where they cannot be.
fn tried(what: &str, takes_all: bool, made: impl FnOnce() -> Vec<i64>) -> Vec<Case> {
    if let Err(error) = tracer::is_allowed() {
        say(&format!("SKIPPED: {what} needs the right to trace: {error}"));
        return Vec::new();
    }
    cases(&made(), takes_all)
}

/// Tries all of them, several at a time: most of an attempt is waiting.
fn sweep(what: &str, cases: &[Case], attempt: impl Fn(Case) -> Tally + Sync) {
    let Some(_) = cases.first() else { return };
    let (started, tried) = (Instant::now(), AtomicUsize::new(0));
    let points: BTreeSet<Point> = cases.iter().map(|case| case.point).collect();
    // The others are tried although one fails: their list tells more.
    let next = || {
        let case = *cases.get(tried.fetch_add(1, Ordering::Relaxed))?;
        Some(catch_unwind(AssertUnwindSafe(|| attempt(case))).map_err(|_| case))
    };
    let work = || iter::from_fn(next).collect::<Vec<_>>();
    let ended: Vec<Result<Tally, Case>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let failed: Vec<String> = ended.iter().filter_map(|ended| ended.as_ref().err()).map(Case::to_string).collect();
    let tally = ended.into_iter().flatten().fold(Tally::default(), Tally::and);
    let (calls, runs, seconds) = (points.len(), cases.len(), started.elapsed().as_secs());
    say(&format!("{what}: {runs} faults at {calls} calls, {tally:?} in {seconds} s"));
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The calls that a program makes to which nothing happens.
fn calls_of(program: &Command) -> Vec<i64> {
    let mut traced = Traced::start(program, None);
    let mut stderr = String::new();
    traced.stderr().read_to_string(&mut stderr).unwrap();
    let End::Exited { status: 0, calls } = traced.end() else { panic!("{stderr}") };
    calls
}
