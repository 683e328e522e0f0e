//! Which connection goes through which proxy.

use std::net::IpAddr;

use super::Proxy;
use crate::protocol::{Origin, without_brackets};

/// Which connection goes through which proxy. By default none does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    /// Hosts that are reached without the proxy, besides this machine. `None`: none, not even this machine, as the user
    /// named the proxy for this run.
    bypass: Option<Vec<Direct>>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Direct {
    Everybody,
    /// A name and all below it, at one port or any.
    Name(String, Option<u16>),
    /// Addresses that begin with these bits.
    Network(IpAddr, u32),
}

impl Proxies {
    /// One proxy for everything, this machine included.
    #[must_use]
    pub fn always(proxy: Proxy) -> Self {
        Self { http: Some(proxy.clone()), https: Some(proxy), bypass: None }
    }

    /// The proxies of the environment, as curl reads it: `http_proxy` in lower case only, because a web server gives
    /// its programs the header field `Proxy` as `HTTP_PROXY`; all others in lower case before upper case. `variable`
    /// looks one up.
    ///
    /// # Errors
    /// With the name of the variable that names no proxy, and why.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, (&'static str, &'static str)> {
        let read = |names: &[&'static str]| -> Result<Option<Proxy>, (&'static str, &'static str)> {
            for name in names {
                if let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) {
                    return text.parse().map(Some).map_err(|error| (*name, error));
                }
            }
            Ok(None)
        };
        let http = read(&["http_proxy", "all_proxy", "ALL_PROXY"])?;
        let https = read(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?;
        let none = variable("no_proxy").or_else(|| variable("NO_PROXY")).unwrap_or_default();
        Ok(Self { http, https, bypass: Some(none.split([',', ' ', '\t']).filter_map(direct).collect()) })
    }

    /// The same with this password: for `user` at all of them, or else for each user that has none.
    ///
    /// # Errors
    /// When a proxy could not be told it.
    pub fn with_password(mut self, user: Option<&str>, password: &str) -> Result<Self, &'static str> {
        for proxy in [&mut self.http, &mut self.https].into_iter().flatten() {
            let known = proxy.user().filter(|_| !proxy.has_password());
            if let Some(user) = user.or(known).map(str::to_owned) {
                proxy.set_login(&user, password)?;
            }
        }
        Ok(self)
    }

    /// The user that one of them is told without a password.
    pub(crate) fn user_without_password(&self) -> Option<&str> {
        let mut all = [&self.http, &self.https].into_iter().flatten();
        all.find(|proxy| proxy.user().is_some() && !proxy.has_password()).and_then(Proxy::user)
    }

    /// Whether one of them is told a user and password.
    pub(crate) fn have_login(&self) -> bool {
        [&self.http, &self.https].into_iter().flatten().any(|proxy| proxy.user().is_some())
    }

    pub(crate) fn route(&self, server: &Origin) -> Option<&Proxy> {
        let proxy = if server.is_https() { self.https.as_ref() } else { self.http.as_ref() };
        let name = server.host().trim_end_matches('.');
        let address = name.parse::<IpAddr>().ok();
        let is_direct = self.bypass.as_ref().is_some_and(|entries| {
            is_this_machine(name, address) || entries.iter().any(|entry| entry.covers(name, address, server.port()))
        });
        proxy.filter(|_| !is_direct)
    }

    /// Whether any connection can go through a proxy.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }
}

pub(in crate::transport) fn is_this_machine(name: &str, address: Option<IpAddr>) -> bool {
    let is_loopback = address.is_some_and(|address| address.to_canonical().is_loopback());
    is_loopback || name == "localhost" || name.ends_with(".localhost")
}

impl Direct {
    fn covers(&self, name: &str, address: Option<IpAddr>, port: u16) -> bool {
        match self {
            Self::Everybody => true,
            Self::Name(suffix, at) => {
                let below = || name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'));
                at.is_none_or(|at| at == port) && (name == suffix || (address.is_none() && below()))
            }
            Self::Network(network, bits) => address.is_some_and(|address| shares(address, *network, *bits)),
        }
    }
}

fn shares(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(32 - bits).is_none_or(|rest| rest == 0)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).checked_shr(128 - bits).is_none_or(|rest| rest == 0)
        }
        _ => false,
    }
}

