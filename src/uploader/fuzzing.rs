//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode, Uri};

use super::target::Target;
use crate::protocol::fuzzing::is_harmless;
use crate::protocol::{HostId, Origin, PacketKind, without_brackets};

const DESTINATIONS: [&str; 4] =
    ["http://h/drop/a.bin", "https://h:8443/a?sig=1", "https://[::1]/a", "http://files.example.com:80/%7Bx%7D"];

/// Another host that the server names changes the host and at most the port: never the scheme, the path or the query.
pub fn host_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(host) = text.parse::<HostId>() else { return };
    assert!(is_harmless(host.as_str()) && !host.as_str().contains(['/', '@', '?', '#', '\\', ' ']), "{host}");
    assert_eq!(host.to_string().parse(), Ok(host.clone()));
    for destination in DESTINATIONS.map(Uri::from_static) {
        let mut target = Target::new(destination.clone());
        target.move_to(&host, None);
        let url = target.current();
        assert_eq!((url.scheme(), url.path_and_query()), (destination.scheme(), destination.path_and_query()), "{url}");
        let (there, named) = (Origin::of(url), without_brackets(host.host()).to_ascii_lowercase());
        assert_eq!(there.host(), named, "{url}");
        assert_eq!(there.port(), host.port().unwrap_or(Origin::of(&destination).port()), "{url}");
        assert_eq!(url.to_string().parse::<Uri>().ok().as_ref(), Some(url));
        target.back_to_origin();
        assert_eq!(*target.current(), destination);
    }
}

/// A redirect that is followed leads to the same host, and never from https to http.
pub fn location(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, value);
    for destination in DESTINATIONS.map(Uri::from_static) {
        let mut target = Target::new(destination.clone());
        let result = target.follow_redirect(&response, PacketKind::Ping);
        let (here, there) = (Origin::of(&destination), Origin::of(target.current()));
        match result {
            Ok(is_followed) => {
                assert!(is_followed);
                assert_eq!(here.host(), there.host());
                assert!(there == here || (there.is_https() && !here.is_https()), "{}", target.current());
                let authority = target.current().authority().expect("it has one").as_str();
                assert!(!authority.contains('@'), "{authority}");
            }
            Err(error) => {
                assert!(is_harmless(&error.to_string()), "{error}");
                assert_eq!(*target.current(), destination);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            host_id(&data);
            location(&data);
        }

        #[test]
        fn what_looks_like_a_host_keeps_them(
            text in "(\\[?[0-9a-f:.]{0,12}(%[0-9a-z]{1,2})?\\]?|[a-zA-Z0-9._-]{0,9})(:[0-9]{0,6})?[/@?# ]?"
        ) {
            host_id(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_location_keeps_them(
            text in "(https?:|//|/|[hH]|\\[::1\\]|:8443|:443|@|\\.\\.|[?#]|files\\.example\\.com| |%){0,9}"
        ) {
            location(text.as_bytes());
        }
    }
}
