//! What is remembered of an upload, and how it is read back: everything in a file is doubted until it was checked.

use std::cmp::Ordering;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use http::Uri;
use serde::Deserialize;

use crate::protocol::ContentName;
use crate::source::{Contents, Fingerprint};
use crate::source::{SourceIdentity, UploadEntity};
use crate::uploader::ResumeState;

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
    /// The absolute path, as text, of the file that the session is of.
    pub path: String,
    /// What that file was when its upload began.
    pub identity: SourceIdentity,
    /// The session, once the server opened one.
    pub session: Option<Saved>,
    /// The contents of the reply file that this upload saved last, or is about to: it may be replaced.
    pub reply: Option<Contents>,
    /// When the upload began.
    pub created: SystemTime,
    /// When this was written last.
    pub updated: SystemTime,
}

/// A session, and what it holds of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// As the state machine made it.
    pub state: ResumeState,
    /// The digest of the bytes that it says are acknowledged.
    pub prefix: Fingerprint,
    /// How far reading the source for the network ever got beyond that, with the digest of everything before. The server
    /// may have stored it; where the source looks like another file by then, it is known whether that is the same.
    pub read: Option<(u64, Fingerprint)>,
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
        Key::new(self.destination)
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

/// For people: nothing is found by it.
fn as_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Record {
    /// Whether it is about an upload to the same URL. The source's path and identity do not matter for that: its content
    /// does, and that is compared.
    pub(super) fn is_of(&self, upload: &Self) -> bool {
        let same_url = canonical(&self.url) == canonical(&upload.url) && self.has_query == upload.has_query;
        self.key == upload.key && same_url
    }

    /// Whether it says more of the same session than `older`, within what that has written down before it was sent.
    #[must_use]
    pub fn goes_on_from(&self, older: &Self) -> bool {
        let (Some(newer), Some(older)) = (&self.session, &older.session) else { return false };
        let same = newer.state.session == older.state.session && newer.state.sent_end <= older.state.sent_end;
        same && newer.state.target == older.state.target && newer.state.acknowledged > older.state.acknowledged
    }

    /// How long ago it was written last. A clock that went back counts as no time.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.updated).unwrap_or_default()
    }

    /// What is written to its file, in whole seconds.
    ///
    /// # Errors
    /// When it cannot be put in words; no record that bitsup makes is such.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Stored::of(self))
    }

    /// Reads what was found in the file of `key`.
    ///
    /// # Errors
    /// When it is not exactly what [`Record::to_bytes`] may have written there.
    pub fn from_bytes(bytes: &[u8], key: Key) -> Result<Self, BadRecord> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let version: Versioned = serde_json::from_slice(bytes).map_err(|_| BadRecord::Damaged("it is no JSON"))?;
        match version.v.cmp(&VERSION) {
            Ordering::Greater => return Err(BadRecord::Newer),
            Ordering::Less => return Err(BadRecord::Older),
            Ordering::Equal => {}
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
    /// It was written by an older bitsup, which meant something else by it.
    Older,
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
            Self::Older => f.write_str("an older bitsup wrote it"),
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
