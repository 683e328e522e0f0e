//! A fragment's bytes on their way out.

use std::io::{self, Read};

use crate::source::PrefixDigest;
use crate::source::RangeReader;

/// Reads a fragment from the source: compares what goes out again with what went before, and remembers why it failed.
pub(super) struct FragmentBody<'a> {
    source: RangeReader<'a>,
    digest: &'a mut PrefixDigest,
    /// Why it broke off: the transport sees only that it did.
    pub(super) failure: Option<SourceFailure>,
}

/// Why the source gave no more.
pub(super) enum SourceFailure {
    /// It is not the file it was.
    Changed,
    /// It cannot be read.
    Unreadable(io::Error),
}

impl<'a> FragmentBody<'a> {
    pub(super) fn new(source: RangeReader<'a>, digest: &'a mut PrefixDigest) -> Self {
        Self { source, digest, failure: None }
    }

    fn fail(&mut self, failure: SourceFailure) -> io::Error {
        self.failure = Some(failure);
        io::Error::other("the source gave no more")
    }
}

impl Read for FragmentBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.source.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            // A file that lost bytes has changed.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(self.fail(SourceFailure::Changed)),
            Err(error) => return Err(self.fail(SourceFailure::Unreadable(error))),
        };
        if self.digest.feed(&buffer[..count]).is_err() {
            return Err(self.fail(SourceFailure::Changed));
        }
        Ok(count)
    }
}
