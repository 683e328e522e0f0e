//! The only code that prints: progress, packets, errors.
//!
//! [`Reporter`] turns [`UploadEvent`](crate::uploader::UploadEvent)s into a bar on a terminal, or into whole lines in a
//! log.

mod bar;
mod ci;
mod escape;
pub(crate) mod json;
mod lines;
mod progress;
mod redact;
mod reporter;
mod run;
mod screen;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
mod transcript;
pub(crate) mod units;

use std::fmt;
use std::io::{self, Write};

use escape::clean;

pub(crate) use ci::Ci;
pub(crate) use escape::escape_line;
pub(crate) use redact::{Disguise, header_value as redact_header_value, url as redact_url};
pub(crate) use reporter::{Lane, Reporter};
pub(crate) use run::Batch;
pub(crate) use terminal::columns;
pub(crate) use transcript::Transcript;

/// The note where the program's own authorities vouch for a server.
pub(crate) const BUNDLED_AUTHORITIES: &str =
    "bitsup's own certificate authorities vouch for the server: this machine has none";

/// Writes data to standard output. A reader that went away has seen enough.
pub(crate) fn print(data: impl AsRef<[u8]>) -> io::Result<()> {
    match io::stdout().lock().write_all(data.as_ref()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ProgressMode {
    /// A bar on a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A bar, also where there is no terminal.
    Bar,
    Plain,
    None,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Verbosity {
    /// Nothing but errors; goes before `level`.
    pub(crate) quiet: bool,
    /// 1: packets and Acks. 2: also the heads of requests and answers.
    pub(crate) level: u8,
}

/// An error in up to four lines: what failed, what the server said, the likely cause, what to do next.
///
/// The texts may come from anywhere: they are escaped when shown, without the secrets of URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorText {
    pub(crate) what: String,
    /// The server's refusal: status, HRESULT by name, context.
    pub(crate) said: Option<String>,
    pub(crate) cause: Option<String>,
    /// The next command, or what else to do.
    pub(crate) next: Option<String>,
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}error: {}", Self::PROGRAM, clean(&redact::url(&self.what)))?;
        self.details().try_for_each(|line| write!(f, "\n{line}"))
    }
}

impl ErrorText {
    /// The prefix before the word error.
    const PROGRAM: &str = "bitsup: ";

    /// The lines below the first.
    pub(crate) fn details(&self) -> impl Iterator<Item = String> {
        let lines = [("server: ", &self.said), ("cause:  ", &self.cause), ("next:   ", &self.next)];
        lines.into_iter().filter_map(|(label, text)| Some(format!("  {label}{}", clean(&redact::url(text.as_ref()?)))))
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
