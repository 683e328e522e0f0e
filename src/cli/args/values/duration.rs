//! Times as people type them: `500ms`, `30s`, `10m`, `2h`, `14d`, or several of them as in `5m30s`.

use std::time::Duration;

use super::InvalidValue;

/// No timer needs more, and none overflows below it.
const HUNDRED_YEARS: Duration = Duration::from_hours(100 * 366 * 24);

/// Reads a time. A plain `0` needs no unit.
///
/// # Errors
/// When the text is no time, or more than a hundred years; the message says what is right.
pub(in crate::cli::args) fn parse(text: &str) -> Result<Duration, InvalidValue> {
    let wrong = || InvalidValue(format!("{text:?} is not a time: write 500ms, 30s, 10m, 2h, 14d or 5m30s"));
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let (mut total, mut rest) = (Duration::ZERO, text);
    while !rest.is_empty() {
        let (number, unit);
        (number, rest) = split(rest, |c| c.is_ascii_digit());
        (unit, rest) = split(rest, |c| c.is_ascii_alphabetic());
        let number: u64 = number.parse().map_err(|_| wrong())?;
        total = part(number, unit).and_then(|part| total.checked_add(part)).ok_or_else(wrong)?;
    }
    if text.is_empty() || total > HUNDRED_YEARS { Err(wrong()) } else { Ok(total) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_is_read() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("10m", 600_000),
            ("2h", 7_200_000),
            ("5m30s", 330_000),
            ("14d", 1_209_600_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_is_right() {
        for text in
            ["", "30", "s", "-1s", "+1s", "1.5h", "1 s", "1w", "1S", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(parse(text).is_err_and(|e| e.0.contains("5m30s")), "{text}");
        }
    }
}
