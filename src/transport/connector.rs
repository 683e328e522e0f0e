//! New connections, for the HTTP library.

use std::sync::Arc;

use ureq::Error;
use ureq::unversioned::transport::{ConnectionDetails, Connector};

use crate::protocol::TransportErrorKind as Kind;

use super::connection::Connection;
use super::dial::dial;
use super::exchange::Exchange;
use super::fault::Fault;
use super::interrupt::Interrupter;
use super::reach::Reach;
use super::resolver::bare;
use super::settings::{Settings, deadline};
use super::stream::{Socket, Stream};
use super::tls::{Tls, Trust};

/// Makes [`Connection`]s. Clones share the TLS configuration, and with it the sessions that can be resumed.
#[derive(Debug, Clone)]
pub(super) struct PollConnector {
    pub(super) settings: Settings,
    pub(super) interrupter: Interrupter,
    pub(super) exchange: Exchange,
    pub(super) trust: Arc<Trust>,
    pub(super) reach: Arc<Reach>,
}

impl Connector for PollConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Connection>, Error> {
        self.exchange.note(|facts| facts.reused_connection = false);
        if self.exchange.facts().keeps_connection {
            return Err(Fault::new(Kind::NoConnection, "").into());
        }
        let due = deadline(self.settings.connect_timeout);
        let socket = Socket::new(dial(&details.addrs, due, &self.interrupter)?);
        let stream = if details.needs_tls() {
            let config = self.trust.config(&self.settings)?;
            let host = bare(details.uri.host().unwrap_or_default());
            Stream::Tls(Box::new(Tls::open(socket, config, host, due, &self.interrupter)?))
        } else {
            Stream::Plain(socket)
        };
        Ok(Some(Connection::new(stream, self.settings.clone(), self.interrupter.clone(), self.exchange.clone())))
    }
}
