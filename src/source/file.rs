//! The source: a regular file, opened once, read by ranges, watched for change.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::protocol::ContentRange;
use crate::sync::lock;

use super::identity::SourceIdentity;

/// The file that is uploaded (MC-BUP 1.1, "upload entity").
#[derive(Debug)]
pub struct UploadEntity {
    file: File,
    path: PathBuf,
    absolute: PathBuf,
    identity: SourceIdentity,
    /// That identity with attributes that changed since and were found not to matter.
    current: Mutex<SourceIdentity>,
    /// Names of the file, where the system counts them.
    links: u64,
}

impl UploadEntity {
    /// Opens a file for uploading.
    ///
    /// # Errors
    /// When it is missing, unreadable, or not a regular file whose size is known.
    pub fn open(path: &Path) -> Result<Self, EntityError> {
        Self::try_open(path).map_err(|error| EntityError { path: path.to_owned(), error })
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        // Looked at before it is opened: opening a FIFO would wait for its writer.
        check_kind(&std::fs::metadata(path)?)?;
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        check_kind(&metadata)?;
        if metadata.len() == 0 && (&file).read(&mut [0])? > 0 {
            return Err(io::Error::other("it does not tell its size"));
        }
        announce_reading(&file);
        let identity = SourceIdentity::of(&file)?;
        Ok(Self {
            path: path.to_owned(),
            absolute: absolute(path)?,
            current: Mutex::new(identity.clone()),
            identity,
            links: links(&metadata),
            file,
        })
    }

    /// Its path from the root, without symbolic links where they can be resolved.
    #[must_use]
    pub fn absolute_path(&self) -> &Path {
        &self.absolute
    }

    /// Its identity when it was opened.
    pub(crate) fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.identity.size()
    }

    /// The change since the file was opened, by its size, times and identity.
    pub(crate) fn change(&self) -> Result<SourceChange, EntityError> {
        let now = SourceIdentity::of(&self.file).map_err(|e| self.error(e))?;
        if now == *lock(&self.current) {
            return Ok(SourceChange::None);
        }
        if !now.differs_at_most_in_ctime(&self.identity) {
            return Ok(SourceChange::Content);
        }
        // Replacing or removing its name changes a file's ctime, but not what is in it.
        let lost_a_name = links(&self.file.metadata().map_err(|e| self.error(e))?) < self.links;
        Ok(if lost_a_name { SourceChange::None } else { SourceChange::Attributes(now) })
    }

    /// A change of attributes was looked into, and the content is the same.
    pub(crate) fn accept(&self, now: SourceIdentity) {
        *lock(&self.current) = now;
    }

    /// Whether the path that it was opened by still leads to this file. If not, the open file is what is read.
    pub(crate) fn is_what_its_path_names(&self) -> bool {
        SourceIdentity::at(&self.path).is_ok_and(|there| there.is_same_file(&self.identity))
    }

    /// Whether a path leads to this file, or to the place that it had.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        canonical(path).is_ok_and(|path| path == self.absolute)
    }

    /// A reader of exactly the bytes of `range`.
    pub(crate) fn read(&self, range: ContentRange) -> Result<RangeReader<'_>, EntityError> {
        (&self.file).seek(SeekFrom::Start(range.first())).map_err(|e| self.error(e))?;
        Ok(RangeReader { file: &self.file, left: range.len() })
    }

    /// Names this file in an error that reading it gave.
    pub(crate) fn error(&self, error: io::Error) -> EntityError {
        EntityError { path: self.path.clone(), error }
    }
}

/// The change of an open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SourceChange {
    /// Nothing that matters.
    None,
    /// Only the time of the last change of contents or attributes (ctime): chmod, chown, a new hard link do that.
    Attributes(SourceIdentity),
    /// Its size, its time of modification, or it is another file.
    Content,
}

/// However a file is named, from whichever folder: one name for it.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    canonical(path).or_else(|_| std::path::absolute(path))
}

#[cfg(not(windows))]
fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path)
}

#[cfg(windows)]
fn canonical(path: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(path).map(crate::durable::windows::plain)
}

/// Asks the system to read further ahead than usual: the file is read from its beginning to its end. A hint, so nothing
/// depends on it; on systems other than Linux there is only their usual read-ahead.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn announce_reading(file: &File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn announce_reading(_: &File) {}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    0
}

fn check_kind(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        Err(io::Error::other(WrongKind(SourceFault::Directory)))
    } else if !metadata.is_file() {
        Err(io::Error::other(WrongKind(SourceFault::NotRegular)))
    } else {
        Ok(())
    }
}

/// The fault of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceFault {
    /// It is a directory.
    Directory,
    /// It is a pipe, a device or the like.
    NotRegular,
    /// The system does not open or read it.
    Io,
}

/// Within the [`io::Error`] of what is no file.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{}", if matches!(.0, SourceFault::Directory) { "it is a directory" } else { "it is not a regular file" })]
struct WrongKind(SourceFault);

/// Reads a range of the source. A file that ends too early is an error, never a short body.
#[derive(Debug)]
pub(crate) struct RangeReader<'a> {
    file: &'a File,
    left: u64,
}

