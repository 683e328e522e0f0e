//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Component, Path};

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, RANGE};

use super::client::{Client, TrustedProxies};
use super::download::{RangeSelection, select};
use super::framing::{FramingState, HeadFraming};
use super::path::{SESSIONS_FOLDER, TargetPath};
use super::{progress, request, store};
use crate::protocol::fuzzing::{fields, is_harmless, lines};
use crate::protocol::{ContentRange, digits};

/// The framing of heads comes to the same state however the bytes are cut, and stays broken once it is.
pub fn request_head(data: &[u8]) {
    let mut at_once = HeadFraming::default();
    at_once.observe(data);
    let mut in_pieces = HeadFraming::default();
    let mut broken = false;
    for piece in data.chunks(1 + usize::from(data.first().copied().unwrap_or_default()) % 7) {
        in_pieces.observe(piece);
        assert!(!broken || in_pieces.state() == FramingState::Broken);
        broken = in_pieces.state() == FramingState::Broken;
    }
    assert_eq!(at_once.state(), in_pieces.state());
}

/// A range that is read lies within its total, and is read back from what it is shown as.
pub fn content_range(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(range) = text.parse::<ContentRange>() {
        assert!(range.first() < range.end() && range.end() <= range.total());
        assert_eq!(range.end() - range.first(), range.len());
        assert_eq!(range.to_string().parse(), Ok(range));
    }
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    for size in [0, 1, 1000, u64::MAX] {
        let headers = HeaderMap::from_iter([(RANGE, value.clone())]);
        if let RangeSelection::Part { first, len } = select(&headers, size, "") {
            assert!(len > 0 && first.checked_add(len).is_some_and(|end| end <= size));
        }
    }
}

/// A path that is taken leads to a place below the root, of plain names, outside the server's own folder.
pub fn target_path(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(target) = TargetPath::from_url(&text) else { return };
    let shown = target.to_string();
    assert_eq!(TargetPath::from_saved(&shown), Ok(target));
    let components: Vec<Component<'_>> = Path::new(&shown).components().collect();
    assert_eq!(components.len(), shown.split('/').count());
    assert!(components.iter().all(|component| matches!(component, Component::Normal(_))), "{shown:?}");
    assert!(!shown.contains(['\\', ':']) && !shown.contains(char::is_control), "{shown:?}");
    let first = shown.split('/').next();
    assert!(!first.is_some_and(|first| first.eq_ignore_ascii_case(SESSIONS_FOLDER)), "{shown:?}");
}

/// A packet that is read has the body that its head tells, and is read again as a client would send it.
pub fn request(data: &[u8]) {
    let mut lines = lines(data);
    let mut words = lines.next().unwrap_or_default().split(|byte| *byte == b' ');
    let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let Ok(request) = http::Request::builder().method(method).uri(uri).body(()) else { return };
    let (mut head, ()) = request.into_parts();
    head.headers = fields(lines);
    if let Err(error) = request::read_get(&head) {
        assert!(is_harmless(&error.to_string()), "{error}");
    }
    let request::Request { packet, target } = match request::read(&head) {
        Ok(request) => request,
        Err(error) => {
            assert!(is_harmless(&error.to_string()), "{error}");
            return;
        }
    };
    let length = head.headers.get(CONTENT_LENGTH).and_then(|length| digits(length.to_str().ok()?.trim()));
    assert_eq!(length.unwrap_or(0), packet.body_len());
    assert_eq!(TargetPath::from_url(head.uri.path()).as_ref(), Ok(&target));
    let (mut sent, ()) = packet.to_request(&head.uri).into_parts();
    sent.headers.insert(HOST, HeaderValue::from_static("h"));
    assert_eq!(request::read(&sent), Ok(request::Request { packet, target }));
}

