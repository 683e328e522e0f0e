//! The comparison of the file with the destination after the end, as values. Its state is in `state/verify.rs`.

use std::fmt;

use http::{Method, Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::exchange::TransportError;

use super::head::content_length;

/// How what arrived is compared with the file. The later, the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// Not at all.
    #[default]
    None,
    /// By its size, which HEAD tells.
    Size,
    /// By its SHA-256: all of it is read back by GET.
    Sha256,
}

/// The difference between the file and the one at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// Its size differs.
    Size {
        /// The file's.
        expected: u64,
        /// The size at the destination, in bytes; `None`: more.
        found: Option<u64>,
    },
    /// Its contents differ.
    Sha256 {
        /// The file's, in hexadecimal digits.
        expected: String,
        /// That of what is there.
        found: String,
    },
}

/// Reads well after "the file at the destination differs: ".
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { expected, found: Some(found) } => write!(f, "it has {found} bytes instead of {expected}"),
            Self::Size { expected, found: None } => write!(f, "it has more than the file's {expected} bytes"),
            Self::Sha256 { expected, found } => write!(f, "its SHA-256 is {found} instead of {expected}"),
        }
    }
}

/// Why what is at the destination could not be compared with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unverified {
    /// The server does not give it out.
    Status(Method, StatusCode),
    /// The response does not tell how long it is.
    NoLength(Method),
    /// The server gives out something else than the file's bytes.
    Encoded(Method),
    /// No response came.
    Lost(Method, TransportError),
    /// The source cannot be read again, or is no longer what was uploaded.
    Source(String),
    /// The user did not want to wait.
    Interrupted,
}

/// Reads well after "the upload cannot be verified: ".
impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(method, status) => write!(f, "the server responded to {method} with {status}"),
            Self::NoLength(method) => write!(f, "the response to {method} has no length"),
            Self::Encoded(method) => {
                write!(f, "the response to {method} is compressed, although that was not requested")
            }
            Self::Lost(method, error) => write!(f, "no response to {method}: {error}"),
            Self::Source(why) => f.write_str(why),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// The outcome of a HEAD or GET of the destination.
#[derive(Debug)]
pub struct Seen {
    /// The response's head, if there was one.
    pub head: Option<Response<()>>,
    /// Bytes of the body that arrived: at most one more than the file has.
    pub count: u64,
    /// Whether the body arrived to its end.
    pub end: Result<(), TransportError>,
    /// The SHA-256 of what arrived, and that of the source or why it is not known; only where as much arrived as the
    /// source has.
    pub digests: Option<(String, Result<String, String>)>,
}

/// Whether a response's body is worth reading: it may be the file.
#[must_use]
pub fn may_be_the_file(head: &Response<()>, size: u64) -> bool {
    head.status() == StatusCode::OK && content_length(head.headers()).is_none_or(|length| length == size)
}
