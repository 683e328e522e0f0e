//! The meaning of a refusal: the one table from status, HRESULT and context to a reaction.

use std::fmt;

use http::StatusCode;

use crate::protocol::{AckError, BitsError, ErrorContext, HResult, PacketKind};

/// The meaning of a refusal for the upload (MC-BUP 2.2.1.2, 3.1.5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Authentication is required, or the credentials were not accepted (401).
    Authentication,
    /// A proxy wants credentials (407).
    ProxyAuthentication,
    /// Not allowed there, or a file of that name exists.
    Permission,
    /// No BITS uploads at that URL.
    NoEndpoint,
    /// The file is larger than the server takes.
    FileTooLarge,
    /// The fragment is larger than the server, or something before it, takes.
    FragmentTooLarge,
    /// The server does not know the session.
    SessionNotFound,
    /// A name or the URL is too long.
    NameTooLong,
    /// The server found the request wrong.
    Invalid,
    /// The server's disk is full.
    DiskFull,
    /// The server cannot do it just now.
    Unavailable,
    /// The application behind the server rejected the file for good.
    ApplicationRejected,
    /// The application behind the server cannot take it just now.
    ApplicationUnavailable,
}

impl Refusal {
    /// The meaning of `error` as the response to `packet`.
    #[must_use]
    pub fn classify(error: &BitsError, packet: PacketKind) -> Self {
        if error.context == Some(ErrorContext::RemoteApplication) {
            return by_application(error.status);
        }
        error.code.and_then(|code| Self::of_code(code, error.status)).unwrap_or_else(|| by_status(error, packet))
    }

    /// The meaning of BITS's code alone, beside this status; `None` where the status decides.
    #[must_use]
    pub fn of_code(code: HResult, status: StatusCode) -> Option<Self> {
        Some(match code {
            HResult::BG_E_SESSION_NOT_FOUND => Self::SessionNotFound,
            HResult::E_ACCESSDENIED if status == StatusCode::NOT_IMPLEMENTED => Self::NoEndpoint,
            // 401 and 407 with this code still ask for credentials.
            HResult::E_ACCESSDENIED if !matches!(status.as_u16(), 401 | 407) => Self::Permission,
            HResult::BG_E_TOO_LARGE => Self::FileTooLarge,
            HResult::E_INVALIDARG if status == StatusCode::BAD_REQUEST => Self::Invalid,
            HResult::DISK_FULL | HResult::DISK_FULL_AS_PRINTED => Self::DiskFull,
            HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH | HResult::BG_E_SERVER_EXECUTE_ENABLE => Self::NoEndpoint,
            HResult::BG_E_STRING_TOO_LONG => Self::NameTooLong,
            _ => return None,
        })
    }

    /// Whether the same request may be taken later.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::DiskFull | Self::Unavailable | Self::ApplicationUnavailable)
    }

    /// Whether the session is of no use after this.
    #[must_use]
    pub fn cancels_session(self) -> bool {
        matches!(
            self,
            Self::Permission | Self::FileTooLarge | Self::FragmentTooLarge | Self::Invalid | Self::ApplicationRejected
        )
    }
}

/// MC-BUP 2.2.1.2: the application's own status decides.
fn by_application(status: StatusCode) -> Refusal {
    let transient = match status.as_u16() {
        300..=305 | 307 | 501 | 505 => false,
        306 | 308..=399 | 408 | 409 | 500..=599 => true,
        _ => false,
    };
    if transient { Refusal::ApplicationUnavailable } else { Refusal::ApplicationRejected }
}

/// HTTP alone, without a usable code. The meaning of such a status for a fragment's size, or for the session, is
/// decided where failed attempts are read: a 404 page is also how IIS refuses a large body (404.13).
fn by_status(error: &BitsError, packet: PacketKind) -> Refusal {
    match error.status.as_u16() {
        401 => Refusal::Authentication,
        407 => Refusal::ProxyAuthentication,
        403 => Refusal::Permission,
        409 if packet.is_opening() => Refusal::Permission,
        413 if packet == PacketKind::Fragment => Refusal::FragmentTooLarge,
        404 | 405 | 501 | 505 => Refusal::NoEndpoint,
        414 => Refusal::NameTooLong,
        // 409: within a session the conflict is with a request of ours that a lost connection delayed.
        408 | 409 | 425 | 429 | 500..=599 => Refusal::Unavailable,
        400 | 411 if error.is_from_bits() => Refusal::Invalid,
        // Without a word of BITS, a web server or a proxy answered that does not know the packet.
        _ if packet.is_opening() => Refusal::NoEndpoint,
        _ => Refusal::Invalid,
    }
}

