//! A BITS server as a value: what it stores, and how it answers when nothing goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::request::Request;

/// The head of an Ack, to be continued.
pub(crate) const ACK: &str = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack";

/// The response for an unknown session (MC-BUP 2.2.1.2).
pub(crate) const NOT_FOUND: &str =
    "HTTP/1.1 500 Internal Server Error\nBITS-Packet-Type: Ack\nBITS-Error-Code: 0x8020001F\nBITS-Error-Context: 0x5";

/// The treatment of a fragment that begins before the expected offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Overlap {
    /// Takes the bytes that are new.
    #[default]
    Trims,
    /// Takes nothing, answers 416 with the offset.
    Refuses,
    /// Appends the whole body, and acknowledges the fragment's own end.
    Appends,
}

/// The stored part of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Upload {
    pub(crate) path: String,
    pub(crate) stored: Vec<u8>,
}

/// The server's state, and an account of what came.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    pub(crate) overlap: Overlap,
    /// Stores what arrived of a body that broke off.
    pub(crate) keeps_parts: bool,
    /// Acknowledges a repeated Close-Session.
    pub(crate) has_tombstones: bool,
    tombstones: BTreeSet<String>,
    pub(crate) sessions: BTreeMap<String, Upload>,
    pub(crate) published: BTreeMap<String, Vec<u8>>,
    pub(crate) opened: usize,
    pub(crate) closed: usize,
    pub(crate) cancelled: usize,
    /// Bytes of all fragments' bodies that arrived.
    pub(crate) sent: u64,
    /// Those of them that came with a fragment whose answer the test did not let through.
    pub(crate) lost: u64,
    /// Requests that were left without an answer on an open connection.
    pub(crate) silent: usize,
    /// Appended to the head of every answer.
    pub(crate) all_fields: String,
    /// Appended to the head of the answer to Create-Session.
    pub(crate) create_fields: String,
    /// Appended to the head of the answer to the last fragment.
    pub(crate) last_fields: String,
    pub(super) told: u64,
}

impl Bits {
    /// Forgets the sessions, as a restart does to a server that keeps them in memory.
    pub(crate) fn restart(&mut self) {
        self.sessions.clear();
    }

    /// Publishes what the session of `request` stored, and forgets the session.
    pub(crate) fn publish(&mut self, request: &Request) {
        if let Some(upload) = self.sessions.remove(request.session()) {
            self.published.insert(upload.path, upload.stored);
        }
    }

    /// Publishes all that is stored, as servers do that do not wait for Close-Session, and forgets the sessions.
    pub(crate) fn publish_all(&mut self) {
        let all = std::mem::take(&mut self.sessions).into_values();
        self.published.extend(all.map(|upload| (upload.path, upload.stored)));
    }

    /// Does what the packet asks for with as much of its body as is there; the head of the answer.
    pub(super) fn answer(&mut self, request: &Request, body: &[u8]) -> String {
        self.head_of_answer(request, body) + &self.all_fields
    }

    fn head_of_answer(&mut self, request: &Request, body: &[u8]) -> String {
        match request.packet() {
            "Ping" => ACK.to_owned(),
            "Create-Session" => self.create(request),
            "Fragment" => self.fragment(request, body),
            "Close-Session" => self.close(request),
            "Cancel-Session" => {
                self.cancelled += 1;
                if self.sessions.remove(request.session()).is_some() { ACK } else { NOT_FOUND }.to_owned()
            }
            // `Connection` has the body.
            "HEAD" | "GET" => self.published.get(request.path()).map_or_else(
                || "HTTP/1.1 404 Not Found".to_owned(),
                |file| format!("HTTP/1.1 200 OK\nContent-Length: {}", file.len()),
            ),
            other => panic!("an unknown packet: {other:?}"),
        }
    }

    fn create(&mut self, request: &Request) -> String {
        self.opened += 1;
        self.told = 0;
        let id = format!("{{A-{}}}", self.opened);
        self.sessions.insert(id.clone(), Upload { path: request.path().to_owned(), stored: Vec::new() });
        format!("{ACK}\nBITS-Session-Id: {id}{}", self.create_fields)
    }

    fn fragment(&mut self, request: &Request, body: &[u8]) -> String {
        let (first, end, _) = request.range().expect("a range");
        let Some(upload) = self.sessions.get_mut(request.session()) else { return NOT_FOUND.to_owned() };
        let (expected, mut offset) = (upload.stored.len() as u64, end);
        let mut status = "200 OK";
        match self.overlap {
            Overlap::Appends => upload.stored.extend_from_slice(body),
            Overlap::Refuses if first != expected => status = "416 Requested Range Not Satisfiable",
            Overlap::Refuses | Overlap::Trims if first <= expected => {
                let known = usize::try_from(expected - first).expect("small");
                upload.stored.extend_from_slice(body.get(known..).unwrap_or_default());
            }
            Overlap::Refuses | Overlap::Trims => status = "416 Requested Range Not Satisfiable",
        }
        if self.overlap != Overlap::Appends {
            offset = upload.stored.len() as u64;
        }
        let more = if request.is_last() { &self.last_fields } else { "" };
        format!("HTTP/1.1 {status}\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: {offset}{more}")
    }

    fn close(&mut self, request: &Request) -> String {
        if !self.sessions.contains_key(request.session()) {
            let is_known = self.tombstones.contains(request.session());
            return if is_known { ACK } else { NOT_FOUND }.to_owned();
        }
        self.closed += 1;
        if self.has_tombstones {
            self.tombstones.insert(request.session().to_owned());
        }
        self.publish(request);
        ACK.to_owned()
    }
}
