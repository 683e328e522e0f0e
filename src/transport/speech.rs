//! What a peer speaks that was taken for another kind, by its first bytes.

use crate::protocol::text::escape;

/// First bytes that tell it.
pub(super) const TELLING: usize = 16;

/// Fewer bytes say nothing to people.
const SHOWN: usize = 4;

/// `handshake` and `alert`: records that a TLS server begins with (RFC 8446 section 5.1).
const TLS_RECORDS: [u8; 2] = [22, 21];
const TLS_MAJOR: u8 = 3;
const SOCKS_5: u8 = 5;

/// Whether the first bytes of a response can be those of TLS.
pub(super) fn is_tls(first: &[u8]) -> bool {
    first.first().is_some_and(|kind| TLS_RECORDS.contains(kind)) && first.get(1).is_none_or(|major| *major == TLS_MAJOR)
}

/// Whether the first bytes of a response can be those of HTTP.
pub(super) fn is_http(first: &[u8]) -> bool {
    const VERSION: &[u8] = b"HTTP/";
    let count = first.len().min(VERSION.len());
    first[..count] == VERSION[..count]
}

/// What is to be told of a peer whose response is not `expected`. `first` are its first bytes, at least one.
pub(super) fn of_stranger(first: &[u8], expected: &str) -> String {
    if is_tls(first) {
        format!("the peer answered in TLS, not in {expected}: does its URL begin with https://?")
    } else if is_http(first) {
        format!("the peer answered in HTTP, not in {expected}: does its URL begin with http://?")
    } else if first.first() == Some(&SOCKS_5) {
        format!("the peer answered in SOCKS 5, not in {expected}: is it a SOCKS proxy?")
    } else if first.len() < SHOWN {
        format!("the peer does not speak {expected}")
    } else {
        let shown = escape(&first[..first.len().min(TELLING)]);
        format!("the peer does not speak {expected}: its answer begins with \"{shown}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_named_by_their_first_bytes() {
        for (first, expected, words) in [
            (&[21, 3, 1][..], "HTTP", "in TLS, not in HTTP"),
            (&[22], "HTTP", "in TLS, not in HTTP"),
            (b"HTTP/1.1 400", "TLS", "in HTTP, not in TLS"),
            (&[5, 255], "HTTP", "in SOCKS 5, not in HTTP"),
            (b"SSH-2.0-OpenSSH_9.9p1", "HTTP", "does not speak HTTP: its answer begins with \"SSH-2.0-OpenSSH_\""),
            (&[21, 9, 27], "HTTP", "does not speak HTTP"),
        ] {
            let text = of_stranger(first, expected);
            assert!(text.contains(words) && !text.contains('\u{1b}'), "{text}");
        }
        assert!(
            is_http(b"") && is_http(b"HT") && is_http(b"HTTP/1.1 200") && !is_http(b"<html>") && !is_http(b"http/")
        );
    }
}
