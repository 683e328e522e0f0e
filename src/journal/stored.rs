//! A record as a file: its contents, and the checks on everything that was read.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Uri;
use serde::{Deserialize, Serialize};

use crate::digest::{Contents, Fingerprint};
use crate::entity::SourceIdentity;
use crate::protocol::{HostId, reply_url};

use super::key::Key;
use super::record::{Record, SavedSession, may_lead_to, parse_url};

/// The version of the format. A file of a newer one is left alone.
pub(super) const VERSION: u32 = 1;

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
    session: Option<StoredSession>,
    /// Written only where there is one, so that a bitsup that does not know it reads all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<StoredContents>,
    created: u64,
    updated: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSession {
    id: String,
    target: Option<String>,
    host: Option<String>,
    host_fallback_seconds: Option<u64>,
    acknowledged: u64,
    digest: String,
    prefix: String,
    sent: u64,
    fragment_size: Option<u64>,
    refused_size: Option<u64>,
    close_sent: bool,
    reply_url: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reply_saved: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredContents {
    size: u64,
    digest: String,
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
            session: record.session.as_ref().map(StoredSession::of),
            reply: record.reply.map(StoredContents::of),
            created: seconds(record.created),
            updated: seconds(record.updated),
        }
    }

    pub(super) fn check(self, key: Key) -> Option<Record> {
        let url = parse_url(&self.url)?;
        let session = match self.session {
            Some(session) => Some(session.check(&url, self.source.size())?),
            None => None,
        };
        let reply = match self.reply {
            Some(reply) => Some(reply.check()?),
            None => None,
        };
        // What a session is said to have saved is what the record tells of.
        let says_what = reply.is_some() || !session.as_ref().is_some_and(|session| session.reply_saved);
        let is_whole = says_what && self.v == VERSION && self.key.parse() == Ok(key);
        is_whole.then_some(())?;
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

impl StoredSession {
    fn of(session: &SavedSession) -> Self {
        Self {
            id: session.id.to_string(),
            target: session.target.as_ref().map(ToString::to_string),
            host: session.host.as_ref().map(ToString::to_string),
            host_fallback_seconds: session.host_fallback_timeout.map(|timeout| timeout.as_secs()),
            acknowledged: session.acknowledged,
            digest: Fingerprint::ALGORITHM.to_owned(),
            prefix: session.prefix.to_string(),
            sent: session.sent,
            fragment_size: session.fragment_size,
            refused_size: session.refused_size,
            close_sent: session.close_sent,
            reply_url: session.reply_url.clone(),
            reply_saved: session.reply_saved,
        }
    }

    fn check(self, url: &Uri, size: u64) -> Option<SavedSession> {
        let target = match self.target {
            Some(target) => Some(parse_url(&target)?),
            None => None,
        };
        let host = match self.host {
            Some(host) => Some(host.parse::<HostId>().ok()?),
            None => None,
        };
        let in_order = self.acknowledged <= self.sent && self.sent <= size;
        let closes_whole = !self.close_sent || self.acknowledged == size;
        let sizes = [self.fragment_size, self.refused_size].iter().all(|size| *size != Some(0));
        let goes_there = target.as_ref().is_none_or(|target| may_lead_to(url, host.as_ref(), target));
        let replies_there = self.reply_url.as_deref().is_none_or(|raw| reply_url::resolve(raw, url).is_ok());
        // It is fetched only where it was offered, and when the server has every byte.
        let saves_offered = !self.reply_saved || (self.reply_url.is_some() && self.sent == size);
        let is_whole = in_order && closes_whole && sizes && saves_offered;
        if !(is_whole && goes_there && replies_there && self.digest == Fingerprint::ALGORITHM) {
            return None;
        }
        Some(SavedSession {
            id: self.id.parse().ok()?,
            target,
            host,
            host_fallback_timeout: self.host_fallback_seconds.map(Duration::from_secs),
            acknowledged: self.acknowledged,
            prefix: self.prefix.parse().ok()?,
            sent: self.sent,
            fragment_size: self.fragment_size,
            refused_size: self.refused_size,
            close_sent: self.close_sent,
            reply_url: self.reply_url,
            reply_saved: self.reply_saved,
        })
    }
}

impl StoredContents {
    fn of(contents: Contents) -> Self {
        Self {
            size: contents.size,
            digest: Fingerprint::ALGORITHM.to_owned(),
            contents: contents.fingerprint.to_string(),
        }
    }

    fn check(self) -> Option<Contents> {
        let fingerprint = self.contents.parse().ok()?;
        (self.digest == Fingerprint::ALGORITHM).then_some(Contents { size: self.size, fingerprint })
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
