//! The transport against servers of raw sockets, with and without TLS.

mod connections;
mod early;
mod fetches;
mod heads;
mod interrupts;
mod ports;
mod proxies;
mod sent;
mod stalls;
mod support;
mod tls;
