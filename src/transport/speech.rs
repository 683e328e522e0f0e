//! The protocol of a peer that was taken for another kind, by its first bytes.

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

/// A description of a peer whose response is not `expected`. `first` are its first bytes, at least one.
pub(super) fn of_stranger(first: &[u8], expected: &str) -> String {
    if is_tls(first) {
        format!("this is a TLS port, not {expected}: does its URL begin with https://?")
    } else if is_http(first) {
        format!("this is an HTTP port, not {expected}: does its URL begin with http://?")
    } else if first.first() == Some(&SOCKS_5) {
        format!("this is a SOCKS proxy, not {expected}: does its URL begin with socks5h://?")
    } else if first.len() < SHOWN {
        format!("this is not {expected}")
    } else {
        let shown = escape(&first[..first.len().min(TELLING)]);
        format!("this is not {expected}: the first bytes are \"{shown}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_named_by_their_first_bytes() {
        for (first, expected, words) in [
            (&[21, 3, 1][..], "HTTP", "a TLS port, not HTTP"),
            (&[22], "HTTP", "a TLS port, not HTTP"),
            (b"HTTP/1.1 400", "TLS", "an HTTP port, not TLS"),
            (&[5, 255], "HTTP", "a SOCKS proxy, not HTTP"),
            (b"SSH-2.0-OpenSSH_9.9p1", "HTTP", "not HTTP: the first bytes are \"SSH-2.0-OpenSSH_\""),
            (&[21, 9, 27], "HTTP", "not HTTP"),
        ] {
            let text = of_stranger(first, expected);
            assert!(text.contains(words) && !text.contains('\u{1b}'), "{text}");
        }
        assert!(
            is_http(b"") && is_http(b"HT") && is_http(b"HTTP/1.1 200") && !is_http(b"<html>") && !is_http(b"http/")
        );
    }
}
