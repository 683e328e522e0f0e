//! Sizes as people type them: `512k`, `4M`, `1G` (binary), `4MiB`, `4MB` (decimal), plain bytes.

use super::InvalidValue;

/// Reads a size in bytes.
///
/// # Errors
/// When the text is no size, or more than 2^63 - 1 bytes; the message says what is right.
pub(super) fn parse(text: &str) -> Result<u64, InvalidValue> {
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
    let (prefix, decimal) = match unit {
        "" | "b" => return Some(1),
        _ if unit.ends_with("ib") => (&unit[..unit.len() - 2], false),
        _ if unit.ends_with('b') => (&unit[..unit.len() - 1], true),
        _ => (unit, false),
    };
    let power = ["k", "m", "g", "t"].iter().position(|p| *p == prefix)? + 1;
    let base: u64 = if decimal { 1000 } else { 1024 };
    Some(base.pow(u32::try_from(power).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_spelling_is_read() {
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
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_is_right() {
        for text in ["", "M", "-1", "+1", "1.5M", "1 M", "1X", "ib", "1ib", "99999999999999999999", "0x10", "1MM"] {
            assert!(parse(text).is_err_and(|e| e.0.contains("512k")), "{text}");
        }
        assert!(parse("9223372036854775808").is_err());
        assert!(parse("16777216T").is_err());
    }
}
