//! The client's certificate and its key, from PEM.

use std::fmt;
use std::sync::Arc;

use pkcs8::der::Document;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::auth::pem::{self, PemError};

/// A certificate, those that vouch for it, and its private key.
#[derive(Debug, Clone)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Reads the texts of PEM files; both may be the same. `passphrase` is for a key that is encrypted (PKCS#8).
    ///
    /// # Errors
    /// When either holds nothing of the kind, when they do not fit together, and when the key cannot be decrypted.
    pub fn from_pem(certificate: &[u8], key: &[u8], passphrase: Option<&[u8]>) -> Result<Self, IdentityError> {
        let chain = pem::certificates(certificate).map_err(IdentityError::Pem)?;
        let key = private_key(key, passphrase)?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(IdentityError::Unusable)?;
        Ok(Self(Arc::new(key)))
    }

    pub(super) fn into_key(self) -> Arc<CertifiedKey> {
        self.0
    }
}

fn private_key(text: &[u8], passphrase: Option<&[u8]>) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let text_only = String::from_utf8_lossy(text);
    if text_only.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(IdentityError::TraditionalEncryption);
    }
    let Some(begin) = text_only.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") else {
        return pem::private_key(text).map_err(IdentityError::Pem);
    };
    let end = text_only[begin..].find("-----END ENCRYPTED PRIVATE KEY-----");
    let end = end.ok_or_else(|| IdentityError::Pem(pem::cut_off_key()))? + "-----END ENCRYPTED PRIVATE KEY-----".len();
    let passphrase = passphrase.ok_or(IdentityError::NoPassphrase)?;
    let (_, document) = Document::from_pem(&text_only[begin..begin + end])
        .map_err(|error| IdentityError::Encryption(error.to_string()))?;
    let encrypted: EncryptedPrivateKeyInfoRef<'_> =
        document.decode_msg().map_err(|error: pkcs8::der::Error| IdentityError::Encryption(error.to_string()))?;
    let decrypted: SecretDocument = encrypted.decrypt(passphrase).map_err(|error| match error {
        // What is no key after all had padding that is right by chance.
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            IdentityError::WrongPassphrase
        }
        other => IdentityError::Encryption(other.to_string()),
    })?;
    Ok(PrivatePkcs8KeyDer::from(decrypted.as_bytes().to_vec()).into())
}

/// Why a certificate or its key cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdentityError {
    /// No certificate, or no private key, in PEM.
    Pem(PemError),
    /// A key encrypted the way of old OpenSSL.
    TraditionalEncryption,
    /// The key is encrypted and there is no passphrase.
    NoPassphrase,
    /// The passphrase is wrong.
    WrongPassphrase,
    /// The key is encrypted in a way that is not supported, or damaged.
    Encryption(String),
    /// The two do not fit together, or are of a kind that is not supported.
    Unusable(rustls::Error),
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(error) => write!(f, "{error}"),
            Self::TraditionalEncryption => f.write_str(
                "a key encrypted in OpenSSL's own old way, which is easily broken; make it PKCS#8: \
                 openssl pkcs8 -topk8 -in FILE -out NEW",
            ),
            Self::NoPassphrase => f.write_str("the key is encrypted: add --key-passphrase-file"),
            Self::WrongPassphrase => f.write_str("the passphrase is not the key's"),
            Self::Encryption(reason) => write!(
                f,
                "the key is damaged or encrypted in a way that is not supported ({reason}); \
                 openssl pkcs8 -topk8 -in FILE -out NEW encrypts it with AES"
            ),
            Self::Unusable(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for IdentityError {}
