//! `bitsup sessions --server DIR list|remove`: the receiver's side, for its operator.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use serde::Serialize;

use crate::cli::args::SessionsCommand;
use crate::cli::config::UsageError;
use crate::output::{json, print, units};
use crate::protocol::text::escape;
use crate::server::{StoredSession, remove_stored_session, stored_sessions};

use super::view::{aligned, between};
use super::{ids, say, time_of};

/// The facts about an unfinished upload. The names are a public contract.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "A line of `bitsup sessions list --server DIR --json`"))]
struct Line<'a> {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
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
            let session = &found[ids::find(&ids_of(&found), &received)?];
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

fn ids_of(found: &[StoredSession]) -> Vec<String> {
    found.iter().map(|session| session.id.to_string()).collect()
}

fn table(found: &[StoredSession]) -> String {
    let now = time_of(SystemTime::now());
    let row = |(session, id): (&StoredSession, String)| {
        let size = session.size.map_or_else(|| "not known".to_owned(), units::size);
        let (age, client) = (between(time_of(session.updated), now), session.client.to_string());
        let user = escape(session.user.as_deref().unwrap_or("-"));
        [id, units::size(session.received), size, age, client, user, escape(&session.path)]
    };
    let head = ["ID", "RECEIVED", "SIZE", "AGE", "CLIENT", "USER", "PATH"].map(str::to_owned);
    let rows = found.iter().zip(ids::short(&ids_of(found))).map(row);
    aligned(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    #[test]
    fn the_schema_is_that_of_the_lines() {
        check_schema::<Line<'_>>("sessions-server");
    }
}
