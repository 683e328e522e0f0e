//! From what went wrong to the few kinds that call for different reactions.

use std::{fmt, io};

use rustls::AlertDescription;

use crate::protocol::text::escape;
use crate::protocol::{TransportError, TransportErrorKind as Kind};

use super::exchange::Facts;

/// A loss, on its way through the HTTP library.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(super) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "")
    }

    /// An error of a connection in use.
    pub(super) fn of_io(error: &io::Error) -> Self {
        let kind = match tls_error(error) {
            Some(tls) if is_lasting(tls) => Kind::Tls,
            None if is_shortage(error) => Kind::Local,
            _ => Kind::Cut,
        };
        Self::new(kind, describe(error))
    }

    /// An error of a connection that is being made.
    pub(super) fn of_connecting(error: &io::Error) -> Self {
        Self::new(if is_shortage(error) { Kind::Local } else { Kind::Connect }, describe(error))
    }

    /// An error of the TLS handshake. Whatever TLS itself finds wrong there will be wrong again.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let kind = if tls_error(error).is_some() { Kind::Tls } else { Self::of_io(error).kind };
        Self::new(kind, describe(error))
    }

    /// An error of an answer's body. That one of the connection is among them is told by its type alone.
    pub(super) fn of_body(error: io::Error) -> Self {
        match error.downcast::<ureq::Error>() {
            Ok(error) => Self::from(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::new(Kind::Cut, "the answer ended before its length")
            }
            Err(error) => Self::of_io(&error),
        }
    }

    /// With what is known of the exchange.
    pub(super) fn during(self, facts: Facts) -> TransportError {
        TransportError {
            kind: self.kind,
            detail: self.detail,
            request_was_sent: facts.request_was_sent,
            reused_connection: facts.reused_connection,
            response_began: facts.response_began,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for ureq::Error {
    fn from(fault: Fault) -> Self {
        Self::Other(Box::new(fault))
    }
}

impl From<ureq::Error> for Fault {
    fn from(error: ureq::Error) -> Self {
        let text = escape(error.to_string());
        match error {
            ureq::Error::Other(other) => match other.downcast::<Fault>() {
                Ok(fault) => *fault,
                Err(_) => Self::new(Kind::Cut, text),
            },
            ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
                Self::new(Kind::BadAnswer, text)
            }
            ureq::Error::HostNotFound => Self::new(Kind::UnknownHost, ""),
            // The connection's own errors do not come this way: this is the body that could not be read.
            ureq::Error::Io(_) => Self::new(Kind::Local, text),
            _ => Self::new(Kind::Cut, text),
        }
    }
}

/// TLS speaks through the reader and writer of the connection; its errors come wrapped.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the same would happen again. What can be a corrupted or torn stream is not of that kind.
fn is_lasting(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::AlertReceived(alert) => !matches!(
            alert,
            AlertDescription::BadRecordMac
                | AlertDescription::DecodeError
                | AlertDescription::DecryptError
                | AlertDescription::DecryptionFailed
                | AlertDescription::InternalError
                | AlertDescription::RecordOverflow
                | AlertDescription::UnexpectedMessage
                | AlertDescription::UserCanceled
        ),
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::PeerIncompatible(_)
        | rustls::Error::UnsupportedNameType => true,
        _ => false,
    }
}

fn describe(error: &io::Error) -> String {
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            "the server wants a client certificate (TLS alert CertificateRequired)".to_owned()
        }
        Some(rustls::Error::AlertReceived(alert)) => format!("the server refused with the TLS alert {alert:?}"),
        _ => escape(error.to_string()),
    }
}

/// No memory, or `EMFILE` and `ENFILE`, which have no stable kind yet.
fn is_shortage(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || (cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_and_being_cut_off_are_told_apart() {
        let refused = io::ErrorKind::ConnectionRefused.into();
        assert_eq!(Fault::of_connecting(&refused).kind, Kind::Connect);
        assert_eq!(Fault::of_io(&io::ErrorKind::ConnectionReset.into()).kind, Kind::Cut);
        #[cfg(unix)]
        assert_eq!(Fault::of_connecting(&io::Error::from_raw_os_error(24)).kind, Kind::Local);
    }

    #[test]
    fn tls_refusals_last_and_torn_streams_do_not() {
        let kind = |error: rustls::Error| Fault::of_io(&io::Error::other(error)).kind;
        assert_eq!(kind(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)), Kind::Tls);
        assert_eq!(kind(rustls::Error::AlertReceived(AlertDescription::UnknownCA)), Kind::Tls);
        assert_eq!(kind(rustls::Error::AlertReceived(AlertDescription::BadRecordMac)), Kind::Cut);
        assert_eq!(kind(rustls::Error::DecryptError), Kind::Cut);
        assert_eq!(Fault::of_handshake(&io::Error::other(rustls::Error::DecryptError)).kind, Kind::Tls);
    }

    #[test]
    fn a_fault_survives_the_library_and_gains_the_facts() {
        let facts = Facts { request_was_sent: true, reused_connection: true, ..Facts::default() };
        let fault = Fault::from(ureq::Error::from(Fault::new(Kind::Cut, "why"))).during(facts);
        assert_eq!(fault.to_string(), "the connection was cut: why");
        assert!(fault.request_was_sent && fault.is_stale_connection());
        assert_eq!(Fault::from(ureq::Error::Io(io::ErrorKind::NotFound.into())).kind, Kind::Local);
    }
}
