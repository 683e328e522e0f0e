//! Secrets in files.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::patience::wait_for;
use super::{MAX, SecretParser, line};
use crate::auth::Secret;
use crate::cli::config::UsageError;
use crate::cli::private_file::{self, Forbidden};

/// The secret in the first line of the file that `option` names; `-` is standard input.
///
/// # Errors
/// When it cannot be read, others can read it too, or it is none.
pub(in crate::cli) fn from_file(option: &str, path: &Path, parse: SecretParser) -> Result<Secret, UsageError> {
    let wrong = |reason: &dyn fmt::Display| UsageError(format!("{option} {}: {reason}", path.display()));
    let owned = path.to_owned();
    // It may be a pipe that nobody writes to.
    let bytes = wait_for(move || {
        if owned == Path::new("-") {
            return read(&mut io::stdin().lock());
        }
        read(&mut private_file::open(&owned, Forbidden::Read)?)
    });
    let bytes = bytes.unwrap_or_else(|| Err(io::Error::other("nothing came"))).map_err(|error| wrong(&error))?;
    line(&bytes, parse).map_err(|reason| wrong(&reason))
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
        assert!(error.0.ends_with("it is a directory"), "{error}");
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
