//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use std::path::{Component, Path};

use http::HeaderMap;
use http::header::{HeaderValue, RANGE};

use super::download::{Selection, select};
use super::framing::{FramingState, HeadFraming};
use super::path::{SESSIONS_FOLDER, TargetPath};
use crate::protocol::ContentRange;

/// The framing of heads comes to the same state however the bytes are cut, and stays broken once it is.
pub fn request_head(data: &[u8]) {
    let mut at_once = HeadFraming::default();
    at_once.observe(data);
    let mut in_pieces = HeadFraming::default();
    let mut broken = false;
    for piece in data.chunks(1 + usize::from(data.first().copied().unwrap_or_default()) % 7) {
        in_pieces.observe(piece);
        assert!(!broken || in_pieces.state() == FramingState::Broken);
        broken = in_pieces.state() == FramingState::Broken;
    }
    assert_eq!(at_once.state(), in_pieces.state());
}

/// A range that is read lies within its total, and is read back from what it is shown as.
pub fn content_range(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(range) = text.parse::<ContentRange>() {
        assert!(range.first() < range.end() && range.end() <= range.total());
        assert_eq!(range.end() - range.first(), range.len());
        assert_eq!(range.to_string().parse(), Ok(range));
    }
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    for size in [0, 1, 1000, u64::MAX] {
        let headers = HeaderMap::from_iter([(RANGE, value.clone())]);
        if let Selection::Part { first, len } = select(&headers, size, "") {
            assert!(len > 0 && first.checked_add(len).is_some_and(|end| end <= size));
        }
    }
}

/// A path that is taken leads to a place below the root, of plain names, outside the server's own folder.
pub fn target_path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(target) = TargetPath::from_url(&text) else { return };
    let shown = target.to_string();
    assert_eq!(TargetPath::from_saved(&shown), Ok(target));
    let components: Vec<Component<'_>> = Path::new(&shown).components().collect();
    assert_eq!(components.len(), shown.split('/').count());
    assert!(components.iter().all(|component| matches!(component, Component::Normal(_))), "{shown:?}");
    assert!(!shown.contains(['\\', ':']) && !shown.contains(char::is_control), "{shown:?}");
    let first = shown.split('/').next();
    assert!(!first.is_some_and(|first| first.eq_ignore_ascii_case(SESSIONS_FOLDER)), "{shown:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            request_head(&data);
            content_range(&data);
            target_path(&data);
        }

        #[test]
        fn what_looks_like_a_head_keeps_them(
            text in "(BITS_POST /a HTTP/1.1\r\n)?((Content-Length|X|Transfer-Encoding)[: ]{1,2}[0-9a-z+,]{0,3}(\r|\n|\r\n) ?){0,4}(\r\n)?.{0,9}"
        ) {
            request_head(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_range_keeps_them(text in "bytes[ =][0-9+]{0,20}-[0-9]{0,20}(/[0-9*]{0,20})?") {
            content_range(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_path_keeps_them(
            text in "(/|%2[fFeE]|\\.|%5c|%00|:|\\\\|[a-c]| |nul|\\.bitsup-sessions|BITSUP~1|%25|%c3%bc){1,12}"
        ) {
            target_path(format!("/{text}").as_bytes());
        }
    }
}
