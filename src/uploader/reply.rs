//! The values that the machine and the client exchange while the reply of the server's application is fetched
//! (MC-BUP 1.3.3). The download is the state in `state/fetch_reply.rs`.

use std::fmt;

use http::header::HeaderValue;
use http::{Response, StatusCode, Uri};

use crate::exchange::TransportError;

/// Largest reply that is saved, in bytes.
pub const MAX_REPLY: u64 = 1 << 30;

/// A GET of the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyRequest {
    /// Where it is.
    pub url: Uri,
    /// From this byte on.
    pub from: u64,
    /// Only if this still identifies it, for `If-Range`.
    pub validator: Option<HeaderValue>,
}

/// The outcome of a GET of the reply.
#[derive(Debug)]
pub struct ReplyFetched {
    /// The response's head, if there was one.
    pub head: Option<Response<()>>,
    /// Bytes of its body that were stored, behind the offset that [`Uploader::accept_reply`](crate::uploader::Uploader) told.
    pub taken: u64,
    /// Whether the body arrived to its end.
    pub end: Result<(), TransportError>,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyError {
    /// The server offered none, or none that can be fetched.
    NotOffered,
    /// The server does not give it out.
    Status(StatusCode),
    /// The response is none of one's request.
    BadResponse(&'static str),
    /// It is larger than what is saved.
    TooLarge,
    /// No response came.
    Lost(TransportError),
}

/// Reads well after "the reply cannot be fetched: ".
impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => f.write_str("the server offered no reply"),
            Self::Status(status) => write!(f, "the server responded to GET with {status}"),
            Self::BadResponse(what) => write!(f, "the response to GET {what}"),
            Self::TooLarge => write!(f, "it is larger than {MAX_REPLY} bytes"),
            Self::Lost(error) => write!(f, "no response to GET: {error}"),
        }
    }
}

impl std::error::Error for ReplyError {}
