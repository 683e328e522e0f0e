//! The URL as typed, checked and made whole.

use crate::protocol::text::{escape, has_broken_escape};
use crate::protocol::{Origin, without_brackets};
use http::Uri;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};

/// Characters to escape in a name that becomes one segment of a path: all but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Characters to escape in a path or query as typed: those that no URL may hold. `%` stays, for the user may have
/// escaped already.
const TYPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'|').add(b'^');

/// The address of the file on the server. A path that ends in `/` gets `name` appended, percent-encoded.
///
/// # Errors
/// When `url` is not the http or https URL of a host, or holds what a URL for uploading must not; the message says
/// what is right.
pub(super) fn parse(url: &str, name: &[u8]) -> Result<Uri, String> {
    whole(url, name).map_err(|reason| format!("{} {reason}", shown(url)))
}

/// [`parse`], with errors that read well behind the URL.
fn whole(url: &str, name: &[u8]) -> Result<Uri, String> {
    let (scheme, rest) = url.split_once("://").ok_or("is not a URL: write it like https://server.example/folder/")?;
    let is_known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    ensure(is_known, "is neither an http nor an https URL: BITS uploads go over these two")?;
    ensure(!url.chars().any(char::is_control), "holds a control character")?;
    ensure(!rest.contains('#'), "has a fragment (#), which is never sent: write %23 if # is part of the name")?;
    let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    check_authority(authority)?;
    let path_and_query = complete(path_and_query, name)?;
    let whole = format!("{}://{authority}{path_and_query}", scheme.to_ascii_lowercase());
    whole.parse().map_err(|error| format!("is not a URL: {error}"))
}

fn ensure(holds: bool, reason: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(reason) }
}

/// Whether names are appended to this URL, as typed: its path ends in `/`.
pub(super) fn is_folder(url: &str) -> bool {
    let path = path_of(url);
    path.is_empty() || path.ends_with('/')
}

/// The file's name in this URL, as typed, if it has one.
pub(super) fn last_segment(url: &str) -> Option<String> {
    let name = path_of(url).rsplit_once('/')?.1;
    Some(percent_decode_str(name).decode_utf8_lossy().into_owned()).filter(|name| !name.is_empty())
}

fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?']).map_or("", |start| &rest[start..]);
    &path[..path.find('?').unwrap_or(path.len())]
}

/// The URL of `path`, which is no URL, below the folder `url`; both as typed.
///
/// # Errors
/// When the path leads out of the folder.
pub(super) fn below(url: &str, path: &str) -> Result<String, String> {
    let path = path.replace('\\', "/");
    if path.starts_with('/') || path.split('/').any(|part| part == ".." || part == ".") {
        return Err(format!("\"{}\" leads out of the URL's folder: write no leading / and no ..", escape(path)));
    }
    Ok(below_names(url, path.split('/').map(str::as_bytes)))
}

