//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use super::ClientIdentity;
use super::response_head::{MAX_HEAD, ResponseHead};
use super::speech::{is_http, of_stranger};
use crate::protocol::fuzzing::is_harmless;

/// A head ends at the same byte however it is cut, and only interim heads before it are dropped.
pub fn response_head(data: &[u8]) {
    let mut at_once = ResponseHead::default();
    let result = at_once.take(data);
    let mut in_pieces = ResponseHead::default();
    let mut dropped = Ok(0);
    for piece in data.chunks(1 + usize::from(data.last().copied().unwrap_or_default()) % 7) {
        let was_finished = in_pieces.finished;
        dropped = dropped.and_then(|before| in_pieces.take(piece).map(|count| before + count));
        assert!(!was_finished || in_pieces.finished);
    }
    assert_eq!(result, dropped);
    match result {
        Ok(dropped) => {
            assert!(dropped <= data.len());
            assert_eq!(at_once.finished, in_pieces.finished);
            assert_eq!(at_once.is_final(), in_pieces.is_final());
            assert_eq!(at_once.is_success(), in_pieces.is_success());
            assert!(at_once.finished || data.len() - dropped <= MAX_HEAD);
            assert!(!at_once.finished || at_once.is_final());
            let mut rest = ResponseHead::default();
            assert_eq!(rest.take(&data[dropped..]), Ok(0), "no interim head is left");
            assert_eq!(rest.finished, at_once.finished);
        }
        Err(excess) => assert!(is_harmless(&excess), "{excess}"),
    }
    if let Some(first) = at_once.foreign() {
        assert!(!is_http(first));
        assert!(is_harmless(&of_stranger(first, "HTTP")));
    }
}

/// A certificate and a key that do not fit are an error that may be shown.
pub fn client_identity(data: &[u8]) {
    if let Err(error) = ClientIdentity::from_pem(data, data, None) {
        assert!(is_harmless(&error), "{error}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            response_head(&data);
            client_identity(&data);
        }

        #[test]
        fn what_looks_like_a_head_keeps_them(
            text in "(\r?\n)?(HTTP/1\\.[01] (100|101|102|200|2|401)( .{0,3})?\r?\n([a-z]: [a-z]\r?\n){0,3}(\r?\n)?){1,14}"
        ) {
            response_head(text.as_bytes());
        }
    }

    #[test]
    fn a_certificate_with_another_key_keeps_them() {
        let [one, other] = [(), ()].map(|()| rcgen::generate_simple_self_signed(vec!["h".to_owned()]).expect("made"));
        client_identity((one.cert.pem() + &one.signing_key.serialize_pem()).as_bytes());
        client_identity((one.cert.pem() + &other.signing_key.serialize_pem()).as_bytes());
    }
}
