//! A record as a file: its contents, and the checks on everything that was read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::source::SourceIdentity;
use crate::source::{Contents, Fingerprint};
use crate::uploader::ResumeState;

use super::key::Key;
use super::record::{Record, Saved, parse_url};

/// The version of the format. A file of a newer one is left alone, one of an older one set aside.
pub(super) const VERSION: u32 = 2;

/// The file's contents.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    v: u32,
    key: String,
    url: String,
    has_query: bool,
    name: String,
    path: String,
    source: SourceIdentity,
    session: Option<ResumeState>,
    digest: String,
    prefix: Option<String>,
    read: Option<StoredContents>,
    reply: Option<StoredContents>,
    created: u64,
    updated: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredContents {
    size: u64,
    contents: String,
}

impl Stored {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            v: VERSION,
            key: record.key.to_string(),
            url: record.url.to_string(),
            has_query: record.has_query,
            name: record.name.clone(),
            path: record.path.clone(),
            source: record.identity.clone(),
            session: record.session.as_ref().map(|saved| saved.state.clone()),
            digest: Fingerprint::ALGORITHM.to_owned(),
            prefix: record.session.as_ref().map(|saved| saved.prefix.to_string()),
            read: record.session.as_ref().and_then(|saved| saved.read).map(StoredContents::of),
            reply: record.reply.map(|reply| StoredContents::of((reply.size, reply.fingerprint))),
            created: seconds(record.created),
            updated: seconds(record.updated),
        }
    }

    pub(super) fn check(self, key: Key) -> Option<Record> {
        let url = parse_url(&self.url)?;
        let read = match self.read {
            Some(read) => Some(read.check()?),
            None => None,
        };
        let session = match (self.session, self.prefix) {
            (Some(state), Some(prefix)) => Some(Saved { state, prefix: prefix.parse().ok()?, read }),
            (None, None) if read.is_none() => None,
            _ => return None,
        };
        let reply = match self.reply {
            Some(reply) => Some(reply.check().map(|(size, fingerprint)| Contents { size, fingerprint })?),
            None => None,
        };
        let is_sound = session.as_ref().is_none_or(|saved| {
            // What a session is said to have saved is what the record tells of.
            let read_beyond = |(end, _)| saved.state.acknowledged < end && end <= self.source.size();
            saved.state.is_sound(&url, self.source.size())
                && (reply.is_some() || !saved.state.reply_saved)
                && saved.read.is_none_or(read_beyond)
        });
        let is_whole = self.v == VERSION && self.key.parse() == Ok(key) && self.digest == Fingerprint::ALGORITHM;
        (is_sound && is_whole).then_some(())?;
        Some(Record {
            key,
            url,
            has_query: self.has_query,
            name: self.name,
            path: self.path,
            identity: self.source,
            session,
            reply,
            created: time(self.created)?,
            updated: time(self.updated)?,
        })
    }
}

impl StoredContents {
    fn of((size, fingerprint): (u64, Fingerprint)) -> Self {
        Self { size, contents: fingerprint.to_string() }
    }

    fn check(self) -> Option<(u64, Fingerprint)> {
        Some((self.size, self.contents.parse().ok()?))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
