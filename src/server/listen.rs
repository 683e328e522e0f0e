//! Where a receiver listens.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use super::error::ServeError;

/// Where a receiver listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket of this path, for a proxy on the same machine. One that a server left behind is replaced.
    Unix(PathBuf),
    /// The sockets that systemd opened for this process (`sd_listen_fds(3)`).
    Systemd,
}

impl Listen {
    /// Whether other machines may reach it. For systemd's sockets that is unknown: their addresses are in its unit.
    #[must_use]
    pub fn may_be_reached(&self) -> bool {
        match self {
            Self::Tcp(address) => !address.ip().is_loopback(),
            Self::Unix(_) => false,
            Self::Systemd => true,
        }
    }

    pub(super) fn bind(&self) -> Result<Vec<Listener>, ServeError> {
        let bound = match self {
            Self::Tcp(address) => TcpListener::bind(address).and_then(Listener::tcp).map(|listener| vec![listener]),
            Self::Unix(path) => unix::bind(path).map(|listener| vec![listener]),
            Self::Systemd => unix::inherited(),
        };
        bound.map_err(|error| ServeError::Bind(self.clone(), error))
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

/// As `--listen` takes it.
impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

#[cfg(unix)]
pub(super) use unix::SocketFile;

/// A socket that connections come in on.
pub(super) enum Listener {
    Tcp(TcpListener, SocketAddr),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, SocketFile),
}

impl Listener {
    fn tcp(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self::Tcp(listener, address))
    }

    /// The address, with the port that it got.
    #[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "Unix sockets have none"))]
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(_, address) => Some(*address),
            #[cfg(unix)]
            Self::Unix(..) => None,
        }
    }

    /// The URL of its root; the path of a Unix socket, which has none.
    pub(super) fn url(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(_, address) => format!("{scheme}://{address}/"),
            #[cfg(unix)]
            Self::Unix(_, file) => Listen::Unix(file.path().to_owned()).to_string(),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, symlink_metadata};
    use std::io;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::{Path, PathBuf};

    use super::Listener;

    /// The name of a Unix socket in the file system, removed when the server ends.
    pub(in crate::server) struct SocketFile {
        path: PathBuf,
        /// Device and inode of the one that this process made; none of one that systemd keeps.
        made: Option<(u64, u64)>,
    }

    impl SocketFile {
        pub(super) fn path(&self) -> &Path {
            &self.path
        }
    }

    impl Drop for SocketFile {
        fn drop(&mut self) {
            // Another server may have the name by now. One that is left over is replaced by the next.
            if self.made.is_some() && identity(&self.path).ok() == self.made {
                let _ = fs::remove_file(&self.path);
            }
        }
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
    }

    pub(super) fn bind(path: &Path) -> io::Result<Listener> {
        let bound = UnixListener::bind(path).or_else(|error| {
            if error.kind() != io::ErrorKind::AddrInUse || !is_left_over(path) {
                return Err(error);
            }
            fs::remove_file(path)?;
            UnixListener::bind(path)
        });
        let listener = bound?;
        listener.set_nonblocking(true)?;
        let made = Some(identity(path)?);
        Ok(Listener::Unix(listener, SocketFile { path: path.to_owned(), made }))
    }

    /// Whether it is a socket without a listener.
    fn is_left_over(path: &Path) -> bool {
        let is_socket = symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
        is_socket && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    }

    pub(super) fn inherited() -> io::Result<Vec<Listener>> {
        let mut given = listenfd::ListenFd::from_env();
        let mut listeners = Vec::new();
        for index in 0..given.len() {
            if let Ok(Some(listener)) = given.take_tcp_listener(index) {
                listeners.push(Listener::tcp(listener)?);
            } else if let Some(listener) = given.take_unix_listener(index)? {
                listener.set_nonblocking(true)?;
                let path = listener.local_addr()?.as_pathname().unwrap_or(Path::new("")).to_owned();
                listeners.push(Listener::Unix(listener, SocketFile { path, made: None }));
            }
        }
        if listeners.is_empty() {
            return Err(io::Error::other("systemd passed no sockets: start it by a .socket unit"));
        }
        Ok(listeners)
    }
}

#[cfg(not(unix))]
mod unix {
    use std::io;
    use std::path::Path;

    use super::Listener;

    pub(super) fn bind(_: &Path) -> io::Result<Listener> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn inherited() -> io::Result<Vec<Listener>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
