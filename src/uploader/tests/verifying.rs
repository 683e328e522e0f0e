//! `--verify`: the destination compared with the source (recovery rule R6). `Arrived: n` is how many bytes of a body came,
//! `Sum: same` or `Sum: other` how its SHA-256 compares, `Cut: yes` that the body did not come to its end.

use super::*;
use crate::uploader::verify::Seen;

/// The outcome of a HEAD or GET of the destination.
pub(super) fn seen(text: &str) -> Input {
    let mut head = response(text);
    let mut told = |name: &str| head.headers_mut().remove(name).map(|value| value.to_str().expect("text").to_owned());
    let (count, sum, is_cut) = (told("arrived"), told("sum"), told("cut").is_some());
    let cut = TransportError::after_request(TransportErrorKind::Cut, "");
    Input::Seen(Seen {
        head: Some(head),
        count: count.map_or(0, |count| count.parse().expect("a number")),
        end: if is_cut { Err(cut) } else { Ok(()) },
        digests: sum.map(|sum| (sum, Ok("same".to_owned()))),
    })
}

/// Close-Session was acknowledged.
fn closed(verify: Verify, transcript: &str) {
    upload().with(|plan| plan.verify = verify).whole().then(&format!("< 200 ack\n{transcript}"));
}

/// An earlier run sent everything and Close-Session; by now the server does not know the session.
fn unconfirmed(verify: Verify, transcript: &str) {
    let left = ResumeState { close_sent: true, ..left_session(20_000) };
    let lost = "> Ping\n< 200 ack\n> Close-Session\n< 500 ack BITS-Error: 0x8020001F";
    upload().with(|plan| plan.verify = verify).resuming(left).then(&format!("{lost}\n{transcript}"));
}

#[test]
fn a_size_is_looked_up_by_head_and_where_that_tells_none_by_get() {
    let head = "> HEAD destination\n";
    closed(Verify::Size, &format!("{head}< 200 Content-Length: 20000\n= success"));
    closed(Verify::Size, &format!("{head}< 200 Content-Length: 19999\n= 19999"));
    for no_size in ["405", "501", "200"] {
        let get = format!("{head}< {no_size}\n> GET destination\n");
        closed(Verify::Size, &format!("{get}< 200 Content-Length: 20000 | Arrived: 20000\n= success"));
        closed(Verify::Size, &format!("{get}< 200 Transfer-Encoding: chunked | Arrived: 20000\n= success"));
        closed(Verify::Size, &format!("{get}< 200 Transfer-Encoding: chunked | Arrived: 19999\n= 19999"));
        closed(Verify::Size, &format!("{get}< 200 Transfer-Encoding: chunked | Arrived: 20001\n= more"));
        closed(Verify::Size, &format!("{get}< 200 Arrived: 20000\n= length"));
    }
}

#[test]
fn a_content_is_read_whole_and_compared() {
    let get = "> GET destination\n< 200 Content-Length: 20000 | Arrived: 20000";
    closed(Verify::Sha256, &format!("{get} | Sum: same\n= success"));
    closed(Verify::Sha256, &format!("{get} | Sum: other\n= SHA-256"));
    closed(Verify::Sha256, &format!("{get} | Sum: same | Content-Encoding: gzip\n= compressed"));
    closed(
        Verify::Sha256,
        "> GET destination
         < 200 Content-Length: 20000 | Arrived: 7 | Cut: yes
         > GET destination
         < 503
         > GET destination
         < 200 Content-Length: 20000 | Arrived: 20000 | Sum: same
         = success",
    );
}

/// Another file may have the size.
#[test]
fn an_unconfirmed_end_is_success_by_its_content_only() {
    unconfirmed(Verify::None, "= the file is probably there");
    unconfirmed(Verify::Size, "> HEAD destination\n< 200 Content-Length: 20000\n= the file is probably there");
    unconfirmed(Verify::Sha256, "> GET destination\n< 404\n= the file is probably there");
    let get = "> GET destination\n< 200 Content-Length: 20000 | Arrived: 20000";
    unconfirmed(Verify::Sha256, &format!("{get} | Sum: same\n= success"));
    unconfirmed(Verify::Sha256, &format!("{get} | Sum: other\n= SHA-256"));
}

/// Every further Close would be refused alike: no later run could do more.
#[test]
fn a_difference_is_told_as_such_where_the_session_is_of_no_use_any_more() {
    upload().with(|plan| plan.verify = Verify::Sha256).whole().then(
        "! cut
         > Close-Session
         < 403 ack BITS-Error: 0x80070005
         > GET destination
         < 200 Content-Length: 20000 | Arrived: 20000 | Sum: other
         = SHA-256",
    );
}

#[test]
fn only_a_body_that_may_be_the_file_is_read() {
    for (head, may_be) in [
        ("200", true),
        ("200 Content-Length: 20000", true),
        ("200 Content-Length: 19999", false),
        ("404", false),
        ("404 Content-Length: 20000", false),
        ("206 Content-Length: 20000", false),
    ] {
        assert_eq!(crate::uploader::verify::may_be_the_file(&response(head), 20_000), may_be, "{head}");
    }
}

#[test]
fn an_upload_that_is_stopped_while_it_is_verified_is_unverified() {
    closed(Verify::Size, "> HEAD destination\n! interrupted\n= cannot be verified");
}
