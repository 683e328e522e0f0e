//! Name lookup that can be given up, and says of itself when it failed.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::protocol::TransportErrorKind as Kind;
use crate::protocol::text::escape;

use super::fault::Fault;
use super::interrupt::Interrupter;
use super::reach::Reach;
use super::settings::deadline;

/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 16;

/// How often a lookup under way looks for an interruption.
const SLICE: Duration = Duration::from_millis(50);

/// The system's resolver.
#[derive(Debug)]
pub(super) struct SystemResolver {
    pub(super) timeout: Duration,
    pub(super) interrupter: Interrupter,
    pub(super) reach: Arc<Reach>,
}

impl Resolver for SystemResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let found = self.reach.check(host, self.find(host, port)?, |origin| self.find(origin, port))?;
        let mut addresses = self.empty();
        found.into_iter().take(MAX_ADDRESSES).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

impl SystemResolver {
    fn find(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        match bare(host).parse::<IpAddr>() {
            Ok(address) => Ok(vec![SocketAddr::new(address, port)]),
            Err(_) => self.look_up(host.to_owned(), port),
        }
    }

    /// The operating system offers no lookup that can be ended, so a thread does it that nobody has to wait for.
    fn look_up(&self, host: String, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        let (found, answer) = mpsc::sync_channel(1);
        let until = deadline(self.timeout);
        std::thread::Builder::new()
            .name("lookup".to_owned())
            .spawn(move || found.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect)))
            .map_err(|error| Fault::new(Kind::Local, escape(error.to_string())))?;
        loop {
            if self.interrupter.is_interrupted() {
                return Err(Fault::interrupted());
            }
            match answer.recv_timeout(SLICE) {
                Ok(result) => return result.map_err(|error| sort(&error)),
                Err(RecvTimeoutError::Timeout) if until.is_some_and(|until| Instant::now() >= until) => {
                    return Err(Fault::new(
                        Kind::LookupFailed,
                        format!("none within {} s", self.timeout.as_secs_f32()),
                    ));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Fault::new(Kind::LookupFailed, "")),
            }
        }
    }
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The standard library keeps `EAI_AGAIN` only as text.
fn sort(error: &io::Error) -> Fault {
    let text = error.to_string();
    let temporary = ["Temporary failure", "temporary", "Try again", "11002"].iter().any(|t| text.contains(t));
    Fault::new(if temporary { Kind::LookupFailed } else { Kind::UnknownHost }, escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_lookup_failure_is_no_unknown_host() {
        let kind = |text: &str| sort(&io::Error::other(text)).kind;
        let prefix = "failed to lookup address information";
        assert_eq!(kind(&format!("{prefix}: Temporary failure in name resolution")), Kind::LookupFailed);
        assert_eq!(kind(&format!("{prefix}: Name or service not known")), Kind::UnknownHost);
    }

    #[test]
    fn brackets_belong_to_the_url() {
        assert_eq!(bare("[::1]"), "::1");
        assert_eq!(bare("host"), "host");
    }
}
