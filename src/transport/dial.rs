//! TCP connections: all addresses within one time limit.

use std::net::{SocketAddr, TcpStream};
#[cfg(any(test, not(unix)))]
use std::sync::mpsc;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::cancel::CancellationToken;
#[cfg(any(test, not(unix)))]
use super::poll::SLICE;
use crate::exchange::{TransportError, TransportErrorKind as Kind};

/// Bytes that the kernel takes beyond what it has sent: what counts as sent is then nearly true, and costs nothing.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NOT_SENT_MAX: u32 = 128 * 1024;

/// Connects to the first address that answers. Empty `addresses` cannot be connected to.
///
/// The next address is tried beside the ones before as soon as they fail, or keep silent for 250 ms (RFC 8305); the
/// others are given up when one answers. On Windows each has a thread of its own: before version 2004, polling misses
/// failed connections there.
///
/// # Errors
/// With the last address's reason when all failed, when the deadline passes, and when it is interrupted.
pub(super) fn dial(
    addresses: &[SocketAddr],
    deadline: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<TcpStream, TransportError> {
    let stream = connect(addresses, deadline, cancellation)?;
    set_up(&stream).map_err(|error| TransportError::of_connecting(&error))?;
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

fn timed_out() -> TransportError {
    TransportError::new(Kind::Connect, "none within the time limit")
}

#[cfg(unix)]
fn connect(
    addresses: &[SocketAddr],
    end: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<TcpStream, TransportError> {
    let mut last = TransportError::new(Kind::Connect, "");
    let mut waiting = Vec::new();
    let mut untried = addresses.iter();
    loop {
        let next = untried.next();
        match next.map(|address| begin(*address)) {
            Some(Ok(stream)) => waiting.push(stream),
            Some(Err(error)) => {
                last = TransportError::of_connecting(&error);
                continue;
            }
            None if waiting.is_empty() => return Err(last),
            None => {}
        }
        let patience = (untried.len() > 0).then(|| Instant::now() + PATIENCE);
        if let Some(stream) = first_connected(&mut waiting, &mut last, earlier(end, patience), cancellation)? {
            return Ok(stream);
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(timed_out());
        }
    }
}

/// How long an address may keep silent before the next one is tried.
const PATIENCE: Duration = Duration::from_millis(250);

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
    last: &mut TransportError,
    end: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<Option<TcpStream>, TransportError> {
    let ready =
        super::poll::wait(&waiting.iter().collect::<Vec<_>>(), rustix::event::PollFlags::OUT, end, cancellation)?;
    for index in (0..ready.len()).rev().filter(|index| !ready[*index].is_empty()) {
        let stream = waiting.remove(index);
        match stream.take_error() {
            Ok(None) => return Ok(Some(stream)),
            Ok(Some(error)) | Err(error) => *last = TransportError::of_connecting(&error),
        }
    }
    Ok(None)
}

#[cfg(not(unix))]
fn connect(
    addresses: &[SocketAddr],
    end: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<TcpStream, TransportError> {
    connect_in_threads(addresses, end, cancellation)
}

/// The same by blocking calls, each in a thread that is left to itself when another one, or an interruption, was faster.
#[cfg(any(test, not(unix)))]
fn connect_in_threads(
    addresses: &[SocketAddr],
    end: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<TcpStream, TransportError> {
    let mut last = TransportError::new(Kind::Connect, "");
    let (answer, answers) = mpsc::channel();
    let mut waiting = 0;
    let mut untried = addresses.iter();
    loop {
        match untried.next() {
            Some(address) => {
                connect_in_thread(*address, end, answer.clone()).map_err(|error| TransportError::of_io(&error))?;
                waiting += 1;
            }
            None if waiting == 0 => return Err(last),
            None => {}
        }
        let patience = (untried.len() > 0).then(|| Instant::now() + PATIENCE);
        match next_answer(&answers, earlier(end, patience), cancellation)? {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => {
                waiting -= 1;
                last = TransportError::of_connecting(&error);
            }
            None => {}
        }
        if end.is_some_and(|end| Instant::now() >= end) {
            return Err(timed_out());
        }
    }
}

#[cfg(any(test, not(unix)))]
fn connect_in_thread(
    address: SocketAddr,
    end: Option<Instant>,
    answer: mpsc::Sender<std::io::Result<TcpStream>>,
) -> std::io::Result<()> {
    let connect = move || match end.map(|end| end.saturating_duration_since(Instant::now())) {
        // No time at all would be an error of its own.
        Some(left) => TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1))),
        None => TcpStream::connect(address),
    };
    // Nobody listens any more if another one was faster.
    std::thread::Builder::new().name("connect".to_owned()).spawn(move || drop(answer.send(connect()))).map(drop)
}

/// Waits for an answer until `end`; looks for an interruption meanwhile.
#[cfg(any(test, not(unix)))]
fn next_answer<T>(
    answers: &mpsc::Receiver<T>,
    end: Option<Instant>,
    cancellation: &CancellationToken,
) -> Result<Option<T>, TransportError> {
    loop {
        if cancellation.is_interrupted() {
            return Err(TransportError::interrupted());
        }
        let left = end.map_or(SLICE, |end| end.saturating_duration_since(Instant::now()));
        if let Ok(answer) = answers.recv_timeout(left.min(SLICE)) {
            return Ok(Some(answer));
        }
        if left.is_zero() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    type Connect = fn(&[SocketAddr], Option<Instant>, &CancellationToken) -> Result<TcpStream, TransportError>;

    /// What this system uses, and what those without a usable poll use.
    const WAYS: [Connect; 2] = [connect, connect_in_threads];

    fn closed_port() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port")
    }

    #[test]
    fn a_refused_address_falls_through_to_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let open = listener.local_addr().expect("an address");
        let addresses = [closed_port(), closed_port(), open];
        for connect in WAYS {
            let stream = connect(&addresses, None, &CancellationToken::new()).expect("connected");
            assert_eq!(stream.peer_addr().expect("connected"), open);
        }
        assert!(dial(&addresses, None, &CancellationToken::new()).expect("connected").nodelay().expect("asked"));
    }

    #[test]
    fn all_refused_is_no_connection() {
        for connect in WAYS {
            let error = connect(&[closed_port(), closed_port()], None, &CancellationToken::new()).expect_err("refused");
            assert_eq!(error.kind, Kind::Connect);
            assert_eq!(connect(&[], None, &CancellationToken::new()).expect_err("nothing").kind, Kind::Connect);
        }
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
            for connect in WAYS {
                let stream = connect(&[silent, open], None, &CancellationToken::new()).expect("connected");
                assert_eq!(stream.peer_addr().expect("connected"), open);
            }
        }

        #[test]
        fn a_silent_address_ends_with_the_time_limit() {
            let (_full, silent) = silent_port();
            for connect in WAYS {
                let end = Instant::now() + Duration::from_millis(50);
                let error = connect(&[silent], Some(end), &CancellationToken::new()).expect_err("silent");
                assert_eq!(error.kind, Kind::Connect);
                assert!(Instant::now() >= end);
            }
            let end = Some(Instant::now() + Duration::from_millis(50));
            let error = dial(&[silent], end, &CancellationToken::new()).expect_err("silent");
            assert_eq!(error.detail, "none within the time limit");
        }

        #[test]
        fn connecting_is_interrupted() {
            let (_full, silent) = silent_port();
            for connect in WAYS {
                let cancellation = CancellationToken::new();
                let other = cancellation.clone();
                let dialling = move || connect(&[silent], None, &other).expect_err("interrupted").kind;
                let dialling = std::thread::spawn(dialling);
                cancellation.interrupt();
                assert_eq!(dialling.join().expect("no panic"), Kind::Interrupted);
            }
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
