//! Text from the network made safe to print, and numbers read from it and written.

use std::fmt::{self, Write as _};

/// Longest piece of a peer's text that a message repeats, in characters.
const MAX_QUOTED: usize = 200;

/// Shows foreign text with control and other invisible characters escaped, cut to a sane length.
///
/// Whatever a server says may end up in a terminal or a log; escape sequences and line breaks must not act there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(self.0);
        for (count, c) in text.chars().enumerate() {
            if count == MAX_QUOTED {
                return f.write_str("…");
            }
            if c == ' ' || !(c.is_control() || c.is_whitespace() || is_formatting(c)) {
                f.write_char(c)?;
            } else {
                write!(f, "{}", c.escape_unicode())?;
            }
        }
        Ok(())
    }
}

/// The same as an owned string.
pub(crate) fn escape(text: impl AsRef<[u8]>) -> String {
    Escaped(text.as_ref()).to_string()
}

/// A whole number in plain decimal digits: no sign, no spaces, nothing above 2^64 - 1.
pub(crate) fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// 32 lower-case hexadecimal digits, and nothing else.
pub(crate) fn parse_hex_u128(text: &str) -> Result<u128, NotHex> {
    let is_plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_plain { u128::from_str_radix(text, 16).map_err(|_| NotHex) } else { Err(NotHex) }
}

/// A digest's text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the lower-case hexadecimal digits of a digest")]
pub struct NotHex;

/// Whether a `%` of a URL is not followed by two hexadecimal digits.
pub(crate) fn has_broken_escape(url: &str) -> bool {
    let is_escape =
        |rest: &str| matches!(rest.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    !url.split('%').skip(1).all(is_escape)
}

/// Zero-width, bidirectional and other characters that change how neighbours are shown.
pub(super) fn is_formatting(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_line_breaks_do_not_survive() {
        assert_eq!(escape("a\x1b[31mb\r\nc\u{202e}"), r"a\u{1b}[31mb\u{d}\u{a}c\u{202e}");
    }

    #[test]
    fn plain_text_passes_and_long_text_is_cut() {
        assert_eq!(escape("Microsoft-IIS/10.0 größe"), "Microsoft-IIS/10.0 größe");
        assert_eq!(escape("x".repeat(500)).chars().count(), MAX_QUOTED + 1);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(escape(b"a\xff"), "a\u{fffd}");
    }
}
