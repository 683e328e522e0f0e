//! Unfinished uploads as text and as JSON. All of it comes from files: it is escaped.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::journal::{EXPIRY, ListedRecord, Pruned, PrunedWhat, Record};
use crate::output::{json, units};
use crate::protocol::text::escape;

/// The facts about an upload. The names are a public contract.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "A line of `bitsup sessions list --json`, or `show --json`"))]
pub(super) struct UnfinishedUpload {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    v: u8,
    id: String,
    key: String,
    #[cfg_attr(test, schemars(extend("enum" = ["new", "open", "closing", "broken"])))]
    status: &'static str,
    /// Why nothing more is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(flatten)]
    known: Option<Known>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Known {
    file: String,
    url: String,
    /// Whether the URL had a query, which is never kept.
    has_query: bool,
    name: String,
    size: u64,
    acked: u64,
    session: Option<String>,
    target: Option<String>,
    /// Seconds since 1970, as the next two.
    created: u64,
    updated: u64,
    expires: u64,
}

impl UnfinishedUpload {
    pub(super) fn new(listed: &ListedRecord, id: &str) -> Self {
        let known = listed.record.as_ref().ok();
        let status = match known.map(|record| &record.session) {
            None => "broken",
            Some(None) => "new",
            Some(Some(session)) if session.close_sent => "closing",
            Some(Some(_)) => "open",
        };
        let (known, problem) = (known.map(Known::of), listed.record.as_ref().err().map(ToString::to_string));
        Self { v: json::VERSION, id: id.to_owned(), key: listed.key.to_string(), status, problem, known }
    }

    /// A line for each thing that is known.
    pub(super) fn text(&self, now: u64) -> String {
        let mut lines = vec![("id", self.key.clone()), ("status", self.status.to_owned())];
        lines.extend(self.problem.clone().map(|problem| ("problem", problem)));
        if let Some(known) = &self.known {
            let query = if known.has_query { " (and a query, which is not kept)" } else { "" };
            lines.extend([
                ("file", escape(&known.file)),
                ("url", format!("{}{query}", escape(&known.url))),
                ("name", escape(&known.name)),
                ("size", format!("{} bytes", known.size)),
                ("acked", format!("{} bytes ({})", known.acked, known.percent())),
            ]);
            lines.extend(known.session.as_ref().map(|session| ("session", escape(session))));
            lines.extend(known.target.as_ref().map(|target| ("target", escape(target))));
            lines.push(("updated", format!("{} ago", between(known.updated, now))));
            lines.push(("expires", format!("in {}", between(now, known.expires))));
        }
        lines.iter().fold(String::new(), |text, (name, value)| format!("{text}{name:<8} {value}\n"))
    }

    /// Its file, URL and progress, or its status, in one line.
    pub(super) fn summary(&self) -> String {
        match &self.known {
            Some(known) => format!("{} -> {}, {}", escape(&known.file), escape(&known.url), known.percent()),
            None => self.status.to_owned(),
        }
    }

    fn row(&self, now: u64) -> [String; 6] {
        let id = self.id.clone();
        let Some(known) = &self.known else {
            let (status, problem) = (self.status.to_owned(), self.problem.clone().unwrap_or_default());
            return [id, status, String::new(), String::new(), problem, String::new()];
        };
        let age = between(known.updated, now);
        [id, known.percent(), units::size(known.size), age, escape(&known.file), escape(&known.url)]
    }
}

impl Known {
    fn of(record: &Record) -> Self {
        let session = record.session.as_ref();
        Self {
            file: record.path.clone(),
            url: record.url.to_string(),
            has_query: record.has_query,
            name: record.name.clone(),
            size: record.identity.size(),
            acked: session.map_or(0, |session| session.acknowledged),
            session: session.map(|state| state.session.to_string()),
            target: session.and_then(|session| session.target.as_ref()).map(ToString::to_string),
            created: time_of(record.created),
            updated: time_of(record.updated),
            expires: time_of(record.updated).saturating_add(EXPIRY.as_secs()),
        }
    }

    /// Cut off, and never whole: an upload that is listed is not finished.
    fn percent(&self) -> String {
        let percent = (u128::from(self.acked) * 100).checked_div(u128::from(self.size)).unwrap_or(0);
        format!("{} %", percent.min(99))
    }
}

pub(super) fn time_of(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(super) fn between(earlier: u64, later: u64) -> String {
    units::remaining(Duration::from_secs(later.saturating_sub(earlier)))
}

pub(super) fn table(uploads: &[UnfinishedUpload], now: u64) -> String {
    let head = ["ID", "DONE", "SIZE", "AGE", "FILE", "URL"].map(str::to_owned);
    aligned(&std::iter::once(head).chain(uploads.iter().map(|upload| upload.row(now))).collect::<Vec<_>>())
}

/// Columns, aligned by what a terminal shows.
pub(super) fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell}{}  ", " ".repeat(width - cell.width())));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

/// The record that was removed, and why.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, title = "A line of `bitsup sessions prune --json`"))]
pub(super) struct PrunedLine {
    #[cfg_attr(test, schemars(extend("const" = 1)))]
    v: u8,
    #[cfg_attr(test, schemars(extend("enum" = ["expired", "broken", "leftover", "host-expired"])))]
    removed: &'static str,
    key: String,
    problem: Option<String>,
    /// The same for people.
    #[serde(skip)]
    pub(super) text: String,
}

impl PrunedLine {
    pub(super) fn new(pruned: &Pruned) -> Self {
        let (removed, what, problem) = match pruned.what {
            PrunedWhat::Expired => ("expired", "expired after 14 days", None),
            PrunedWhat::Broken(reason) => ("broken", "broken: ", Some(reason.to_string())),
            PrunedWhat::Leftover => ("leftover", "left over", None),
            PrunedWhat::HostExpired => ("host-expired", "what a host refused, expired after 30 days", None),
        };
        let key = pruned.key.to_string();
        let text = format!("removed {key:.8}: {what}{}\n", problem.as_deref().unwrap_or_default());
        Self { v: json::VERSION, removed, key, problem, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::check_schema;

    #[test]
    fn the_schemas_are_those_of_the_lines() {
        check_schema::<UnfinishedUpload>("sessions");
        check_schema::<PrunedLine>("sessions-prune");
    }
}
