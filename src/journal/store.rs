//! Records as files: written so that a crash leaves the old one or the new one, read so that nothing in them is trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::key::Key;
use super::progress::{self, ProgressFile};
use super::record::{BadRecord, Record, VERSION};
use crate::durable::json::{self, FormatError};
use crate::durable::{AccessError, Disk, Folder, Lock, Replace, Volatile};

const RECORD: &str = "json";
const TEMPORARY: &str = "tmp";
const SET_ASIDE: &str = "bad";
const LOCK: &str = "lock";
/// See `host.rs`.
pub(super) const HOST: &str = "host";
/// A newer Ack than the record's. Written without waiting for the disk, so never the only one.
const PROGRESS: &str = "ack";

/// See `finished.rs`.
const FINISHED: &str = "done";

/// A record is far smaller, in bytes.
const MAX_SIZE: u64 = 64 * 1024;

/// A prune holds a lock for an instant: that is no other upload.
const LOCK_TRIES: usize = 4;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// The state folder.
#[derive(Debug)]
pub(super) struct RecordStore {
    pub(super) path: PathBuf,
    folder: Folder,
    disk: Box<dyn Disk>,
    /// How many records of an older version were set aside when the folder was opened.
    pub(super) older_records: usize,
}

impl RecordStore {
    pub(super) fn on(disk: Box<dyn Disk>, path: &Path, make: bool) -> Result<Self, AccessError> {
        let folder = Folder::open_private(path, make)?;
        let mut store = Self { path: path.to_owned(), folder, disk, older_records: 0 };
        // Records that cannot be set aside now are tried again the next time; none is misread in any case.
        store.older_records = store.leave_older_versions().unwrap_or(0);
        Ok(store)
    }

    /// Older versions named their records by other rules, so these would never be found again: they are set aside.
    fn leave_older_versions(&self) -> io::Result<usize> {
        let mut count = 0;
        for (key, ending) in self.files()? {
            let is_older = || {
                let bytes = self.read(key, &ending).ok().flatten();
                bytes.is_some_and(|bytes| json::check_version::<VERSION>(&bytes) == Err(FormatError::Older))
            };
            match &*ending {
                // Nothing depends on what is remembered of a host.
                HOST if is_older() => self.remove_host(key)?,
                RECORD if is_older() => {
                    self.set_aside(key)?;
                    count += 1;
                }
                _ => {}
            }
        }
        Ok(count)
    }

    /// The files of uploads and hosts here: whose, and with which ending.
    fn files(&self) -> io::Result<impl Iterator<Item = (Key, String)>> {
        let file = |name: String| {
            let (stem, ending) = name.split_once('.')?;
            Some((stem.parse().ok()?, ending.to_owned()))
        };
        Ok(self.folder.names()?.into_iter().filter_map(file))
    }

    pub(super) fn path_of(&self, key: Key) -> PathBuf {
        self.path.join(file(key, RECORD))
    }

    /// The record of an upload, if there is one, with its newest Ack.
    pub(super) fn load(&self, key: Key) -> Result<Option<Record>, BadRecord> {
        let Some(bytes) = self.read(key, RECORD)? else { return Ok(None) };
        let record = Record::from_bytes(&bytes, key)?;
        let newer = self.read(key, PROGRESS).ok().flatten();
        let newer = newer.and_then(|bytes| Record::from_bytes(progress::unseal(&bytes)?, key).ok());
        Ok(Some(newer.filter(|newer| newer.goes_on_from(&record)).unwrap_or(record)))
    }

    /// The contents of a file, if it is there.
    pub(super) fn read(&self, key: Key, ending: &str) -> Result<Option<Vec<u8>>, BadRecord> {
        match self.folder.read_trusted(&file(key, ending), MAX_SIZE) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(AccessError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(AccessError::Io(error)) => Err(BadRecord::Unreadable(error.kind())),
            Err(AccessError::Untrusted(why)) => Err(BadRecord::Untrusted(why)),
        }
    }

    /// Writes a record. When this returns, it survives a power cut; when it fails, the old one is still there, or the new.
    pub(super) fn save(&self, record: &Record) -> io::Result<()> {
        self.replace(record.key, RECORD, &record.to_bytes()?)
    }

    /// Writes a record that need not survive a power cut. Nothing waits for the disk.
    pub(super) fn save_briefly(&self, record: &Record) -> io::Result<()> {
        let key = record.key;
        Volatile.replace(&self.folder, &file(key, RECORD), &file(key, TEMPORARY), &record.to_bytes()?)
    }

    /// Removes such a record.
    pub(super) fn remove_brief(&self, key: Key) -> io::Result<()> {
        self.discard(key, RECORD)
    }