/// Only a trusted proxy says who asks, and of what it says only what it added itself counts.
pub fn forwarded_for(data: &[u8]) {
    let named = HeaderValue::from_static("203.0.113.7");
    let mut headers = HeaderMap::new();
    for value in lines(data).take(50).filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append("x-forwarded-for", value);
    }
    let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
    let proxies = TrustedProxies(proxies.into());
    let proxy = Client::Peer(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 1), 5)));
    let stranger = Client::Peer(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 5)));
    assert_eq!(proxies.client(stranger, &headers), stranger);
    assert_eq!(proxies.client(Client::Local, &headers), Client::Local);
    let client = proxies.client(proxy, &headers);
    assert!(is_harmless(&client.to_string()));
    if let Client::Forwarded(ip) = client {
        assert_eq!(ip, ip.to_canonical());
        assert_eq!(ip.to_string().parse(), Ok(ip));
    } else {
        assert_eq!(client, proxy);
    }
    headers.append("x-forwarded-for", named);
    assert_eq!(proxies.client(proxy, &headers), Client::Forwarded(IpAddr::from([203, 0, 113, 7])));
}

/// Files of a session that can be read could have been written, and are read again as they are written.
pub fn session_state(data: &[u8]) {
    store::check_card(data);
    progress::check_bytes(data);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            request_head(&data);
            content_range(&data);
            target_path(&data);
            request(&data);
            forwarded_for(&data);
            session_state(&data);
        }

        #[test]
        fn what_looks_like_a_packet_keeps_them(
            text in "(BITS_POST|GET) (http://h)?/[a-c%2./?]{0,6} HTTP/1.1\n(Host: [a-c:1\\[\\]]{1,5}|BITS-Packet-Type: (Ping|Create-Session|Fragment|Close-Session|Cancel-Session)|Content-Length: [0-9+]{1,3}|Content-Range: bytes [0-9]{1,2}-[0-9]{1,2}/[0-9]{1,2}|BITS-Session-Id: .{0,5}|Content-Name: .{0,5}|BITS-Supported-Protocols: \\{?7df0354d-249b-430f-820d-3d2a9bef4931\\}?( x)?|\n){0,8}"
        ) {
            request(format!("{text}\nHost: h").as_bytes());
            request(text.as_bytes());
        }

        #[test]
        fn what_looks_like_hops_keeps_them(
            text in "((10\\.1\\.2\\.3|203\\.0\\.113\\.7|::ffff:10\\.0\\.0\\.1|\\[?fd00::1\\]?|\\[2001:db8::7\\]|unknown|.)?(:[0-9]{1,5})?[, \n]{1,2}){0,6}"
        ) {
            forwarded_for(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_session_keeps_them(
            card in "\\{\"v\":[12],\"path\":\"[a-c/.]{0,5}\",\"client\":\"(127\\.0\\.0\\.1|::1|x)\",(\"user\":(null|\"u\"),)?\"closed\":(true|false)\\}",
            slots in "[0-9]{1,3} [0-9]{1,3} [0-9a-f]{16}\n {0,600}"
        ) {
            session_state(card.as_bytes());
            session_state(slots.as_bytes());
        }

        #[test]
        fn what_looks_like_a_head_keeps_them(
            text in "(BITS_POST /a HTTP/1.1\r\n)?((Content-Length|X|Transfer-Encoding)[: ]{1,2}[0-9a-z+,]{0,3}(\r|\n|\r\n) ?){0,4}(\r\n)?.{0,9}"
        ) {
            request_head(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_range_keeps_them(text in "bytes[ =][0-9+]{0,20}-[0-9]{0,20}(/[0-9*]{0,20})?") {
            content_range(text.as_bytes());
        }

        #[test]
        fn what_looks_like_a_path_keeps_them(
            text in "(/|%2[fFeE]|\\.|%5c|%00|:|\\\\|[a-c]| |nul|\\.bitsup-sessions|BITSUP~1|%25|%c3%bc){1,12}"
        ) {
            target_path(format!("/{text}").as_bytes());
        }
    }
}
