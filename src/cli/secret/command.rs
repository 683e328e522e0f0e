//! Secrets that a command prints: a password manager's, mostly.

use std::process::{Command, Stdio};

use super::file::read;
use super::first_line;
use crate::auth::{SECRET_VARIABLES, Secret};
use crate::cli::config::UsageError;

/// The first line that `command` prints, run by the shell. It may ask at the terminal, and does not see our secrets.
///
/// # Errors
/// When it cannot be run, fails, or prints nothing.
pub(in crate::cli) fn from_command(option: &str, command: &str) -> Result<Secret, UsageError> {
    // Not what it printed: that may be the secret.
    let wrong = |reason: String| UsageError(format!("{option}: {reason}"));
    let mut shell = shell(command);
    for name in SECRET_VARIABLES {
        shell.env_remove(name);
    }
    let started = shell.stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| wrong(format!("the command cannot be run: {error}")))?;
    let printed = match child.stdout.take() {
        Some(mut stdout) => read(&mut stdout).map_err(|error| wrong(error.to_string()))?,
        None => zeroize::Zeroizing::default(),
    };
    let status = child.wait().map_err(|error| wrong(error.to_string()))?;
    if !status.success() {
        return Err(wrong(format!("the command failed: {status}")));
    }
    first_line(&printed).map_err(|reason| wrong(format!("what the command printed cannot be used: {reason}")))
}

#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    use std::os::windows::process::CommandExt;
    let mut shell = Command::new("cmd");
    // As it is: the shell has its own rules for quotes.
    shell.arg("/C").raw_arg(command);
    shell
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_what_it_prints_is_the_secret() {
        let from = |command: &str| from_command("--password-command", command);
        assert_eq!(from("echo s3cret; echo more").map(|secret| secret.reveal().to_owned()).ok(), Some("s3cret".into()));
        for wrong in ["echo s3cret; exit 3", "true", "/no/such/program"] {
            let error = from(wrong).expect_err(wrong);
            assert!(error.0.starts_with("--password-command: ") && !error.0.contains("s3cret"), "{error}");
        }
    }
}
