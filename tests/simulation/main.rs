//! Uploads against servers in memory over a link on which everything goes wrong: the machine that decides, a model of
//! the journal that the driver keeps, no clock, no network, nothing random but seeds.
//!
//! `BITSUP_SIM_SEEDS=N` runs so many random uploads, `BITSUP_SIM_SEED=S` repeats one and tells its story,
//! `BITSUP_SIM_FAULTS=F` searches schedules of so many faults.

mod fault;
mod server;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use fault::Fault;
use server::{MODELS, Model};
use world::{End, Setup, World};

/// Of a fragment that only asks, and where halving ends.
const SMALLEST: u64 = 5120;
/// Above that.
const FRAGMENT: u64 = 8192;
const FAULTS: u64 = 3;
const RANDOM_FAULTS: u64 = 12;
const SEEDS: u64 = 100_000;

type Ends = BTreeMap<End, u64>;

/// All schedules of a few faults on one model.
#[derive(Default)]
struct Search {
    most_faults: usize,
    ends: Ends,
    /// Where faults happen in the schedule that is played: (exchange, fault).
    schedule: Vec<(u32, Fault)>,
    exchanges: u64,
}

impl Search {
    /// Plays on from `world`, where `at` exchanges are over, with every continuation of the schedule.
    fn explore(&mut self, mut world: World, mut at: u32) -> Result<(), String> {
        while let Some(request) = world.next() {
            if self.schedule.len() < self.most_faults {
                for &fault in Fault::on(request).iter().filter(|fault| world.makes_a_difference(**fault)) {
                    if fault.comes_first() && !self.schedule.is_empty() {
                        continue;
                    }
                    let mut other = world.clone();
                    self.schedule.push((at, fault));
                    self.exchange(&mut other, Some(fault))?;
                    self.explore(other, at + 1)?;
                    self.schedule.pop();
                }
            }
            self.exchange(&mut world, None)?;
            at += 1;
        }
        *self.ends.entry(world.end().expect("nothing more to send")).or_default() += 1;
        Ok(())
    }

    fn exchange(&mut self, world: &mut World, fault: Option<Fault>) -> Result<(), String> {
        self.exchanges += 1;
        world.exchange(fault, 128).map_err(|error| format!("{error}; faults: {:?}", self.schedule))
    }
}

/// Runs `job` for all of `0..count` on all processors.
fn in_parallel(count: usize, job: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            job(i);
        }
    };
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

#[test]
fn every_schedule_of_three_faults_on_every_model() {
    let began = Instant::now();
    let most_faults = usize::try_from(variable("BITSUP_SIM_FAULTS").unwrap_or(FAULTS)).expect("a few");
    let results = Mutex::new(Vec::new());
    in_parallel(MODELS.len(), |i| {
        let model = MODELS[i];
        let mut search = Search { most_faults, ..Search::default() };
        let accepted = if model.most.is_some() { SMALLEST } else { FRAGMENT };
        let setup = Setup { model, size: 3 * accepted, fragment: FRAGMENT, seed: 1 };
        let result = World::new(setup, began).and_then(|world| search.explore(world, 0));
        results.lock().expect("no panic").push((model, search, result));
    });
    let results = results.into_inner().expect("no panic");
    let mut all = 0;
    for (model, search, _) in &results {
        let schedules: u64 = search.ends.values().sum();
        all += schedules;
        report(&format!("{}: {schedules} schedules, {} exchanges: {:?}", model.name, search.exchanges, search.ends));
    }
    report(&format!("{all} schedules on {} models in {:.1} s", MODELS.len(), began.elapsed().as_secs_f64()));
    for (model, search, result) in results {
        assert_eq!(result, Ok(()), "{}", model.name);
        let corrupts = search.ends.contains_key(&End::Corrupt);
        assert_eq!(corrupts, model.name == "appending duplicates", "{}", model.name);
    }
}

#[expect(clippy::print_stdout, reason = "a test reports")]
fn report(line: &str) {
    println!("{line}");
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let count = u64::try_from(items.len()).expect("few");
        &items[usize::try_from(self.below(count)).expect("few")]
    }
}

/// One upload of a random file to a random server, with random faults.
fn play(seed: u64, began: Instant, story: bool) -> Result<End, String> {
    let mut random = Random(seed);
    let model: Model = *random.of(&MODELS);
    let fragment = 1 + random.below(16_384);
    let size = random.below(6 * fragment);
    if story {
        report(&format!("{model:?}, {size} bytes in fragments of {fragment}"));
    }
    let mut world = World::new(Setup { model, size, fragment, seed }, began)?;
    let mut faults = random.below(1 + RANDOM_FAULTS);
    let calm = 1 + random.below(4);
    while let Some(request) = world.next() {
        let fault = *random.of(Fault::on(request));
        let strikes = faults > 0 && random.below(1 + calm) == 0 && world.makes_a_difference(fault);
        faults -= u64::from(strikes);
        let amount = u8::try_from(random.below(256)).expect("a byte");
        if story {
            report(&format!("{request:?} {}", if strikes { format!("{fault:?} {amount}") } else { String::new() }));
        }
        world.exchange(strikes.then_some(fault), amount)?;
    }
    world.end().ok_or_else(|| String::from("no end"))
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

#[test]
fn random_schedules_of_twelve_faults() {
    const BATCH: u64 = 1000;
    let began = Instant::now();
    if let Some(seed) = variable("BITSUP_SIM_SEED") {
        let end = play(seed, began, true);
        report(&format!("{end:?}"));
        assert!(end.is_ok());
        return;
    }
    let seeds = variable("BITSUP_SIM_SEEDS").unwrap_or(SEEDS);
    let total = Mutex::new(Ends::new());
    in_parallel(usize::try_from(seeds.div_ceil(BATCH)).expect("not that many"), |batch| {
        let first = BATCH * batch as u64;
        let mut ends = Ends::new();
        for seed in first..seeds.min(first + BATCH) {
            match play(seed, began, false) {
                Ok(end) => *ends.entry(end).or_default() += 1,
                Err(error) => panic!("{error}; to see it: BITSUP_SIM_SEED={seed}"),
            }
        }
        let mut total = total.lock().expect("no panic");
        for (end, count) in ends {
            *total.entry(end).or_default() += count;
        }
    });
    let total = total.into_inner().expect("no panic");
    report(&format!("{seeds} seeds in {:.1} s: {total:?}", began.elapsed().as_secs_f64()));
}
