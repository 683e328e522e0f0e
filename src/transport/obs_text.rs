//! Credentials with bytes beyond ASCII in them (`obs-text`, RFC 9110 section 5.5): a Digest names its user and repeats the
//! server's realm. The HTTP library refuses to send such an `Authorization`, and no other field; so it gets to see it under
//! another name of the same length, which is put right on the way out.

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue};

/// No user can set a field whose name begins like this.
const OTHER_NAME: HeaderName = HeaderName::from_static("bits-login-as");

/// Gives the field its other name, if the library would refuse it.
pub(super) fn disguise(headers: &mut HeaderMap) {
    let is_refused = |value: &HeaderValue| value.to_str().is_err();
    if headers.get(AUTHORIZATION).is_some_and(is_refused)
        && let Some(value) = headers.remove(AUTHORIZATION)
    {
        headers.insert(OTHER_NAME, value);
    }
}

/// Gives the field its own name again, in what the library wrote of a request.
pub(super) fn undisguise(written: &mut [u8]) {
    let other = OTHER_NAME;
    let (other, own) = (other.as_str().as_bytes(), AUTHORIZATION.as_str().as_bytes());
    let mut begin = 0;
    while let Some(length) = written[begin..].iter().position(|&byte| byte == b'\n') {
        let line = &mut written[begin..][..length];
        if line.len() < 2 {
            return;
        }
        if let Some((name, rest)) = line.split_at_mut_checked(own.len())
            && name == other
            && rest.first() == Some(&b':')
        {
            name.copy_from_slice(own);
            return;
        }
        begin += length + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disguised(value: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut value = HeaderValue::from_bytes(value).expect("a value");
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        disguise(&mut headers);
        headers
    }

    #[test]
    fn only_what_the_library_refuses_gets_another_name() {
        assert!(disguised(b"Digest username=\"me\"").contains_key(AUTHORIZATION));
        let other = disguised(b"Digest realm=\"S\xe4ge\"");
        assert!(!other.contains_key(AUTHORIZATION) && other[OTHER_NAME].is_sensitive());
    }

    #[test]
    fn the_name_is_put_right_in_the_head_only() {
        let mut written =
            b"BITS_POST / HTTP/1.1\r\nx: y\r\nbits-login-as: S\xe4ge\r\nz: bits-login-as: \r\n\r\nbody\r\n".to_vec();
        undisguise(&mut written);
        assert_eq!(
            written.escape_ascii().to_string(),
            r"BITS_POST / HTTP/1.1\r\nx: y\r\nauthorization: S\xe4ge\r\nz: bits-login-as: \r\n\r\nbody\r\n"
        );
        for untouched in [&b"GET / HTTP/1.1\r\n\r\nbits-login-as: x\r\n"[..], b"bits-login-as", b"", b"\n"] {
            let mut written = untouched.to_vec();
            undisguise(&mut written);
            assert_eq!(written, untouched);
        }
    }
}
