//! New connections, for the HTTP library: straight or through a proxy, with TLS or without.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::Uri;
use ureq::Error;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

use crate::exchange::{ConnectionUse, TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;
use crate::protocol::{Origin, without_brackets};
use crate::sync::lock;

use super::address::Names;
use super::address_policy::AddressPolicy;
use super::cancel::CancellationToken;
use super::connection::{Connection, Endpoint};
use super::dial::dial;
use super::exchange_log::ExchangeLog;
use super::poll::deadline;
use super::proxy::{AbsoluteForm, AuthAttempts, Proxy, ProxyScheme, TunnelHandshake};
use super::settings::Settings;
use super::stream::{Socket, Stream};
use super::tls::{Tls, TlsInfo, Trust};

/// The peer of the last connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The address that the connection leads to: the proxy's, if there is one.
    pub address: SocketAddr,
    /// The proxy, without user and password.
    pub proxy: Option<String>,
    /// TLS with the server; `None`: there is none.
    pub tls: Option<TlsInfo>,
}

/// Makes [`Connection`]s. Clones share the TLS configuration, and with it the sessions that can be resumed.
#[derive(Debug, Clone)]
pub(super) struct PollConnector {
    pub(super) settings: Settings,
    pub(super) cancellation: CancellationToken,
    pub(super) exchange: ExchangeLog,
    pub(super) trust: Arc<Trust>,
    pub(super) address_policy: Arc<AddressPolicy>,
    pub(super) connection_info: Arc<Mutex<Option<ConnectionInfo>>>,
    pub(super) auth_attempts: Arc<AuthAttempts>,
}

/// Addresses that are shown of one host.
const MAX_SHOWN: usize = 3;

/// The peer of an exchange, in words: `h:80 through the proxy http://p:3128 (192.0.2.1:3128)`.
fn describe(server: &Origin, proxy: Option<&Proxy>, addresses: &[SocketAddr]) -> String {
    let mut text = escape(server.authority());
    let mut peer = text.clone();
    if let Some(proxy) = proxy {
        peer = format!("{}:{}", proxy.host, proxy.port);
        text = format!("{text} through the proxy {}", escape(proxy.to_string()));
    }
    let mut shown: Vec<_> = addresses.iter().map(ToString::to_string).filter(|address| *address != peer).collect();
    let more = shown.len().saturating_sub(MAX_SHOWN);
    shown.truncate(MAX_SHOWN);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    if shown.is_empty() { text } else { format!("{text} ({})", shown.join(", ")) }
}

impl PollConnector {
    pub(super) fn new(settings: Settings, cancellation: CancellationToken) -> Self {
        let trust = Arc::new(Trust::new(settings.tls.clone()));
        let address_policy = Arc::new(AddressPolicy::of(settings.origin.clone()));
        let (exchange, connection_info, auth_attempts) = Default::default();
        Self { settings, cancellation, exchange, trust, address_policy, connection_info, auth_attempts }
    }

    fn open(&self, uri: &Uri) -> Result<Connection, TransportError> {
        let server = &Origin::of(uri);
        let proxy = self.settings.proxies.route(server);
        self.note_peer(server, proxy, &[]);
        let (stream, due) = match proxy {
            None => self.straight(server)?,
            Some(proxy) => self.through(proxy, server).map_err(|error| error.at(proxy))?,
        };
        let address = stream.tcp().peer_addr().map_err(|error| TransportError::of_connecting(&error))?;
        let peer = self.note_peer(server, proxy, &[address]);
        let stream = if server.is_https() {
            let configured = self
                .trust
                .for_server(self.settings.origin.as_ref().is_none_or(|origin| origin.host() == server.host()))?;
            Stream::Tls(Box::new(Tls::open(stream, configured, server.host(), due, &self.cancellation)?))
        } else {
            stream
        };
        let tls = stream.tls().filter(|_| server.is_https());
        let channel = tls.and_then(Tls::channel_binding);
        let tls = tls.map(Tls::info);
        let info = ConnectionInfo { address, proxy: proxy.map(ToString::to_string), tls };
        *lock(&self.connection_info) = Some(info);
        let form = proxy.filter(|proxy| !server.is_https() && !proxy.is_socks()).map(|proxy| AbsoluteForm {
            authority: uri.authority().map(ToString::to_string).unwrap_or_default(),
            proxy: proxy.clone(),
        });
        if form.as_ref().is_some_and(|form| form.proxy.user().is_some()) {
            self.auth_attempts.check()?;
        }
        let (settings, cancellation) = (self.settings.clone(), self.cancellation.clone());
        let endpoint = Endpoint { peer, form, channel };
        Ok(Connection::new(stream, endpoint, settings, cancellation, self.exchange.clone()))
    }

    fn straight(&self, server: &Origin) -> Result<(Stream, Option<Instant>), TransportError> {
        let addresses = self.allowed_addresses(server)?;
        self.note_peer(server, None, &addresses);
        let due = deadline(self.settings.connect_timeout);
        Ok((self.dial(&addresses, due)?, due))
    }

