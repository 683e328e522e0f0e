//! What is known of an exchange beside its response. Each fact is in the response's extensions.

use std::time::Duration;

/// Bytes of the request's body that the network took. Within TLS: bytes that were encrypted for it.
///
/// Each response has it, also one that came before the whole body was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodySent(pub u64);

/// How long an exchange took, if the whole request went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the request's first byte to the last byte of the response's head. Connecting is not in it.
    pub total: Duration,
    /// The part of it after the network took the request's last byte. What the system still had to send then is in it.
    pub waiting: Duration,
}

/// How the server asked for a certificate that it did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateWanted {
    /// In the handshake.
    AtHandshake,
    /// In a second handshake (TLS 1.2), which cannot be had.
    ByRenegotiation,
}
