//! What the end-to-end tests share: the built program, a receiver, and a server that answers whatever a test wants.

pub(crate) mod bitsup;
pub(crate) mod script;