impl Read for RangeReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let got = self.file.read(&mut buffer[..wanted])?;
        if got == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ended before its size"));
        }
        self.left -= got as u64;
        Ok(got)
    }
}

/// The source cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {error}", path.display())]
pub struct EntityError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

impl EntityError {
    /// Which kind of fault it is.
    #[must_use]
    pub fn fault(&self) -> SourceFault {
        let wrong_kind = self.error.get_ref().and_then(|inner| inner.downcast_ref::<WrongKind>());
        wrong_kind.map_or(SourceFault::Io, |wrong| wrong.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), content).expect("written");
        file
    }

    fn read(entity: &UploadEntity, first: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let range = ContentRange::new(first, len, entity.size()).expect("a range");
        entity.read(range).expect("positioned").read_to_end(&mut bytes).map(|_| bytes)
    }

    #[test]
    fn ranges_are_read_exactly_in_any_order() {
        let file = file(b"0123456789");
        let entity = UploadEntity::open(file.path()).expect("opened");
        assert_eq!(entity.size(), 10);
        assert_eq!(read(&entity, 7, 3).expect("read"), b"789");
        assert_eq!(read(&entity, 0, 4).expect("read"), b"0123");
    }

    #[test]
    fn what_the_system_does_not_read_is_an_error() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "0123456789").expect("written");
        // Its bytes are there, and each read of it fails.
        let unreadable = File::options().write(true).open(file.path()).expect("opened");
        let mut reader = RangeReader { file: &unreadable, left: 10 };
        assert!(reader.read(&mut [0; 4]).is_err());
        assert_eq!(reader.left, 10);
    }

    #[test]
    fn a_file_that_shrank_is_an_error_not_a_short_body() {
        let file = file(b"0123456789");
        let entity = UploadEntity::open(file.path()).expect("opened");
        file.as_file().set_len(5).expect("cut");
        assert_eq!(read(&entity, 0, 10).map_err(|e| e.kind()), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(entity.change().expect("asked"), SourceChange::Content);
    }

    #[test]
    fn a_change_of_content_with_the_same_size_is_noticed() {
        let file = file(b"0123456789");
        let entity = UploadEntity::open(file.path()).expect("opened");
        assert_eq!(entity.change().expect("asked"), SourceChange::None);
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
        file.as_file().set_modified(later).expect("touched");
        assert_eq!(entity.change().expect("asked"), SourceChange::Content);
    }

    #[cfg(unix)]
    #[test]
    fn a_change_of_attributes_alone_is_told_apart_and_accepted_once() {
        use std::os::unix::fs::PermissionsExt;
        let file = file(b"0123456789");
        let entity = UploadEntity::open(file.path()).expect("opened");
        let allow = |mode| std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("set");
        allow(0o640);
        let SourceChange::Attributes(now) = entity.change().expect("asked") else { panic!("not told apart") };
        entity.accept(now);
        assert_eq!(entity.change().expect("asked"), SourceChange::None);
        allow(0o600);
        assert!(matches!(entity.change().expect("asked"), SourceChange::Attributes(_)));
        file.as_file().set_len(5).expect("cut");
        assert_eq!(entity.change().expect("asked"), SourceChange::Content);
    }

    #[test]
    fn one_file_has_one_absolute_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = canonical(folder.path()).expect("real").join("a");
        std::fs::write(&real, "x").expect("written");
        std::fs::create_dir(folder.path().join("b")).expect("made");
        let absolute =
            |path: &str| UploadEntity::open(&folder.path().join(path)).expect("opened").absolute_path().to_owned();
        assert_eq!(absolute("a"), real);
        assert_eq!(absolute("b/../a"), real);
        let entity = UploadEntity::open(&real).expect("opened");
        assert!(entity.is_at(&folder.path().join("b/../a")) && !entity.is_at(&folder.path().join("c")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("a", folder.path().join("link")).expect("linked");
            assert_eq!(absolute("link"), real);
        }
    }

    #[test]
    fn a_file_whose_name_now_means_another_goes_on_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&path, b"0123456789").expect("written");
        std::fs::write(&other, b"abcdefghij").expect("written");
        let entity = UploadEntity::open(&path).expect("opened");
        assert!(entity.is_what_its_path_names());
        match std::fs::rename(&other, &path) {
            // Before Windows 10, and in Wine, an open file keeps its name.
            Err(_) if cfg!(windows) => return,
            result => result.expect("replaced"),
        }
        assert_eq!(entity.change().expect("asked"), SourceChange::None);
        assert!(!entity.is_what_its_path_names());
        assert_eq!(read(&entity, 0, 3).expect("read"), b"012");
    }

    #[test]
    fn only_regular_files_with_a_size_are_sources() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |path: &Path| UploadEntity::open(path).map(|_| ()).map_err(|e| e.to_string()).expect_err("refused");
        assert!(text(folder.path()).ends_with("it is a directory"));
        assert!(text(&folder.path().join("missing")).contains("No such file") || cfg!(windows));
        if cfg!(target_os = "linux") {
            assert!(text(Path::new("/dev/null")).ends_with("it is not a regular file"));
            assert!(text(Path::new("/proc/self/status")).ends_with("it does not tell its size"));
        }
    }
}
