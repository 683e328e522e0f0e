//! The reply of the server's application on its way to its file.

use std::io;

use http::Response;
use http::header::{HeaderName, HeaderValue, IF_RANGE, RANGE};

use crate::exchange::TransportError;
use crate::transport::ResponseSink;
use crate::uploader::{MAX_REPLY, ReplyFetched, ReplyRequest, Uploader};

use super::reply_file::{ReplyFile, ReplyFileError};

/// The fields of the GET.
pub(super) fn fields(request: &ReplyRequest) -> Vec<(HeaderName, HeaderValue)> {
    let mut fields = Vec::new();
    if request.from > 0
        && let Ok(range) = HeaderValue::try_from(format!("bytes={}-", request.from))
    {
        fields.push((RANGE, range));
        fields.extend(request.validator.clone().map(|validator| (IF_RANGE, validator)));
    }
    fields
}

/// Writes the part of a body that the machine wants.
pub(super) struct ReplySink<'a> {
    file: &'a mut ReplyFile,
    uploader: &'a Uploader,
    at: u64,
    taken: u64,
    failure: Option<io::Error>,
}

impl<'a> ReplySink<'a> {
    pub(super) fn new(file: &'a mut ReplyFile, uploader: &'a Uploader) -> Self {
        Self { file, uploader, at: 0, taken: 0, failure: None }
    }

    /// What came of it.
    ///
    /// # Errors
    /// When the file does not take it.
    pub(super) fn finish(
        self,
        head: Option<Response<()>>,
        end: Result<(), TransportError>,
    ) -> Result<ReplyFetched, ReplyFileError> {
        match self.failure {
            Some(error) => Err(self.file.error(error)),
            None => Ok(ReplyFetched { head, taken: self.taken, end }),
        }
    }
}

impl ResponseSink for ReplySink<'_> {
    fn begin(&mut self, head: &Response<()>) -> bool {
        let Some(at) = self.uploader.accept_reply(head) else { return false };
        self.at = at;
        match self.file.cut(at) {
            Ok(()) => true,
            Err(error) => {
                self.failure = Some(error);
                false
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let count = bytes.len() as u64;
        if self.at + self.taken + count > MAX_REPLY {
            // The machine sees by the count that it is too large.
            self.taken = (MAX_REPLY + 1).saturating_sub(self.at);
            return Err(io::Error::other("the reply is too large"));
        }
        if let Err(error) = self.file.append(bytes) {
            self.failure = Some(error);
            return Err(io::Error::other("the reply cannot be saved"));
        }
        self.taken += count;
        Ok(())
    }
}
