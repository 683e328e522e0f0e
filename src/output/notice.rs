//! What happens on the way that people want to know without `-v`: pauses, lost sessions, bytes that are sent again.

use super::{redact, units};
use crate::uploader::{Resize, UploadEvent};

/// The line about an event, if it is worth one. Not escaped yet: the writer does that.
pub(super) fn line(event: &UploadEvent) -> Option<String> {
    Some(match event {
        UploadEvent::Warning { text } => format!("warning: {text}"),
        UploadEvent::Resumed { offset, total } => {
            format!("resuming: the server has {} of {}", units::size(*offset), units::size(*total))
        }
        UploadEvent::Retrying { cause, pause, attempt } => {
            let when = if pause.is_zero() { "at once".to_owned() } else { format!("in {}", units::duration(*pause)) };
            format!("{}: trying again {when}, try {attempt}", redact::url(cause))
        }
        UploadEvent::StartingOver { why } => format!("starting over: {why}"),
        UploadEvent::Rereading { done, total } => {
            format!("comparing the part that was sent before: {} of {}", units::size(*done), units::size(*total))
        }
        UploadEvent::SessionLost { cause } => format!("{}; starting over with a new session", redact::url(cause)),
        UploadEvent::HostGivenUp { origin } => {
            format!("the host that the server named does not work; back to {}", redact::url(origin))
        }
        UploadEvent::FetchingReply { url } => format!("fetching the reply from {}", redact::url(url)),
        UploadEvent::ReplySaved { path, size } => format!("reply saved as {path}, {}", units::size(*size)),
        UploadEvent::Verifying { how } => format!("comparing the file at the destination by its {how}"),
        UploadEvent::Verified { proof } => format!("verified: the file at the destination is the same by {proof}"),
        UploadEvent::Resynced { from, to } if to < from => {
            format!("the server went back; {} are sent again", units::size(from - to))
        }
        UploadEvent::Resized { from, to, why: Resize::Refused } => {
            format!("fragments of {} are too large; now {}", units::size(*from), units::size(*to))
        }
        UploadEvent::Resized { to, why: Resize::Kept, .. } => {
            format!("the server keeps only part of each fragment; now {}", units::size(*to))
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn pauses_name_their_cause() {
        let event = UploadEvent::Retrying {
            cause: "503 Service Unavailable, ERROR_DISK_FULL (0x80070070) (Fragment)".to_owned(),
            pause: Duration::from_secs(5),
            attempt: 2,
        };
        let expected = "503 Service Unavailable, ERROR_DISK_FULL (0x80070070) (Fragment): trying again in 5.0 s, try 2";
        assert_eq!(line(&event).as_deref(), Some(expected));
    }

    #[test]
    fn measured_sizes_and_skipping_ahead_are_not_worth_a_line() {
        for why in [Resize::Waiting { permille: 1 }, Resize::Slow, Resize::Lost] {
            assert_eq!(line(&UploadEvent::Resized { from: 2, to: 1, why }), None);
        }
        assert_eq!(line(&UploadEvent::Resynced { from: 1, to: 2 }), None);
        let shrunk = UploadEvent::Resized { from: 2048, to: 1024, why: Resize::Refused };
        assert_eq!(line(&shrunk).as_deref(), Some("fragments of 2.00 KiB are too large; now 1.00 KiB"));
    }
}
