//! The part of an upload's state that must survive the process, so that the same command resumes it.
//!
//! The one description of an open session: the states of the machine hold it while they work on it, the journal stores it
//! as it is, and a later run begins with it.

use http::Uri;
use serde::{Deserialize, Serialize};

use crate::protocol::{HostId, Origin, Session, SessionId, as_text, reply_url, without_brackets};

/// An open session, as far as another process needs it to resume.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, in any combination")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeState {
    /// The session's name.
    #[serde(with = "as_text")]
    pub session: SessionId,
    /// Where its packets go, if that is not the destination itself.
    #[serde(with = "as_text::optional")]
    pub target: Option<Uri>,
    /// The host that the server named for it (`BITS-Host-Id`).
    #[serde(with = "as_text::optional")]
    pub host: Option<HostId>,
    /// After this many seconds without progress at that host, packets go to the URL's. Absent: never.
    pub host_fallback_seconds: Option<u64>,
    /// The offset that the server acknowledged last.
    pub acknowledged: u64,
    /// Behind the highest byte that the network was given, or may be given before the next write: no server can have more.
    pub sent_end: u64,
    /// Whether the server ever told an offset.
    pub tells_offset: bool,
    /// Whether the server has shown that it keeps count of what it stored (recovery rule R3).
    pub keeps_count: bool,
    /// First byte and end of a second question whose response was lost: a server that wants a byte of it next, or the one
    /// behind it, has appended it (recovery rule R3).
    pub lost_question: Option<(u64, u64)>,
    /// Fragments are no larger than this for the rest of the upload, in bytes.
    pub fragment_limit: Option<u64>,
    /// Whether the file's last fragment was sent in full: the server may have published the file.
    pub last_fragment_sent: bool,
    /// Whether Close-Session was sent, or is about to be: its response may have been lost.
    pub close_sent: bool,
    /// Where the server's reply can be fetched, as the server wrote it.
    pub reply_url: Option<String>,
    /// Whether this session's reply is in its file.
    pub reply_saved: bool,
}

impl ResumeState {
    /// A session as Create-Session's Ack leaves it.
    #[must_use]
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.id.clone(),
            target: None,
            host: session.host.clone(),
            host_fallback_seconds: session.host_fallback_timeout.map(|timeout| timeout.as_secs()),
            acknowledged: 0,
            sent_end: 0,
            tells_offset: false,
            keeps_count: false,
            lost_question: None,
            fragment_limit: None,
            last_fragment_sent: false,
            close_sent: false,
            reply_url: None,
            reply_saved: false,
        }
    }

    /// Whether a file of `size` bytes on its way to `destination` can be in this state. A state that was read from a
    /// file is doubted: it must not lead packets, or a GET, to where the server could not have sent them.
    #[must_use]
    pub fn is_sound(&self, destination: &Uri, size: u64) -> bool {
        let in_order = self.acknowledged <= self.sent_end && self.sent_end <= size;
        let is_whole = self.acknowledged == size;
        let ends_whole = is_whole || !(self.close_sent || self.reply_saved);
        let sent_whole = self.sent_end == size || !self.last_fragment_sent;
        let goes_there = self.target.as_ref().is_none_or(|target| may_lead_to(destination, self.host.as_ref(), target));
        let replies_there = self.reply_url.as_deref().is_none_or(|raw| reply_url::resolve(raw, destination).is_ok());
        let saves_offered = self.reply_url.is_some() || !self.reply_saved;
        let has_limit = self.fragment_limit != Some(0);
        in_order && ends_whole && sent_whole && goes_there && replies_there && saves_offered && has_limit
    }

    /// Where its packets go.
    #[must_use]
    pub fn target_for(&self, destination: &Uri) -> Uri {
        self.target.clone().unwrap_or_else(|| destination.clone())
    }
}

/// Only to the URL's own host or the one that the server named, and never from https to http; never with a query, which
/// may be a secret and is not kept.
fn may_lead_to(url: &Uri, host: Option<&HostId>, target: &Uri) -> bool {
    let (here, there) = (Origin::of(url), Origin::of(target));
    let is_named = host.is_some_and(|host| without_brackets(host.host()).eq_ignore_ascii_case(there.host()));
    let has_user = target.authority().is_none_or(|authority| authority.as_str().contains('@'));
    (here.host() == there.host() || is_named)
        && matches!(target.scheme_str(), Some("http" | "https"))
        && (there.is_https() || !here.is_https())
        && target.query().is_none()
        && !has_user
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn state() -> ResumeState {
        let session = Session {
            id: "{7df0354d}".parse().expect("a session id"),
            protocol: None,
            host: Some("other:99".parse().expect("a host")),
            host_fallback_timeout: Some(Duration::from_secs(60)),
        };
        let target = Some(Uri::from_static("http://other:99/a"));
        ResumeState { target, acknowledged: 5, sent_end: 9, ..ResumeState::new(&session) }
    }

    fn is_sound(change: impl FnOnce(&mut ResumeState)) -> bool {
        let mut state = state();
        change(&mut state);
        state.is_sound(&Uri::from_static("http://host/a"), 10)
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let text = serde_json::to_string(&state()).expect("written");
        assert_eq!(serde_json::from_str::<ResumeState>(&text).expect("read"), state());
        for (from, to) in [("{7df0354d}", "a b"), ("other:99", "a/b"), ("\"acknowledged\":5", "\"acknowledged\":-5")] {
            assert!(serde_json::from_str::<ResumeState>(&text.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn a_state_that_no_upload_can_be_in_is_not_sound() {
        assert!(is_sound(|_| ()));
        assert!(is_sound(|state| (state.acknowledged, state.sent_end, state.close_sent) = (10, 10, true)));
        assert!(!is_sound(|state| state.acknowledged = 10));
        assert!(!is_sound(|state| state.sent_end = 11));
        assert!(!is_sound(|state| state.close_sent = true));
        assert!(!is_sound(|state| state.last_fragment_sent = true));
        assert!(!is_sound(|state| state.reply_saved = true));
        assert!(!is_sound(|state| state.fragment_limit = Some(0)));
        assert!(!is_sound(|state| state.reply_url = Some("http://evil/a".to_owned())));
        for target in ["http://evil/a", "ftp://other/a", "http://u:p@other/a", "http://other/a?sig=1"] {
            assert!(!is_sound(|state| state.target = Some(Uri::from_static(target))), "{target}");
        }
    }
}
