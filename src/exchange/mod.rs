//! The values that the state machine, the client and the transport exchange: no I/O, no clock.
//!
//! All that is known of an exchange beside its response is in the response's extensions: [`BodySent`], [`Timing`],
//! [`CertificateWanted`], [`ChannelBinding`].

mod error;

use std::fmt;
use std::time::Duration;

pub use error::{TlsFault, TransportError, TransportErrorKind};

/// The wishes of one request beyond [`Settings`](crate::transport::Settings).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// The response's head gets at least this long, whatever the settings say. Zero: no wish.
    pub response_at_least: Duration,
    /// The response's head gets at most this long: also where the settings allow more, or have no limit.
    pub response_at_most: Option<Duration>,
    /// Which connection may carry the request.
    pub connection: ConnectionUse,
}

impl RequestOptions {
    /// How long a response's head may take, by the limit of the settings. `None`: for ever.
    pub(crate) fn response_limit(&self, usual: Option<Duration>) -> Option<Duration> {
        let limit = usual.map(|usual| usual.max(self.response_at_least));
        limit.into_iter().chain(self.response_at_most).min()
    }
}

/// Which connection may carry a request. Where there is none, nothing is sent, and the error is
/// [`NoConnection`](crate::exchange::TransportErrorKind::NoConnection).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConnectionUse {
    /// The last one, or a new one.
    #[default]
    Any,
    /// Only the one that carried the last request.
    Same,
    /// Only one with this channel binding.
    Bound(ChannelBinding),
    /// Only a new one. The last one is closed.
    New,
}

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
    /// The part of it after the network took the request's last byte, with the time in which the system sent the rest.
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

/// The server's certificate as channel binding of the type `tls-server-end-point` (RFC 5929 section 4): its hash.
///
/// A transport with TLS puts it into the response's extensions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ChannelBinding {
    /// By SHA-256.
    Sha256([u8; 32]),
    /// By SHA-384.
    Sha384([u8; 48]),
    /// By SHA-512.
    Sha512([u8; 64]),
}

impl ChannelBinding {
    /// As GSSAPI and NTLM take it: the type's name, and the hash.
    #[must_use]
    pub fn application_data(&self) -> Vec<u8> {
        let hash = match self {
            Self::Sha256(hash) => &hash[..],
            Self::Sha384(hash) => hash,
            Self::Sha512(hash) => hash,
        };
        [b"tls-server-end-point:", hash].concat()
    }
}

/// Short: the hash says nothing to people.
impl fmt::Debug for ChannelBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChannelBinding(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_wins_over_the_settings_and_at_most_over_both() {
        let seconds = Duration::from_secs;
        let limit = |usual: Option<u64>, least, most: Option<u64>| {
            let options = RequestOptions {
                response_at_least: seconds(least),
                response_at_most: most.map(seconds),
                ..RequestOptions::default()
            };
            options.response_limit(usual.map(seconds)).map(|limit| limit.as_secs())
        };
        assert_eq!(limit(Some(5), 0, None), Some(5));
        assert_eq!(limit(Some(5), 9, None), Some(9));
        assert_eq!(limit(Some(5), 9, Some(2)), Some(2));
        assert_eq!(limit(Some(5), 0, Some(9)), Some(5));
        assert_eq!(limit(None, 9, None), None);
        assert_eq!(limit(None, 9, Some(3)), Some(3));
    }
}
