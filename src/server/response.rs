//! Responses of the receiver: an Ack or an error, and their form on the wire ([MC-BUP] 2.2.1.2).

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_LENGTH, HeaderValue, RETRY_AFTER, SERVER, WWW_AUTHENTICATE,
};

use super::limits;
use super::reply;
use crate::protocol::{HResult, HostId, ProtocolId, SessionId, header};

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
const UNSPECIFIED: HResult = HResult(0x8000_4005);
const PATH_NOT_FOUND: HResult = HResult(0x8007_0003);
const NOT_SAME_DEVICE: HResult = HResult(0x8007_0011);
const WRITE_FAULT: HResult = HResult(0x8007_001D);
const NOT_ENOUGH_QUOTA: HResult = HResult(0x8007_0718);

/// The receiver did what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ack {
    /// [MC-BUP] 2.2.5
    Pong,
    /// [MC-BUP] 2.2.3: the protocol chosen, and the host to continue at, for how long.
    Created { protocol: ProtocolId, host: Option<HostId>, fallback: Option<Duration> },
    /// [MC-BUP] 2.2.7: everything before this offset is stored.
    Received(u64),
    /// Everything is stored, up to this offset, and the application's reply is ready ([MC-BUP] 1.3.3).
    Replied(u64),
    /// [MC-BUP] 2.2.9: a file of this size has just been published; `None` if that was so already.
    Closed(Option<u64>),
    /// [MC-BUP] 2.2.11
    Cancelled,
}

/// Why the receiver did not do what was asked. [`RequestError::terms`] says what each is to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestError {
    Method,
    Unauthorized,
    NoFile,
    Version,
    /// Two readers could see different requests in it.
    Ambiguous(&'static str),
    NoLength,
    Invalid(&'static str),
    PathIsFolder,
    /// Longer than file systems take.
    PathTooLong,
    /// A name that could mean something else than a plain file.
    PathForbidden(&'static str),
    NoFolder,
    Denied(&'static str),
    Exists,
    /// Unknown, expired, for another file or another user's.
    UnknownSession,
    /// The fragment starts beyond this offset.
    OutOfStep(u64),
    TooLarge,
    FragmentTooLarge,
    TooManySessions,
    DiskFull,
    NoRoom,
    OtherDevice,
    /// The disk failed in another way.
    Storage(String),
    /// The system has no random numbers for the session's id.
    Random(String),
    /// The body ended early, or came too slowly.
    Cut(&'static str),
    /// The application, for a reason of the system's.
    NotRun,
    Rejected,
    Superseded,
}

impl RequestError {
    /// HTTP's status, BITS's code, and the reason for the log. There is no code where the status must speak alone.
    fn terms(&self) -> (StatusCode, Option<HResult>, Cow<'static, str>) {
        let invalid = Some(HResult::E_INVALIDARG);
        let (status, code, reason) = match self {
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, None, "not BITS_POST"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, None, "no valid credentials"),
            Self::NoFile => (StatusCode::NOT_FOUND, None, "there is no such file"),
            Self::Version => (StatusCode::HTTP_VERSION_NOT_SUPPORTED, invalid, "neither HTTP/1.1 nor HTTP/1.0"),
            Self::NoLength => (StatusCode::LENGTH_REQUIRED, invalid, "no content-length"),
            Self::Ambiguous(what) | Self::Invalid(what) => (StatusCode::BAD_REQUEST, invalid, *what),
            Self::PathIsFolder => (StatusCode::BAD_REQUEST, invalid, "the path names a folder"),
            Self::PathTooLong => {
                (StatusCode::URI_TOO_LONG, Some(HResult::BG_E_STRING_TOO_LONG), "the path is too long")
            }
            Self::PathForbidden(why) => {
                let reason = format!("the path is forbidden: {why}");
                return (StatusCode::FORBIDDEN, Some(HResult::E_ACCESSDENIED), reason.into());
            }
            Self::NoFolder => (StatusCode::NOT_FOUND, Some(PATH_NOT_FOUND), "the folder does not exist"),
            Self::Denied(what) => (StatusCode::FORBIDDEN, Some(HResult::E_ACCESSDENIED), *what),
            Self::Exists => {
                (StatusCode::FORBIDDEN, Some(HResult::E_ACCESSDENIED), "the file exists and overwriting is off")
            }
            Self::UnknownSession => (FAILED, Some(HResult::BG_E_SESSION_NOT_FOUND), "unknown session"),
            Self::OutOfStep(next) => {
                let reason = format!("out of step, offset {next} is next");
                return (StatusCode::RANGE_NOT_SATISFIABLE, Some(HResult::S_OK), reason.into());
            }
            Self::TooLarge => (FAILED, Some(HResult::BG_E_TOO_LARGE), "the file is over the maximum size"),
            // A code on 413 would say that the file is too large, and that is final.
            Self::FragmentTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, None, "the fragment is over the maximum size"),
            Self::TooManySessions => {
                (StatusCode::SERVICE_UNAVAILABLE, Some(NOT_ENOUGH_QUOTA), "the client has too many sessions")
            }
            Self::DiskFull => (FAILED, Some(HResult::DISK_FULL), "the disk is full"),
            Self::NoRoom => {
                let reason = "unfinished uploads have reserved as much as they may (--max-temp)";
                (StatusCode::SERVICE_UNAVAILABLE, Some(NOT_ENOUGH_QUOTA), reason)
            }
            Self::OtherDevice => (FAILED, Some(NOT_SAME_DEVICE), "the folder lies on another file system"),
            Self::Storage(error) => return (FAILED, Some(WRITE_FAULT), format!("the disk failed: {error}").into()),
            Self::Random(error) => return (FAILED, None, error.clone().into()),
            Self::Cut(what) => (StatusCode::REQUEST_TIMEOUT, None, *what),
            Self::NotRun => (StatusCode::SERVICE_UNAVAILABLE, None, "the application could not be run"),
            Self::Rejected => (FAILED, Some(UNSPECIFIED), "the application rejected the file"),
            // A request may be superseded by an older one that was delayed: clients must try again.
            Self::Superseded => (StatusCode::SERVICE_UNAVAILABLE, None, "a newer request for the session took over"),
        };
        (status, code, reason.into())
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.terms().0
    }

    /// BITS's code; `None` where HTTP's status must speak alone.
    pub(crate) fn code(&self) -> Option<HResult> {
        self.terms().1
    }

    /// Whether nothing more may be read from the connection.
    fn closes(&self) -> bool {
        matches!(self, Self::Version | Self::Ambiguous(_) | Self::NoLength | Self::Cut(_) | Self::Superseded)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.terms().2)
    }
}

impl From<io::Error> for RequestError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::CrossesDevices => Self::OtherDevice,
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied("the file system does not allow it")
            }
            _ => Self::Storage(error.to_string()),
        }
    }
}