    /// Writes a newer Ack of the session that [`RecordStore::save`] wrote over the one before; the first begins `file`.
    pub(super) fn save_progress(&self, file: &mut Option<ProgressFile>, record: &Record) -> io::Result<()> {
        let progress = match file {
            Some(progress) => progress,
            none => none.insert(self.begin_progress(record.key)?),
        };
        progress.write(self.disk.as_ref(), &record.to_bytes()?)
    }

    fn begin_progress(&self, key: Key) -> io::Result<ProgressFile> {
        self.discard(key, PROGRESS)?;
        Ok(ProgressFile::new(self.disk.create(&self.folder, &file(key, PROGRESS))?))
    }

    /// Writes a whole file. Only the holder of its lock may do that.
    pub(super) fn replace(&self, key: Key, ending: &str, bytes: &[u8]) -> io::Result<()> {
        self.disk.replace(&self.folder, &file(key, ending), &file(key, TEMPORARY), bytes)
    }

    fn discard(&self, key: Key, ending: &str) -> io::Result<()> {
        self.disk.remove(&self.folder, &file(key, ending))
    }

    /// Forgets a host.
    pub(super) fn remove_host(&self, host: Key) -> io::Result<()> {
        self.discard(host, HOST)?;
        self.disk.sync_folder(&self.folder)
    }

    /// The hosts of which something is remembered, in order.
    pub(super) fn hosts(&self) -> io::Result<BTreeSet<Key>> {
        Ok(self.files()?.filter(|(_, ending)| ending == HOST).map(|(key, _)| key).collect())
    }

    /// The runs of several files that have finished some of them.
    pub(super) fn finished_runs(&self) -> io::Result<BTreeSet<Key>> {
        Ok(self.files()?.filter(|(_, ending)| ending == FINISHED).map(|(key, _)| key).collect())
    }

    pub(super) fn read_finished(&self, run: Key, max: u64) -> Result<Vec<u8>, AccessError> {
        self.folder.read_trusted(&file(run, FINISHED), max)
    }

    /// The file of a run, to append to it.
    pub(super) fn open_finished(&self, run: Key) -> io::Result<File> {
        let name = file(run, FINISHED);
        match self.folder.open_file(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.folder.create_new(&name),
            result => result,
        }
    }

    pub(super) fn remove_finished(&self, run: Key) -> io::Result<()> {
        self.discard(run, FINISHED)
    }

    /// Removes a record, if there is one.
    pub(super) fn remove(&self, key: Key) -> io::Result<()> {
        self.discard(key, PROGRESS)?;
        self.discard(key, RECORD)?;
        self.disk.sync_folder(&self.folder)
    }

    /// Keeps a record that is not to be used, out of the way.
    pub(super) fn set_aside(&self, key: Key) -> io::Result<()> {
        let (record, aside) = (file(key, RECORD), file(key, SET_ASIDE));
        self.disk.rename((&self.folder, &record), (&self.folder, &aside), Replace::Allowed)
    }

    /// Locks an upload; `None` if another process is busy with it.
    pub(super) fn try_lock(&self, key: Key) -> io::Result<Option<Lock>> {
        for _ in 1..LOCK_TRIES {
            if let Some(lock) = self.folder.try_lock(&file(key, LOCK))? {
                return Ok(Some(lock));
            }
            thread::sleep(LOCK_PAUSE);
        }
        self.folder.try_lock(&file(key, LOCK))
    }

    /// Unlocks an upload of which nothing is remembered, and leaves no lock file behind.
    pub(super) fn unlock_for_good(&self, key: Key, lock: Lock) -> io::Result<()> {
        self.folder.unlock_and_remove(&file(key, LOCK), lock)
    }

    /// Removes what a crash or a bad record left of an upload. Only who holds its lock may do that.
    pub(super) fn remove_leftovers(&self, key: Key) -> io::Result<()> {
        self.discard(key, TEMPORARY)?;
        self.discard(key, SET_ASIDE)
    }

    /// The uploads that have a file of any kind here, in order.
    pub(super) fn found(&self) -> io::Result<BTreeMap<Key, UploadFiles>> {
        let mut all: BTreeMap<Key, UploadFiles> = BTreeMap::new();
        for (key, ending) in self.files()? {
            match &*ending {
                RECORD => all.entry(key).or_default().record = true,
                TEMPORARY | SET_ASIDE | PROGRESS => all.entry(key).or_default().leftovers = true,
                LOCK => _ = all.entry(key).or_default(),
                _ => {}
            }
        }
        Ok(all)
    }
}

/// Which files of an upload there are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct UploadFiles {
    pub(super) record: bool,
    /// Half-written, or set aside.
    pub(super) leftovers: bool,
}

fn file(key: Key, ending: &str) -> String {
    format!("{key}.{ending}")
}
