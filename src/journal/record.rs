//! What is remembered of an upload, and how it is read back: everything in a file is doubted until it was checked.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Uri;
use serde::{Deserialize, Serialize};

use crate::digest::Fingerprint;
use crate::entity::{SourceIdentity, UploadEntity};
use crate::protocol::{ContentName, HostId, SessionId};

use super::key::{Key, canonical, without_query};

/// The version of the format. A file of a newer one is left alone.
const VERSION: u32 = 1;

/// An upload that is not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which upload it is.
    pub key: Key,
    /// Where to, without the query.
    pub url: Uri,
    /// Whether the URL has a query. It is not saved, because it may hold a secret.
    pub has_query: bool,
    /// The name told to the server.
    pub name: String,
    /// The file's absolute path, as text.
    pub path: String,
    /// What the file was when the upload began.
    pub identity: SourceIdentity,
    /// The session, once the server opened one.
    pub session: Option<SavedSession>,
    /// When the upload began.
    pub created: SystemTime,
    /// When this was written last.
    pub updated: SystemTime,
}

/// A session, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSession {
    /// Its name.
    pub id: SessionId,
    /// Where its packets went, if it can be told without a query.
    pub target: Option<Uri>,
    /// The host that the server named instead of the URL's.
    pub host: Option<HostId>,
    /// After this long without progress at that host, go back to the URL's. Absent: never.
    pub host_fallback_timeout: Option<Duration>,
    /// The server acknowledged everything before this offset. May lag behind what it really did, never leads.
    pub acknowledged: u64,
    /// The digest of what was acknowledged.
    pub prefix: Fingerprint,
    /// Nothing behind this offset was ever sent in this session: the server cannot have it.
    pub sent: u64,
    /// Size of the last fragment in bytes.
    pub fragment_size: Option<u64>,
    /// The smallest fragment that the server refused as too large, in bytes.
    pub refused_size: Option<u64>,
    /// Whether Close-Session was, or was about to be, sent.
    pub close_sent: bool,
}

/// The upload that somebody wants to go on with.
#[derive(Debug, Clone, Copy)]
pub struct Upload<'a> {
    /// Where to. The URL must have no user information in it.
    pub destination: &'a Uri,
    /// The name told to the server.
    pub name: &'a ContentName,
    /// The file.
    pub entity: &'a UploadEntity,
}

impl Upload<'_> {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(self.destination, self.entity.absolute_path())
    }

    pub(super) fn new_record(&self, now: SystemTime) -> Record {
        Record {
            key: self.key(),
            url: without_query(self.destination),
            has_query: self.destination.query().is_some(),
            name: self.name.as_str().to_owned(),
            path: as_text(self.entity.absolute_path()),
            identity: self.entity.identity().clone(),
            session: None,
            created: now,
            updated: now,
        }
    }
}

/// The key tells paths apart that look the same as text.
fn as_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Record {
    /// Whether it is about the same file on its way to the same URL.
    pub(super) fn is_of(&self, upload: &Self) -> bool {
        let same_url = canonical(&self.url) == canonical(&upload.url) && self.has_query == upload.has_query;
        self.key == upload.key && same_url && self.path == upload.path
    }

    /// How long ago it was written last. A clock that went back counts as no time.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.updated).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Stored::of(self))
    }

    /// Reads what was found in the file of `key`.
    ///
    /// # Errors
    /// When it is not exactly what [`Record::to_bytes`] may have written there.
    pub(super) fn from_bytes(bytes: &[u8], key: Key) -> Result<Self, BadRecord> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let version: Versioned = serde_json::from_slice(bytes).map_err(|_| BadRecord::Damaged("it is no JSON"))?;
        if version.v > VERSION {
            return Err(BadRecord::Newer);
        }
        let stored: Stored = serde_json::from_slice(bytes).map_err(|_| BadRecord::Damaged("a field is wrong"))?;
        stored.check(key).ok_or(BadRecord::Damaged("its fields contradict each other"))
    }
}

/// A file that is no usable record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRecord {
    /// It was written by a newer bitsup.
    Newer,
    /// Its contents are not what bitsup writes.
    Damaged(&'static str),
    /// Others may have written it.
    Untrusted(&'static str),
    /// It cannot be read.
    Unreadable(io::ErrorKind),
}

/// Reads well after "the saved session cannot be used: ".
impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer => f.write_str("a newer bitsup wrote it"),
            Self::Damaged(what) => write!(f, "it is damaged, {what}"),
            Self::Untrusted(why) => f.write_str(why),
            Self::Unreadable(kind) => write!(f, "it cannot be read: {kind}"),
        }
    }
}

impl std::error::Error for BadRecord {}

/// The file's contents.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    v: u32,
    key: String,
    url: String,
    has_query: bool,
    name: String,
    path: String,
    source: SourceIdentity,
    session: Option<StoredSession>,
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
}

impl Stored {
    fn of(record: &Record) -> Self {
        Self {
            v: VERSION,
            key: record.key.to_string(),
            url: record.url.to_string(),
            has_query: record.has_query,
            name: record.name.clone(),
            path: record.path.clone(),
            source: record.identity.clone(),
            session: record.session.as_ref().map(StoredSession::of),
            created: seconds(record.created),
            updated: seconds(record.updated),
        }
    }

    fn check(self, key: Key) -> Option<Record> {
        let url = parse_url(&self.url)?;
        let session = match self.session {
            Some(session) => Some(session.check(&url, self.source.size())?),
            None => None,
        };
        let is_whole = self.v == VERSION && self.key.parse() == Ok(key);
        is_whole.then_some(())?;
        Some(Record {
            key,
            url,
            has_query: self.has_query,
            name: self.name,
            path: self.path,
            identity: self.source,
            session,
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
        if !(in_order && closes_whole && sizes && goes_there && self.digest == Fingerprint::ALGORITHM) {
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
        })
    }
}

/// An http or https URL of a host, with neither user information nor a query.
pub(super) fn parse_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let plain = matches!(url.scheme_str(), Some("http" | "https"))
        && url.host().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    plain.then_some(url)
}

/// Only to the URL's own host or the one that the server named, and never from https to http.
pub(super) fn may_lead_to(url: &Uri, host: Option<&HostId>, target: &Uri) -> bool {
    let is = |name: Option<&str>| matches!((name, target.host()), (Some(name), Some(host)) if name.eq_ignore_ascii_case(host));
    (is(url.host()) || is(host.map(HostId::host)))
        && (url.scheme_str() == target.scheme_str() || target.scheme_str() == Some("https"))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
