//! The file that is sent: its bytes, what tells it from another file, and the digest of what was sent of it.

mod digest;
mod file;
mod identity;

pub use digest::{Contents, Fingerprint};
pub(crate) use digest::{DigestError, PrefixDigest, for_each_block, verify_prefix};
pub use file::{EntityError, SourceFault, UploadEntity};
pub(crate) use file::{RangeReader, SourceChange};
pub use identity::SourceIdentity;
