//! What the last connection led to.

use std::net::SocketAddr;

use super::tls::TlsInfo;

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
