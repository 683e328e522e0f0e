//! The lines about an event: with `-v` and `-vv` the packets on the wire, in their order; without them too pauses,
//! lost sessions, bytes that are sent again.

use http::HeaderMap;

use super::{BUNDLED_AUTHORITIES, redact, units};
use crate::uploader::{Resize, UploadEvent};

/// The lines about an event at `level`, if it is worth any. Not escaped yet: the writer does that.
pub(super) fn lines(event: &UploadEvent, level: u8) -> impl Iterator<Item = String> {
    wire(event, level).into_iter().chain(notice(event))
}

/// `>` sent, `<` received, `*` decided; doubled for heads.
fn wire(event: &UploadEvent, level: u8) -> Vec<String> {
    match event {
        _ if level == 0 => Vec::new(),
        UploadEvent::RequestHead(head) if level > 1 => {
            let uri = redact::url(&head.uri.to_string());
            let first = format!(">> {} {uri} {:?}", head.method, head.version);
            with_headers(first, ">>", &head.headers)
        }
        UploadEvent::ResponseHead(head) if level > 1 => {
            let first = format!("<< {:?} {}", head.version, head.status);
            with_headers(first, "<<", &head.headers)
        }
        _ => packet_line(event).into_iter().collect(),
    }
}

fn packet_line(event: &UploadEvent) -> Option<String> {
    Some(match event {
        UploadEvent::Sending(packet) => format!("> {packet}"),
        UploadEvent::Responded { status, next_offset: Some(offset), .. } => {
            format!("< {} next offset {offset}", status.as_u16())
        }
        UploadEvent::Responded { status, .. } => format!("< {}", status.as_u16()),
        UploadEvent::BundledAuthorities => format!("* trust: {BUNDLED_AUTHORITIES}"),
        UploadEvent::PingIgnored { reason } => format!("* ping failed, going on: {}", redact::url(reason)),
        UploadEvent::SessionCreated(session) => {
            let protocol = session.protocol.as_ref().map(|protocol| format!(", protocol {protocol}"));
            let host = session.host.as_ref().map(|host| format!(", host {host}"));
            format!("* session {}{}{}", session.id, protocol.unwrap_or_default(), host.unwrap_or_default())
        }
        UploadEvent::SessionCancelled { refusal: None } => "* session cancelled".to_owned(),
        UploadEvent::SessionCancelled { refusal: Some(said) } => {
            format!("* session not cancelled: {}", redact::url(said))
        }
        UploadEvent::HostChanged(host) => format!("* continuing at host {host}"),
        UploadEvent::Resynced { from, to } => format!("* resync: offset {from} expected, the server has {to}"),
        UploadEvent::Resized { from, to, why } => {
            format!("* fragment size {} -> {}: {}", units::size(*from), units::size(*to), reason(*why))
        }
        _ => return None,
    })
}

fn reason(why: Resize) -> String {
    match why {
        Resize::Waiting { permille } => format!("waiting took {}.{} %", permille / 10, permille % 10),
        Resize::Slow => "the last took longer than 30 s".to_owned(),
        Resize::Refused => "refused as too large".to_owned(),
        Resize::Lost => "the connection was lost, or no response came in time".to_owned(),
        Resize::Kept => "the server keeps no more of each".to_owned(),
        Resize::Recovered => "nothing went wrong for a while".to_owned(),
    }
}

fn with_headers(first: String, mark: &str, headers: &HeaderMap) -> Vec<String> {
    let fields =
        headers.iter().map(|(name, value)| format!("{mark} {name}: {}", redact::header_value(name.as_str(), value)));
    std::iter::once(first).chain(fields).collect()
}

/// The lines that are shown without `-v`.
fn notice(event: &UploadEvent) -> Option<String> {
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

    use http::StatusCode;

    use super::*;
    use crate::output::testing::{answer_head, fragment, request_head, session};
    use crate::protocol::PacketKind;

    fn answered(status: StatusCode, offset: Option<&str>) -> UploadEvent {
        UploadEvent::Responded { packet: PacketKind::Fragment, status, next_offset: offset.map(str::to_owned) }
    }

    #[test]
    fn packets_and_acks_are_one_line_each() {
        assert_eq!(wire(&fragment(0, 262_144, 1_000_000), 1), ["> Fragment bytes 0-262143/1000000"]);
        assert_eq!(wire(&answered(StatusCode::OK, Some("262144")), 1), ["< 200 next offset 262144"]);
        assert_eq!(wire(&answered(StatusCode::NOT_FOUND, None), 2), ["< 404"]);
    }

    #[test]
    fn decisions_are_told() {
        let id = session().id;
        assert_eq!(wire(&UploadEvent::SessionCreated(session()), 1), [format!("* session {id}")]);
        assert_eq!(
            wire(&UploadEvent::Resized { from: 4 << 20, to: 13 << 20, why: Resize::Waiting { permille: 31 } }, 1),
            ["* fragment size 4.00 MiB -> 13.0 MiB: waiting took 3.1 %"]
        );
        assert_eq!(
            wire(&UploadEvent::Resynced { from: 9, to: 7 }, 1),
            ["* resync: offset 9 expected, the server has 7"]
        );
    }

    #[test]
    fn heads_are_for_level_two_and_redacted() {
        let head = request_head("authorization", "Basic abc");
        assert_eq!(wire(&head, 1).len(), 0);
        assert_eq!(wire(&head, 2), [">> BITS_POST http://h/up/a.bin HTTP/1.1", ">> authorization: Basic <redacted>"]);
        assert_eq!(wire(&answer_head("IIS"), 2), ["<< HTTP/1.1 200 OK", "<< server: IIS"]);
    }

    #[test]
    fn nothing_is_said_at_level_zero() {
        assert_eq!(wire(&fragment(0, 1, 2), 0).len(), 0);
    }

    #[test]
    fn pauses_name_their_cause() {
        let event = UploadEvent::Retrying {
            cause: "503 Service Unavailable, ERROR_DISK_FULL (0x80070070) (Fragment)".to_owned(),
            pause: Duration::from_secs(5),
            attempt: 2,
        };
        let expected = "503 Service Unavailable, ERROR_DISK_FULL (0x80070070) (Fragment): trying again in 5.0 s, try 2";
        assert_eq!(notice(&event).as_deref(), Some(expected));
    }

    #[test]
    fn measured_sizes_and_skipping_ahead_are_not_worth_a_line() {
        for why in [Resize::Waiting { permille: 1 }, Resize::Slow, Resize::Lost] {
            assert_eq!(notice(&UploadEvent::Resized { from: 2, to: 1, why }), None);
        }
        assert_eq!(notice(&UploadEvent::Resynced { from: 1, to: 2 }), None);
        let shrunk = UploadEvent::Resized { from: 2048, to: 1024, why: Resize::Refused };
        assert_eq!(notice(&shrunk).as_deref(), Some("fragments of 2.00 KiB are too large; now 1.00 KiB"));
    }
}
