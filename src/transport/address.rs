//! From names to addresses: by what the user says, or by a lookup that can be given up and says of itself when it failed.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::mpsc;
use std::time::Duration;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;
use crate::protocol::without_brackets;

use super::cancel::CancellationToken;
use super::poll;

/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 16;

/// Where names lead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressSettings {
    /// Addresses that are not looked up.
    pub fixed: Vec<FixedAddress>,
    /// Only addresses of this kind are connected to; `None`: of both.
    pub family: Option<AddressFamily>,
}

/// A kind of address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// One host and port, and an address of it: `HOST:PORT:ADDR`, an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedAddress {
    /// The name, or an address without brackets.
    pub host: String,
    /// The port, as in URLs.
    pub port: u16,
    /// Where it leads.
    pub address: IpAddr,
}

impl FromStr for FixedAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const RIGHT: &str =
            "it is HOST:PORT:ADDR, such as files.example.com:443:192.0.2.7, with an IPv6 address in brackets";
        let name_ends = if text.starts_with('[') { text.find(']').ok_or(RIGHT)? } else { 0 };
        let colon = text[name_ends..].find(':').ok_or(RIGHT)? + name_ends;
        let (host, rest) = (&text[..colon], &text[colon + 1..]);
        let (port, address) = rest.split_once(':').ok_or(RIGHT)?;
        let address = match address.strip_prefix('[') {
            Some(address) => IpAddr::V6(address.strip_suffix(']').and_then(|text| text.parse().ok()).ok_or(RIGHT)?),
            None => IpAddr::V4(address.parse().map_err(|_| RIGHT)?),
        };
        let port = port.parse().ok().filter(|port| *port > 0).ok_or(RIGHT)?;
        if host.is_empty() { Err(RIGHT) } else { Ok(Self { host: without_brackets(host).to_owned(), port, address }) }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Names {
    pub(super) settings: AddressSettings,
    pub(super) timeout: Duration,
    pub(super) cancellation: CancellationToken,
}

impl Names {
    /// The addresses of a host that may be tried; never none.
    pub(super) fn find(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, TransportError> {
        let mut found = self.find_all(host, port)?;
        if let Some(family) = self.settings.family {
            found.retain(|address| address.is_ipv4() == (family == AddressFamily::V4));
            if found.is_empty() {
                let (kind, option) = if family == AddressFamily::V4 { ("IPv4", "--ipv4") } else { ("IPv6", "--ipv6") };
                return Err(TransportError::new(
                    Kind::Connect,
                    format!("{} has no {kind} address ({option})", escape(host)),
                ));
            }
        }
        found.truncate(MAX_ADDRESSES);
        if found.is_empty() { Err(TransportError::new(Kind::UnknownHost, "")) } else { Ok(found) }
    }

    /// All of them, of every family.
    pub(super) fn find_all(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, TransportError> {
        let fixed =
            self.settings.fixed.iter().filter(|fixed| fixed.port == port && fixed.host.eq_ignore_ascii_case(host));
        let fixed: Vec<_> = fixed.map(|fixed| SocketAddr::new(fixed.address, port)).collect();
        if !fixed.is_empty() {
            return Ok(fixed);
        }
        if let Ok(address) = host.parse() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let host = host.to_owned();
        self.wait_for(move || (host, port).to_socket_addrs().map(Iterator::collect))
    }

    /// The operating system offers no lookup that can be ended, so a thread does it that need not be waited for.
    fn wait_for(
        &self,
        look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        let (answer, answers) = mpsc::channel();
        poll::start("lookup", look_up, answer)?;
        let answer = poll::receive(&answers, poll::deadline(self.timeout), &self.cancellation)?;
        let late = || TransportError::new(Kind::LookupFailed, format!("none within {} s", self.timeout.as_secs_f32()));
        answer.ok_or_else(late)?.map_err(|error| sort(&error))
    }
}

/// The standard library keeps `EAI_AGAIN` only as text.
fn sort(error: &io::Error) -> TransportError {
    let text = error.to_string();
    let temporary = ["Temporary failure", "temporary", "Try again", "11002"].iter().any(|t| text.contains(t));
    TransportError::new(if temporary { Kind::LookupFailed } else { Kind::UnknownHost }, escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(fixed: &[&str], family: Option<AddressFamily>) -> Names {
        let fixed = fixed.iter().map(|text| text.parse().expect("right")).collect();
        let settings = AddressSettings { fixed, family };
        Names { settings, timeout: Duration::ZERO, cancellation: CancellationToken::new() }
    }

    #[test]
    fn a_temporary_lookup_failure_is_no_unknown_host() {
        let kind = |text: &str| sort(&io::Error::other(text)).kind;
        let prefix = "failed to lookup address information";
        assert_eq!(kind(&format!("{prefix}: Temporary failure in name resolution")), Kind::LookupFailed);
        assert_eq!(kind(&format!("{prefix}: Name or service not known")), Kind::UnknownHost);
    }

    #[test]
    fn a_lookup_that_hangs_is_left_to_itself() {
        let kind = |names: &Names| {
            let hang = || {
                std::thread::park();
                Ok(Vec::new())
            };
            names.wait_for(hang).expect_err("nothing is found").kind
        };
        let limited = Names { timeout: Duration::from_millis(20), ..names(&[], None) };
        assert_eq!(kind(&limited), Kind::LookupFailed);
        let last = Names { cancellation: CancellationToken::lasting(Duration::from_millis(20)), ..names(&[], None) };
        assert_eq!(kind(&last), Kind::Interrupted);
        let unlimited = names(&[], None);
        let other = unlimited.cancellation.clone();
        let waiting = std::thread::spawn(move || kind(&unlimited));
        other.interrupt();
        assert_eq!(waiting.join().expect("no panic"), Kind::Interrupted);
    }

    #[test]
    fn fixed_addresses_are_for_one_host_and_port() {
        let names = names(&["a.example:443:192.0.2.1", "A.example:443:[2001:db8::1]", "[::1]:80:127.0.0.2"], None);
        let found =
            |host, port| names.find(host, port).map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found("a.EXAMPLE", 443).expect("fixed"), ["192.0.2.1:443", "[2001:db8::1]:443"]);
        assert_eq!(found("::1", 80).expect("fixed"), ["127.0.0.2:80"]);
        assert_eq!(found("::1", 81).expect("itself"), ["[::1]:81"]);
        for wrong in [
            "",
            "a",
            "a:1",
            "a:1:b",
            "a:0:127.0.0.1",
            "a:1:::1",
            "a:1:[127.0.0.1]",
            ":1:127.0.0.1",
            "[::1:1:127.0.0.1",
            "a:x:127.0.0.1",
        ] {
            assert!(wrong.parse::<FixedAddress>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_family_leaves_the_other_out() {
        let both = ["h:80:192.0.2.1", "h:80:[2001:db8::1]"];
        let only = |family| names(&both, Some(family)).find("h", 80).expect("one is left");
        assert!(
            only(AddressFamily::V4).iter().all(SocketAddr::is_ipv4)
                && only(AddressFamily::V6).iter().all(SocketAddr::is_ipv6)
        );
        let error = names(&[], Some(AddressFamily::V6)).find("127.0.0.1", 80).expect_err("none");
        assert_eq!(error.kind, Kind::Connect);
        assert!(error.detail.contains("no IPv6 address"), "{}", error.detail);
    }
}
