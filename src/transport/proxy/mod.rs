//! Proxies: which one a connection goes through, and how it gets through.

mod rules;
mod socks;
mod tunnel;

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rustix::event::PollFlags;
use zeroize::Zeroizing;

use crate::exchange::{TransportError, TransportErrorKind as Kind};
use crate::sync::lock;

use super::cancel::CancellationToken;
use super::poll;
use super::stream::Stream;

pub use rules::Proxies;
pub(super) use rules::is_this_machine;
pub(super) use tunnel::AbsoluteForm;

/// A proxy, and who we are to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) scheme: ProxyScheme,
    /// As in its URL, an IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    credentials: Option<ProxyCredentials>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyScheme {
    /// HTTP: CONNECT for https, whole URLs for http.
    Http,
    /// The same within TLS.
    Https,
    /// SOCKS 5; names are looked up here.
    Socks5,
    /// SOCKS 5; names are looked up by the proxy.
    Socks5h,
}

const SCHEMES: [(&str, ProxyScheme); 4] = [
    ("http", ProxyScheme::Http),
    ("https", ProxyScheme::Https),
    ("socks5", ProxyScheme::Socks5),
    ("socks5h", ProxyScheme::Socks5h),
];

#[derive(Clone, PartialEq, Eq)]
struct ProxyCredentials {
    user: String,
    password: Zeroizing<String>,
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Proxy {
    /// Whether a password came with the URL.
    pub(crate) fn has_password(&self) -> bool {
        self.credentials.as_ref().is_some_and(|login| !login.password.is_empty())
    }

    /// The user, if the URL names one.
    pub(crate) fn user(&self) -> Option<&str> {
        self.credentials.as_ref().map(|login| login.user.as_str())
    }

    /// Signs this user in. No name or password holds a control character or, for HTTP's Basic, a colon in
    /// the name.
    ///
    /// # Errors
    /// When the proxy could not be told them.
    fn set_login(&mut self, user: &str, password: &str) -> Result<(), &'static str> {
        let is_http = !self.is_socks();
        let has_control = [user, password].iter().any(|text| text.chars().any(char::is_control));
        let too_long = !is_http && (user.len() > 255 || password.len() > 255);
        if user.is_empty() || has_control || too_long || (is_http && user.contains(':')) {
            return Err(WRONG_CREDENTIALS);
        }
        self.credentials =
            Some(ProxyCredentials { user: user.to_owned(), password: Zeroizing::new(password.to_owned()) });
        Ok(())
    }

    pub(super) fn is_socks(&self) -> bool {
        matches!(self.scheme, ProxyScheme::Socks5 | ProxyScheme::Socks5h)
    }

    /// The line `Proxy-Authorization`, or nothing without a user.
    fn authorization(&self) -> Zeroizing<String> {
        let Some(login) = &self.credentials else { return Zeroizing::default() };
        let plain = Zeroizing::new(format!("{}:{}", login.user, *login.password));
        let encoded = Zeroizing::new(STANDARD.encode(plain.as_bytes()));
        Zeroizing::new(format!("Proxy-Authorization: Basic {}\r\n", *encoded))
    }
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = SCHEMES.iter().find(|(_, scheme)| *scheme == self.scheme).map_or("", |(name, _)| name);
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// `[scheme://][user[:password]@]host[:port][/]`: without a scheme it is http, without a port 1080 as for curl, or 443
/// for https. An error does not repeat the text, which may hold a password.
impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = SCHEMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(scheme)).ok_or(WRONG_SCHEME)?.1;
        // A slash may be part of the password, the rest of a path may not follow.
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let place = place.strip_suffix('/').unwrap_or(place);
        let authority: http::uri::Authority = place.parse().map_err(|_| WRONG_HOST)?;
        let host = authority.host();
        if host.is_empty() || host == "[]" || place.contains(['\\', '/', '?', '#']) {
            return Err(WRONG_HOST);
        }
        let port = match place[host.len()..].strip_prefix(':') {
            None if scheme == ProxyScheme::Https => 443,
            None => 1080,
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(WRONG_HOST)?,
        };
        let mut proxy = Self { scheme, host: host.to_owned(), port, credentials: None };
        let Some(login) = login else { return Ok(proxy) };
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|text| Zeroizing::new(text.into_owned()))
                .map_err(|_| WRONG_CREDENTIALS)
        };
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        proxy.set_login(&decoded(user)?, &decoded(password)?)?;
        Ok(proxy)
    }
}

const WRONG_SCHEME: &str = "a proxy's URL begins with http://, https://, socks5:// or socks5h://";
const WRONG_HOST: &str = "a proxy's URL has a host and a port, such as http://proxy.example.com:3128";
const WRONG_CREDENTIALS: &str = "a proxy's user and password hold no control characters, and the user no colon";

/// Of a proxy for HTTP that closes instead of answering.
pub(super) const MAY_BE_SOCKS: &str = "; if it is a SOCKS proxy, its URL begins with socks5h://";

/// Of a SOCKS proxy that closes or waits instead of answering.
const MAY_BE_HTTP: &str = "; if it is an HTTP proxy, its URL begins with http://";

/// Each may count as a wrong one at the proxy, and accounts are locked after five or so.
const MAX_ATTEMPTS: u32 = 3;

/// A proxy has answered to it: it is right, or the run ends.
const ANSWERED: u32 = u32::MAX;

/// How often the password went out without a response, because the connection was lost before each.
#[derive(Debug, Default)]
pub(super) struct AuthAttempts(Mutex<u32>);

