//! An error as people read it.

use std::fmt;

use super::escape::clean;
use super::redact;

/// An error in up to four lines: what failed, what the server said, the likely cause, what to do next.
///
/// The texts may come from anywhere: they are escaped when shown, without the secrets of URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorText {
    pub(crate) what: String,
    /// What the server said: status, HRESULT by name, context.
    pub(crate) said: Option<String>,
    pub(crate) cause: Option<String>,
    /// The next command, or what else to do.
    pub(crate) next: Option<String>,
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bitsup: error: {}", clean(&redact::url(&self.what)))?;
        for (label, text) in [("server: ", &self.said), ("cause:  ", &self.cause), ("next:   ", &self.next)] {
            if let Some(text) = text {
                write!(f, "\n  {label}{}", clean(&redact::url(text)))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_is_up_to_four_lines() {
        let error = ErrorText {
            what: "cannot upload a.bin to http://h/a.bin: access denied".to_owned(),
            said: Some("403 Forbidden, E_ACCESSDENIED (0x80070005), context 5, the server".to_owned()),
            cause: Some("the folder does not allow uploads".to_owned()),
            next: Some("bitsup explain 0x80070005".to_owned()),
        };
        assert_eq!(
            error.to_string(),
            "bitsup: error: cannot upload a.bin to http://h/a.bin: access denied\n  \
             server: 403 Forbidden, E_ACCESSDENIED (0x80070005), context 5, the server\n  \
             cause:  the folder does not allow uploads\n  \
             next:   bitsup explain 0x80070005"
        );
        let led_on = ErrorText { what: "redirects to http://me:pw@h/a?token=x: no".to_owned(), ..ErrorText::default() };
        assert_eq!(led_on.to_string(), "bitsup: error: redirects to http://<redacted>@h/a?token=<redacted> no");
        let short = ErrorText { what: "no such file".to_owned(), ..ErrorText::default() };
        assert_eq!(short.to_string(), "bitsup: error: no such file");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(what in any::<String>(), said in any::<Option<String>>(), next in any::<Option<String>>()) {
            let lines = 1 + usize::from(said.is_some()) + usize::from(next.is_some());
            let text = ErrorText { what, said, cause: None, next }.to_string();
            prop_assert_eq!(text.split('\n').count(), lines);
            prop_assert!(!text.chars().any(|c| c != '\n' && c.is_control()));
        }
    }
}
