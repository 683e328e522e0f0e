//! Sizes, rates and durations for people; times for programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// The last second that four digits have a year for.
const LAST: u64 = 253_402_300_799;

/// The time for programs and logs: [`rfc3339`].
pub(crate) fn now() -> String {
    rfc3339(SystemTime::now())
}

/// RFC 3339, in UTC and milliseconds: `2026-11-27T06:32:31.123Z`. A clock before 1970 or after 9999 is at that end.
fn rfc3339(time: SystemTime) -> String {
    let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (whole, millis) = (time.as_secs().min(LAST), time.subsec_millis());
    let (year, month, day) = date(whole / 86_400);
    let (hours, minutes, seconds) = (whole / 3600 % 24, whole / 60 % 60, whole % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Year, month and day of this many days after 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    // Counted from 1 March of the year 0, each year ends with its leap day, and each 400 years have as many days.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, five months have 153 days, over and over.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    (400 * era + year_of_era + u64::from(is_next_year), month, day)
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
        assert_eq!(duration(Duration::from_secs(360_000)), "100:00:00");
    }

    #[test]
    fn remaining_time_is_rounded_up_and_bounded() {
        assert_eq!(remaining(Duration::from_millis(1)), "1 s");
        assert_eq!(remaining(Duration::from_secs(342_000)), "95:00:00");
        assert_eq!(remaining(Duration::from_secs(345_600)), "4 d");
        assert_eq!(remaining(Duration::MAX), "> 999 d");
    }

    #[test]
    fn rates_are_sizes_a_second() {
        assert_eq!(rate(1 << 20), "1.00 MiB/s");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_109_635_199_000, "2005-02-28T23:59:59.000Z"),
            (1_109_635_200_000, "2005-03-01T00:00:00.000Z"),
            (1_795_761_151_123, "2026-11-27T06:32:31.123Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
            (253_402_300_800_000, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_millis(millis)), text);
        }
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000Z");
    }
}
