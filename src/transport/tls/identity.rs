//! The client's certificate and its key, from PEM.

use std::fmt;
use std::sync::Arc;

use pkcs8::der::Document;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

/// A certificate, those that vouch for it, and its private key.
#[derive(Debug, Clone)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Reads the texts of PEM files; both may be the same. `passphrase` is for a key that is encrypted (PKCS#8).
    ///
    /// # Errors
    /// When either holds nothing of the kind, when they do not fit together, and when the key cannot be decrypted.
    pub fn from_pem(certificate: &[u8], key: &[u8], passphrase: Option<&[u8]>) -> Result<Self, IdentityError> {
        if is_pkcs12(certificate) {
            return Err(IdentityError::Pkcs12);
        }
        let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(IdentityError::Certificate)?;
        if chain.is_empty() {
            return Err(IdentityError::Certificate(pem::Error::NoItemsFound));
        }
        let key = private_key(key, passphrase)?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(IdentityError::Unusable)?;
        Ok(Self(Arc::new(key)))
    }

    pub(super) fn into_key(self) -> Arc<CertifiedKey> {
        self.0
    }
}

/// PKCS#12 is a sequence in DER whose first element is the number 3.
fn is_pkcs12(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30) && bytes.windows(3).take(8).any(|three| three == [2, 1, 3])
}

fn private_key(text: &[u8], passphrase: Option<&[u8]>) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let text_only = String::from_utf8_lossy(text);
    if text_only.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(IdentityError::TraditionalEncryption);
    }
    let Some(begin) = text_only.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") else {
        return PrivateKeyDer::from_pem_slice(text).map_err(IdentityError::Key);
    };
    let end = text_only[begin..].find("-----END ENCRYPTED PRIVATE KEY-----");
    let end = end.ok_or(IdentityError::Key(pem::Error::NoItemsFound))? + "-----END ENCRYPTED PRIVATE KEY-----".len();
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
    /// No certificate in PEM.
    Certificate(pem::Error),
    /// No private key in PEM.
    Key(pem::Error),
    /// A PKCS#12 file.
    Pkcs12,
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
            Self::Certificate(error) => write!(f, "no certificate in PEM: {error}"),
            Self::Key(error) => write!(f, "no private key in PEM: {error}"),
            Self::Pkcs12 => f.write_str(
                "a PKCS#12 file, of which PEM files are to be made: \
                 openssl pkcs12 -in FILE -clcerts -nokeys -out cert.pem, \
                 then openssl pkcs12 -in FILE -nocerts -out key.pem",
            ),
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
