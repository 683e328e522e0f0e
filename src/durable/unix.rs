//! The state folder by its handle: links are not followed, nothing blocks, and owner and permissions are those of what
//! was opened.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::{Files, FolderProblem, Lock, MAX_SIZE, NOT_A_FOLDER, NOT_REGULAR, NewFile, ReadError, TOO_LARGE};

/// A FIFO must not block, a link must not lead away.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// For its owner alone.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A lock file that vanishes while it is being locked is made again, at most this often.
const MAX_LOCK_TRIES: usize = 10;

const FOREIGN: &str = "it belongs to another user";
const OPEN_TO_OTHERS: &str = "other users may write to it";

#[derive(Debug)]
pub(super) struct Folder(File);

impl Folder {
    pub(super) fn open(path: &Path, make: bool) -> Result<Self, FolderProblem> {
        if make {
            match DirBuilder::new().recursive(true).mode(0o700).create(path) {
                // What is there instead is told below.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        let folder = match fs::open(path, SAFE | OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty()) {
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(FolderProblem::Untrusted(NOT_A_FOLDER)),
            result => File::from(result.map_err(io::Error::from)?),
        };
        let stat = fs::fstat(&folder).map_err(io::Error::from)?;
        match distrust(&stat) {
            Some(why) => Err(FolderProblem::Untrusted(why)),
            None => Ok(Self(folder)),
        }
    }

    fn open_file(&self, name: &str, flags: OFlags) -> Result<(File, Stat), ReadError> {
        let file = match fs::openat(&self.0, name, SAFE | flags, PRIVATE) {
            // NXIO: a FIFO that nobody reads, or a socket; that is OPNOTSUPP on macOS.
            Err(Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::OPNOTSUPP | Errno::ISDIR) => {
                return Err(ReadError::Untrusted(NOT_REGULAR));
            }
            result => File::from(result.map_err(io::Error::from)?),
        };
        let stat = fs::fstat(&file).map_err(io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(ReadError::Untrusted(NOT_REGULAR));
        }
        match distrust(&stat) {
            Some(why) => Err(ReadError::Untrusted(why)),
            None => Ok((file, stat)),
        }
    }
}

/// Why others could have written it.
fn distrust(stat: &Stat) -> Option<&'static str> {
    if stat.st_uid != geteuid().as_raw() {
        Some(FOREIGN)
    } else if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        Some(OPEN_TO_OTHERS)
    } else {
        None
    }
}

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let (file, stat) = self.open_file(name, OFlags::RDONLY)?;
        if u64::try_from(stat.st_size).is_ok_and(|size| size <= MAX_SIZE) {
            super::read_bounded(&file)
        } else {
            Err(ReadError::Untrusted(TOO_LARGE))
        }
    }

    fn create_new(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let flags = SAFE | OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        Ok(Box::new(File::from(fs::openat(&self.0, name, flags, PRIVATE)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().to_str().ok().map(str::to_owned));
        }
        Ok(names)
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        for _ in 0..MAX_LOCK_TRIES {
            let (file, locked) = match self.open_file(name, OFlags::RDWR | OFlags::CREATE) {
                Ok(opened) => opened,
                Err(ReadError::Untrusted(why)) => return Err(io::Error::other(why)),
                Err(ReadError::Missing) => return Err(io::ErrorKind::NotFound.into()),
                Err(ReadError::Io(error)) => return Err(error),
            };
            match file.try_lock() {
                Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
                Ok(()) => {}
            }
            // Whoever held it before may have removed it meanwhile: then it locks nothing.
            match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(now) if (now.st_dev, now.st_ino) == (locked.st_dev, locked.st_ino) => {
                    return Ok(Some(Lock::on(file)));
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Removed before it is unlocked: who waits for it finds that it locks nothing any more.
    fn unlock_and_remove(&self, name: &str, lock: Lock) -> io::Result<()> {
        let result = self.remove(name);
        drop(lock);
        result
    }
}
