//! Keeps a server on the internet from leading to a host behind the user's own firewall.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Mutex;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::protocol::Origin;
use crate::protocol::text::escape;
use crate::sync::lock;

use super::proxy::is_this_machine;

/// Which addresses may be connected to, by those of the URL's own host.
///
/// The user who typed a URL decided where its host is. Another host was named by that server (`BITS-Host-Id`): if the
/// server is on the internet, so must the other host be.
#[derive(Debug)]
pub(super) struct AddressPolicy {
    /// The URL's own server; `None`: any address may be connected to.
    origin: Option<Origin>,
    /// Whether that host is on the internet, once its addresses are known.
    is_public: Mutex<Option<bool>>,
}

impl AddressPolicy {
    pub(super) fn of(origin: Option<Origin>) -> Self {
        Self { origin, is_public: Mutex::new(None) }
    }

    /// Those of `server`'s addresses that may be connected to. `look_up` finds the origin's, if they are not known yet;
    /// `None`: they cannot be known on this machine's network.
    pub(super) fn check(
        &self,
        server: &Origin,
        addresses: Vec<SocketAddr>,
        look_up: impl FnOnce(&Origin) -> Result<Option<Vec<SocketAddr>>, TransportError>,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        let Some(origin) = &self.origin else { return Ok(addresses) };
        if origin.host() == server.host() {
            self.note(&addresses);
            return Ok(addresses);
        }
        if addresses.iter().all(|address| is_public(address.ip())) {
            return Ok(addresses);
        }
        let known = *lock(&self.is_public);
        let confined = match known {
            Some(known) => known,
            None => look_up(origin)?.is_none_or(|addresses| self.note(&addresses)),
        };
        if !confined {
            return Ok(addresses);
        }
        let (within, allowed): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| !is_public(address.ip()));
        match within.first() {
            Some(address) if allowed.is_empty() => Err(not_allowed(origin, server, &address.ip().to_string())),
            _ => Ok(allowed),
        }
    }

    /// The same for a host that a proxy looks up, so that its addresses are not seen here: what its name says, and what
    /// `look_up` finds, must not be private. A name that cannot be looked up here is no name of this machine's network.
    pub(super) fn check_unseen(&self, server: &Origin, look_up: Option<&LookUp<'_>>) -> Result<(), TransportError> {
        let Some(origin) = self.origin.as_ref().filter(|origin| origin.host() != server.host()) else {
            return Ok(());
        };
        let Some(within) = private_address(server.host(), look_up)? else { return Ok(()) };
        let known = *lock(&self.is_public);
        let confined =
            known.map_or_else(|| private_address(origin.host(), look_up).map(|found| found.is_none()), Ok)?;
        if confined { Err(not_allowed(origin, server, &within)) } else { Ok(()) }
    }

    fn note(&self, addresses: &[SocketAddr]) -> bool {
        let public = !addresses.is_empty() && addresses.iter().all(|address| is_public(address.ip()));
        *lock(&self.is_public) = Some(public);
        public
    }
}

pub(super) type LookUp<'a> = dyn Fn(&str) -> Result<Vec<SocketAddr>, TransportError> + 'a;

/// An address of `host` that is not on the internet, as far as one can tell.
fn private_address(host: &str, look_up: Option<&LookUp<'_>>) -> Result<Option<String>, TransportError> {
    let name = host.trim_end_matches('.');
    let literal = name.parse::<IpAddr>().ok();
    if is_this_machine(name, literal) {
        return Ok(Some(escape(name)));
    }
    let addresses = match (literal, look_up) {
        (Some(address), _) => vec![address],
        (None, None) => Vec::new(),
        (None, Some(look_up)) => match look_up(host) {
            Ok(found) => found.iter().map(SocketAddr::ip).collect(),
            Err(error) if error.is_interruption() => return Err(error),
            Err(_) => Vec::new(),
        },
    };
    Ok(addresses.into_iter().find(|address| !is_public(*address)).map(|address| address.to_string()))
}

fn not_allowed(origin: &Origin, server: &Origin, address: &str) -> TransportError {
    let (origin, named) = (escape(origin.host()), escape(server.host()));
    let text = format!("{origin} is on the internet and named {named}, whose address {address} is not");
    TransportError::new(Kind::NotAllowed, text)
}

