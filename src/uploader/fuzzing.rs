//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use std::time::Instant;

use http::header::{HeaderValue, LOCATION};
use http::{Response, StatusCode, Uri};

use super::target::Target;
use super::{Action, Input, Plan, ReplyFetched, ResumeState, Save, UploadEvent, Uploader};
use crate::exchange::{TransportError, TransportErrorKind};
use crate::protocol::fuzzing::{is_harmless, response};
use crate::protocol::{ContentName, HostId, Origin, Packet, PacketKind, without_brackets};

const DESTINATIONS: [&str; 4] =
    ["http://h/drop/a.bin", "https://h:8443/a?sig=1", "https://[::1]/a", "http://files.example.com:80/%7Bx%7D"];

/// Another host that the server names changes the host and at most the port: never the scheme, the path or the query.
pub fn host_id(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(host) = text.parse::<HostId>() else { return };
    assert!(is_harmless(host.as_str()) && !host.as_str().contains(['/', '@', '?', '#', '\\', ' ']), "{host}");
    assert_eq!(host.to_string().parse(), Ok(host.clone()));
    for destination in DESTINATIONS.map(Uri::from_static) {
        let mut target = Target::new(destination.clone());
        target.move_to(&host, None);
        let url = target.current();
        assert_eq!((url.scheme(), url.path_and_query()), (destination.scheme(), destination.path_and_query()), "{url}");
        let (there, named) = (Origin::of(url), without_brackets(host.host()).to_ascii_lowercase());
        assert_eq!(there.host(), named, "{url}");
        assert_eq!(there.port(), host.port().unwrap_or(Origin::of(&destination).port()), "{url}");
        assert_eq!(url.to_string().parse::<Uri>().ok().as_ref(), Some(url));
        target.back_to_origin();
        assert_eq!(Origin::of(target.current()), Origin::of(&destination));
    }
}

/// A redirect that is followed leads to the same host, and never from https to http.
pub fn location(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, value);
    for destination in DESTINATIONS.map(Uri::from_static) {
        let mut target = Target::new(destination.clone());
        let result = target.follow_redirect(&response, PacketKind::Ping);
        let (here, there) = (Origin::of(&destination), Origin::of(target.current()));
        match result {
            Ok(is_followed) => {
                assert!(is_followed);
                assert_eq!(here.host(), there.host());
                assert!(there == here || (there.is_https() && !here.is_https()), "{}", target.current());
                let authority = target.current().authority().expect("it has one").as_str();
                assert!(!authority.contains('@'), "{authority}");
            }
            Err(error) => {
                assert!(is_harmless(&error.to_string()), "{error}");
                assert_eq!(*target.current(), destination);
            }
        }
    }
}

const SIZE: u64 = 20_000;

