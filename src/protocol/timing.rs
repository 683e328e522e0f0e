//! How long an exchange took: what fragments are sized by.

use std::time::Duration;

/// Measured by whoever carried the exchange out; it goes along in the answer's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the request's first byte to the last byte of the answer's head. Connecting is not in it.
    pub total: Duration,
    /// The part of it after the network took the request's last byte. What the system still had to send then is in it.
    pub waiting: Duration,
}
