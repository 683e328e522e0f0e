//! Faults that TLS found, in words: the cause, and what the other side showed.

use std::io;
use std::time::{Duration, SystemTime};

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription as Alert, CertificateError, Error};

use crate::exchange::{CertificateWanted, TlsFault, TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;
use crate::transport::error::tls_error;
use crate::transport::speech::{is_tls, of_stranger};

use super::pin::PinMismatch;
use super::trust::{SelfSigned, is_authority_as_server};

/// Names of a certificate that are shown.
const MAX_NAMES: usize = 8;

pub(super) struct Circumstances<'a> {
    pub(super) host: &'a str,
    /// The first bytes that the server sent.
    pub(super) first: &'a [u8],
    pub(super) wanted: Option<CertificateWanted>,
    pub(super) sent_certificate: bool,
    /// The server has answered a request with success before: who the client is was good enough.
    pub(super) was_let_in: bool,
}

/// An error of the handshake. Whatever TLS itself finds wrong there will be wrong again.
pub(super) fn of_handshake(error: &io::Error, circumstances: &Circumstances<'_>) -> TransportError {
    match tls_error(error) {
        Some(tls) => explain(tls, circumstances),
        // Less than a record came.
        None if is_stranger(circumstances) => {
            TransportError::new(Kind::Tls(TlsFault::NotTls), of_stranger(circumstances.first, "TLS"))
        }
        None => cut(TransportError::of_io(error), circumstances),
    }
}

fn is_stranger(circumstances: &Circumstances<'_>) -> bool {
    !circumstances.first.is_empty() && !is_tls(circumstances.first)
}

/// An error later on. An error that may come from a corrupted or torn stream may not happen again.
pub(super) fn in_use(error: &io::Error, circumstances: &Circumstances<'_>) -> TransportError {
    match tls_error(error) {
        Some(tls) if is_lasting(tls) || (circumstances.wanted.is_some() && !circumstances.was_let_in) => {
            explain(tls, circumstances)
        }
        Some(tls) => TransportError::new(Kind::Cut, explain(tls, circumstances).detail),
        None => cut(TransportError::of_io(error), circumstances),
    }
}

/// A connection that ends without a word may have ended for want of a certificate; or not.
pub(super) fn cut(fault: TransportError, circumstances: &Circumstances<'_>) -> TransportError {
    match circumstances.wanted {
        Some(CertificateWanted::ByRenegotiation) => {
            TransportError::new(Kind::Tls(TlsFault::Renegotiation), RENEGOTIATION)
        }
        Some(CertificateWanted::AtHandshake) if fault.kind == Kind::Cut => TransportError::new(
            fault.kind,
            format!("{}; it had asked for a client certificate, and --cert gives none", fault.detail),
        ),
        _ => fault,
    }
}

pub(in crate::transport) const RENEGOTIATION: &str =
    "the server asked for a client certificate by renegotiation, a second handshake that bitsup does not do";

fn is_lasting(error: &Error) -> bool {
    match error {
        Error::AlertReceived(alert) => !matches!(
            alert,
            Alert::BadRecordMac
                | Alert::DecodeError
                | Alert::DecryptError
                | Alert::DecryptionFailed
                | Alert::InternalError
                | Alert::RecordOverflow
                | Alert::UnexpectedMessage
                | Alert::UserCanceled
        ),
        Error::InvalidCertificate(_)
        | Error::NoCertificatesPresented
        | Error::PeerIncompatible(_)
        | Error::UnsupportedNameType => true,
        _ => false,
    }
}

fn explain(error: &Error, circumstances: &Circumstances<'_>) -> TransportError {
    let (fault, text) = match error {
        error if is_authority_as_server(error) => (
            TlsFault::UnknownAuthority,
            "the server shows the certificate of an authority, and this machine does not trust it".to_owned(),
        ),
        Error::InvalidCertificate(error) => certificate(error, circumstances.host),
        Error::AlertReceived(alert) => self::alert(*alert, circumstances),
        Error::PeerIncompatible(reason) => {
            (TlsFault::Incompatible, format!("the server speaks neither TLS 1.2 nor 1.3 as bitsup does ({reason:?})"))
        }
        Error::NoCertificatesPresented => (TlsFault::BadCertificate, "the server showed no certificate".to_owned()),
        Error::InvalidMessage(_) if is_stranger(circumstances) => {
            (TlsFault::NotTls, of_stranger(circumstances.first, "TLS"))
        }
        other => (TlsFault::Other, other.to_string()),
    };
    TransportError::new(Kind::Tls(fault), escape(text))
}

