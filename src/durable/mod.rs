//! The few things done with files in the state folder. A trait, so that tests can make any of them fail.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
pub(crate) mod windows;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(not(unix))]
use other as system;
#[cfg(unix)]
use unix as system;

/// A record is far smaller.
pub(crate) const MAX_SIZE: u64 = 64 * 1024;

/// Files in one folder, by their names.
pub(crate) trait Files: fmt::Debug + Send + Sync {
    /// The contents of a file that nobody else could have written.
    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError>;

    /// Makes a file that was not there, for its owner alone.
    fn create_new(&self, name: &str) -> io::Result<Box<dyn NewFile>>;

    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file; one that is not there is fine.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes the names survive a power cut.
    fn sync(&self) -> io::Result<()>;

    /// All names.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Holds a lock file, made if it is not there; `None` if another process holds it.
    fn try_lock(&self, name: &str) -> io::Result<Option<Lock>>;

    /// Lets go of a lock and leaves no file behind, without letting two hold it at a time.
    fn unlock_and_remove(&self, name: &str, lock: Lock) -> io::Result<()>;
}

/// A file that is being written.
pub(crate) trait NewFile: fmt::Debug + Send {
    /// Appends.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Writes over the beginning. What a power cut leaves may be of both.
    fn rewrite(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written survive a power cut.
    fn sync(&self) -> io::Result<()>;
}

impl NewFile for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)
    }

    fn rewrite(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Seek::rewind(self)?;
        io::Write::write_all(self, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

/// Held until dropped, and no longer than the process lives.
#[derive(Debug)]
pub(crate) struct Lock {
    /// The system's lock is on the open file.
    _file: Option<File>,
}

impl Lock {
    fn on(file: File) -> Self {
        Self { _file: Some(file) }
    }

    /// For tests without files.
    #[cfg(test)]
    pub(crate) fn pretended() -> Self {
        Self { _file: None }
    }
}

/// A file that is not to be used.
#[derive(Debug)]
pub(crate) enum ReadError {
    Missing,
    Untrusted(&'static str),
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Missing } else { Self::Io(error) }
    }
}

/// What is wrong with a folder for saved sessions.
#[derive(Debug)]
pub enum FolderProblem {
    /// It cannot be made or opened.
    Io(io::Error),
    /// Others could write into it, or it is not what it should be.
    Untrusted(&'static str),
}

impl From<io::Error> for FolderProblem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for FolderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Untrusted(why) => f.write_str(why),
        }
    }
}

/// Opens the folder at `path`, making it and its parents if wanted.
///
/// # Errors
/// When that is not possible, or others could put files there.
pub(crate) fn open(path: &Path, make: bool) -> Result<Box<dyn Files>, FolderProblem> {
    Ok(Box::new(system::Folder::open(path, make)?))
}

/// Reads to the end, but not more than a record can have.
fn read_bounded(file: &File) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, MAX_SIZE + 1), &mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE { Err(ReadError::Untrusted(TOO_LARGE)) } else { Ok(bytes) }
}

const TOO_LARGE: &str = "it is too large";
const NOT_REGULAR: &str = "it is not a regular file";
const NOT_A_FOLDER: &str = "it is not a folder, or a symbolic link to one";
