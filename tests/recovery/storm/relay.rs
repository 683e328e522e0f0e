//! Stands between the client and the server, and lets the weather happen.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use super::client;
use super::link::{End, length};
use super::plan::{Cut, Kind, Mode, Way};
use super::target::Target;
use super::weather::{Fate, Weather};
use crate::server::Request;

/// The client's own time-outs are shorter.
const STALL: Duration = Duration::from_secs(5);

/// Ports below those that systems give to connections, so that no other socket gets one while nothing listens.
static PORT: AtomicU16 = AtomicU16::new(0);

/// A port of its own, and a listener there.
pub(crate) fn listen() -> TcpListener {
    let first = u16::try_from(std::process::id() % 20_000).expect("small");
    loop {
        let port = 11_000 + (first + PORT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener;
        }
    }
}

/// The relay of one storm, until it is dropped.
pub(crate) struct Relay {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    weather: Mutex<Weather>,
    target: Target,
    rate: Option<u64>,
    refuses_until: Mutex<Option<Instant>>,
    is_over: AtomicBool,
}

impl Relay {
    pub(crate) fn start(weather: Weather, target: Target, rate: Option<u64>) -> Self {
        let listener = listen();
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            weather: Mutex::new(weather),
            target,
            rate,
            refuses_until: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let inside = Arc::clone(&shared);
        thread::spawn(move || accept(listener, port, &inside));
        Self { port, shared }
    }

    pub(crate) fn weather(&self) -> MutexGuard<'_, Weather> {
        self.shared.weather.lock().expect("no panic")
    }

    pub(crate) fn target(&self) -> &Target {
        &self.shared.target
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Accepts, and for a while does not even listen.
fn accept(mut listener: TcpListener, port: u16, shared: &Arc<Shared>) {
    loop {
        let accepted = listener.accept();
        if shared.is_over.load(Ordering::Relaxed) {
            return;
        }
        let refuses_until = *shared.refuses_until.lock().expect("no panic");
        if let Some(until) = refuses_until.filter(|until| Instant::now() < *until) {
            drop((accepted, listener));
            thread::sleep(until.saturating_duration_since(Instant::now()));
            let Some(again) = listen_again(port, shared) else { return };
            listener = again;
            continue;
        }
        let Ok((stream, _)) = accepted else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            if let Ok(client) = End::new(stream) {
                Passage { client, server: None, shared: &shared }.serve();
            }
        });
    }
}

fn listen_again(port: u16, shared: &Shared) -> Option<TcpListener> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => return Some(listener),
            Err(_) if shared.is_over.load(Ordering::Relaxed) => return None,
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// One connection of the client.
struct Passage<'a> {
    client: End,
    server: Option<End>,
    shared: &'a Shared,
}

/// Progress of one exchange.
#[derive(Default)]
struct Account {
    /// Bytes of the request's body that came from the client.
    sent: u64,
    /// The answer went to the client whole, as the server gave it.
    is_answered: bool,
}

