//! A link: TCP passed on with a delay each way and a limited rate, like a router with a queue of one round trip.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// Bytes that the link carries as one.
const PIECE: usize = 16 * 1024;

/// The least that a router holds back for a busy link.
const LEAST_QUEUE: Duration = Duration::from_millis(5);

/// The first one waits for the handshake as well.
const PINGS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Mbit/s in each direction.
    pub rate: u32,
    /// Milliseconds there and back.
    pub round_trip: u32,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Mbit/s, {} ms", self.rate, self.round_trip)
    }
}

impl Link {
    fn round_trip(self) -> Duration {
        Duration::from_millis(self.round_trip.into())
    }

    fn time_for(self, bytes: usize) -> Duration {
        Duration::from_secs_f64(bytes as f64 * 8.0 / (f64::from(self.rate) * 1e6))
    }

    /// Bytes under way on a busy link.
    fn product(self) -> usize {
        (f64::from(self.rate) * 1e6 / 8.0 * self.round_trip().as_secs_f64()) as usize
    }
}

/// Listens for connections to `server` over the link, for as long as the process lives.
pub fn start(link: Link, server: SocketAddr) -> io::Result<SocketAddr> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Before connections are made: they inherit it. Bytes that wait here have not reached the link yet.
    socket.set_recv_buffer_size(link.product().clamp(4 * PIECE, 4 << 20))?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(64)?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if let Err(error) = connect(link, client, server) {
                eprintln!("proxy: {error}");
            }
        }
    });
    Ok(address)
}

fn connect(link: Link, client: TcpStream, server: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // The handshake of TCP, which ended here at once, takes a round trip on a real link.
    let open = Instant::now() + link.round_trip();
    direction(link, client.try_clone()?, server.try_clone()?, open);
    direction(link, server, client, open);
    Ok(())
}

/// Bytes and when they arrive; none at the end.
type Parcel = (Instant, Vec<u8>);

fn direction(link: Link, from: TcpStream, to: TcpStream, open: Instant) {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = depart(link, from, &sender, open);
        // Whatever ended it: the other side sees an end.
        let _ = sender.send((Instant::now() + link.round_trip() / 2, Vec::new()));
    });
    thread::spawn(move || arrive(&receiver, to));
}

/// Takes bytes as the link has room for them.
fn depart(link: Link, mut from: TcpStream, sender: &Sender<Parcel>, open: Instant) -> io::Result<()> {
    let queue = link.round_trip().max(LEAST_QUEUE);
    let mut buffer = vec![0; PIECE];
    let mut free = open;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        free = free.max(Instant::now()) + link.time_for(count);
        if sender.send((free + link.round_trip() / 2, buffer[..count].to_vec())).is_err() {
            return Ok(());
        }
        // A full queue: the sender has to wait, as its window would tell it.
        thread::sleep(free.saturating_duration_since(Instant::now() + queue));
    }
}

fn arrive(receiver: &Receiver<Parcel>, mut to: TcpStream) {
    for (due, bytes) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The properties of a link, as measured: Mbit/s and milliseconds there and back.
pub fn check(link: Link) -> io::Result<(f64, f64)> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = start(link, listener.local_addr()?)?;
    let echo = thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut byte = [0];
        for _ in 0..PINGS {
            stream.read_exact(&mut byte)?;
            stream.write_all(&byte)?;
        }
        io::copy(&mut stream, &mut io::sink())?;
        stream.write_all(&byte)
    });
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut round_trip = Duration::MAX;
    for _ in 0..PINGS {
        let begin = Instant::now();
        stream.write_all(&[0])?;
        stream.read_exact(&mut [0])?;
        round_trip = round_trip.min(begin.elapsed());
    }
    let bytes = (f64::from(link.rate) * 1e6 / 8.0) as usize;
    let begin = Instant::now();
    for piece in vec![0; bytes].chunks(PIECE) {
        stream.write_all(piece)?;
    }
    stream.shutdown(Shutdown::Write)?;
    stream.read_exact(&mut [0])?;
    let time = begin.elapsed().saturating_sub(round_trip);
    echo.join().map_err(|_| io::Error::other("the other end broke down"))??;
    Ok((bytes as f64 * 8e-6 / time.as_secs_f64(), round_trip.as_secs_f64() * 1e3))
}
