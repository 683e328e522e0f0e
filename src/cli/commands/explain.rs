//! `bitsup explain [CODE]`

use std::io::{self, Write};

use crate::cli::config::UsageError;
use crate::cli::diagnosis::explain;

pub(super) fn run(code: Option<&str>) -> anyhow::Result<()> {
    let text = match code {
        Some(code) => explain::explain(code).map_err(UsageError)?.text(),
        None => explain::list(),
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
