//! Which upload a saved session belongs to.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use sha2::{Digest, Sha256};

use crate::protocol::Origin;
use crate::protocol::text::{NotHex, parse_hex_u128};

/// The URL that something is on its way to: its SHA-256, so that a name in the state folder tells nothing. The source is
/// no part of it: a fresh checkout of the same file has another path.
///
/// Also the secrets that a URL's query may hold are in it, and only in this form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u128; 2]);

impl Key {
    /// The key of the upload to `destination`.
    pub(crate) fn new(destination: &Uri) -> Self {
        Self::of("bitsup upload 2", &canonical(destination))
    }

    /// The key of what is remembered of a URL's host (scheme, name and port) and folder: limits are set for both.
    pub(super) fn of_folder(url: &Uri) -> Self {
        let folder = url.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        Self::of("bitsup folder 2", &format!("{}{folder}/", Origin::of(url)))
    }

    fn of(what: &str, text: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(what);
        hash.update(b"\0");
        hash.update(text);
        let hash: [u8; 32] = hash.finalize().into();
        let (halves, _) = hash.as_chunks();
        Self([u128::from_be_bytes(halves[0]), u128::from_be_bytes(halves[1])])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([first, second]) = self;
        write!(f, "{first:032x}{second:032x}")
    }
}

impl FromStr for Key {
    type Err = NotHex;

    /// # Errors
    /// When the text is anything but 64 lower-case hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NotHex> {
        let (first, second) = text.split_at_checked(32).ok_or(NotHex)?;
        Ok(Self([parse_hex_u128(first)?, parse_hex_u128(second)?]))
    }
}

/// One spelling for the same URL: scheme and host in lower case, no default port. The path stays as it was typed.
pub(super) fn canonical(url: &Uri) -> String {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    format!("{}{path}", Origin::of(url))
}

/// A URL without what may be secret: its query, and its user information, which is refused before it gets here.
pub(super) fn without_query(url: &Uri) -> Uri {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let text = format!("{}://{host}{}", url.scheme_str().unwrap_or_default(), url.path());
    // A URL without these parts is a URL; if not, an empty path is refused when it is read back.
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(url: &str) -> Key {
        Key::new(&url.parse().expect("a URL"))
    }

    #[test]
    fn spellings_of_one_url_have_one_key() {
        let same = key("http://h/a?q=1");
        assert_eq!(key("HTTP://H:80/a?q=1"), same);
        for url in ["https://h/a?q=1", "http://h:8080/a?q=1", "http://h/A?q=1", "http://h/a?q=2", "http://h/a"] {
            assert_ne!(key(url), same, "{url}");
        }
        assert_eq!(key("https://h:443"), key("https://H/"));
    }

    #[test]
    fn a_folder_has_one_key_for_all_its_files() {
        let of = |url: &'static str| Key::of_folder(&Uri::from_static(url));
        assert_eq!(of("http://h/a/x?q"), of("HTTP://H:80/a/y"));
        for other in ["https://h/a/x", "http://h:81/a/x", "http://g/a/x", "http://h/x", "http://h/a/b/x"] {
            assert_ne!(of(other), of("http://h/a/x"), "{other}");
        }
        assert_ne!(of("http://h/"), key("http://h/"));
    }

    #[test]
    fn keys_are_written_and_read_the_same() {
        let key = key("http://h/a");
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "0", &key.to_string().to_uppercase(), &"+".repeat(64), &"é".repeat(32)] {
            assert_eq!(bad.parse::<Key>(), Err(NotHex));
        }
    }

    #[test]
    fn a_query_is_not_kept() {
        let url: Uri = "https://h:8443/a/b?sig=s3cret".parse().expect("a URL");
        assert_eq!(without_query(&url), "https://h:8443/a/b");
        assert_eq!(without_query(&Uri::from_static("http://u:p@h/a")), "http://h/a");
    }
}
