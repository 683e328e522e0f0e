//! `bitsup sessions list|show|cancel|prune`

mod cancel;
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
    let ids = short_ids(&listed);
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
    let uploads = listed.iter().zip(short_ids(&listed));
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

/// Characters shown even if fewer would do: an id should not grow as soon as another upload begins.
const USUAL: usize = 8;

/// For each, in their order, the first characters of its key: as many as tell it from the others.
fn short_ids(listed: &[ListedRecord]) -> Vec<String> {
    let keys: Vec<String> = listed.iter().map(|listed| listed.key.to_string()).collect();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // All of one length, so that they stand in a column.
    let needed = keys.windows(2).map(|two| shared(&two[0], &two[1]) + 1).max().unwrap_or(0).max(USUAL);
    keys.iter().map(|key| key.chars().take(needed).collect()).collect()
}

/// The one whose key begins with `id`, and its shortest id.
fn find<'a>(listed: &'a [ListedRecord], id: &str) -> Result<(&'a ListedRecord, String), UsageError> {
    let id = id.to_ascii_lowercase();
    let mut found = listed
        .iter()
        .zip(short_ids(listed))
        .filter(|(listed, _)| !id.is_empty() && listed.key.to_string().starts_with(&id));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            Err(UsageError(format!("no unfinished upload has the id {id:?}: `bitsup sessions list` shows their ids")))
        }
        (Some(_), Some(_)) => Err(UsageError(format!("several ids begin with {id:?}: type more of it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::BadRecord;

    fn listed(begin: &str) -> ListedRecord {
        let key = format!("{begin:0<64}").parse().expect("a key");
        ListedRecord { key, record: Err(BadRecord::Newer) }
    }

    #[test]
    fn ids_are_as_long_as_they_must_be_and_alike() {
        assert!(short_ids(&[]).is_empty());
        assert_eq!(short_ids(&[listed("a")]), ["a0000000"]);
        let ids = short_ids(&[listed("a1"), listed("aaaaaaaaa1"), listed("aaaaaaaaa2")]);
        assert_eq!(ids, ["a100000000", "aaaaaaaaa1", "aaaaaaaaa2"]);
    }

    #[test]
    fn any_beginning_that_only_one_has_will_do() {
        let all = [listed("a1"), listed("a2")];
        assert_eq!(find(&all, "A2").map(|(_, id)| id).map_err(|e| e.to_string()), Ok("a2000000".to_owned()));
        for id in ["a", "", "b", "a1x"] {
            assert!(find(&all, id).is_err(), "{id:?}");
        }
    }
}
