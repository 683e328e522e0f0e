use std::time::Duration;

use super::*;

const MIB: u64 = 1 << 20;

fn fixed(size: u64) -> FragmentSizer {
    FragmentSizer::new(FragmentSize::Fixed(NonZeroU64::new(size).expect("a size")))
}

fn auto() -> FragmentSizer {
    FragmentSizer::new(FragmentSize::Auto)
}

/// An exchange over a link that carries `rate` bytes a millisecond and makes each wait `wait` milliseconds.
fn timing(len: u64, rate: u64, wait: u64) -> Timing {
    let waiting = Duration::from_millis(wait);
    Timing { total: Duration::from_micros(len * 1000 / rate) + waiting, waiting }
}

/// The current fragment is taken on a link of 1 Gbit/s with 50 ms.
fn take(sizing: &mut FragmentSizer) -> Option<SizeChange> {
    let len = sizing.current();
    sizing.on_accepted(len, Some(timing(len, 125_000, 50))).0
}

/// All sizes until nothing changes any more.
fn sizes(sizing: &mut FragmentSizer) -> Vec<u64> {
    let first = sizing.current();
    std::iter::once(first).chain(std::iter::from_fn(|| take(sizing).map(|change| change.to))).collect()
}

#[test]
fn auto_reaches_the_usual_limit_with_the_third_fragment_and_what_pays_with_the_fourth() {
    let mut sizing = auto();
    let sizes = sizes(&mut sizing);
    assert_eq!(sizes, [START, MIB, USUAL_MAX, 256 * MIB]);
}

#[test]
fn beyond_the_usual_limit_is_only_tried_where_half_as_much_again_pays() {
    let at_rate = |rate| {
        let mut sizing = auto();
        for _ in 0..10 {
            let len = sizing.current();
            sizing.on_accepted(len, Some(timing(len, rate, 10)));
        }
        sizing.current()
    };
    // 199 × 10 ms at the rate, a little less for the roundings of milliseconds.
    assert!(at_rate(10_000) < 20_000_000);
    assert_eq!(at_rate(22_000), USUAL_MAX);
    assert!(at_rate(23_000) > USUAL_MAX + USUAL_MAX / 2);
}

#[test]
fn each_change_says_why() {
    let mut sizing = auto();
    let change = sizing.on_accepted(START, Some(timing(START, 2048, 2))).0.expect("grows");
    assert_eq!(change, SizeChange { from: START, to: 199 * 2 * 2048, why: Resize::Waiting { permille: 20 } });
}

#[test]
fn no_more_than_30_seconds_carry() {
    let mut sizing = auto();
    // 1 KiB a second.
    let len = sizing.current();
    let timing = Timing { total: Duration::from_secs(192), waiting: Duration::ZERO };
    assert_eq!(
        sizing.on_accepted(len, Some(timing)).0,
        Some(SizeChange { from: START, to: 30 * 1024, why: Resize::Slow })
    );
    let slower = Timing { total: Duration::from_secs(3000), waiting: Duration::ZERO };
    for _ in 0..20 {
        sizing.on_accepted(sizing.current(), Some(slower));
    }
    assert_eq!(sizing.current(), MIN);
}

#[test]
fn where_waiting_takes_nothing_fragments_get_smaller_again() {
    let mut sizing = auto();
    sizes(&mut sizing);
    let quick = |len| Some(Timing { total: Duration::from_micros(len / 1000), waiting: Duration::from_nanos(100) });
    for _ in 0..20 {
        let (change, _) = sizing.on_accepted(sizing.current(), quick(sizing.current()));
        assert!(change.is_none_or(|change| change.to >= change.from / 2 - PAGE), "at most to half: {change:?}");
    }
    assert!((START..FIRST_STEP).contains(&sizing.current()), "{}", sizing.current());
}

#[test]
fn less_than_a_quarter_more_is_no_reason_to_change() {
    let mut sizing = auto();
    let mut at_rate = |rate| {
        for _ in 0..10 {
            let len = sizing.current();
            sizing.on_accepted(len, Some(timing(len, rate, 10)));
        }
        sizing.current()
    };
    // 199 × 10 ms at the rate, in whole pages.
    let pages = |bytes: u64| bytes - bytes % PAGE;
    assert_eq!(at_rate(2000), pages(3_980_000));
    assert_eq!(at_rate(2400), pages(3_980_000));
    assert!(at_rate(2800) > 5_000_000);
}

#[test]
fn an_exchange_without_a_body_is_the_least_that_a_fragment_waits() {
    let size = |bodiless: bool| {
        let mut sizing = auto();
        if bodiless {
            sizing.bodiless_exchange(timing(0, 1, 100));
        }
        for _ in 0..4 {
            // As if all of it were the bytes' time.
            let len = sizing.current();
            let total = Duration::from_micros(len * 2);
            sizing.on_accepted(len, Some(Timing { total, waiting: total / 2 }));
        }
        sizing.current()
    };
    assert!(size(false) <= MIB, "{}", size(false));
    assert!(size(true) > 5 * MIB, "{}", size(true));
}