/// Whatever a server responds, an upload ends. Close-Session follows the whole file only; everything goes by TLS; the
/// reply comes from the server of the upload; what is saved is what a later run takes.
///
/// NUL stands between responses, of which an empty one is lost. The first may be the state that an earlier run saved.
pub fn conversation(data: &[u8], mut now: Instant) {
    let mut heads = data.split(|byte| *byte == 0).take(100).peekable();
    let destination = Uri::from_static("https://h/drop/a.bin");
    let plan = Plan::new(destination.clone(), SIZE, ContentName::new("a.bin"));
    let plan = Plan { wants_reply: true, ..plan };
    let saved = heads.peek().and_then(|head| serde_json::from_slice::<ResumeState>(head).ok());
    let saved = saved.filter(|state| state.is_sound(&destination, SIZE));
    let mut sent_end = saved.as_ref().map_or(0, |state| state.sent_end);
    let mut uploader = match saved {
        Some(state) => Uploader::resume(plan, state, now, 7),
        None => Uploader::new(plan, now, 7),
    };
    // A response is followed by a few saves and a pause.
    for _ in 0..1_000 {
        let action = uploader.next_action();
        let input = match &action {
            Action::Finish => break,
            Action::Save(Save::Durable(state) | Save::Progress(state) | Save::Brief(state)) => {
                assert!(state.is_sound(&destination, SIZE), "{state:?}");
                Input::Saved { can_resume: true }
            }
            Action::Save(Save::Forget) => Input::Saved { can_resume: true },
            Action::Remember(_) => Input::Remembered,
            Action::Wait(pause) => {
                now += *pause;
                Input::Waited
            }
            Action::KeepReply => Input::ReplyKept,
            Action::Verify(_) => panic!("nothing is to be verified"),
            Action::Send(packet) => {
                check(packet, &mut sent_end);
                assert_eq!(uploader.target().scheme_str(), Some("https"));
                heads.next().map_or(Input::Interrupted, responded)
            }
            Action::FetchReply(request) => {
                assert_eq!(Origin::of(&request.url), Origin::of(&destination));
                heads.next().map_or(Input::Interrupted, |head| Input::ReplyFetched(fetched(&uploader, head)))
            }
        };
        uploader = uploader.handle(input, now);
        for event in uploader.take_events() {
            if let UploadEvent::Warning { text } = event {
                assert!(is_harmless(&text), "{text}");
            }
        }
    }
    assert_eq!(uploader.next_action(), Action::Finish);
    if let Err(error) = uploader.into_result() {
        assert!(is_harmless(&error.to_string()), "{error}");
    }
}

/// A packet and what was sent of the session at hand.
fn check(packet: &Packet, sent_end: &mut u64) {
    match packet {
        Packet::CreateSession { .. } => *sent_end = 0,
        Packet::Fragment { range, .. } => {
            assert_eq!(range.total(), SIZE);
            *sent_end = range.end().max(*sent_end);
        }
        Packet::CloseSession { .. } => assert_eq!(*sent_end, SIZE),
        Packet::Ping | Packet::CancelSession { .. } => {}
    }
}

fn responded(head: &[u8]) -> Input {
    if head.is_empty() { Input::Lost(lost()) } else { Input::Responded(response(head)) }
}

fn fetched(uploader: &Uploader, head: &[u8]) -> ReplyFetched {
    if head.is_empty() {
        return ReplyFetched { head: None, taken: 0, end: Err(lost()) };
    }
    let head = response(head);
    let taken = uploader.accept_reply(&head).map_or(0, |_| head.headers().len() as u64);
    ReplyFetched { head: Some(head), taken, end: Ok(()) }
}

fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::Cut, "lost")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            host_id(&data);
            location(&data);
            conversation(&data, Instant::now());
        }

        #[test]
        fn what_looks_like_a_conversation_keeps_them(
            heads in "(HTTP/1\\.1 (200|201|416|308|401|403|404|413|500|503)\n((BITS-Packet-Type: Ack|BITS-Session-Id: \\{a\\}|BITS-Received-Content-Range: (0|5120|20000|[0-9]{1,5})|BITS-Host-Id: (h|o:9)|BITS-Host-Id-Fallback-Timeout: [0-9]{1,20}|BITS-Reply-URL: r|BITS-Error: 0x80(20001F|070057)|Location: https://h/b|Retry-After: [0-9]{1,20}|Content-Length: [01])\n){0,5}\0){0,12}"
        ) {
            conversation(heads.as_bytes(), Instant::now());
        }

        #[test]
        fn what_looks_like_a_host_keeps_them(
            text in "(\\[?[0-9a-f:.]{0,12}(%[0-9a-z]{1,2})?\\]?|[a-zA-Z0-9._-]{0,9})(:[0-9]{0,6})?[/@?# ]?"
        ) {
            host_id(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_location_keeps_them(
            text in "(https?:|//|/|[hH]|\\[::1\\]|:8443|:443|@|\\.\\.|[?#]|files\\.example\\.com| |%){0,9}"
        ) {
            location(text.as_bytes());
        }
    }
}
