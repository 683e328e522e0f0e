//! A server that follows a script: raw sockets, so that it can answer anything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Bytes of a body that are kept; the rest is read and dropped.
const KEPT: u64 = 4 << 20;

/// A request that arrived: the head as it was on the wire, and the body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Which connection it came on, from 0.
    pub(crate) connection: usize,
}

impl Request {
    /// A field's value, by its name in any letter case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn packet(&self) -> &str {
        self.field("BITS-Packet-Type").unwrap_or_default()
    }

    /// `first`, `last`, `total` of its Content-Range.
    pub(crate) fn range(&self) -> Option<(u64, u64, u64)> {
        let (ends, total) = self.field("Content-Range")?.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = ends.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
    }

    /// Path on the request line.
    pub(crate) fn path(&self) -> &str {
        self.head.split_whitespace().nth(1).unwrap_or_default()
    }
}

/// The server's reaction to a request.
pub(crate) enum Reply {
    /// Send these bytes, keep the connection.
    Bytes(Vec<u8>),
    /// Send these bytes, close the connection.
    Last(Vec<u8>),
    /// Close the connection without a word.
    HangUp,
}

impl Reply {
    /// A whole answer from its head's lines; an empty body.
    pub(crate) fn head(lines: &str) -> Self {
        let mut head = String::new();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            head.push_str(line);
            head.push_str("\r\n");
        }
        if !head.to_ascii_lowercase().contains("content-length") && !head.to_ascii_lowercase().contains("chunked") {
            head.push_str("Content-Length: 0\r\n");
        }
        Self::Bytes(format!("{head}\r\n").into_bytes())
    }
}

/// A server on a free port of this machine.
pub(crate) struct ScriptServer {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    _thread: JoinHandle<()>,
}

impl ScriptServer {
    /// Answers each request by `answer`, one connection after another.
    pub(crate) fn start(answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::serving(answer, |serve| serve())
    }

    /// The same, all connections at once: Wine sometimes keeps the socket of a killed process open for good.
    pub(crate) fn concurrent(answer: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::serving(answer, |serve| drop(std::thread::spawn(serve)))
    }

    fn serving(
        answer: impl FnMut(&Request) -> Reply + Send + 'static,
        run: impl Fn(Box<dyn FnOnce() + Send>) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let seen = Arc::clone(&requests);
        let answer = Arc::new(Mutex::new(answer));
        let thread = std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let Ok(stream) = stream else { return };
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                run(Box::new(move || serve(stream, connection, &seen, &answer)));
            }
        });
        Self { port, requests, _thread: thread }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }

    /// Their packet types.
    pub(crate) fn packets(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.packet().to_owned()).collect()
    }
}

fn serve(
    stream: TcpStream,
    connection: usize,
    seen: &Mutex<Vec<Request>>,
    answer: &Mutex<impl FnMut(&Request) -> Reply>,
) {
    let mut reader = BufReader::with_capacity(1 << 18, stream.try_clone().expect("cloned"));
    let mut writer = stream;
    while let Some(mut request) = read_request(&mut reader) {
        request.connection = connection;
        seen.lock().expect("no panic").push(request.clone());
        let reply = (answer.lock().expect("no panic"))(&request);
        match reply {
            Reply::Bytes(bytes) => {
                if writer.write_all(&bytes).is_err() {
                    return;
                }
            }
            Reply::Last(bytes) => {
                let _ = writer.write_all(&bytes);
                return;
            }
            Reply::HangUp => return,
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut request = Request::default();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        request.head.push_str(&line);
    }
    let length: u64 = request.field("Content-Length").map_or(Ok(0), str::parse).ok()?;
    reader.take(length.min(KEPT)).read_to_end(&mut request.body).ok()?;
    let dropped = std::io::copy(&mut reader.take(length.saturating_sub(KEPT)), &mut std::io::sink()).ok()?;
    (request.body.len() as u64 + dropped == length).then_some(request)
}

/// A BITS server in a few lines, for scripts that differ from it in one point. Keeps what it was sent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Model {
    pub(crate) stored: Arc<Mutex<Vec<u8>>>,
}

impl Model {
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let mut stored = self.stored.lock().expect("no panic");
        match request.packet() {
            "Ping" | "Close-Session" | "Cancel-Session" => Reply::head(ACK),
            "Create-Session" => {
                stored.clear();
                Reply::head(&format!("{ACK}\nBITS-Session-Id: {{A-1}}"))
            }
            "Fragment" => {
                let (first, _, _) = request.range().expect("a range");
                // It keeps count: only what is new is stored.
                let known = stored.len().saturating_sub(usize::try_from(first).expect("small"));
                if first > stored.len() as u64 {
                    return Reply::head(&format!(
                        "HTTP/1.1 416 Range Not Satisfiable\nBITS-Received-Content-Range: {}",
                        stored.len()
                    ));
                }
                stored.extend_from_slice(request.body.get(known..).unwrap_or_default());
                Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: {}", stored.len()))
            }
            _ => Reply::head("HTTP/1.1 400 Bad Request"),
        }
    }

    pub(crate) fn stored(&self) -> Vec<u8> {
        self.stored.lock().expect("no panic").clone()
    }
}

/// The head of an Ack, to be continued.
pub(crate) const ACK: &str = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack";
