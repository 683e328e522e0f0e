//! How long clients may take.

use std::time::Duration;

/// Time limits towards clients (RFC 9112 leaves them to the server).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// For a request's head from its first byte on, and for the TLS handshake. Default: 10 s.
    pub head: Duration,
    /// Between two requests. Default: 60 s.
    pub idle: Duration,
    /// Longest silence within a body, or while an answer is taken. Default: 60 s.
    pub silence: Duration,
    /// Slowest body after that time, in bytes a second. Default: 100.
    pub slowest: u64,
    /// In which a client may notice an early answer while it still sends. Default: 10 s.
    pub linger: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_mins(1),
            silence: Duration::from_mins(1),
            slowest: 100,
            linger: Duration::from_secs(10),
        }
    }
}
