//! Which files a run of several has uploaded: the same command, given again after it failed or was stopped, skips them.
//!
//! Each run appends a line for each file to a file of its own, without waiting for the disk: a line that a power cut takes
//! costs an upload, no more. Nothing depends on these files, so that what cannot be read or kept is no error.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use http::Uri;
use serde::{Deserialize, Serialize};

use crate::durable::json;
use crate::source::Contents;
use crate::sync::lock;
use crate::uploader::Verify;

use super::record::{VERSION, seconds};
use super::store::RecordStore;
use super::{EXPIRY, Journal, Key};

/// Bytes of one run's file: about 300,000 lines.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// The files that were uploaded by runs of several files that have not succeeded yet.
#[derive(Debug)]
pub(crate) struct Finished {
    store: Option<Arc<RecordStore>>,
    known: BTreeMap<Key, (Contents, Verify)>,
    /// Whose lines are in which run's file.
    runs: BTreeMap<Key, BTreeSet<Key>>,
    /// This run's file, once something is written to it.
    own: Mutex<Option<File>>,
    run: Option<Key>,
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FinishedFile {
    v: u64,
    #[serde(with = "crate::protocol::as_text")]
    key: Key,
    file: Contents,
    /// How it was compared after the upload.
    verified: Verify,
    #[serde(with = "seconds")]
    finished: SystemTime,
}

impl Journal {
    /// The files that earlier runs finished, for a run whose first file goes to `first`.
    pub(crate) fn finished(&self, first: Option<&Uri>, now: SystemTime) -> Finished {
        let mut finished = Finished {
            store: self.0.clone(),
            known: BTreeMap::new(),
            runs: BTreeMap::new(),
            own: Mutex::default(),
            run: first.map(Key::new),
        };
        finished.load(now);
        finished
    }
}

impl Finished {
    fn load(&mut self, now: SystemTime) {
        let Some(store) = &self.store else { return };
        for run in store.finished_runs().unwrap_or_default() {
            let bytes = store.read_finished(run, MAX_SIZE).unwrap_or_default();
            let mut keys = BTreeSet::new();
            for line in bytes.split(|byte| *byte == b'\n') {
                let Ok(line) = json::read::<VERSION, FinishedFile>(line) else { continue };
                if now.duration_since(line.finished).unwrap_or_else(|ahead| ahead.duration()) <= EXPIRY {
                    keys.insert(line.key);
                    self.known.insert(line.key, (line.file, line.verified));
                }
            }
            if keys.is_empty() {
                let _ = store.remove_finished(run);
            } else {
                self.runs.insert(run, keys);
            }
        }
    }

    /// The contents of the file that was uploaded to this URL, if it was verified at least so.
    pub(crate) fn contents(&self, destination: &Uri, verified: Verify) -> Option<Contents> {
        self.known.get(&Key::new(destination)).filter(|(_, how)| *how >= verified).map(|(contents, _)| *contents)
    }

    /// A file of this run is on the server.
    pub(crate) fn note(&self, destination: &Uri, file: Contents, verified: Verify, now: SystemTime) {
        let (Some(store), Some(run)) = (&self.store, self.run) else { return };
        let line = FinishedFile { v: VERSION, key: Key::new(destination), file, verified, finished: now };
        let mut own = lock(&self.own);
        if own.is_none() {
            *own = store.open_finished(run).and_then(|mut file| file.seek(SeekFrom::End(0)).map(|_| file)).ok();
        }
        if let (Some(log), Ok(text)) = (own.as_mut(), serde_json::to_string(&line)) {
            // In one piece, and on a line of its own, whatever an earlier run left at the end.
            let _ = log.write_all(format!("\n{text}\n").as_bytes());
        }
    }

    /// All files of this run are on the server: the next run of the same command uploads them all.
    pub(crate) fn forget<'a>(self, destinations: impl Iterator<Item = &'a Uri>) {
        let Some(store) = &self.store else { return };
        drop(lock(&self.own).take());
        let uploaded: BTreeSet<Key> = destinations.map(Key::new).collect();
        let is_over = |keys: &BTreeSet<Key>| keys.is_subset(&uploaded);
        let over = self.runs.iter().filter(|(_, keys)| is_over(keys)).map(|(run, _)| *run);
        for run in over.chain(self.run) {
            let _ = store.remove_finished(run);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn url(text: &'static str) -> Uri {
        Uri::from_static(text)
    }

    fn contents(text: &str) -> Contents {
        Contents::of(text.as_bytes(), 100).expect("read")
    }

    fn endings(folder: &std::path::Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        names.filter_map(|path| Some(path.extension()?.to_str()?.to_owned())).collect()
    }

    #[test]
    fn what_a_run_finished_is_known_until_one_with_these_files_succeeds() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(folder.path()).expect("a journal");
        let (a, b) = (url("http://h/a"), url("http://h/b"));
        journal.finished(Some(&a), NOW).note(&a, contents("1"), Verify::None, NOW);
        journal.finished(Some(&a), NOW).note(&a, contents("2"), Verify::Size, NOW);
        let other = journal.finished(Some(&b), NOW);
        assert_eq!(
            (other.contents(&a, Verify::None), other.contents(&b, Verify::None)),
            (Some(contents("2")), None),
            "the newest"
        );
        assert!(other.contents(&a, Verify::Size).is_some() && other.contents(&a, Verify::Sha256).is_none());
        other.forget([&b].into_iter());
        assert!(
            journal.finished(Some(&a), NOW).contents(&a, Verify::None).is_some(),
            "it was not among the files of that run"
        );
        journal.finished(Some(&b), NOW).forget([&a, &b].into_iter());
        assert_eq!(endings(folder.path()), [""; 0]);
    }

    #[test]
    fn it_expires_and_what_is_damaged_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(folder.path()).expect("a journal");
        let a = url("http://h/a");
        journal.finished(Some(&a), NOW).note(&a, contents("1"), Verify::None, NOW);
        let path = folder.path().join(format!("{}.done", Key::new(&a)));
        let line = std::fs::read_to_string(&path).expect("read");
        for before in ["", "{\"v\":2,\"key\":", "\0\0\0\n", "{\"v\":3}\n", "[]\n", "\u{feff}"] {
            std::fs::write(&path, format!("{before}{line}{before}")).expect("written");
            assert_eq!(journal.finished(Some(&a), NOW).contents(&a, Verify::None), Some(contents("1")), "{before:?}");
        }
        let later = NOW + EXPIRY + Duration::from_secs(1);
        assert_eq!(journal.finished(Some(&a), later).contents(&a, Verify::None), None);
        assert!(!path.exists());
        // Of the future by far: a clock was wrong.
        std::fs::write(&path, line.replace("\"finished\":0", "\"finished\":99999999999")).expect("written");
        assert_eq!(journal.finished(Some(&a), NOW).contents(&a, Verify::None), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_write_or_a_link_is_not_believed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(folder.path()).expect("a journal");
        let a = url("http://h/a");
        journal.finished(Some(&a), NOW).note(&a, contents("1"), Verify::None, NOW);
        let path = folder.path().join(format!("{}.done", Key::new(&a)));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("set");
        assert_eq!(journal.finished(Some(&a), NOW).contents(&a, Verify::None), None);
        let _ = std::fs::remove_file(&path);
        let target = folder.path().join("target");
        std::fs::write(&target, "kept").expect("written");
        symlink(&target, &path).expect("linked");
        journal.finished(Some(&a), NOW).note(&a, contents("1"), Verify::None, NOW);
        assert_eq!(std::fs::read_to_string(&target).expect("read"), "kept", "no link is followed");
    }
}
