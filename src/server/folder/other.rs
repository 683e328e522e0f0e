//! Folders elsewhere: paths, with every step looked at before it is taken.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Kind, Replace};
use crate::durable::windows;

/// A folder.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder that the operator named.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if path.is_dir() { Ok(Self(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Opens a folder in this one; a symbolic link is an error.
    pub(crate) fn enter(&self, name: &str) -> io::Result<Self> {
        match self.kind(name)? {
            Some(Kind::Folder) => Ok(Self(self.0.join(name))),
            Some(_) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens a folder, making it if it is not there. It inherits the root's permissions.
    pub(crate) fn enter_private(&self, name: &str) -> io::Result<Self> {
        match fs::create_dir(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => self.enter(name),
        }
    }

    /// What the name stands for, if for anything.
    pub(crate) fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(metadata) if metadata.is_file() => Ok(Some(Kind::File)),
            Ok(metadata) if metadata.is_dir() => Ok(Some(Kind::Folder)),
            Ok(_) => Ok(Some(Kind::Other)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a file that was not there.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    /// Opens a file for reading and writing; a symbolic link is an error.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        match self.kind(name)? {
            Some(Kind::File) => OpenOptions::new().read(true).write(true).open(self.0.join(name)),
            Some(_) => Err(io::ErrorKind::InvalidInput.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens a regular file for reading; a symbolic link is an error.
    pub(crate) fn open_for_reading(&self, name: &str) -> io::Result<File> {
        match self.kind(name)? {
            Some(Kind::File) => File::open(self.0.join(name)),
            Some(_) => Err(io::ErrorKind::InvalidInput.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        windows::remove(&self.0.join(name))
    }

    /// Gives a file another place on the same file system.
    pub(crate) fn rename(&self, name: &str, to: &Self, new_name: &str, replace: Replace) -> io::Result<()> {
        let (from, to) = (self.0.join(name), to.0.join(new_name));
        match replace {
            Replace::Allowed => windows::rename(&from, &to),
            Replace::Never => windows::rename_without_replacing(&from, &to),
        }
    }

    /// The names of everything in it.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// Names are as durable as the file system makes them: folders cannot be synced here.
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    #[expect(clippy::unused_self, reason = "the same on every system")]
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// Not known here.
    #[expect(clippy::unused_self, reason = "the same on every system")]
    pub(crate) fn free_space(&self) -> Option<u64> {
        None
    }

    /// Whether both are one folder, by whichever spelling they were reached: resolving gives back the one on the disk.
    pub(crate) fn is_same_folder(&self, other: &Self) -> io::Result<bool> {
        Ok(self.0.canonicalize()? == other.0.canonicalize()?)
    }

    /// Not known here; publishing finds out.
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    #[expect(clippy::unused_self, reason = "the same on every system")]
    pub(crate) fn is_same_device(&self, _other: &Self) -> io::Result<bool> {
        Ok(true)
    }

    /// Inherited from the folder.
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    #[expect(clippy::unused_self, reason = "the same on every system")]
    pub(crate) fn usual_mode(&self, _probe: &str) -> io::Result<Permissions> {
        Ok(Permissions)
    }
}

/// Who may do what with a file: inherited here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permissions;

impl Permissions {
    /// Nothing to do.
    #[expect(clippy::unnecessary_wraps, reason = "the same on every system")]
    #[expect(clippy::unused_self, reason = "the same on every system")]
    pub(crate) fn apply(self, _file: &File) -> io::Result<()> {
        Ok(())
    }
}
