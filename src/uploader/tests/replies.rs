//! The download of the reply of the server's application (recovery rule R9). `Taken: n` is how much of a body was stored,
//! `Cut: yes` that it did not come to its end.

use super::*;
use crate::uploader::reply::ReplyFetched;

/// The outcome of a GET whose response is `text`.
pub(super) fn fetched(text: &str) -> Input {
    let mut head = response(text);
    let is_cut = head.headers_mut().remove("cut").is_some();
    let taken = head.headers_mut().remove("taken").map_or(0, |taken| {
        let taken = taken.to_str().expect("text");
        taken.parse().expect("a number")
    });
    let cut = TransportError::after_request(TransportErrorKind::Cut, "");
    Input::ReplyFetched(ReplyFetched { head: Some(head), taken, end: if is_cut { Err(cut) } else { Ok(()) } })
}

/// The outcome of a GET without a response.
pub(super) fn lost(error: TransportError) -> Input {
    Input::ReplyFetched(ReplyFetched { head: None, taken: 0, end: Err(error) })
}

/// The last fragment's Ack offers a reply; then `transcript`.
fn offered(transcript: &str) {
    let ack = "< 200 ack BITS-Received-Content-Range: 20000 | BITS-Reply-URL: /reply";
    upload().with(|plan| plan.wants_reply = true).half().then(&format!("{ack}\n> GET reply from 0\n{transcript}"));
}

const KEPT: &str = "> KeepReply
     ! kept
     > Close-Session
     < 200 ack
     = success";

#[test]
fn it_is_kept_before_the_session_is_closed() {
    for whole in ["200 Content-Length: 100 | Taken: 100", "200 Transfer-Encoding: chunked | Taken: 7"] {
        offered(&format!("< {whole}\n{KEPT}"));
    }
}

#[test]
fn it_is_fetched_from_the_byte_where_it_broke_off() {
    for broken in ["Content-Length: 100 | Taken: 40 | Cut: yes", "Content-Length: 100 | Taken: 40"] {
        offered(&format!(
            "< 200 ETag: \"a\" | {broken}
             > GET reply from 40
             < 206 Content-Range: bytes 40-89/100 | Taken: 50
             > GET reply from 90
             ! cut
             > GET reply from 90
             < 206 Content-Range: bytes 90-99/100 | Taken: 10
             {KEPT}"
        ));
    }
}

#[test]
fn the_news_of_its_last_byte_may_be_lost() {
    for (told, next) in [("bytes */100", KEPT), ("bytes */99", "> GET reply from 0\n! interrupted\n= interrupted")] {
        offered(&format!(
            "< 200 Transfer-Encoding: chunked | Taken: 100 | Cut: yes
             > GET reply from 100
             < 416 Content-Range: {told}
             {next}"
        ));
    }
}

#[test]
fn one_that_comes_byte_by_byte_is_fetched_as_long_as_it_gets_further() {
    let more =
        |at: u64| format!("~\n> GET reply from {at}\n< 206 Content-Range: bytes {at}-299/300 | Taken: 1 | Cut: yes\n");
    let rest: String = (1..299).map(more).collect();
    offered(&format!(
        "< 200 Content-Length: 300 | Taken: 1 | Cut: yes\n{rest}> GET reply from 299\n< 206 Content-Range: bytes 299-299/300 | Taken: 1\n{KEPT}"
    ));
}

#[test]
fn one_that_changes_begins_again_three_times_in_all() {
    let begun = "< 200 Content-Length: 100 | Taken: 40 | Cut: yes\n> GET reply from 40\n";
    for other in ["206 Content-Range: bytes 40-99/101 | Taken: 0", "206 Content-Range: bytes 41-99/100 | Taken: 0"] {
        let again = format!("< {other}\n> GET reply from 0\n");
        offered(&format!("{begun}{again}{begun}{again}{begun}< {other}\n= changes all the time"));
    }
}

#[test]
fn a_server_that_cannot_go_on_in_the_middle_is_asked_three_times() {
    let cut = "< 200 Content-Length: 100 | Taken: 40 | Cut: yes\n> GET reply from 40\n";
    let last = "< 200 Content-Length: 100 | Taken: 40 | Cut: yes\n= no response to GET";
    offered(&format!("{cut}{cut}{cut}{last}"));
}

#[test]
fn responses_that_cannot_be_the_reply_are_refused() {
    for (response, why) in [
        ("206 Content-Range: bytes 0-99/100 | Taken: 0", "is a part that was not asked for"),
        ("200 Taken: 0", "does not tell its length"),
        (
            "200 Content-Length: 100 | Content-Encoding: gzip | Taken: 0",
            "is compressed although that was not asked for",
        ),
        ("200 Content-Length: 1073741825 | Taken: 0", "it is larger than 1073741824 bytes"),
        ("404", "the server responded to GET with 404"),
    ] {
        offered(&format!("< {response}\n= {why}"));
    }
    offered(&format!("< 200 Content-Length: 1073741824 | Taken: 1073741824\n{KEPT}"));
}

#[test]
fn a_reply_longer_than_its_length_is_fetched_anew() {
    offered(&format!(
        "< 200 Content-Length: 5 | Taken: 7\n> GET reply from 0\n< 200 Content-Length: 5 | Taken: 5\n{KEPT}"
    ));
}