/// Whether an address is reached over the internet rather than on this machine or its own network.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            None => {
                !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unicast_link_local()
                    || address.is_unique_local()
                    || address.is_multicast()
                    // Site-local, withdrawn but still routed within.
                    || address.segments()[0] & 0xffc0 == 0xfec0)
            }
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    !(first == 0
        || first >= 240
        || is_shared
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_multicast())
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "203.0.114.1";

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 80)).collect()
    }

    fn unasked(_: &Origin) -> Result<Option<Vec<SocketAddr>>, TransportError> {
        panic!("looked up")
    }

    fn server(host: &str) -> Origin {
        Origin::of(&format!("http://{host}/").parse().expect("a URL"))
    }

    fn policy_of(origin: &str) -> AddressPolicy {
        AddressPolicy::of(Some(server(origin)))
    }

    fn policy() -> AddressPolicy {
        policy_of("origin")
    }

    #[test]
    fn a_public_origin_leads_to_no_private_address() {
        let policy = policy();
        assert_eq!(
            policy.check(&server("ORIGIN"), addresses(&[PUBLIC]), unasked).expect("its own"),
            addresses(&[PUBLIC])
        );
        for within in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fec0::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
        ] {
            let error = policy.check(&server("other"), addresses(&[within]), unasked).expect_err(within);
            assert_eq!(error.kind, Kind::NotAllowed);
            assert!(error.detail.contains("origin") && error.detail.contains("other"), "{}", error.detail);
            let mixed = policy.check(&server("other"), addresses(&[within, PUBLIC]), unasked).expect("one is allowed");
            assert_eq!(mixed, addresses(&[PUBLIC]), "{within}");
        }
        for public in ["8.8.8.8", "100.128.0.1", "2600::1", "::ffff:8.8.8.8"] {
            assert!(policy.check(&server("other"), addresses(&[public]), unasked).is_ok(), "{public}");
        }
    }

    #[test]
    fn a_private_origin_may_lead_anywhere() {
        let policy = policy();
        policy.check(&server("origin"), addresses(&["10.0.0.1"]), unasked).expect("its own");
        assert!(policy.check(&server("other"), addresses(&["10.0.0.2"]), unasked).is_ok());
        assert!(AddressPolicy::of(None).check(&server("other"), addresses(&["127.0.0.1"]), unasked).is_ok());
    }

    #[test]
    fn an_origin_that_was_not_connected_to_is_looked_up_once() {
        let policy = policy();
        let asked = |origin: &Origin| {
            assert_eq!(origin, &server("origin"));
            Ok(Some(addresses(&[PUBLIC])))
        };
        assert!(policy.check(&server("other"), addresses(&["10.0.0.2"]), asked).is_err());
        assert!(policy.check(&server("other"), addresses(&["10.0.0.2"]), unasked).is_err());
        let unknown = policy_of("origin");
        let failed = |_: &Origin| Err(TransportError::new(Kind::LookupFailed, ""));
        let error = unknown.check(&server("other"), addresses(&["10.0.0.2"]), failed).expect_err("in doubt");
        assert_eq!(error.kind, Kind::LookupFailed);
        let only_by_proxy = policy_of("origin");
        assert!(only_by_proxy.check(&server("other"), addresses(&["10.0.0.2"]), |_| Ok(None)).is_err());
    }

    #[test]
    fn a_proxy_does_not_hide_where_a_host_is() {
        let found = |host: &str| match host {
            "origin" => Ok(addresses(&[PUBLIC])),
            "inside" => Ok(addresses(&[PUBLIC, "10.0.0.2"])),
            "intranet" => Ok(addresses(&["10.0.0.1"])),
            _ => Err(TransportError::new(Kind::UnknownHost, "")),
        };
        let look_up: Option<&LookUp<'_>> = Some(&found);
        for named in ["10.0.0.2", "[::1]", "localhost", "LOCALHOST.", "x.localhost", "inside"] {
            assert!(policy().check_unseen(&server(named), look_up).is_err(), "{named}");
        }
        for named in ["192.0.113.1", "elsewhere", "origin"] {
            assert!(policy().check_unseen(&server(named), look_up).is_ok(), "{named}");
        }
        // Nothing is looked up here: only what a name says can be judged.
        assert!(policy().check_unseen(&server("inside"), None).is_ok());
        assert!(policy().check_unseen(&server("10.0.0.2"), None).is_err());
        let intranet = policy_of("intranet");
        assert!(intranet.check_unseen(&server("10.0.0.2"), look_up).is_ok());
        assert!(policy_of("10.0.0.1").check_unseen(&server("10.0.0.2"), None).is_ok());
        // A name that only the proxy can look up counts as the internet.
        assert!(policy_of("far").check_unseen(&server("10.0.0.2"), look_up).is_err());
        let interrupted = |_: &str| Err(TransportError::interrupted());
        assert_eq!(
            policy().check_unseen(&server("x"), Some(&interrupted)).expect_err("interrupted").kind,
            Kind::Interrupted
        );
    }
}
