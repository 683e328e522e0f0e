//! Responses: what a server's head means to the packet that waits for it.
//!
//! Lenient where servers differ harmlessly (MC-BUP leaves much open), strict where a misreading could lose data or call
//! a failure success.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Response, StatusCode, Version};

use super::error::{Answerer, error_code, is_ack, text};
use super::text::{digits, escape};
use super::{BitsError, HResult, HostId, IdError, ProtocolId, SessionId, header};

/// A readable response: the server did what was asked, or says why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PacketResponse<T> {
    Ack(T),
    Refused(BitsError),
}

/// A session, as Create-Session's Ack describes it (MC-BUP 2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// The protocol that the server chose, if it says.
    pub protocol: Option<ProtocolId>,
    /// The host that is to receive the fragments, if another.
    pub host: Option<HostId>,
    /// After this long without progress at that host, go back to the URL's. Absent: never.
    pub host_fallback_timeout: Option<Duration>,
}

/// The Ack of a fragment (MC-BUP 2.2.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FragmentAck {
    /// Whether the server took the fragment (200) rather than found it out of step (416).
    pub in_step: bool,
    /// The next offset that the server wants; some servers never say.
    pub next_offset: Option<u64>,
    /// Where a reply waits; raw, it may be relative and hold backslashes.
    pub reply_url: Option<String>,
}

/// Reads the response to a Ping. Error fields on a 200 do not matter: four public servers send them (MC-BUP 3.1.5.1.1).
/// Fails when the response is not a BITS server's, or not proper HTTP.
pub(crate) fn ping<T>(response: &Response<T>) -> Result<PacketResponse<()>, AckError> {
    check_framing(response)?;
    if response.status() != StatusCode::OK {
        return Ok(PacketResponse::Refused(BitsError::of(response)));
    }
    require_ack(response)?;
    Ok(PacketResponse::Ack(()))
}

/// Reads the response to Create-Session.
/// Fails when the response is not a BITS server's, or names no usable session, a protocol that was not `offered`, or no proper host.
pub(crate) fn create_session<T>(
    response: &Response<T>,
    offered: &[ProtocolId],
) -> Result<PacketResponse<Session>, AckError> {
    if let Some(refusal) = refusal(response)? {
        return Ok(PacketResponse::Refused(refusal));
    }
    let headers = response.headers();
    let id = match single(headers, header::SESSION_ID)? {
        Some(id) => id.parse().map_err(AckError::BadSessionId)?,
        None => return Err(AckError::NoSessionId),
    };
    let host = match single(headers, header::HOST_ID)? {
        Some(host) if !host.is_empty() => {
            Some(host.parse().map_err(|reason| AckError::BadHostId(escape(host), reason))?)
        }
        _ => None,
    };
    Ok(PacketResponse::Ack(Session {
        id,
        protocol: chosen_protocol(headers, offered)?,
        host,
        host_fallback_timeout: text(headers, header::HOST_ID_FALLBACK_TIMEOUT)
            .and_then(|seconds| digits(seconds.trim()))
            .map(Duration::from_secs),
    }))
}

/// Reads the response to a Fragment of `session`.
/// Fails when the response is not a BITS server's, belongs to another session, or carries an offset that is no plain number.
pub(crate) fn fragment<T>(
    response: &Response<T>,
    session: &SessionId,
) -> Result<PacketResponse<FragmentAck>, AckError> {
    check_framing(response)?;
    let headers = response.headers();
    let in_step = match response.status() {
        StatusCode::RANGE_NOT_SATISFIABLE => false,
        status if is_success(status) => {
            require_ack(response)?;
            true
        }
        _ => return Ok(PacketResponse::Refused(BitsError::of(response))),
    };
    check_session(headers, session)?;
    let next_offset = next_offset(headers)?;
    // An error code on a 200 is a failure, unless an offset tells what was stored.
    if in_step && next_offset.is_none() && has_error_code(headers) {
        return Ok(PacketResponse::Refused(BitsError::of(response)));
    }
    let reply_url = text(headers, header::REPLY_URL).map(str::trim).filter(|url| !url.is_empty()).map(str::to_owned);
    Ok(PacketResponse::Ack(FragmentAck { in_step, next_offset, reply_url }))
}

/// Reads the response to Close-Session or Cancel-Session of `session`.
/// Fails when the response is not a BITS server's, or belongs to another session.
pub(crate) fn end_of_session<T>(response: &Response<T>, session: &SessionId) -> Result<PacketResponse<()>, AckError> {
    if let Some(refusal) = refusal(response)? {
        return Ok(PacketResponse::Refused(refusal));
    }
    check_session(response.headers(), session)?;
    Ok(PacketResponse::Ack(()))
}

fn is_success(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED)
}

