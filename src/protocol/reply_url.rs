//! Where a reply can be fetched (MC-BUP 1.3.3): IIS names it relative, with backslashes and braces.

use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::Origin;
use super::text::has_broken_escape;

/// Longest `BITS-Reply-URL` that is looked at, in bytes.
pub(crate) const MAX_LEN: usize = 2048;

/// The characters that no URL may hold. A percent sign stays: an escaped character is not escaped again.
const NOT_IN_URLS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The URL that `raw`, the value of `BITS-Reply-URL`, names for an upload to `destination`.
/// Fails when it is none, leads to another origin than the destination's, or out of a folder.
pub(crate) fn resolve(raw: &str, destination: &Uri) -> Result<Uri, ReplyUrlError> {
    let raw = raw.trim();
    if raw.is_empty() || raw.len() > MAX_LEN || raw.chars().any(char::is_control) || raw.contains('#') {
        return Err(ReplyUrlError::Malformed);
    }
    let (path, query) = raw.split_at(raw.find('?').unwrap_or(raw.len()));
    let path = path.replace('\\', "/");
    let (scheme, authority) =
        destination.scheme_str().zip(destination.authority()).ok_or(ReplyUrlError::OtherOrigin)?;
    let path = match absolute(&path, scheme)? {
        Some((its_scheme, its_authority, path)) => {
            let server: Uri =
                format!("{its_scheme}://{its_authority}/").parse().map_err(|_| ReplyUrlError::Malformed)?;
            if its_authority.contains('@') || Origin::of(&server) != Origin::of(destination) {
                return Err(ReplyUrlError::OtherOrigin);
            }
            path.to_owned()
        }
        None if path.starts_with('/') => path,
        None => {
            let folder = destination.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{path}")
        }
    };
    if leads_out(&path)? {
        return Err(ReplyUrlError::LeadsOut);
    }
    // The destination's own spelling, so that the request goes where the upload went.
    format!(
        "{scheme}://{authority}{}{}",
        utf8_percent_encode(&path, NOT_IN_URLS),
        utf8_percent_encode(query, NOT_IN_URLS)
    )
    .parse()
    .map_err(|_| ReplyUrlError::Malformed)
}

/// Scheme, authority and path, if the URL says more than a path.
fn absolute<'a>(url: &'a str, scheme: &'a str) -> Result<Option<(&'a str, &'a str, &'a str)>, ReplyUrlError> {
    let (scheme, rest) = if let Some(rest) = url.strip_prefix("//") {
        (scheme, rest)
    } else if let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| !scheme.contains('/')) {
        (scheme, rest)
    } else if url.split('/').next().is_some_and(|first| first.contains(':')) {
        // `C:\file`, `file:x`
        return Err(ReplyUrlError::Malformed);
    } else {
        return Ok(None);
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Ok(Some((scheme, authority, if path.is_empty() { "/" } else { path })))
}

/// Whether a segment, escaped or not, goes up or stays.
fn leads_out(path: &str) -> Result<bool, ReplyUrlError> {
    if has_broken_escape(path) {
        return Err(ReplyUrlError::Malformed);
    }
    let plain: Vec<u8> = percent_decode_str(path).collect();
    if plain.iter().any(u8::is_ascii_control) {
        return Err(ReplyUrlError::Malformed);
    }
    Ok(plain.split(|byte| matches!(byte, b'/' | b'\\')).any(|segment| matches!(segment, b"." | b"..")))
}

/// A `BITS-Reply-URL` that is not followed. Reads well after "the server's URL of the reply is not followed: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplyUrlError {
    /// It is no URL, too long, or holds characters that none may hold.
    #[error("it is malformed or too long")]
    Malformed,
    /// It leads to another scheme, host or port.
    #[error("it leads to another scheme, host or port")]
    OtherOrigin,
    /// It leads out of a folder.
    #[error("it leads out of its folder")]
    LeadsOut,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESTINATION: &str = "http://frankcao8/upload-ref-isapi-WebFarm/2100mb-rfc2119.txt";

    fn resolved(raw: &str, destination: &str) -> Result<String, ReplyUrlError> {
        resolve(raw, &destination.parse().expect("a URL")).map(|url| url.to_string())
    }

    #[test]
    fn the_recorded_url_becomes_the_recorded_request() {
        let raw = r"BITS-Sessions\Replies\{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}\responsefile.bin";
        let path = "/upload-ref-isapi-WebFarm/BITS-Sessions/Replies/%7BC85B4E0A-9EB9-4114-BFA4-8A43B4710091%7D/responsefile.bin";
        assert_eq!(resolved(raw, DESTINATION), Ok(format!("http://frankcao8{path}")));
    }

    #[test]
    fn paths_and_urls_of_the_same_origin_are_followed() {
        for (raw, url) in [
            ("r.bin", "http://h:8080/d/r.bin"),
            ("/r.bin", "http://h:8080/r.bin"),
            (r"\x\r.bin", "http://h:8080/x/r.bin"),
            ("x/r.bin?a=b{}", "http://h:8080/d/x/r.bin?a=b%7B%7D"),
            ("http://H:8080/x", "http://h:8080/x"),
            ("HTTP://h:8080", "http://h:8080/"),
            (r"\\h:8080\x", "http://h:8080/x"),
            (" a b%20ü ", "http://h:8080/d/a%20b%20%C3%BC"),
            ("a..b/...", "http://h:8080/d/a..b/..."),
        ] {
            assert_eq!(resolved(raw, "http://h:8080/d/file"), Ok(url.to_owned()), "{raw}");
        }
        assert_eq!(resolved("r", "https://h/f?sig=x"), Ok("https://h/r".to_owned()));
        assert_eq!(resolved("https://h:443/r", "https://h/f"), Ok("https://h/r".to_owned()));
        assert_eq!(resolved("http://[::1]:8/r", "http://[::1]:8/f"), Ok("http://[::1]:8/r".to_owned()));
    }

    #[test]
    fn other_origins_are_not() {
        for raw in [
            "http://other/x",
            "https://h:8080/x",
            "http://h/x",
            "http://h:8080@evil/x",
            "http://u@h:8080/x",
            "//evil/x",
            r"\\evil\x",
            "ftp://h:8080/x",
        ] {
            assert_eq!(resolved(raw, "http://h:8080/d/file"), Err(ReplyUrlError::OtherOrigin), "{raw}");
        }
        assert_eq!(resolved("http://h/x", "https://h/f"), Err(ReplyUrlError::OtherOrigin));
    }

    #[test]
    fn ways_out_of_a_folder_are_not() {
        for raw in ["../x", r"a\..\..\x", "/a/..", "%2e%2E/x", ".%2e/x", "..%2fx", "..%5Cx", "./x", "http://h/../x"] {
            assert_eq!(resolved(raw, "http://h/d/file"), Err(ReplyUrlError::LeadsOut), "{raw}");
        }
    }

    #[test]
    fn what_is_no_url_is_not() {
        let long = "x".repeat(MAX_LEN + 1);
        for raw in
            ["", " ", "a\r\nb", "a\0", "a%0d%0ab", "a%2", "%zz", "%+1", "a#b", r"C:\x", "file:x", "http://", &long]
        {
            let error = resolved(raw, "http://h/d/file").expect_err(raw);
            assert!(matches!(error, ReplyUrlError::Malformed), "{raw:?}: {error}");
        }
    }
}
