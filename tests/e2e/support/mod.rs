//! The shared parts of the end-to-end tests: the built program, a receiver, and a server that answers as a test wants.

pub(crate) mod bitsup;
pub(crate) mod keeper;
pub(crate) mod nobody;
#[cfg(all(unix, feature = "serve"))]
pub(crate) mod proxy;
#[cfg(feature = "serve")]
pub(crate) mod receiver;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod script;
#[path = "../../shared/transcript.rs"]
pub(crate) mod transcript;
