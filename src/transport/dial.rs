//! TCP connections: all addresses within one time limit.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::fault::Fault;
use super::interrupt::Interrupter;
use crate::protocol::TransportErrorKind as Kind;

/// Bytes that the kernel takes beyond what it has sent: what counts as sent is then nearly true, and costs nothing.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NOT_SENT_MAX: u32 = 128 * 1024;

/// Connects to the first address that answers. Empty `addresses` cannot be connected to.
///
/// On Unix the next address is tried beside the ones before as soon as they fail, or keep silent for 250 ms
/// (RFC 8305); the others are given up when one answers. On Windows, whose polling misses failed connections before
/// version 2004, one is tried after the other with an equal share of the time left.
///
/// # Errors
/// With the last address's reason when all failed, when the deadline passes, and when it is interrupted.
pub(super) fn dial(
    addresses: &[SocketAddr],
    deadline: Option<Instant>,
    interrupter: &Interrupter,
) -> Result<TcpStream, Fault> {
    let stream = connect(addresses, deadline, interrupter)?;
    set_up(&stream).map_err(|error| Fault::of_connecting(&error))?;
    Ok(stream)
}

fn set_up(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nonblocking(true)?;
    // With Nagle's algorithm the tail of a fragment waits for the peer's delayed acknowledgement.
    stream.set_nodelay(true)?;
    // No safe binding offers it elsewhere. Without it progress runs ahead by the size of the send buffer.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    SockRef::from(stream).set_tcp_notsent_lowat(NOT_SENT_MAX)?;
    // A peer that vanished is noticed although nothing is sent: while waiting for an Ack without a limit.
    SockRef::from(stream).set_keepalive(true)
}

fn timed_out() -> Fault {
    Fault::new(Kind::Connect, "none within the time limit")
}

#[cfg(unix)]
fn connect(addresses: &[SocketAddr], end: Option<Instant>, interrupter: &Interrupter) -> Result<TcpStream, Fault> {
    let mut last = Fault::new(Kind::Connect, "");
    let mut waiting = Vec::new();
    let mut untried = addresses.iter();
    loop {
        let next = untried.next();
        match next.map(|address| begin(*address)) {
            Some(Ok(stream)) => waiting.push(stream),
            Some(Err(error)) => {
                last = Fault::of_connecting(&error);
                continue;
            }
            None if waiting.is_empty() => return Err(last),
            None => {}
        }
        let patience = (untried.len() > 0).then(|| Instant::now() + PATIENCE);
        if let Some(stream) = first_connected(&mut waiting, &mut last, earlier(end, patience), interrupter)? {
            return Ok(stream);
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(timed_out());
        }
    }
}

/// How long an address may keep silent before the next one is tried.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_millis(250);

#[cfg(unix)]
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// Starts connecting.
#[cfg(unix)]
fn begin(address: SocketAddr) -> std::io::Result<TcpStream> {
    use rustix::io::Errno;
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INPROGRESS) => Ok(socket.into()),
        Err(error) => Err(error),
        Ok(()) => Ok(socket.into()),
    }
}

/// Waits until one is connected, all have failed, one of them failed, or `end`.
#[cfg(unix)]
fn first_connected(
    waiting: &mut Vec<TcpStream>,
    last: &mut Fault,
    end: Option<Instant>,
    interrupter: &Interrupter,
) -> Result<Option<TcpStream>, Fault> {
    let ready =
        super::poll::wait(&waiting.iter().collect::<Vec<_>>(), rustix::event::PollFlags::OUT, end, interrupter)?;
    for index in (0..ready.len()).rev().filter(|index| !ready[*index].is_empty()) {
        let stream = waiting.remove(index);
        match stream.take_error() {
            Ok(None) => return Ok(Some(stream)),
            Ok(Some(error)) | Err(error) => *last = Fault::of_connecting(&error),
        }
    }
    Ok(None)
}

#[cfg(not(unix))]
fn connect(addresses: &[SocketAddr], end: Option<Instant>, interrupter: &Interrupter) -> Result<TcpStream, Fault> {
    let mut last = Fault::new(Kind::Connect, "");
    for (tried, address) in addresses.iter().enumerate() {
        if interrupter.is_interrupted() {
            return Err(Fault::interrupted());
        }
        let share = |end: Instant| {
            let left = u32::try_from(addresses.len() - tried).unwrap_or(1);
            (end.saturating_duration_since(Instant::now()) / left).max(Duration::from_millis(1))
        };
        let connected = match end.map(share) {
            Some(limit) => TcpStream::connect_timeout(address, limit),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Fault::of_connecting(&error),
        }
    }
    Err(if end.is_some_and(|end| Instant::now() >= end) { timed_out() } else { last })
}

#[cfg(all(test, unix))]
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
        let stream = dial(&[closed_port(), closed_port(), open], None, &Interrupter::new()).expect("connected");
        assert_eq!(stream.peer_addr().expect("connected"), open);
        assert!(stream.nodelay().expect("asked"));
    }

    #[test]
    fn a_silent_address_falls_through_to_the_next() {
        let (_full, silent) = silent_port();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let open = listener.local_addr().expect("an address");
        let stream = dial(&[silent, open], None, &Interrupter::new()).expect("connected");
        assert_eq!(stream.peer_addr().expect("connected"), open);
    }

    #[test]
    fn a_silent_address_ends_with_the_time_limit() {
        let (_full, silent) = silent_port();
        let end = Instant::now() + Duration::from_millis(50);
        let fault = dial(&[silent], Some(end), &Interrupter::new()).expect_err("silent");
        assert_eq!((fault.kind, fault.detail.as_str()), (Kind::Connect, "none within the time limit"));
    }

    #[test]
    fn connecting_is_interrupted() {
        let (_full, silent) = silent_port();
        let interrupter = Interrupter::new();
        let other = interrupter.clone();
        let dialling = std::thread::spawn(move || dial(&[silent], None, &other).expect_err("interrupted").kind);
        interrupter.interrupt();
        assert_eq!(dialling.join().expect("no panic"), Kind::Interrupted);
    }

    #[test]
    fn all_refused_is_no_connection() {
        let fault = dial(&[closed_port(), closed_port()], None, &Interrupter::new()).expect_err("refused");
        assert_eq!(fault.kind, Kind::Connect);
        assert_eq!(dial(&[], None, &Interrupter::new()).expect_err("nothing").kind, Kind::Connect);
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
