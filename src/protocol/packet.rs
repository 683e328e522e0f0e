//! Requests: the five packets a client sends, and their header fields.

use std::fmt;
use std::str::FromStr;

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, HeaderValue};
use http::{Method, Request, Uri};

use super::text::digits;
use super::{ProtocolId, SessionId, header};

/// The method of every packet (MC-BUP 2.1).
///
/// # Panics
/// Never: the name is a valid token.
#[must_use]
pub fn method() -> Method {
    Method::from_bytes(b"BITS_POST").expect("BITS_POST is a token")
}

/// A packet from client to server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// Is a BITS server there, and may we talk to it? (MC-BUP 2.2.4)
    Ping,
    /// Opens a session for one file (MC-BUP 2.2.2).
    CreateSession {
        /// Protocols in order of preference.
        protocols: Vec<ProtocolId>,
        /// The file's name.
        name: ContentName,
    },
    /// A piece of the file; the bytes follow as the body (MC-BUP 2.2.6).
    Fragment {
        /// The session.
        session: SessionId,
        /// The file's name.
        name: ContentName,
        /// Which bytes, of how many.
        range: ContentRange,
    },
    /// Commits the file (MC-BUP 2.2.8).
    CloseSession {
        /// The session.
        session: SessionId,
        /// The file's name.
        name: ContentName,
    },
    /// Gives the session up (MC-BUP 2.2.10).
    CancelSession {
        /// The session.
        session: SessionId,
    },
}

/// The kinds of packet, without their contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketKind {
    /// [`Packet::Ping`]
    Ping,
    /// [`Packet::CreateSession`]
    CreateSession,
    /// [`Packet::Fragment`]
    Fragment,
    /// [`Packet::CloseSession`]
    CloseSession,
    /// [`Packet::CancelSession`]
    CancelSession,
}

impl PacketKind {
    /// All kinds.
    pub(crate) const ALL: [Self; 5] =
        [Self::Ping, Self::CreateSession, Self::Fragment, Self::CloseSession, Self::CancelSession];

    /// Whether it goes out while there is no session yet.
    #[must_use]
    pub const fn is_opening(self) -> bool {
        matches!(self, Self::Ping | Self::CreateSession)
    }

    /// The value of `BITS-Packet-Type`, in the letter case that Windows sends: some servers compare it exactly.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "Ping",
            Self::CreateSession => "Create-Session",
            Self::Fragment => "Fragment",
            Self::CloseSession => "Close-Session",
            Self::CancelSession => "Cancel-Session",
        }
    }
}

impl fmt::Display for PacketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PacketKind {
    type Err = ();

    /// Reads a packet type in any letter case.
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}

impl Packet {
    /// Which of the five it is.
    pub(crate) fn kind(&self) -> PacketKind {
        match self {
            Self::Ping => PacketKind::Ping,
            Self::CreateSession { .. } => PacketKind::CreateSession,
            Self::Fragment { .. } => PacketKind::Fragment,
            Self::CloseSession { .. } => PacketKind::CloseSession,
            Self::CancelSession { .. } => PacketKind::CancelSession,
        }
    }

    /// Length of the body in bytes.
    pub(crate) fn body_len(&self) -> u64 {
        match self {
            Self::Fragment { range, .. } => range.len(),
            _ => 0,
        }
    }

    /// The request head, complete but for what the HTTP layer adds (`Host`, credentials).
    ///
    /// `Content-Length` is always there, 0 included: a BITS server answers 411 without it.
    pub(crate) fn to_request(&self, destination: &Uri) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = method();
        *request.uri_mut() = destination.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(header::PACKET_TYPE, HeaderValue::from_static(self.kind().as_str()));
        match self {
            Self::Ping => {}
            Self::CreateSession { protocols, name } => {
                let list: Vec<String> = protocols.iter().map(ToString::to_string).collect();
                headers.insert(header::SUPPORTED_PROTOCOLS, ascii(&list.join(" ")));
                headers.insert(header::CONTENT_NAME, name.header_value());
            }
            Self::Fragment { session, name, range } => {
                headers.insert(header::SESSION_ID, ascii(session.as_str()));
                headers.insert(header::CONTENT_NAME, name.header_value());
                headers.insert(CONTENT_RANGE, ascii(&range.to_string()));
            }
            Self::CloseSession { session, name } => {
                headers.insert(header::SESSION_ID, ascii(session.as_str()));
                headers.insert(header::CONTENT_NAME, name.header_value());
            }
            Self::CancelSession { session } => {
                headers.insert(header::SESSION_ID, ascii(session.as_str()));
            }
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(self.body_len()));
        request
    }
}

/// One line, for people: what is sent.
impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fragment { range, .. } => write!(f, "{} {range}", self.kind()),
            _ => write!(f, "{}", self.kind()),
        }
    }
}

/// For texts that are printable ASCII by construction.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("identifiers and numbers are printable ASCII")
}

/// The bytes `first` to `last` of `total`, both included (RFC 9110 section 14.4).
///
/// Always at least one byte and always within the total; a range cannot express an empty file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentRange {
    first: u64,
    last: u64,
    total: u64,
}

#[expect(clippy::len_without_is_empty, reason = "a range is never empty")]
impl ContentRange {
    /// `len` bytes from `first` on.
    /// Fails when that is no byte at all, or more than `total` holds.
    pub(crate) fn new(first: u64, len: u64, total: u64) -> Result<Self, RangeError> {
        let end = first.checked_add(len).ok_or(RangeError)?;
        if len == 0 || end > total {
            return Err(RangeError);
        }
        Ok(Self { first, last: end - 1, total })
    }

    /// Offset of the first byte.
    #[must_use]
    pub fn first(self) -> u64 {
        self.first
    }

