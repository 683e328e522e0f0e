//! A folder by its path, where there are no directory handles: every step is looked at before it is taken, with patience
//! for other programs that hold a file open. Access rights are inherited: those of the user's profile, or of the folder
//! that is served.
#![expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the same on every system")]

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::Duration;
use std::{io, thread};

use super::{AccessError, Kind, Lock, NOT_A_FOLDER, NOT_REGULAR, Replace, read_bounded};

/// Others may read and write a lock file while it is open, but not take its name away: what is locked would then not be
/// what the next one locks.
const BUT_NOT_REMOVE: u32 = 1 | 2;

/// Access denied, sharing violation: what virus scanners and indexers bring about for a moment.
const HELD: [i32; 2] = [5, 32];

/// How long to wait for them, in milliseconds, before each further try.
const PAUSES: [u64; 4] = [1, 10, 50, 200];

/// Longer paths need their prefix.
const MAX_PATH: usize = 260;

#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder that the operator named.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if path.is_dir() { Ok(Self(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Opens a folder in the user's profile, making it and its parents if wanted.
    pub(crate) fn open_private(path: &Path, make: bool) -> Result<Self, AccessError> {
        if make {
            fs::create_dir_all(path)?;
        }
        if !fs::symlink_metadata(path)?.is_dir() {
            return Err(AccessError::Untrusted(NOT_A_FOLDER));
        }
        Ok(Self(path.to_owned()))
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

    /// The type of the object that the name stands for; `None`: there is none.
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

    /// Opens a file for reading and writing; anything but a regular file is an error.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        Ok(self.open_regular(name, OpenOptions::new().read(true).write(true))?)
    }

    /// Opens a file for reading; anything but a regular file is an error.
    pub(crate) fn open_for_reading(&self, name: &str) -> io::Result<File> {
        Ok(self.open_regular(name, OpenOptions::new().read(true))?)
    }

    /// The contents of a file of at most `max` bytes.
    pub(crate) fn read_trusted(&self, name: &str, max: u64) -> Result<Vec<u8>, AccessError> {
        read_bounded(&self.open_regular(name, OpenOptions::new().read(true))?, max)
    }

    fn open_regular(&self, name: &str, options: &OpenOptions) -> Result<File, AccessError> {
        match self.kind(name)? {
            Some(Kind::File) => Ok(options.open(self.0.join(name))?),
            Some(_) => Err(AccessError::Untrusted(NOT_REGULAR)),
            None => Err(io::Error::from(io::ErrorKind::NotFound).into()),
        }
    }

    /// Removes a file; one that is not there is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        remove(&self.0.join(name))
    }

    /// Gives a file another place on the same file system.
    pub(crate) fn rename(&self, name: &str, to: &Self, new_name: &str, replace: Replace) -> io::Result<()> {
        let (from, to) = (self.0.join(name), to.0.join(new_name));
        match replace {
            Replace::Allowed => rename(&from, &to),
            Replace::Never => rename_without_replacing(&from, &to),
        }
    }

    /// Names are as durable as the file system makes them: folders cannot be synced here.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// The names of everything in it.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    /// Holds a lock file, made if it is not there; `None` if another process holds it.
    pub(crate) fn try_lock(&self, name: &str) -> io::Result<Option<Lock>> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).share_mode(BUT_NOT_REMOVE);
        let file = match options.open(self.0.join(name)) {
            // A process that removes it holds it for an instant.
            Err(error) if is_held(&error) => return Ok(None),
            result => result?,
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Lets go of a lock and leaves no file behind, unless another process has taken it meanwhile.
    pub(crate) fn unlock_and_remove(&self, name: &str, lock: Lock) -> io::Result<()> {
        drop(lock);
        match fs::remove_file(self.0.join(name)) {
            // Another process has it open: now it is that one's lock.
            Err(error) if error.kind() != io::ErrorKind::NotFound && !is_held(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Not known here.
    pub(crate) fn free_space(&self) -> Option<u64> {
        None
    }

    /// Whether both are one folder, by whichever spelling they were reached: resolving gives back the one on the disk.
    pub(crate) fn is_same_folder(&self, other: &Self) -> io::Result<bool> {
        Ok(self.0.canonicalize()? == other.0.canonicalize()?)
    }

    /// Not known here; publishing finds out.
    pub(crate) fn is_same_device(&self, _other: &Self) -> io::Result<bool> {
        Ok(true)
    }

    /// Inherited from the folder.
    pub(crate) fn give_its_group(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }

    /// Inherited from the folder.
    pub(crate) fn usual_mode(&self, _probe: &str, _wanted: Option<u32>) -> io::Result<Option<Permissions>> {
        Ok(None)
    }
}

/// Gives a file another name, replacing what has it.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Gives a file a name that nothing has, in one step and on every file system: not all of them have hard links.
fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| {
        // The only safe binding. It would remove a file that it fails to move.
        tempfile::TempPath::try_from_path(from)?.persist_noclobber(to).map_err(|failed| {
            let _ = failed.path.keep();
            failed.error
        })
    })
}

/// Removes a file; one that is not there is fine.
fn remove(path: &Path) -> io::Result<()> {
    match patiently(|| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a file cannot be used because another process uses it.
fn is_held(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| HELD.contains(&code))
}

fn patiently<T>(mut step: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for pause in PAUSES.map(Duration::from_millis) {
        match step() {
            Err(error) if is_held(&error) => thread::sleep(pause),
            result => return result,
        }
    }
    step()
}

/// A path without the prefix `\\?\`, which few programs and people understand, where it means the same without it.
pub(crate) fn plain(path: PathBuf) -> PathBuf {
    let mut components = path.components();
    let Some(Component::Prefix(prefix)) = components.next() else { return path };
    let mut short = match prefix.kind() {
        Prefix::VerbatimDisk(letter) => OsString::from(format!("{}:", char::from(letter))),
        Prefix::VerbatimUNC(server, share) => [r"\\".as_ref(), server, r"\".as_ref(), share].into_iter().collect(),
        _ => return path,
    };
    short.push(components.as_path());
    // A device's name, or an ending in a dot or a space, would then be read otherwise.
    let is_same = short.len() < MAX_PATH && std::path::absolute(&short).is_ok_and(|read| read.as_os_str() == short);
    if is_same { short.into() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_goes_where_it_means_nothing() {
        for (path, expected) in [
            (r"\\?\C:\a\b c.txt", r"C:\a\b c.txt"),
            (r"\\?\UNC\server\share\a", r"\\server\share\a"),
            (r"\\?\C:\a\b.", r"\\?\C:\a\b."),
            (
                r"\\?\Volume{00000000-0000-0000-0000-000000000000}\a",
                r"\\?\Volume{00000000-0000-0000-0000-000000000000}\a",
            ),
            (r"C:\a", r"C:\a"),
            ("a", "a"),
        ] {
            assert_eq!(plain(path.into()), Path::new(expected));
        }
        let long = format!(r"\\?\C:\{}", "a".repeat(300));
        assert_eq!(plain(long.clone().into()), Path::new(&long));
    }

    #[test]
    fn who_holds_a_file_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        let held = fs::File::options().read(true).share_mode(1).open(&to).unwrap();
        assert!(is_held(&fs::remove_file(&to).unwrap_err()));
        let holder = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30));
            drop(held);
        });
        rename(&from, &to).unwrap();
        holder.join().unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
    }

    #[test]
    fn a_name_that_is_taken_is_an_error_and_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        assert_eq!(rename_without_replacing(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read(&from).unwrap(), fs::read(&to).unwrap()), (b"new".to_vec(), b"old".to_vec()));
        remove(&to).unwrap();
        remove(&to).unwrap();
        rename_without_replacing(&from, &to).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        assert!(!from.exists());
    }
}
