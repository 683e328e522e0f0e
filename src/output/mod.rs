//! The only code that prints: progress, packets, errors.
//!
//! [`Reporter`] turns [`UploadEvent`](crate::uploader::UploadEvent)s into a bar on a terminal, or into whole lines in a log.

mod bar;
mod ci;
mod error;
pub mod json;
mod many;
mod notice;
mod plain;
mod progress;
mod redact;
mod reporter;
mod screen;
mod terminal;
#[cfg(test)]
mod testing;
pub mod units;
mod verbose;

pub use ci::Ci;
pub use error::ErrorText;
pub use many::{Board, Lane, Run};
pub use redact::{header_value as redact_header_value, url as redact_url};
pub use reporter::Reporter;
pub use terminal::Terminal;

use crate::protocol::text::Escaped;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProgressMode {
    /// A bar on a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A bar, also where there is no terminal.
    Bar,
    /// Whole lines.
    Plain,
    /// Not at all.
    None,
}

impl ProgressMode {
    /// All modes.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Bar, Self::Plain, Self::None];
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbosity {
    /// Nothing but errors; goes before `level`.
    pub quiet: bool,
    /// 1: packets and Acks. 2: also the heads of requests and answers.
    pub level: u8,
}

/// A text as a line: nothing in it acts on a terminal, or is a command to a CI service.
#[must_use]
pub fn escape_line(text: &str) -> String {
    ci::disarm(&clean(text))
}

/// Escapes what could act on a terminal, like [`crate::protocol::text::escape`] but without a limit to the length.
fn clean(text: &str) -> String {
    if text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return text.to_owned();
    }
    text.chars().map(|c| Escaped(c.encode_utf8(&mut [0; 4]).as_bytes()).to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_keeps_long_text_and_drops_controls() {
        assert_eq!(clean(&"ö".repeat(500)), "ö".repeat(500));
        assert_eq!(clean("a\u{202e}\x07\t"), "a\\u{202e}\\u{7}\\u{9}");
    }
}
