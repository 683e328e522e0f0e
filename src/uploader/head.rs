//! Readers of the heads of responses to GET and HEAD, which are plain HTTP.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};

use crate::protocol::digits;

/// A field's value, if it is given once.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok().map(str::trim) }
}

/// Whether the body is compressed, although that was not asked for: its bytes would be those of no file.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Whether the body comes in chunks, which tell their end themselves.
pub(super) fn is_chunked(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
}

/// The length that the head tells. Chunks have one of their own.
pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    single(headers, CONTENT_LENGTH).filter(|_| !is_chunked(headers)).and_then(digits)
}
