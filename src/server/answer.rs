//! What the server says: Acks and refusals, and how they look on the wire ([MC-BUP] 2.2.1.2).

use std::fmt;
use std::io;
use std::time::Duration;

use http::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_LENGTH, HeaderValue, RETRY_AFTER, SERVER, WWW_AUTHENTICATE,
};
use http::{HeaderMap, Response, StatusCode};

use super::path::PathError;
use super::reply;
use crate::protocol::{HResult, HostId, ProtocolId, SessionId, header};

/// The application failed; it says no more.
const UNSPECIFIED: HResult = HResult(0x8000_4005);
/// A folder on the way does not exist.
const PATH_NOT_FOUND: HResult = HResult(0x8007_0003);
/// The folder lies on another file system than the unfinished uploads.
const NOT_SAME_DEVICE: HResult = HResult(0x8007_0011);
/// The disk did not take what it should.
const WRITE_FAULT: HResult = HResult(0x8007_001D);
/// The client has too many sessions.
const NOT_ENOUGH_QUOTA: HResult = HResult(0x8007_0718);

/// The server did what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ack {
    /// [MC-BUP] 2.2.5
    Pong,
    /// [MC-BUP] 2.2.3
    Created(Created),
    /// [MC-BUP] 2.2.7: everything before this offset is stored.
    Received(u64),
    /// The same for the last byte, and the application's reply is ready ([MC-BUP] 1.3.3).
    Replied(u64),
    /// [MC-BUP] 2.2.9: a file of this size has just been published; `None` if that was so already.
    Closed(Option<u64>),
    /// [MC-BUP] 2.2.11
    Cancelled,
}

/// What the client of a new session is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Created {
    /// The protocol chosen.
    pub(crate) protocol: ProtocolId,
    /// Where to go on.
    pub(crate) host: Option<HostId>,
    /// How long to try there.
    pub(crate) fallback: Option<Duration>,
}

