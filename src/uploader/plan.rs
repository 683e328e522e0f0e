//! The plan of an upload: its file, and how it is uploaded.

use http::Uri;

use crate::protocol::{ContentName, ProtocolId};

use super::backoff::RetryPolicy;
use super::fragment_size::FragmentSize;
use super::verify::Verify;

/// The file to upload, and how. Does not change during an upload.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Plan {
    /// Where to.
    pub destination: Uri,
    /// Size of the file in bytes.
    pub size: u64,
    /// Its name.
    pub name: ContentName,
    /// Protocols in order of preference.
    pub protocols: Vec<ProtocolId>,
    /// How large fragments are.
    pub fragment_size: FragmentSize,
    /// A fragment of this many bytes was refused in an earlier upload to this host and folder.
    pub refused_before: Option<u64>,
    /// How persistent to be.
    pub retry: RetryPolicy,
    /// Whether another host that the server names is used (`BITS-Host-Id`).
    pub follow_host_id: bool,
    /// Whether a session that is lost may be replaced by a new one that starts over.
    pub may_start_over: bool,
    /// Whether what is saved outlives this process. If not, a session is given up when the upload ends.
    pub can_resume: bool,
    /// Whether nothing is saved before something goes wrong: for an upload of few bytes among many.
    pub defer_saves: bool,
    /// Whether the reply of the server's application is fetched before Close-Session.
    pub wants_reply: bool,
    /// How what arrived is compared with the file.
    pub verify: Verify,
}

impl Plan {
    /// A plan with the defaults.
    #[must_use]
    pub fn new(destination: Uri, size: u64, name: ContentName) -> Self {
        Self {
            destination,
            size,
            name,
            protocols: vec![ProtocolId::BITS_1_5_UPLOAD],
            fragment_size: FragmentSize::Auto,
            refused_before: None,
            retry: RetryPolicy::default(),
            follow_host_id: true,
            may_start_over: true,
            can_resume: true,
            defer_saves: false,
            wants_reply: false,
            verify: Verify::None,
        }
    }
}
