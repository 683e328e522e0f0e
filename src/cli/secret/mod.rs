//! Where passwords, tokens and passphrases come from: files that only their owner can read, commands, the environment,
//! and people at a terminal. Never the command line, which others can read in the process list.

mod command;
mod file;
mod login;
mod netrc;
mod prompt;

use zeroize::Zeroizing;

use crate::auth::Secret;

pub(super) use command::from_command;
pub(super) use file::from_file;
pub(super) use login::{identity, login};
pub(super) use prompt::{prompt, stop_asking};

/// Longest secret that is read, in bytes: tokens are long.
const MAX: usize = 16 * 1024;

/// The secret in an environment variable; none in one that is empty.
///
/// # Errors
/// When it cannot be one.
pub(super) fn from_environment(name: &str) -> Result<Option<Secret>, String> {
    let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = value.into_string().map_err(|_| format!("{name}: its text is not UTF-8"))?;
    check(&text).map_err(|reason| format!("{name}: {reason}"))?;
    Ok(Some(Secret::new(text)))
}

/// The first line of what was read.
fn first_line(bytes: &Zeroizing<Vec<u8>>) -> Result<Secret, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "its text is not UTF-8")?;
    // Windows' editors begin files with a mark.
    let line = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next().unwrap_or_default();
    if line.len() == bytes.len() && bytes.len() > MAX {
        return Err("its first line is too long");
    }
    check(line)?;
    Ok(Secret::new(line.to_owned()))
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
        first_line(&Zeroizing::new(text.as_bytes().to_vec())).map(|secret| secret.reveal().to_owned())
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
        assert!(first_line(&Zeroizing::new(vec![0xff])).is_err());
    }

    #[test]
    fn what_may_be_cut_off_is_refused() {
        assert!(line(&"x".repeat(MAX)).is_ok());
        assert!(line(&"x".repeat(MAX + 1)).is_err());
    }
}
