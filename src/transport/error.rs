//! From what went wrong to the few kinds that call for different reactions.

use std::fmt;
use std::io;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;

/// On its way through the HTTP library an error has a kind and a detail; [`ExchangeFacts::loss`] adds the rest.
///
/// [`ExchangeFacts::loss`]: super::exchange_log::ExchangeFacts::loss
impl TransportError {
    pub(super) fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "")
    }

    /// An error of a connection in use, but for what TLS says.
    pub(super) fn of_io(error: &io::Error) -> Self {
        let kind = if is_shortage(error) { Kind::Local } else { Kind::Cut };
        Self::new(kind, words(error))
    }

    /// An error of a connection that is being made.
    pub(super) fn of_connecting(error: &io::Error) -> Self {
        Self::new(if is_shortage(error) { Kind::Local } else { Kind::Connect }, words(error))
    }

    /// Something that a proxy did, or that was done to reach one.
    pub(super) fn at(self, proxy: &dyn fmt::Display) -> Self {
        if self.is_interruption() { self } else { Self { proxy: Some(escape(proxy.to_string()).into()), ..self } }
    }

    /// With more words in front.
    pub(super) fn before(self, words: &str) -> Self {
        let detail = if self.detail.is_empty() {
            words.trim_end_matches([':', ' ']).to_owned()
        } else {
            format!("{words}{}", self.detail)
        };
        Self { detail, ..self }
    }

    /// With more words behind.
    pub(super) fn after(self, words: &str) -> Self {
        Self { detail: format!("{}{words}", self.detail), ..self }
    }

    pub(super) fn is_interruption(&self) -> bool {
        self.kind == Kind::Interrupted
    }

    /// An error of a response's body. That one of the connection is among them is told by its type alone.
    pub(super) fn of_body(error: io::Error) -> Self {
        match error.downcast::<ureq::Error>() {
            Ok(error) => Self::from(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::new(Kind::Cut, "the response ended before its length")
            }
            Err(error) => Self::of_io(&error),
        }
    }
}

impl From<TransportError> for ureq::Error {
    fn from(error: TransportError) -> Self {
        Self::Other(Box::new(error))
    }
}

impl From<ureq::Error> for TransportError {
    fn from(error: ureq::Error) -> Self {
        let text = escape(error.to_string());
        match error {
            ureq::Error::Other(other) => match other.downcast::<TransportError>() {
                Ok(error) => *error,
                Err(_) => Self::new(Kind::Cut, text),
            },
            ureq::Error::Protocol(_) | ureq::Error::Http(_) | ureq::Error::LargeResponseHeader(..) => {
                Self::new(Kind::BadResponse, text)
            }
            ureq::Error::HostNotFound => Self::new(Kind::UnknownHost, ""),
            // The connection's own errors do not come this way: this is the body that could not be read.
            ureq::Error::Io(_) => Self::new(Kind::Local, text),
            _ => Self::new(Kind::Cut, text),
        }
    }
}

/// TLS speaks through the reader and writer of the connection; its errors come wrapped.
pub(super) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// The most frequent errors have their usual names, on every system.
fn words(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset",
        io::ErrorKind::ConnectionAborted => "connection aborted",
        io::ErrorKind::HostUnreachable => "host unreachable",
        io::ErrorKind::NetworkUnreachable => "network unreachable",
        io::ErrorKind::TimedOut => "timed out",
        _ => return escape(error.to_string()),
    };
    known.to_owned()
}

/// No memory, or `EMFILE` and `ENFILE`, which have no stable kind yet.
fn is_shortage(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || (cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24)))
}

#[cfg(test)]
mod tests {
    use super::super::exchange_log::ExchangeFacts;
    use super::*;

    #[test]
    fn connecting_and_being_cut_off_are_told_apart() {
        let refused = io::ErrorKind::ConnectionRefused.into();
        assert_eq!(TransportError::of_connecting(&refused).kind, Kind::Connect);
        assert_eq!(TransportError::of_io(&io::ErrorKind::ConnectionReset.into()).kind, Kind::Cut);
        #[cfg(unix)]
        assert_eq!(TransportError::of_connecting(&io::Error::from_raw_os_error(24)).kind, Kind::Local);
    }

    #[test]
    fn a_fault_survives_the_library_and_gains_the_facts() {
        let facts = ExchangeFacts { request_was_sent: true, reused_connection: true, ..ExchangeFacts::default() };
        let error = facts.loss(TransportError::from(ureq::Error::from(TransportError::new(Kind::Cut, "why"))));
        assert_eq!(error.to_string(), "the connection to the server broke: why");
        assert!(error.request_was_sent && error.is_stale_connection());
        assert_eq!(TransportError::from(ureq::Error::Io(io::ErrorKind::NotFound.into())).kind, Kind::Local);
    }
}