/// The refusal in a response, `None` if it is an Ack of success.
fn refusal<T>(response: &Response<T>) -> Result<Option<BitsError>, AckError> {
    check_framing(response)?;
    if !is_success(response.status()) {
        return Ok(Some(BitsError::of(response)));
    }
    require_ack(response)?;
    Ok(has_error_code(response.headers()).then(|| BitsError::of(response)))
}

fn has_error_code(headers: &HeaderMap) -> bool {
    error_code(headers).is_some_and(|code| code != HResult::S_OK)
}

fn require_ack<T>(response: &Response<T>) -> Result<(), AckError> {
    if is_ack(response.headers()) {
        return Ok(());
    }
    Err(AckError::NotAnAck { status: response.status(), answerer: Box::new(Answerer::of(response)) })
}

/// Refuses heads that two readers could understand differently (RFC 9112 section 6.3).
fn check_framing<T>(response: &Response<T>) -> Result<(), AckError> {
    if response.version() != Version::HTTP_11 {
        return Err(AckError::NotHttp11);
    }
    let headers = response.headers();
    let length = single(headers, CONTENT_LENGTH.as_str())?;
    if length.is_some_and(|length| digits(length).is_none()) {
        return Err(AckError::Ambiguous("content-length"));
    }
    if length.is_some() && headers.contains_key(TRANSFER_ENCODING) {
        return Err(AckError::Ambiguous("content-length with transfer-encoding"));
    }
    Ok(())
}

/// The one value of a field that must not contradict itself.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, AckError> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else { return Ok(None) };
    if values.any(|other| other != first) {
        return Err(AckError::Ambiguous(name));
    }
    first.to_str().map(|value| Some(value.trim())).map_err(|_| AckError::Ambiguous(name))
}

fn check_session(headers: &HeaderMap, session: &SessionId) -> Result<(), AckError> {
    match single(headers, header::SESSION_ID)? {
        Some(id) if !id.is_empty() && !id.eq_ignore_ascii_case(session.as_str()) => Err(AckError::OtherSession),
        _ => Ok(()),
    }
}

fn next_offset(headers: &HeaderMap) -> Result<Option<u64>, AckError> {
    let right = single(headers, header::RECEIVED_CONTENT_RANGE)?;
    let misspelt = single(headers, header::RECEIVED_CONTENT_RANGE_MISSPELT)?;
    match (right, misspelt) {
        (Some(a), Some(b)) if a != b => Err(AckError::Ambiguous(header::RECEIVED_CONTENT_RANGE)),
        (Some(value), _) | (None, Some(value)) => {
            digits(value).map(Some).ok_or_else(|| AckError::BadOffset(escape(value)))
        }
        (None, None) => Ok(None),
    }
}

fn chosen_protocol(headers: &HeaderMap, offered: &[ProtocolId]) -> Result<Option<ProtocolId>, AckError> {
    match single(headers, header::PROTOCOL)? {
        None | Some("") => Ok(None),
        Some(value) => match value.parse() {
            Ok(protocol) if offered.contains(&protocol) => Ok(Some(protocol)),
            _ => Err(AckError::ProtocolNotOffered(escape(value))),
        },
    }
}

