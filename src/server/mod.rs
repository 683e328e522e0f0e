//! The receiver behind `bitsup serve` and `bitsup try`: a small BITS server ([MC-BUP] 3.2) that stores into a folder.
//!
//! ```no_run
//! use bitsup::server::{Options, Server};
//!
//! let server = Server::bind(Options::new("uploads", "127.0.0.1:8080".parse()?))?;
//! server.run(|event| eprintln!("{event}"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An acknowledged byte is on disk. A file appears under its name only when it is whole. Sessions survive a restart.
//! Without an [`Account`] everyone who reaches the address may upload: bind it to a loopback address.

mod access;
mod account;
mod client;
mod download;
mod error;
mod event;
mod framing;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod limits;
mod listen;
mod options;
mod path;
mod progress;
mod receiver;
mod reply;
mod request;
mod response;
mod session;
mod store;
mod tls;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

pub use access::ReloadHandle;
pub use account::Account;
pub use client::{Client, TrustedProxies, TrustedProxy};
pub use error::ServeError;
pub use event::{PacketEvent, ServeEvent};
pub use http::StopHandle;
pub use limits::Limits;
pub use listen::Listen;
pub use options::{Options, TlsFiles};
pub use store::{StoredSession, remove_stored_session, stored_sessions};

use crate::durable::{Disk, Durable, Volatile};
use access::Access;
use http::ServerContext;
use listen::Listener;
use receiver::Receiver;

/// A receiver that is bound to its addresses: connections are accepted from now on, and served by [`Server::run`].
pub struct Server {
    listeners: Vec<Listener>,
    options: Options,
    receiver: Arc<Receiver>,
    access: Arc<Access>,
    discarded: Vec<String>,
    stop: StopHandle,
}

impl Server {
    /// Opens the folder, reads the sessions that an earlier server left, and binds the addresses.
    ///
    /// # Errors
    /// When the folder cannot be used or is another server's, or an address cannot be bound.
    pub fn bind(options: Options) -> Result<Self, ServeError> {
        let access = Access::of(&options)?;
        let disk: Box<dyn Disk> = if options.durable { Box::new(Durable) } else { Box::new(Volatile) };
        let (receiver, discarded) = Receiver::open(disk, options.clone())?;
        let listeners = options.listen.iter().map(Listen::bind).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            listeners: listeners.into_iter().flatten().collect(),
            options,
            receiver: Arc::new(receiver),
            access,
            discarded,
            stop: StopHandle::default(),
        })
    }

    /// The first address that the server listens on, with the port it got; none if it has Unix sockets alone.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listeners.iter().find_map(Listener::address)
    }

    /// Something to stop the server with, from any thread.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Something to replace certificate and password with, while the server runs.
    #[must_use]
    pub fn reload_handle(&self) -> ReloadHandle {
        ReloadHandle(Arc::clone(&self.access))
    }

    /// Serves until it is stopped. Requests under way get a moment to finish; what they have stored is kept.
    ///
    /// `on_event` is called from several threads, one at a time; the server waits while it runs.
    ///
    /// # Errors
    /// When the system has no threads for it, or the folder is removed or replaced.
    pub fn run(self, on_event: impl FnMut(&ServeEvent) + Send + 'static) -> Result<(), ServeError> {
        let (receiver, root) = (Arc::clone(&self.receiver), self.options.root.clone());
        let stop = self.stop.clone();
        let context = ServerContext::new(self.receiver, self.options, self.access, stop, Box::new(on_event));
        http::run(self.listeners, context, self.discarded, &self.stop).map_err(ServeError::Runtime)?;
        if receiver.was_replaced() { Err(ServeError::Replaced(root)) } else { Ok(()) }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("listen", &self.options.listen)
            .field("root", &self.options.root)
            .finish_non_exhaustive()
    }
}
