//! One upload's place in the journal. The state machine decides which record is written when; this room decides how, so
//! that a crash leaves the old record or the new one.

use std::sync::Arc;
use std::time::SystemTime;

use crate::source::{Contents, Fingerprint};
use crate::uploader::{HostLimit, ResumeState};

use super::error::JournalWarning;
use super::host;
use super::key::Key;
use super::progress::ProgressFile;
use super::record::Record;
use super::store::RecordStore;
use crate::durable::Lock;

/// One upload in the journal, locked against other processes for as long as this lives.
///
/// No method fails: what cannot be written is no reason to stop an upload. It becomes one [`JournalWarning`], see
/// [`Entry::take_warnings`]. A record that could not be replaced is removed if that is possible, for what it says about
/// how far the upload got is no longer true.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Entry {
    record: Record,
    /// The first record of this run's source.
    new: Record,
    store: Option<Arc<RecordStore>>,
    lock: Option<Lock>,
    /// The file of the newest Ack, once this run wrote one.
    progress: Option<ProgressFile>,
    is_known: bool,
    is_on_disk: bool,
    /// The record on the disk would not survive a power cut, and its removal need not.
    is_brief: bool,
    has_failed: bool,
    warnings: Vec<JournalWarning>,
}

impl Entry {
    /// An entry that remembers nothing beyond this process.
    pub(super) fn in_memory(new: Record) -> Self {
        Self {
            record: new.clone(),
            new,
            store: None,
            lock: None,
            progress: None,
            is_known: false,
            is_on_disk: false,
            is_brief: false,
            has_failed: false,
            warnings: Vec::new(),
        }
    }

    pub(super) fn on_disk(found: Option<Record>, new: Record, store: Arc<RecordStore>, lock: Lock) -> Self {
        let mut entry = Self::in_memory(new);
        (entry.store, entry.lock) = (Some(store), Some(lock));
        (entry.is_known, entry.is_on_disk) = (found.is_some(), found.is_some());
        entry.record = found.unwrap_or_else(|| entry.new.clone());
        entry
    }

    /// Whether an earlier run left something to resume.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// The remembered record: the one that an earlier run left, or one without a session.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Whether what is saved outlives this process, as far as is known.
    pub(crate) fn can_save(&self) -> bool {
        self.store.is_some() && !self.has_failed
    }

    /// The warnings since the last call.
    pub fn take_warnings(&mut self) -> Vec<JournalWarning> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn warn(&mut self, warning: JournalWarning) {
        self.warnings.push(warning);
    }

    /// Remembers the session of this run's source, with the digest of what it says is acknowledged, and of what was read
    /// beyond that. When it returns, this survives a power cut.
    pub fn save(&mut self, session: ResumeState, prefix: Fingerprint, read: Option<Contents>, now: SystemTime) {
        self.take_over(session, prefix, read, now);
        self.write(false);
    }

    /// The same for a moment: it survives the process, not a power cut.
    pub(crate) fn save_briefly(
        &mut self,
        session: ResumeState,
        prefix: Fingerprint,
        read: Option<Contents>,
        now: SystemTime,
    ) {
        self.take_over(session, prefix, read, now);
        self.write(true);
    }

    fn write(&mut self, is_brief: bool) {
        let Some(store) = self.store.clone() else { return };
        let saved = if is_brief { store.save_briefly(&self.record) } else { store.save(&self.record) };
        match saved {
            Ok(()) => (self.is_on_disk, self.is_brief) = (true, is_brief),
            Err(error) => self.not_saved(&store, error),
        }
    }

    /// Remembers a newer Ack of the session that was saved last: it survives the process, not a power cut, after which the
    /// older one is found.
    pub(crate) fn save_progress(
        &mut self,
        session: ResumeState,
        prefix: Fingerprint,
        read: Option<Contents>,
        now: SystemTime,
    ) {
        self.take_over(session, prefix, read, now);
        let Some(store) = self.store.clone().filter(|_| self.is_on_disk) else { return };
        if let Err(error) = store.save_progress(&mut self.progress, &self.record) {
            self.not_saved(&store, error);
        }
    }

    fn take_over(&mut self, session: ResumeState, prefix: Fingerprint, read: Option<Contents>, now: SystemTime) {
        // The session may be of another file with the same content: from now on it is this one's.
        self.record = Record {
            session: Some(session),
            prefix: Some(prefix),
            read,
            reply: self.record.reply,
            created: self.record.created,
            updated: now,
            ..self.new.clone()
        };
    }

    fn not_saved(&mut self, store: &RecordStore, error: std::io::Error) {
        self.progress = None;
        // The old record's word about how far the upload got is about to be untrue.
        if store.remove(self.record.key).is_ok() {
            self.is_on_disk = false;
        }
        if !std::mem::replace(&mut self.has_failed, true) {
            self.warn(JournalWarning::NotSaved(store.path.clone(), error));
        }
    }

    /// The reply arrived, and a file with these contents is about to get its name: the next [`Entry::save`] tells another
    /// run that it is ours.
    pub(crate) fn reply_saving(&mut self, contents: Contents) {
        self.record.reply = Some(contents);
    }

    /// The reply that an earlier run saved is not there any more: it has to be fetched again.
    pub(crate) fn reply_is_gone(&mut self) {
        if let Some(session) = &mut self.record.session {
            session.reply_saved = false;
        }
    }

    /// There is no session to resume. The contents of a known reply file stay as long as this process.
    pub(crate) fn forget(&mut self) {
        self.record = Record { reply: self.record.reply, created: self.record.created, ..self.new.clone() };
        self.progress = None;
        let Some(store) = self.store.clone() else { return };
        let removed = if self.is_brief { store.remove_brief(self.record.key) } else { store.remove(self.record.key) };
        match removed {
            Ok(()) => self.is_on_disk = false,
            Err(error) => self.warn(JournalWarning::NotRemoved(store.path.clone(), error)),
        }
    }

    /// The fragment that the URL's host and folder refused lately, in bytes.
    pub(crate) fn refused_before(&self, now: SystemTime) -> Option<u64> {
        host::refused_size(self.store.as_ref()?, Key::of_folder(&self.record.url), now)
    }

    /// Remembers what is proven of the URL's host and folder, if that is possible.
    pub(crate) fn remember_limit(&self, limit: HostLimit, now: SystemTime) {
        if let Some(store) = &self.store {
            host::remember(store, Key::of_folder(&self.record.url), limit, now);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let (Some(store), Some(lock), false) = (&self.store, self.lock.take(), self.is_on_disk) {
            // A lock file that stays is removed by `sessions prune`.
            let _ = store.unlock_for_good(self.record.key, lock);
        }
    }
}