fn certificate(error: &CertificateError, host: &str) -> (TlsFault, String) {
    let expired = |end| (TlsFault::Expired, untimely("expired", " on", end));
    let early = |begin| (TlsFault::NotYetValid, untimely("is not valid yet", ", but from", begin));
    match error {
        CertificateError::UnknownIssuer => (
            TlsFault::UnknownAuthority,
            "the server's certificate is signed by an authority that this machine does not trust".to_owned(),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names = join(presented);
            let has = if names.is_empty() { "no name".to_owned() } else { names };
            if presented.iter().any(|name| name.starts_with("DnsName") && plain(name) == host) {
                let text = format!("the server's certificate has {host} as a DNS name, not as an IP address");
                return (TlsFault::WrongName, text);
            }
            (TlsFault::WrongName, format!("the server's certificate is not for {host}, but for {has}"))
        }
        CertificateError::NotValidForName => {
            (TlsFault::WrongName, format!("the server's certificate is not for {host}"))
        }
        CertificateError::ExpiredContext { not_after, .. } => expired(Some(*not_after)),
        CertificateError::Expired => expired(None),
        CertificateError::NotValidYetContext { not_before, .. } => early(Some(*not_before)),
        CertificateError::NotValidYet => early(None),
        CertificateError::Other(other) => {
            if let Some(mismatch) = other.0.downcast_ref::<PinMismatch>() {
                (TlsFault::Pin, mismatch.to_string())
            } else if let Some(self_signed) = other.0.downcast_ref::<SelfSigned>() {
                (TlsFault::SelfSigned, self_signed.to_string())
            } else {
                (TlsFault::BadCertificate, format!("the server's certificate is not accepted: {}", other.0))
            }
        }
        other => (TlsFault::BadCertificate, format!("the server's certificate is not accepted: {other}")),
    }
}

/// The certificate's time is over or has not begun; the `limit` that it names follows `before`.
fn untimely(what: &str, before: &str, limit: Option<UnixTime>) -> String {
    let when = limit.map(|limit| format!("{before} {}", date(limit))).unwrap_or_default();
    format!("the server's certificate {what}{when}; this machine's clock says {}", date(UnixTime::now()))
}

fn date(time: UnixTime) -> String {
    // Certificates may name years that the calendar of HTTP does not have.
    let seconds = time.as_secs().min(253_402_300_799);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn alert(alert: Alert, circumstances: &Circumstances<'_>) -> (TlsFault, String) {
    let about_certificate = means_certificate(alert) || (may_mean_certificate(alert) && !circumstances.was_let_in);
    if alert == Alert::CertificateRequired || (circumstances.wanted.is_some() && about_certificate) {
        if circumstances.wanted == Some(CertificateWanted::ByRenegotiation) {
            return (TlsFault::Renegotiation, RENEGOTIATION.to_owned());
        }
        let text = format!("the server requires a client certificate (TLS alert {alert:?})");
        return (TlsFault::CertificateWanted, text);
    }
    if circumstances.sent_certificate && about_certificate {
        let text = format!("the server does not accept the client certificate (TLS alert {alert:?})");
        return (TlsFault::CertificateRefused, text);
    }
    match alert {
        Alert::ProtocolVersion => {
            (TlsFault::Incompatible, "the server speaks neither TLS 1.2 nor 1.3 (TLS alert ProtocolVersion)".to_owned())
        }
        Alert::InsufficientSecurity | Alert::HandshakeFailure => {
            (TlsFault::Incompatible, format!("the server has no cipher in common with bitsup (TLS alert {alert:?})"))
        }
        _ => (TlsFault::Other, format!("the server refused with the TLS alert {alert:?}")),
    }
}

/// Alerts that are about the peer's certificate.
fn means_certificate(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
    )
}

/// Alerts by which some servers ask for a certificate or refuse one, and say other things too.
fn may_mean_certificate(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::HandshakeFailure
            | Alert::AccessDenied
            | Alert::DecryptError
            | Alert::InternalError
            | Alert::NoRenegotiation
    )
}

/// The names that a certificate is for, as the library tells them: when it is not for the one that is asked for.
pub(super) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let nobody = ServerName::try_from("nobody.invalid");
    let (Ok(parsed), Ok(nobody)) = (ParsedCertificate::try_from(certificate), nobody) else { return Vec::new() };
    match verify_server_name(&parsed, &nobody) {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            presented.iter().map(|name| plain(name)).collect()
        }
        _ => Vec::new(),
    }
}

fn join(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| plain(name)).collect();
    if names.len() > MAX_NAMES {
        shown.push(format!("{} more", names.len() - MAX_NAMES));
    }
    shown.join(", ")
}

