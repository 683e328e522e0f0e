//! The lines of `-v` and `-vv`: what goes over the wire, in the order it does.

use std::fmt::Debug;

use http::HeaderMap;

use super::{redact, units};
use crate::protocol::Session;
use crate::uploader::{Resize, UploadEvent};

/// What is said about an event at `level`: `>` sent, `<` received, `*` decided; doubled for heads.
///
/// The lines are not escaped yet: the writer does that.
pub(super) fn lines(event: &UploadEvent, level: u8) -> Vec<String> {
    match event {
        _ if level == 0 => Vec::new(),
        UploadEvent::RequestHead(head) if level > 1 => {
            let uri = redact::url(&head.uri.to_string());
            let first = format!(">> {} {uri} {}", head.method, version(&head.version));
            with_headers(first, ">>", &head.headers)
        }
        UploadEvent::ResponseHead(head) if level > 1 => {
            let first = format!("<< {} {}", version(&head.version), head.status);
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
        UploadEvent::PingIgnored { reason } => format!("* ping failed, going on: {}", redact::url(reason)),
        UploadEvent::SessionCreated(session) => session_line(session),
        UploadEvent::SessionCancelled { refusal: None } => "* session cancelled".to_owned(),
        UploadEvent::SessionCancelled { refusal: Some(said) } => {
            format!("* session not cancelled: {}", redact::url(said))
        }
        UploadEvent::HostChanged(host) => format!("* continuing at host {host}"),
        UploadEvent::Resynced { from, to } => format!("* resync: expected offset {from}, the server wants {to}"),
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

fn session_line(session: &Session) -> String {
    let protocol = session.protocol.as_ref().map(|protocol| format!(", protocol {protocol}"));
    let host = session.host.as_ref().map(|host| format!(", host {host}"));
    format!("* session {}{}{}", session.id, protocol.unwrap_or_default(), host.unwrap_or_default())
}

fn with_headers(first: String, mark: &str, headers: &HeaderMap) -> Vec<String> {
    let fields =
        headers.iter().map(|(name, value)| format!("{mark} {name}: {}", redact::header_value(name.as_str(), value)));
    std::iter::once(first).chain(fields).collect()
}

/// `http` names versions only in their debug form.
fn version(version: &impl Debug) -> String {
    format!("{version:?}")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;
    use crate::output::testing::{answer_head, fragment, request_head, session};
    use crate::protocol::PacketKind;

    fn answered(status: StatusCode, offset: Option<&str>) -> UploadEvent {
        UploadEvent::Responded { packet: PacketKind::Fragment, status, next_offset: offset.map(str::to_owned) }
    }

    #[test]
    fn packets_and_acks_are_one_line_each() {
        assert_eq!(lines(&fragment(0, 262_144, 1_000_000), 1), ["> Fragment bytes 0-262143/1000000"]);
        assert_eq!(lines(&answered(StatusCode::OK, Some("262144")), 1), ["< 200 next offset 262144"]);
        assert_eq!(lines(&answered(StatusCode::NOT_FOUND, None), 2), ["< 404"]);
    }

    #[test]
    fn decisions_are_told() {
        let id = session().id;
        assert_eq!(lines(&UploadEvent::SessionCreated(session()), 1), [format!("* session {id}")]);
        assert_eq!(
            lines(&UploadEvent::Resized { from: 4 << 20, to: 13 << 20, why: Resize::Waiting { permille: 31 } }, 1),
            ["* fragment size 4.00 MiB -> 13.0 MiB: waiting took 3.1 %"]
        );
        assert_eq!(
            lines(&UploadEvent::Resynced { from: 9, to: 7 }, 1),
            ["* resync: expected offset 9, the server wants 7"]
        );
    }

    #[test]
    fn heads_are_for_level_two_and_redacted() {
        let head = request_head("authorization", "Basic abc");
        assert!(lines(&head, 1).is_empty());
        assert_eq!(lines(&head, 2), [">> BITS_POST http://h/up/a.bin HTTP/1.1", ">> authorization: Basic <redacted>"]);
        assert_eq!(lines(&answer_head("IIS"), 2), ["<< HTTP/1.1 200 OK", "<< server: IIS"]);
    }

    #[test]
    fn nothing_is_said_at_level_zero() {
        assert!(lines(&fragment(0, 1, 2), 0).is_empty());
    }
}
