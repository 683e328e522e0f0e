//! How a run of several files ends.

use std::fmt;

use super::diagnosis::exit_code::ExitCode;

/// What came of the files so far; in the end an error, unless all were uploaded. Why was told for each.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchOutcome {
    files: usize,
    pub(super) uploaded: usize,
    failed: usize,
    /// What all failures have in common, if they have.
    code: Option<ExitCode>,
}

impl BatchOutcome {
    pub(super) fn of(files: usize) -> Self {
        Self { files, uploaded: 0, failed: 0, code: None }
    }

    pub(super) fn failed_by(&mut self, code: ExitCode) {
        self.code = if self.failed == 0 || self.code == Some(code) { Some(code) } else { None };
        self.failed += 1;
    }

    pub(super) fn verdict(self) -> Result<(), Self> {
        if self.uploaded == self.files { Ok(()) } else { Err(self) }
    }

    pub(super) fn exit_code(self) -> ExitCode {
        // Some are there, others are not; or each failed in its own way.
        self.code.filter(|_| self.uploaded == 0).unwrap_or(ExitCode::Mixed)
    }
}

impl fmt::Display for BatchOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} files failed", self.failed, self.files)?;
        match self.files - self.uploaded - self.failed {
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
