//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use super::file_list::{self, ListedFile};
use super::secret::netrc;
pub use super::settings::fuzzing::settings;
use crate::protocol::fuzzing::is_harmless;

/// A list names files and nothing else, and names that end with NUL are read as they are written.
pub fn file_list(data: &[u8]) {
    for null in [false, true] {
        let files = match file_list::parse(data, null) {
            Ok(files) => files,
            Err(error) => {
                assert!(is_harmless(&error), "{error}");
                continue;
            }
        };
        assert!(files.iter().all(|file| !file.source.is_empty() && file.destination.as_deref() != Some("")));
        // On Unix a name may be no text.
        let names: Option<Vec<&str>> = files.iter().map(|file| file.source.to_str()).collect();
        let Some(names) = names else { continue };
        assert!(names.iter().all(|name| !name.contains('\0')), "{names:?}");
        let written = names.concat();
        // These say something of a whole file: a byte order mark, or that it is a key.
        if written.starts_with('\u{feff}') || written.trim_start().starts_with("-----BEGIN") {
            continue;
        }
        let written: String = names.iter().flat_map(|name| [*name, "\0"]).collect();
        let plain = names.iter().map(|name| ListedFile { source: name.into(), destination: None });
        assert_eq!(file_list::parse(written.as_bytes(), true), Ok(plain.collect()));
    }
}

/// A login that is found is read again as it is written, and an error says nothing of what is in the file.
pub fn netrc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for user in [None, Some("me")] {
        let login = match netrc::parse(&text, "h", user) {
            Ok(Some(login)) => login,
            Ok(None) => continue,
            Err(error) => {
                assert!(is_harmless(&error), "{error}");
                let known = ["it is not a netrc file: ", "a quote in it is not closed", "the last "];
                assert!(known.iter().any(|known| error.starts_with(known)), "{error}");
                continue;
            }
        };
        assert!(user.is_none_or(|user| login.user == user));
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let written = format!(
            "machine other login o password p\nmachine h login {} password {}",
            quoted(&login.user),
            quoted(login.password.reveal())
        );
        assert_eq!(netrc::parse(&written, "H", user), Ok(Some(login)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            file_list(&data);
            netrc(&data);
        }

        #[test]
        fn what_looks_like_a_list_keeps_them(
            text in "(\u{feff}|#.{0,3}\n)?((Source[,;\t ]{0,2}(Destination)?|\"|\"\"|a|http://h/|[,;\t\r]|\0| |[^\0]{0,2})\n?){0,9}"
        ) {
            file_list(text.as_bytes());
            let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            file_list(&wide);
        }

        #[test]
        fn what_looks_like_netrc_keeps_them(
            text in "((machine|default|login|password|account|macdef|h|me|p|\"[^\"]{0,4}\"|\"|#[a-z]{0,2}|\\\\|.)[ \n\t]{1,2}){0,9}"
        ) {
            netrc(text.as_bytes());
        }
    }
}
