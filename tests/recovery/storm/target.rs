//! The server behind the relay, which can die and come back.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::link::End;
use super::plan::ServerKind;
use super::relay::listen;
use super::weather::Weather;
use crate::bitsup::command;
use crate::server::{Conduct, Server, Setup};

/// The server of one storm.
pub(crate) enum Target {
    Receiver(Receiver),
    Scripted { server: Server, forgets: bool },
}

/// `bitsup serve`.
pub(crate) struct Receiver {
    folder: TempDir,
    port: u16,
    child: Mutex<Child>,
}

impl Target {
    pub(crate) fn start(kind: ServerKind) -> Self {
        match kind {
            ServerKind::Receiver => Self::Receiver(Receiver::start()),
            ServerKind::Scripted { overlap, keeps_parts, forgets } => {
                let setup = Setup::new().bits(|bits| {
                    bits.overlap = overlap;
                    bits.keeps_parts = keeps_parts;
                    bits.has_tombstones = true;
                });
                Self::Scripted { server: setup.start(|_, _| Conduct::honest()), forgets }
            }
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Receiver(receiver) => receiver.port,
            Self::Scripted { server, .. } => server.port,
        }
    }

    /// A connection to it, if it is alive.
    pub(crate) fn connect(&self, weather: &Mutex<Weather>) -> io::Result<End> {
        let down_until = weather.lock().expect("no panic").down_until;
        if down_until.is_some_and(|until| Instant::now() < until) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if let Self::Receiver(receiver) = self {
            receiver.revive();
        }
        End::connect(SocketAddr::from(([127, 0, 0, 1], self.port())))
    }

    /// It dies at once; the first connection after a while finds it again.
    pub(crate) fn kill(&self, a_while: Duration, weather: &Mutex<Weather>) {
        if let Self::Receiver(receiver) = self {
            receiver.kill();
        }
        let mut weather = weather.lock().expect("no panic");
        weather.down_until = Some(Instant::now() + a_while);
        if let Self::Scripted { server, forgets: true } = self {
            server.bits().restart();
            weather.forgot();
        }
    }

    /// The published file, if there is one.
    pub(crate) fn published(&self) -> Option<Vec<u8>> {
        match self {
            Self::Receiver(receiver) => std::fs::read(receiver.folder.path().join("file.bin")).ok(),
            Self::Scripted { server, .. } => server.bits().published.get("/file.bin").cloned(),
        }
    }

    /// Sessions that are still open; a receiver does not tell.
    pub(crate) fn open_sessions(&self) -> Vec<String> {
        match self {
            Self::Receiver(_) => Vec::new(),
            Self::Scripted { server, .. } => server.bits().sessions.keys().cloned().collect(),
        }
    }
}

impl Receiver {
    fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let listener = listen();
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let child = Mutex::new(serve(folder.path(), port));
        Self { folder, port, child }
    }

    fn kill(&self) {
        let mut child = self.child.lock().expect("no panic");
        let _ = child.kill();
        let _ = child.wait();
    }

    fn revive(&self) {
        let mut child = self.child.lock().expect("no panic");
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            *child = serve(self.folder.path(), self.port);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts it, and waits until it listens.
fn serve(folder: &Path, port: u16) -> Child {
    let folder: PathBuf = folder.into();
    let address = format!("127.0.0.1:{port}");
    let mut command = command(["serve", "--overwrite", "--listen", &address]);
    let mut child = command.arg(folder).stderr(Stdio::piped()).spawn().expect("the receiver starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"));
    lines.read_line(&mut String::new()).expect("the receiver says where it listens");
    thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
    child
}