impl Passage<'_> {
    fn serve(mut self) {
        while let Ok(Some(head)) = self.client.read_head() {
            let request = Request { head, ..Request::default() };
            let fate = self.weather().fate(&request);
            let mut account = Account::default();
            let result = self.exchange(&request, fate, &mut account);
            self.note(&request, &account, &result);
            if !matches!(result, Ok(true)) {
                return;
            }
        }
    }

    fn weather(&self) -> MutexGuard<'_, Weather> {
        self.shared.weather.lock().expect("no panic")
    }

    fn note(&self, request: &Request, account: &Account, result: &io::Result<bool>) {
        let mut weather = self.weather();
        weather.sent += account.sent;
        if !account.is_answered {
            weather.lost += account.sent;
        }
        let range = request.field("Content-Range").unwrap_or_default();
        let end = if account.is_answered { "answered" } else { "not answered" };
        if request.packet() == "Cancel-Session" && !account.is_answered {
            weather.untold.push(request.session().to_owned());
        }
        let cause = result.as_ref().err().map(|error| format!(": {error}")).unwrap_or_default();
        let sent = account.sent;
        weather.tell(&format!("{} {range} {}: {sent} bytes, {end}{cause}", request.packet(), request.session()));
    }

    /// `Ok(true)` when the connection goes on.
    fn exchange(&mut self, request: &Request, fate: Fate, account: &mut Account) -> io::Result<bool> {
        // Where it happens, in bytes of the request.
        let all = request.head.len() as u64 + request.len();
        let place = all * fate.place / 1_000_000;
        match fate.kind {
            None => self.pass(request, account),
            Some(Kind::Refuse(a_while)) => {
                *self.shared.refuses_until.lock().expect("no panic") = Some(Instant::now() + a_while);
                // Wakes the thread that accepts, so that it stops listening.
                let _ = TcpStream::connect(self.client.local_address()?);
                Ok(self.end(Cut::Reset))
            }
            Some(Kind::Cut(Way::Up, how)) => {
                self.up(request, place, account)?;
                Ok(self.end(how))
            }
            Some(Kind::Stall(Way::Up)) => {
                self.up(request, place, account)?;
                self.client.ignore(STALL);
                Ok(self.end(Cut::Close))
            }
            Some(Kind::Cut(Way::Down, how)) => self.down(request, fate.place, how, Duration::ZERO, account),
            Some(Kind::Stall(Way::Down)) => self.down(request, fate.place, Cut::Close, STALL, account),
            Some(Kind::LoseAnswer(how)) => self.down(request, 0, how, Duration::ZERO, account),
            Some(Kind::Answer(status, mode)) => self.inject(request, status, mode, account),
            Some(Kind::Answers(status, _)) => self.inject(request, status, Mode::Instead, account),
            Some(Kind::KillServer(a_while)) => {
                self.up(request, place, account)?;
                self.shared.target.kill(a_while, &self.shared.weather);
                Ok(self.end(Cut::Reset))
            }
            Some(kind @ (Kind::KillClient | Kind::TerminateClient)) => self.end_client(request, place, kind, account),
        }
    }

    /// Ends the connection at both ends; it does not go on.
    fn end(&mut self, how: Cut) -> bool {
        if let Some(server) = &self.server {
            server.cut(how);
        }
        self.client.cut(how);
        if how == Cut::Close {
            self.client.drain(STALL);
        }
        false
    }

    /// The end at the server; a server that is down resets the client's.
    fn connect(&mut self) -> io::Result<()> {
        if self.server.is_none() {
            let result = self.shared.target.connect(&self.shared.weather);
            if result.is_err() {
                self.client.cut(Cut::Reset);
            }
            self.server = Some(result?);
        }
        Ok(())
    }

    /// Passes so much of the request on, head and body.
    fn up(&mut self, request: &Request, count: u64, account: &mut Account) -> io::Result<()> {
        self.connect()?;
        let server = self.server.as_mut().expect("connected");
        let head = usize::try_from(count).unwrap_or(usize::MAX).min(request.head.len());
        let body = count.saturating_sub(request.head.len() as u64);
        // A server that has answered may have closed; the answer is read all the same.
        server.write(&request.head.as_bytes()[..head])?;
        let passed = self.client.pass(Some(server), body.min(request.len()), self.shared.rate, &mut account.sent);
        if passed.is_err() {
            self.client.cut(Cut::Reset);
        }
        passed
    }

    fn pass(&mut self, request: &Request, account: &mut Account) -> io::Result<bool> {
        self.up(request, u64::MAX, account)?;
        let head = self.read_answer()?;
        self.client.write(head.as_bytes())?;
        let server = self.server.as_mut().expect("connected");
        server.pass(Some(&mut self.client), length(&head), None, &mut 0)?;
        account.is_answered = true;
        let closes = head.to_ascii_lowercase().contains("connection: close");
        Ok(!closes || self.end(Cut::Close))
    }

    fn read_answer(&mut self) -> io::Result<String> {
        let head = self.server.as_mut().expect("connected").read_head();
        let head = head.and_then(|head| head.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()));
        if head.is_err() {
            self.client.cut(Cut::Reset);
        }
        let head = head?;
        let offset = head.lines().find(|line| line.starts_with("BITS-Received-Content-Range")).unwrap_or_default();
        let first = head.lines().next().unwrap_or_default();
        self.weather().tell(&format!("   the server: {first} {offset}"));
        Ok(head)
    }

    /// Passes the request on, and so much of the answer; then nothing for a while, and the end.
    fn down(
        &mut self,
        request: &Request,
        place: u64,
        how: Cut,
        stall: Duration,
        account: &mut Account,
    ) -> io::Result<bool> {
        self.up(request, u64::MAX, account)?;
        let head = self.read_answer()?;
        let count = usize::try_from(head.len() as u64 * place / 1_000_000).expect("small");
        self.client.write(&head.as_bytes()[..count.min(head.len() - 1)])?;
        if !stall.is_zero() {
            self.client.drain(stall);
        }
        Ok(self.end(how))
    }

    /// Answers in the server's place.
    fn inject(&mut self, request: &Request, status: u16, mode: Mode, account: &mut Account) -> io::Result<bool> {
        match mode {
            Mode::OnTheHead => {}
            Mode::Instead => self.client.pass(None, request.len(), self.shared.rate, &mut account.sent)?,
            Mode::Afterwards => {
                self.up(request, u64::MAX, account)?;
                self.read_answer()?;
            }
        }
        let location = if status == 302 { "Location: http://127.0.0.1:9/login\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} Storm\r\nServer: gateway\r\n{location}Content-Length: 5\r\n\r\nstorm");
        self.client.write(head.as_bytes())?;
        Ok(self.end(Cut::Close))
    }

    /// Ends the client while its request is under way; whatever is left of it passes.
    fn end_client(&mut self, request: &Request, place: u64, kind: Kind, account: &mut Account) -> io::Result<bool> {
        self.up(request, place, account)?;
        client::signal(&mut self.weather(), kind);
        let (head, done) = (request.head.len() as u64, account.sent);
        let server = self.server.as_mut().expect("connected");
        if place < head {
            server.write(&request.head.as_bytes()[usize::try_from(place).expect("small")..])?;
        }
        self.client.pass(Some(server), request.len() - done, self.shared.rate, &mut account.sent)?;
        let answer = self.read_answer()?;
        self.client.write(answer.as_bytes())?;
        // A client that is told to end does not wait for it either.
        account.is_answered = false;
        Ok(true)
    }
}
