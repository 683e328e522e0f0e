//! Times as people type them: plain seconds, `500ms`, `30s`, `10m`, `2h`, `14d`, or several of them as in `5m30s`; and
//! sizes: `512k`, `4M`, `1G` (binary), `4MiB`, `4MB` (decimal), plain bytes.

use std::num::NonZeroU64;
use std::time::Duration;

use super::InvalidValue;
use crate::uploader::FragmentSize;

/// No timer needs more, and none overflows below it.
const HUNDRED_YEARS: Duration = Duration::from_secs(3_162_240_000);

/// Reads a time.
///
/// # Errors
/// When the text is no time, or more than a hundred years; the message says what is right.
pub(in crate::cli::args) fn time(text: &str) -> Result<Duration, InvalidValue> {
    let time = if text.ends_with(|c: char| c.is_ascii_digit()) { plain_seconds(text) } else { with_units(text) };
    time.filter(|time| *time <= HUNDRED_YEARS).ok_or_else(|| {
        InvalidValue(format!("{text:?} is not a time: write 30 (seconds), 500ms, 10m, 2h, 14d or 5m30s"))
    })
}

/// `30`, or `0.5` as for curl.
fn plain_seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 3 {
        return None;
    }
    let millis = format!("{fraction:0<3}").parse().ok()?;
    Some(Duration::from_secs(whole.parse().ok()?) + Duration::from_millis(millis))
}

fn with_units(text: &str) -> Option<Duration> {
    let (mut total, mut rest) = (None, text);
    while !rest.is_empty() {
        let (number, unit);
        (number, rest) = split(rest, |c| c.is_ascii_digit());
        (unit, rest) = split(rest, |c| c.is_ascii_alphabetic());
        total = Some(part(number.parse().ok()?, unit)?.checked_add(total.unwrap_or_default())?);
    }
    total
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn part(number: u64, unit: &str) -> Option<Duration> {
    let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" | "min" => seconds(60),
        "h" => seconds(60 * 60),
        "d" => seconds(24 * 60 * 60),
        _ => None,
    }
}

/// A time of whole seconds, as the protocol counts them, and not none.
#[cfg(feature = "serve")]
pub(in crate::cli::args) fn seconds(text: &str) -> Result<Duration, InvalidValue> {
    let time = time(text)?;
    if time.as_secs() == 0 {
        return Err(InvalidValue("it must be at least one second".to_owned()));
    }
    Ok(time)
}

/// Reads a size in bytes.
///
/// # Errors
/// When the text is no size, or more than 2^63 - 1 bytes; the message says what is right.
pub(in crate::cli::args) fn size(text: &str) -> Result<u64, InvalidValue> {
    let wrong = || {
        InvalidValue(format!(
            "{text:?} is not a size: write bytes as 1048576, 512k, 4M, 1G (binary), 4MiB or 4MB (decimal)"
        ))
    };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor = factor(&unit.to_ascii_lowercase()).ok_or_else(wrong)?;
    number.checked_mul(factor).filter(|bytes| i64::try_from(*bytes).is_ok()).ok_or_else(|| {
        InvalidValue(format!("{text:?} is more than a file can have: the largest size is 2^63 - 1 bytes"))
    })
}

fn factor(unit: &str) -> Option<u64> {
    if ["", "b"].contains(&unit) {
        return Some(1);
    }
    let power = 1 + "kmgt".find(unit.chars().next()?)?;
    let base: u64 = match &unit[1..] {
        "" | "ib" => 1024,
        "b" => 1000,
        _ => return None,
    };
    base.checked_pow(u32::try_from(power).ok()?)
}

/// A number of retries.
pub(in crate::cli::args) fn retries(text: &str) -> Result<u32, InvalidValue> {
    if text == "unlimited" {
        return Ok(u32::MAX);
    }
    text.parse().map_err(|_| InvalidValue(format!("{text:?} is no number of retries: write 0, 5 or unlimited")))
}

/// A size in bytes; nothing would fit into none.
pub(in crate::cli::args) fn bytes(text: &str) -> Result<NonZeroU64, InvalidValue> {
    NonZeroU64::new(size(text)?).ok_or_else(|| InvalidValue("it must be at least one byte".to_owned()))
}

pub(in crate::cli::args) fn fragment_size(text: &str) -> Result<FragmentSize, InvalidValue> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(FragmentSize::Auto);
    }
    bytes(text).map(FragmentSize::Fixed).map_err(|reason| InvalidValue(format!("{reason}, or auto")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_of_a_time_is_read() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("30", 30_000),
            ("0.5", 500),
            ("2.125", 2125),
            ("500ms", 500),
            ("30s", 30_000),
            ("10m", 600_000),
            ("2h", 7_200_000),
            ("5m30s", 330_000),
            ("14d", 1_209_600_000),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn every_other_time_is_refused_with_what_is_right() {
        for text in [
            "",
            "s",
            "-1s",
            "+1",
            "1.5h",
            ".5",
            "1.",
            "1.2345",
            "1.2.3",
            "1 s",
            "1w",
            "1S",
            "99999999999999999999",
            "18446744073709551615",
            "18446744073709551615d",
        ] {
            assert!(time(text).is_err_and(|e| e.0.contains("5m30s")), "{text}");
        }
    }

    #[test]
    fn every_documented_spelling_of_a_size_is_read() {
        for (text, bytes) in [
            ("1", 1),
            ("0", 0),
            ("7b", 7),
            ("512k", 512 << 10),
            ("4M", 4 << 20),
            ("1G", 1 << 30),
            ("4MiB", 4 << 20),
            ("4MB", 4_000_000),
            ("2kb", 2000),
            ("1T", 1 << 40),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn every_other_size_is_refused_with_what_is_right() {
        for text in ["", "M", "-1", "+1", "1.5M", "1 M", "1X", "ib", "1ib", "99999999999999999999", "0x10", "1MM"] {
            assert!(size(text).is_err_and(|e| e.0.contains("512k")), "{text}");
        }
        assert!(size("9223372036854775808").is_err());
        assert!(size("16777216T").is_err());
    }
}
