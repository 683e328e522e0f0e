//! The conversation of a check with a server, as a file for strangers: people read it, and the tests play the server
//! from it (`tests/e2e/support/transcript.rs`).
//!
//! The first line has the format and its version. Of the others the first character tells: `#` an explanation, `>` a
//! line of a request's head, `<` one of its response's, `|` the beginning of the response's body as a JSON string, `*`
//! a remark. Otherwise the line is a fact: a name, a colon, a value.

use std::time::{Duration, Instant};

use http::HeaderMap;

use super::escape::{ascii_json, clean};
use super::redact::Disguise;
use super::units;
use crate::protocol::RefusalBody;
use crate::uploader::UploadEvent;

/// The first line. Other forms get another number.
const FORMAT: &str = "bitsup-report 1";

const EXPLANATION: &[&str] = &[
    "Requests (>) and responses (<) of bitsup check --report. Names of fields are in lower case. These are replaced:",
    "hosts, addresses, users, credentials, cookies, values of queries, and values of fields that bitsup does not know.",
    "Paths of URLs are shown. Look through this file before you give it to anybody.",
];

/// Characters of a body that are shown.
const MAX_BODY: usize = 1024;

/// The heads of an exchange, in the order in which they went over the wire, and when.
pub(crate) struct Transcript {
    begun: Instant,
    heads: Vec<(Duration, UploadEvent)>,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), heads: Vec::new() }
    }

    /// Keeps what is worth it.
    pub(crate) fn event(&mut self, event: &UploadEvent) {
        if matches!(event, UploadEvent::RequestHead(_) | UploadEvent::ResponseHead(_)) {
            self.heads.push((self.begun.elapsed(), event.clone()));
        }
    }

    /// The whole file. `facts` are the lines at its end.
    pub(crate) fn text(&self, mut disguise: Disguise, facts: &[(&str, String)]) -> String {
        for (_, event) in &self.heads {
            let headers = match event {
                UploadEvent::RequestHead(head) => &head.headers,
                UploadEvent::ResponseHead(head) => &head.headers,
                _ => continue,
            };
            headers.iter().for_each(|(name, value)| disguise.learn_from(name, value));
        }
        let mut lines = vec![FORMAT.to_owned()];
        lines.extend(EXPLANATION.iter().map(|line| format!("# {line}")));
        lines.push(format!("bitsup: {}", env!("CARGO_PKG_VERSION")));
        lines.push(format!("system: {}", system()));
        lines.push(format!("time: {}", units::now()));
        let mut sent = None;
        for (at, event) in &self.heads {
            lines.extend(exchange(*at, event, &mut sent, &disguise));
        }
        lines.extend(sent.map(|_| "* no response".to_owned()));
        lines.push(String::new());
        lines.extend(facts.iter().map(|(name, value)| format!("{name}: {}", disguise.text(value))));
        lines.iter().fold(String::new(), |text, line| text + &clean(line) + "\n")
    }
}

/// The lines of one head. `sent`: when the request was whose response is awaited.
fn exchange(at: Duration, event: &UploadEvent, sent: &mut Option<Duration>, disguise: &Disguise) -> Vec<String> {
    match event {
        UploadEvent::RequestHead(head) => {
            let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
            let first = format!("{} {} {:?}", head.method, disguise.text(target), head.version);
            let unanswered = sent.replace(at).map(|_| "* no response".to_owned());
            let remarks = [String::new(), format!("* at {} ms", at.as_millis())];
            unanswered.into_iter().chain(remarks).chain(with_headers(">", &first, &head.headers, disguise)).collect()
        }
        UploadEvent::ResponseHead(head) => {
            let first = format!("{:?} {}", head.version, head.status);
            let body = head.extensions.get::<RefusalBody>().map(|body| format!("| {}", shown_body(body, disguise)));
            let time = at.saturating_sub(sent.take().unwrap_or(at)).as_millis();
            let remark = format!("* responded after {time} ms");
            let lines = with_headers("<", &first, &head.headers, disguise).chain(body);
            std::iter::once(remark).chain(lines).collect()
        }
        _ => Vec::new(),
    }
}

fn with_headers(mark: &str, first: &str, headers: &HeaderMap, disguise: &Disguise) -> impl Iterator<Item = String> {
    let fields = headers.iter().map(move |(name, value)| {
        let value = disguise.header_value(name, value);
        format!("{mark} {name}: {value}").trim_end().to_owned()
    });
    std::iter::once(format!("{mark} {first}")).chain(fields)
}

/// It is cut last, so that nothing secret is cut in two.
fn shown_body(RefusalBody(bytes): &RefusalBody, disguise: &Disguise) -> String {
    let text: String = disguise.page(&String::from_utf8_lossy(bytes)).chars().take(MAX_BODY).collect();
    ascii_json(&serde_json::Value::from(text).to_string())
}

/// The operating system as it calls itself, but not the machine.
fn system() -> String {
    let kind = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    #[cfg(unix)]
    let kind = format!("{kind}, {}", rustix::system::uname().release().to_string_lossy());
    kind
}

#[cfg(test)]
mod tests {
    use http::{Request, Response};

    use super::*;

    fn request(url: &str, authorization: &str) -> UploadEvent {
        let request = Request::builder().method("BITS_POST").uri(url).header("authorization", authorization).body(());
        UploadEvent::RequestHead(Box::new(request.expect("a request").into_parts().0))
    }

    fn refusal(cookie: &str, body: &[u8]) -> UploadEvent {
        let body = RefusalBody(body.to_vec());
        let response = Response::builder().status(403).header("set-cookie", cookie).header("bits-packet-type", "Ack");
        UploadEvent::ResponseHead(Box::new(response.extension(body).body(()).expect("a response").into_parts().0))
    }

    #[test]
    fn a_transcript_has_heads_times_and_facts_and_no_secrets() {
        let mut transcript = Transcript::new();
        transcript.event(&request("http://files.local/a?b=s3cret", "Basic bWU6czNjcmV0"));
        transcript.event(&refusal("s3cret", b"<p>bWU6czNjcmV0 at files.local \x1b</p>"));
        transcript.event(&request("http://files.local/a", "bWU6czNjcmV0"));
        let mut disguise = Disguise::default();
        disguise.learn("files.local", "server.example");
        let text = transcript.text(disguise, &[("result", "exit 8, refused by files.local\n".to_owned())]);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("* at") && !line.is_empty()).collect();
        assert_eq!(lines[0], "bitsup-report 1");
        assert!(text.contains("\n* responded after "), "{text}");
        let expected = [
            "> BITS_POST /a?b=<redacted> HTTP/1.1",
            "> authorization: Basic <redacted>",
            "< HTTP/1.1 403 Forbidden",
            "< set-cookie: <redacted>",
            "< bits-packet-type: Ack",
            "| \"<p><redacted> at server.example \\u001b</p>\"",
            "> BITS_POST /a HTTP/1.1",
            "> authorization: <redacted>",
            "* no response",
            "result: exit 8, refused by server.example\\u{a}",
        ];
        let rest = lines.iter().filter(|line| !line.starts_with("* responded")).skip(7).copied();
        assert_eq!(rest.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_body_is_cut_after_its_secrets_were_found() {
        let mut disguise = Disguise::default();
        disguise.learn("s3cret", "<redacted>");
        let page = format!("{} s3cret{}", ".".repeat(MAX_BODY - 4), " end".repeat(99));
        let shown = shown_body(&RefusalBody(page.into_bytes()), &disguise);
        assert_eq!(shown, format!("\"{} <re\"", ".".repeat(MAX_BODY - 4)));
    }
}
