//! The server's behaviour for one request, decided when the head has arrived.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Keeps an answer back until the test opens it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().expect("no panic") = true;
        self.0.1.notify_all();
    }

    pub(super) fn wait(&self) {
        let closed = self.0.0.lock().expect("no panic");
        let limit = Duration::from_secs(30);
        drop(self.0.1.wait_timeout_while(closed, limit, |is_open| !*is_open).expect("no panic"));
    }
}

/// The end of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The answer that is due.
    Honest,
    /// This head, line by line.
    Say(String),
    /// These bytes, whatever they are; then the connection is closed.
    Raw(Vec<u8>),
    /// The connection is reset.
    Reset,
    /// The connection is closed in order.
    Close,
    /// Nothing comes, and the connection stays open.
    Silence,
}

/// The server's behaviour for one request.
#[derive(Debug, Clone)]
pub(crate) struct Conduct {
    /// As many bytes of the body are read; then comes the end.
    pub(super) read: u64,
    /// As many of them are stored.
    pub(super) kept: u64,
    pub(super) end: End,
    /// The answer goes out before the body is read.
    pub(super) early: bool,
    /// Bytes a second.
    pub(super) rate: Option<u64>,
    /// The connection is closed afterwards, without a word of it in the answer.
    pub(super) closes: bool,
    /// All is done, but the end waits for this.
    pub(super) gate: Option<Gate>,
}

impl Conduct {
    /// As it should be.
    pub(crate) fn honest() -> Self {
        Self { read: u64::MAX, kept: u64::MAX, end: End::Honest, early: false, rate: None, closes: false, gate: None }
    }

    /// All that was asked for is done, but the answer is another one.
    pub(crate) fn done_but(end: End) -> Self {
        Self { end, ..Self::honest() }
    }

    /// The request is read, and nothing is done but this.
    pub(crate) fn refused(end: End) -> Self {
        Self { kept: 0, ..Self::done_but(end) }
    }

    /// The same as an answer of this head.
    pub(crate) fn says(head: &str) -> Self {
        Self::refused(End::Say(head.to_owned()))
    }

    /// It ends when so much of the body was read.
    pub(crate) fn after(self, read: u64) -> Self {
        Self { read, ..self }
    }

    /// Not more than this is stored of it.
    pub(crate) fn keeping(self, kept: u64) -> Self {
        Self { kept, ..self }
    }

    /// The whole fragment is acknowledged as soon as the head is there.
    pub(crate) fn early(self) -> Self {
        Self { early: true, ..self }
    }

    /// The body is read this fast.
    pub(crate) fn at_rate(self, bytes_a_second: u64) -> Self {
        Self { rate: Some(bytes_a_second), ..self }
    }

    /// Then comes nothing until the gate is open.
    pub(crate) fn held_by(self, gate: &Gate) -> Self {
        Self { gate: Some(gate.clone()), ..self }
    }

    /// Then the connection is closed.
    pub(crate) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }
}

/// A page as firewalls and proxies give it.
pub(crate) fn page(status: &str) -> String {
    format!("HTTP/1.1 {status}\nServer: gateway\nContent-Type: text/html\nContent-Length: 0")
}
