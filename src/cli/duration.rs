//! Durations as people type them: `500ms`, `30s`, `10m`, `2h`, `14d`.

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// When the text is none, or more than 2^64 - 1 milliseconds; the message says what is right.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration: write it as 500ms, 30s, 10m, 2h or 14d");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        // A bare number would leave the unit to be guessed; nothing is nothing in every unit.
        "" if number == 0 => 0,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).map(Duration::from_millis).ok_or_else(|| format!("{text:?} is too long a time"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_is_read() {
        for (text, seconds) in [("30s", 30), ("10m", 600), ("2h", 7200), ("14d", 1_209_600), ("0", 0), ("0s", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn everything_else_is_refused_with_what_is_right() {
        for text in ["", "s", "10", "-1s", "+1s", "1.5h", "1 s", "1S", "1min", "5m30s", "99999999999999999999s"] {
            assert!(parse(text).is_err_and(|e| e.contains("500ms")), "{text}");
        }
        assert!(parse("18446744073709551615d").is_err_and(|e| e.contains("too long")));
    }
}