/// The peer broke the protocol, or is no BITS server at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// A success that no BITS server gave: a portal, a proxy, a plain web server.
    #[error("{status} from {answerer}, not a BITS Ack")]
    NotAnAck {
        /// HTTP's status.
        status: StatusCode,
        /// The server or device that answered.
        answerer: Box<Answerer>,
    },
    /// HTTP/1.0 or older.
    #[error("the response is not HTTP/1.1")]
    NotHttp11,
    /// A field contradicts itself or another.
    #[error("the response contradicts itself: {0}")]
    Ambiguous(&'static str),
    /// Create-Session's Ack names no session.
    #[error("the Ack names no session (BITS-Session-Id)")]
    NoSessionId,
    /// The session's name cannot be sent back.
    #[error("the session's name (BITS-Session-Id) cannot be used: {0}")]
    BadSessionId(IdError),
    /// The Ack belongs to another session.
    #[error("the Ack belongs to another session")]
    OtherSession,
    /// The server chose a protocol that was not offered (escaped).
    #[error("the server chose a protocol that was not offered: {0}")]
    ProtocolNotOffered(String),
    /// `BITS-Received-Content-Range` is not a plain number (escaped).
    #[error("BITS-Received-Content-Range is not a plain number: {0}")]
    BadOffset(String),
    /// The server claims bytes that were never sent.
    #[error("the server claims {claimed} bytes, but only {sent} were sent in this session")]
    OffsetNotSent {
        /// The bytes that the server claims to have.
        claimed: u64,
        /// How far this session has sent.
        sent: u64,
    },
    /// `BITS-Host-Id` is no host (escaped).
    #[error("BITS-Host-Id {0} cannot be used: {1}")]
    BadHostId(String, IdError),
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "{7df0354d-249b-430f-820d-3d2a9bef4931}";

    fn response(status: u16, fields: &[(&'static str, &'static str)]) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in fields {
            response.headers_mut().append(*name, http::HeaderValue::from_static(value));
        }
        response
    }

    fn ack(status: u16, fields: &[(&'static str, &'static str)]) -> Response<()> {
        let mut response = response(status, fields);
        response.headers_mut().insert(header::PACKET_TYPE, http::HeaderValue::from_static("Ack"));
        response
    }

    fn id() -> SessionId {
        "s1".parse().expect("a session id")
    }

    fn created(fields: &[(&'static str, &'static str)]) -> Result<PacketResponse<Session>, AckError> {
        create_session(&ack(200, fields), &[ProtocolId::BITS_1_5_UPLOAD])
    }

    fn fragment_ack(fields: &[(&'static str, &'static str)]) -> Result<PacketResponse<FragmentAck>, AckError> {
        fragment(&ack(200, fields), &id())
    }

    #[test]
    fn a_ping_with_an_error_field_is_success() {
        assert_eq!(
            ping(&ack(200, &[("bits-error-code", "1"), ("bits-error-context", "")])),
            Ok(PacketResponse::Ack(()))
        );
    }

    #[test]
    fn the_last_ack_says_where_the_reply_lies_if_it_does() {
        for (fields, url) in [
            (&[("bits-reply-url", " /reply "), ("bits-received-content-range", "5")][..], Some("/reply")),
            (&[("bits-reply-url", " "), ("bits-received-content-range", "5")], None),
            (&[("bits-received-content-range", "5")], None),
        ] {
            let Ok(PacketResponse::Ack(ack)) = fragment_ack(fields) else { panic!("{fields:?}") };
            assert_eq!(ack.reply_url.as_deref(), url);
        }
    }

    #[test]
    fn a_plain_web_servers_200_is_no_ack() {
        let plain = response(200, &[("server", "nginx"), ("content-type", "text/html")]);
        for result in [
            ping(&plain).map(drop),
            create_session(&plain, &[]).map(drop),
            fragment(&plain, &id()).map(drop),
            end_of_session(&plain, &id()).map(drop),
        ] {
            assert_eq!(result.map_err(|e| e.to_string()), Err("200 OK from nginx, text/html, not a BITS Ack".into()));
        }
    }

    #[test]
    fn the_slip_in_the_specification_is_an_ack_too() {
        assert_eq!(ping(&response(200, &[("bits-package-type", "ACK")])), Ok(PacketResponse::Ack(())));
    }

    #[test]
    fn iis_creates_a_session() {
        let result = created(&[
            ("bits-protocol", GUID),
            ("bits-session-id", "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}"),
            ("bits-host-id", "FRANKCAO8"),
            ("bits-host-id-fallback-timeout", "110"),
        ]);
        let Ok(PacketResponse::Ack(session)) = result else { panic!("{result:?}") };
        assert_eq!(session.id.as_str(), "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}");
        assert_eq!(session.protocol, Some(ProtocolId::BITS_1_5_UPLOAD));
        assert_eq!(session.host.map(|h| h.to_string()).as_deref(), Some("FRANKCAO8"));
        assert_eq!(session.host_fallback_timeout, Some(Duration::from_secs(110)));
    }

    #[test]
    fn an_empty_host_names_none() {
        let session = created(&[("BITS-Session-Id", "s"), ("BITS-Host-Id", "")]);
        assert!(matches!(session, Ok(PacketResponse::Ack(Session { host: None, .. }))), "{session:?}");
    }

    #[test]
    fn a_session_without_protocol_or_with_201_is_accepted() {
        assert!(matches!(created(&[("bits-session-id", "1")]), Ok(PacketResponse::Ack(_))));
        assert!(matches!(create_session(&ack(201, &[("bits-session-id", "1")]), &[]), Ok(PacketResponse::Ack(_))));
    }

    #[test]
    fn sessions_that_cannot_be_used_are_violations() {
        assert_eq!(created(&[]), Err(AckError::NoSessionId));
        assert_eq!(created(&[("bits-session-id", "a b")]), Err(AckError::BadSessionId(IdError::ForbiddenCharacter)));
        assert_eq!(
            created(&[("bits-session-id", "a"), ("bits-session-id", "b")]),
            Err(AckError::Ambiguous(header::SESSION_ID))
        );
        assert!(matches!(
            created(&[("bits-session-id", "a"), ("bits-protocol", "{00000000-0000-0000-0000-000000000000}")]),
            Err(AckError::ProtocolNotOffered(_))
        ));
        assert!(matches!(created(&[("bits-session-id", "a"), ("bits-host-id", "a@b")]), Err(AckError::BadHostId(..))));
    }

    #[test]
    fn an_error_code_on_a_200_is_a_refusal_except_on_a_fragment_with_an_offset() {
        assert!(matches!(
            created(&[("bits-session-id", "a"), ("bits-error", "0x80070005")]),
            Ok(PacketResponse::Refused(_))
        ));
        assert!(matches!(end_of_session(&ack(200, &[("bits-error", "5")]), &id()), Ok(PacketResponse::Refused(_))));
        assert!(matches!(end_of_session(&ack(200, &[("bits-error", "0")]), &id()), Ok(PacketResponse::Ack(()))));
        assert!(matches!(fragment_ack(&[("bits-error", "5")]), Ok(PacketResponse::Refused(_))));
        assert!(matches!(
            fragment_ack(&[("bits-error", "5"), ("bits-received-content-range", "7")]),
            Ok(PacketResponse::Ack(_))
        ));
    }

    #[test]
    fn offsets_are_plain_digits() {
        for bad in ["-1", "+5", "0x10", "5,6", "", "5 6", "18446744073709551616"] {
            assert!(
                matches!(fragment_ack(&[("bits-received-content-range", bad)]), Err(AckError::BadOffset(_))),
                "{bad:?}"
            );
        }
        let offset = |fields| match fragment_ack(fields) {
            Ok(PacketResponse::Ack(ack)) => ack.next_offset,
            other => panic!("{other:?}"),
        };
        assert_eq!(offset(&[("bits-received-content-range", "4892")]), Some(4892));
        assert_eq!(offset(&[("bits-recieved-content-range", "7")]), Some(7));
        assert_eq!(offset(&[]), None);
    }

    #[test]
    fn offsets_that_contradict_each_other_are_refused() {
        assert!(fragment_ack(&[("bits-received-content-range", "1"), ("bits-received-content-range", "2")]).is_err());
        assert!(fragment_ack(&[("bits-received-content-range", "1"), ("bits-recieved-content-range", "2")]).is_err());
        assert!(fragment_ack(&[("bits-received-content-range", "1"), ("bits-received-content-range", "1")]).is_ok());
        assert!(fragment_ack(&[("bits-received-content-range", "1"), ("bits-recieved-content-range", "1")]).is_ok());
    }

    #[test]
    fn a_416_needs_no_ack_and_carries_the_offset() {
        let result = fragment(&response(416, &[("bits-received-content-range", "7")]), &id());
        assert_eq!(
            result,
            Ok(PacketResponse::Ack(FragmentAck { in_step: false, next_offset: Some(7), reply_url: None }))
        );
    }

    #[test]
    fn a_session_on_a_later_ack_must_be_ours_or_absent() {
        assert!(fragment_ack(&[("bits-session-id", "S1")]).is_ok());
        assert_eq!(fragment_ack(&[("bits-session-id", "s2")]), Err(AckError::OtherSession));
        assert_eq!(end_of_session(&ack(200, &[("bits-session-id", "s2")]), &id()), Err(AckError::OtherSession));
    }

    #[test]
    fn ambiguous_framing_is_refused() {
        assert!(ping(&ack(200, &[("content-length", "0"), ("content-length", "1")])).is_err());
        assert!(ping(&ack(200, &[("content-length", "0"), ("transfer-encoding", "chunked")])).is_err());
        assert!(ping(&ack(200, &[("content-length", "+0")])).is_err());
        let mut old = ack(200, &[]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(ping(&old), Err(AckError::NotHttp11));
    }

    proptest::proptest! {
        #[test]
        fn no_response_makes_the_parser_panic(
            status in 100u16..1000,
            fields in proptest::collection::vec((0usize..10, proptest::collection::vec(0u8..=255, 0..40)), 0..12),
        ) {
            const NAMES: [&str; 10] = [header::PACKET_TYPE, header::SESSION_ID, header::PROTOCOL, header::RECEIVED_CONTENT_RANGE,
                header::RECEIVED_CONTENT_RANGE_MISSPELT, header::ERROR, header::ERROR_CONTEXT, header::HOST_ID,
                header::HOST_ID_FALLBACK_TIMEOUT, header::REPLY_URL];
            let mut response = ack(200, &[]);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            for (name, value) in &fields {
                if let Ok(value) = http::HeaderValue::from_bytes(value) {
                    response.headers_mut().append(NAMES[*name], value);
                }
            }
            let _ = ping(&response).map_err(|e| e.to_string());
            let _ = create_session(&response, &[ProtocolId::BITS_1_5_UPLOAD]).map_err(|e| e.to_string());
            let _ = fragment(&response, &id()).map_err(|e| e.to_string());
            let _ = end_of_session(&response, &id()).map_err(|e| e.to_string());
        }
    }
}
