//! The only code that prints: progress, packets, errors.
//!
//! [`Reporter`] turns [`UploadEvent`](crate::uploader::UploadEvent)s into a bar on a terminal, or into whole lines in a log.

mod bar;
mod ci;
mod error;
mod escape;
pub(crate) mod json;
mod lines;
mod progress;
mod redact;
mod reporter;
mod run;
mod screen;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod units;

use std::io::{self, Write};

pub(crate) use ci::Ci;
pub(crate) use error::ErrorText;
pub(crate) use escape::escape_line;
pub(crate) use redact::{header_value as redact_header_value, url as redact_url};
pub(crate) use reporter::{Lane, Reporter};
pub(crate) use run::Batch;

/// Writes data to standard output. A reader that went away has seen enough.
pub(crate) fn print(data: impl AsRef<[u8]>) -> io::Result<()> {
    match io::stdout().lock().write_all(data.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ProgressMode {
    /// A bar on a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A bar, also where there is no terminal.
    Bar,
    Plain,
    None,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Verbosity {
    /// Nothing but errors; goes before `level`.
    pub(crate) quiet: bool,
    /// 1: packets and Acks. 2: also the heads of requests and answers.
    pub(crate) level: u8,
}
