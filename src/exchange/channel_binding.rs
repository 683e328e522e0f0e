//! The value that ties authentication to one TLS connection.

use std::fmt;

/// The server's certificate as channel binding of the type `tls-server-end-point` (RFC 5929 section 4): its hash.
///
/// The transport puts it into the extensions of a response that came over TLS.
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
