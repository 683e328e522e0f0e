//! TLS with a certificate of the test's own.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

/// A certificate for this machine, and the file by which a client trusts it.
#[derive(Clone)]
pub(crate) struct Identity {
    config: Arc<ServerConfig>,
    folder: Arc<TempDir>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.expect("versions").with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).expect("fits");
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("ca.pem"), made.cert.pem()).expect("written");
        Self { config: Arc::new(config), folder: Arc::new(folder) }
    }

    /// For `--cacert`.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(super) fn accept(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(Arc::clone(&self.config)).expect("a session"), stream)
    }
}
