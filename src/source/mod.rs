//! The file that is sent: its bytes, what tells it from another file, and the digest of what was sent of it.

mod digest;
mod file;
mod identity;

pub(crate) use digest::for_each_block;
pub use digest::{Contents, DigestError, Fingerprint, PrefixDigest, verify_prefix};
pub use file::{EntityError, RangeReader, SourceChange, UploadEntity};
pub use identity::SourceIdentity;
