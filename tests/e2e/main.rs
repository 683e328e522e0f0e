//! End-to-end tests: the built program against real servers over real sockets.

mod captures;
mod check;
mod connect;
#[cfg(all(unix, feature = "serve"))]
mod cuts;
#[cfg(all(target_os = "linux", feature = "serve"))]
mod kills;
#[cfg(feature = "serve")]
mod receiver;
mod refusals;
mod reply;
#[cfg(unix)]
mod resume;
mod sessions;
mod sizes;
mod support;
mod usage;
mod verify;
mod wire;
