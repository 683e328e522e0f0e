//! Folders by handle, and files in them that survive a power cut. The journal and the receiver keep their files with it.
//!
//! Everything below a [`Folder`] is reached name by name, and a symbolic link is never followed. The steps that can
//! fail half-way go through [`Disk`], the one place where tests let them fail.
#![cfg_attr(not(feature = "serve"), expect(dead_code, reason = "for the receiver"))]

mod disk;
pub(crate) mod json;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
pub(crate) mod windows;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

pub(crate) use disk::{Disk, Durable, Volatile};
#[cfg(unix)]
pub(crate) use unix::Folder;
#[cfg(windows)]
pub(crate) use windows::Folder;

const TOO_LARGE: &str = "it is too large";
const NOT_REGULAR: &str = "it is not a regular file";
const NOT_A_FOLDER: &str = "it is not a folder, or a symbolic link to one";

/// The type of the object that a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// A symbolic link, device, pipe or socket.
    Other,
}

/// Whether a rename may replace a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    /// An existing file is an error.
    Never,
    /// An existing file is replaced.
    Allowed,
}

/// Held until dropped, and no longer than the process lives: the system's lock is on the open file.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing alone would not do: a program that is being started has the open file too, until it runs, and Windows unlocks
    /// a closed file when it finds the time.
    fn drop(&mut self) {
        // It is closed next, which unlocks it as well.
        let _ = self.0.unlock();
    }
}

/// Why a folder, or a file in it, is not used.
#[derive(Debug)]
pub enum AccessError {
    /// It cannot be made, opened or read.
    Io(io::Error),
    /// Others could write to it, or it is not what it should be.
    Untrusted(&'static str),
}

impl From<io::Error> for AccessError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<AccessError> for io::Error {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Io(error) => error,
            AccessError::Untrusted(why) => Self::new(io::ErrorKind::InvalidInput, why),
        }
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Untrusted(why) => f.write_str(why),
        }
    }
}

/// A file's size, and its number on its file system (0 if that tells none): both stay the same when it is renamed.
#[cfg(unix)]
pub(crate) fn stamp(file: &File) -> io::Result<(u64, u64)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), std::os::unix::fs::MetadataExt::ino(&metadata)))
}

/// A file's size, and its number on its file system (0 if that tells none): both stay the same when it is renamed.
#[cfg(windows)]
pub(crate) fn stamp(file: &File) -> io::Result<(u64, u64)> {
    let told = winapi_util::file::information(file)?;
    Ok((told.file_size(), told.file_index()))
}

fn read_bounded(file: &File, max: u64) -> Result<Vec<u8>, AccessError> {
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max { Err(AccessError::Untrusted(TOO_LARGE)) } else { Ok(bytes) }
}
