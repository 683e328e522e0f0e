//! A BITS server of raw sockets: one thread a connection. A test decides what is done with each request when its head is
//! there; all the rest is as it should be.

mod bits;
mod conduct;
mod request;
mod tls;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

pub(crate) use bits::{ACK, Bits, NOT_FOUND, Overlap};
pub(crate) use conduct::{Conduct, End, Gate, page};
pub(crate) use request::Request;
pub(crate) use tls::Identity;

/// Either end of a connection, under TLS or not.
trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

type Policy = Box<dyn FnMut(&Request, &mut Bits) -> Conduct + Send>;
type Greeting = Box<dyn FnMut(&mut TcpStream, usize) -> bool + Send>;

/// State shared by all connections.
struct Shared {
    bits: Mutex<Bits>,
    requests: Mutex<Vec<Request>>,
    policy: Mutex<Policy>,
    greeting: Mutex<Greeting>,
    identity: Option<Identity>,
    started: Instant,
    stopped: AtomicBool,
}

/// A server on a free port of this machine, until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

/// A server's settings, before it listens.
pub(crate) struct Setup {
    bits: Bits,
    identity: Option<Identity>,
    greeting: Greeting,
    receive_buffer: Option<usize>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self { bits: Bits::default(), identity: None, greeting: Box::new(|_, _| true), receive_buffer: None }
    }

    pub(crate) fn bits(self, change: impl FnOnce(&mut Bits)) -> Self {
        let mut bits = self.bits;
        change(&mut bits);
        Self { bits, ..self }
    }

    pub(crate) fn tls(self, identity: &Identity) -> Self {
        Self { identity: Some(identity.clone()), ..self }
    }

    /// Called with each new connection and its number, before TLS; `false` closes it.
    pub(crate) fn greeting(self, greeting: impl FnMut(&mut TcpStream, usize) -> bool + Send + 'static) -> Self {
        Self { greeting: Box::new(greeting), ..self }
    }

    /// The system takes little in advance, so that the sender feels how fast the server reads.
    pub(crate) fn unbuffered(self) -> Self {
        Self { receive_buffer: Some(32 * 1024), ..self }
    }

    /// Starts it; `policy` decides on each request.
    pub(crate) fn start(self, policy: impl FnMut(&Request, &mut Bits) -> Conduct + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        if let Some(size) = self.receive_buffer {
            SockRef::from(&listener).set_recv_buffer_size(size).expect("set");
        }
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            bits: Mutex::new(self.bits),
            requests: Mutex::default(),
            policy: Mutex::new(Box::new(policy)),
            greeting: Mutex::new(self.greeting),
            identity: self.identity,
            started: Instant::now(),
            stopped: AtomicBool::new(false),
        });
        let inside = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &inside));
        Server { port, shared }
    }
}

impl Server {
    pub(crate) fn start(policy: impl FnMut(&Request, &mut Bits) -> Conduct + Send + 'static) -> Self {
        Setup::new().start(policy)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.shared.identity.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn bits(&self) -> MutexGuard<'_, Bits> {
        self.shared.bits.lock().expect("no panic")
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic").clone()
    }

    /// Waits until this is so.
    #[track_caller]
    pub(crate) fn wait_until(&self, is_so: impl Fn(&Bits) -> bool) {
        let started = Instant::now();
        while !is_so(&self.bits()) {
            assert!(started.elapsed() < Duration::from_secs(30), "it does not come to that");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// As many sessions were opened, and as many of them cancelled.
    #[track_caller]
    pub(crate) fn had_sessions(&self, opened: usize, cancelled: usize) {
        let bits = self.bits();
        assert_eq!((bits.opened, bits.cancelled), (opened, cancelled), "sessions opened and cancelled");
    }

    pub(crate) fn fragments(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_fragment).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stopped.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut stream) = stream else { return };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // Else an answer waits until the client has acknowledged what came before it.
            stream.set_nodelay(true).expect("set");
            let is_welcome = (shared.greeting.lock().expect("no panic"))(&mut stream, number);
            if is_welcome {
                let _ = Connection::new(stream, &shared).serve();
            }
        });
    }
}

/// One connection.
struct Connection<'a> {
    raw: TcpStream,
    stream: BufReader<Box<dyn Stream>>,
    shared: &'a Shared,
}

impl<'a> Connection<'a> {
    fn new(raw: TcpStream, shared: &'a Shared) -> Self {
        let plain = raw.try_clone().expect("cloned");
        let stream: Box<dyn Stream> = match &shared.identity {
            None => Box::new(plain),
            Some(identity) => Box::new(identity.accept(plain)),
        };
        Self { raw, stream: BufReader::with_capacity(1 << 16, stream), shared }
    }

