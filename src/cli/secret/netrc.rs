//! `.netrc`: logins by host, as ftp, curl and git read them.

use std::fmt;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::auth::{Password, Secret};
use crate::cli::config::UsageError;
use crate::cli::private_file::{self, Forbidden};

/// Longest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The login for `host`, of `user` if one is given, in the file that `option` names; `None`: it has none.
///
/// # Errors
/// When the file cannot be read, others can read it, or it is not a netrc file.
pub(super) fn find(option: &str, path: &Path, host: &str, user: Option<&str>) -> Result<Option<Password>, UsageError> {
    let wrong = |reason: &dyn fmt::Display| UsageError(format!("{option}: {}: {reason}", path.display()));
    let file = private_file::open(path, Forbidden::Read).map_err(|error| wrong(&error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len()).min(MAX_FILE);
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| wrong(&error))?;
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text), host, user).map_err(|reason| wrong(&reason))
}

/// An entry as far as it is read.
#[derive(Default)]
struct NetrcEntry {
    applies: bool,
    login: Option<String>,
    password: Option<Zeroizing<String>>,
}

impl NetrcEntry {
    fn into_login(self, user: Option<&str>) -> Option<Password> {
        let password = Secret::new(std::mem::take(&mut *self.password?));
        let name = match (self.login, user) {
            (Some(login), Some(user)) if login != user => return None,
            (Some(login), _) => login,
            (None, Some(user)) => user.to_owned(),
            (None, None) => return None,
        };
        self.applies.then_some(Password { user: name, password })
    }
}

pub(in crate::cli) fn parse(text: &str, host: &str, user: Option<&str>) -> Result<Option<Password>, String> {
    let mut rest = text;
    let mut entry = NetrcEntry::default();
    while let Some(word) = next_word(&mut rest)? {
        let mut value = || next_word(&mut rest)?.ok_or_else(|| format!("the last {} has no value", *word));
        match word.as_str() {
            "machine" | "default" => {
                let applies = *word == "default" || value()?.eq_ignore_ascii_case(host);
                if let Some(login) = std::mem::take(&mut entry).into_login(user) {
                    return Ok(Some(login));
                }
                entry.applies = applies;
            }
            "login" => entry.login = Some(value()?.to_string()),
            "password" => entry.password = Some(value()?),
            "account" => drop(value()?),
            // The lines that follow, up to an empty one, are a script for ftp.
            "macdef" => {
                let end = rest.find("\n\n").or_else(|| rest.find("\n\r\n"));
                rest = end.map_or("", |end| &rest[end..]);
            }
            // Not the word itself: out of step, it may be a password.
            _ => return Err("it is not a netrc file: a word is none of machine, default, login, password".to_owned()),
        }
    }
    Ok(entry.into_login(user))
}

/// The next word; `#` at the beginning of one hides the rest of its line, quotes hold spaces.
fn next_word(rest: &mut &str) -> Result<Option<Zeroizing<String>>, String> {
    loop {
        *rest = rest.trim_start();
        if rest.starts_with('#') {
            *rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(behind) = rest.strip_prefix('"') {
            *rest = behind;
            return quoted(rest).map(Some);
        } else {
            let (word, behind) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            *rest = behind;
            return Ok(Some(Zeroizing::new(word.to_owned())).filter(|word| !word.is_empty()));
        }
    }
}

fn quoted(rest: &mut &str) -> Result<Zeroizing<String>, String> {
    let mut word = Zeroizing::new(String::with_capacity(rest.len()));
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        let character = match character {
            '"' => {
                *rest = characters.as_str();
                return Ok(word);
            }
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(other) => other,
                None => break,
            },
            other => other,
        };
        word.push(character);
    }
    Err("a quote in it is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# logins\nmachine other login o password p1\n\
        machine H login me password \"p \\\"2\\\\\" account x\nmachine h login you password p#3\n\
        macdef init\nmachine h login bad password bad\n\n\ndefault login any password p4";

    fn found(text: &str, host: &str, user: Option<&str>) -> Result<Option<(String, String)>, String> {
        let login = parse(text, host, user)?;
        Ok(login.map(|login| (login.user, login.password.reveal().to_owned())))
    }

    #[test]
    fn the_first_login_that_fits_is_taken() {
        for (host, user, expected) in [
            ("h", None, Some(("me", "p \"2\\"))),
            ("h", Some("you"), Some(("you", "p#3"))),
            ("OTHER", None, Some(("o", "p1"))),
            ("else", None, Some(("any", "p4"))),
            ("else", Some("somebody"), None),
        ] {
            let login = found(FILE, host, user).expect("a netrc file");
            assert_eq!(login.as_ref().map(|(user, password)| (user.as_str(), password.as_str())), expected, "{host}");
        }
        assert_eq!(found("", "h", None), Ok(None));
        assert_eq!(found("machine h login me", "h", None), Ok(None), "no password");
        assert_eq!(found("machine h password p", "h", Some("me")), Ok(Some(("me".into(), "p".into()))));
    }

    #[test]
    fn what_is_no_netrc_file_is_refused_and_not_repeated() {
        for text in ["s3cret", "machine h login me password s3cret s3cret", "machine h login \"s3cret", "machine"] {
            let error = found(text, "h", None).expect_err(text);
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
