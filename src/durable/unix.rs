//! A folder by its handle and the `*at` calls: it cannot be swapped for a link in between, links below it are not followed,
//! nothing blocks, and owner and permissions are those of what was opened.

use std::fs::{DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::{Gid, geteuid};

use super::{AccessError, Kind, Lock, NOT_A_FOLDER, NOT_REGULAR, Replace};

/// A FIFO must not block, a link must not lead away.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// For its owner alone.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

/// A lock file that vanishes while it is being locked is made again, at most this often.
const MAX_LOCK_TRIES: usize = 10;

const FOREIGN: &str = "it belongs to another user";
const OPEN_TO_OTHERS: &str = "other users may write to it";

#[derive(Debug)]
pub(crate) struct Folder(File);

impl Folder {
    /// Opens the folder that the operator named; links in this path are the operator's.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(fs::open(path, FOLDER, Mode::empty())?.into()))
    }

    /// Opens a folder that only its owner can write to, making it and its parents if wanted.
    pub(crate) fn open_private(path: &Path, make: bool) -> Result<Self, AccessError> {
        if make {
            match DirBuilder::new().recursive(true).mode(0o700).create(path) {
                // Anything else that has this name is reported below.
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => {}
            }
        }
        let folder = match fs::open(path, FOLDER | SAFE, Mode::empty()) {
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(AccessError::Untrusted(NOT_A_FOLDER)),
            result => File::from(result.map_err(io::Error::from)?),
        };
        trust(&fs::fstat(&folder).map_err(io::Error::from)?)?;
        Ok(Self(folder))
    }

    /// Opens a folder in this one; a symbolic link is an error.
    pub(crate) fn enter(&self, name: &str) -> io::Result<Self> {
        match fs::openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(folder) => Ok(Self(folder.into())),
            Err(Errno::LOOP) => Err(Errno::NOTDIR.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a folder that only its owner may look into, making it if it is not there.
    pub(crate) fn enter_private(&self, name: &str) -> io::Result<Self> {
        match fs::mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        // A synced file in a folder is lost with the folder's own name.
        self.sync()?;
        let folder = self.enter(name)?;
        fs::fchmod(&folder.0, Mode::RWXU)?;
        Ok(folder)
    }

    /// The type of the object that the name stands for; `None`: there is none.
    pub(crate) fn kind(&self, name: &str) -> io::Result<Option<Kind>> {
        match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                _ => Kind::Other,
            })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a file that was not there, for its owner alone.
    pub(crate) fn create_new(&self, name: &str) -> io::Result<File> {
        let flags = SAFE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(fs::openat(&self.0, name, flags, PRIVATE)?.into())
    }

    /// Opens a file for reading and writing; anything but a regular file is an error.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        Ok(self.open_regular(name, OFlags::RDWR)?.0)
    }

    /// Opens a file for reading; anything but a regular file is an error.
    pub(crate) fn open_for_reading(&self, name: &str) -> io::Result<File> {
        Ok(self.open_regular(name, OFlags::RDONLY)?.0)
    }

    /// The contents of a file of at most `max` bytes that no other user could have written.
    pub(crate) fn read_trusted(&self, name: &str, max: u64) -> Result<Vec<u8>, AccessError> {
        let (file, stat) = self.open_regular(name, OFlags::RDONLY)?;
        trust(&stat)?;
        super::read_bounded(&file, max)
    }

    fn open_regular(&self, name: &str, flags: OFlags) -> Result<(File, Stat), AccessError> {
        let file = match fs::openat(&self.0, name, SAFE | flags, PRIVATE) {
            // NXIO: a FIFO without a reader, or a socket; that is OPNOTSUPP on macOS.
            Err(Errno::LOOP | Errno::MLINK | Errno::NXIO | Errno::OPNOTSUPP | Errno::ISDIR) => {
                return Err(AccessError::Untrusted(NOT_REGULAR));
            }
            result => File::from(result.map_err(io::Error::from)?),
        };
        let stat = fs::fstat(&file).map_err(io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(AccessError::Untrusted(NOT_REGULAR));
        }
        Ok((file, stat))
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file another place on the same file system.
    pub(crate) fn rename(&self, name: &str, to: &Self, new_name: &str, replace: Replace) -> io::Result<()> {
        if replace == Replace::Allowed {
            return Ok(fs::renameat(&self.0, name, &to.0, new_name)?);
        }
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        match fs::renameat_with(&self.0, name, &to.0, new_name, fs::RenameFlags::NOREPLACE) {
            // Some network file systems cannot do it in one step; macOS then says that it is not supported.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            result => return Ok(result?),
        }
        fs::linkat(&self.0, name, &to.0, new_name, AtFlags::empty())?;
        self.remove(name)
    }

    /// Makes its names survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    /// The names of everything in it.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::Dir::read_from(&self.0)? {
            // A name that is not UTF-8 is none of ours.
            if let Ok(name) = entry?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Holds a lock file, made if it is not there; `None` if another process holds it.
    pub(crate) fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        for _ in 0..MAX_LOCK_TRIES {
            let (file, locked) = self.open_regular(name, OFlags::RDWR | OFlags::CREATE)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) => {}
            }
            // Its last holder may have removed it meanwhile: then it locks nothing.
            match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(now) if (now.st_dev, now.st_ino) == (locked.st_dev, locked.st_ino) => return Ok(Some(Lock(file))),
                Ok(_) | Err(Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Lets go of a lock and leaves no file behind. Removed before it is unlocked: a process that waits for it finds that
    /// it locks nothing any more.
    pub(crate) fn unlock_and_remove(&self, name: &str, lock: Lock) -> io::Result<()> {
        let result = self.remove(name);
        drop(lock);
        result
    }

    /// Bytes that may still be written, if the file system says.
    pub(crate) fn free_space(&self) -> Option<u64> {
        let stat = fs::fstatvfs(&self.0).ok()?;
        if stat.f_blocks == 0 { None } else { stat.f_bavail.checked_mul(stat.f_frsize) }
    }

    /// Whether both are one folder, by whichever spelling they were reached.
    pub(crate) fn is_same_folder(&self, other: &Self) -> io::Result<bool> {
        let (this, other) = (fs::fstat(&self.0)?, fs::fstat(&other.0)?);
        Ok((this.st_dev, this.st_ino) == (other.st_dev, other.st_ino))
    }

    /// Whether files can be renamed from one to the other.
    pub(crate) fn is_same_device(&self, other: &Self) -> io::Result<bool> {
        Ok(fs::fstat(&self.0)?.st_dev == fs::fstat(&other.0)?.st_dev)
    }

    /// Gives a file the group that files made here get, if the folder hands its own down (setgid).
    pub(crate) fn give_its_group(&self, file: &File) -> io::Result<()> {
        let folder = fs::fstat(&self.0)?;
        let hands_down = Mode::from_raw_mode(folder.st_mode).contains(Mode::SGID);
        if hands_down && fs::fstat(file)?.st_gid != folder.st_gid {
            match fs::fchown(file, None, Some(Gid::from_raw(folder.st_gid))) {
                // Who is no member of the group cannot, nor could it by making the file there.
                Err(Errno::PERM) => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// The permissions of files that others are to read: these, or those that new ones have here by the umask, never to
    /// execute. `None` where a system inherits them.
    pub(crate) fn usual_mode(&self, probe: &str, wanted: Option<u32>) -> io::Result<Option<Permissions>> {
        if let Some(mode) = wanted {
            return Ok(Some(Permissions::from_mode(mode)));
        }
        self.remove(probe)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.0, probe, flags, Mode::from_raw_mode(0o666))?);
        let mode = file.metadata()?.permissions().mode() & 0o666;
        self.remove(probe)?;
        Ok(Some(Permissions::from_mode(mode)))
    }
}

/// Refuses what others could have written.
fn trust(stat: &Stat) -> Result<(), AccessError> {
    if stat.st_uid != geteuid().as_raw() {
        Err(AccessError::Untrusted(FOREIGN))
    } else if Mode::from_raw_mode(stat.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        Err(AccessError::Untrusted(OPEN_TO_OTHERS))
    } else {
        Ok(())
    }
}
