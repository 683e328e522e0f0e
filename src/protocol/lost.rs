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
    /// Whether the request went out on a connection that had carried an exchange before. A server may close such a
    /// connection at any moment without saying so; on a new one the same request can fare better.
    pub reused_connection: bool,
    /// Whether any byte of an answer arrived, an interim one (1xx) included. Then the server was there, and had begun
    /// to deal with the request.
    pub response_began: bool,
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
    /// A server on the internet named a host behind the user's own firewall.
    NotAllowed,
    /// A proxy wants credentials, or does not accept ours.
    ProxyAuthentication,
    /// A proxy does not let this connection through.
    ProxyRefused,
    /// The certificate was not accepted, or TLS has nothing in common.
    Tls(TlsFault),
    /// The connection was cut: refused, reset, closed early, also within the TLS handshake.
    Cut,
    /// The answer was not proper HTTP/1.1.
    BadAnswer,
    /// No byte moved for this long.
    TimedOut(Duration),
    /// Something on this machine: no file descriptors, no memory.
    Local,
    /// The connection that the request belongs to is gone. Nothing was sent.
    NoConnection,
    /// Somebody on this machine asked for the end.
    Interrupted,
}

/// What TLS found wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsFault {
    /// Nobody that this machine trusts vouches for the certificate.
    UnknownAuthority,
    /// The certificate is for other names.
    WrongName,
    /// Its time is over, by this machine's clock.
    Expired,
    /// Its time has not begun, by this machine's clock.
    NotYetValid,
    /// Its key is none of those that the user expects.
    Pin,
    /// The server wants a certificate of the client, and there is none.
    CertificateWanted,
    /// The server does not accept the client's certificate.
    CertificateRefused,
    /// The server asked for the client's certificate in a second handshake, which this program does not do.
    Renegotiation,
    /// Neither side speaks a version or cipher of the other.
    Incompatible,
    /// What answers there does not speak TLS.
    NotTls,
    /// Anything else.
    Other,
}

impl TransportError {
    /// A loss before any byte of the request went out.
    #[must_use]
    pub fn before_request(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), request_was_sent: false, reused_connection: false, response_began: false }
    }

    /// A loss after which the server may have the request.
    #[must_use]
    pub fn after_request(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { request_was_sent: true, ..Self::before_request(kind, detail) }
    }

    /// Whether this looks like a kept-alive connection that the server had given up: nothing of an answer arrived on a
    /// connection that was used before. A request without a body can be sent once more on a new one.
    #[must_use]
    pub fn is_stale_connection(&self) -> bool {
        self.kind == TransportErrorKind::Cut && self.reused_connection && !self.response_began
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind {
            TransportErrorKind::UnknownHost
            | TransportErrorKind::NotAllowed
            | TransportErrorKind::Tls(_)
            | TransportErrorKind::ProxyAuthentication
            | TransportErrorKind::ProxyRefused
            | TransportErrorKind::Interrupted => false,
            TransportErrorKind::LookupFailed
            | TransportErrorKind::Connect
            | TransportErrorKind::Cut
            | TransportErrorKind::BadAnswer
            | TransportErrorKind::NoConnection
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
            TransportErrorKind::NotAllowed => f.write_str("the server leads to an address that it must not")?,
            TransportErrorKind::ProxyAuthentication => f.write_str("the proxy wants a user and password")?,
            TransportErrorKind::ProxyRefused => f.write_str("the proxy does not let this through")?,
            TransportErrorKind::Tls(_) => f.write_str("no secure connection")?,
            TransportErrorKind::Cut => f.write_str("the connection was cut")?,
            TransportErrorKind::BadAnswer => f.write_str("the answer was not proper HTTP/1.1")?,
            TransportErrorKind::TimedOut(limit) => write!(f, "no byte moved for {} s", limit.as_secs_f32())?,
            TransportErrorKind::Local => f.write_str("this machine is out of something")?,
            TransportErrorKind::NoConnection => f.write_str("the connection is gone")?,
            TransportErrorKind::Interrupted => f.write_str("interrupted")?,
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for TransportError {}
