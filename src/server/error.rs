//! Why a receiver does not start.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::listen::Listen;
use crate::auth::PemError;

/// The server cannot work.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// The folder cannot be used.
    Root(PathBuf, io::Error),
    /// The folder was removed, or another has its name now.
    Replaced(PathBuf),
    /// A session of an earlier server cannot be read from its files; they are left as they are.
    Session(PathBuf, io::Error),
    /// The file of the certificate or its key cannot be read.
    TlsFile(PathBuf, io::Error),
    /// It holds nothing of the kind.
    Pem(PathBuf, PemError),
    /// The two do not fit together, or are of a kind that is not supported.
    Tls(Box<[PathBuf; 2]>, rustls::Error),
    /// A name or password cannot be used.
    Account(&'static str),
    /// Another server uses the folder.
    InUse(PathBuf),
    /// The address cannot be bound.
    Bind(Listen, io::Error),
    /// The system has no threads or sockets for it.
    Runtime(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(root, _) => write!(f, "cannot open the upload directory {}", root.display()),
            Self::Replaced(root) => write!(f, "the upload directory {} was removed or replaced", root.display()),
            Self::Session(file, _) => write!(f, "cannot read the unfinished upload {}", file.display()),
            Self::TlsFile(path, _) | Self::Pem(path, _) => write!(f, "cannot read {}", path.display()),
            Self::Tls(files, _) => {
                let [cert, key] = files.as_ref();
                write!(f, "cannot use the certificate {} with the key {}", cert.display(), key.display())
            }
            Self::Account(why) => f.write_str(why),
            Self::InUse(root) => write!(f, "another bitsup serve receives into {}", root.display()),
            Self::Bind(address, _) => write!(f, "cannot listen on {address}"),
            Self::Runtime(_) => f.write_str("cannot start the server"),
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root(_, error)
            | Self::Session(_, error)
            | Self::TlsFile(_, error)
            | Self::Bind(_, error)
            | Self::Runtime(error) => Some(error),
            Self::Pem(_, error) => Some(error),
            Self::Tls(_, error) => Some(error),
            Self::InUse(_) | Self::Replaced(_) | Self::Account(_) => None,
        }
    }
}
