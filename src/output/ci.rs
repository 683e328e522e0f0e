//! Marks that CI services read in a log: annotations and sections.

use std::time::{SystemTime, UNIX_EPOCH};

use super::ErrorText;
use super::escape::escape_line;

/// A CI service whose commands may be written into the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Ci {
    #[default]
    None,
    Github,
    Gitlab,
    Azure,
}

impl Ci {
    /// The line that shows what failed, and its cause, beside the log, if the service has such; it is part of the log
    /// too.
    pub(super) fn error(self, error: &ErrorText) -> Option<String> {
        let cause = error.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
        self.issue("error", &format!("{}{cause}", error.what))
    }

    pub(super) fn warning(self, text: &str) -> Option<String> {
        self.issue("warning", text)
    }

    fn issue(self, level: &str, text: &str) -> Option<String> {
        // The name goes before it, so that it begins with no command; some are found anywhere. Line breaks are escaped
        // by now, but a `%0A` that was there would become one: the service decodes it.
        let text = escape_line(&format!("bitsup: {text}"));
        match self {
            Self::Github => Some(format!("::{level}::{}", text.replace('%', "%25"))),
            Self::Azure => Some(format!("##vso[task.logissue type={level}]{}", text.replace('%', "%AZP25"))),
            Self::None | Self::Gitlab => None,
        }
    }

    /// The line that begins a section of the log, without its end.
    pub(super) fn begin(self, name: &str, now: SystemTime) -> Option<String> {
        let name = escape_line(&format!("bitsup: {name}"));
        match self {
            Self::Github => Some(format!("::group::{}", name.replace('%', "%25"))),
            Self::Azure => Some(format!("##[group]{name}")),
            // The service wants exactly these control characters.
            Self::Gitlab => Some(format!("\x1b[0Ksection_start:{}:{GITLAB_SECTION}\r\x1b[0K{name}", seconds(now))),
            Self::None => None,
        }
    }

    pub(super) fn end(self, now: SystemTime) -> Option<String> {
        match self {
            Self::Github => Some("::endgroup::".to_owned()),
            Self::Azure => Some("##[endgroup]".to_owned()),
            Self::Gitlab => Some(format!("\x1b[0Ksection_end:{}:{GITLAB_SECTION}\r\x1b[0K", seconds(now))),
            Self::None => None,
        }
    }
}

const GITLAB_SECTION: &str = "bitsup_upload";

fn seconds(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn error(what: &str) -> ErrorText {
        ErrorText { what: what.to_owned(), cause: Some("100% full".to_owned()), ..ErrorText::default() }
    }

    #[test]
    fn an_annotation_is_escaped_as_its_service_wants() {
        assert_eq!(
            Ci::Github.error(&error("a%0A::x\n::add-mask::b")).as_deref(),
            Some("::error::bitsup: a%250A::x\\u{a}::add-mask::b (100%25 full)")
        );
        assert_eq!(
            Ci::Azure.error(&error("a%0Ab")).as_deref(),
            Some("##vso[task.logissue type=error]bitsup: a%AZP250Ab (100%AZP25 full)")
        );
        assert_eq!(Ci::Azure.warning("w").as_deref(), Some("##vso[task.logissue type=warning]bitsup: w"));
        let command = Ci::Github.warning("##vso[x]").expect("a command");
        assert!(!command.contains("##"), "{command}");
        assert_eq!(Ci::Gitlab.error(&error("a")), None);
        assert_eq!(Ci::None.warning("w"), None);
    }

    #[test]
    fn sections_have_their_services_form() {
        let now = UNIX_EPOCH + Duration::from_secs(9);
        assert_eq!(Ci::Github.begin("a%", now).as_deref(), Some("::group::bitsup: a%25"));
        assert_eq!(Ci::Azure.begin("a", now).as_deref(), Some("##[group]bitsup: a"));
        let section = "\x1b[0Ksection_start:9:bitsup_upload\r\x1b[0Kbitsup: a";
        assert_eq!(Ci::Gitlab.begin("a", now).as_deref(), Some(section));
        assert_eq!(Ci::Gitlab.end(now).as_deref(), Some("\x1b[0Ksection_end:9:bitsup_upload\r\x1b[0K"));
        assert_eq!(Ci::None.begin("a", now), None);
    }
}
