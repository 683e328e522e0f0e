//! Exchanges that end without a response.

use std::fmt;
use std::time::Duration;

/// Why no response came, as far as the network tells.
///
/// Whether the server got the request is unknown unless [`TransportError::request_was_sent`] says that nothing went out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct TransportError {
    /// The kind of failure.
    pub kind: TransportErrorKind,
    /// The cause in the words of the layer that noticed it, escaped.
    pub detail: String,
    /// Whether any byte of the request may have reached the server.
    pub request_was_sent: bool,
    /// Whether the request went out on a connection that had carried an exchange before. A server may close such a
    /// connection at any moment without saying so; on a new one the same request can fare better.
    pub reused_connection: bool,
    /// Whether any byte of a response arrived, an interim one (1xx) included. Then the server was there, and had begun
    /// to deal with the request.
    pub response_began: bool,
    /// Bytes of the request's body that the network took. Within TLS: bytes that were encrypted for it. The server has
    /// this many at most.
    pub body_sent: u64,
    /// Whether the peer had closed, in good order, a connection that carried a response before, and sent nothing of a
    /// response to this request. A reset of an open connection does not count: that is how large bodies are cut.
    pub closed_by_peer: bool,
    /// The host, its addresses, and the proxy, as far as they are known: `h:8080 (192.0.2.1:8080)`.
    pub peer: Option<String>,
    /// The proxy at which it happened, or on the way to which, without its user and password.
    pub proxy: Option<Box<str>>,
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
    /// A proxy offers only authentication schemes that are not supported.
    ProxyScheme,
    /// A proxy does not let this connection through.
    ProxyRefused,
    /// The certificate was not accepted, or client and server have no version or cipher of TLS in common.
    Tls(TlsFault),
    /// The connection was cut: refused, reset, closed early, also within the TLS handshake.
    Cut,
    /// The response was not proper HTTP/1.1.
    BadResponse,
    /// No byte moved for this long.
    TimedOut(Duration),
    /// Something on this machine: no file descriptors, no memory.
    Local,
    /// The connection that the request belongs to is gone. Nothing was sent.
    NoConnection,
    /// Interrupted: by a signal, or because the time is up.
    Interrupted,
}

/// The reason why TLS failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsFault {
    /// No certificate authority that this machine trusts signed the certificate.
    UnknownAuthority,
    /// The certificate is signed by its own key.
    SelfSigned,
    /// This machine has no certificate authorities at all.
    NoAuthorities,
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
    /// The certificate is not accepted for another reason: revoked, malformed, of a kind that cannot be checked.
    BadCertificate,
    /// The peer does not speak TLS.
    NotTls,
    /// Anything else.
    Other,
}

impl TlsFault {
    /// Whether one side does not accept who the other is. The rest is about the connection, and may pass.
    fn is_about_trust(self) -> bool {
        !matches!(self, Self::Incompatible | Self::NotTls | Self::Other)
    }
}

impl TransportError {
    /// A loss of which no more is known: no byte of the request went out.
    #[must_use]
    pub fn new(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            request_was_sent: false,
            reused_connection: false,
            response_began: false,
            body_sent: 0,
            closed_by_peer: false,
            peer: None,
            proxy: None,
        }
    }

    /// A loss after which the server may have the request.
    #[must_use]
    pub fn after_request(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self { request_was_sent: true, ..Self::new(kind, detail) }
    }

    /// Whether this loss is a decision about trust: a certificate, credentials at a proxy, an address that is not
    /// allowed. It is final, also where every other loss is retried.
    #[must_use]
    pub fn is_about_trust(&self) -> bool {
        match self.kind {
            TransportErrorKind::Tls(fault) => fault.is_about_trust(),
            kind => matches!(
                kind,
                TransportErrorKind::NotAllowed
                    | TransportErrorKind::ProxyAuthentication
                    | TransportErrorKind::ProxyScheme
            ),
        }
    }

    /// Whether this looks like a kept-alive connection that the server had given up: nothing of a response arrived on a
    /// connection that was used before. A request without a body can be sent once more on a new one.
    #[must_use]
    pub fn is_stale_connection(&self) -> bool {
        self.kind == TransportErrorKind::Cut && self.reused_connection && !self.response_began
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy.as_ref().map(|proxy| format!("the proxy {proxy}"));
        let peer = proxy.as_deref().or(self.peer.as_deref()).unwrap_or("the server");
        let a_proxy = proxy.as_deref().unwrap_or("a proxy");
        match self.kind {
            TransportErrorKind::UnknownHost => write!(f, "host not found: {peer}")?,
            TransportErrorKind::LookupFailed => write!(f, "cannot look up the address of {peer}")?,
            TransportErrorKind::Connect if proxy.is_some() => write!(f, "cannot connect through {peer}")?,
            TransportErrorKind::Connect => write!(f, "cannot connect to {peer}")?,
            TransportErrorKind::NotAllowed => f.write_str("the server named a private address")?,
            TransportErrorKind::ProxyAuthentication | TransportErrorKind::ProxyScheme => {
                write!(f, "authentication is required by {a_proxy}")?;
            }
            TransportErrorKind::ProxyRefused => write!(f, "refused by {a_proxy}")?,
            TransportErrorKind::Tls(_) => write!(f, "no TLS connection to {peer}")?,
            TransportErrorKind::Cut => write!(f, "the connection to {peer} broke")?,
            TransportErrorKind::BadResponse => write!(f, "{peer} did not answer in HTTP/1.1")?,
            TransportErrorKind::TimedOut(limit) => {
                write!(f, "timed out: no data from or to {peer} for {} s", limit.as_secs_f32())?;
            }
            TransportErrorKind::Local => f.write_str("a system call failed on this machine")?,
            TransportErrorKind::NoConnection => f.write_str("the connection is gone")?,
            TransportErrorKind::Interrupted => f.write_str("interrupted")?,
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for TransportError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_about_trust_are_told_from_the_rest() {
        use TlsFault as Tls;
        use TransportErrorKind as Kind;
        let is_about_trust = |kind| TransportError::new(kind, "").is_about_trust();
        for fault in [
            Tls::UnknownAuthority,
            Tls::SelfSigned,
            Tls::NoAuthorities,
            Tls::WrongName,
            Tls::Expired,
            Tls::NotYetValid,
            Tls::Pin,
            Tls::BadCertificate,
            Tls::CertificateWanted,
            Tls::CertificateRefused,
            Tls::Renegotiation,
        ] {
            assert!(is_about_trust(Kind::Tls(fault)), "{fault:?}");
        }
        for kind in [Kind::NotAllowed, Kind::ProxyAuthentication, Kind::ProxyScheme] {
            assert!(is_about_trust(kind), "{kind:?}");
        }
        for kind in [
            Kind::Tls(Tls::Incompatible),
            Kind::Tls(Tls::NotTls),
            Kind::Tls(Tls::Other),
            Kind::ProxyRefused,
            Kind::Cut,
            Kind::BadResponse,
            Kind::Connect,
        ] {
            assert!(!is_about_trust(kind), "{kind:?}");
        }
    }

    #[test]
    fn a_loss_after_the_request_knows_of_no_byte_of_the_body() {
        let loss = TransportError::after_request(TransportErrorKind::Cut, "");
        assert_eq!((loss.body_sent, loss.closed_by_peer), (0, false));
        assert!(loss.request_was_sent);
    }
}