    fn serve(mut self) -> io::Result<()> {
        let mut before = 0;
        while let Some(request) = self.read_head(before)? {
            before += 1;
            let conduct = {
                let mut bits = self.shared.bits.lock().expect("no panic");
                (self.shared.policy.lock().expect("no panic"))(&request, &mut bits)
            };
            if !self.perform(&request, &conduct)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn read_head(&mut self, before: usize) -> io::Result<Option<Request>> {
        let mut head = String::new();
        loop {
            let from = head.len();
            let mut line = Vec::new();
            if self.stream.by_ref().take(1 << 16).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            // A field may hold bytes that are no UTF-8.
            head.push_str(&String::from_utf8_lossy(&line));
            if &head[from..] == "\r\n" {
                break;
            }
        }
        let at = self.shared.started.elapsed();
        let mut request = Request { head, before, at, ..Request::default() };
        request.told = self.shared.bits.lock().expect("no panic").told;
        let mut requests = self.shared.requests.lock().expect("no panic");
        request.nth = requests.iter().filter(|other| other.packet() == request.packet()).count();
        requests.push(request.clone());
        Ok(Some(request))
    }

    /// `false` when the connection is over.
    fn perform(&mut self, request: &Request, conduct: &Conduct) -> io::Result<bool> {
        if conduct.early {
            let (_, end, _) = request.range().unwrap_or_default();
            self.write(&format!("{ACK}\nBITS-Received-Content-Range: {end}"), &[])?;
        }
        let (body, is_whole) = self.read_body(request, conduct);
        let mut bits = self.shared.bits.lock().expect("no panic");
        bits.sent += body.len() as u64;
        let kept = body.len().min(usize::try_from(conduct.kept).unwrap_or(usize::MAX));
        let is_done = conduct.kept > 0 && (is_whole || conduct.read < request.len() || bits.keeps_parts);
        let honest = if is_done { bits.answer(request, &body[..kept]) } else { String::new() };
        if conduct.end != End::Honest || !is_whole {
            bits.lost += body.len() as u64;
        }
        bits.silent += usize::from(conduct.end == End::Silence || conduct.gate.is_some());
        let file = bits.published.get(request.path()).filter(|_| request.method() == "GET").cloned();
        drop(bits);
        if let Some(gate) = &conduct.gate {
            gate.wait();
        }
        if !is_whole && conduct.read >= request.len() {
            return Ok(false);
        }
        match &conduct.end {
            End::Honest if conduct.early => {}
            End::Honest => self.give(&honest, &file.unwrap_or_default())?,
            End::Say(head) => self.write(head, &[])?,
            End::Raw(bytes) => {
                self.stream.get_mut().write_all(bytes)?;
                self.stream.get_mut().flush()?;
            }
            End::Reset => SockRef::from(&self.raw).set_linger(Some(Duration::ZERO))?,
            End::Close => {}
            End::Silence => self.drain(),
        }
        let is_over = !matches!(conduct.end, End::Honest | End::Say(_)) || conduct.closes || !is_whole;
        if is_over && conduct.end != End::Reset {
            self.raw.shutdown(Shutdown::Write)?;
            self.drain();
        }
        Ok(!is_over)
    }

    /// Gives the answer that is due, and notes what it told.
    fn give(&mut self, head: &str, body: &[u8]) -> io::Result<()> {
        let offset = head.lines().find_map(|line| line.strip_prefix("BITS-Received-Content-Range: ")?.parse().ok());
        self.write(head, body)?;
        if let Some(offset) = offset {
            self.shared.bits.lock().expect("no panic").told = offset;
        }
        Ok(())
    }

    fn write(&mut self, head: &str, body: &[u8]) -> io::Result<()> {
        let mut text: String = head.lines().flat_map(|line| [line.trim(), "\r\n"]).collect();
        let lower = text.to_ascii_lowercase();
        if !lower.contains("content-length") && !lower.contains("chunked") && !lower.starts_with("http/1.1 204") {
            text.push_str("Content-Length: 0\r\n");
        }
        let stream = self.stream.get_mut();
        stream.write_all(text.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(body)?;
        stream.flush()
    }

    /// As much of the body as is to be read, and whether that is all of it.
    fn read_body(&mut self, request: &Request, conduct: &Conduct) -> (Vec<u8>, bool) {
        let wanted = usize::try_from(request.len().min(conduct.read)).expect("small");
        let mut body = Vec::with_capacity(wanted);
        let step = conduct.rate.map_or(1 << 16, |rate| rate.div_ceil(50).min(1 << 16));
        while body.len() < wanted {
            let count = step.min((wanted - body.len()) as u64);
            let read = self.stream.by_ref().take(count).read_to_end(&mut body).unwrap_or(0);
            if (read as u64) < count {
                break;
            }
            if conduct.rate.is_some() {
                thread::sleep(Duration::from_millis(20));
            }
        }
        let is_whole = body.len() as u64 == request.len();
        (body, is_whole)
    }

    /// Reads until the client closes its end. Closing before that would reset the connection.
    fn drain(&mut self) {
        let _ = self.raw.set_read_timeout(Some(Duration::from_secs(120)));
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }
}
