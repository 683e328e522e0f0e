//! The state folder by its path, where there are no directory handles. Its access rights are those of the user's profile.

use std::fs::{self, File};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{Files, FolderProblem, Lock, NOT_A_FOLDER, NOT_REGULAR, NewFile, ReadError};
use crate::durable::windows;

/// Others may read and write a lock file while it is open, but not take its name away: what is locked would then not be
/// what the next one locks.
const BUT_NOT_REMOVE: u32 = 1 | 2;

#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(path: &Path, make: bool) -> Result<Self, FolderProblem> {
        if make {
            fs::create_dir_all(path)?;
        }
        if !fs::symlink_metadata(path)?.is_dir() {
            return Err(FolderProblem::Untrusted(NOT_A_FOLDER));
        }
        Ok(Self(path.to_owned()))
    }
}

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.0.join(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(ReadError::Untrusted(NOT_REGULAR));
        }
        super::read_bounded(&File::open(path)?)
    }

    fn create_new(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(File::create_new(self.0.join(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        windows::rename(&self.0.join(from), &self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        windows::remove(&self.0.join(name))
    }

    /// Folders cannot be synced here.
    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).share_mode(BUT_NOT_REMOVE);
        let file = match options.open(self.0.join(name)) {
            // Whoever removes it has it for an instant.
            Err(error) if windows::is_held(&error) => return Ok(None),
            result => result?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock::on(file))),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock_and_remove(&self, name: &str, lock: Lock) -> io::Result<()> {
        drop(lock);
        match fs::remove_file(self.0.join(name)) {
            // Somebody has it open: now it is that one's lock.
            Err(error) if error.kind() != io::ErrorKind::NotFound && !windows::is_held(&error) => Err(error),
            _ => Ok(()),
        }
    }
}
