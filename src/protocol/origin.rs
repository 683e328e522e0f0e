//! Which server a URL means.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

/// Scheme, host and port of a URL (RFC 6454), the same for all spellings of them: the one answer to "same server?".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    /// In lower case, an IPv6 address without its brackets.
    host: String,
    /// The scheme's default, if the URL has none.
    port: u16,
}

impl Origin {
    /// The server of a URL that names one.
    #[must_use]
    pub fn of(url: &Uri) -> Self {
        let scheme = url.scheme().cloned().unwrap_or(Scheme::HTTP);
        let default = if scheme == Scheme::HTTPS { 443 } else { 80 };
        Self {
            host: without_brackets(url.host().unwrap_or_default()).to_ascii_lowercase(),
            port: url.port_u16().unwrap_or(default),
            scheme,
        }
    }

    /// Whether there is TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The host's name or address, in lower case, an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where the URL left it out.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `host:port`, an IPv6 address in brackets.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// With the port in any case.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

/// A host as it is looked up: URLs write IPv6 addresses in brackets.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        Origin::of(&url.parse().expect("a URL"))
    }

    #[test]
    fn spellings_of_one_server_are_one_origin() {
        for (one, other) in [
            ("http://h/a", "HTTP://H:80/b"),
            ("https://h", "https://H:443/"),
            ("https://h:80/", "https://H:80/x?y"),
            ("http://[2001:DB8::1]/", "http://[2001:db8::1]:80/x"),
        ] {
            assert_eq!(origin(one), origin(other));
        }
    }

    #[test]
    fn scheme_host_and_port_tell_servers_apart() {
        for other in ["https://h/", "http://g/", "http://h:81/", "https://h:80/", "ftp://h/", "http://h./"] {
            assert_ne!(origin("http://h/"), origin(other), "{other}");
        }
    }

    #[test]
    fn an_origin_is_written_with_its_port_and_an_address_with_its_brackets() {
        assert_eq!(origin("https://Files.example/x?y").to_string(), "https://files.example:443");
        assert_eq!(origin("http://[::1]/").authority(), "[::1]:80");
        assert_eq!(
            (origin("http://[::1]/").host(), without_brackets("[::1"), without_brackets("h")),
            ("::1", "[::1", "h")
        );
    }
}
