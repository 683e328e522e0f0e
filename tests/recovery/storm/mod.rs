//! Storms: random faults over real sockets, with default options. A relay in this process stands between the built
//! program and a server, and does from a seed what networks, proxies, servers and power cuts do; then the faults stop, and
//! the upload is to end well.
//!
//! `BITSUP_STORM_SEED=n` replays one seed with its story; `BITSUP_STORM_SEEDS=n` says how many there are.

mod client;
mod link;
mod plan;
mod random;
mod relay;
#[path = "../../shared/splitmix.rs"]
mod splitmix;
mod target;
mod trial;
mod weather;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use self::trial::Verdict;
use crate::bitsup::say;

/// Seeds in `cargo test`: a row of short storms. `.ci/run` has hundreds, of which some last for most of a minute.
const SEEDS: Range<u64> = 74..80;

/// At a time: most of each is pauses.
const AT_A_TIME: usize = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn every_storm_that_stops_ends_in_a_whole_file() {
    if let Some(seed) = number("BITSUP_STORM_SEED") {
        let verdict = trial::run(seed);
        say(&verdict.story.join("\n"));
        assert!(verdict.is_right(), "seed {seed}: {}", verdict.end);
        return;
    }
    let seeds = number("BITSUP_STORM_SEEDS").map_or(SEEDS, |count| 0..count);
    let count = seeds.end - seeds.start;
    let started = Instant::now();
    let verdicts = all(seeds);
    let seconds = started.elapsed().as_secs();
    let wrong: Vec<&Verdict> = verdicts.iter().filter(|verdict| !verdict.is_right()).collect();
    for verdict in &wrong {
        say(&format!("seed {}: {} ({})", verdict.seed, verdict.end, verdict.faults.join(", ")));
    }
    // On a busy machine a replay may go otherwise: the story of one that went wrong here is told here.
    if let Some(first) = wrong.first() {
        say(&first.story.join("\n"));
    }
    say(&format!("{count} seeds in {seconds} s"));
    let mut longest: Vec<&Verdict> = verdicts.iter().collect();
    longest.sort_by_key(|verdict| Reverse(verdict.took));
    let longest = longest.iter().take(5).map(|verdict| format!("{} ({} s)", verdict.seed, verdict.took.as_secs()));
    say(&format!("the longest: {}", longest.collect::<Vec<_>>().join(", ")));
    say(&format!("faults: {}", tally(verdicts.iter().flat_map(|verdict| verdict.faults.iter().map(String::as_str)))));
    say(&format!("ends: {}", tally(verdicts.iter().map(|verdict| verdict.end.as_str()))));
    let wasted = verdicts.iter().map(|verdict| verdict.wasted).max().unwrap_or(0);
    say(&format!("bytes beyond the file and what was lost: {wasted} at most"));
    assert!(
        wrong.is_empty(),
        "{} of {count} seeds end wrong; BITSUP_STORM_SEED={} replays one",
        wrong.len(),
        wrong[0].seed
    );
}

/// Runs the seeds, several at a time.
fn all(seeds: Range<u64>) -> Vec<Verdict> {
    let (next, verdicts) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let verdict = trial::run(seed);
                    verdicts.lock().expect("no panic").push(verdict);
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().expect("no panic");
    verdicts.sort_by_key(|verdict| verdict.seed);
    verdicts
}

fn tally<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    counts.join(", ")
}
