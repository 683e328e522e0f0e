//! The budget against loops: a conversation that gets nowhere must end.

use std::time::{Duration, Instant};

use super::UploadError;

/// Consecutive Acks that get the server no further before the upload gives up.
const MAX_STALLED_ACKS: u32 = 5;

/// How often the whole file may go over the wire without a byte being acknowledged that never was before.
const MAX_RESENT_FILES: u64 = 3;

/// Counts what was spent without progress. Only a byte that was never acknowledged before refills it, so that no
/// pattern of answers can keep an upload busy for ever.
#[derive(Debug)]
pub(super) struct Budget {
    highest: u64,
    stalled: u32,
    resent: u64,
    max_resent: u64,
    last_progress: Instant,
}

impl Budget {
    pub(super) fn new(size: u64, now: Instant) -> Self {
        Self {
            highest: 0,
            stalled: 0,
            resent: 0,
            max_resent: size.saturating_mul(MAX_RESENT_FILES),
            last_progress: now,
        }
    }

    /// After a fragment of `sent` bytes the server wants `offset` next; `advanced` says whether that is beyond where
    /// the fragment began.
    pub(super) fn acknowledged(
        &mut self,
        offset: u64,
        sent: u64,
        advanced: bool,
        now: Instant,
    ) -> Result<(), UploadError> {
        if offset > self.highest {
            *self = Self { highest: offset, stalled: 0, resent: 0, max_resent: self.max_resent, last_progress: now };
            return Ok(());
        }
        self.resent = self.resent.saturating_add(sent);
        if !advanced {
            self.stalled += 1;
        }
        if self.stalled > MAX_STALLED_ACKS || self.resent > self.max_resent {
            return Err(self.exhausted(now));
        }
        Ok(())
    }

    fn exhausted(&self, now: Instant) -> UploadError {
        let elapsed = now.checked_duration_since(self.last_progress).unwrap_or(Duration::ZERO);
        UploadError::NoProgress { acknowledged: self.highest, resent: self.resent, elapsed }
    }
}
