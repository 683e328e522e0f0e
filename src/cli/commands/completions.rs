//! `bitsup completions SHELL`

use clap_complete::Shell;

use crate::cli::{completion, help};
use crate::output::print;

pub(super) fn run(shell: Shell) -> anyhow::Result<()> {
    Ok(print(completion::script(shell, help::command()))?)
}