impl AuthAttempts {
    /// Whether it may go out once more.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        match *lock(&self.0) {
            times if times >= MAX_ATTEMPTS && times != ANSWERED => Err(TransportError::new(
                Kind::ProxyAuthentication,
                format!("the connection was lost {times} times after the user and password went out"),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn note(&self, was_answered: bool) {
        let mut times = lock(&self.0);
        *times = if was_answered { ANSWERED } else { times.saturating_add(1) };
    }
}

/// Words with a proxy over a connection that was just made, within what is left of the time for connecting.
pub(super) struct TunnelHandshake<'a> {
    pub(super) stream: &'a mut Stream,
    pub(super) due: Option<Instant>,
    pub(super) cancellation: &'a CancellationToken,
    pub(super) auth_attempts: &'a AuthAttempts,
}

impl TunnelHandshake<'_> {
    /// Says what shows the password; `talk` ends with the response.
    fn prove<T>(&mut self, talk: impl FnOnce(&mut Self) -> Result<T, TransportError>) -> Result<T, TransportError> {
        self.auth_attempts.check()?;
        let response = talk(self);
        self.auth_attempts.note(response.is_ok());
        response
    }

    fn send(&mut self, data: &[u8]) -> Result<(), TransportError> {
        let mut sent = 0;
        loop {
            let (taken, result) = self.stream.push(&data[sent..]);
            sent += taken;
            match result {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.wait(PollFlags::IN | PollFlags::OUT)?;
                }
                Err(error) => return Err(TransportError::of_io(&error)),
            }
        }
    }

    /// Reads exactly so much: what comes after it is not the proxy's.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<(), TransportError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.stream.receive(&mut buffer[filled..]) {
                Ok(0) => return Err(TransportError::new(Kind::Connect, "it closed the connection")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => self.wait(PollFlags::IN)?,
                Err(error) => return Err(TransportError::of_io(&error)),
            }
        }
        Ok(())
    }

    /// The same for the first bytes that a proxy sends: if there are none, it may be one of another kind.
    fn receive_first(&mut self, buffer: &mut [u8], may_be: &str) -> Result<(), TransportError> {
        self.receive(buffer).map_err(|error| match error.kind {
            Kind::Connect | Kind::Cut => error.after(may_be),
            _ => error,
        })
    }

    fn wait(&self, events: PollFlags) -> Result<(), TransportError> {
        if poll::wait(self.stream.tcp(), events, self.due, self.cancellation)?.is_none() {
            return Err(TransportError::new(Kind::Connect, "connecting timed out"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        for (text, shown) in [
            ("proxy", "http://proxy:1080"),
            ("proxy:3128/", "http://proxy:3128"),
            ("HTTP://u:p@proxy:3128", "http://proxy:3128"),
            ("https://proxy", "https://proxy:443"),
            ("socks5://[::1]:1081", "socks5://[::1]:1081"),
            ("socks5h://u@proxy", "socks5h://proxy:1080"),
        ] {
            assert_eq!(text.parse::<Proxy>().map(|proxy| proxy.to_string()).as_deref(), Ok(shown), "{text}");
        }
        let proxy: Proxy = "http://u%20x:p%40/w@h:1".parse().expect("right");
        assert_eq!((proxy.user(), proxy.has_password()), (Some("u x"), true));
        assert_eq!(*proxy.authorization(), "Proxy-Authorization: Basic dSB4OnBAL3c=\r\n");
        assert!(!format!("{proxy:?} {proxy}").contains("p@"));
    }

    #[test]
    fn a_socks_proxy_takes_no_more_than_255_bytes_of_a_login() {
        let (most, more) = ("a".repeat(255), "a".repeat(256));
        let read = |scheme: &str, user: &str, password: &str| {
            format!("{scheme}://{user}:{password}@h").parse::<Proxy>().map(|_| ())
        };
        assert_eq!(read("socks5", &most, &most), Ok(()));
        assert_eq!(read("socks5", &more, "p"), Err(WRONG_CREDENTIALS));
        assert_eq!(read("socks5h", "u", &more), Err(WRONG_CREDENTIALS));
        assert_eq!(read("http", &more, &more), Ok(()));
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        for (text, error) in [
            ("ftp://h", WRONG_SCHEME),
            ("socks4://h", WRONG_SCHEME),
            ("", WRONG_HOST),
            ("http://", WRONG_HOST),
            ("http://[]", WRONG_HOST),
            ("http://:80", WRONG_HOST),
            ("http://h?x", WRONG_HOST),
            ("http://h:0", WRONG_HOST),
            ("http://h:x", WRONG_HOST),
            ("http://h/path", WRONG_HOST),
            ("http://u%0a:p@h", WRONG_CREDENTIALS),
            ("http://u%3ax:p@h", WRONG_CREDENTIALS),
            ("http://:p@h", WRONG_CREDENTIALS),
        ] {
            assert_eq!(text.parse::<Proxy>(), Err(error), "{text}");
        }
    }

    #[test]
    fn the_third_is_the_last_unless_one_was_answered() {
        let auth_attempts = AuthAttempts::default();
        for _ in 0..3 {
            assert!(auth_attempts.check().is_ok());
            auth_attempts.note(false);
        }
        assert_eq!(auth_attempts.check().expect_err("too often").kind, Kind::ProxyAuthentication);
        let responded = AuthAttempts::default();
        for was_answered in [false, false, true, false, false, false, false] {
            assert!(responded.check().is_ok());
            responded.note(was_answered);
        }
        assert!(responded.check().is_ok());
    }
}
