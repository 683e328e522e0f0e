//! Carries a request to the server and its answer back. Knows nothing of what a packet means.

mod error;
mod http1;
mod resolver;

use std::io::Read;

use http::{Request, Response};

use crate::protocol::TransportError;

pub use http1::{Http, Settings};

/// One exchange at a time with one server.
pub trait Transport {
    /// Sends a request with exactly the body that its `Content-Length` promises; returns the answer's head.
    ///
    /// The answer's body is read and dropped as far as that keeps the connection usable.
    ///
    /// # Errors
    /// When no answer arrives. Whether the server got the request is then unknown.
    fn exchange(&mut self, request: Request<()>, body: &mut dyn Read) -> Result<Response<()>, TransportError>;
}
