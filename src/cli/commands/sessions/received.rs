//! `bitsup sessions --server DIR list|remove`: the receiver's side, for its operator.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::cli::args::SessionsCommand;
use crate::cli::config::UsageError;
use crate::output::{json, print, units};
use crate::protocol::text::escape;
use crate::server::{StoredSession, remove_stored_session, stored_sessions};

use super::{say, time_of};

/// What is told of an unfinished upload. The names are a public contract.
#[derive(Debug, Serialize)]
struct Line<'a> {
    v: u8,
    id: String,
    path: &'a str,
    client: String,
    user: Option<&'a str>,
    size: Option<u64>,
    received: u64,
    /// Seconds since 1970.
    updated: u64,
}

pub(super) fn run(root: &Path, command: SessionsCommand) -> anyhow::Result<()> {
    let found =
        stored_sessions(root).with_context(|| format!("cannot list the unfinished uploads in {}", root.display()))?;
    match command {
        SessionsCommand::List { json: true, .. } => {
            Ok(print(found.iter().map(|session| json::line(&Line::of(session))).collect::<String>())?)
        }
        SessionsCommand::List { .. } if found.is_empty() => {
            say("no unfinished uploads");
            Ok(())
        }
        SessionsCommand::List { .. } => Ok(print(table(&found))?),
        SessionsCommand::Remove { received } => {
            let session = one(&found, &received)?;
            remove_stored_session(root, session.id).with_context(|| format!("cannot remove {}", session.id))?;
            Ok(print(format!("removed {}, {}\n", session.id, escape(&session.path)))?)
        }
        _ => Err(UsageError("--server is for list and remove".to_owned()).into()),
    }
}

impl<'a> Line<'a> {
    fn of(session: &'a StoredSession) -> Self {
        Self {
            v: json::VERSION,
            id: session.id.to_string(),
            path: &session.path,
            client: session.client.to_string(),
            user: session.user.as_deref(),
            size: session.size,
            received: session.received,
            updated: time_of(session.updated),
        }
    }
}

/// The one whose id begins like this.
fn one<'a>(found: &'a [StoredSession], id: &str) -> Result<&'a StoredSession, UsageError> {
    let id = id.trim_matches(['{', '}']).to_ascii_lowercase();
    let mut fitting = found.iter().filter(|session| !id.is_empty() && session.id.to_string().starts_with(&id));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(UsageError(format!("no unfinished upload has the id {id:?}"))),
        (Some(_), Some(_)) => Err(UsageError(format!("several ids begin with {id:?}: type more of it"))),
    }
}

fn table(found: &[StoredSession]) -> String {
    let now = SystemTime::now();
    let row = |session: &StoredSession| {
        let age = now.duration_since(session.updated).unwrap_or(Duration::ZERO);
        let size = session.size.map_or_else(|| "not known".to_owned(), units::size);
        let user = session.user.as_deref().unwrap_or("-");
        let id = session.id.to_string().chars().take(8).collect();
        let client = session.client.to_string();
        [id, units::size(session.received), size, units::remaining(age), client, escape(user), escape(&session.path)]
    };
    let head = ["ID", "RECEIVED", "SIZE", "AGE", "CLIENT", "USER", "PATH"].map(str::to_owned);
    let rows: Vec<[String; 7]> = [head].into_iter().chain(found.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{:1$}", "", width - cell.width()));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
