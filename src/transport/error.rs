//! From the library's errors to the few kinds that call for different reactions.

use std::io;

use crate::protocol::text::escape;
use crate::protocol::{TransportError, TransportErrorKind as Kind};

use super::Settings;
use super::resolver::LookupError;

/// Sorts an error of the HTTP library.
pub(super) fn sort(error: &ureq::Error, settings: &Settings) -> TransportError {
    let before = |kind| TransportError::before_request(kind, escape(error.to_string()));
    let after = |kind| TransportError::after_request(kind, escape(error.to_string()));
    match error {
        ureq::Error::Io(error) => sort_io(error, settings),
        ureq::Error::HostNotFound => TransportError::before_request(Kind::UnknownHost, ""),
        ureq::Error::ConnectionFailed => before(Kind::Connect),
        ureq::Error::Timeout(timeout) => sort_timeout(*timeout, settings),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) | ureq::Error::TlsRequired => {
            before(Kind::Tls)
        }
        ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
            after(Kind::BadAnswer)
        }
        ureq::Error::Other(other) => match other.downcast_ref::<LookupError>() {
            Some(lookup) => sort_lookup(lookup),
            None => after(Kind::Cut),
        },
        _ => after(Kind::Cut),
    }
}

fn sort_io(error: &io::Error, settings: &Settings) -> TransportError {
    use io::ErrorKind;
    let detail = escape(error.to_string());
    if is_tls(error) {
        return TransportError::before_request(Kind::Tls, detail);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::AddrNotAvailable
        | ErrorKind::NetworkDown => TransportError::before_request(Kind::Connect, detail),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => {
            TransportError::after_request(Kind::TimedOut(settings.request_timeout), "")
        }
        ErrorKind::OutOfMemory => TransportError::before_request(Kind::Local, detail),
        _ if is_out_of_descriptors(error) => TransportError::before_request(Kind::Local, detail),
        _ => TransportError::after_request(Kind::Cut, detail),
    }
}

fn sort_timeout(timeout: ureq::Timeout, settings: &Settings) -> TransportError {
    match timeout {
        ureq::Timeout::Resolve => TransportError::before_request(Kind::LookupFailed, "it took too long"),
        ureq::Timeout::Connect => TransportError::before_request(
            Kind::Connect,
            format!("none within {} s", settings.connect_timeout.as_secs()),
        ),
        ureq::Timeout::RecvResponse | ureq::Timeout::RecvBody => {
            TransportError::after_request(Kind::TimedOut(settings.response_timeout), "")
        }
        _ => TransportError::after_request(Kind::TimedOut(settings.request_timeout), ""),
    }
}

/// The standard library keeps `EAI_AGAIN` only as text.
fn sort_lookup(error: &LookupError) -> TransportError {
    let temporary = ["Temporary failure", "temporary", "Try again", "11002"].iter().any(|t| error.0.contains(t));
    let kind = if temporary { Kind::LookupFailed } else { Kind::UnknownHost };
    TransportError::before_request(kind, escape(&error.0))
}

/// TLS speaks through the reader and writer of the connection; its errors come wrapped.
fn is_tls(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}

/// `EMFILE` and `ENFILE`, which have no stable kind yet.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error: &ureq::Error) -> Kind {
        sort(error, &Settings::default()).kind
    }

    #[test]
    fn connecting_and_being_cut_off_are_told_apart() {
        let io = |kind: io::ErrorKind| ureq::Error::Io(kind.into());
        assert_eq!(kind(&io(io::ErrorKind::ConnectionRefused)), Kind::Connect);
        assert_eq!(kind(&io(io::ErrorKind::HostUnreachable)), Kind::Connect);
        assert_eq!(kind(&io(io::ErrorKind::ConnectionReset)), Kind::Cut);
        assert_eq!(kind(&io(io::ErrorKind::UnexpectedEof)), Kind::Cut);
        assert_eq!(kind(&ureq::Error::HostNotFound), Kind::UnknownHost);
    }

    #[test]
    fn a_temporary_lookup_failure_is_no_unknown_host() {
        let lookup = |text: &str| kind(&ureq::Error::Other(Box::new(LookupError(text.into()))));
        assert_eq!(
            lookup("failed to lookup address information: Temporary failure in name resolution"),
            Kind::LookupFailed
        );
        assert_eq!(lookup("failed to lookup address information: Name or service not known"), Kind::UnknownHost);
    }

    #[test]
    fn only_an_unknown_host_and_bad_certificates_are_final() {
        for kind in [Kind::LookupFailed, Kind::Connect, Kind::Cut, Kind::BadAnswer, Kind::Local] {
            assert!(TransportError::before_request(kind, "").is_transient());
        }
        for kind in [Kind::UnknownHost, Kind::Tls] {
            assert!(!TransportError::before_request(kind, "").is_transient());
        }
    }
}
