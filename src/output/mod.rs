//! The only code that prints: progress, packets, errors.
//!
//! [`Reporter`] turns [`UploadEvent`](crate::uploader::UploadEvent)s into a bar on a terminal, or into whole lines in a log.

mod bar;
mod ci;
mod error;
mod escape;
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
mod timestamp;
pub mod units;
mod verbose;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

pub use ci::Ci;
pub use error::ErrorText;
pub use escape::escape_line;
pub use many::{Board, Lane, Run};
pub use redact::{header_value as redact_header_value, url as redact_url};
pub use reporter::Reporter;
pub use terminal::Terminal;

/// Writes data to standard output. A reader that went away has seen enough.
///
/// # Errors
/// Whatever else ended the output.
pub fn print(data: impl AsRef<[u8]>) -> io::Result<()> {
    match io::stdout().lock().write_all(data.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

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

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bar => "bar",
            Self::Plain => "plain",
            Self::None => "none",
        }
    }
}

impl FromStr for ProgressMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownMode)
    }
}

/// No such way to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMode;

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not one of auto, bar, plain, none")
    }
}

impl std::error::Error for UnknownMode {}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbosity {
    /// Nothing but errors; goes before `level`.
    pub quiet: bool,
    /// 1: packets and Acks. 2: also the heads of requests and answers.
    pub level: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_by_their_names() {
        for mode in ProgressMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        assert_eq!("Bars".parse::<ProgressMode>(), Err(UnknownMode));
    }
}
