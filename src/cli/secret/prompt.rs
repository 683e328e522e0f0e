//! Secrets that people type.

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

/// Asks at the terminal, without showing what is typed.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] after Ctrl-C; when there is no terminal, or no answer.
pub(in crate::cli) fn prompt(question: &str) -> io::Result<Secret> {
    let no_terminal = || io::Error::other("there is no terminal to ask on");
    // A job without either has no user in front of it, even if the machine has a console.
    if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
        return Err(no_terminal());
    }
    #[cfg(unix)]
    {
        *lock(&ASKING) = SilentTerminal::begin();
    }
    let typed = typed(format!("{question}: "));
    stop_asking();
    let secret = Secret::new(typed.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => no_terminal(),
        _ => error,
    })?);
    check(secret.reveal()).map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "nothing usable was typed"))?;
    Ok(secret)
}

/// The caller is gone when the time is up; the library keeps asking.
#[cfg(unix)]
fn typed(question: String) -> io::Result<String> {
    wait_for(move || rpassword::prompt_password(question)).unwrap_or_else(|| {
        // The cursor stands behind the question.
        let _ = io::stderr().write_all(b"\n");
        Err(io::Error::new(io::ErrorKind::TimedOut, "no answer was typed"))
    })
}

/// Left alone, the library would leave the console as it made it.
#[cfg(not(unix))]
fn typed(question: String) -> io::Result<String> {
    rpassword::prompt_password(question)
}

/// While it lives, the terminal does not show what is typed. The library sees to that only after its question: what a
/// program types at once would be shown.
#[cfg(unix)]
struct SilentTerminal {
    terminal: File,
    before: Termios,
}

#[cfg(unix)]
impl SilentTerminal {
    /// `None` where there is no terminal.
    fn begin() -> Option<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        // As the library does: Ctrl-C comes as a character, so that no user is left with a silent terminal.
        silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Now, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

#[cfg(unix)]
impl Drop for SilentTerminal {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// A thread that ends the process during a prompt has to leave a terminal behind that shows what is typed.
#[cfg(unix)]
static ASKING: Mutex<Option<SilentTerminal>> = Mutex::new(None);

/// Gives the terminal back; whether a prompt was open.
pub(in crate::cli) fn stop_asking() -> bool {
    #[cfg(unix)]
    return lock(&ASKING).take().is_some();
    #[cfg(not(unix))]
    false
}
