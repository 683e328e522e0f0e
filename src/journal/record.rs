//! What is remembered of an upload, and how it is read back: everything in a file is doubted until it was checked.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use http::Uri;
use serde::Deserialize;

use crate::digest::{Contents, Fingerprint};
use crate::entity::{SourceIdentity, UploadEntity};
use crate::protocol::{ContentName, HostId, SessionId};

use super::key::{Key, canonical, without_query};
use super::stored::{Stored, VERSION};

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
    /// The contents of the reply file that this upload saved last, or is about to: it may be replaced.
    pub reply: Option<Contents>,
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
    /// Where the server's reply can be fetched, as the server wrote it.
    pub reply_url: Option<String>,
    /// Whether [`Record::reply`] is this session's reply: it need not be fetched again.
    pub reply_saved: bool,
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
            reply: None,
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