#[test]
fn a_fixed_size_stays_unless_it_strikes() {
    let mut sizing = fixed(10_000);
    assert_eq!(take(&mut sizing), None);
    sizing.remember_refusal(6000);
    assert_eq!(sizing.current(), 10_000);
    assert_eq!(sizing.on_strike(10_000, Strike::Loss).change.map(|change| change.to), Some(MIN));
    for _ in 0..STABLE_COUNT {
        take(&mut sizing);
    }
    assert_eq!(sizing.current(), 10_000, "chance");
    assert_eq!(sizing.on_strike(10_000, Strike::TooLarge).change.map(|change| change.to), Some(MIN));
    for _ in 0..20 {
        take(&mut sizing);
    }
    assert_eq!((sizing.current(), sizing.limit()), (MIN, Some(MIN)));
}

#[test]
fn a_short_last_fragment_says_nothing_about_a_larger_one() {
    assert_eq!(auto().on_accepted(START - 1, Some(timing(START - 1, 1, 1000))).0, None);
}

#[test]
fn without_a_measurement_the_size_stays() {
    assert_eq!(auto().on_accepted(START, None).0, None);
}

#[test]
fn a_413_halves_for_good_and_is_proven() {
    let mut sizing = auto();
    let change = SizeChange { from: START, to: START / 2, why: Resize::Refused };
    assert_eq!(sizing.on_strike(START, Strike::TooLarge), Struck { change: Some(change), proven: Some(START) });
    sizes(&mut sizing);
    assert_eq!((sizing.current(), sizing.limit()), (START / 2, Some(START / 2)));
}

#[test]
fn a_limit_of_one_mib_is_found_by_refusals_of_larger_ones_alone() {
    let mut sizing = auto();
    let mut refused = Vec::new();
    for _ in 0..20 {
        let len = sizing.current();
        if len > MIB {
            refused.push(len / MIB);
            sizing.on_strike(len, Strike::TooLarge);
        } else {
            take(&mut sizing);
        }
    }
    assert_eq!((sizing.current(), refused), (MIB, vec![28, 14, 7, 3, 1]));
}

/// Plays fragments against a peer that fails each of more than `limit` bytes like this; the strikes, and the size after
/// `count` fragments.
fn against(sizing: &mut FragmentSizer, limit: u64, how: Strike, count: u32) -> (u32, u64) {
    let mut strikes = 0;
    for _ in 0..count {
        let len = sizing.current();
        if len > limit {
            strikes += 1;
            sizing.on_strike(len, how);
        } else {
            take(sizing);
        }
    }
    (strikes, sizing.current())
}

#[test]
fn a_box_that_cuts_bodies_over_50_000_bytes_costs_a_few_strikes_and_then_nothing() {
    for mut sizing in [auto(), fixed(1 << 20)] {
        let (strikes, size) = against(&mut sizing, 50_000, Strike::Loss, 40);
        assert!(strikes <= 8 && (25_000..=50_000).contains(&size), "{strikes} strikes, {size}");
        assert_eq!(against(&mut sizing, 50_000, Strike::Loss, 200), (0, size), "full speed");
    }
}

#[test]
fn pages_that_strike_twice_at_one_size_while_half_of_it_passed_are_proven() {
    let mut sizing = auto();
    let mut proven = Vec::new();
    for _ in 0..40 {
        let len = sizing.current();
        if len > 200_000 {
            proven.extend(sizing.on_strike(len, Strike::Page).proven);
        } else {
            take(&mut sizing);
        }
    }
    assert_eq!(proven.len(), 1, "{proven:?}");
    assert!(sizing.current() <= 200_000 && sizing.current() >= 100_000, "{}", sizing.current());
    let mut small = auto();
    small.on_strike(START, Strike::Page);
    small.on_strike(START / 2, Strike::Page);
    assert_eq!(small.on_strike(SMALLEST_REMEMBERED - 1, Strike::Page).proven, None);
}

#[test]
fn a_small_success_clears_no_strike_and_a_success_of_that_size_does() {
    let mut sizing = fixed(100_000);
    sizing.on_strike(100_000, Strike::Loss);
    for _ in 0..STABLE_COUNT {
        take(&mut sizing);
    }
    assert_eq!((sizing.current(), sizing.limit()), (100_000, None));
    sizing.on_strike(100_000, Strike::Loss);
    assert_eq!(sizing.limit(), Some(50_000), "the second in a row");
    let mut sizing = fixed(100_000);
    for _ in 0..5 {
        sizing.on_strike(100_000, Strike::Loss);
        for _ in 0..=STABLE_COUNT {
            take(&mut sizing);
        }
    }
    assert_eq!((sizing.current(), sizing.limit()), (100_000, None), "chance, each time");
}

