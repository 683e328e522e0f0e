//! The user's choices about connections.

use std::time::Duration;

use crate::protocol::Origin;

use super::address::AddressSettings;
use super::proxy::Proxies;
use super::rate_limit::RateLimiter;
use super::tls::TlsSettings;

/// Limits of an exchange, and whom to trust. A limit of zero means none.
#[derive(Debug, Clone)]
pub struct Settings {
    /// For establishing a connection, all addresses and TLS included; the name lookup before it has as long again.
    pub connect_timeout: Duration,
    /// No byte of the request was taken for this long (MC-BUP 3.1.2).
    pub request_timeout: Duration,
    /// The head of the response was not complete this long after the last byte of the request. Single bytes and interim
    /// responses do not extend it. An application behind the server has five minutes (MC-BUP 3.1.2).
    pub response_timeout: Duration,
    /// The URL's own server. If it is on the internet, a host that it names must be there too: no private address is
    /// connected to. `None`: any address may be.
    pub origin: Option<Origin>,
    /// How fast requests may go out, if that is limited. Clones share it.
    pub rate_limit: Option<RateLimiter>,
    /// Whom to trust, and who to be.
    pub tls: TlsSettings,
    /// The proxies between this machine and servers.
    pub proxies: Proxies,
    /// Whether responses that refuse get the beginning of their bodies into their extensions.
    pub keep_refusal_bodies: bool,
    /// Where names lead.
    pub addresses: AddressSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(120),
            response_timeout: Duration::from_secs(330),
            origin: None,
            rate_limit: None,
            tls: TlsSettings::default(),
            proxies: Proxies::default(),
            keep_refusal_bodies: false,
            addresses: AddressSettings::default(),
        }
    }
}
