//! `bitsup sessions list|show|cancel|prune`

mod cancel;
mod find;
mod view;

use std::time::SystemTime;

use anyhow::Context;

use crate::cli::args::{SessionsArgs, SessionsCommand};
use crate::cli::config;
use crate::journal::Journal;
use crate::output::{ProgressMode, Reporter, Verbosity, json, print};

use view::{PrunedLine, UnfinishedUpload};

pub(super) fn run(args: SessionsArgs) -> anyhow::Result<()> {
    let folder = config::state_dir(args.state)?;
    let journal = Journal::open_existing(&folder)?;
    match args.command {
        SessionsCommand::List { json } => list(&journal, json),
        SessionsCommand::Show { id, json } => show(&journal, &id, json),
        SessionsCommand::Cancel { id, force, auth, connect } => cancel::run(&journal, &id, force, *auth, *connect),
        SessionsCommand::Prune { json } => prune(&journal, json),
    }
}

fn list(journal: &Journal, json: bool) -> anyhow::Result<()> {
    let now = SystemTime::now();
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let ids = find::short_ids(&listed);
    let uploads: Vec<_> = listed.iter().zip(&ids).map(|(listed, id)| UnfinishedUpload::new(listed, id)).collect();
    if json {
        return Ok(print(uploads.iter().map(json::line).collect::<String>())?);
    }
    if uploads.is_empty() {
        say("no unfinished uploads");
        return Ok(());
    }
    Ok(print(view::table(&uploads, now))?)
}

fn show(journal: &Journal, id: &str, json: bool) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let (listed, id) = find::one(&listed, id)?;
    let upload = UnfinishedUpload::new(listed, &id);
    Ok(print(if json { json::line(&upload) } else { upload.text(SystemTime::now()) })?)
}

fn prune(journal: &Journal, json: bool) -> anyhow::Result<()> {
    let pruned = journal.prune(SystemTime::now()).context("cannot tidy up the unfinished uploads")?;
    if pruned.is_empty() && !json {
        say("nothing to remove");
    }
    let lines = pruned.iter().map(PrunedLine::new);
    Ok(print(lines.map(|line| if json { json::line(&line) } else { line.text }).collect::<String>())?)
}

fn say(text: &str) {
    Reporter::stderr(ProgressMode::None, Verbosity::default()).message(text);
}
