//! Uploads against servers in memory over a link on which everything goes wrong: the machine, its sizes and its records
//! as they are shipped, no clock, no network, nothing random but seeds.
//!
//! `BITSUP_SIM_SEEDS=N` runs so many random uploads, `BITSUP_SIM_SEED=S` repeats one and tells its story,
//! `BITSUP_SIM_FAULTS=F` searches schedules of so many faults. Built without optimisation it does less by itself: for all
//! of it, `cargo test --profile simulation --test simulation`.

mod check;
mod disturb;
mod end;
mod fault;
mod journal;
mod link;
mod model;
mod server;
#[path = "../shared/splitmix.rs"]
mod splitmix;
mod watch;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bitsup::uploader::{FragmentSize, Verify};

use end::End;
use fault::Fault;
use link::LINKS;
use model::{MODELS, Model};
use server::Request;
use splitmix::Random;
use world::{Setup, State, World};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Of schedules and seeds, in builds with and without optimisation.
const FAULTS: [u64; 2] = [3, 1];
const SEEDS: [u64; 2] = [1_000_000, 25_000];
const RANDOM_FAULTS: u64 = 12;

/// Of the faults of a schedule: half of a body, and 20 s.
const AMOUNT: u8 = 128;

type Ends = BTreeMap<End, u64>;

/// All schedules of a few faults on one model.
struct Search<'a> {
    most_faults: usize,
    /// Whether something is wrong already.
    is_enough: &'a AtomicBool,
    ends: Ends,
    /// Where faults happen in the schedule that is played: (exchange, fault).
    schedule: Vec<(u32, Fault)>,
    exchanges: u64,
}

