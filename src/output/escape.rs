//! Text made harmless to whatever reads it: a terminal, a CI service, a program.

use std::fmt::Write as _;

use crate::protocol::text::Escaped;

/// Escapes what could act on a terminal, like [`crate::protocol::text::escape`] but without a limit to the length.
pub(super) fn clean(text: &str) -> String {
    if text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
        return text.to_owned();
    }
    text.chars().map(|c| Escaped(c.encode_utf8(&mut [0; 4]).as_bytes()).to_string()).collect()
}

/// A text as a line: nothing in it acts on a terminal, and no CI service finds a command in it: `::…` at its beginning,
/// `##[…` and `##vso[…` anywhere.
///
/// Always, for a log may be read by a service that this process cannot know of, as from a container.
pub(crate) fn escape_line(text: &str) -> String {
    let line = clean(text);
    let text = line.trim_start();
    let blanks = &line[..line.len() - text.len()];
    let text = match text.strip_prefix("::") {
        Some(rest) => format!("\\u{{3a}}:{rest}"),
        None => text.to_owned(),
    };
    format!("{blanks}{}", text.replace("##", "#\\u{23}"))
}

/// The same JSON in printable ASCII: exact for programs, harmless to a terminal, and without what begins a CI service's
/// command.
pub(super) fn ascii_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && !c.is_ascii_control() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A String takes everything.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text.replace("##", "#\\u0023")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cleaning_keeps_long_text_and_drops_controls() {
        assert_eq!(clean(&"ö".repeat(500)), "ö".repeat(500));
        assert_eq!(clean("a\u{202e}\x07\t"), "a\\u{202e}\\u{7}\\u{9}");
    }

    #[test]
    fn a_line_holds_no_command() {
        assert_eq!(escape_line("::add-mask::x"), "\\u{3a}:add-mask::x");
        assert_eq!(escape_line("  ::x"), "  \\u{3a}:x");
        assert_eq!(escape_line("a ##vso[task.x]b ###[c"), "a #\\u{23}vso[task.x]b #\\u{23}#[c");
        assert_eq!(escape_line("to http://[::1]/a#b"), "to http://[::1]/a#b");
    }

    proptest! {
        #[test]
        fn no_text_becomes_a_command(text in "[ :#\\[a\\]\u{a0}]{0,12}") {
            let line = escape_line(&text);
            prop_assert!(!line.trim_start().starts_with("::") && !line.contains("##"), "{:?}", line);
        }

        #[test]
        fn json_stays_exact_and_becomes_harmless(text in any::<String>()) {
            let odd = "ä\u{9b}31m\x7f\u{202e}\u{1f600}\n##[x";
            let line = ascii_json(&serde_json::Value::from(format!("{text}{odd}")).to_string());
            prop_assert!(line.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) && !line.contains("##"), "{}", line);
            let read: String = serde_json::from_str(&line).expect("JSON");
            let is_exact = read == format!("{text}{odd}");
            prop_assert!(is_exact, "{}", line);
        }
    }
}
