//! A certificate and its key, from PEM files.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use zeroize::Zeroizing;

use crate::auth::pem::{self, PemError};

/// The files of certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM, not encrypted.
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    File(PathBuf, io::Error),
    /// A file holds nothing of the kind.
    Pem(PathBuf, PemError),
    /// The two do not fit together, or are of a kind that is not supported.
    Unusable(Box<TlsFiles>, rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, _) | Self::Pem(path, _) => write!(f, "read {}", path.display()),
            Self::Unusable(files, _) => {
                write!(f, "use the certificate {} with the key {}", files.cert.display(), files.key.display())
            }
        }
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::Pem(_, error) => Some(error),
            Self::Unusable(_, error) => Some(error),
        }
    }
}

/// Reads both files. Only HTTP/1.1 is offered to clients: the protocol knows no other.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| fs::read(path).map(Zeroizing::new).map_err(|error| TlsError::File(path.to_owned(), error));
    let certs = pem::certificates(&read(&files.cert)?).map_err(|error| TlsError::Pem(files.cert.clone(), error))?;
    let key = pem::private_key(&read(&files.key)?).map_err(|error| TlsError::Pem(files.key.clone(), error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|error| TlsError::Unusable(Box::new(files.clone()), error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
