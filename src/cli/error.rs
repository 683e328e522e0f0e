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
    /// The command or option to type instead; may be empty.
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

/// There is nothing to upload, or what is there cannot be. The message says why.
#[derive(Debug)]
pub(super) struct SelectionError(pub(super) String);

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SelectionError {}

/// The run was ended from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopped {
    pub(super) by: StopReason,
    pub(super) leaves: Resumability,
}

/// The signal or time limit that ends a run.
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
    /// Of several files, some are done: the same command continues with the others.
    Remembers,
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

/// The outcome of the files so far; in the end an error, unless all were uploaded. Why was told for each.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchOutcome {
    files: usize,
    pub(super) uploaded: usize,
    /// Uploaded by an earlier run of the same command.
    pub(super) skipped: usize,
    failed: usize,
    /// The exit code that all failures have in common, if they have one.
    code: Option<ExitCode>,
}

impl BatchOutcome {
    pub(super) fn of(files: usize) -> Self {
        Self { files, uploaded: 0, skipped: 0, failed: 0, code: None }
    }

    pub(super) fn failed_by(&mut self, code: ExitCode) {
        self.code = if self.failed == 0 || self.code == Some(code) { Some(code) } else { None };
        self.failed += 1;
    }

    pub(super) fn verdict(self) -> Result<(), Self> {
        if self.uploaded + self.skipped == self.files { Ok(()) } else { Err(self) }
    }

    pub(super) fn exit_code(self) -> ExitCode {
        // Some are there, others are not; or each failed in its own way.
        self.code.filter(|_| self.uploaded + self.skipped == 0).unwrap_or(ExitCode::Mixed)
    }
}

impl fmt::Display for BatchOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} files failed", self.failed, self.files)?;
        match self.files - self.uploaded - self.skipped - self.failed {
            0 => Ok(()),
            not_begun => write!(f, ", {not_begun} were not begun"),
        }
    }
}

impl std::error::Error for BatchOutcome {}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(uploaded: usize, failures: &[ExitCode]) -> ExitCode {
        let mut outcome = BatchOutcome { uploaded, ..BatchOutcome::of(5) };
        for code in failures {
            outcome.failed_by(*code);
        }
        outcome.verdict().map_or_else(BatchOutcome::exit_code, |()| ExitCode::Success)
    }

    #[test]
    fn failures_of_one_kind_have_its_code_unless_something_is_there() {
        use ExitCode::{Mixed, Refused, Source, Success};
        assert_eq!(code(5, &[]), Success);
        assert_eq!(code(0, &[Refused, Refused]), Refused);
        assert_eq!(code(1, &[Refused, Refused]), Mixed);
        assert_eq!(code(0, &[Refused, Source, Refused]), Mixed);
        assert_eq!(code(1, &[Source]), Mixed);
    }
}
