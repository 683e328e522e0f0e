//! End-to-end tests: the built program against real servers over real sockets.

mod captures;
#[cfg(feature = "serve")]
mod receiver;
mod refusals;
mod reply;
mod sessions;
mod support;
mod usage;
mod verify;
mod wire;
