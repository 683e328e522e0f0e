//! Files that hold secrets, or name commands to run and servers to trust.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// The access to a file that others must not have.
#[derive(Debug, Clone, Copy)]
pub(super) enum Forbidden {
    /// To read it, or to change it.
    Read,
    /// To change it, as ssh asks of its own settings.
    Change,
}

/// Makes a file that is closed to others. A file that has that name already is left alone.
///
/// # Errors
/// When there is something of that name, or it cannot be made.
pub(super) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens a file that is closed to others.
///
/// # Errors
/// When it cannot be opened, is a directory, or is open to others; the message says what to do.
pub(super) fn open(path: &Path, forbidden: Forbidden) -> io::Result<File> {
    let directory = || io::Error::other("it is a directory");
    // Windows does not even open one.
    let file = File::open(path).map_err(|error| if path.is_dir() { directory() } else { error })?;
    // Of what was opened, not of what has that name by now.
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(directory());
    }
    check(&metadata, forbidden).map(|()| file)
}

#[cfg(unix)]
fn check(metadata: &Metadata, forbidden: Forbidden) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let is_foreign = metadata.uid() != 0 && metadata.uid() != rustix::process::geteuid().as_raw();
    match forbidden {
        Forbidden::Read if metadata.mode() & 0o077 != 0 => {
            Err(io::Error::other("others can read it: run chmod 600 on it"))
        }
        Forbidden::Change if metadata.is_file() && (is_foreign || metadata.mode() & 0o022 != 0) => {
            Err(io::Error::other(
                "others can change it: its owner must be you or root, and no one else may write to it (chmod go-w)",
            ))
        }
        _ => Ok(()),
    }
}

/// Who may do what with a file is inherited from its folder, and not told by its metadata.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "has the signature of the other")]
fn check(_: &Metadata, _: Forbidden) -> io::Result<()> {
    Ok(())
}
