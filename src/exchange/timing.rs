//! Facts of an exchange: how much of a body went out, and how long it took.

use std::time::Duration;

/// Bytes of the request's body that the network took. Within TLS: bytes that were encrypted for it.
///
/// Each response has it in its extensions, also one that came before the whole body was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodySent(pub u64);

/// Measured by whoever carried the exchange out; it goes along in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the request's first byte to the last byte of the response's head. Connecting is not in it.
    pub total: Duration,
    /// The part of it after the network took the request's last byte. What the system still had to send then is in it.
    pub waiting: Duration,
}
