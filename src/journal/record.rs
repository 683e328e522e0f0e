//! The record of an upload, as it is in its file, and the code that reads it back: everything is doubted until it was
//! checked.

use std::io;
use std::time::{Duration, SystemTime};

use http::Uri;
use serde::{Deserialize, Serialize};

use crate::durable::json::{self, FormatError};
use crate::protocol::{ContentName, as_text};
use crate::source::{Contents, Fingerprint, SourceIdentity, UploadEntity};
use crate::uploader::ResumeState;

use super::key::{Key, canonical, without_query};

/// The version of the formats. A file of a newer one is left alone, one of an older one set aside.
pub(super) const VERSION: u64 = 2;

/// An upload that is not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub(super) v: u64,
    /// Which upload it is.
    #[serde(with = "as_text")]
    pub key: Key,
    /// Where to, without the query.
    #[serde(with = "as_text")]
    pub url: Uri,
    /// Whether the URL has a query. It is not saved, because it may hold a secret.
    pub has_query: bool,
    /// The name told to the server.
    pub name: String,
    /// The absolute path, as text, of the file that the session is of. For people: nothing is found by it.
    pub path: String,
    /// That file's identity when its upload began.
    #[serde(rename = "source")]
    pub identity: SourceIdentity,
    /// The session, once the server opened one.
    pub session: Option<ResumeState>,
    pub(super) digest: DigestAlgorithm,
    /// The digest of the bytes that the session says are acknowledged.
    #[serde(with = "as_text::optional")]
    pub prefix: Option<Fingerprint>,
    /// How far reading the source for the network ever got beyond that, with the digest of everything before. The server
    /// may have stored it; where the source looks like another file by then, it is known whether that is the same.
    pub read: Option<Contents>,
    /// The contents of the reply file that this upload saved last, or is about to: it may be replaced.
    pub reply: Option<Contents>,
    /// When the upload began.
    #[serde(with = "seconds")]
    pub created: SystemTime,
    /// When this was written last.
    #[serde(with = "seconds")]
    pub updated: SystemTime,
}

/// The one by which contents are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DigestAlgorithm {
    #[serde(rename = "xxh3-128")]
    Xxh3,
}

/// The upload to resume.
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
    pub(super) fn new_record(&self, now: SystemTime) -> Record {
        let path = self.entity.absolute_path().to_string_lossy().into_owned();
        Record::new(self.destination, self.name.as_str().to_owned(), path, self.entity.identity().clone(), now)
    }
}

impl Record {
    /// An upload to `destination` that has no session yet, of the file that has this path and identity.
    #[must_use]
    pub fn new(destination: &Uri, name: String, path: String, identity: SourceIdentity, now: SystemTime) -> Self {
        Self {
            v: VERSION,
            key: Key::new(destination),
            url: without_query(destination),
            has_query: destination.query().is_some(),
            name,
            path,
            identity,
            session: None,
            digest: DigestAlgorithm::Xxh3,
            prefix: None,
            read: None,
            reply: None,
            created: now,
            updated: now,
        }
    }

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
        let same = newer.session == older.session && newer.sent_end <= older.sent_end;
        same && newer.target == older.target && newer.acknowledged > older.acknowledged
    }

    /// How long ago it was written last. A clock that went back counts as no time.
    pub(crate) fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.updated).unwrap_or_default()
    }

    /// The bytes for its file, with times in whole seconds.
    ///
    /// # Errors
    /// When it cannot be put in words; no record that bitsup makes is such.
    pub fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }

    /// Reads what was found in the file of `key`.
    ///
    /// # Errors
    /// When it is not exactly what [`Record::to_bytes`] may have written there.
    pub fn from_bytes(bytes: &[u8], key: Key) -> Result<Self, BadRecord> {
        let record: Self = json::read::<VERSION, _>(bytes)?;
        if !is_plain(&record.url) {
            return Err(BadRecord::Damaged("a field is wrong"));
        }
        let is_sound = record.key == key && record.is_sound();
        is_sound.then_some(record).ok_or(BadRecord::Damaged("its fields contradict each other"))
    }

    fn is_sound(&self) -> bool {
        let size = self.identity.size();
        let Some(session) = &self.session else { return self.prefix.is_none() && self.read.is_none() };
        self.prefix.is_some()
            && session.is_sound(&self.url, size)
            && self.read.is_none_or(|read| session.acknowledged < read.size && read.size <= size)
            // A reply that the session is said to have saved is one that the record tells of.
            && (self.reply.is_some() || !session.reply_saved)
    }
}

/// A file that is no usable record. Reads well after "the saved session cannot be used: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// It was written by a newer bitsup.
    #[error("a newer bitsup wrote it")]
    Newer,
    /// It was written by an older bitsup, which meant something else by it.
    #[error("an older bitsup wrote it")]
    Older,
    /// Its contents are not what bitsup writes.
    #[error("it is damaged, {0}")]
    Damaged(&'static str),
    /// Others may have written it.
    #[error("{0}")]
    Untrusted(&'static str),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::ErrorKind),
}

impl From<FormatError> for BadRecord {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::Newer => Self::Newer,
            FormatError::Older => Self::Older,
            FormatError::Damaged(what) => Self::Damaged(what),
        }
    }
}

/// Whether it is an http or https URL of a host, with neither user information nor a query.
fn is_plain(url: &Uri) -> bool {
    matches!(url.scheme_str(), Some("http" | "https"))
        && url.host().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.authority().is_some_and(|authority| !authority.as_str().contains('@'))
}

/// Times in files: whole seconds since 1970.
pub(super) mod seconds {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use serde::{Deserialize, Deserializer, Serializer, de};

    #[cfg_attr(windows, expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls"))]
    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let seconds = Duration::from_secs(u64::deserialize(deserializer)?);
        UNIX_EPOCH.checked_add(seconds).ok_or_else(|| de::Error::custom("a time that does not exist"))
    }
}
