//! Files that are given out: the response to a GET or HEAD, and the range that it asks for (RFC 9110 section 14).

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE, SERVER,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};

use super::response::ascii;
use crate::protocol::digits;

/// The part of an open file that a request asks for: its head, the file positioned at its first byte, and the number of
/// bytes that follow.
pub(crate) fn respond(request: &Parts, mut file: File) -> io::Result<Response<(File, u64)>> {
    let metadata = file.metadata()?;
    let (size, modified) = (metadata.len(), httpdate::fmt_http_date(metadata.modified()?));
    let mut head = Response::new(());
    let headers = head.headers_mut();
    // Ranges are for GET alone (RFC 9110 section 14.2).
    let ranged = request.method == Method::GET;
    let selection = if ranged { select(&request.headers, size, &modified) } else { RangeSelection::Whole };
    let (status, first, len) = match selection {
        RangeSelection::Whole => (StatusCode::OK, 0, size),
        RangeSelection::Part { first, len } => {
            headers.insert(CONTENT_RANGE, ascii(format!("bytes {first}-{}/{size}", first + len - 1)));
            (StatusCode::PARTIAL_CONTENT, first, len)
        }
        RangeSelection::Outside => {
            headers.insert(CONTENT_RANGE, ascii(format!("bytes */{size}")));
            (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0)
        }
    };
    headers.insert(SERVER, HeaderValue::from_static("bitsup"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // A browser stores it and shows no page.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert(LAST_MODIFIED, ascii(modified));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
    *head.status_mut() = status;
    file.seek(SeekFrom::Start(first))?;
    let len = if request.method == Method::HEAD { 0 } else { len };
    Ok(head.map(|()| (file, len)))
}

/// The part of a file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeSelection {
    /// All of it.
    Whole,
    /// Some bytes from an offset on.
    Part {
        /// Offset of the first byte.
        first: u64,
        /// Number of bytes.
        len: u64,
    },
    /// Nothing: the range lies outside.
    Outside,
}

/// Reads `Range`. One that is malformed, or names several ranges, is passed over, as is one whose `If-Range` names
/// another state of the file.
pub(crate) fn select(headers: &HeaderMap, size: u64, last_modified: &str) -> RangeSelection {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return RangeSelection::Whole };
    if headers.get(IF_RANGE).is_some_and(|date| date.as_bytes() != last_modified.as_bytes()) {
        return RangeSelection::Whole;
    }
    range.to_str().ok().and_then(|range| parse(range, size)).unwrap_or(RangeSelection::Whole)
}

fn parse(text: &str, size: u64) -> Option<RangeSelection> {
    let (unit, range) = text.trim().split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (from, end) = match (first, last) {
        ("", count) => (size.saturating_sub(digits(count)?), size),
        (first, "") => (digits(first)?, size),
        (first, last) if digits(last)? < digits(first)? => return None,
        (first, last) => (digits(first)?, digits(last)?.saturating_add(1).min(size)),
    };
    Some(if from < end { RangeSelection::Part { first: from, len: end - from } } else { RangeSelection::Outside })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(range: &str, size: u64) -> RangeSelection {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        select(&headers, size, "now")
    }

    #[test]
    fn single_ranges_are_read_in_their_three_forms() {
        assert_eq!(of("bytes=0-9976", 9977), RangeSelection::Part { first: 0, len: 9977 });
        assert_eq!(of("bytes=2-3", 10), RangeSelection::Part { first: 2, len: 2 });
        assert_eq!(of("Bytes = 2-", 10), RangeSelection::Part { first: 2, len: 8 });
        assert_eq!(of("bytes=-3", 10), RangeSelection::Part { first: 7, len: 3 });
        assert_eq!(of("bytes=-30", 10), RangeSelection::Part { first: 0, len: 10 });
        assert_eq!(of("bytes=5-18446744073709551615", 10), RangeSelection::Part { first: 5, len: 5 });
    }

    #[test]
    fn ranges_outside_are_told_and_malformed_ones_passed_over() {
        for outside in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(of(outside, 10), RangeSelection::Outside, "{outside}");
        }
        assert_eq!(of("bytes=0-", 0), RangeSelection::Outside);
        for rest in ["bytes=-", "bytes=3-2", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2", "bytes", "bytes=a-b"] {
            assert_eq!(of(rest, 10), RangeSelection::Whole, "{rest}");
        }
    }

    #[test]
    fn a_range_of_another_state_of_the_file_is_passed_over() {
        let fields = |date| [(RANGE, HeaderValue::from_static("bytes=1-")), (IF_RANGE, HeaderValue::from_static(date))];
        assert_eq!(select(&HeaderMap::from_iter(fields("now")), 9, "now"), RangeSelection::Part { first: 1, len: 8 });
        assert_eq!(select(&HeaderMap::from_iter(fields("then")), 9, "now"), RangeSelection::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_never_outside(text in "(bytes=)?[0-9]{0,20}-[0-9]{0,20}", size in any::<u64>()) {
            if let RangeSelection::Part { first, len } = of(&text, size) {
                prop_assert!(len > 0 && first.checked_add(len).is_some_and(|end| end <= size));
            }
        }
    }
}
