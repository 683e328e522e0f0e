//! Secrets that a command prints: a password manager's, mostly.

use std::io;
use std::process::{Child, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

#[cfg(unix)]
use rustix::process::{Pid, Signal};
#[cfg(unix)]
use rustix::termios::tcgetpgrp;
use zeroize::Zeroizing;

use super::patience::{is_over, is_watched, wait_for};
use super::{line, password, read};
use crate::auth::{Secret, shell};
use crate::cli::config::UsageError;
use crate::protocol::text::escape;

/// Commands close their output when they end, or just before.
const BRIEFLY: Duration = Duration::from_millis(10);

/// How long a command has to end once it was asked to.
const GRACE: Duration = Duration::from_secs(1);

/// The first line that `command` prints, run by the shell. It may ask at the terminal, and does not see our secrets.
///
/// # Errors
/// When it cannot be run, fails, prints nothing, or the waiting for it is over.
pub(in crate::cli) fn from_command(option: &str, command: &str) -> Result<Secret, UsageError> {
    // Not what it printed: that may be the secret.
    let wrong = |reason: String| UsageError(format!("{option}: {reason}"));
    let mut shell = shell(command);
    // A group tells its processes from others. Not in front of a terminal, where one in another group could not ask and
    // would miss Ctrl-C; nor where a signal ends this process without a word to the group.
    let is_group = is_watched() && !is_in_front();
    #[cfg(unix)]
    if is_group {
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    }
    let started = shell.stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| wrong(format!("the command cannot be run: {error}")))?;
    let Some((printed, status)) = outcome(&mut child).map_err(|error| wrong(error.to_string()))? else {
        stop(&mut child, is_group);
        return Err(wrong(format!("the command had not ended: {}", escape(command))));
    };
    if !status.success() {
        return Err(wrong(format!("the command failed: {status}")));
    }
    line(&printed, password).map_err(|reason| wrong(format!("what the command printed cannot be used: {reason}")))
}

/// Its standard output and its exit status; `None` when the waiting is over first.
fn outcome(child: &mut Child) -> io::Result<Option<(Zeroizing<Vec<u8>>, ExitStatus)>> {
    let Some(mut stdout) = child.stdout.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
    let printed = wait_for(move || {
        let printed = read(&mut stdout)?;
        // Cut off, a command that prints more would fail.
        io::copy(&mut stdout, &mut io::sink())?;
        io::Result::Ok(printed)
    });
    let Some(printed) = printed.transpose()? else { return Ok(None) };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some((printed, status)));
        }
        if is_over() {
            return Ok(None);
        }
        sleep(BRIEFLY);
    }
}

/// Ends the command and what it started, as far as that can be told from other programs.
fn stop(child: &mut Child, is_group: bool) {
    ask_to_end(child, is_group);
    for _ in 0..GRACE.as_millis() / BRIEFLY.as_millis() {
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        sleep(BRIEFLY);
    }
    #[cfg(unix)]
    if is_group {
        // Also of a group whose first process has ended.
        let _ = rustix::process::kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn ask_to_end(child: &mut Child, is_group: bool) {
    let process = Pid::from_child(child);
    let _ = if is_group {
        rustix::process::kill_process_group(process, Signal::TERM)
    } else {
        rustix::process::kill_process(process, Signal::TERM)
    };
}

/// There is no way to ask.
#[cfg(not(unix))]
fn ask_to_end(child: &mut Child, _: bool) {
    let _ = child.kill();
}

/// Whether this process is the one that the terminal listens to.
#[cfg(unix)]
fn is_in_front() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| tcgetpgrp(terminal).ok() == Some(rustix::process::getpgrp()))
}

/// There are no groups.
#[cfg(not(unix))]
fn is_in_front() -> bool {
    true
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_what_it_prints_is_the_secret() {
        let from = |command: &str| from_command("--password-command", command);
        assert_eq!(
            from("echo s3cret; head -c 200000 /dev/zero").map(|secret| secret.reveal().to_owned()).ok(),
            Some("s3cret".into())
        );
        for wrong in ["echo s3cret; exit 3", "true", "/no/such/program"] {
            let error = from(wrong).expect_err(wrong);
            assert!(error.0.starts_with("--password-command: ") && !error.0.contains("s3cret"), "{error}");
        }
    }
}
