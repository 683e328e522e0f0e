//! `bitsup explain [CODE]`

use crate::cli::config::UsageError;
use crate::cli::diagnosis::explain;
use crate::output::print;

pub(super) fn run(code: Option<&str>) -> anyhow::Result<()> {
    let text = match code {
        Some(code) => explain::explain(code).map_err(UsageError)?,
        None => explain::list(),
    };
    Ok(print(text)?)
}
