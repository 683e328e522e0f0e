//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use super::ack::{self, PacketResponse};
use super::reply_url::{self, MAX_LEN};
use super::text::{digits, is_formatting};
use super::{BitsError, Origin, PageTitle, ProtocolId, SessionId, header};

/// Most lines of a head, as in the transport.
const MAX_LINES: usize = 100;

/// The fields in lines of text. A line that is none is left out.
pub(crate) fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> HeaderMap {
    lines
        .take(MAX_LINES)
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            Some((name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?))
        })
        .fold(HeaderMap::new(), |mut fields, (name, value)| {
            fields.append(name, value);
            fields
        })
}

pub(crate) fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// A response as the HTTP library reads it: a line with a status, and fields.
pub(crate) fn response(data: &[u8]) -> Response<()> {
    let mut lines = lines(data);
    let mut words = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
    let mut response = Response::new(());
    *response.status_mut() = words.find_map(|word| StatusCode::from_bytes(word).ok()).unwrap_or_default();
    *response.headers_mut() = fields(lines);
    response
}

/// Whether a text may be shown: nothing in it acts on a terminal or hides what stands beside it.
pub(crate) fn is_harmless(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || !(c.is_control() || c.is_whitespace() || is_formatting(c)))
}

/// An Ack says what its fields say and nothing that was not asked for, and all that is told of a response is harmless.
pub fn ack(data: &[u8]) {
    let mut response = response(data);
    if let Some(title) = PageTitle::find(data) {
        response.extensions_mut().insert(title);
    }
    let field = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::trim);
    let refusal = BitsError::of(&response);
    assert!(is_harmless(&refusal.to_string()), "{refusal}");
    assert!(refusal.answerer.sub_status(refusal.status).is_none_or(|sub| sub.starts_with(refusal.status.as_str())));
    match ack::ping(&response) {
        Ok(PacketResponse::Ack(())) => assert!(refusal.status == StatusCode::OK && refusal.is_ack),
        Ok(PacketResponse::Refused(other)) => assert_eq!(other, refusal),
        Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
    }
    match ack::create_session(&response, &[ProtocolId::BITS_1_5_UPLOAD]) {
        Ok(PacketResponse::Ack(session)) => {
            assert_eq!(field(header::SESSION_ID), Some(session.id.as_str()));
            assert_eq!(session.id.as_str().parse(), Ok(session.id));
            assert!(session.protocol.is_none_or(|protocol| protocol == ProtocolId::BITS_1_5_UPLOAD));
        }
        Ok(PacketResponse::Refused(other)) => assert_eq!(other, refusal),
        Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
    }
    let own: SessionId = "{C85B4E0A-9EB9-4114-BFA4-8A43B4710091}".parse().expect("a session id");
    let is_own = |id: &str| id.is_empty() || id.eq_ignore_ascii_case(own.as_str());
    match ack::fragment(&response, &own) {
        Ok(PacketResponse::Ack(ack)) => {
            let names = [header::RECEIVED_CONTENT_RANGE, header::RECEIVED_CONTENT_RANGE_MISSPELT];
            assert_eq!(ack.next_offset, names.into_iter().find_map(field).and_then(digits));
            assert!(field(header::SESSION_ID).is_none_or(is_own));
            assert_eq!(ack.in_step, refusal.status.is_success());
        }
        Ok(PacketResponse::Refused(other)) => assert_eq!(other, refusal),
        Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
    }
    match ack::end_of_session(&response, &own) {
        Ok(PacketResponse::Ack(())) => assert!(refusal.is_ack && field(header::SESSION_ID).is_none_or(is_own)),
        Ok(PacketResponse::Refused(other)) => assert_eq!(other, refusal),
        Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
    }
}

/// A URL of a reply that is followed leads to the server of the upload, and into no other folder by its dots.
pub fn reply_url(data: &[u8]) {
    let raw = String::from_utf8_lossy(data);
    for destination in ["https://h/drop/a.bin", "http://H:8080/a?sig=1", "https://[::1]/%7Bx%7D/y/"] {
        let destination = Uri::from_static(destination);
        let Ok(url) = reply_url::resolve(&raw, &destination) else { continue };
        assert_eq!((url.scheme(), url.authority()), (destination.scheme(), destination.authority()), "{url}");
        assert_eq!(Origin::of(&url), Origin::of(&destination));
        let path: Vec<u8> = percent_decode_str(url.path()).collect();
        assert!(!path.iter().any(u8::is_ascii_control), "{url}");
        assert!(path.split(|byte| b"/\\".contains(byte)).all(|name| name != b"." && name != b".."), "{url}");
        let shown = url.to_string();
        assert!(shown.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{shown}");
        if shown.len() <= MAX_LEN {
            assert_eq!(reply_url::resolve(&shown, &destination), Ok(url));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            ack(&data);
            reply_url(&data);
        }

        #[test]
        fn what_looks_like_an_ack_keeps_them(
            text in "HTTP/1.1 (200|201|416|403|500) \n(BITS-(Pack[ea](t|ge)-Type: Ack|Session-Id: (x y|.?\\{C85B4E0A-9EB9-4114-BFA4-8A43B4710091\\}|\\{a\\})|Re(ce|ci)ived-Content-Range: [0-9+]{0,22}|Host-Id: [a-z.:@/\\[\\]0-9]{0,9}|Protocol: \\{[0-9]\\}|Error(-Code)?: (0x)?[08a]{1,8}|Error-Context: 0x[57])\r?\n|Server: .{0,9}\n|Content-Length: [0-9]\n|<title>[^<]{0,9}</title>\n){0,7}"
        ) {
            ack(text.as_bytes());
        }

        #[test]
        fn what_looks_like_the_url_of_a_reply_keeps_them(
            text in "(https?:|//|/|\\\\|[hH]|:8080|:443|\\[::1\\]|@|\\.|%2[eEfF]|%|[?#]| |\\{|ü|a){0,9}"
        ) {
            reply_url(text.as_bytes());
        }
    }
}
