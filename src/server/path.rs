//! From a URL's path to a place below the root: pure, and suspicious of every spelling.

use std::fmt;

use percent_encoding::percent_decode_str;

use super::limits::{MAX_NAME, MAX_PATH};
use super::response::RequestError;
use crate::protocol::name;
use crate::protocol::text::has_broken_escape;

/// Folder of unfinished uploads below the root. Nothing can be uploaded into it.
pub(crate) const SESSIONS_FOLDER: &str = ".bitsup-sessions";

/// No absolute path, a broken `%` escape, not UTF-8, or an empty name within.
const MALFORMED: RequestError = RequestError::Invalid("the path is malformed");

/// A file's place below the root: names that mean the same on every system and lead nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetPath {
    folders: Vec<String>,
    name: String,
}

impl TargetPath {
    /// Maps the path of a URL, decoding it once.
    pub(crate) fn from_url(path: &str) -> Result<Self, RequestError> {
        let path = path.strip_prefix('/').ok_or(MALFORMED)?;
        let names: Vec<String> = path.split('/').map(decode).collect::<Result<_, _>>()?;
        Self::from_names(names)
    }

    /// Reads back what `Display` wrote.
    pub(crate) fn from_saved(path: &str) -> Result<Self, RequestError> {
        Self::from_names(path.split('/').map(str::to_owned).collect())
    }

    fn from_names(mut names: Vec<String>) -> Result<Self, RequestError> {
        if names.iter().map(|name| name.len() + 1).sum::<usize>() > MAX_PATH {
            return Err(RequestError::PathTooLong);
        }
        let name = names.pop().ok_or(MALFORMED)?;
        names.iter().try_for_each(|folder| check_name(folder))?;
        if name.is_empty() {
            return Err(RequestError::PathIsFolder);
        }
        check_name(&name)?;
        // At any depth: another receiver may serve a folder in this one.
        if names.iter().chain([&name]).any(|name| is_sessions_folder(name)) {
            return Err(RequestError::PathForbidden("the folder of unfinished uploads"));
        }
        Ok(Self { folders: names, name })
    }

    /// The folders on the way, from the root.
    pub(crate) fn folders(&self) -> &[String] {
        &self.folders
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.folders.iter().try_for_each(|folder| write!(f, "{folder}/"))?;
        f.write_str(&self.name)
    }
}

fn decode(segment: &str) -> Result<String, RequestError> {
    if has_broken_escape(segment) {
        return Err(MALFORMED);
    }
    percent_decode_str(segment).decode_utf8().map(Into::into).map_err(|_| MALFORMED)
}

fn check_name(file_name: &str) -> Result<(), RequestError> {
    let upper = file_name.to_ascii_uppercase();
    if file_name.is_empty() {
        Err(MALFORMED)
    } else if file_name.len() > MAX_NAME {
        Err(RequestError::PathTooLong)
    } else if let Some(reason) = name::unusable(file_name) {
        Err(RequestError::PathForbidden(reason))
    } else if cfg!(windows) && file_name.contains(['*', '?', '"', '<', '>', '|']) {
        Err(RequestError::PathForbidden("a character that Windows reserves"))
    } else if ["%2E", "%2F", "%5C", "%00"].iter().any(|escape| upper.contains(escape)) {
        // Harmless here, but not behind the next program that decodes once more.
        Err(RequestError::PathForbidden("a name that is encoded twice"))
    } else {
        Ok(())
    }
}

/// The folder's name in any letter case, or the short name that Windows would give it.
fn is_sessions_folder(name: &str) -> bool {
    name.eq_ignore_ascii_case(SESSIONS_FOLDER) || name.to_ascii_uppercase().starts_with("BITSUP~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_decoded_once() {
        for (url, path) in [
            ("/a.txt", "a.txt"),
            ("/upload/2000mb-rfc2119.txt", "upload/2000mb-rfc2119.txt"),
            ("/a%20b/gr%C3%B6%C3%9Fe.bin", "a b/größe.bin"),
            ("/50%25.txt", "50%.txt"),
            ("/.hidden", ".hidden"),
            ("/a..b", "a..b"),
            ("/console.txt", "console.txt"),
            ("/com10", "com10"),
            ("/{A0FF5911}", "{A0FF5911}"),
        ] {
            let target = TargetPath::from_url(url).expect(url);
            assert_eq!(target.to_string(), path);
            assert_eq!(TargetPath::from_saved(path), Ok(target));
        }
    }

    #[test]
    fn traversal_is_refused_in_every_spelling() {
        for url in [
            "/..",
            "/../a",
            "/a/../b",
            "/%2e%2e/a",
            "/%2E./a",
            "/.%2e/a",
            "/.",
            "/./a",
            "/a/%2e/b",
            "/..%2fa",
            "/..%5ca",
            "/..\\a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/%252e%252e/a",
            "/%252fa",
            "/%255ca",
            "/.../a",
            "/. ./a",
            "/..%20/a",
            "/%2e%2e%20",
        ] {
            assert!(matches!(TargetPath::from_url(url), Err(RequestError::PathForbidden(_))), "{url}");
        }
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_refused() {
        for url in [
            "/c:",
            "/c:/a",
            "/C:%5ca",
            "/a.txt:stream",
            "/a.txt.",
            "/a.txt%20",
            "/a./b",
            "/CON",
            "/con.txt",
            "/nul",
            "/a/Aux.tar.gz",
            "/com1",
            "/COM0.x",
            "/lpt9.log",
            "/COM%C2%B9",
            "/conin$",
            "/con%20.txt",
        ] {
            assert!(matches!(TargetPath::from_url(url), Err(RequestError::PathForbidden(_))), "{url}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for url in ["/a%00", "/a%00.txt", "/%0a", "/a%0d%0ab", "/%1b[2J", "/%7f", "/%C2%85"] {
            assert!(matches!(TargetPath::from_url(url), Err(RequestError::PathForbidden(_))), "{url}");
        }
    }

    #[test]
    fn malformed_paths_are_told_from_forbidden_ones() {
        for url in ["", "*", "a", "/a//b", "//a", "/%", "/%4", "/%zz", "/%+1", "/%ff", "/%c0%af", "/%c0%ae%c0%ae/a"] {
            assert_eq!(TargetPath::from_url(url), Err(MALFORMED), "{url}");
        }
    }

    #[test]
    fn folders_are_no_target() {
        for url in ["/", "/a/", "/a/b/"] {
            assert_eq!(TargetPath::from_url(url), Err(RequestError::PathIsFolder), "{url}");
        }
    }

    #[test]
    fn the_sessions_folder_is_out_of_reach() {
        for url in [
            "/.bitsup-sessions",
            "/.bitsup-sessions/x.part",
            "/.BITSUP-Sessions/x",
            "/%2ebitsup-sessions/x",
            "/BITSUP~1/x",
        ] {
            assert!(matches!(TargetPath::from_url(url), Err(RequestError::PathForbidden(_))), "{url}");
        }
        // Of a receiver into a folder of this one (case 91).
        assert!(TargetPath::from_url("/a/.bitsup-sessions/x.part").is_err());
    }

    #[test]
    fn lengths_are_limited() {
        assert!(TargetPath::from_url(&format!("/{}", "x".repeat(255))).is_ok());
        assert_eq!(TargetPath::from_url(&format!("/{}", "x".repeat(256))), Err(RequestError::PathTooLong));
        assert_eq!(TargetPath::from_url(&"/x".repeat(2000)), Err(RequestError::PathTooLong));
    }
}
