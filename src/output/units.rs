//! Sizes, rates and durations for people.

use std::time::Duration;

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A size in binary units with three significant digits, `1.25 MiB`.
///
/// Cut off, not rounded: what is not yet whole must not look whole.
pub(crate) fn size(bytes: u64) -> String {
    let mut unit = 0;
    while unit + 1 < UNITS.len() && bytes >> (10 * (unit + 1)) > 0 {
        unit += 1;
    }
    if unit == 0 {
        return format!("{bytes} B");
    }
    let hundredths = (u128::from(bytes) * 100) >> (10 * unit);
    let (whole, fraction) = (hundredths / 100, hundredths % 100);
    match whole {
        0..10 => format!("{whole}.{fraction:02} {}", UNITS[unit]),
        10..100 => format!("{whole}.{} {}", fraction / 10, UNITS[unit]),
        _ => format!("{whole} {}", UNITS[unit]),
    }
}

/// A rate, `1.25 MiB/s`.
pub(crate) fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", size(bytes_per_second))
}

/// How long something took: `0.4 s`, `12 s`, `1:02`, `1:02:03`.
pub(crate) fn duration(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        return format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100);
    }
    seconds(time.as_secs())
}

/// How long something will take: whole seconds, rounded up; days when hours would not tell much.
pub(crate) fn remaining(time: Duration) -> String {
    let whole = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    match whole / 86_400 {
        0..=3 => seconds(whole),
        days @ 4..=999 => format!("{days} d"),
        _ => "> 999 d".to_owned(),
    }
}

fn seconds(whole: u64) -> String {
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_in_binary_units() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (1536, "1.50 KiB"),
            (10 * 1024, "10.0 KiB"),
            (123 * 1024, "123 KiB"),
            (1023 * 1024, "1023 KiB"),
            (28 << 20, "28.0 MiB"),
            (5 << 30, "5.00 GiB"),
            (1 << 40, "1.00 TiB"),
            (u64::MAX, "15.9 EiB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_size_is_never_rounded_up() {
        assert_eq!(size((1 << 30) - 1), "1023 MiB");
        assert_eq!(size(10 * 1024 - 1), "9.99 KiB");
    }

    #[test]
    fn no_size_is_wider_than_eight() {
        for shift in 0..64 {
            for bytes in [1_u64 << shift, (1_u64 << shift).wrapping_sub(1), (1_u64 << shift) / 3 * 4] {
                assert!(size(bytes).len() <= 8, "{}", size(bytes));
            }
        }
    }

    #[test]
    fn durations_grow_their_colons() {
        assert_eq!(duration(Duration::from_millis(449)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(12)), "12 s");
        assert_eq!(duration(Duration::from_secs(62)), "1:02");
        assert_eq!(duration(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(duration(Duration::from_hours(100)), "100:00:00");
    }

    #[test]
    fn remaining_time_is_rounded_up_and_bounded() {
        assert_eq!(remaining(Duration::from_millis(1)), "1 s");
        assert_eq!(remaining(Duration::from_hours(95)), "95:00:00");
        assert_eq!(remaining(Duration::from_hours(96)), "4 d");
        assert_eq!(remaining(Duration::MAX), "> 999 d");
    }

    #[test]
    fn rates_are_sizes_a_second() {
        assert_eq!(rate(1 << 20), "1.00 MiB/s");
    }
}
