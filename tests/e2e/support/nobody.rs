//! An address where nobody listens, whatever else runs on this machine.

use std::net::SocketAddr;
use std::sync::OnceLock;

use socket2::{Domain, Socket, Type};

/// It has a socket as long as the tests run, so that nobody else gets it; connections to it are refused.
pub(crate) fn address() -> SocketAddr {
    static SOCKET: OnceLock<Socket> = OnceLock::new();
    let socket = SOCKET.get_or_init(|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a port");
        socket
    });
    socket.local_addr().expect("bound").as_socket().expect("an address")
}

/// A URL there.
pub(crate) fn url(path: &str) -> String {
    format!("http://{}{path}", address())
}
