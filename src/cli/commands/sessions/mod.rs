//! `bitsup sessions list|show|cancel|prune`

mod cancel;
mod find;
mod view;

use std::io::{self, Write};
use std::time::SystemTime;

use anyhow::Context;

use crate::cli::args::{SessionsArgs, SessionsCommand};
use crate::cli::config;
use crate::journal::Journal;
use crate::output::{ProgressMode, Reporter, Verbosity};

use view::View;

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
    let views: Vec<View> = listed.iter().zip(&ids).map(|(listed, id)| View::new(listed, id)).collect();
    if json {
        return print(&views.iter().map(View::json).collect::<String>());
    }
    if views.is_empty() {
        say("no unfinished uploads");
        return Ok(());
    }
    print(&view::table(&views, now))
}

fn show(journal: &Journal, id: &str, json: bool) -> anyhow::Result<()> {
    let listed = journal.list().context("cannot list the unfinished uploads")?;
    let (listed, id) = find::one(&listed, id)?;
    let view = View::new(listed, &id);
    print(&if json { view.json() } else { view.text(SystemTime::now()) })
}

fn prune(journal: &Journal, json: bool) -> anyhow::Result<()> {
    let pruned = journal.prune(SystemTime::now()).context("cannot tidy up the unfinished uploads")?;
    if json {
        return print(&pruned.iter().map(view::pruned_json).collect::<String>());
    }
    if pruned.is_empty() {
        say("nothing to remove");
    }
    print(&pruned.iter().map(view::pruned_text).collect::<String>())
}

/// Data goes to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever reads it has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Messages go to standard error.
fn say(text: &str) {
    Reporter::stderr(ProgressMode::None, Verbosity::default()).message(text);
}
