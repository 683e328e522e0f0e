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

mod account;
mod answer;
mod download;
mod event;
mod framing;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod json;
mod path;
mod progress;
mod range;
mod receiver;
mod reply;
mod request;
mod session;
mod store;
mod times;
mod tls;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use account::{Account, AccountError};
pub use event::{PacketEvent, ServeEvent};
pub use http::StopHandle;
pub use reply::ReplyCommand;
pub use times::Times;
pub use tls::{TlsError, TlsFiles};

use crate::protocol::HostId;
use receiver::Receiver;

/// What the operator wants.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The folder that receives the files. Unfinished ones lie in `.bitsup-sessions` below it.
    pub root: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether an upload may replace an existing file. Default: no.
    pub allow_overwrite: bool,
    /// Whether published files can be read by HEAD and GET; folders are never listed. Default: no.
    pub allow_read: bool,
    /// Who may upload and read. Default: everyone who reaches the address.
    pub account: Option<Account>,
    /// Certificate and key, for HTTPS. Default: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// What sees each complete file and may answer with a reply ([MC-BUP] 1.3.3). Default: nothing.
    pub reply_command: Option<ReplyCommand>,
    /// How long clients may take.
    pub times: Times,
    /// Largest file, in bytes. Default: no limit but the disk.
    pub max_size: Option<u64>,
    /// Largest fragment, in bytes; a larger one is answered 413. Default: no limit.
    pub max_fragment: Option<u64>,
    /// Life of a session without progress, and of the memory of a finished one. Default: 14 days.
    pub session_timeout: Duration,
    /// The host that Create-Session's Ack names, for the client to go on with ([MC-BUP] 2.2.3.2). Default: none.
    pub host_id: Option<HostId>,
    /// Time without progress, in whole seconds, after which the client returns to its first host. Default: not said.
    pub host_id_fallback_timeout: Option<Duration>,
    /// Most unfinished sessions of one client address. Default: 50.
    pub max_sessions: usize,
    /// Most bytes that all unfinished files may hold together. Default: no limit but the disk.
    pub max_temp: Option<u64>,
    /// Most connections of one client address. Default: 256.
    pub max_connections: usize,
    /// Whether bytes are synced to the disk before they are acknowledged. Default: yes. Without it a power cut may lose
    /// acknowledged bytes; a crash of the server alone does not.
    pub durable: bool,
}

impl Options {
    /// The defaults, for a folder and an address.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, listen: SocketAddr) -> Self {
        Self {
            root: root.into(),
            listen,
            allow_overwrite: false,
            allow_read: false,
            account: None,
            tls: None,
            reply_command: None,
            times: Times::default(),
            max_size: None,
            max_fragment: None,
            session_timeout: Duration::from_hours(14 * 24),
            host_id: None,
            host_id_fallback_timeout: None,
            max_sessions: 50,
            max_temp: None,
            max_connections: 256,
            durable: true,
        }
    }
}

/// A receiver that is bound to its address: connections are accepted from now on, and served by [`Server::run`].
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    options: Options,
    receiver: Arc<Receiver>,
    tls: Option<Arc<rustls::ServerConfig>>,
    discarded: Vec<String>,
    stop: StopHandle,
}

impl Server {
    /// Opens the folder, reads the sessions that an earlier server left, and binds the address.
    ///
    /// # Errors
    /// When the folder cannot be used or is another server's, or the address cannot be bound.
    pub fn bind(options: Options) -> Result<Self, ServeError> {
        let listen = options.listen;
        let tls = options.tls.as_ref().map(tls::config).transpose().map_err(ServeError::Tls)?;
        let (receiver, discarded) = Receiver::open(options.clone())?;
        let bound = TcpListener::bind(listen).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) = bound.map_err(|error| ServeError::Bind(listen, error))?;
        Ok(Self {
            listener,
            address,
            options,
            receiver: Arc::new(receiver),
            tls,
            discarded,
            stop: StopHandle::default(),
        })
    }

    /// Where the server listens, with the port it got.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Something to stop the server with, from any thread.
    #[must_use]
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Serves until it is stopped. Requests under way get a moment to finish; what they have stored is kept.
    ///
    /// `on_event` is called from several threads, one at a time; the server waits while it runs.
    ///
    /// # Errors
    /// When the system has no threads for it.
    pub fn run(self, on_event: impl FnMut(&ServeEvent) + Send + 'static) -> Result<(), ServeError> {
        http::run(self, Box::new(on_event)).map_err(ServeError::Runtime)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("root", &self.options.root)
            .finish_non_exhaustive()
    }
}

/// The server cannot work.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The folder cannot be used.
    Root(PathBuf, io::Error),
    /// A session of an earlier server cannot be read from its files; they are left as they are.
    Session(PathBuf, io::Error),
    /// The certificate or its key cannot be used.
    Tls(TlsError),
    /// Another server uses the folder.
    InUse(PathBuf),
    /// The address cannot be bound.
    Bind(SocketAddr, io::Error),
    /// The system has no threads or sockets for it.
    Runtime(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(root, _) => write!(f, "use the folder {}", root.display()),
            Self::Session(file, _) => write!(f, "go on with the unfinished upload {}", file.display()),
            Self::Tls(error) => error.fmt(f),
            Self::InUse(root) => write!(f, "use the folder {}: another server receives into it", root.display()),
            Self::Bind(address, _) => write!(f, "listen on {address}"),
            Self::Runtime(_) => f.write_str("start the server"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root(_, error) | Self::Session(_, error) | Self::Bind(_, error) | Self::Runtime(error) => Some(error),
            Self::Tls(error) => error.source(),
            Self::InUse(_) => None,
        }
    }
}
