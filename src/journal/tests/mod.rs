mod crash;
#[cfg(unix)]
mod hostile;
mod hosts;
mod model;
mod records;
mod runs;

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use http::Uri;
use tempfile::TempDir;

use super::*;
use crate::protocol::{ContentName, Session};
use crate::source::UploadEntity;
use crate::source::{Contents, Fingerprint};
use crate::uploader::{HostLimit, ResumeState};

const URL: &str = "http://h/drop/file.bin?sig=s3cret";
const SIZE: u64 = 10_000;

/// A file on its way to [`URL`], and an empty state folder.
struct Scene {
    folder: TempDir,
    url: Uri,
    name: ContentName,
    entity: UploadEntity,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file.bin");
        std::fs::write(&path, vec![7; usize::try_from(SIZE).expect("small")]).expect("written");
        Self {
            url: Uri::from_static(URL),
            name: ContentName::new("file.bin"),
            entity: UploadEntity::open(&path).expect("opened"),
            folder,
        }
    }

    fn upload(&self) -> Upload<'_> {
        Upload { destination: &self.url, name: &self.name, entity: &self.entity }
    }

    fn key(&self) -> Key {
        Key::new(self.upload().destination)
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("a").join("state")
    }

    fn journal(&self) -> Journal {
        Journal::open(&self.state()).expect("a journal")
    }

    fn record_file(&self) -> PathBuf {
        self.state().join(format!("{}.json", self.key()))
    }

    /// This many milliseconds after the beginning.
    fn at(milliseconds: u64) -> SystemTime {
        day(20_000) + Duration::from_millis(milliseconds)
    }

    fn claim(&self, journal: &Journal) -> Entry {
        journal.claim(&self.upload(), Self::at(0)).expect("nobody else has it")
    }

    /// A claim whose session is open and half acknowledged, with everything on disk.
    fn half_way(&self, journal: &Journal) -> Entry {
        let mut entry = self.claim(journal);
        save(&mut entry, SIZE / 2, SIZE / 2, Self::at(3));
        assert!(entry.take_warnings().is_empty());
        entry
    }
}

fn save(entry: &mut Entry, acknowledged: u64, sent_end: u64, now: SystemTime) {
    entry.save(state(acknowledged, sent_end), digest(acknowledged), None, now);
}

fn save_progress(entry: &mut Entry, acknowledged: u64, sent_end: u64, now: SystemTime) {
    entry.save_progress(state(acknowledged, sent_end), digest(acknowledged), None, now);
}

fn state(acknowledged: u64, sent_end: u64) -> ResumeState {
    ResumeState { acknowledged, sent_end, ..ResumeState::new(&session("{S-1}")) }
}

/// This many days after 1970-01-01.
fn day(days: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(24 * days * 3600)
}

fn session(id: &str) -> Session {
    Session { id: id.parse().expect("an id"), protocol: None, host: None, host_fallback_timeout: None }
}

fn digest(length: u64) -> Fingerprint {
    Fingerprint::of(&vec![7; usize::try_from(length).expect("small")])
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}
