//! Where passwords, tokens and passphrases come from: files that only their owner can read, commands, the environment,
//! and people at a terminal. Never the command line, which others can read in the process list.

mod command;
mod login;
pub(super) mod netrc;
mod patience;
mod prompt;

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::config::UsageError;
use super::private_file::{self, Forbidden};
use crate::auth::Secret;

use patience::wait_for;

pub(super) use command::from_command;
pub(super) use login::{identity, login};
pub(super) use patience::{stop_waiting, watch};
pub(super) use prompt::{prompt, stop_asking};

/// Longest secret that is read, in bytes: tokens are long.
const MAX: usize = 16 * 1024;

/// From a line to the secret in it.
pub(super) type SecretParser = fn(&str) -> Result<Secret, &'static str>;

/// The secret in an environment variable; none in one that is empty.
///
/// # Errors
/// When it cannot be one.
pub(super) fn from_environment(name: &str, parse: SecretParser) -> Result<Option<Secret>, UsageError> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let wrong = |reason: &str| UsageError(format!("{name}: {reason}"));
    let text = value.into_string().map(Zeroizing::new).map_err(|_| wrong("its text is not UTF-8"))?;
    parse(&text).map(Some).map_err(wrong)
}

/// The secret in the first line of the file that `option` names; `-` is standard input.
///
/// # Errors
/// When it cannot be read, others can read it too, or it is none.
pub(super) fn from_file(option: &str, path: &Path, parse: SecretParser) -> Result<Secret, UsageError> {
    let wrong = |reason: &dyn fmt::Display| UsageError(format!("{option} {}: {reason}", path.display()));
    let owned = path.to_owned();
    // It may be a pipe without a writer.
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
fn read(source: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
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

/// The secret in the first line of what was read.
fn line(bytes: &Zeroizing<Vec<u8>>, parse: SecretParser) -> Result<Secret, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "its text is not UTF-8")?;
    // Windows' editors begin files with a mark.
    let line = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or_default();
    if line.len() == bytes.len() && bytes.len() > MAX {
        return Err("its first line is too long");
    }
    parse(line)
}

/// A password: all of the line.
pub(super) fn password(text: &str) -> Result<Secret, &'static str> {
    check(text)?;
    Ok(Secret::new(text.to_owned()))
}

/// A bearer token: blanks around it and the scheme's name before it, as curl's users write it, are none of it.
fn token(text: &str) -> Result<Secret, &'static str> {
    let text = text.trim_matches([' ', '\t']);
    let word = text.get(..6).filter(|word| word.eq_ignore_ascii_case("bearer"));
    let token = match word.map(|word| &text[word.len()..]) {
        Some(rest) if rest.is_empty() || rest.starts_with([' ', '\t']) => rest.trim_start_matches([' ', '\t']),
        _ => text,
    };
    check(token)?;
    if token.contains(' ') {
        return Err("a blank is in the token");
    }
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Secret::new(token.to_owned()))
    } else {
        Err("a character that is not ASCII is in the token")
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("its first line is empty");
    }
    if text.chars().any(char::is_control) { Err("a control character is in it") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<String, &'static str> {
        super::line(&Zeroizing::new(text.as_bytes().to_vec()), password).map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn a_secret_is_the_first_line() {
        for text in ["s3 cret", "s3 cret\n", "s3 cret\r\nother", "\u{feff}s3 cret\n"] {
            assert_eq!(line(text).as_deref(), Ok("s3 cret"), "{text:?}");
        }
        assert_eq!(line("ö"), Ok("ö".to_owned()));
        for text in ["", "\n", "\r\n", "a\tb", "a\0"] {
            assert!(line(text).is_err(), "{text:?}");
        }
        assert!(super::line(&Zeroizing::new(vec![0xff]), password).is_err());
    }

    #[test]
    fn case_52_a_token_is_read_as_people_write_it() {
        let read = |text: &str| token(text).map(|secret| secret.reveal().to_owned());
        for text in ["a.b~c==", " a.b~c==\t", "Bearer a.b~c==", "\tbearer \t a.b~c== "] {
            assert_eq!(read(text).as_deref(), Ok("a.b~c=="), "{text:?}");
        }
        assert_eq!(read("Bearerx").as_deref(), Ok("Bearerx"));
        for text in ["", "  ", "Bearer", "Bearer ", "a b", "Bearer a b", "a\tb", "t\u{f6}ken", "Bear\u{e9}"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_may_be_cut_off_is_refused() {
        assert!(line(&"x".repeat(MAX)).is_ok());
        assert!(line(&"x".repeat(MAX + 1)).is_err());
    }

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
