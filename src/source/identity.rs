//! The identity of a file's state: it tells one from another without reading the file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// The size, times and numbers that tell one state of a file from another without reading it. Can be saved and compared
/// in a later run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceIdentity {
    size: u64,
    modified: Option<Timestamp>,
    changed: Option<Timestamp>,
    inode: Option<u64>,
    device: Option<u64>,
}

/// Seconds since 1970, negative before, and nanoseconds on top of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Timestamp(i64, u32);

impl Timestamp {
    fn of(time: SystemTime) -> Option<Self> {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Some(Self(i64::try_from(after.as_secs()).ok()?, after.subsec_nanos())),
            Err(error) => {
                let before = error.duration();
                Some(Self(-i64::try_from(before.as_secs()).ok()?, before.subsec_nanos()))
            }
        }
    }
}

impl SourceIdentity {
    /// Of an open file.
    #[cfg(unix)]
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(Self::told(&file.metadata()?))
    }

    /// Of what a path leads to.
    #[cfg(unix)]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self::told(&std::fs::metadata(path)?))
    }

    #[cfg(unix)]
    fn told(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(Timestamp::of),
            changed: Some(Timestamp(metadata.ctime(), u32::try_from(metadata.ctime_nsec()).unwrap_or(0))),
            inode: Some(metadata.ino()),
            device: Some(metadata.dev()),
        }
    }

    /// Of an open file. Windows' time of the last change of properties has no safe binding.
    #[cfg(not(unix))]
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        // A file server that does not number its files says 0.
        let told = winapi_util::file::information(file).ok().filter(|told| told.file_index() != 0);
        Ok(Self {
            size: metadata.len(),
            modified: metadata.modified().ok().and_then(Timestamp::of),
            changed: None,
            inode: told.as_ref().map(winapi_util::file::Information::file_index),
            device: told.as_ref().map(winapi_util::file::Information::volume_serial_number),
        })
    }

    /// Of what a path leads to.
    #[cfg(not(unix))]
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Self::of(&File::open(path)?)
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether it is the same file, whatever happened to it.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        (self.inode, self.device) == (other.inode, other.device)
    }

    /// Whether nothing differs but perhaps the time of the last change of its properties.
    pub(super) fn differs_at_most_in_ctime(&self, other: &Self) -> bool {
        Self { changed: None, ..self.clone() } == Self { changed: None, ..other.clone() }
    }

    /// Whether it is an earlier run's file, as it was then. The device's number is not compared: it may change at a restart
    /// of the machine.
    #[must_use]
    pub fn is_unchanged_since(&self, earlier: &Self) -> bool {
        Self { device: None, ..self.clone() } == Self { device: None, ..earlier.clone() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn identity(file: &tempfile::NamedTempFile) -> SourceIdentity {
        SourceIdentity::of(file.as_file()).expect("asked")
    }

    #[test]
    fn an_identity_survives_being_saved() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for time in [SystemTime::now(), UNIX_EPOCH - Duration::from_millis(1500)] {
            file.as_file().set_modified(time).expect("set");
            let text = serde_json::to_string(&identity(&file)).expect("written");
            let read: SourceIdentity = serde_json::from_str(&text).expect("read");
            assert_eq!(read, identity(&file));
            assert!(read.is_unchanged_since(&identity(&file)));
        }
    }

    #[test]
    fn each_change_is_seen_but_that_of_the_devices_number() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let before = identity(&file);
        for now in [
            SourceIdentity { size: 1, ..before.clone() },
            SourceIdentity { modified: Some(Timestamp(1000, 200)), ..before.clone() },
            SourceIdentity { changed: Some(Timestamp(0, 0)), ..before.clone() },
            SourceIdentity { inode: Some(u64::MAX), ..before.clone() },
        ] {
            assert!(!now.is_unchanged_since(&before), "{now:?}");
        }
        let elsewhere = SourceIdentity { device: Some(u64::MAX), ..before.clone() };
        assert!(elsewhere.is_unchanged_since(&before));
        file.as_file().set_modified(UNIX_EPOCH + Duration::from_nanos(200)).expect("set");
        assert!(!identity(&file).is_unchanged_since(&before), "the file itself is asked");
    }
}
