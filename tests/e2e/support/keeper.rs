//! A BITS server that keeps several sessions, can hold an answer back, and can be looked into.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::script::{ACK, Reply, Request, ScriptServer};

/// A server's answer about a session that it does not know.
const NOT_FOUND: &str = "HTTP/1.1 500 Internal Server Error\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x8020001F";

/// The sessions and files on the server.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) open: BTreeMap<String, Vec<u8>>,
    pub(crate) opened: usize,
    pub(crate) published: Vec<Vec<u8>>,
}

impl Kept {
    /// Takes what is new of a fragment. Forgets a session at its end, as IIS does.
    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let session = request.field("BITS-Session-Id").unwrap_or_default().to_owned();
        match request.packet() {
            "Ping" => Reply::head(ACK),
            "Create-Session" => {
                self.opened += 1;
                let id = format!("{{B-{}}}", self.opened);
                let reply = Reply::head(&format!("{ACK}\nBITS-Session-Id: {id}"));
                self.open.insert(id, Vec::new());
                reply
            }
            "Fragment" => {
                let (first, _, _) = request.range().expect("a range");
                let Some(stored) = self.open.get_mut(&session) else { return Reply::head(NOT_FOUND) };
                let first = usize::try_from(first).expect("small");
                let in_step = first <= stored.len();
                if in_step {
                    stored.extend_from_slice(request.body.get(stored.len() - first..).unwrap_or_default());
                }
                let status = if in_step { "200 OK" } else { "416 Requested Range Not Satisfiable" };
                let offset = stored.len();
                Reply::head(&format!("HTTP/1.1 {status}\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: {offset}"))
            }
            "Close-Session" => {
                let Some(stored) = self.open.remove(&session) else { return Reply::head(NOT_FOUND) };
                self.published.push(stored);
                Reply::head(ACK)
            }
            "Cancel-Session" => Reply::head(if self.open.remove(&session).is_some() { ACK } else { NOT_FOUND }),
            other => panic!("an unknown packet: {other:?}"),
        }
    }
}

/// Which answer to hold back, the first time it is due.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    pub(crate) packet: &'static str,
    /// Where the fragment begins.
    pub(crate) first: u64,
    /// Whether what the packet asks for is done.
    pub(crate) acts: bool,
}

/// The server, and the end of the rope on which an answer hangs.
pub(crate) struct Keeper {
    pub(crate) server: ScriptServer,
    kept: Arc<Mutex<Kept>>,
    arrivals: Receiver<()>,
    release: SyncSender<()>,
}

impl Keeper {
    pub(crate) fn start(hold: Option<Hold>) -> Self {
        Self::with(hold, |_| None)
    }

    /// Differs from the usual server by what `special` answers.
    pub(crate) fn with(
        mut hold: Option<Hold>,
        mut special: impl FnMut(&Request) -> Option<Reply> + Send + 'static,
    ) -> Self {
        let (arrived, arrivals) = channel();
        let (release, released) = sync_channel(1);
        let kept: Arc<Mutex<Kept>> = Arc::default();
        let inside = Arc::clone(&kept);
        let server = ScriptServer::concurrent(move |request| {
            let hit = |hold: &Hold| {
                hold.packet == request.packet() && request.range().is_none_or(|(first, _, _)| first == hold.first)
            };
            let Some(hold) = hold.take_if(|hold| hit(hold)) else {
                return special(request).unwrap_or_else(|| inside.lock().expect("no panic").answer(request));
            };
            let answer = hold.acts.then(|| inside.lock().expect("no panic").answer(request));
            let _ = arrived.send(());
            let _ = released.recv();
            answer.unwrap_or(Reply::HangUp)
        });
        Self { server, kept, arrivals, release }
    }

    /// Waits until the answer is held.
    #[track_caller]
    pub(crate) fn wait(&self) {
        self.arrivals.recv_timeout(Duration::from_secs(30)).expect("the packet arrives");
    }

    /// Lets the held answer go.
    pub(crate) fn release(&self) {
        let _ = self.release.send(());
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("no panic")
    }

    /// The requests after the first `skipped` ones.
    pub(crate) fn since(&self, skipped: usize) -> Vec<Request> {
        self.server.requests().split_off(skipped)
    }
}
