//! Who asks: the other end of a connection, or the client that a trusted proxy names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;
use serde::{Serialize, Serializer};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Client {
    /// The other end of the connection.
    Peer(SocketAddr),
    /// A process on this machine, by a Unix socket.
    Local,
    /// Whom a trusted proxy names in `X-Forwarded-For`.
    Forwarded(IpAddr),
}

impl Client {
    /// The address that limits count by. A process on this machine has the loopback's.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        match self {
            Self::Peer(address) => address.ip(),
            Self::Local => Ipv4Addr::LOCALHOST.into(),
            Self::Forwarded(ip) => ip,
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(address) => address.fmt(f),
            Self::Local => f.write_str("unix"),
            Self::Forwarded(ip) => ip.fmt(f),
        }
    }
}

impl Serialize for Client {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Proxies whose word about their clients is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedProxy {
    /// Those of these addresses.
    Network(IpNet),
    /// Processes on this machine, by a Unix socket.
    Local,
}

/// `10.0.0.0/8`, an address, or `unix`.
impl FromStr for TrustedProxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "unix" {
            return Ok(Self::Local);
        }
        let network = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse());
        network.map(Self::Network).map_err(|_| "no network: write 127.0.0.1, 10.0.0.0/8, fd00::/8 or unix")
    }
}

/// The proxies whose word about their clients is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(pub Vec<TrustedProxy>);

impl TrustedProxies {
    /// Whether this is one of them.
    pub(crate) fn trust(&self, peer: Client) -> bool {
        match peer {
            Client::Local => self.0.contains(&TrustedProxy::Local),
            Client::Peer(_) | Client::Forwarded(_) => self.trust_ip(peer.ip()),
        }
    }

    fn trust_ip(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|proxy| matches!(proxy, TrustedProxy::Network(network) if network.contains(&ip)))
    }

    /// Who asks, if this peer sends it. Each proxy appends whom it was asked by, so the last that is no trusted proxy
    /// is the client; what stands before it is the client's own word.
    pub(crate) fn client(&self, peer: Client, fields: &HeaderMap) -> Client {
        if !self.trust(peer) {
            return peer;
        }
        let values = fields.get_all("x-forwarded-for").iter().rev();
        let hops = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(',')).map(address);
        let mut client = peer;
        // An entry that is no address names no client: the proxy that passed it on is all that is known.
        for ip in hops.map_while(|hop| hop) {
            client = Client::Forwarded(ip);
            if !self.trust_ip(ip) {
                break;
            }
        }
        client
    }
}

/// `203.0.113.7`, `2001:db8::7`, and with a port, as some proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    ip.map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, fields: &[&str]) -> String {
        let proxies = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8", "unix"];
        let proxies = TrustedProxies(proxies.map(|proxy| proxy.parse().unwrap()).to_vec());
        let peer = if peer == "unix" { Client::Local } else { Client::Peer(peer.parse().unwrap()) };
        let fields = fields.iter().map(|value| (http::header::HeaderName::from_static("x-forwarded-for"), *value));
        proxies
            .client(peer, &fields.map(|(name, value)| (name, HeaderValue::from_str(value).unwrap())).collect())
            .to_string()
    }

    #[test]
    fn the_last_that_is_no_trusted_proxy_is_the_client() {
        for (peer, fields, right) in [
            ("127.0.0.1:5", &["203.0.113.7"][..], "203.0.113.7"),
            ("unix", &["203.0.113.7"], "203.0.113.7"),
            // Another proxy stood before this one.
            ("127.0.0.1:5", &["203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            ("127.0.0.1:5", &["203.0.113.7", "10.1.2.3"], "203.0.113.7"),
            // The addresses that the client itself sent stand first.
            ("127.0.0.1:5", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("127.0.0.1:5", &["10.9.9.9, 203.0.113.7, 10.1.2.3"], "203.0.113.7"),
            ("127.0.0.1:5", &["203.0.113.7:4711"], "203.0.113.7"),
            ("127.0.0.1:5", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1:5", &["[2001:db8::7]"], "2001:db8::7"),
            ("[fd00::1]:5", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("[::ffff:10.0.0.1]:5", &["203.0.113.7"], "203.0.113.7"),
            // All are proxies: the first one asked for itself.
            ("127.0.0.1:5", &["10.1.2.3, 10.1.2.4"], "10.1.2.3"),
            // Nothing, or nothing that is an address.
            ("127.0.0.1:5", &[], "127.0.0.1:5"),
            ("127.0.0.1:5", &["unknown"], "127.0.0.1:5"),
            ("127.0.0.1:5", &["203.0.113.7, unknown"], "127.0.0.1:5"),
            ("127.0.0.1:5", &["unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1:5", &[""], "127.0.0.1:5"),
        ] {
            assert_eq!(client(peer, fields), right, "{peer} {fields:?}");
        }
    }

    #[test]
    fn a_proxy_is_a_network_an_address_or_the_unix_socket() {
        for (text, network) in [("127.0.0.1", "127.0.0.1/32"), ("10.1.2.3/8", "10.1.2.3/8"), ("fd00::/8", "fd00::/8")] {
            assert_eq!(text.parse(), Ok(TrustedProxy::Network(network.parse().unwrap())));
        }
        assert_eq!("unix".parse(), Ok(TrustedProxy::Local));
        for wrong in ["", "proxy", "10.0.0.0/33", "10.0.0.0/8,fd00::/8"] {
            assert!(wrong.parse::<TrustedProxy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nobody_else_is_believed() {
        assert_eq!(client("192.0.2.1:5", &["203.0.113.7"]), "192.0.2.1:5");
        let none = TrustedProxies::default();
        let fields =
            [(http::header::HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static("203.0.113.7"))];
        assert_eq!(none.client(Client::Local, &fields.into_iter().collect()), Client::Local);
    }
}