/// One of a list that commas or spaces separate. An invalid entry covers no host.
fn direct(entry: &str) -> Option<Direct> {
    let entry = entry.trim();
    if entry == "*" {
        return Some(Direct::Everybody);
    }
    if let Some((network, bits)) = entry.split_once('/') {
        let network: IpAddr = without_brackets(network).parse().ok()?;
        let most = if network.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits| *bits <= most)?;
        return Some(Direct::Network(network, bits));
    }
    if let Ok(address) = without_brackets(entry).parse::<IpAddr>() {
        return Some(Direct::Network(address, if address.is_ipv4() { 32 } else { 128 }));
    }
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    let name = without_brackets(name.strip_prefix('*').unwrap_or(name)).trim_matches('.').to_ascii_lowercase();
    (!name.is_empty()).then_some(Direct::Name(name, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Proxies {
        let variable = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Proxies::from_environment(variable).expect("right")
    }

    fn route(proxies: &Proxies, host: &str, is_https: bool) -> Option<String> {
        let scheme = if is_https { "https" } else { "http" };
        let url = format!("{scheme}://{host}/").parse().expect("a URL");
        proxies.route(&Origin::of(&url)).map(ToString::to_string)
    }

    #[test]
    fn one_proxy_is_not_none() {
        assert!(environment(&[]).is_empty());
        for name in ["http_proxy", "https_proxy"] {
            assert!(!environment(&[(name, "a:1")]).is_empty(), "{name}");
        }
    }

    #[test]
    fn a_password_goes_to_whom_a_user_without_one_is_for() {
        let proxies = environment(&[("http_proxy", "me:pw@a:1"), ("https_proxy", "me@b:1")]);
        assert_eq!(proxies.user_without_password(), Some("me"));
        let proxies = proxies.with_password(None, "other").expect("can be told");
        let login = |proxy: &Option<Proxy>| proxy.as_ref().map(|proxy| proxy.authorization().trim_end().to_owned());
        assert_eq!(login(&proxies.http).as_deref(), Some("Proxy-Authorization: Basic bWU6cHc="));
        assert_eq!(login(&proxies.https).as_deref(), Some("Proxy-Authorization: Basic bWU6b3RoZXI="));
        assert_eq!(proxies.user_without_password(), None);
        assert_eq!(environment(&[("http_proxy", "a:1")]).user_without_password(), None);
    }

    #[test]
    fn the_environment_is_read_as_by_curl() {
        let proxies = environment(&[
            ("http_proxy", "a:1"),
            ("HTTP_PROXY", "evil:1"),
            ("HTTPS_PROXY", "b:1"),
            ("https_proxy", "c:1"),
            ("ALL_PROXY", "socks5://d:1"),
        ]);
        assert_eq!(route(&proxies, "h", false).as_deref(), Some("http://a:1"));
        assert_eq!(route(&proxies, "h", true).as_deref(), Some("http://c:1"));
        assert_eq!(route(&environment(&[("HTTP_PROXY", "evil:1")]), "h", false), None);
        assert_eq!(
            route(&environment(&[("http_proxy", " "), ("ALL_PROXY", "d:1")]), "h", false).as_deref(),
            Some("http://d:1")
        );
        let wrong = Proxies::from_environment(|name| (name == "HTTPS_PROXY").then(|| "ftp://u:pw@h".to_owned()));
        assert_eq!(wrong, Err(("HTTPS_PROXY", "a proxy's URL begins with http://, https://, socks5:// or socks5h://")));
    }

    #[test]
    fn no_proxy_knows_hosts_suffixes_networks_and_all() {
        let list = " a.example ,.b.example,10.0.0.0/8,[fd00::]/8 ,192.0.2.7,*.c.example, d.example:8080,x/y,e.example.";
        let proxies = environment(&[("ALL_PROXY", "p:1"), ("NO_PROXY", list)]);
        for host in [
            "a.example",
            "A.EXAMPLE.",
            "x.a.example",
            "b.example",
            "x.b.example",
            "10.255.0.1",
            "[fd12::1]",
            "192.0.2.7",
            "x.c.example",
            "e.example",
            "[::ffff:10.0.0.1]",
        ] {
            assert_eq!(route(&proxies, host, true), None, "{host}");
        }
        for host in ["xa.example", "example", "11.0.0.1", "[fe00::1]", "192.0.2.8", "d.example"] {
            assert!(route(&proxies, host, true).is_some(), "{host}");
        }
        assert_eq!(route(&proxies, "d.example:8080", true), None);
        assert_eq!(route(&environment(&[("ALL_PROXY", "p:1"), ("no_proxy", "*")]), "h", true), None);
        let zero = environment(&[("ALL_PROXY", "p:1"), ("no_proxy", "0.0.0.0/0")]);
        assert_eq!(route(&zero, "192.0.2.1", true), None);
        assert!(route(&zero, "h", true).is_some());
    }

    #[test]
    fn this_machine_is_reached_directly_unless_the_user_says_otherwise() {
        let inherited = environment(&[("ALL_PROXY", "p:1")]);
        let explicit = Proxies::always("p:1".parse().expect("right"));
        for host in ["localhost", "x.localhost", "127.1.2.3", "[::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(route(&inherited, host, true), None, "{host}");
            assert!(route(&explicit, host, true).is_some(), "{host}");
        }
    }
}
