//! Uploads remembered across runs: one small file each, written so that it never says more than what happened.
//!
//! ```text
//! Journal::claim ─ locks, loads ─► Entry ─► ( save ─► save_progress* )* ─► forget
//! ```
//!
//! An upload that cannot be remembered still runs: that is a [`JournalWarning`]. Only another process that is busy with
//! the same upload stops it: [`JournalError::Locked`].

mod entry;
mod error;
mod finished;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod host;
mod key;
mod progress;
mod prune;
mod record;
mod store;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

pub use crate::durable::AccessError;
pub use entry::Entry;
pub use error::{JournalError, JournalWarning};
pub(crate) use finished::Finished;
pub use key::Key;
pub(crate) use prune::{EXPIRY, Pruned, PrunedWhat};
pub use record::{BadRecord, Record, Upload};

use crate::durable::{Durable, Lock};
use store::RecordStore;

/// The folder in which uploads are remembered, or none.
#[derive(Debug, Clone)]
pub struct Journal(Option<Arc<RecordStore>>);

/// A remembered upload, or what is left of one.
#[derive(Debug)]
pub(crate) struct ListedRecord {
    /// Which upload it is.
    pub key: Key,
    /// The record in its file, or why that is not used.
    pub record: Result<Record, BadRecord>,
}

impl Journal {
    /// The journal in this folder, which is made if it is missing.
    ///
    /// # Errors
    /// When uploads cannot be remembered there. [`Journal::disabled`] then does instead.
    pub fn open(path: &Path) -> Result<Self, JournalWarning> {
        Self::open_or_make(path, true)
    }

    /// The journal in this folder; one without a record if the folder is missing.
    pub(crate) fn open_existing(path: &Path) -> Result<Self, JournalWarning> {
        match Self::open_or_make(path, false) {
            Err(JournalWarning::NoFolder(_, AccessError::Io(error))) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::disabled())
            }
            result => result,
        }
    }

    fn open_or_make(path: &Path, make: bool) -> Result<Self, JournalWarning> {
        RecordStore::on(Box::new(Durable), path, make)
            .map(|store| Self(Some(Arc::new(store))))
            .map_err(|reason| JournalWarning::NoFolder(path.to_owned(), reason))
    }

    /// A warning about records of an older version, which were set aside when the folder was opened.
    pub(crate) fn older_records(&self) -> Option<JournalWarning> {
        let store = self.0.as_ref()?;
        let count = store.older_records;
        (count > 0).then(|| JournalWarning::Older(store.path.clone(), count))
    }

    /// Remembers nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self(None)
    }

    /// Takes an upload for this process, with what an earlier run remembered of it.
    ///
    /// # Errors
    /// When another process is busy with it.
    pub fn claim(&self, upload: &Upload<'_>, now: SystemTime) -> Result<Entry, JournalError> {
        let new = upload.new_record(now);
        let Some(store) = &self.0 else { return Ok(Entry::in_memory(new)) };
        let lock = match store.try_lock(new.key) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(JournalError::Locked),
            Err(error) => {
                let mut entry = Entry::in_memory(new);
                entry.warn(JournalWarning::NotSaved(store.path.clone(), error));
                return Ok(entry);
            }
        };
        match store.load(new.key) {
            Ok(Some(record)) if record.is_of(&new) => Ok(Entry::on_disk(Some(record), new, Arc::clone(store), lock)),
            Ok(Some(_)) => Ok(Self::doubt(store, lock, new, BadRecord::Damaged("it is about another upload"))),
            Ok(None) => Ok(Entry::on_disk(None, new, Arc::clone(store), lock)),
            Err(reason) => Ok(Self::doubt(store, lock, new, reason)),
        }
    }

    /// A file is there, but not to be used. It is moved out of the way, unless a newer bitsup can use it.
    fn doubt(store: &Arc<RecordStore>, lock: Lock, new: Record, reason: BadRecord) -> Entry {
        let set_aside = reason != BadRecord::Newer && store.set_aside(new.key).is_ok();
        let warning = JournalWarning::Ignored { path: store.path_of(new.key), reason, set_aside };
        let mut entry =
            if set_aside { Entry::on_disk(None, new, Arc::clone(store), lock) } else { Entry::in_memory(new) };
        entry.warn(warning);
        entry
    }

    /// Takes a remembered upload by its key, to end it.
    /// Fails when another process is busy with it.
    pub(crate) fn take(&self, key: Key) -> Result<Option<Entry>, JournalError> {
        let Some(store) = &self.0 else { return Ok(None) };
        let lock = match store.try_lock(key) {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(JournalError::Locked),
            Err(_) => return Ok(None),
        };
        let record = store.load(key).ok().flatten();
        Ok(record.map(|record| Entry::on_disk(Some(record.clone()), record, Arc::clone(store), lock)))
    }

    /// The record of an upload, for a look: it is neither locked nor changed.
    pub(crate) fn peek(&self, upload: &Upload<'_>, now: SystemTime) -> Option<Record> {
        let new = upload.new_record(now);
        let record = self.0.as_ref()?.load(new.key).ok().flatten()?;
        record.is_of(&new).then_some(record)
    }

    /// All remembered uploads, by key.
    pub(crate) fn list(&self) -> io::Result<Vec<ListedRecord>> {
        let Some(store) = &self.0 else { return Ok(Vec::new()) };
        let keys = store.found()?.into_iter().filter(|(_, found)| found.record);
        // One that vanishes meanwhile is no longer remembered.
        let listed = |(key, _)| store.load(key).transpose().map(|record| ListedRecord { key, record });
        Ok(keys.filter_map(listed).collect())
    }
}