#[test]
fn a_struck_probe_costs_one_strike_and_the_usual_size_is_used() {
    for how in [Strike::TooLarge, Strike::Page, Strike::Loss] {
        for limit in [USUAL_MAX, 60 * MIB, 200 * MIB] {
            let mut sizing = auto();
            let (strikes, size) = against(&mut sizing, limit, how, 40);
            assert!(strikes <= 2 && size >= USUAL_MAX, "{how:?} at {limit}: {strikes}, {size}");
        }
    }
}

#[test]
fn halving_ends_at_5_kib() {
    let mut sizing = auto();
    let mut steps = 0;
    while sizing.on_strike(sizing.current(), Strike::TooLarge).change.is_some() {
        steps += 1;
    }
    assert_eq!((sizing.current(), steps), (MIN, 6));
    assert_eq!(fixed(1000).on_strike(1000, Strike::TooLarge).change, None, "below 5 KiB there is nothing to try");
}

#[test]
fn a_loss_halves_and_is_forgotten_by_and_by() {
    let mut sizing = auto();
    while sizing.current() < 16 * MIB {
        take(&mut sizing);
    }
    assert_eq!(sizing.on_strike(16 * MIB, Strike::Loss).change.map(|change| change.to), Some(8 * MIB));
    let after: Vec<u64> = (0..8)
        .map(|_| {
            take(&mut sizing);
            sizing.current() / MIB
        })
        .collect();
    assert_eq!(after, [8, 8, 8, 16, 16, 16, 16, 28]);
}

#[test]
fn what_the_server_keeps_is_the_size_for_good() {
    let mut sizing = auto();
    assert_eq!(sizing.on_only_kept(3000).map(|change| (change.to, change.why)), Some((3000, Resize::Kept)));
    for _ in 0..20 {
        take(&mut sizing);
    }
    assert_eq!(sizing.current(), 3000);
}

#[test]
fn a_remembered_limit_is_tried_again_once_and_a_wrong_one_heals() {
    let play = |limit: u64| {
        let mut sizing = auto();
        sizing.remember_refusal(MIB);
        let (mut sizes, mut healed) = (Vec::new(), false);
        for _ in 0..8 {
            let len = sizing.current();
            sizes.push(len);
            if len > limit {
                sizing.on_strike(len, Strike::TooLarge);
            } else {
                healed |= sizing.on_accepted(len, Some(timing(len, 125_000, 50))).1;
            }
        }
        (sizes, healed)
    };
    let (sizes, healed) = play(MIB - 1);
    assert_eq!(sizes, [START, MIB, MIB / 2, MIB / 2, MIB / 2, MIB / 2, MIB / 2, MIB / 2]);
    assert!(!healed);
    let (sizes, healed) = play(u64::MAX);
    assert_eq!(sizes[..3], [START, MIB, USUAL_MAX]);
    assert!(healed);
}

#[test]
fn a_cut_and_a_page_at_one_size_do_not_prove_that_it_is_refused() {
    let mut sizing = fixed(MIB);
    sizing.on_strike(MIB, Strike::Loss);
    sizing.on_accepted(MIB / 2, None);
    assert_eq!(sizing.on_strike(MIB, Strike::Page).proven, None);
    assert_eq!(sizing.on_strike(MIB, Strike::Page).proven, Some(MIB));
}

/// What became of the trial of a remembered size.
fn trial(sizing: &FragmentSizer) -> Option<Trial> {
    sizing.remembered.map(|remembered| remembered.trial)
}

#[test]
fn a_remembered_size_that_takes_too_long_waits_for_its_trial_and_not_for_ever() {
    let mut sizing = auto();
    sizing.remember_refusal(64 * MIB);
    // At 1 MB/s it would take more than a minute.
    for expected in [Trial::Due, Trial::Due, Trial::Due, Trial::Over] {
        let len = sizing.current();
        sizing.on_accepted(len, Some(timing(len, 1000, 10)));
        assert_eq!(trial(&sizing), Some(expected));
        assert!(sizing.current() <= 2 * MIB, "{}", sizing.current());
    }
}

#[test]
fn a_loss_puts_the_trial_off_once_and_a_refusal_ends_it() {
    let after = |strikes: &[Strike]| {
        let mut sizing = auto();
        sizing.remember_refusal(64 * MIB);
        for how in strikes {
            sizing.on_strike(MIB, *how);
        }
        trial(&sizing)
    };
    assert_eq!(after(&[Strike::Loss]), Some(Trial::Due));
    for strikes in [&[Strike::TooLarge][..], &[Strike::Page], &[Strike::Loss, Strike::Loss]] {
        assert_eq!(after(strikes), Some(Trial::Over), "{strikes:?}");
    }
}

#[test]
fn pages_prove_a_limit_only_where_half_of_it_passed() {
    for (accepted, proven) in [(3 * MIB, None), (4 * MIB, Some(8 * MIB))] {
        let mut sizing = auto();
        sizing.on_accepted(accepted, None);
        assert_eq!(sizing.on_strike(8 * MIB, Strike::Page).proven, None);
        assert_eq!(sizing.on_strike(8 * MIB, Strike::Page).proven, proven);
    }
}