impl Search<'_> {
    /// Plays on from `world`, where `at` exchanges are over, with every continuation of the schedule.
    fn explore(&mut self, mut world: World, mut at: u32) -> Result<(), String> {
        while let Some(request) = world.next() {
            if self.schedule.len() < self.most_faults {
                for &fault in Fault::on(request).iter().filter(|fault| world.makes_a_difference(**fault)) {
                    if self.is_enough.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    if self.schedule.len() > fault.most_before() {
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
        world.exchange(fault, AMOUNT).map_err(|error| format!("{error}; faults: {:?}", self.schedule))
    }
}

/// Runs `job` for all of `0..count` on all processors, until one says that it is enough.
fn in_parallel(count: usize, job: impl Fn(usize) -> bool + Sync) {
    let (next, is_enough) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !is_enough.load(Ordering::Relaxed) {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                break;
            }
            if !job(i) {
                is_enough.store(true, Ordering::Relaxed);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

/// A file of about three fragments.
fn searched(model: Model) -> Setup {
    let slow = model.slowest.is_some();
    let size = match model {
        _ if model.limits_size() || model.keeps.is_some() => 96 * KIB,
        // They do not grow where nothing is waited for.
        Model { answers_on_head: true, .. } => 500 * KIB,
        _ => 6 * MIB,
    };
    Setup {
        model,
        size,
        sizing: FragmentSize::Auto,
        link: LINKS[if slow { 4 } else { 1 }],
        state: State::Kept,
        verify: Verify::None,
        refused_before: None,
        seed: 1,
    }
}

/// The setups to search: all models in the default mode, and some in others.
fn setups() -> Vec<(&'static str, Setup)> {
    let mut setups: Vec<_> = MODELS.iter().map(|model| ("", searched(*model))).collect();
    let strict = searched(MODELS[0]);
    setups.push((", fixed size", Setup { size: 24 * KIB, sizing: Setup::fixed(8 * KIB), ..strict }));
    setups.push((", nothing kept", Setup { state: State::Nothing, ..strict }));
    setups.push((", kept late", Setup { state: State::Deferred, size: 300 * KIB, ..strict }));
    setups.push((", verified", Setup { verify: Verify::Sha256, ..strict }));
    setups.push((", empty", Setup { size: 0, ..strict }));
    setups.push((", one byte", Setup { size: 1, ..strict }));
    setups
}

#[test]
fn every_schedule_of_a_few_faults_on_every_model() {
    let began = Instant::now();
    let most_faults = usize::try_from(variable("BITSUP_SIM_FAULTS").unwrap_or_else(|| chosen(FAULTS))).expect("a few");
    let (setups, results, is_enough) = (setups(), Mutex::new(Vec::new()), AtomicBool::new(false));
    in_parallel(setups.len(), |i| {
        // It is tried for ten minutes each time, so that there are very many exchanges.
        let most_faults = if setups[i].1.model.forbids.is_some() { most_faults.min(1) } else { most_faults };
        let mut search =
            Search { most_faults, is_enough: &is_enough, ends: Ends::new(), schedule: Vec::new(), exchanges: 0 };
        let result = World::new(setups[i].1, began).and_then(|world| search.explore(world, 0));
        let goes_on = result.is_ok() || goes_on();
        is_enough.fetch_or(!goes_on, Ordering::Relaxed);
        results.lock().expect("no panic").push((i, search, result));
        goes_on
    });
    let mut all = 0;
    let mut wrong = Vec::new();
    for (i, search, result) in results.into_inner().expect("no panic") {
        let name = format!("{}{}", setups[i].1.model.name, setups[i].0);
        let schedules: u64 = search.ends.values().sum();
        all += schedules;
        report(&format!("{name}: {schedules} schedules, {} exchanges: {:?}", search.exchanges, search.ends));
        if let Err(error) = result {
            tell(setups[i].1, &search.schedule, began);
            wrong.push(format!("{name}: {error}"));
        }
    }
    report(&format!("{all} schedules on {} models in {:.1} s", setups.len(), began.elapsed().as_secs_f64()));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Plays the schedule that went wrong once more, and tells its story.
fn tell(setup: Setup, schedule: &[(u32, Fault)], began: Instant) {
    report(&format!("{setup:?}"));
    let Ok(mut world) = World::new(setup, began) else { return };
    world.tells = true;
    for at in 0.. {
        let Some(request) = world.next() else { return };
        let fault = schedule.iter().find(|(when, _)| *when == at).map(|(_, fault)| *fault);
        step(&world, request, fault, began);
        if let Err(error) = world.exchange(fault, AMOUNT) {
            return report(&error);
        }
    }
}

fn step(world: &World, request: Request, fault: Option<Fault>, began: Instant) {
    let at = world.now.duration_since(began).as_secs_f64();
    let fault = fault.map_or_else(String::new, |fault| format!("{fault:?}"));
    report(&format!("{at:>9.3} s {request:?} {fault}"));
}

#[expect(clippy::print_stdout, reason = "a test reports")]
fn report(line: &str) {
    println!("{line}");
}

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        let count = u64::try_from(items.len()).expect("few");
        items[usize::try_from(self.below(count)).expect("few")]
    }

    /// Below `limit`, and as often small as large.
    fn size(&mut self, limit: u64) -> u64 {
        let most = 1 << self.below(u64::from(limit.ilog2()) + 1);
        self.below(limit.min(2 * most))
    }
}

/// A random file to a random server.
fn setup(random: &mut Random, seed: u64) -> Setup {
    let (model, link) = (random.of(&MODELS), random.of(&LINKS));
    let sizing = match random.below(4) {
        0 => Setup::fixed(1 + random.below(16 * KIB)),
        // One that takes longer than a minute is the user's mistake.
        1 => Setup::fixed(1 + random.size(64 * MIB).min(link.carried_in(Duration::from_secs(60)))),
        _ => FragmentSize::Auto,
    };
    let most = match sizing {
        _ if model.limits_size() || model.keeps.is_some() => 12 * MIB,
        FragmentSize::Auto => 600 * MIB,
        FragmentSize::Fixed(_) => 256 * MIB,
    };
    let by_time = link.carried_in(Duration::from_secs(900));
    let refused_before = (random.below(8) == 0).then(|| 5 * KIB + random.size(28 * MIB));
    let by_count = match sizing {
        FragmentSize::Fixed(size) => 12 * size.get(),
        FragmentSize::Auto => 100 * refused_before.unwrap_or(u64::MAX / 100),
    };
    Setup {
        model,
        size: random.size(most.min(by_time).min(by_count).max(2)),
        sizing,
        link,
        state: random.of(&[State::Kept, State::Kept, State::Kept, State::Kept, State::Deferred, State::Nothing]),
        verify: random.of(&[Verify::None, Verify::None, Verify::None, Verify::Size, Verify::Sha256]),
        refused_before,
        seed,
    }
}

/// One upload with random faults.
fn play(seed: u64, began: Instant, story: bool) -> Result<End, String> {
    let mut random = Random(seed);
    let setup = setup(&mut random, seed);
    if story {
        report(&format!("{setup:?}"));
    }
    let mut world = World::new(setup, began)?;
    world.tells = story;
    let mut faults = random.below(1 + RANDOM_FAULTS);
    let calm = 1 + random.below(4);
    while let Some(request) = world.next() {
        let fault = random.of(Fault::on(request));
        let strikes = faults > 0 && random.below(1 + calm) == 0 && world.makes_a_difference(fault);
        faults -= u64::from(strikes);
        let amount = u8::try_from(random.below(256)).expect("a byte");
        if story {
            step(&world, request, strikes.then_some(fault), began);
        }
        world.exchange(strikes.then_some(fault), amount)?;
    }
    world.end().ok_or_else(|| String::from("no end"))
}

/// By the folder that the profile has: both have debug assertions.
fn chosen([optimised, plain]: [u64; 2]) -> u64 {
    let program = std::env::current_exe().unwrap_or_default();
    if program.iter().any(|folder| folder == "debug") { plain } else { optimised }
}

/// To see more than the first thing that goes wrong.
fn goes_on() -> bool {
    variable("BITSUP_SIM_ALL").is_some()
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
    let seeds = variable("BITSUP_SIM_SEEDS").unwrap_or_else(|| chosen(SEEDS));
    let (total, wrong) = (Mutex::new(Ends::new()), Mutex::new(Vec::new()));
    in_parallel(usize::try_from(seeds.div_ceil(BATCH)).expect("not that many"), |batch| {
        let first = BATCH * batch as u64;
        let mut ends = Ends::new();
        for seed in first..seeds.min(first + BATCH) {
            match play(seed, began, false) {
                Ok(end) => *ends.entry(end).or_default() += 1,
                Err(error) => {
                    let text = format!("{error}; to see it: BITSUP_SIM_SEED={seed}");
                    report(&text);
                    let mut wrong = wrong.lock().expect("no panic");
                    wrong.push(text);
                    if !goes_on() || wrong.len() > 30 {
                        return false;
                    }
                }
            }
        }
        let mut total = total.lock().expect("no panic");
        for (end, count) in ends {
            *total.entry(end).or_default() += count;
        }
        true
    });
    let total = total.into_inner().expect("no panic");
    let rate = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64();
    report(&format!("{seeds} seeds in {:.1} s, {rate:.0} a second: {total:?}", began.elapsed().as_secs_f64()));
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
