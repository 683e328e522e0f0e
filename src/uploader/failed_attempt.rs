//! The one table of which responses and losses are retried ([`FailedAttempt::class`]). The meaning of a status and an
//! HRESULT by themselves is in `refusal`; how the next try is made is in `recovery`.
//!
//! The rules are numbered R1 to R10 in `docs/reliability.md`.

use std::fmt;

use http::{Response, StatusCode};

use crate::exchange::{TransportError, TransportErrorKind};
use crate::protocol::{AckError, BitsError, PacketKind, PacketResponse};

use super::backoff::{Hint, retry_after};
use super::error::UploadError;
use super::refusal::{Refusal, counts_as_lost};
use super::reply::ReplyError;
use super::verify::Unverified;

/// An exchange that went wrong while the same upload may still succeed.
#[derive(Debug)]
pub(super) struct FailedAttempt {
    pub(super) cause: UploadError,
    pub(super) hint: Hint,
}

/// The class of a failed attempt within a session, whichever packet it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureClass {
    /// The server does not know the session.
    SessionGone,
    /// The path or the server is out of order. Never a sign that the session is lost, however often (R5).
    Outage,
    /// A page of something before the server, such as a firewall: no sign that the session is lost either. A new session
    /// would meet it again after everything was sent twice.
    Page,
    /// A server that has forgotten the session may answer like that, and so may one that is out of order.
    Doubtful,
    /// The body is too large, says the peer.
    TooLarge,
    /// Another try does not mend it.
    Final,
}

/// Reads well after "within a session: ".
impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionGone => "the session is lost; a new one is opened, and the file sent from its beginning",
            Self::Outage => "an outage; the same session is tried again with back-off",
            Self::Page => {
                "a page of something before the server; tried again with back-off, and with smaller fragments if a small one passes"
            }
            Self::Doubtful => {
                "an outage, a fragment that is too large, or a lost session; small fragments and Pings tell which"
            }
            Self::TooLarge => "the fragment is too large; smaller ones are sent, down to 5 KiB",
            Self::Final => "final",
        })
    }
}

impl FailedAttempt {
    /// With nothing known of when the next try may help.
    pub(super) fn of(cause: UploadError) -> Self {
        Self { cause, hint: Hint::default() }
    }

    /// No response came.
    pub(super) fn lost(packet: PacketKind, error: TransportError) -> Self {
        let at_once = error.closed_by_peer || (packet != PacketKind::Fragment && error.is_stale_connection());
        Self { cause: UploadError::Lost { packet, error }, hint: Hint { at_once, ..Hint::default() } }
    }

    /// The peer refused.
    pub(super) fn refused(packet: PacketKind, error: BitsError, response: &Response<()>) -> Self {
        let refusal = Refusal::classify(&error, packet);
        let hint =
            Hint { after: retry_after(response.headers()), slowly: refusal == Refusal::DiskFull, at_once: false };
        Self { cause: UploadError::Refused { packet, refusal, error }, hint }
    }

    /// The outcome of a response to `packet`, read as `ack`: the Ack, or a failed attempt. A response that is neither
    /// ends the upload, unless `may_be_odd` says that it may come from something else.
    pub(super) fn or_ack<T>(
        packet: PacketKind,
        ack: Result<PacketResponse<T>, AckError>,
        response: &Response<()>,
        may_be_odd: impl FnOnce(&AckError) -> bool,
    ) -> Result<Result<T, Self>, UploadError> {
        match ack {
            Ok(PacketResponse::Ack(ack)) => Ok(Ok(ack)),
            Ok(PacketResponse::Refused(error)) => Ok(Err(Self::refused(packet, error, response))),
            Err(error) if may_be_odd(&error) => Ok(Err(Self::of(UploadError::BadResponse { packet, error }))),
            Err(error) => Err(UploadError::BadResponse { packet, error }),
        }
    }

