//! The meaning of an HTTP status as the response to a packet: asked of the code that reacts to it.

use http::StatusCode;

use crate::cli::diagnosis::upload;
use crate::protocol::{BitsError, PacketKind};
use crate::uploader::Refusal;

use super::explanation;

/// The statuses that a server or something before it gives most, for the list.
pub(crate) const COMMON: &[u16] =
    &[200, 302, 307, 400, 401, 403, 404, 405, 407, 408, 409, 411, 413, 414, 416, 429, 500, 501, 502, 503, 504, 505];

/// The meaning of a status; `None`: the number is no status.
pub(crate) fn explain(number: u32, prefix: &str) -> Option<String> {
    let status = u16::try_from(number).ok().filter(|number| (100..600).contains(number))?;
    let status = StatusCode::from_u16(status).ok()?;
    let name = status.canonical_reason().unwrap_or("no registered name");
    let title = format!("{prefix}{number} {name} (HTTP status)");
    Some(match fixed(status) {
        Some(words) => explanation(&title, words, None),
        None => refusal(&title, status),
    })
}

pub(crate) fn summary(number: u16) -> String {
    let Ok(status) = StatusCode::from_u16(number) else { return String::new() };
    match fixed(status) {
        Some([meaning, ..]) => meaning.to_owned(),
        None => opening(status).to_string(),
    }
}

/// The statuses that are no refusal.
fn fixed(status: StatusCode) -> Option<[&'static str; 3]> {
    Some(match status.as_u16() {
        100..=199 => [
            "an interim response, which bitsup ignores",
            "the server or a proxy is still working on the request",
            "nothing",
        ],
        200 | 201 => [
            "success, if the response is a BITS Ack; otherwise there is no BITS server at the URL (exit 9)",
            "web servers, portals and login pages respond with 200 too",
            "check the URL; on IIS, enable BITS uploads for the virtual directory",
        ],
        202..=299 => [
            "no success for BITS: the response is not that of a BITS server (exit 9)",
            "a web server or a proxy responded",
            "check the URL",
        ],
        307 | 308 => [
            "a redirection, followed for Ping and Create-Session to the same host or from http to https (else exit 9)",
            "the upload directory moved, or the server requires https",
            "use the redirect's URL",
        ],
        300..=399 => [
            "a redirection that an upload does not follow (exit 9)",
            "the upload directory moved, or a login page stands in front of it",
            "use the redirect's URL, if it is the upload directory",
        ],
        416 => [
            "server and client disagree on the offset; bitsup continues from the offset in the response",
            "a response was lost",
            "nothing, unless it repeats: then look at the server's log",
        ],
        _ => return None,
    })
}

fn refusal(title: &str, status: StatusCode) -> String {
    let at_start = opening(status);
    let advice = upload::class(at_start);
    let retried = if at_start.may_pass() { "; bitsup tries again first" } else { "" };
    let meaning = format!("{at_start} (exit {}{retried})", advice.exit_code as u8);
    let [cause, next] = [advice.cause.unwrap_or_default(), advice.next.unwrap_or_default()];
    // By the table that an upload acts on.
    let later = Refusal::classify(&answer(status), PacketKind::Fragment).class(&answer(status)).to_string();
    explanation(title, [&meaning, &cause, &next], Some(("within a session", &later)))
}

fn opening(status: StatusCode) -> Refusal {
    Refusal::classify(&answer(status), PacketKind::CreateSession)
}

/// The status alone, without a word of BITS.
fn answer(status: StatusCode) -> BitsError {
    let mut answer = http::Response::new(());
    *answer.status_mut() = status;
    BitsError::of(&answer)
}
