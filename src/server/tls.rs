//! A certificate and its key, from PEM files.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::ServeError;

/// The files of certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that vouch for it, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM, not encrypted.
    pub key: PathBuf,
}

/// Reads both files. Only HTTP/1.1 is offered to clients: the protocol knows no other.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, ServeError> {
    let at = |path: &PathBuf| {
        let path = path.clone();
        move |error| ServeError::TlsFile(path, error)
    };
    let certs = CertificateDer::pem_file_iter(&files.cert).map_err(at(&files.cert))?;
    let certs = certs.collect::<Result<Vec<_>, _>>().map_err(at(&files.cert))?;
    if certs.is_empty() {
        return Err(ServeError::TlsFile(files.cert.clone(), pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(at(&files.key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|error| ServeError::Tls(Box::new(files.clone()), error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
