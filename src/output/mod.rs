//! The only code that prints: progress, packets, errors.
//!
//! [`Reporter`] turns [`UploadEvent`](crate::uploader::UploadEvent)s into a bar on a terminal, or into whole lines in a log.

mod bar;
mod ci;
mod error;
mod escape;
pub mod json;
mod lines;
mod plain;
mod progress;
mod redact;
mod reporter;
mod run;
mod screen;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
mod timestamp;
pub mod units;

use std::io::{self, Write};

pub use ci::Ci;
pub use error::ErrorText;
pub use escape::escape_line;
pub use redact::{header_value as redact_header_value, url as redact_url};
pub use reporter::{Lane, Reporter};
pub use run::Batch;
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
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verbosity {
    /// Nothing but errors; goes before `level`.
    pub quiet: bool,
    /// 1: packets and Acks. 2: also the heads of requests and responses.
    pub level: u8,
}
