use std::time::Duration;

use super::*;

const MIB: u64 = 1 << 20;

fn fixed(size: u64) -> Sizing {
    Sizing::new(FragmentSize::Fixed(NonZeroU64::new(size).expect("a size")))
}

fn auto() -> Sizing {
    Sizing::new(FragmentSize::Auto)
}

/// An exchange over a link that carries `rate` bytes a millisecond and makes each wait `wait` milliseconds.
fn timing(len: u64, rate: u64, wait: u64) -> Timing {
    let waiting = Duration::from_millis(wait);
    Timing { total: Duration::from_micros(len * 1000 / rate) + waiting, waiting }
}

/// The current fragment is taken on a link of 1 Gbit/s with 50 ms.
fn take(sizing: &mut Sizing) -> Option<Change> {
    let len = sizing.current();
    sizing.taken(len, Some(timing(len, 125_000, 50)))
}

/// All sizes until nothing changes any more.
fn sizes(sizing: &mut Sizing) -> Vec<u64> {
    let first = sizing.current();
    std::iter::once(first).chain(std::iter::from_fn(|| take(sizing).map(|change| change.to))).collect()
}

#[test]
fn auto_reaches_the_usual_limit_within_five_fragments_and_probes_beyond_by_doubling() {
    let mut sizing = auto();
    let sizes = sizes(&mut sizing);
    assert_eq!(sizes[..4], [START, MIB, USUAL_MAX, 56 * MIB]);
    assert_eq!(sizes[4..], [112 * MIB, 224 * MIB, 256 * MIB]);
}

#[test]
fn beyond_the_usual_limit_is_only_tried_where_half_as_much_again_pays() {
    let at_rate = |rate| {
        let mut sizing = auto();
        for _ in 0..10 {
            let len = sizing.current();
            sizing.taken(len, Some(timing(len, rate, 10)));
        }
        sizing.current()
    };
    // 99 × 10 ms at the rate, a little less for the roundings of milliseconds.
    assert!(at_rate(20_000) < 20_000_000);
    assert_eq!(at_rate(44_000), USUAL_MAX);
    assert!(at_rate(46_000) > USUAL_MAX + USUAL_MAX / 2);
}

#[test]
fn each_change_says_why() {
    let mut sizing = auto();
    let change = sizing.taken(START, Some(timing(START, 4096, 2))).expect("grows");
    assert_eq!(change, Change { from: START, to: 99 * 2 * 4096, why: Resize::Waiting { permille: 40 } });
}

#[test]
fn no_more_than_30_seconds_carry() {
    let mut sizing = auto();
    // 1 KiB a second.
    let len = sizing.current();
    let timing = Timing { total: Duration::from_secs(192), waiting: Duration::ZERO };
    assert_eq!(sizing.taken(len, Some(timing)), Some(Change { from: START, to: 30 * 1024, why: Resize::Slow }));
    let slower = Timing { total: Duration::from_mins(50), waiting: Duration::ZERO };
    for _ in 0..20 {
        sizing.taken(sizing.current(), Some(slower));
    }
    assert_eq!(sizing.current(), MIN);
}

#[test]
fn where_waiting_takes_nothing_fragments_get_smaller_again() {
    let mut sizing = auto();
    sizes(&mut sizing);
    let quick = |len| Some(Timing { total: Duration::from_micros(len / 1000), waiting: Duration::from_nanos(100) });
    for _ in 0..20 {
        sizing.taken(sizing.current(), quick(sizing.current()));
    }
    assert_eq!(sizing.current(), START);
}

#[test]
fn a_fixed_size_stays() {
    let mut sizing = fixed(10_000);
    assert_eq!(take(&mut sizing), None);
    assert_eq!(sizing.cut_once(10_000), None);
    sizing.learnt_elsewhere(6000);
    assert_eq!(sizing.current(), 10_000);
    assert_eq!(sizing.too_large(10_000).map(|change| change.to), Some(MIN));
}