/// The response to one request, but for files that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) result: Result<Ack, RequestError>,
    /// The session, once it is known to exist and to be the client's.
    pub(crate) session: Option<SessionId>,
    /// For a client that does not speak BITS: nothing of BITS is in it.
    pub(crate) plain: bool,
    /// A session of the same client that gave way to this one; for the log.
    pub(crate) displaced: Option<SessionId>,
    /// End the connection: its next bytes would be an unread body.
    pub(crate) close: bool,
}

impl From<Result<Ack, RequestError>> for Response {
    fn from(result: Result<Ack, RequestError>) -> Self {
        let close = result.as_ref().is_err_and(RequestError::closes);
        let plain = matches!(result, Err(RequestError::Method | RequestError::Unauthorized | RequestError::NoFile));
        Self { result, session: None, plain, displaced: None, close }
    }
}

impl From<RequestError> for Response {
    fn from(error: RequestError) -> Self {
        Err(error).into()
    }
}

impl Response {
    /// About a session that the client may know of.
    pub(crate) fn of(session: SessionId, result: Result<Ack, RequestError>) -> Self {
        Self { session: Some(session), ..result.into() }
    }

    /// For a client that asked for a file.
    pub(crate) fn plain(error: RequestError) -> Self {
        let error = if error == RequestError::PathIsFolder { RequestError::NoFile } else { error };
        Self { plain: true, ..error.into() }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.result.as_ref().map_or_else(RequestError::status, |_| StatusCode::OK)
    }