/// `DnsName("host")` and `IpAddress(192.0.2.1)` as people write them.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    escape(inner.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::TransportError;

    fn circumstances(wanted: Option<CertificateWanted>, sent_certificate: bool) -> Circumstances<'static> {
        Circumstances { host: "h", first: &[22, 3, 3], wanted, sent_certificate, was_let_in: false }
    }

    #[test]
    fn a_server_that_let_a_request_in_means_something_else() {
        let asked = Some(CertificateWanted::AtHandshake);
        for (wanted, sent_certificate) in [(asked, false), (None, true)] {
            let after = Circumstances { was_let_in: true, ..circumstances(wanted, sent_certificate) };
            for alert in [Alert::HandshakeFailure, Alert::InternalError, Alert::AccessDenied, Alert::UnrecognisedName] {
                let error = io::Error::other(Error::AlertReceived(alert));
                for fault in [of_handshake(&error, &after), in_use(&error, &after)] {
                    let is_about_trust = TransportError::new(fault.kind, "").is_about_trust();
                    assert!(!is_about_trust, "{alert:?}: {:?}", fault.kind);
                }
            }
            let error = io::Error::other(Error::AlertReceived(Alert::CertificateExpired));
            assert!(TransportError::new(of_handshake(&error, &after).kind, "").is_about_trust());
        }
    }

    #[test]
    fn a_certificate_that_is_bad_in_another_way_is_no_passing_fault() {
        for error in [CertificateError::Revoked, CertificateError::BadEncoding, CertificateError::BadSignature] {
            let fault = explain(&Error::InvalidCertificate(error), &circumstances(None, false));
            assert_eq!(fault.kind, Kind::Tls(TlsFault::BadCertificate));
        }
    }

    #[test]
    fn only_first_bytes_of_something_else_are_no_tls() {
        let malformed = Error::InvalidMessage(rustls::InvalidMessage::MessageTooShort);
        assert_eq!(explain(&malformed, &circumstances(None, false)).kind, Kind::Tls(TlsFault::Other));
        let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(of_handshake(&cut(), &circumstances(None, false)).kind, Kind::Cut);
        for first in [&b"H"[..], b"\x05\xff", b"<html>"] {
            let stranger = Circumstances { first, ..circumstances(None, false) };
            assert_eq!(of_handshake(&cut(), &stranger).kind, Kind::Tls(TlsFault::NotTls));
            assert_eq!(explain(&malformed, &stranger).kind, Kind::Tls(TlsFault::NotTls));
        }
        let nothing = Circumstances { first: b"", ..circumstances(None, false) };
        assert_eq!(of_handshake(&cut(), &nothing).kind, Kind::Cut);
    }

    #[test]
    fn refusals_last_and_torn_streams_do_not() {
        let kind = |error: Error| in_use(&io::Error::other(error), &circumstances(None, false)).kind;
        assert_eq!(kind(Error::AlertReceived(Alert::CertificateRequired)), Kind::Tls(TlsFault::CertificateWanted));
        assert_eq!(kind(Error::AlertReceived(Alert::UnknownCA)), Kind::Tls(TlsFault::Other));
        assert_eq!(kind(Error::AlertReceived(Alert::BadRecordMac)), Kind::Cut);
        assert_eq!(kind(Error::DecryptError), Kind::Cut);
        let fault = of_handshake(&io::Error::other(Error::DecryptError), &circumstances(None, false));
        assert_eq!(fault.kind, Kind::Tls(TlsFault::Other));
    }

    #[test]
    fn an_alert_means_what_was_asked_for() {
        let kind = |alert, wanted, sent| explain(&Error::AlertReceived(alert), &circumstances(wanted, sent)).kind;
        let asked = Some(CertificateWanted::AtHandshake);
        assert_eq!(kind(Alert::HandshakeFailure, asked, false), Kind::Tls(TlsFault::CertificateWanted));
        assert_eq!(kind(Alert::HandshakeFailure, None, false), Kind::Tls(TlsFault::Incompatible));
        assert_eq!(kind(Alert::UnknownCA, None, true), Kind::Tls(TlsFault::CertificateRefused));
        assert_eq!(kind(Alert::ProtocolVersion, None, false), Kind::Tls(TlsFault::Incompatible));
        let again = Some(CertificateWanted::ByRenegotiation);
        assert_eq!(kind(Alert::HandshakeFailure, again, false), Kind::Tls(TlsFault::Renegotiation));
    }

    #[test]
    fn a_cut_connection_is_tried_again_whether_a_certificate_was_wanted_or_not() {
        let reset = || TransportError::of_io(&io::ErrorKind::ConnectionReset.into());
        let fault = cut(reset(), &circumstances(Some(CertificateWanted::AtHandshake), false));
        assert!(fault.kind == Kind::Cut && fault.detail.contains("--cert"), "{}", fault.detail);
        assert!(!cut(reset(), &circumstances(None, false)).detail.contains("--cert"));
    }

    #[test]
    fn names_read_as_people_write_them() {
        assert_eq!(plain("DnsName(\"a.example\")"), "a.example");
        assert_eq!(plain("IpAddress(192.0.2.1)"), "192.0.2.1");
        let many: Vec<_> = (0..10).map(|i| format!("DnsName(\"h{i}\")")).collect();
        assert!(join(&many).ends_with("h7, 2 more"));
    }
}
