//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Request, Uri};

use super::cookies::{Cookies, MAX, MAX_BYTES};
use crate::protocol::fuzzing::lines;

/// The pairs that a request carries.
fn pairs(cookies: &Cookies, url: &str) -> Vec<String> {
    let mut request = Request::new(());
    *request.uri_mut() = url.parse().expect("a URL");
    cookies.add_to(&mut request);
    let Some(value) = request.headers().get(COOKIE) else { return Vec::new() };
    assert!(value.is_sensitive() && value.len() <= MAX_BYTES);
    value.to_str().expect("ASCII").split("; ").map(str::to_owned).collect()
}

/// Cookies go back to their host alone, within bounds; none for TLS alone is replaced or pushed out without TLS.
pub fn set_cookie(data: &[u8]) {
    let mut fields = HeaderMap::new();
    for value in lines(data).take(100).filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        fields.append(SET_COOKIE, value);
    }
    let secured = HeaderMap::from_iter([(SET_COOKIE, HeaderValue::from_static("sid=1; Secure"))]);
    let (http, https) = (Uri::from_static("http://h.example.com/a"), Uri::from_static("https://h.example.com/a"));
    let mut by_tls = Cookies::default();
    by_tls.learn(&https, &fields);
    let sent = pairs(&by_tls, "https://H.example.com:8443/b");
    assert!(sent.len() <= MAX && sent.iter().all(|pair| pair.contains('=') && !pair.contains(';')), "{sent:?}");
    assert!(pairs(&by_tls, "http://h.example.com/").iter().all(|pair| sent.contains(pair)));
    for other in ["https://example.com/", "https://x.h.example.com/", "https://other/"] {
        assert_eq!(pairs(&by_tls, other), [""; 0]);
    }
    let mut in_clear = Cookies::default();
    in_clear.learn(&https, &secured);
    in_clear.learn(&http, &fields);
    let sent = pairs(&in_clear, "https://h.example.com/");
    assert!(sent.iter().any(|pair| pair == "sid=1"), "{sent:?}");
    assert!(!pairs(&in_clear, "http://h.example.com/").iter().any(|pair| pair == "sid=1"), "{sent:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            set_cookie(&data);
        }

        #[test]
        fn what_looks_like_cookies_keeps_them(
            text in "((sid|a|[ -~]{0,3})=[ -~]{0,4}(; ?(Secure|Path=/|Domain=\\.?(h\\.)?example\\.com|Max-Age=-?[0-9]{1,20}|Expires=Thu, 01[- ]Jan[- ]1970 00:00:00 GMT))*\n?){0,24}"
        ) {
            set_cookie(text.as_bytes());
        }
    }
}