    /// Its head. It never has a body.
    pub(crate) fn to_http(&self) -> http::Response<()> {
        let mut response = http::Response::new(());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static("bitsup"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        match &self.result {
            Err(RequestError::Method) => {
                headers.insert(ALLOW, HeaderValue::from_static("BITS_POST"));
            }
            Err(RequestError::Unauthorized) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"bitsup\""));
            }
            _ => {}
        }
        if self.plain {
            return response;
        }
        headers.insert(header::PACKET_TYPE, HeaderValue::from_static("Ack"));
        if let Some(session) = &self.session {
            headers.insert(header::SESSION_ID, ascii(session));
        }
        match &self.result {
            Ok(Ack::Created { protocol, host, fallback }) => {
                headers.insert(header::PROTOCOL, ascii(protocol));
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                if let Some(host) = host {
                    headers.insert(header::HOST_ID, ascii(host));
                }
                if let Some(fallback) = fallback {
                    headers.insert(header::HOST_ID_FALLBACK_TIMEOUT, ascii(fallback.as_secs()));
                }
            }
            Ok(Ack::Received(next)) | Err(RequestError::OutOfStep(next)) => {
                headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(*next));
            }
            Ok(Ack::Replied(next)) => {
                headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(*next));
                if let Some(session) = &self.session {
                    headers.insert(header::REPLY_URL, ascii(reply::url(session)));
                }
            }
            Err(RequestError::TooManySessions | RequestError::DiskFull | RequestError::NoRoom) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(limits::RETRY_AFTER));
            }
            _ => {}
        }
        if let Some(HResult(code)) = self.result.as_ref().err().and_then(RequestError::code) {
            let code = ascii(format_args!("0x{code:08X}"));
            headers.insert(header::ERROR, code.clone());
            headers.insert(header::ERROR_CODE, code);
            let context = if self.result == Err(RequestError::Rejected) { "0x7" } else { "0x5" };
            headers.insert(header::ERROR_CONTEXT, HeaderValue::from_static(context));
        }
        response
    }
}

/// For texts that are printable ASCII by construction.
pub(super) fn ascii(text: impl fmt::Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).expect("identifiers, dates and numbers are printable ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ack;

    #[test]
    fn every_response_to_a_packet_is_an_ack_without_a_body() {
        let results = [
            Ok(Ack::Pong),
            Ok(Ack::Received(7)),
            Err(RequestError::UnknownSession),
            Err(RequestError::FragmentTooLarge),
        ];
        for result in results {
            let head = Response::from(result.clone()).to_http();
            assert_eq!(head.headers()[header::PACKET_TYPE], "Ack", "{result:?}");
            assert_eq!(head.headers()[CONTENT_LENGTH], "0", "{result:?}");
        }
    }

    #[test]
    fn errors_carry_the_code_under_both_names_and_the_context() {
        for (error, status, code) in [
            (RequestError::NoLength, 411, "0x80070057"),
            (RequestError::Invalid("x"), 400, "0x80070057"),
            (RequestError::PathIsFolder, 400, "0x80070057"),
            (RequestError::PathForbidden("x"), 403, "0x80070005"),
            (RequestError::Exists, 403, "0x80070005"),
            (RequestError::NoFolder, 404, "0x80070003"),
            (RequestError::UnknownSession, 500, "0x8020001F"),
            (RequestError::TooLarge, 500, "0x80200020"),
            (RequestError::DiskFull, 500, "0x80070070"),
            (RequestError::OutOfStep(5), 416, "0x00000000"),
        ] {
            let head = Response::from(error.clone()).to_http();
            assert_eq!(head.status(), status, "{error:?}");
            for name in [header::ERROR, header::ERROR_CODE] {
                assert_eq!(head.headers()[name], code, "{error:?}");
            }
            assert_eq!(head.headers()[header::ERROR_CONTEXT], "0x5", "{error:?}");
        }
    }

    #[test]
    fn a_fragment_over_the_limit_is_413_without_a_code() {
        let head = Response::from(RequestError::FragmentTooLarge).to_http();
        assert_eq!(head.status(), 413);
        assert!(!head.headers().contains_key(header::ERROR));
    }

    #[test]
    fn our_own_client_understands_the_acks() {
        let id: SessionId = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".parse().expect("an id");
        let offered = [ProtocolId::BITS_1_5_UPLOAD];
        let created =
            Response::of(id.clone(), Ok(Ack::Created { protocol: offered[0], host: None, fallback: None })).to_http();
        assert!(
            matches!(ack::create_session(&created, &offered), Ok(ack::PacketResponse::Ack(session)) if session.id == id)
        );
        let behind = Response::of(id.clone(), Err(RequestError::OutOfStep(7))).to_http();
        assert!(matches!(
            ack::fragment(&behind, &id),
            Ok(ack::PacketResponse::Ack(ack)) if !ack.in_step && ack.next_offset == Some(7)
        ));
    }

    #[test]
    fn a_full_disk_is_known_by_the_kind_of_error() {
        assert_eq!(RequestError::from(io::Error::from(io::ErrorKind::StorageFull)), RequestError::DiskFull);
        assert_eq!(RequestError::from(io::Error::from(io::ErrorKind::QuotaExceeded)), RequestError::DiskFull);
    }
}
