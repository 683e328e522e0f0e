//! TCP connections: all addresses within one time limit.

use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::cancel::CancellationToken;
use super::poll;
use crate::exchange::{TransportError, TransportErrorKind as Kind};

/// How long an address may keep silent before the next one is tried.
const PATIENCE: Duration = Duration::from_millis(250);

/// Attempts end by themselves this much later than they are given up, so that the deadline has one cause.
const GRACE: Duration = Duration::from_secs(1);

/// Bytes that the kernel takes beyond what it has sent: what counts as sent is then nearly true, and costs nothing.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NOT_SENT_MAX: u32 = 128 * 1024;

/// Connects to the first address that answers. Empty `addresses` cannot be connected to.
///
/// The next address is tried beside the ones before as soon as one fails, or they keep silent for 250 ms (RFC 8305); the
/// others are given up when one answers. Each has a thread of its own: Windows before version 2004 does not tell a poll
/// of connections that fail.
///
/// # Errors
/// With the last address's reason when all failed, when the deadline passes, and when it is interrupted.
pub(super) fn dial(
    addresses: &[SocketAddr],
    deadline: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<TcpStream, TransportError> {
    let mut last = TransportError::new(Kind::Connect, "");
    let (answer, answers) = mpsc::channel();
    let mut waiting = 0;
    let mut untried = addresses.iter().copied();
    loop {
        match untried.next() {
            Some(address) => {
                poll::start("connect", move || connect(address, deadline), answer.clone())?;
                waiting += 1;
            }
            None if waiting == 0 => return Err(last),
            None => {}
        }
        let patience = (untried.len() > 0).then(|| Instant::now() + PATIENCE);
        match poll::receive(&answers, deadline.into_iter().chain(patience).min(), cancellation)? {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => {
                waiting -= 1;
                last = TransportError::of_connecting(&error);
            }
            None => {}
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(TransportError::new(Kind::Connect, "timed out"));
        }
    }
}

fn connect(address: SocketAddr, deadline: Option<Instant>) -> std::io::Result<TcpStream> {
    let stream = match deadline {
        Some(deadline) => {
            TcpStream::connect_timeout(&address, deadline.saturating_duration_since(Instant::now()) + GRACE)?
        }
        None => TcpStream::connect(address)?,
    };
    stream.set_nonblocking(true)?;
    // With Nagle's algorithm the tail of a fragment waits for the peer's delayed acknowledgement.
    stream.set_nodelay(true)?;
    // No safe binding offers it elsewhere. Without it progress runs ahead by the size of the send buffer.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(&stream).set_tcp_notsent_lowat(NOT_SENT_MAX)?;
    // A peer that vanished is noticed although nothing is sent: while waiting for an Ack without a limit.
    SockRef::from(&stream).set_keepalive(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn closed_port() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
    }

    #[test]
    fn a_refused_address_falls_through_to_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let open = listener.local_addr().expect("an address");
        let addresses = [closed_port(), closed_port(), open];
        let stream = dial(&addresses, None, &CancellationToken::new()).expect("connected");
        assert_eq!(stream.peer_addr().expect("connected"), open);
        assert!(stream.nodelay().expect("asked"));
    }

    #[test]
    fn all_refused_is_no_connection() {
        let error = dial(&[closed_port(), closed_port()], None, &CancellationToken::new()).expect_err("refused");
        assert_eq!(error.kind, Kind::Connect);
        assert_eq!(dial(&[], None, &CancellationToken::new()).expect_err("nothing").kind, Kind::Connect);
    }

    /// Only where a port can be made to keep silent.
    #[cfg(unix)]
    mod silent {
        use super::*;

        #[test]
        fn a_silent_address_falls_through_to_the_next() {
            let (_full, silent) = silent_port();
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let open = listener.local_addr().expect("an address");
            let stream = dial(&[silent, open], None, &CancellationToken::new()).expect("connected");
            assert_eq!(stream.peer_addr().expect("connected"), open);
        }

        #[test]
        fn a_silent_address_ends_with_the_time_limit() {
            let (_full, silent) = silent_port();
            let end = Instant::now() + Duration::from_millis(50);
            let error = dial(&[silent], Some(end), &CancellationToken::new()).expect_err("silent");
            assert_eq!(error.kind, Kind::Connect);
            assert!(Instant::now() >= end);
            assert_eq!(error.detail, "timed out");
        }

        #[test]
        fn connecting_is_interrupted() {
            let (_full, silent) = silent_port();
            let cancellation = CancellationToken::new();
            let other = cancellation.clone();
            let dialling = std::thread::spawn(move || dial(&[silent], None, &other).expect_err("interrupted").kind);
            cancellation.interrupt();
            assert_eq!(dialling.join().expect("no panic"), Kind::Interrupted);
        }

        /// A port whose queue of connections is full: the kernel keeps silent to further ones.
        fn silent_port() -> (Vec<TcpStream>, SocketAddr) {
            use socket2::{Domain, Socket, Type};
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
            socket.listen(0).expect("listening");
            let address = socket.local_addr().expect("an address").as_socket().expect("an IP address");
            let mut kept = vec![TcpStream::from(socket)];
            while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                kept.push(stream);
            }
            (kept, address)
        }
    }
}
