//! Errors of the command line itself. They lie below everything that makes them, so that `diagnosis` can read them.

use std::fmt;

use super::diagnosis::exit_code::ExitCode;

/// Something typed or configured is wrong. The message says what is right.
#[derive(Debug)]
pub(super) struct UsageError(pub(super) String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Words that clap makes no command of.
#[derive(Debug)]
pub(super) struct ParseError {
    pub(super) what: String,
    /// What to type instead; may be empty.
    pub(super) next: String,
    /// The command whose help says more.
    pub(super) help: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for ParseError {}

/// Nothing can be read from standard input. Reads well after "cannot upload standard input to …: ".
#[derive(Debug)]
pub(super) struct InputError(pub(super) String);

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read standard input: {}", self.0)
    }
}

impl std::error::Error for InputError {}

/// The run was ended from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopped {
    pub(super) by: StopReason,
    pub(super) leaves: Resumability,
}

/// What ends a run from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(unix, test)), expect(dead_code, reason = "there are no other signals"))]
pub(super) enum StopReason {
    /// Ctrl-C, SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The terminal or the connection to it is gone: SIGHUP.
    HangUp,
    /// The end of `--max-time`.
    MaxTime,
}

impl StopReason {
    pub(super) fn exit_code(self) -> ExitCode {
        self.row().0
    }

    fn row(self) -> (ExitCode, &'static str) {
        match self {
            Self::Interrupt => (ExitCode::Interrupted, "interrupted"),
            Self::Terminate => (ExitCode::Terminated, "terminated"),
            Self::HangUp => (ExitCode::HungUp, "the terminal was closed (SIGHUP)"),
            Self::MaxTime => (ExitCode::Server, "the time for the whole upload (--max-time) is over"),
        }
    }
}

/// How a run that was stopped can be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumability {
    /// The same command starts over: nothing is kept.
    StartsOver,
    /// The same command continues a session.
    Resumes,
    /// A session is kept, but `--resume never` ignores it.
    ResumesWithoutNever,
    /// The server acknowledged everything; only the verification is missing.
    Acknowledged,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.by.row().1)?;
        if self.leaves == Resumability::Acknowledged && self.by != StopReason::MaxTime {
            f.write_str(" after the server acknowledged the upload, before it was verified")?;
        }
        Ok(())
    }
}

impl std::error::Error for Stopped {}
