//! The client's certificate and its key, from PEM.

use std::fmt;
use std::sync::Arc;

use pkcs8::der::Document;
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::auth::pem;

/// A certificate, those that vouch for it, and its private key.
#[derive(Debug, Clone)]
pub struct ClientIdentity(pub(super) Arc<CertifiedKey>);

impl ClientIdentity {
    /// Reads the texts of PEM files; both may be the same. `passphrase` is for a key that is encrypted (PKCS#8).
    ///
    /// # Errors
    /// When either holds nothing of the kind, when they do not fit together, and when the key cannot be decrypted.
    pub fn from_pem(certificate: &[u8], key: &[u8], passphrase: Option<&[u8]>) -> Result<Self, String> {
        let chain = pem::certificates(certificate).map_err(|error| error.to_string())?;
        let key = private_key(key, passphrase)?;
        let provider = rustls::crypto::ring::default_provider();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| error.to_string())?;
        Ok(Self(Arc::new(key)))
    }
}

fn private_key(text: &[u8], passphrase: Option<&[u8]>) -> Result<PrivateKeyDer<'static>, String> {
    let text_only = String::from_utf8_lossy(text);
    if text_only.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("a key encrypted in OpenSSL's own old way, which is easily broken; make it PKCS#8: \
             openssl pkcs8 -topk8 -in FILE -out NEW"
            .to_owned());
    }
    let damaged = |reason: &dyn fmt::Display| {
        format!(
            "the key is damaged or encrypted in a way that is not supported ({reason}); \
             openssl pkcs8 -topk8 -in FILE -out NEW encrypts it with AES"
        )
    };
    let Some(begin) = text_only.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") else {
        return pem::private_key(text).map_err(|error| error.to_string());
    };
    let end = text_only[begin..].find("-----END ENCRYPTED PRIVATE KEY-----");
    let end = end.ok_or_else(|| pem::cut_off_key().to_string())? + "-----END ENCRYPTED PRIVATE KEY-----".len();
    let passphrase = passphrase.ok_or("the key is encrypted: add --key-passphrase-file")?;
    let (_, document) = Document::from_pem(&text_only[begin..begin + end]).map_err(|error| damaged(&error))?;
    let encrypted: EncryptedPrivateKeyInfoRef<'_> =
        document.decode_msg().map_err(|error: pkcs8::der::Error| damaged(&error))?;
    let decrypted: SecretDocument = encrypted.decrypt(passphrase).map_err(|error| match error {
        // If the result is no key, its padding was right by chance.
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            "the passphrase is not the key's".to_owned()
        }
        other => damaged(&other),
    })?;
    Ok(PrivatePkcs8KeyDer::from(decrypted.as_bytes().to_vec()).into())
}
