//! Carries a request to the server and its response back. Knows nothing of what a packet means.
//!
//! HTTP/1.1 is `ureq`'s; sockets, TLS and clocks are ours, behind its extension point, because a library that blocks on
//! writing does not see a response that comes while the body is still going out, and loses it when the connection is then
//! reset. [`Http`] waits by poll for either direction.
//!
//! Differences between platforms: `TCP_NOTSENT_LOWAT` is set on Linux only, so elsewhere "sent" runs ahead of the network
//! by the size of the kernel's buffer. On Windows interruptions are noticed within 100 ms.

mod address;
mod address_policy;
mod buffers;
mod cancel;
mod connection;
mod connector;
mod dial;
mod error;
mod exchange_log;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod http1;
mod obs_text;
mod poll;
mod proxy;
mod rate_limit;
mod response_head;
mod settings;
mod speech;
mod stream;
mod tls;

use std::io::{self, Read};
use std::time::Duration;

use http::{Request, Response};

use crate::exchange::{RequestOptions, TransportError};

pub use address::{AddressFamily, AddressSettings, FixedAddress};
pub use cancel::CancellationToken;
pub use connector::ConnectionInfo;
pub use http1::Http;
pub use proxy::{Proxies, Proxy};
pub use rate_limit::RateLimiter;
pub use settings::Settings;
pub use tls::{Authorities, ClientIdentity, Pin, TlsInfo, TlsSettings};

/// One exchange at a time with one server.
pub trait Transport {
    /// Sends a request with exactly the body that its `Content-Length` promises; returns the response's head.
    ///
    /// The response's body is read and dropped as far as that keeps the connection usable. A response of 2xx that comes while
    /// the body goes out counts only when the whole body went out after it; any other ends the body at once. Its
    /// extensions tell how much went out: [`BodySent`](crate::exchange::BodySent).
    ///
    /// # Errors
    /// When no response arrives. Whether the server got the request is then unknown.
    fn exchange(
        &mut self,
        request: Request<()>,
        options: RequestOptions,
        body: &mut dyn Read,
    ) -> Result<Response<()>, TransportError>;

    /// Sends a request without a body; hands the response's head and body to `sink` as they arrive.
    ///
    /// Redirects are not followed. The body is whole when this returns a response, unless `sink` did not want it, or the
    /// response told no length.
    ///
    /// # Errors
    /// When no response arrives, when its body breaks off, or when `sink` fails.
    fn fetch(
        &mut self,
        request: Request<()>,
        options: RequestOptions,
        sink: &mut dyn ResponseSink,
    ) -> Result<Response<()>, TransportError>;

    /// The upload was interrupted, and its last requests are to go out, such as Cancel-Session.
    ///
    /// The cancellation does not end exchanges any more, and the connection is closed. All that follows, connecting
    /// included, has `limit` from now on; after that every exchange fails at once.
    fn last_words(&mut self, limit: Duration);
}

/// Takes a response as it arrives.
pub trait ResponseSink {
    /// The response's head. Returns whether the sink takes its body.
    fn begin(&mut self, head: &Response<()>) -> bool;

    /// The body's next bytes.
    ///
    /// # Errors
    /// When the sink needs no more of it, or cannot keep it. The exchange ends then.
    fn take(&mut self, bytes: &[u8]) -> io::Result<()>;
}
