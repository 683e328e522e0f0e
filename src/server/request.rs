//! From a request's head to a packet, strictly ([MC-BUP] 2.2, 3.2.5).

use http::header::{AsHeaderName, CONTENT_LENGTH, CONTENT_RANGE, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version};

use super::limits::{MAX_PROTOCOLS, MAX_VALUE};
use super::path::TargetPath;
use super::response::RequestError;
use crate::protocol::{ContentName, HostId, Packet, PacketKind, ProtocolId, SessionId, digits, header, method};

/// A packet that may be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) packet: Packet,
    pub(crate) target: TargetPath,
}

pub(crate) fn read(head: &Parts) -> Result<Request, RequestError> {
    let length = check_http(head)?;
    let packet = read_packet(&head.headers)?;
    // Proxies and clients in Go and Python drop a length of zero.
    let length = match (length, &packet) {
        (None, Packet::Fragment { .. }) => return Err(RequestError::NoLength),
        (length, _) => length.unwrap_or(0),
    };
    if length != packet.body_len() {
        return Err(RequestError::Invalid("the body's length does not fit the packet"));
    }
    Ok(Request { packet, target: TargetPath::from_url(head.uri.path())? })
}

/// Reads the head of a GET or HEAD.
pub(crate) fn read_get(head: &Parts) -> Result<TargetPath, RequestError> {
    check_framing(head)?;
    match single(&head.headers, CONTENT_LENGTH)? {
        None | Some("0") => TargetPath::from_url(head.uri.path()),
        Some(_) => Err(RequestError::Invalid("a body where none belongs")),
    }
}

/// Refuses heads that two readers could read differently. Reverse proxies speak HTTP/1.0, nginx by default.
fn check_framing(head: &Parts) -> Result<(), RequestError> {
    if head.version != Version::HTTP_11 && head.version != Version::HTTP_10 {
        return Err(RequestError::Version);
    }
    if head.headers.contains_key(TRANSFER_ENCODING) {
        return Err(RequestError::Ambiguous("transfer-encoding"));
    }
    check_host(head)
}

/// RFC 9112 section 3.2. The application behind the receiver is told the host.
fn check_host(head: &Parts) -> Result<(), RequestError> {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let is_host = host.to_str().is_ok_and(|host| host.trim().parse::<HostId>().is_ok());
            if is_host { Ok(()) } else { Err(RequestError::Ambiguous("the host field names no host")) }
        }
        (None, _) if head.version == Version::HTTP_10 => Ok(()),
        _ => Err(RequestError::Ambiguous("not exactly one host field")),
    }
}

/// Checks what holds for every packet; returns the body's length, if it is there.
fn check_http(head: &Parts) -> Result<Option<u64>, RequestError> {
    let headers = &head.headers;
    check_framing(head)?;
    if head.method != method() {
        return Err(RequestError::Method);
    }
    if headers.values().any(|value| value.len() > MAX_VALUE) {
        return Err(RequestError::Invalid("a header value over 4096 bytes"));
    }
    let number = |text| digits(text).ok_or(RequestError::Ambiguous("content-length is not a number"));
    single(headers, CONTENT_LENGTH)?.map(number).transpose()
}

fn read_packet(headers: &HeaderMap) -> Result<Packet, RequestError> {
    let kind = single(headers, header::PACKET_TYPE)?.ok_or(RequestError::Invalid("no packet type"))?;
    let kind: PacketKind = kind.parse().map_err(|()| RequestError::Invalid("unknown packet type"))?;
    Ok(match kind {
        PacketKind::Ping => Packet::Ping,
        PacketKind::CreateSession => Packet::CreateSession { protocols: protocols(headers)?, name: name(headers)? },
        PacketKind::Fragment => {
            let range = single(headers, CONTENT_RANGE)?.ok_or(RequestError::Invalid("no content-range"))?;
            let range = range.parse().map_err(|_| RequestError::Invalid("content-range is not a range of bytes"))?;
            Packet::Fragment { session: session(headers)?, name: name(headers)?, range }
        }
        PacketKind::CloseSession => Packet::CloseSession { session: session(headers)?, name: name(headers)? },
        PacketKind::CancelSession => Packet::CancelSession { session: session(headers)? },
    })
}

/// Unknown protocols are passed over: the list is there to be extended.
fn protocols(headers: &HeaderMap) -> Result<Vec<ProtocolId>, RequestError> {
    let list = single(headers, header::SUPPORTED_PROTOCOLS)?.ok_or(RequestError::Invalid("no supported protocols"))?;
    let items: Vec<&str> = list.split([' ', '\t', ',']).filter(|item| !item.is_empty()).collect();
    if items.len() > MAX_PROTOCOLS {
        return Err(RequestError::Invalid("more than 100 protocols"));
    }
    Ok(items.iter().filter_map(|item| item.parse().ok()).collect())
}

