//! Looks at the destination: how many bytes are there, and are they the file's?

use std::io;

use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use http::{Method, Response, Uri};
use sha2::{Digest, Sha256};

use crate::exchange::TransportErrorKind;
use crate::protocol::ContentRange;
use crate::protocol::text::hex;
use crate::source::{DigestError, SourceChange, UploadEntity, for_each_block};
use crate::transport::{CancellationToken, ResponseSink};
use crate::uploader::{Seen, may_be_the_file};

use super::sender::Client;

/// Reads the destination; `None` on an interrupt.
pub(super) fn look(
    client: &mut Client<'_>,
    method: &Method,
    url: &Uri,
    entity: &UploadEntity,
    cancellation: &CancellationToken,
) -> Option<Seen> {
    let size = entity.size();
    let mut sink = Received { size, count: 0, hasher: Sha256::new() };
    // A cache in front of the server may hold what was there before.
    let fields: Vec<(HeaderName, HeaderValue)> = vec![(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    let (head, end) = client.fetch(method.clone(), url, fields, &mut sink);
    if matches!(&end, Err(error) if error.kind == TransportErrorKind::Interrupted) {
        return None;
    }
    let is_whole = end.is_ok() && *method == Method::GET && sink.count == size;
    let is_read = head.as_ref().is_some_and(|head| may_be_the_file(head, size));
    let digests = if is_whole && is_read {
        let found = hex(&sink.hasher.finalize());
        let source = match source_digest(entity, cancellation) {
            Ok(source) => Ok(source),
            Err(DigestError::Differs) => Err("the file changed since it was uploaded".to_owned()),
            Err(DigestError::Entity(error)) => Err(error.to_string()),
            Err(DigestError::Stopped) => return None,
        };
        Some((found, source))
    } else {
        None
    };
    Some(Seen { head, count: sink.count, end, digests })
}

/// The bytes that arrived of a file at the destination.
struct Received {
    size: u64,
    count: u64,
    hasher: Sha256,
}

impl ResponseSink for Received {
    fn begin(&mut self, head: &Response<()>) -> bool {
        may_be_the_file(head, self.size)
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count += bytes.len() as u64;
        if self.count > self.size {
            self.count = self.size + 1;
            return Err(io::Error::other("it is longer than the file"));
        }
        self.hasher.update(bytes);
        Ok(())
    }
}

/// The source's own digest; it must still be what was uploaded.
fn source_digest(entity: &UploadEntity, cancellation: &CancellationToken) -> Result<String, DigestError> {
    let check = || match entity.change()? {
        SourceChange::Content => Err(DigestError::Differs),
        SourceChange::None | SourceChange::Attributes(_) => Ok(()),
    };
    check()?;
    let mut hasher = Sha256::new();
    if let Ok(range) = ContentRange::new(0, entity.size(), entity.size()) {
        for_each_block(entity, range, |bytes| {
            hasher.update(bytes);
            if cancellation.is_interrupted() { Err(DigestError::Stopped) } else { Ok(()) }
        })?;
    }
    check()?;
    Ok(hex(&hasher.finalize()))
}
