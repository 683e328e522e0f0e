//! Files as Windows has them: paths in the form that people know, and repeated tries while another process holds a file open.

pub(super) mod folder;

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::Duration;
use std::{fs, io, thread};

/// Access denied, sharing violation: what virus scanners and indexers bring about for a moment.
const HELD: [i32; 2] = [5, 32];

/// How long to wait for them, in milliseconds, before each further try.
const PAUSES: [u64; 4] = [1, 10, 50, 200];

/// Longer paths need their prefix.
const MAX_PATH: usize = 260;

/// Gives a file another name, replacing what has it.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| fs::rename(from, to))
}

/// Gives a file a name that nothing has, in one step and on every file system: not all of them have hard links.
pub(crate) fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    patiently(|| {
        // The only safe binding. What it fails to move it would remove.
        tempfile::TempPath::try_from_path(from)?.persist_noclobber(to).map_err(|failed| {
            let _ = failed.path.keep();
            failed.error
        })
    })
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match patiently(|| fs::remove_file(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a file cannot be used because somebody else uses it.
pub(crate) fn is_held(error: &io::Error) -> bool {
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
    use std::os::windows::fs::OpenOptionsExt;

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