/// A text that cannot be a session's name is the name of no session.
fn session(headers: &HeaderMap) -> Result<SessionId, RequestError> {
    let id = single(headers, header::SESSION_ID)?.ok_or(RequestError::Invalid("no session id"))?;
    id.parse().map_err(|_| RequestError::UnknownSession)
}

/// The name is told for people; the URL decides where the file goes.
fn name(headers: &HeaderMap) -> Result<ContentName, RequestError> {
    let name = only(headers, header::CONTENT_NAME)?.map(|value| String::from_utf8_lossy(value.as_bytes()));
    Ok(ContentName::new(&name.unwrap_or_default()))
}

/// The value of a field that may be there once, as text.
fn single(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&str>, RequestError> {
    let text = only(headers, name)?.map(|value| value.to_str().map(str::trim)).transpose();
    text.map_err(|_| RequestError::Invalid("a field that is not ASCII"))
}

fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Result<Option<&HeaderValue>, RequestError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(RequestError::Invalid("a field that is there twice")),
    }
}

#[cfg(test)]
mod tests {
    use http::{Request as HttpRequest, Uri};

    use super::*;
    use crate::protocol::ContentRange;

    const SESSION: &str = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}";

    /// A head in the form `METHOD target version` and `Name: value` lines, with host and length unless given.
    fn read_text(first: &str, fields: &[(&str, &str)]) -> Result<Request, RequestError> {
        let mut words = first.split(' ');
        let mut request = HttpRequest::builder().method(words.next().unwrap()).uri(words.next().unwrap());
        if let Some("HTTP/1.0") = words.next() {
            request = request.version(Version::HTTP_10);
        }
        for (name, default) in [("Host", "h"), ("Content-Length", "0")] {
            if !fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                request = request.header(name, default);
            }
        }
        for (name, value) in fields.iter().filter(|(_, value)| *value != "absent") {
            request = request.header(*name, *value);
        }
        read(&request.body(()).unwrap().into_parts().0)
    }

    fn packet(fields: &[(&str, &str)]) -> Result<Packet, RequestError> {
        read_text("BITS_POST /a HTTP/1.1", fields).map(|request| request.packet)
    }

    #[test]
    fn what_our_client_sends_is_read_back() {
        let (session, name) = (SESSION.parse::<SessionId>().unwrap(), ContentName::new("größe.txt"));
        for packet in [
            Packet::Ping,
            Packet::CreateSession { protocols: vec![ProtocolId::BITS_1_5_UPLOAD], name: name.clone() },
            Packet::Fragment {
                session: session.clone(),
                name: name.clone(),
                range: ContentRange::new(3, 4, 9).unwrap(),
            },
            Packet::CloseSession { session: session.clone(), name },
            Packet::CancelSession { session },
        ] {
            let mut request = packet.to_request(&Uri::from_static("http://h/b/a.txt"));
            request.headers_mut().insert(HOST, http::HeaderValue::from_static("h"));
            let target = TargetPath::from_url("/b/a.txt").unwrap();
            assert_eq!(read(&request.into_parts().0), Ok(Request { packet, target }));
        }
    }

    #[test]
    fn packet_types_and_guids_are_read_in_any_case_and_lists_with_commas() {
        let one = "{00000000-0000-0000-0000-000000000001}";
        let list = format!("{one}, {{7DF0354D-249B-430F-820D-3D2A9BEF4931}}");
        let read = packet(&[("bits-packet-type", "CREATE-session"), ("BITS-SUPPORTED-PROTOCOLS", &list)]);
        let protocols = vec![one.parse().unwrap(), ProtocolId::BITS_1_5_UPLOAD];
        assert_eq!(read, Ok(Packet::CreateSession { protocols, name: ContentName::new("") }));
    }

    #[test]
    fn lists_hold_up_to_a_hundred_protocols() {
        let list = |count: usize| vec!["7df0354d-249b-430f-820d-3d2a9bef4931"; count].join(" ");
        let create = |list: &str| packet(&[("BITS-Packet-Type", "Create-Session"), ("BITS-Supported-Protocols", list)]);
        assert!(create(&list(100)).is_ok());
        assert_eq!(create(&list(101)), Err(RequestError::Invalid("more than 100 protocols")));
    }

    #[test]
    fn heads_that_two_readers_could_read_differently_are_refused() {
        let ping = ("BITS-Packet-Type", "Ping");
        for (fields, error) in [
            (vec![("Transfer-Encoding", "chunked")], RequestError::Ambiguous("transfer-encoding")),
            (vec![("Transfer-Encoding", "identity")], RequestError::Ambiguous("transfer-encoding")),
            (vec![("Host", "a"), ("Host", "b")], RequestError::Ambiguous("not exactly one host field")),
            (vec![("Host", "absent")], RequestError::Ambiguous("not exactly one host field")),
            (
                vec![("Content-Length", "0"), ("Content-Length", "0")],
                RequestError::Invalid("a field that is there twice"),
            ),
            (vec![("Content-Length", "+0")], RequestError::Ambiguous("content-length is not a number")),
            (vec![("Host", "a b")], RequestError::Ambiguous("the host field names no host")),
            (vec![("BITS-Packet-Type", "Fragment")], RequestError::Invalid("a field that is there twice")),
        ] {
            assert_eq!(packet(&[&[ping], &fields[..]].concat()), Err(error), "{fields:?}");
        }
    }

    #[test]
    fn case_80_packets_without_a_body_need_no_length_and_http_1_0_is_read() {
        let first = "BITS_POST /a HTTP/1.0";
        for fields in [&[][..], &[("Content-Length", "absent")], &[("Host", "absent")]] {
            let fields = [&[("BITS-Packet-Type", "Ping")], fields].concat();
            assert_eq!(read_text(first, &fields).map(|request| request.packet), Ok(Packet::Ping), "{fields:?}");
        }
        let fragment = [
            ("BITS-Packet-Type", "Fragment"),
            ("BITS-Session-Id", SESSION),
            ("Content-Range", "bytes 0-4/10"),
            ("Content-Length", "absent"),
        ];
        assert_eq!(packet(&fragment), Err(RequestError::NoLength));
        assert_eq!(packet(&[("BITS-Packet-Type", "Ping"), ("Content-Length", "absent")]), Ok(Packet::Ping));
    }

    #[test]
    fn case_92_a_host_that_is_none_is_refused() {
        for host in ["", "a b", "\"a\"", "$(id)", "a;b", "a/b", "me@h", "h:", "h:0", "h:99999", "[::1", "h\u{a0}"] {
            let error = packet(&[("BITS-Packet-Type", "Ping"), ("Host", host)]);
            assert_eq!(error, Err(RequestError::Ambiguous("the host field names no host")), "{host:?}");
        }
        for host in ["h", "files.example.com:8443", "[::1]:80", "10.0.0.1", "under_score"] {
            assert_eq!(packet(&[("BITS-Packet-Type", "Ping"), ("Host", host)]), Ok(Packet::Ping), "{host:?}");
        }
    }

    #[test]
    fn other_methods_are_refused() {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "bits_post"] {
            let first = format!("{method} /a HTTP/1.1");
            assert_eq!(read_text(&first, &[("BITS-Packet-Type", "Ping")]), Err(RequestError::Method), "{method}");
        }
    }

    #[test]
    fn fields_a_packet_needs_are_missed_by_name() {
        for (fields, what) in [
            (&[][..], "no packet type"),
            (&[("BITS-Packet-Type", "Pong")], "unknown packet type"),
            (&[("BITS-Packet-Type", "Create-Session")], "no supported protocols"),
            (&[("BITS-Packet-Type", "Close-Session")], "no session id"),
            (&[("BITS-Packet-Type", "Cancel-Session")], "no session id"),
            (&[("BITS-Packet-Type", "Fragment"), ("BITS-Session-Id", SESSION)], "no content-range"),
        ] {
            assert_eq!(packet(fields), Err(RequestError::Invalid(what)), "{fields:?}");
        }
    }

    #[test]
    fn bodies_must_fit_the_packet() {
        let misfit = Err(RequestError::Invalid("the body's length does not fit the packet"));
        assert_eq!(packet(&[("BITS-Packet-Type", "Ping"), ("Content-Length", "1")]), misfit);
        let fragment = [("BITS-Packet-Type", "Fragment"), ("BITS-Session-Id", SESSION)];
        for length in ["0", "4", "6"] {
            let fields = [&fragment[..], &[("Content-Range", "bytes 0-4/10"), ("Content-Length", length)]].concat();
            assert_eq!(packet(&fields), misfit, "{length}");
        }
    }

    #[test]
    fn long_values_are_refused() {
        let fields = |length| [("BITS-Packet-Type", "Ping".to_owned()), ("X", "x".repeat(length))];
        let ping = |length| packet(&fields(length).each_ref().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(ping(4096), Ok(Packet::Ping));
        assert_eq!(ping(4097), Err(RequestError::Invalid("a header value over 4096 bytes")));
    }

    #[test]
    fn a_session_that_cannot_be_a_name_is_unknown() {
        let long = "x".repeat(101);
        for id in ["", "a b", &long] {
            let read = packet(&[("BITS-Packet-Type", "Cancel-Session"), ("BITS-Session-Id", id)]);
            assert_eq!(read, Err(RequestError::UnknownSession), "{id:?}");
        }
    }
}