    fn through(&self, proxy: &Proxy, server: &Origin) -> Result<(Stream, Option<Instant>), TransportError> {
        let names = self.names();
        // A name, or the addresses of the server in turn.
        let hosts: Vec<String> = if proxy.scheme == ProxyScheme::Socks5 {
            self.allowed_addresses(server)?.iter().map(|address| address.ip().to_string()).collect()
        } else {
            // A user who has names looked up elsewhere may not want this machine to ask for them.
            // The proxy may use another address family than this machine.
            let look_up = |host: &str| names.find_all(host, server.port());
            let private = proxy.scheme == ProxyScheme::Socks5h;
            self.address_policy.check_unseen(server, if private { None } else { Some(&look_up) })?;
            vec![server.host().to_owned()]
        };
        let addresses =
            names.find(without_brackets(&proxy.host), proxy.port).map_err(|error| error.before("its own address: "))?;
        self.note_peer(server, Some(proxy), &addresses);
        let due = deadline(self.settings.connect_timeout);
        let mut hosts = hosts.iter();
        loop {
            let Some(host) = hosts.next() else { return Err(TransportError::new(Kind::UnknownHost, "")) };
            match self.pass(proxy, &addresses, server, host, due) {
                // The next address may be better, as if there were no proxy.
                Err(error) if hosts.len() > 0 && error.kind == Kind::Connect => {}
                result => return result.map(|stream| (stream, due)),
            }
        }
    }

    /// A connection to a proxy that leads to the server, or takes requests for it.
    fn pass(
        &self,
        proxy: &Proxy,
        addresses: &[SocketAddr],
        server: &Origin,
        host: &str,
        due: Option<Instant>,
    ) -> Result<Stream, TransportError> {
        let mut stream = self.dial(addresses, due)?;
        if proxy.scheme == ProxyScheme::Https {
            let configured = self.trust.for_proxy()?;
            let tls = Tls::open(stream, configured, without_brackets(&proxy.host), due, &self.cancellation)?;
            stream = Stream::Tls(Box::new(tls));
        }
        let mut handshake = TunnelHandshake {
            stream: &mut stream,
            due,
            cancellation: &self.cancellation,
            auth_attempts: &self.auth_attempts,
        };
        if proxy.is_socks() {
            handshake.socks(proxy, host, server.port())?;
        } else if server.is_https() {
            handshake.tunnel(proxy, &server.authority())?;
        }
        Ok(stream)
    }

    fn dial(&self, addresses: &[SocketAddr], due: Option<Instant>) -> Result<Stream, TransportError> {
        Ok(Stream::Plain(Socket::new(dial(addresses, due, &self.cancellation)?)))
    }

    /// The server's addresses, without those that it must not lead to.
    fn allowed_addresses(&self, server: &Origin) -> Result<Vec<SocketAddr>, TransportError> {
        let names = self.names();
        let found = names.find(server.host(), server.port())?;
        // A name that only a proxy can look up is not on this machine's own network.
        let behind_proxy = |origin: &Origin| self.settings.proxies.route(origin).is_some();
        self.address_policy.check(server, found, |origin| match names.find(origin.host(), origin.port()) {
            Err(error) if behind_proxy(origin) && !error.is_interruption() => Ok(None),
            result => result.map(Some),
        })
    }

    /// Notes who the exchange is with, as far as it is known.
    fn note_peer(&self, server: &Origin, proxy: Option<&Proxy>, addresses: &[SocketAddr]) -> Arc<str> {
        let peer: Arc<str> = describe(server, proxy, addresses).into();
        self.exchange.note(|facts| facts.peer = Some(Arc::clone(&peer)));
        peer
    }

    fn names(&self) -> Names {
        Names {
            settings: self.settings.addresses.clone(),
            timeout: self.settings.connect_timeout,
            cancellation: self.cancellation.clone(),
        }
    }
}

impl Connector for PollConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, Error> {
        self.exchange.note(|facts| facts.reused_connection = false);
        if self.exchange.facts().options.connection == ConnectionUse::Same {
            return Err(TransportError::new(Kind::NoConnection, "").into());
        }
        Ok(Some(self.open(details.uri)?))
    }
}

/// Names are looked up when a connection is made: the library would do so before each request.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_its_host_its_addresses_and_its_proxy() {
        let server = Origin::of(&Uri::from_static("https://h/x"));
        let addresses = |count: u8| -> Vec<SocketAddr> { (1..=count).map(|n| ([192, 0, 2, n], 443).into()).collect() };
        let proxy: Proxy = "http://u:p@p:3128".parse().expect("right");
        assert_eq!(describe(&server, None, &[]), "h:443");
        assert_eq!(describe(&server, None, &addresses(1)), "h:443 (192.0.2.1:443)");
        assert_eq!(
            describe(&server, Some(&proxy), &addresses(5)),
            "h:443 through the proxy http://p:3128 (192.0.2.1:443, 192.0.2.2:443, 192.0.2.3:443, 2 more)"
        );
        let literal = Origin::of(&Uri::from_static("http://[::1]:8080/x"));
        assert_eq!(describe(&literal, None, &["[::1]:8080".parse().expect("right")]), "[::1]:8080");
    }
}