    /// The same cause, with the next try at once unless the server said when.
    pub(super) fn at_once(self) -> Self {
        let at_once = self.hint.after.is_none() && !self.hint.slowly;
        Self { hint: Hint { at_once, ..self.hint }, ..self }
    }

    /// The table (R4, R5): what this says within a session.
    pub(super) fn class(&self) -> FailureClass {
        match &self.cause {
            UploadError::Refused { refusal, error, .. } => refusal.class(error),
            UploadError::BadResponse { error, .. } if counts_as_lost(error) => FailureClass::Outage,
            UploadError::Lost { error, .. } if is_final(error) => FailureClass::Final,
            UploadError::Lost { error, .. } if is_silence(error) => FailureClass::Doubtful,
            UploadError::Lost { .. } | UploadError::Redirected { .. } | UploadError::NoProgress { .. } => {
                FailureClass::Outage
            }
            // GET and HEAD: the reply, and what is at the destination.
            UploadError::Reply(ReplyError::Status(status)) | UploadError::Unverified(Unverified::Status(_, status)) => {
                of_status(*status)
            }
            UploadError::Reply(ReplyError::Lost(error)) | UploadError::Unverified(Unverified::Lost(_, error)) => {
                if is_final(error) {
                    FailureClass::Final
                } else {
                    FailureClass::Outage
                }
            }
            UploadError::Reply(ReplyError::BadResponse(_)) => FailureClass::Outage,
            _ => FailureClass::Final,
        }
    }

    /// HTTP's status of a refusal.
    pub(super) fn status(&self) -> Option<StatusCode> {
        match &self.cause {
            UploadError::Refused { error, .. } => Some(error.status),
            _ => None,
        }
    }

    /// Whether a BITS server calls the request itself wrong.
    pub(super) fn is_bad_request_from_bits(&self) -> bool {
        self.status() == Some(StatusCode::BAD_REQUEST) && self.is_from_bits()
    }

    /// Whether a gateway could not reach the server behind it.
    pub(super) fn is_from_gateway(&self) -> bool {
        let status = self.status().map(|status| status.as_u16());
        matches!(status, Some(502..=504)) && !self.is_from_bits()
    }

    /// Whether the refusal comes from BITS rather than from something before it.
    pub(super) fn is_from_bits(&self) -> bool {
        matches!(&self.cause, UploadError::Refused { error, .. } if error.is_from_bits())
    }
}

impl Refusal {
    /// The class of this refusal, of any packet within a session.
    #[must_use]
    pub fn class(self, error: &BitsError) -> FailureClass {
        let status = error.status.as_u16();
        match self {
            Refusal::SessionNotFound => FailureClass::SessionGone,
            Refusal::FragmentTooLarge => FailureClass::TooLarge,
            // A plain 500, or one with a code of no known meaning, is also how lost sessions are reported.
            Refusal::Unavailable if status == 500 => FailureClass::Doubtful,
            Refusal::Unavailable | Refusal::DiskFull | Refusal::ApplicationUnavailable => FailureClass::Outage,
            // So is a 400, by servers that find nothing where the session was.
            Refusal::Invalid if status == 400 => FailureClass::Doubtful,
            _ if error.is_from_bits() => FailureClass::Final,
            // A captive portal, which goes away once a user has signed in there.
            _ if error.status.is_redirection() => FailureClass::Outage,
            _ if matches!(status, 404 | 410) => FailureClass::Doubtful,
            Refusal::Permission | Refusal::NoEndpoint => FailureClass::Page,
            // 411: each packet has its Content-Length, so another try is no other request.
            Refusal::Invalid if status != 411 => FailureClass::Page,
            _ => FailureClass::Final,
        }
    }
}

/// A GET has no HRESULT and no session: only a busy server may answer better later.
fn of_status(status: StatusCode) -> FailureClass {
    let is_fatal = matches!(status, StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED);
    let is_busy = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS].contains(&status);
    if is_busy || (status.is_server_error() && !is_fatal) { FailureClass::Outage } else { FailureClass::Final }
}

