//! A server's key, known beforehand.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, OtherError};
use sha2::{Digest, Sha256};

/// SHA-256 of a certificate's public key (its `SubjectPublicKeyInfo`), which outlives the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Of a certificate; `None` if it is none.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        Some(Self(Sha256::digest(parsed.subject_public_key_info()).into()))
    }

    /// That a certificate has one of these.
    pub(super) fn require(pins: &[Self], certificate: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let found = Self::of(certificate).ok_or(CertificateError::BadEncoding)?;
        if pins.contains(&found) {
            return Ok(());
        }
        Err(CertificateError::Other(OtherError(Arc::new(PinMismatch(found)))).into())
    }
}

/// As curl writes it.
impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256//{}", STANDARD.encode(self.0))
    }
}

/// Base64, also with `sha256//` as for curl, or hexadecimal digits, also with colons.
impl FromStr for Pin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let bytes = match text.strip_prefix("sha256//") {
            Some(base64) => STANDARD.decode(base64).ok(),
            None => hexadecimal(text).or_else(|| STANDARD.decode(text).ok()),
        };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(
            "not the SHA-256 of a public key: 44 characters of base64, also after sha256//, or 64 hexadecimal digits",
        )
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().filter(|c| *c != ':').map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// The certificate has another key; this is it.
#[derive(Debug)]
pub(super) struct PinMismatch(pub(super) Pin);

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's key is not one that --pin-sha256 names, but {}", self.0)
    }
}

impl std::error::Error for PinMismatch {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_in_every_usual_spelling() {
        let pin = Pin([0xab; 32]);
        assert_eq!(pin.to_string(), "sha256//q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=");
        let hexadecimal = "ab".repeat(32);
        let colons = ["AB"; 32].join(":");
        for text in [pin.to_string().as_str(), pin.to_string().trim_start_matches("sha256//"), &hexadecimal, &colons] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        for wrong in ["", "sha256//", "abc", "sha1//q6s=", &hexadecimal[2..], "sha256//q6urq6s="] {
            assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
        }
    }
}
