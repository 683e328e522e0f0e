//! A server that says again what another one said: from a transcript of `bitsup check --report`, or from a recording.

use std::sync::{Arc, Mutex};

use super::script::{Reply, Request, ScriptServer};
use super::transcript::{Exchange, field};

/// Fields that name the client, the host or the connection rather than anything of the protocol.
const OF_NO_INTEREST: [&str; 3] = ["user-agent", "host", "connection"];

const REDACTED: &str = "<redacted>";

/// Of the first exchange whose request is like the one that came, the response goes out; each once, a Ping's again.
pub(crate) struct Replay {
    pub(crate) server: ScriptServer,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Default)]
struct Stage {
    left: Vec<Exchange>,
    pings: Vec<Exchange>,
    /// Requests that were not expected, and why.
    odd: Vec<String>,
}

impl Replay {
    pub(crate) fn start(exchanges: Vec<Exchange>) -> Self {
        let stage = Arc::new(Mutex::new(Stage { left: exchanges, ..Stage::default() }));
        let shared = Arc::clone(&stage);
        let server = ScriptServer::start(move |request| shared.lock().expect("no panic").answer(request));
        Self { server, stage }
    }

    /// Every recorded exchange took place, apart from those of these kinds, and no other.
    #[track_caller]
    pub(crate) fn is_over_but_for(&self, kinds: &[&str]) {
        let stage = self.stage.lock().expect("no panic");
        assert_eq!(stage.odd, [""; 0], "not expected");
        let left: Vec<&str> = stage.left.iter().map(Exchange::kind).collect();
        assert_eq!(left, kinds, "left over");
    }
}

impl Stage {
    fn answer(&mut self, request: &Request) -> Reply {
        let found = self.left.iter().position(|exchange| difference(&exchange.request, request).is_none());
        let exchange = match found {
            Some(index) => self.left.remove(index),
            None => match self.pings.iter().find(|ping| difference(&ping.request, request).is_none()) {
                Some(ping) => ping.clone(),
                None => return self.refuse(request),
            },
        };
        if exchange.kind() == "Ping" {
            self.pings.push(exchange.clone());
        }
        reply(&exchange, request)
    }

    fn refuse(&mut self, request: &Request) -> Reply {
        let alike = self.left.iter().find(|exchange| exchange.kind() == request.packet());
        let why = alike.and_then(|exchange| difference(&exchange.request, request));
        self.odd.push(format!("{}\n{}", why.unwrap_or_default(), request.head));
        Reply::head("HTTP/1.1 501 Not Recorded")
    }
}

/// How ours is not like the recorded one. Ours may have fields that the recorded one does not have.
fn difference(recorded: &str, ours: &Request) -> Option<String> {
    if request_line(recorded) != request_line(&nameless(&ours.head)) {
        return Some("another request line".to_owned());
    }
    let fields = recorded.lines().skip(1).filter_map(|line| line.split_once(": "));
    let fields = fields.filter(|(name, _)| !OF_NO_INTEREST.contains(&name.to_ascii_lowercase().as_str()));
    for (name, value) in fields.chain([("authorization", field(recorded, "authorization").unwrap_or_default())]) {
        let value = value.trim();
        let our_value = nameless(ours.field(name).unwrap_or_default());
        let is_like = match value.strip_suffix(REDACTED) {
            Some(shown) => our_value.starts_with(shown) && our_value.len() > shown.len(),
            None => our_value == value,
        };
        if !is_like {
            return Some(format!("{name}: {our_value:?} instead of {value:?}"));
        }
    }
    None
}

/// Without the query: its values are in no report.
fn request_line(head: &str) -> Vec<&str> {
    let words = head.lines().next().unwrap_or_default().split(' ');
    words.map(|word| word.split('?').next().unwrap_or_default()).collect()
}

/// With the name of a check's file replaced, as a report has it: it differs from run to run.
fn nameless(text: &str) -> String {
    const PREFIX: &str = "bitsup-check-";
    let mut parts = text.split(PREFIX);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let end = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        format!("{text}{PREFIX}NAME{}", &part[end..])
    })
}

/// The recorded response, from the server that was asked; its body as long as it says.
fn reply(exchange: &Exchange, request: &Request) -> Reply {
    let Some(head) = &exchange.response else { return Reply::HangUp };
    let here = request.field("host").unwrap_or_default();
    let port = |rest: &str| rest.len() - rest.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()).len();
    let mut parts = head.split("server.example");
    let first = parts.next().unwrap_or_default().to_owned();
    let mut head = parts.fold(first, |head, rest| head + here + &rest[port(rest)..]);
    // The client returns it, as it did when it had a value.
    head = head.replace("set-cookie: <redacted>", "set-cookie: name=value");
    let mut body = exchange.body.clone();
    if let Some(length) = field(&head, "content-length") {
        body.resize(length.parse().expect("a length"), b' ');
    } else {
        let fields = head.trim_end().lines().filter(|line| !line.starts_with("transfer-encoding"));
        let fields: Vec<&str> = fields.collect();
        head = format!("{}\r\nContent-Length: {}\r\n\r\n", fields.join("\r\n"), body.len());
    }
    Reply::Bytes([head.into_bytes(), body].concat())
}
