//! Secrets that people type.

use std::fmt;
use std::io::{self, IsTerminal};

use super::check;
use crate::auth::Secret;

/// Nobody is at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct NobodyToAsk;

impl fmt::Display for NobodyToAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no terminal to ask at")
    }
}

impl std::error::Error for NobodyToAsk {}

/// Asks at the terminal, without showing what is typed.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] after Ctrl-C; [`NobodyToAsk`] within when there is no terminal.
pub(in crate::cli) fn prompt(question: &str) -> io::Result<Secret> {
    // A job without either has nobody in front of it, even if the machine has a console.
    if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
        return Err(io::Error::other(NobodyToAsk));
    }
    let typed = rpassword::prompt_password(format!("{question}: ")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => io::Error::other(NobodyToAsk),
        _ => error,
    })?;
    let secret = Secret::new(typed);
    check(secret.reveal()).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "nothing usable was typed"))?;
    Ok(secret)
}
