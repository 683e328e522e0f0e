//! What passes between the state machine, the client and the transport, as values: no I/O, no clock.

mod channel_binding;
mod error;
mod request_options;
mod response_facts;

pub use channel_binding::ChannelBinding;
pub use error::{TlsFault, TransportError, TransportErrorKind};
pub use request_options::{ConnectionUse, RequestOptions};
pub use response_facts::{BodySent, CertificateWanted, Timing};
