//! End-to-end tests: the built program against real servers over real sockets.

mod auth;
mod captures;
mod check;
mod ci;
#[cfg(all(unix, feature = "serve"))]
mod completion;
mod connect;
#[cfg(all(unix, feature = "serve"))]
mod cuts;
#[cfg(all(target_os = "linux", feature = "serve"))]
mod durability;
#[cfg(unix)]
mod input;
mod json;
#[cfg(all(target_os = "linux", feature = "serve"))]
mod kills;
#[cfg(feature = "serve")]
mod many;
#[cfg(all(target_os = "linux", not(any(feature = "windows-auth", feature = "kerberos"))))]
mod messages;
#[cfg(all(unix, feature = "windows-auth"))]
mod ntlm;
mod pem;
#[cfg(all(unix, feature = "serve"))]
mod readme;
#[cfg(feature = "serve")]
mod receiver;
mod refusals;
mod reply;
mod report;
mod resume;
mod secrets;
mod sessions;
mod settings;
mod sizes;
mod support;
#[cfg(unix)]
mod terminal;
mod usage;
mod verify;
mod wire;
