//! The messages of the BITS upload protocol, as values: no I/O, no clock.
//!
//! [MC-BUP] section 2.2 defines the packets. A request is a [`Packet`]; a response is read by the functions of [`ack`],
//! which tolerate what servers are known to send and refuse what could lose data.

pub mod ack;
pub(crate) mod as_text;
pub mod error;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod hresult;
mod id;
pub(crate) mod name;
mod origin;
mod packet;
pub(crate) mod reply_url;
pub(crate) mod text;

pub use ack::{AckError, Session};
pub(crate) use ack::{FragmentAck, PacketResponse};
pub use error::{BitsError, ErrorContext};
pub(crate) use error::{PageTitle, RefusalBody};
pub use hresult::HResult;
pub use id::{HostId, IdError, ProtocolId, SessionId};
pub use origin::Origin;
pub(crate) use origin::without_brackets;
pub use packet::{ContentName, ContentRange, Packet, PacketKind, RangeError, method};
pub(crate) use text::digits;

/// Names of the protocol's header fields (MC-BUP 2.2.1), in the form `http` compares them: lower case.
pub mod header {
    /// The kind of packet, `Ack` on a response.
    pub const PACKET_TYPE: &str = "bits-packet-type";
    /// A slip in the specification's text that some servers copied.
    pub(crate) const PACKAGE_TYPE: &str = "bits-package-type";
    /// The session, chosen by the server.
    pub const SESSION_ID: &str = "bits-session-id";
    /// The client's protocols in order of preference.
    pub(crate) const SUPPORTED_PROTOCOLS: &str = "bits-supported-protocols";
    /// The server's choice among them.
    pub(crate) const PROTOCOL: &str = "bits-protocol";
    /// The next offset that the server wants.
    pub const RECEIVED_CONTENT_RANGE: &str = "bits-received-content-range";
    /// The same, as one public server spells it.
    pub(crate) const RECEIVED_CONTENT_RANGE_MISSPELT: &str = "bits-recieved-content-range";
    /// The HRESULT of a refusal (MC-BUP 2.2.1.2).
    pub const ERROR: &str = "bits-error";
    /// The same, as the Win32 reference pages name it.
    pub(crate) const ERROR_CODE: &str = "bits-error-code";
    /// Who refused: the server or the application behind it.
    pub(crate) const ERROR_CONTEXT: &str = "bits-error-context";
    /// The host that is to receive the fragments.
    pub const HOST_ID: &str = "bits-host-id";
    /// Seconds without progress after which the client returns to the first host.
    pub const HOST_ID_FALLBACK_TIMEOUT: &str = "bits-host-id-fallback-timeout";
    /// Where the reply of an upload-reply can be fetched.
    pub(crate) const REPLY_URL: &str = "bits-reply-url";
    /// The file's name.
    pub(crate) const CONTENT_NAME: &str = "content-name";
}
