//! Exchanges that end without an answer.

use std::fmt;
use std::time::Duration;

/// Why no answer came, as far as the network tells.
///
/// Whether the server got the request is unknown unless [`TransportError::request_was_sent`] says that nothing went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// The cause in the words of the layer that noticed it, escaped.
    pub detail: String,
    /// Whether any byte of the request may have reached the server.
    pub request_was_sent: bool,
}

/// The kinds of loss that call for different reactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportErrorKind {
    /// The host's name does not exist.
    UnknownHost,
    /// The name could not be looked up just now.
    LookupFailed,
    /// No connection could be made.
    Connect,
    /// The certificate was not accepted, or TLS has nothing in common.
    Tls,
    /// The connection was cut: refused, reset, closed early, also within the TLS handshake.
    Cut,
    /// The answer was not proper HTTP/1.1.
    BadAnswer,
    /// No byte moved for this long.
    TimedOut(Duration),
    /// Something on this machine: no file descriptors, no memory.
    Local,
}

impl TransportError {
    /// A loss before any byte of the request went out.
    #[must_use]
    pub fn before_request(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), request_was_sent: false }
    }

    /// A loss after which the server may have the request.
    #[must_use]
    pub fn after_request(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), request_was_sent: true }
    }

    /// Whether all that was lost may be an idle connection: the server had closed it before the request.
    #[must_use]
    pub fn was_idle_connection(&self) -> bool {
        false
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind {
            TransportErrorKind::UnknownHost | TransportErrorKind::Tls => false,
            TransportErrorKind::LookupFailed
            | TransportErrorKind::Connect
            | TransportErrorKind::Cut
            | TransportErrorKind::BadAnswer
            | TransportErrorKind::TimedOut(_)
            | TransportErrorKind::Local => true,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TransportErrorKind::UnknownHost => f.write_str("the host is not known")?,
            TransportErrorKind::LookupFailed => f.write_str("the host's name could not be looked up")?,
            TransportErrorKind::Connect => f.write_str("no connection")?,
            TransportErrorKind::Tls => f.write_str("no secure connection")?,
            TransportErrorKind::Cut => f.write_str("the connection was cut")?,
            TransportErrorKind::BadAnswer => f.write_str("the answer was not proper HTTP/1.1")?,
            TransportErrorKind::TimedOut(limit) => write!(f, "no byte moved for {} s", limit.as_secs_f32())?,
            TransportErrorKind::Local => f.write_str("this machine is out of something")?,
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for TransportError {}
