//! Secrets that people type.

use std::fmt;
#[cfg(unix)]
use std::fs::File;
#[cfg(unix)]
use std::io::Write;
use std::io::{self, IsTerminal};
#[cfg(unix)]
use std::sync::Mutex;

#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::check;
#[cfg(unix)]
use super::patience::wait_for;
use crate::auth::Secret;
#[cfg(unix)]
use crate::sync::lock;

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
    #[cfg(unix)]
    let _asking = Asking::begin();
    let typed = typed(format!("{question}: ")).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => io::Error::other(NobodyToAsk),
        _ => error,
    })?;
    let secret = Secret::new(typed);
    check(secret.reveal()).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "nothing usable was typed"))?;
    Ok(secret)
}

/// Whoever asked is not there any more when the time is up; the library keeps asking.
#[cfg(unix)]
fn typed(question: String) -> io::Result<String> {
    wait_for(move || rpassword::prompt_password(question)).unwrap_or_else(|| {
        // The cursor stands behind the question.
        let _ = io::stderr().write_all(b"\n");
        Err(io::Error::new(io::ErrorKind::TimedOut, "nobody answered"))
    })
}

/// Left alone, the library would leave the console as it made it.
#[cfg(not(unix))]
fn typed(question: String) -> io::Result<String> {
    rpassword::prompt_password(question)
}

/// The terminal does not show what is typed. The library sees to that only after its question: whoever types at once, a
/// program mostly, would be shown.
#[cfg(unix)]
struct Silent {
    terminal: File,
    before: Termios,
}

#[cfg(unix)]
impl Silent {
    /// `None` where there is no terminal.
    fn begin() -> Option<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        // As the library does: Ctrl-C comes as a character, so that nobody is left with a silent terminal.
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Now, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

/// Whoever ends the process while somebody is asked has to leave a terminal behind that shows what is typed.
#[cfg(unix)]
static ASKING: Mutex<Option<Silent>> = Mutex::new(None);

#[cfg(unix)]
struct Asking;

#[cfg(unix)]
impl Asking {
    fn begin() -> Self {
        *lock(&ASKING) = Silent::begin();
        Self
    }
}

#[cfg(unix)]
impl Drop for Asking {
    fn drop(&mut self) {
        stop_asking();
    }
}

/// Gives the terminal back; whether somebody was being asked.
pub(in crate::cli) fn stop_asking() -> bool {
    #[cfg(unix)]
    {
        let silent = lock(&ASKING).take();
        silent.is_some_and(|silent| {
            let _ = tcsetattr(&silent.terminal, OptionalActions::Now, &silent.before);
            true
        })
    }
    #[cfg(not(unix))]
    false
}
