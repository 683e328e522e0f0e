//! How a run of several files ends.

use super::diagnosis::exit_code::ExitCode;
use super::error::BatchFailed;

/// What came of the files so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) uploaded: usize,
    pub(super) failed: usize,
    /// What all failures have in common, if they have.
    code: Option<ExitCode>,
}

impl Tally {
    /// Counts a file that failed.
    pub(super) fn failed_by(&mut self, code: ExitCode) {
        self.code = if self.failed == 0 || self.code == Some(code) { Some(code) } else { None };
        self.failed += 1;
    }

    /// What to say of a run of so many files, unless all were uploaded.
    pub(super) fn verdict(self, files: usize) -> Result<(), BatchFailed> {
        if self.failed == 0 && self.uploaded == files {
            return Ok(());
        }
        // Some are there, others are not; or each failed in its own way.
        let code = self.code.filter(|_| self.uploaded == 0).unwrap_or(ExitCode::Mixed);
        let not_begun = files.saturating_sub(self.uploaded + self.failed);
        Err(BatchFailed { files, failed: self.failed, not_begun, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(uploaded: usize, failures: &[ExitCode]) -> ExitCode {
        let mut tally = Tally { uploaded, ..Tally::default() };
        for code in failures {
            tally.failed_by(*code);
        }
        tally.verdict(5).map_or_else(|failed| failed.code, |()| ExitCode::Success)
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