#[test]
fn a_short_last_fragment_says_nothing_about_a_larger_one() {
    assert_eq!(auto().taken(START - 1, Some(timing(START - 1, 1, 1000))), None);
}

#[test]
fn without_a_measurement_the_size_stays() {
    assert_eq!(auto().taken(START, None), None);
}

#[test]
fn a_refused_size_halves_and_is_never_reached_again() {
    let mut sizing = auto();
    let change = Change { from: START, to: START / 2, why: Resize::Refused };
    assert_eq!(sizing.too_large(START), Some(change));
    sizes(&mut sizing);
    assert_eq!((sizing.current(), sizing.refused()), (START / 2, Some(START)));
}

#[test]
fn a_limit_of_one_mib_is_found_by_refusals_of_larger_ones_alone() {
    let mut sizing = auto();
    let mut refused = Vec::new();
    for _ in 0..20 {
        let len = sizing.current();
        if len > MIB {
            refused.push(len / MIB);
            sizing.too_large(len);
        } else {
            take(&mut sizing);
        }
    }
    assert_eq!((sizing.current(), refused), (MIB, vec![28, 14, 7, 3, 1]));
}

#[test]
fn a_refused_probe_costs_one_refusal_and_the_last_good_size_is_used() {
    for limit in [USUAL_MAX, 60 * MIB, 200 * MIB] {
        let mut sizing = auto();
        let mut refusals = 0;
        for _ in 0..40 {
            let len = sizing.current();
            if len > limit {
                refusals += 1;
                assert_eq!(sizing.too_large(len).map(|change| change.to), Some(len / 2));
            } else {
                take(&mut sizing);
            }
        }
        assert_eq!(refusals, 1, "{limit}");
        let refused = sizing.refused().expect("one");
        assert_eq!(sizing.current(), refused / 2);
        let mut later = auto();
        later.learnt_elsewhere(refused);
        sizes(&mut later);
        assert_eq!(later.current(), USUAL_MAX, "no probing where it was refused before");
    }
}

#[test]
fn a_lost_probe_is_not_tried_again_in_this_upload_and_not_remembered() {
    let mut sizing = auto();
    while sizing.current() <= USUAL_MAX {
        take(&mut sizing);
    }
    let change = Change { from: 56 * MIB, to: USUAL_MAX, why: Resize::Lost };
    assert_eq!(sizing.cut_once(56 * MIB), Some(change));
    for _ in 0..50 {
        take(&mut sizing);
        assert_eq!((sizing.current(), sizing.refused()), (USUAL_MAX, None));
    }
}

#[test]
fn halving_ends_at_5_kib() {
    let mut sizing = auto();
    let mut steps = 0;
    while sizing.too_large(sizing.current()).is_some() {
        steps += 1;
    }
    assert_eq!((sizing.current(), steps), (MIN, 6));
    assert_eq!(fixed(1000).too_large(1000), None, "below 5 KiB there is nothing to try");
}

#[test]
fn a_loss_halves_and_is_forgotten_by_and_by() {
    let mut sizing = auto();
    while sizing.current() < 16 * MIB {
        take(&mut sizing);
    }
    assert_eq!(sizing.cut_once(16 * MIB).map(|change| change.to), Some(8 * MIB));
    let after: Vec<u64> = (0..8)
        .map(|_| {
            take(&mut sizing);
            sizing.current() / MIB
        })
        .collect();
    assert_eq!(after, [8, 8, 8, 16, 16, 16, 16, 28]);
    for _ in 0..20 {
        sizing.cut_once(sizing.current());
    }
    assert_eq!(sizing.current(), LOSS_MIN);
}

#[test]
fn one_cut_twice_may_be_chance_and_the_next_is_not() {
    let mut sizing = auto();
    assert!(sizing.cut_twice(START).is_some());
    assert_eq!(sizing.refused(), None);
    while sizing.current() < START {
        take(&mut sizing);
    }
    assert!(sizing.cut_twice(sizing.current()).is_some());
    assert!(sizing.refused().is_some_and(|refused| refused >= START));
}
