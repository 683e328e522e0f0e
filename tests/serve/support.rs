//! A receiver in a folder of its own, and a client that sends what it is told.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bitsup::server::{Options, ServeError, ServeEvent, Server, StopHandle};

use crate::transcript::recorded;

pub(crate) const GUID: &str = "{7df0354d-249b-430f-820d-3d2a9bef4931}";
pub(crate) const INVALID: &str = "0x80070057";
pub(crate) const DENIED: &str = "0x80070005";
pub(crate) const UNKNOWN: &str = "0x8020001F";

/// A receiver in a folder of its own.
pub(crate) struct Fixture {
    pub(crate) root: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) stop: StopHandle,
    pub(crate) thread: Option<JoinHandle<Result<(), ServeError>>>,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl Fn(&mut Options)) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), change)
    }

    pub(crate) fn in_folder(root: tempfile::TempDir, change: impl Fn(&mut Options)) -> Self {
        let mut options = Options::new(root.path(), "127.0.0.1:0".parse().unwrap());
        change(&mut options);
        let server = Server::bind(options).unwrap();
        let (address, stop) = (server.address().unwrap(), server.stop_handle());
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let on_event = move |event: &ServeEvent| lines.lock().unwrap().push(event.to_string());
        let thread = Some(std::thread::spawn(move || server.run(on_event)));
        Self { root, address, stop, thread, log }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::of(self.address)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn state_files(&self) -> Vec<String> {
        let folder = fs::read_dir(self.path(".bitsup-sessions")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "lock").collect();
        names.sort();
        names
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The line that the server begins with; it may still be on its way.
    pub(crate) fn first_line(&self) -> String {
        loop {
            if let Some(line) = self.log.lock().unwrap().first() {
                return line.clone();
            }
            std::thread::yield_now();
        }
    }

    pub(crate) fn restart(mut self, change: impl Fn(&mut Options)) -> Self {
        self.end();
        let root = std::mem::replace(&mut self.root, tempfile::tempdir().unwrap());
        Self::in_folder(root, change)
    }

    pub(crate) fn end(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.end();
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} is there twice: {self:?}");
        value
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.field("BITS-Packet-Type"), Some("Ack"), "{self:?}");
        assert_eq!(self.field("Content-Length"), Some("0"), "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn expect_error(self, status: u16, code: &str) -> Self {
        let response = self.expect(status);
        assert_eq!(response.field("BITS-Error"), Some(code), "{response:?}");
        assert_eq!(response.field("BITS-Error-Code"), Some(code), "{response:?}");
        assert_eq!(response.field("BITS-Error-Context"), Some("0x5"), "{response:?}");
        response
    }

    #[track_caller]
    pub(crate) fn expect_offset(self, status: u16, offset: u64) -> Self {
        let response = self.expect(status);
        assert_eq!(response.field("BITS-Received-Content-Range"), Some(&*offset.to_string()), "{response:?}");
        response
    }
}

impl Client {
    pub(crate) fn of(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { stream }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Reads one head, byte by byte so that nothing of the next is lost.
    pub(crate) fn read(&mut self) -> Response {
        self.try_read().expect("a response")
    }

    pub(crate) fn try_read(&mut self) -> Option<Response> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return None,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().strip_prefix("HTTP/1.").unwrap()[2..5].parse().unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap());
        Some(Response { status, fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect() })
    }

    pub(crate) fn ask(&mut self, bytes: &[u8]) -> Response {
        self.send(bytes);
        self.read()
    }

    pub(crate) fn packet(&mut self, path: &str, kind: &str, fields: &[(&str, &str)], body: &[u8]) -> Response {
        self.send(&head(path, kind, fields, body.len()));
        self.send(body);
        self.read()
    }

    pub(crate) fn create(&mut self, path: &str) -> Response {
        let fields = [("BITS-Supported-Protocols", GUID), ("Content-Name", "a.txt")];
        self.packet(path, "Create-Session", &fields, b"")
    }

    pub(crate) fn open(&mut self, path: &str) -> String {
        self.create(path).expect(200).field("BITS-Session-Id").unwrap().to_owned()
    }

    pub(crate) fn fragment(&mut self, path: &str, session: &str, range: &str, body: &[u8]) -> Response {
        let range = format!("bytes {range}");
        self.packet(path, "Fragment", &[("BITS-Session-Id", session), ("Content-Range", &range)], body)
    }

    pub(crate) fn close(&mut self, path: &str, session: &str) -> Response {
        self.packet(path, "Close-Session", &[("BITS-Session-Id", session)], b"")
    }

    pub(crate) fn cancel(&mut self, path: &str, session: &str) -> Response {
        self.packet(path, "Cancel-Session", &[("BITS-Session-Id", session)], b"")
    }

    #[track_caller]
    /// Whatever comes until the server ends the connection.
    pub(crate) fn read_to_its_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end, too.
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }

    pub(crate) fn expect_end(mut self) {
        let mut rest = Vec::new();
        let _ = self.stream.read_to_end(&mut rest);
        assert_eq!(String::from_utf8_lossy(&rest), "", "the connection should have been closed");
    }
}

pub(crate) fn head(path: &str, kind: &str, fields: &[(&str, &str)], length: usize) -> Vec<u8> {
    let fields: String = fields.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    let first = format!("BITS_POST {path} HTTP/1.1\r\nHost: h\r\nBITS-Packet-Type: {kind}\r\n");
    format!("{first}{fields}Content-Length: {length}\r\n\r\n").into_bytes()
}

pub(crate) fn upload(client: &mut Client, path: &str, bytes: &[u8]) {
    let session = client.open(path);
    let total = bytes.len();
    client.fragment(path, &session, &format!("0-{}/{total}", total - 1), bytes).expect_offset(200, total as u64);
    client.close(path, &session).expect(200);
}

/// The first recorded request of this kind.
pub(crate) fn recorded_request(file: &str, kind: &str) -> String {
    recorded(file).into_iter().find(|exchange| exchange.kind() == kind).unwrap().request
}