/// The request went out, and nothing came back: in time, or before the connection was closed.
fn is_silence(error: &TransportError) -> bool {
    let kind = matches!(error.kind, TransportErrorKind::TimedOut(_) | TransportErrorKind::Cut);
    kind && error.request_was_sent && !error.response_began && !error.closed_by_peer
}

/// Losses that another try does not mend, also once a session exists: decisions about trust, and a machine that is short
/// of something (R8).
pub(super) fn is_final(error: &TransportError) -> bool {
    error.is_about_trust() || error.kind == TransportErrorKind::Local
}

/// Whether a loss before there is a session is final: the address is wrong rather than the network down (R8).
pub(super) fn is_final_at_first(error: &TransportError) -> bool {
    is_final(error)
        || matches!(
            error.kind,
            TransportErrorKind::UnknownHost | TransportErrorKind::ProxyRefused | TransportErrorKind::Tls(_)
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_silence_may_be_the_servers_word_about_the_session() {
        let class = |error: TransportError| {
            FailedAttempt { cause: UploadError::Lost { packet: PacketKind::Fragment, error }, hint: Hint::default() }
                .class()
        };
        let silent = TransportError::after_request(TransportErrorKind::Cut, "");
        assert_eq!(class(silent.clone()), FailureClass::Doubtful);
        assert_eq!(class(TransportError { request_was_sent: false, ..silent }), FailureClass::Outage);
    }

    #[test]
    fn silence_is_a_request_that_went_out_and_no_response() {
        let silent = TransportError::after_request(TransportErrorKind::Cut, "");
        assert!(is_silence(&silent));
        assert!(is_silence(&TransportError {
            kind: TransportErrorKind::TimedOut(std::time::Duration::ZERO),
            ..silent.clone()
        }));
        assert!(!is_silence(&TransportError { kind: TransportErrorKind::BadResponse, ..silent.clone() }));
        assert!(!is_silence(&TransportError { request_was_sent: false, ..silent.clone() }));
        assert!(!is_silence(&TransportError { response_began: true, ..silent.clone() }));
        assert!(!is_silence(&TransportError { closed_by_peer: true, ..silent }));
    }

    #[test]
    fn a_kept_connection_that_was_gone_costs_only_a_body_a_pause() {
        let stale =
            TransportError { reused_connection: true, ..TransportError::after_request(TransportErrorKind::Cut, "") };
        assert!(FailedAttempt::lost(PacketKind::Ping, stale.clone()).hint.at_once);
        assert!(!FailedAttempt::lost(PacketKind::Fragment, stale).hint.at_once);
    }

    #[test]
    fn a_response_that_is_no_ack_ends_the_upload_unless_it_may_be_odd() {
        let read = |may_be_odd: bool| {
            let ack: Result<PacketResponse<()>, _> = Err(AckError::NoSessionId);
            FailedAttempt::or_ack(PacketKind::CreateSession, ack, &Response::new(()), |_| may_be_odd)
        };
        assert!(matches!(read(false), Err(UploadError::BadResponse { .. })));
        assert!(matches!(read(true), Ok(Err(FailedAttempt { cause: UploadError::BadResponse { .. }, .. }))));
    }

    #[test]
    fn an_ack_of_another_session_is_an_outage_and_a_wrong_offset_final() {
        let class = |error| FailedAttempt::of(UploadError::BadResponse { packet: PacketKind::Fragment, error }).class();
        assert_eq!(class(AckError::OtherSession), FailureClass::Outage);
        assert_eq!(class(AckError::BadOffset("x".to_owned())), FailureClass::Final);
    }

    #[test]
    fn an_unknown_refusal_is_a_page_but_for_a_missing_length() {
        let class = |status| {
            let mut response = Response::new(());
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            FailedAttempt::refused(PacketKind::Fragment, BitsError::of(&response), &response).class()
        };
        assert_eq!(class(451), FailureClass::Page);
        assert_eq!(class(411), FailureClass::Final);
    }
}
