//! A certificate and its key, from PEM files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use zeroize::Zeroizing;

use crate::auth::pem;

use super::error::ServeError;
use super::options::TlsFiles;

/// Reads both files. Only HTTP/1.1 is offered to clients: the protocol knows no other.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, ServeError> {
    let read =
        |path: &Path| fs::read(path).map(Zeroizing::new).map_err(|error| ServeError::TlsFile(path.to_owned(), error));
    let certs = pem::certificates(&read(&files.cert)?).map_err(|error| ServeError::Pem(files.cert.clone(), error))?;
    let key = pem::private_key(&read(&files.key)?).map_err(|error| ServeError::Pem(files.key.clone(), error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certs, key))
        .map_err(|error| ServeError::Tls(Box::new([files.cert.clone(), files.key.clone()]), error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
