//! The command line, to be typed again.

use std::ffi::OsString;

use crate::output::redact_url;

/// The command for a POSIX shell, on Windows for `PowerShell`. `None` if it would not do the same again, or if it holds
/// a secret.
pub(super) fn command(args: &[OsString]) -> Option<String> {
    let args: Vec<&str> = args.iter().map(|arg| arg.to_str()).collect::<Option<_>>()?;
    // Input that came from standard input is gone.
    let (program, typed) = args.split_first()?;
    if typed.contains(&"-") || typed.iter().any(|arg| arg.ends_with("=-")) || has_secret(typed) {
        return None;
    }
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let quote = if cfg!(windows) { quote_for_powershell } else { quote_for_posix };
    let name = if cfg!(windows) { name.strip_suffix(".exe").unwrap_or(name) } else { name };
    let words: Option<Vec<String>> = std::iter::once(&name).chain(typed).map(|arg| quote(arg)).collect();
    Some(words?.join(" "))
}

fn has_secret(typed: &[&str]) -> bool {
    // A header field may be one. Short options may stand together: -vH.
    let header = |arg: &&str| {
        arg.starts_with("--header") || (arg.starts_with('-') && !arg.starts_with("--") && arg.contains('H'))
    };
    typed.iter().any(|arg| redact_url(arg) != **arg) || typed.iter().any(header)
}

#[expect(clippy::unnecessary_wraps, reason = "has the signature of the other")]
fn quote_for_posix(arg: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !arg.is_empty() && arg.chars().all(is_plain) {
        Some(arg.to_owned())
    } else {
        Some(format!("'{}'", arg.replace('\'', "'\\''")))
    }
}

/// None if it has a quotation mark, which the older ones lose on the way to a program.
fn quote_for_powershell(arg: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%+\\".contains(c);
    // Typographic ones are quotes there too.
    let is_quote = |c: &char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
    if arg.contains('"') {
        None
    } else if !arg.is_empty() && arg.chars().all(is_plain) {
        Some(arg.to_owned())
    } else {
        let doubled = |c: char| std::iter::repeat_n(c, if is_quote(&c) { 2 } else { 1 });
        Some(format!("'{}'", arg.chars().flat_map(doubled).collect::<String>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(args: &[&str]) -> Option<String> {
        command(&args.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn what_was_typed_is_quoted_for_a_shell() {
        let typed = ["/usr/bin/bitsup", "upload", "a b.bin", "http://h/?a&b", "-j", "2"];
        assert_eq!(again(&typed).as_deref(), Some("bitsup upload 'a b.bin' 'http://h/?a&b' -j 2"));
        for (arg, posix, powershell) in [
            ("it's", r"'it'\''s'", Some("'it''s'")),
            ("it’s", "'it’s'", Some("'it’’s'")),
            (r"c:\a", r"'c:\a'", Some(r"c:\a")),
            ("a,b", "a,b", Some("'a,b'")),
            ("$a", "'$a'", Some("'$a'")),
            ("\"", "'\"'", None),
            ("", "''", Some("''")),
        ] {
            assert_eq!(quote_for_posix(arg).as_deref(), Some(posix));
            assert_eq!(quote_for_powershell(arg).as_deref(), powershell);
        }
    }

    #[test]
    #[cfg(windows)]
    fn the_program_is_named_as_people_type_it() {
        assert_eq!(again(&[r"C:\a\bitsup.exe", "check", "http://h/"]).as_deref(), Some("bitsup check http://h/"));
    }

    #[test]
    fn a_secret_or_standard_input_is_not_to_be_typed_again() {
        for arg in ["http://h/?sig=s3cret", "-HAuthorization: Basic x", "--header=x-api-key: x", "-", "--files-from=-"]
        {
            assert_eq!(again(&["bitsup", "upload", arg]), None, "{arg}");
        }
        assert_eq!(again(&["bitsup", "-H", "Cookie: a"]), None);
        for header in [&["-H", "x-a: b"][..], &["-vHx-a: b"], &["-qvH=x-a: b"], &["--header", "x-a: b"]] {
            assert_eq!(again(&[&["bitsup"], header].concat()), None, "{header:?}");
        }
    }
}