/// The URL of a path that has these names, below the folder `url`, as typed.
pub(super) fn below_names<'a>(url: &str, names: impl Iterator<Item = &'a [u8]>) -> String {
    let segments: Vec<String> = names.map(|name| percent_encode(name, SEGMENT).to_string()).collect();
    let (folder, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let slash = if folder.ends_with('/') { "" } else { "/" };
    format!("{folder}{slash}{}{query}", segments.join("/"))
}

/// The URL of `name` in the folder of `url`; the query stays.
///
/// # Errors
/// When there is no such URL.
pub(super) fn beside(url: &Uri, name: &[u8]) -> Result<Uri, String> {
    let (folder, _) = url.path().rsplit_once('/').unwrap_or_default();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{folder}/{}{query}", percent_encode(name, SEGMENT));
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(path.parse().map_err(|error| format!("{path} is not a path: {error}"))?);
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

/// Which place on which server a URL means, however it is spelled.
pub(super) fn place(url: &Uri) -> Vec<u8> {
    let mut place = Origin::of(url).to_string().into_bytes();
    place.extend(percent_decode_str(url.path()));
    place.extend(url.query().map(|query| format!("?{query}")).unwrap_or_default().bytes());
    place
}

/// A URL for messages: control characters escaped, and nothing of a user or password in it.
fn shown(url: &str) -> String {
    let scheme_ends = url.find("://").map_or(0, |i| i + 3);
    // The last @ of all: a password may hold a slash or a question mark that would seem to end it.
    let host_begins = url.rfind('@').map_or(scheme_ends, |i| i + 1);
    let text = if host_begins > scheme_ends {
        format!("{}…@{}", &url[..scheme_ends], &url[host_begins..])
    } else {
        url.to_owned()
    };
    format!("\"{}\"", escape(text))
}

fn check_authority(authority: &str) -> Result<(), &'static str> {
    ensure(!authority.contains('@'), "has a user or password in it, which others could read in the process list")?;
    ensure(!authority.contains('\\'), "has a backslash in its host: URLs are written with /")?;
    ensure(authority.is_ascii(), "has a host outside ASCII: write its xn-- form")?;
    let parsed: http::uri::Authority =
        authority.parse().map_err(|_| "has no valid host: write it like https://server.example/folder/")?;
    let host = parsed.host();
    ensure(!host.is_empty() && host != "[]", "has no host")?;
    let address = without_brackets(host);
    let is_ipv6 = || address.parse::<std::net::Ipv6Addr>().is_ok();
    ensure(address.len() == host.len() || is_ipv6(), "has no valid IPv6 address as its host")?;
    let is_valid_port = authority.len() == host.len() || parsed.port_u16().is_some_and(|port| port > 0);
    ensure(is_valid_port, "has no valid port: it is a number from 1 to 65535")
}

/// Escapes what no URL may hold, and appends the name to a folder.
fn complete(path_and_query: &str, name: &[u8]) -> Result<String, &'static str> {
    let (path, query) = path_and_query.split_at(path_and_query.find('?').unwrap_or(path_and_query.len()));
    ensure(!path.contains('\\'), "has a backslash in its path: URLs are written with /, and a name's \\ as %5C")?;
    ensure(
        !has_broken_escape(path) && !has_broken_escape(query),
        "has a % that is not followed by two hexadecimal digits: write %25 for a plain %",
    )?;
    let path = if path.is_empty() { "/" } else { path };
    let mut whole = utf8_percent_encode(path, TYPED).to_string();
    if path.ends_with('/') {
        whole.extend(percent_encode(name, SEGMENT));
    }
    whole.extend(utf8_percent_encode(query, TYPED));
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_the_name_percent_encoded() {
        for (url, name, whole) in [
            ("http://h/a/", "b.txt", "http://h/a/b.txt"),
            ("http://h", "b.txt", "http://h/b.txt"),
            ("https://h:8443/a/?x=1", "a b#c?d%ü.bin", "https://h:8443/a/a%20b%23c%3Fd%25%C3%BC.bin?x=1"),
        ] {
            assert_eq!(parse(url, name.as_bytes()).map(|u| u.to_string()).as_deref(), Ok(whole));
        }
        assert_eq!(parse("http://h/", b"\xff").map(|u| u.to_string()).as_deref(), Ok("http://h/%FF"));
    }

    #[test]
    fn a_file_keeps_its_name_and_raw_characters_are_escaped() {
        for (url, whole) in [
            ("http://h/a", "http://h/a"),
            ("HTTP://H/a%20b", "http://H/a%20b"),
            ("http://h/ä b", "http://h/%C3%A4%20b"),
            ("http://h/a?q=ö&z", "http://h/a?q=%C3%B6&z"),
            ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ] {
            assert_eq!(parse(url, b"name").map(|u| u.to_string()).as_deref(), Ok(whole));
        }
    }

    #[test]
    fn what_is_no_destination_is_refused_with_the_reason() {
        for (url, reason) in [
            ("server/a", "not a URL"),
            ("ftp://h/a", "neither an http nor an https"),
            ("file:///a", "neither an http nor an https"),
            ("http:///a", "no valid host"),
            ("http://", "no valid host"),
            ("http://:80/a", "no host"),
            ("http://u:p@h/a", "user or password"),
            ("http://u@h/a", "user or password"),
            ("http://h/a#x", "fragment"),
            ("http://h#x", "fragment"),
            ("http://h:0/a", "port"),
            ("http://h:65536/a", "no valid"),
            ("http://h:x/a", "no valid"),
            ("http://[::x]/a", "no valid"),
            ("http://hö/a", "xn--"),
            ("http://h/a\nb", "control character"),
            ("http://h/a%zz", "%25"),
            ("http://h\\a", "backslash"),
            ("http://h/a\\b", "backslash"),
        ] {
            let error = parse(url, b"name").expect_err(url);
            assert!(error.contains(reason), "{url}: {error}");
        }
    }

    #[test]
    fn a_password_is_not_repeated_in_the_message() {
        let error = parse("http://user:s3cret@h/a", b"").expect_err("refused");
        assert!(!error.contains("s3cret") && !error.contains("user:"), "{error}");
        let error = parse("http://user:s3c/ret@h/a", b"").expect_err("refused");
        assert!(!error.contains("s3c") && !error.contains("ret"), "{error}");
    }
}
