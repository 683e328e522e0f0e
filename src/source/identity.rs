//! What tells one state of a file from another without reading it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What tells one state of a file from another without reading it. Can be saved and compared in a later run.
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

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
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

    /// What differs between an earlier run's file and this one; `None` if it is the same file, unchanged.
    ///
    /// The device's number is not compared: it may change at a restart of the machine.
    #[must_use]
    pub fn difference(&self, earlier: &Self) -> Option<Difference> {
        if self.size != earlier.size {
            Some(Difference::Size)
        } else if self.modified != earlier.modified {
            Some(Difference::Modified)
        } else if self.inode != earlier.inode {
            Some(Difference::OtherFile)
        } else if self.changed != earlier.changed {
            Some(Difference::Changed)
        } else {
            None
        }
    }
}

/// What differs between two states of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Its size.
    Size,
    /// The time of its last modification.
    Modified,
    /// It is another file under the same name.
    OtherFile,
    /// The time of its last change, of contents or properties (ctime).
    Changed,
}

/// Reads well after "the file changed since: ".
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "it has another size",
            Self::Modified => "it was modified",
            Self::OtherFile => "it is another file of the same name",
            Self::Changed => "its contents or properties were changed",
        })
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
            assert_eq!(read.difference(&identity(&file)), None);
        }
    }

    #[test]
    fn differences_are_named() {
        let (file, other) =
            (tempfile::NamedTempFile::new().expect("a file"), tempfile::NamedTempFile::new().expect("a file"));
        let time = UNIX_EPOCH + Duration::from_secs(1000);
        file.as_file().set_modified(time).expect("set");
        other.as_file().set_modified(time).expect("set");
        let before = identity(&file);
        assert_eq!(identity(&other).difference(&before), Some(Difference::OtherFile));
        if cfg!(unix) {
            let touched = SourceIdentity { changed: Some(Timestamp(0, 0)), ..before.clone() };
            assert_eq!(touched.difference(&before), Some(Difference::Changed));
        }
        file.as_file().set_modified(time + Duration::from_nanos(200)).expect("set");
        assert_eq!(identity(&file).difference(&before), Some(Difference::Modified));
        file.as_file().set_len(1).expect("set");
        assert_eq!(identity(&file).difference(&before), Some(Difference::Size));
        let elsewhere = SourceIdentity { device: Some(u64::MAX), ..before.clone() };
        assert_eq!(elsewhere.difference(&before), None);
    }
}
