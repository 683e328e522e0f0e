//! What the last connection led to.

use std::net::SocketAddr;

use super::tls::Pin;

/// What the last connection led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The address that the connection leads to: the proxy's, if there is one.
    pub address: SocketAddr,
    /// The proxy, without user and password.
    pub proxy: Option<String>,
    /// TLS with the server; `None`: there is none.
    pub tls: Option<TlsInfo>,
}

/// What TLS tells of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLS 1.3`
    pub version: &'static str,
    /// The cipher suite by its name.
    pub cipher: Option<String>,
    /// The names in the server's certificate, escaped.
    pub names: Vec<String>,
    /// Its key, as `--pin-sha256` wants it.
    pub pin: Option<Pin>,
    /// Whether the server asked for a certificate of the client and got one.
    pub sent_certificate: bool,
}