    /// Offset behind the last byte.
    #[must_use]
    pub fn end(self) -> u64 {
        self.last + 1
    }

    /// Size of the whole file.
    pub(crate) fn total(self) -> u64 {
        self.total
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(self) -> u64 {
        self.last - self.first + 1
    }
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bytes {}-{}/{}", self.first, self.last, self.total)
    }
}

impl FromStr for ContentRange {
    type Err = RangeError;

    /// Reads `bytes a-b/total`, strictly: plain digits, a ≤ b < total.
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let (unit, range) = text.trim().split_once(' ').ok_or(RangeError)?;
        let (ends, total) = range.trim_start().split_once('/').ok_or(RangeError)?;
        let (first, last) = ends.split_once('-').ok_or(RangeError)?;
        let [first, last, total] = [first, last, total].map(digits);
        let (first, last, total) = (first.ok_or(RangeError)?, last.ok_or(RangeError)?, total.ok_or(RangeError)?);
        if !unit.eq_ignore_ascii_case("bytes") || first > last || last >= total {
            return Err(RangeError);
        }
        Ok(Self { first, last, total })
    }
}

/// The text or the numbers are no range of bytes within a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a range of bytes within the file")]
pub struct RangeError;

/// The file's name as it is told to the server (`Content-Name`): a base name that IIS accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentName(String);

impl ContentName {
    /// Longest name, in characters.
    const MAX_CHARS: usize = 260;

    /// Makes a name of any text: characters that Windows forbids in file names, and controls, become `_`; the rest is cut at 260 characters.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let name: String = text
            .chars()
            .take(Self::MAX_CHARS)
            .map(|c| if r#"\/:*?"<>|"#.contains(c) || c.is_control() { '_' } else { c })
            .collect();
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// UTF-8 on the wire; without controls every byte is allowed in a header value.
    fn header_value(&self) -> HeaderValue {
        HeaderValue::from_bytes(self.0.as_bytes()).expect("a name holds no control characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionId {
        "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}".parse().expect("a session id")
    }

    #[test]
    fn content_length_is_on_every_packet_and_counts_the_body() {
        let name = ContentName::new("a.txt");
        let range = ContentRange::new(10, 5, 20).expect("a range");
        let packets = [
            (Packet::Ping, "0"),
            (Packet::CreateSession { protocols: vec![ProtocolId::BITS_1_5_UPLOAD], name: name.clone() }, "0"),
            (Packet::Fragment { session: session(), name: name.clone(), range }, "5"),
            (Packet::CloseSession { session: session(), name }, "0"),
            (Packet::CancelSession { session: session() }, "0"),
        ];
        for (packet, length) in packets {
            let request = packet.to_request(&Uri::from_static("http://h/a"));
            assert_eq!(request.headers()[CONTENT_LENGTH], length, "{packet}");
            assert_eq!(request.headers()[header::PACKET_TYPE], packet.kind().as_str());
        }
    }

    #[test]
    fn ping_carries_no_session() {
        let request = Packet::Ping.to_request(&Uri::from_static("http://h/a"));
        assert!(!request.headers().contains_key(header::SESSION_ID));
    }

    #[test]
    fn several_protocols_are_separated_by_spaces_in_order() {
        let other: ProtocolId = "00000000-0000-0000-0000-000000000001".parse().expect("a GUID");
        let packet =
            Packet::CreateSession { protocols: vec![other, ProtocolId::BITS_1_5_UPLOAD], name: ContentName::new("a") };
        let request = packet.to_request(&Uri::from_static("http://h/a"));
        assert_eq!(
            request.headers()[header::SUPPORTED_PROTOCOLS],
            "{00000000-0000-0000-0000-000000000001} {7df0354d-249b-430f-820d-3d2a9bef4931}"
        );
    }

    #[test]
    fn ranges_are_written_and_read_the_same() {
        let range = ContentRange::new(0, 4892, 4892).expect("a range");
        assert_eq!(range.to_string(), "bytes 0-4891/4892");
        assert_eq!("bytes 0-4891/4892".parse(), Ok(range));
        assert_eq!((range.first(), range.end(), range.len(), range.total()), (0, 4892, 4892, 4892));
    }

    #[test]
    fn ranges_outside_the_file_do_not_exist() {
        assert!(ContentRange::new(0, 0, 10).is_err());
        assert!(ContentRange::new(5, 6, 10).is_err());
        assert!(ContentRange::new(u64::MAX, 2, u64::MAX).is_err());
        for bad in [
            "",
            "bytes",
            "bytes 0-0",
            "bytes 5-4/10",
            "bytes 0-10/10",
            "bytes +0-1/10",
            "bytes 0-1/*",
            "bytes -1/10",
            "items 0-1/2",
            "bytes 0-1/18446744073709551616",
            "bytes 0 -1/2",
        ] {
            assert!(bad.parse::<ContentRange>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn packet_types_are_read_in_any_letter_case() {
        assert_eq!("CREATE-session".parse(), Ok(PacketKind::CreateSession));
        assert!("Create".parse::<PacketKind>().is_err());
    }

    #[test]
    fn names_lose_what_windows_forbids() {
        assert_eq!(ContentName::new("a\\b/c:d*e?f\"g<h>i|j\r\n.txt").as_str(), "a_b_c_d_e_f_g_h_i_j__.txt");
        assert_eq!(ContentName::new(&"ö".repeat(300)).as_str().chars().count(), 260);
    }

    #[test]
    fn names_beyond_ascii_go_out_as_utf_8() {
        let packet = Packet::CloseSession { session: session(), name: ContentName::new("größe.bin") };
        let request = packet.to_request(&Uri::from_static("http://h/a"));
        assert_eq!(request.headers()[header::CONTENT_NAME].as_bytes(), "größe.bin".as_bytes());
    }
}
