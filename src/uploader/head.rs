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

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_identity_is_no_encoding() {
        assert!(!is_encoded(&headers(&[])));
        assert!(!is_encoded(&headers(&[(CONTENT_ENCODING, "Identity")])));
        assert!(is_encoded(&headers(&[(CONTENT_ENCODING, "gzip")])));
        assert!(is_encoded(&headers(&[(CONTENT_ENCODING, "identity"), (CONTENT_ENCODING, "gzip")])));
    }

    #[test]
    fn a_length_counts_if_it_is_the_only_one_and_no_chunks_follow() {
        let length = |fields: &[_]| content_length(&headers(fields));
        assert_eq!(length(&[(CONTENT_LENGTH, " 12 ")]), Some(12));
        assert_eq!(length(&[(CONTENT_LENGTH, "12"), (CONTENT_LENGTH, "12")]), None);
        assert_eq!(length(&[(CONTENT_LENGTH, "12"), (TRANSFER_ENCODING, "chunked")]), None);
        assert_eq!(length(&[(CONTENT_LENGTH, "+12")]), None);
    }
}