/// Responses that count as none: they came from something else, or cannot be told from ones that did.
pub(super) fn counts_as_lost(error: &AckError) -> bool {
    matches!(error, AckError::NotAnAck { .. } | AckError::NotHttp11 | AckError::Ambiguous(_) | AckError::OtherSession)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authentication => "authentication is required",
            Self::ProxyAuthentication => "the proxy requires authentication",
            Self::Permission => "permission denied, or the file exists",
            Self::NoEndpoint => "no BITS uploads at this URL",
            Self::FileTooLarge => "the file is larger than the server allows",
            Self::FragmentTooLarge => "the fragment is larger than the server allows",
            Self::SessionNotFound => "the server does not know the session",
            Self::NameTooLong => "the URL or name is too long",
            Self::Invalid => "the server rejected the request as invalid",
            Self::DiskFull => "the server's disk is full",
            Self::Unavailable => "the server cannot process it now",
            Self::ApplicationRejected => "the server's application rejected the file",
            Self::ApplicationUnavailable => "the server's application cannot take the file now",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(packet: PacketKind, status: u16, code: u32, context: Option<ErrorContext>) -> Refusal {
        let error = BitsError {
            status: StatusCode::from_u16(status).expect("a status"),
            code: (code != 0).then_some(HResult(code)),
            context,
            is_ack: code != 0,
            answerer: Box::default(),
        };
        Refusal::classify(&error, packet)
    }

    #[test]
    fn codes_decide_before_the_status() {
        let server = Some(ErrorContext::Server);
        for (status, code, expected) in [
            (500, 0x8020_001F, Refusal::SessionNotFound),
            (403, 0x8007_0005, Refusal::Permission),
            (501, 0x8007_0005, Refusal::NoEndpoint),
            (401, 0x8007_0005, Refusal::Authentication),
            (500, 0x8020_0020, Refusal::FileTooLarge),
            (400, 0x8007_0057, Refusal::Invalid),
            (500, 0x8007_0057, Refusal::Unavailable),
            (500, 0x8007_0070, Refusal::DiskFull),
            (500, 0x8007_0112, Refusal::DiskFull),
            (400, 0x8020_0022, Refusal::NoEndpoint),
            (403, 0x8020_0023, Refusal::NoEndpoint),
            (400, 0x8020_0021, Refusal::NameTooLong),
            (500, 0x8000_4005, Refusal::Unavailable),
        ] {
            assert_eq!(refusal(PacketKind::CreateSession, status, code, server), expected, "{status} {code:x}");
        }
    }

    #[test]
    fn http_alone_means_what_it_says_before_a_session() {
        for packet in [PacketKind::Ping, PacketKind::CreateSession] {
            for (status, expected) in [
                (400, Refusal::NoEndpoint),
                (401, Refusal::Authentication),
                (407, Refusal::ProxyAuthentication),
                (403, Refusal::Permission),
                (404, Refusal::NoEndpoint),
                (405, Refusal::NoEndpoint),
                (501, Refusal::NoEndpoint),
                (505, Refusal::NoEndpoint),
                (409, Refusal::Permission),
                (408, Refusal::Unavailable),
                (425, Refusal::Unavailable),
                (429, Refusal::Unavailable),
                (503, Refusal::Unavailable),
                (411, Refusal::NoEndpoint),
                (414, Refusal::NameTooLong),
                (302, Refusal::NoEndpoint),
            ] {
                assert_eq!(refusal(packet, status, 0, None), expected, "{packet} {status}");
            }
        }
    }

    #[test]
    fn a_conflict_within_a_session_is_with_a_request_that_came_late() {
        for packet in [PacketKind::Fragment, PacketKind::CloseSession] {
            assert_eq!(refusal(packet, 409, 0, None), Refusal::Unavailable, "{packet}");
        }
    }

    #[test]
    fn only_413_says_that_a_fragment_is_too_large() {
        assert_eq!(refusal(PacketKind::Fragment, 413, 0, None), Refusal::FragmentTooLarge);
        assert_eq!(refusal(PacketKind::Fragment, 403, 0, None), Refusal::Permission);
        assert_eq!(refusal(PacketKind::Fragment, 404, 0, None), Refusal::NoEndpoint);
    }

    #[test]
    fn the_applications_status_decides_whether_it_is_final() {
        let application = Some(ErrorContext::RemoteApplication);
        for status in [300, 305, 307, 400, 403, 404, 501, 505] {
            assert_eq!(refusal(PacketKind::Fragment, status, 5, application), Refusal::ApplicationRejected, "{status}");
        }
        for status in [306, 308, 408, 409, 500, 503] {
            assert_eq!(
                refusal(PacketKind::Fragment, status, 5, application),
                Refusal::ApplicationUnavailable,
                "{status}"
            );
        }
    }
}