/// The server did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A method other than `BITS_POST`.
    Method,
    /// No credentials, or wrong ones.
    Unauthorized,
    /// There is nothing to read there.
    NoFile,
    /// HTTP, but not 1.1.
    Version,
    /// Two readers could see different requests in it.
    Ambiguous(&'static str),
    /// No `Content-Length`.
    NoLength,
    /// A header or range is wrong.
    Invalid(&'static str),
    /// The URL names no place for a file.
    Path(PathError),
    /// A folder on the way is missing.
    NoFolder,
    /// Not allowed.
    Denied(&'static str),
    /// A file of that name exists and overwriting is off.
    Exists,
    /// Unknown, expired or somebody else's session.
    UnknownSession,
    /// The fragment starts beyond this offset.
    OutOfStep(u64),
    /// The file is larger than allowed.
    TooLarge,
    /// The fragment is larger than allowed.
    FragmentTooLarge,
    /// The client has too many sessions.
    TooManySessions,
    /// No space left.
    DiskFull,
    /// All unfinished files together are as large as they may be.
    NoRoom,
    /// The folder lies on another file system.
    OtherDevice,
    /// The disk failed otherwise.
    Storage(String),
    /// The body ended early, or came too slowly.
    Cut(&'static str),
    /// The application does not want the file.
    Rejected,
    /// A newer request for the same session took over.
    Superseded,
}

impl Refusal {
    /// HTTP's status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::NoLength => StatusCode::LENGTH_REQUIRED,
            Self::Path(PathError::TooLong) => StatusCode::URI_TOO_LONG,
            Self::Path(PathError::Forbidden(_)) | Self::Denied(_) | Self::Exists => StatusCode::FORBIDDEN,
            Self::Ambiguous(_) | Self::Invalid(_) | Self::Path(_) => StatusCode::BAD_REQUEST,
            Self::NoFolder | Self::NoFile => StatusCode::NOT_FOUND,
            Self::OutOfStep(_) => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::FragmentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            // A request may be taken over from by an older one that was delayed: clients must try again.
            Self::TooManySessions | Self::Superseded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Cut(_) => StatusCode::REQUEST_TIMEOUT,
            Self::UnknownSession
            | Self::Rejected
            | Self::TooLarge
            | Self::DiskFull
            | Self::NoRoom
            | Self::OtherDevice
            | Self::Storage(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// BITS's code; `None` where HTTP's status must speak alone.
    pub(crate) fn error(&self) -> Option<HResult> {
        match self {
            // A code on 413 would say that the file is too large, and that is final.
            Self::Method
            | Self::Unauthorized
            | Self::NoFile
            | Self::FragmentTooLarge
            | Self::Cut(_)
            | Self::Superseded => None,
            Self::OutOfStep(_) => Some(HResult::S_OK),
            Self::Path(PathError::TooLong) => Some(HResult::BG_E_STRING_TOO_LONG),
            Self::Path(PathError::Forbidden(_)) | Self::Denied(_) | Self::Exists => Some(HResult::E_ACCESSDENIED),
            Self::Version | Self::Ambiguous(_) | Self::NoLength | Self::Invalid(_) | Self::Path(_) => {
                Some(HResult::E_INVALIDARG)
            }
            Self::NoFolder => Some(PATH_NOT_FOUND),
            Self::Rejected => Some(UNSPECIFIED),
            Self::UnknownSession => Some(HResult::BG_E_SESSION_NOT_FOUND),
            Self::TooLarge => Some(HResult::BG_E_TOO_LARGE),
            Self::TooManySessions => Some(NOT_ENOUGH_QUOTA),
            Self::DiskFull | Self::NoRoom => Some(HResult::DISK_FULL),
            Self::OtherDevice => Some(NOT_SAME_DEVICE),
            Self::Storage(_) => Some(WRITE_FAULT),
        }
    }

    /// Whether nothing more may be read from the connection.
    fn closes(&self) -> bool {
        matches!(self, Self::Version | Self::Ambiguous(_) | Self::NoLength | Self::Cut(_) | Self::Superseded)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("not BITS_POST"),
            Self::Unauthorized => f.write_str("no valid credentials"),
            Self::NoFile => f.write_str("there is no such file"),
            Self::Version => f.write_str("not HTTP/1.1"),
            Self::NoLength => f.write_str("no content-length"),
            Self::Ambiguous(what) | Self::Invalid(what) | Self::Denied(what) | Self::Cut(what) => f.write_str(what),
            Self::Path(error) => error.fmt(f),
            Self::NoFolder => f.write_str("the folder does not exist"),
            Self::Exists => f.write_str("the file exists and overwriting is off"),
            Self::UnknownSession => f.write_str("unknown session"),
            Self::OutOfStep(next) => write!(f, "out of step, offset {next} is next"),
            Self::TooLarge => f.write_str("the file is over the maximum size"),
            Self::FragmentTooLarge => f.write_str("the fragment is over the maximum size"),
            Self::TooManySessions => f.write_str("the client has too many sessions"),
            Self::DiskFull => f.write_str("the disk is full"),
            Self::NoRoom => f.write_str("unfinished uploads hold as much as they may"),
            Self::OtherDevice => f.write_str("the folder lies on another file system"),
            Self::Storage(error) => write!(f, "the disk failed: {error}"),
            Self::Rejected => f.write_str("the application does not want the file"),
            Self::Superseded => f.write_str("a newer request for the session took over"),
        }
    }
}

impl From<PathError> for Refusal {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl From<io::Error> for Refusal {
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

/// The whole answer to one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// What came of it.
    pub(crate) result: Result<Ack, Refusal>,
    /// The session, once it is known to exist and to be the asker's.
    pub(crate) session: Option<SessionId>,
    /// For a client that does not speak BITS: nothing of BITS is in it.
    pub(crate) plain: bool,
    /// End the connection: its next bytes would be an unread body.
    pub(crate) close: bool,
}

impl From<Result<Ack, Refusal>> for Reply {
    fn from(result: Result<Ack, Refusal>) -> Self {
        let close = result.as_ref().is_err_and(Refusal::closes);
        let plain = matches!(result, Err(Refusal::Method | Refusal::Unauthorized | Refusal::NoFile));
        Self { result, session: None, plain, close }
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Err(refusal).into()
    }
}

impl Reply {
    /// The same, for a session that is known.
    pub(crate) fn of(session: SessionId, result: Result<Ack, Refusal>) -> Self {
        Self { session: Some(session), ..result.into() }
    }

    /// For a client that asked for a file.
    pub(crate) fn plain(refusal: Refusal) -> Self {
        let refusal = if refusal == Refusal::Path(PathError::IsFolder) { Refusal::NoFile } else { refusal };
        Self { plain: true, ..refusal.into() }
    }

    /// HTTP's status.
    pub(crate) fn status(&self) -> StatusCode {
        self.result.as_ref().map_or_else(Refusal::status, |_| StatusCode::OK)
    }

    /// The answer's head. It never has a body.
    pub(crate) fn to_response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static("bitsup"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        match &self.result {
            Err(Refusal::Method) => {
                headers.insert(ALLOW, HeaderValue::from_static("BITS_POST"));
            }
            Err(Refusal::Unauthorized) => {
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
            Ok(Ack::Created(created)) => created.tell(headers),
            Ok(Ack::Received(next)) | Err(Refusal::OutOfStep(next)) => {
                headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(*next));
            }
            Ok(Ack::Replied(next)) => {
                headers.insert(header::RECEIVED_CONTENT_RANGE, HeaderValue::from(*next));
                if let Some(session) = &self.session {
                    headers.insert(header::REPLY_URL, ascii(reply::url(session)));
                }
            }
            Err(Refusal::TooManySessions | Refusal::DiskFull | Refusal::NoRoom) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
            }
            _ => {}
        }
        if let Some(HResult(code)) = self.result.as_ref().err().and_then(Refusal::error) {
            let code = ascii(format_args!("0x{code:08X}"));
            headers.insert(header::ERROR, code.clone());
            headers.insert(header::ERROR_CODE, code);
            let context = if self.result == Err(Refusal::Rejected) { "0x7" } else { "0x5" };
            headers.insert(header::ERROR_CONTEXT, HeaderValue::from_static(context));
        }
        response
    }
}

impl Created {
    fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(header::PROTOCOL, ascii(self.protocol));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(host) = &self.host {
            headers.insert(header::HOST_ID, ascii(host));
        }
        if let Some(fallback) = self.fallback {
            headers.insert(header::HOST_ID_FALLBACK_TIMEOUT, ascii(fallback.as_secs()));
        }
    }
}

/// For texts that are printable ASCII by construction.
fn ascii(text: impl fmt::Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).expect("identifiers and numbers are printable ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ack;

    #[test]
    fn every_answer_to_a_packet_is_an_ack_without_a_body() {
        let results =
            [Ok(Ack::Pong), Ok(Ack::Received(7)), Err(Refusal::UnknownSession), Err(Refusal::FragmentTooLarge)];
        for result in results {
            let head = Reply::from(result.clone()).to_response();
            assert_eq!(head.headers()[header::PACKET_TYPE], "Ack", "{result:?}");
            assert_eq!(head.headers()[CONTENT_LENGTH], "0", "{result:?}");
        }
    }

    #[test]
    fn refusals_carry_the_code_under_both_names_and_the_context() {
        for (refusal, status, code) in [
            (Refusal::NoLength, 411, "0x80070057"),
            (Refusal::Invalid("x"), 400, "0x80070057"),
            (Refusal::Path(PathError::IsFolder), 400, "0x80070057"),
            (Refusal::Path(PathError::Forbidden("x")), 403, "0x80070005"),
            (Refusal::Exists, 403, "0x80070005"),
            (Refusal::NoFolder, 404, "0x80070003"),
            (Refusal::UnknownSession, 500, "0x8020001F"),
            (Refusal::TooLarge, 500, "0x80200020"),
            (Refusal::DiskFull, 500, "0x80070070"),
            (Refusal::OutOfStep(5), 416, "0x00000000"),
        ] {
            let head = Reply::from(refusal.clone()).to_response();
            assert_eq!(head.status(), status, "{refusal:?}");
            for name in [header::ERROR, header::ERROR_CODE] {
                assert_eq!(head.headers()[name], code, "{refusal:?}");
            }
            assert_eq!(head.headers()[header::ERROR_CONTEXT], "0x5", "{refusal:?}");
        }
    }

    #[test]
    fn a_fragment_over_the_limit_is_413_without_a_code() {
        let head = Reply::from(Refusal::FragmentTooLarge).to_response();
        assert_eq!(head.status(), 413);
        assert!(!head.headers().contains_key(header::ERROR));
    }

    #[test]
    fn our_own_client_understands_the_acks() {
        let id: SessionId = "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".parse().expect("an id");
        let offered = [ProtocolId::BITS_1_5_UPLOAD];
        let created =
            Reply::of(id.clone(), Ok(Ack::Created(Created { protocol: offered[0], host: None, fallback: None })))
                .to_response();
        assert!(
            matches!(ack::create_session(&created, &offered), Ok(ack::PacketResponse::Ack(session)) if session.id == id)
        );
        let behind = Reply::of(id.clone(), Err(Refusal::OutOfStep(7))).to_response();
        assert!(matches!(
            ack::fragment(&behind, &id),
            Ok(ack::PacketResponse::Ack(ack)) if !ack.in_step && ack.next_offset == Some(7)
        ));
    }

    #[test]
    fn a_full_disk_is_known_by_the_kind_of_error() {
        assert_eq!(Refusal::from(io::Error::from(io::ErrorKind::StorageFull)), Refusal::DiskFull);
        assert_eq!(Refusal::from(io::Error::from(io::ErrorKind::QuotaExceeded)), Refusal::DiskFull);
    }
}
