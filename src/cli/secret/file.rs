//! Secrets in files.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::patience::wait_for;
use super::{MAX, SecretParser, line};
use crate::auth::Secret;
use crate::cli::config::UsageError;

/// The secret in the first line of the file that `option` names; `-` is standard input.
///
/// # Errors
/// When it cannot be read, others can read it too, or it is none.
pub(in crate::cli) fn from_file(option: &str, path: &Path, parse: SecretParser) -> Result<Secret, UsageError> {
    let wrong = |reason: String| UsageError(format!("{option} {}: {reason}", path.display()));
    let owned = path.to_owned();
    // It may be a pipe that nobody writes to.
    let bytes = wait_for(move || {
        if owned == Path::new("-") {
            return read(&mut io::stdin().lock()).map_err(|error| error.to_string());
        }
        read(&mut open_private(&owned)?).map_err(|error| error.to_string())
    });
    let bytes = bytes.unwrap_or_else(|| Err("nothing came".to_owned())).map_err(&wrong)?;
    line(&bytes, parse).map_err(|reason| wrong(reason.to_owned()))
}

/// Opens a file that only its owner, or the superuser, can read.
///
/// # Errors
/// When it cannot be opened, or others can read it; the message says what to do.
pub(in crate::cli) fn open_private(path: &Path) -> Result<File, String> {
    let folder = || "it is a folder".to_owned();
    // Windows does not even open one.
    let file = File::open(path).map_err(|error| if path.is_dir() { folder() } else { error.to_string() })?;
    // Of what was opened, not of what has that name by now.
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err(folder());
    }
    if is_open_to_others(&metadata) {
        return Err("others can read it: run chmod 600 on it".to_owned());
    }
    Ok(file)
}

/// Reads as much as a secret may have, and a byte more.
pub(super) fn read(source: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    // At its full size from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(vec![0; MAX + 1]);
    let mut filled = 0;
    while filled < bytes.len() && !bytes[..filled].contains(&b'\n') {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o077 != 0
}

/// Who may read a file is inherited from its folder, and not told by its metadata.
#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::super::password;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::fs::{Permissions, set_permissions};
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret\n").unwrap();
        for (mode, refused) in [(0o604, true), (0o640, true), (0o620, true), (0o600, false), (0o400, false)] {
            set_permissions(file.path(), Permissions::from_mode(mode)).unwrap();
            match from_file("--password-file", file.path(), password) {
                Ok(secret) => assert!(!refused && secret.reveal() == "s3cret", "{mode:o}"),
                Err(error) => assert!(refused && error.0.contains("chmod 600"), "{mode:o}: {error}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = from_file("--password-file", Path::new("/no/such/file"), password).expect_err("refused");
        assert!(error.0.starts_with("--password-file /no/such/file: "), "{error}");
        let error = from_file("--password-file", &std::env::temp_dir(), password).expect_err("refused");
        assert!(error.0.ends_with("it is a folder"), "{error}");
    }

    #[test]
    fn reading_stops_behind_the_first_line() {
        struct Then(&'static [u8], bool);
        impl Read for Then {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert!(!std::mem::replace(&mut self.1, true), "read again");
                buffer[..self.0.len()].copy_from_slice(self.0);
                Ok(self.0.len())
            }
        }
        assert_eq!(*read(&mut Then(b"s3cret\nrest", false)).unwrap(), b"s3cret\nrest");
    }
}
