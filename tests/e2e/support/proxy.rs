//! A proxy that does one harm at one byte, then none.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use socket2::SockRef;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// The harm to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// It is reset, at both ends.
    Reset,
    /// It is closed in order, at both ends.
    Close,
    /// Nothing goes through it any more, until the client closes it.
    Stall,
}

/// The harm is done when exactly so many bytes went that way since the client started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) way: Way,
    pub(crate) after: usize,
    pub(crate) harm: Harm,
}

/// One client's run through the proxy.
#[derive(Debug, Default)]
struct Run {
    fault: Option<Fault>,
    happened: bool,
    /// Bytes to the server and to the client until then.
    gone: [usize; 2],
}

impl Run {
    fn is_due(&self) -> bool {
        self.fault.is_some_and(|fault| !self.happened && self.gone[fault.way as usize] == fault.after)
    }

    /// How many of `count` bytes may still go this way.
    fn allowed(&self, way: Way, count: usize) -> usize {
        match self.fault {
            Some(fault) if !self.happened && fault.way == way => count.min(fault.after - self.gone[way as usize]),
            _ => count,
        }
    }
}

/// A proxy on a free port before one server.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    run: Arc<Mutex<Arc<Mutex<Run>>>>,
}

impl Proxy {
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let run: Arc<Mutex<Arc<Mutex<Run>>>> = Arc::default();
        let current = Arc::clone(&run);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { continue };
                let run = Arc::clone(&current.lock().expect("no panic"));
                std::thread::spawn(move || pass(&client, &server, &run));
            }
        });
        Self { port, run }
    }

    /// From now on connections belong to a new run.
    pub(crate) fn plan(&self, fault: Option<Fault>) {
        *self.run.lock().expect("no panic") = Arc::new(Mutex::new(Run { fault, ..Run::default() }));
    }

    /// Whether the fault that was planned last happened, and how many bytes went to the server and to the client.
    pub(crate) fn outcome(&self) -> (bool, [usize; 2]) {
        let run = Arc::clone(&self.run.lock().expect("no panic"));
        let run = run.lock().expect("no panic");
        (run.happened, run.gone)
    }
}

/// Passes bytes on until an end closes, or harm is done. Its caller closes the sockets by dropping them.
fn pass(client: &TcpStream, server: &TcpStream, run: &Mutex<Run>) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    loop {
        if harm(client, server, &mut run.lock().expect("no panic")) {
            return linger(client);
        }
        let mut ends = [PollFd::new(client, PollFlags::IN), PollFd::new(server, PollFlags::IN)];
        if poll(&mut ends, None).is_err() {
            return;
        }
        let ready = ends.map(|end| !end.revents().is_empty());
        for (way, is_ready) in [Way::ToServer, Way::ToClient].into_iter().zip(ready) {
            let (from, to) = if way == Way::ToServer { (client, server) } else { (server, client) };
            if is_ready && !step(from, to, way, &mut run.lock().expect("no panic")) {
                return;
            }
        }
    }
}

/// Passes on what is there; not more than up to the fault. `false` at an end.
fn step(mut from: &TcpStream, mut to: &TcpStream, way: Way, run: &mut MutexGuard<'_, Run>) -> bool {
    let mut buffer = [0; 4096];
    let wanted = run.allowed(way, buffer.len());
    let Ok(count @ 1..) = from.read(&mut buffer[..wanted]) else { return false };
    if to.write_all(&buffer[..count]).is_err() {
        return false;
    }
    run.gone[way as usize] += count;
    true
}

/// Does the harm if it is due.
fn harm(client: &TcpStream, server: &TcpStream, run: &mut MutexGuard<'_, Run>) -> bool {
    if !run.is_due() {
        return false;
    }
    run.happened = true;
    match run.fault.map(|fault| fault.harm) {
        Some(Harm::Reset) => {
            for end in [client, server] {
                SockRef::from(end).set_linger(Some(Duration::ZERO)).expect("set");
            }
            // Closed with the rest of the connection, and by that reset.
            return true;
        }
        Some(Harm::Close) => {
            for end in [client, server] {
                let _ = end.shutdown(Shutdown::Write);
            }
        }
        Some(Harm::Stall) | None => {}
    }
    true
}

/// After harm: nothing goes through, and a client that still talks is not answered.
fn linger(mut client: &TcpStream) {
    let is_reset = SockRef::from(client).linger().is_ok_and(|linger| linger == Some(Duration::ZERO));
    if !is_reset {
        let _ = std::io::copy(&mut client, &mut std::io::sink());
    }
}
