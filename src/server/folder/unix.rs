//! Folders on Unix: directory handles and the `*at` calls, so that nobody can swap a folder for a link in between.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Kind, Replace};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder(File);

impl Folder {
    /// Opens the folder that the operator named; links in this path are the operator's.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(fs::open(path, FOLDER, Mode::empty())?.into()))
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
        let folder = self.enter(name)?;
        fs::fchmod(&folder.0, Mode::RWXU)?;
        Ok(folder)
    }

    /// What the name stands for, if for anything.
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
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Opens a file for reading and writing; a symbolic link is an error.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(fs::openat(&self.0, name, flags, Mode::empty())?.into())
    }

    /// Opens a regular file for reading; a symbolic link is an error.
    pub(crate) fn open_for_reading(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.0, name, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
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
        match replace {
            Replace::Allowed => Ok(fs::renameat(&self.0, name, &to.0, new_name)?),
            Replace::Never => self.rename_without_replace(name, to, new_name),
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn rename_without_replace(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        match fs::renameat_with(&self.0, name, &to.0, new_name, fs::RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            // Some network file systems cannot do it in one step; macOS then says that it is not supported.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => self.link_and_unlink(name, to, new_name),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn rename_without_replace(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        self.link_and_unlink(name, to, new_name)
    }

    fn link_and_unlink(&self, name: &str, to: &Self, new_name: &str) -> io::Result<()> {
        fs::linkat(&self.0, name, &to.0, new_name, AtFlags::empty())?;
        self.remove(name)
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

    /// Makes its names survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
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

    /// The permissions that new files have here by the umask, never to execute.
    pub(crate) fn usual_mode(&self, probe: &str) -> io::Result<Permissions> {
        self.remove(probe)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = fs::openat(&self.0, probe, flags, Mode::from_raw_mode(0o666))?;
        let mode = Mode::from_raw_mode(fs::fstat(&file)?.st_mode) & Mode::from_raw_mode(0o666);
        self.remove(probe)?;
        Ok(Permissions(mode))
    }
}

/// Who may do what with a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permissions(Mode);

impl Permissions {
    /// Gives them to a file.
    pub(crate) fn apply(self, file: &File) -> io::Result<()> {
        Ok(fs::fchmod(file, self.0)?)
    }
}
