//! `bitsup completions SHELL`

use std::io::{self, Write};

use clap_complete::Shell;

use crate::cli::{completion, help};

pub(super) fn run(shell: Shell) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(completion::script(shell, help::command()).as_bytes()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
