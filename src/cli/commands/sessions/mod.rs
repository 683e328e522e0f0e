//! `bitsup sessions list|show|cancel|prune`

mod cancel;
mod ids;
#[cfg(feature = "serve")]
mod received;
mod view;

use std::time::SystemTime;

use anyhow::Context;

use crate::cli::args::{SessionsArgs, SessionsCommand};
use crate::cli::completion;
use crate::cli::config::{self, UsageError};
use crate::journal::{Journal, ListedRecord};
use crate::output::{ProgressMode, Reporter, Verbosity, json, print};

use view::{PrunedLine, UnfinishedUpload, time_of};

pub(super) fn run(args: SessionsArgs) -> anyhow::Result<()> {
    #[cfg(feature = "serve")]
    if let Some(root) = args.server {
        return received::run(&root, args.command);
    }
    let folder = config::state_dir(args.state)?;
    let journal = Journal::open_existing(&folder)?;
    match args.command {
        SessionsCommand::List { candidates: true, .. } => candidates(&journal),
        SessionsCommand::List { json, .. } => list(&journal, json),
        SessionsCommand::Show { id, json } => show(&journal, &id, json),
        SessionsCommand::Cancel { id, force, auth, connect } => cancel::run(&journal, &id, force, *auth, *connect),
        #[cfg(feature = "serve")]
        SessionsCommand::Remove { .. } => {
            let text = "remove is for --server DIR; cancel ends an unfinished upload of yours".to_owned();
            Err(UsageError(text).into())
        }
        SessionsCommand::Prune { json } => prune(&journal, json),
    }
}

fn list(journal: &Journal, json: bool) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let ids = ids::short(&keys(&listed));
    let uploads: Vec<_> = listed.iter().zip(&ids).map(|(listed, id)| UnfinishedUpload::new(listed, id)).collect();
    if json {
        return Ok(print(uploads.iter().map(json::line).collect::<String>())?);
    }
    if uploads.is_empty() {
        say("no unfinished uploads");
        return Ok(());
    }
    Ok(print(view::table(&uploads, time_of(SystemTime::now())))?)
}

fn candidates(journal: &Journal) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let uploads = listed.iter().zip(ids::short(&keys(&listed)));
    let described = uploads.map(|(listed, id)| (id.clone(), UnfinishedUpload::new(listed, &id).summary()));
    Ok(print(completion::candidates(described))?)
}

fn show(journal: &Journal, id: &str, json: bool) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let (listed, id) = find(&listed, id)?;
    let upload = UnfinishedUpload::new(listed, &id);
    Ok(print(if json { json::line(&upload) } else { upload.text(time_of(SystemTime::now())) })?)
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

fn keys(listed: &[ListedRecord]) -> Vec<String> {
    listed.iter().map(|listed| listed.key.to_string()).collect()
}

/// The one whose key begins with `id`, and its shortest id.
fn find<'a>(listed: &'a [ListedRecord], id: &str) -> Result<(&'a ListedRecord, String), UsageError> {
    let keys = keys(listed);
    let place = ids::find(&keys, id)?;
    Ok((&listed[place], ids::short(&keys).swap_remove(place)))
}
