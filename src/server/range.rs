//! Which part of a published file a GET asks for (RFC 9110 section 14).

use http::HeaderMap;
use http::header::{IF_RANGE, RANGE};

use crate::protocol::digits;

/// The part of a file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
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
pub(crate) fn select(headers: &HeaderMap, size: u64, last_modified: &str) -> Selection {
    let mut ranges = headers.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Selection::Whole };
    if headers.get(IF_RANGE).is_some_and(|date| date.as_bytes() != last_modified.as_bytes()) {
        return Selection::Whole;
    }
    range.to_str().ok().and_then(|range| parse(range, size)).unwrap_or(Selection::Whole)
}

fn parse(text: &str, size: u64) -> Option<Selection> {
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
    Some(if from < end { Selection::Part { first: from, len: end - from } } else { Selection::Outside })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(range: &str, size: u64) -> Selection {
        let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]);
        select(&headers, size, "now")
    }

    #[test]
    fn single_ranges_are_read_in_their_three_forms() {
        assert_eq!(of("bytes=0-9976", 9977), Selection::Part { first: 0, len: 9977 });
        assert_eq!(of("bytes=2-3", 10), Selection::Part { first: 2, len: 2 });
        assert_eq!(of("Bytes = 2-", 10), Selection::Part { first: 2, len: 8 });
        assert_eq!(of("bytes=-3", 10), Selection::Part { first: 7, len: 3 });
        assert_eq!(of("bytes=-30", 10), Selection::Part { first: 0, len: 10 });
        assert_eq!(of("bytes=5-18446744073709551615", 10), Selection::Part { first: 5, len: 5 });
    }

    #[test]
    fn ranges_outside_are_told_and_malformed_ones_passed_over() {
        for outside in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(of(outside, 10), Selection::Outside, "{outside}");
        }
        assert_eq!(of("bytes=0-", 0), Selection::Outside);
        for rest in ["bytes=-", "bytes=3-2", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2", "bytes", "bytes=a-b"] {
            assert_eq!(of(rest, 10), Selection::Whole, "{rest}");
        }
    }

    #[test]
    fn a_range_of_another_state_of_the_file_is_passed_over() {
        let fields = |date| [(RANGE, HeaderValue::from_static("bytes=1-")), (IF_RANGE, HeaderValue::from_static(date))];
        assert_eq!(select(&HeaderMap::from_iter(fields("now")), 9, "now"), Selection::Part { first: 1, len: 8 });
        assert_eq!(select(&HeaderMap::from_iter(fields("then")), 9, "now"), Selection::Whole);
    }

    proptest! {
        #[test]
        fn a_part_is_never_empty_and_never_outside(text in "(bytes=)?[0-9]{0,20}-[0-9]{0,20}", size in any::<u64>()) {
            if let Selection::Part { first, len } = of(&text, size) {
                prop_assert!(len > 0 && first.checked_add(len).is_some_and(|end| end <= size));
            }
        }
    }
}
