//! Watches the bytes of a connection for heads that the HTTP library would read leniently (RFC 9112 sections 2.2, 5.1, 6.3).
//!
//! The library takes bare line feeds and drops a second `Content-Length` without a word. A proxy in front may read
//! such a head otherwise, and then two requests become one or one becomes two.

use super::limits::MAX_HEAD;
use crate::protocol::digits;

/// The part of the conversation that the next bytes belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FramingState {
    /// Between two requests.
    Idle,
    /// Within a head.
    Head,
    /// Within a body.
    Body,
    /// Lost: nothing on this connection can be trusted any more.
    Broken,
}

/// Follows one connection's requests, byte by byte.
#[derive(Debug, Default)]
pub(crate) struct HeadFraming {
    /// The head so far.
    head: Vec<u8>,
    /// Bytes of the body that are still to come.
    body: u64,
    broken: bool,
}

impl HeadFraming {
    /// The state after the bytes seen.
    pub(crate) fn state(&self) -> FramingState {
        if self.broken {
            FramingState::Broken
        } else if self.body > 0 {
            FramingState::Body
        } else if self.head.is_empty() {
            FramingState::Idle
        } else {
            FramingState::Head
        }
    }

    /// Takes the next bytes that came in.
    pub(crate) fn observe(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.broken {
            let body = usize::try_from(self.body).unwrap_or(usize::MAX).min(bytes.len());
            self.body -= body as u64;
            bytes = &bytes[body..];
            bytes = self.observe_head(bytes);
        }
    }

    /// Takes bytes up to the end of a head; returns the rest.
    fn observe_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        for (index, byte) in bytes.iter().enumerate() {
            let after_cr = self.head.last() == Some(&b'\r');
            if after_cr != (*byte == b'\n') || self.head.len() >= MAX_HEAD {
                self.broken = true;
                return &[];
            }
            self.head.push(*byte);
            if self.head == b"\r\n" {
                // RFC 9112 section 2.2: an empty line before a request is passed over.
                self.head.clear();
            } else if self.head.ends_with(b"\r\n\r\n") {
                match body_length(&self.head) {
                    Some(length) => self.body = length,
                    None => self.broken = true,
                }
                self.head.clear();
                return &bytes[index + 1..];
            }
        }
        &[]
    }
}

/// The length of the body that follows, `None` where readers could differ about it.
fn body_length(head: &[u8]) -> Option<u64> {
    let head = std::str::from_utf8(head).map_or_else(|_| String::from_utf8_lossy(head), Into::into);
    let mut length = None;
    for line in head.split("\r\n").skip(1).filter(|line| !line.is_empty()) {
        // A line that begins with a space continues the one before; that is obsolete and read in two ways.
        let (name, value) = line.split_once(':')?;
        if name.is_empty() || name.contains([' ', '\t']) || name.eq_ignore_ascii_case("transfer-encoding") {
            return None;
        }
        if name.eq_ignore_ascii_case("content-length") {
            if length.is_some() {
                return None;
            }
            length = Some(digits(value.trim_matches([' ', '\t']))?);
        }
    }
    Some(length.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_after(text: &str) -> FramingState {
        let mut at_once = HeadFraming::default();
        at_once.observe(text.as_bytes());
        let mut one_by_one = HeadFraming::default();
        text.as_bytes().chunks(1).for_each(|byte| one_by_one.observe(byte));
        assert_eq!(at_once.state(), one_by_one.state(), "{text:?}");
        at_once.state()
    }

    #[test]
    fn states_follow_heads_and_bodies() {
        for (text, state) in [
            ("", FramingState::Idle),
            ("\r\n", FramingState::Idle),
            ("B", FramingState::Head),
            ("BITS_POST /a HTTP/1.1\r\nHost: h\r\n", FramingState::Head),
            ("BITS_POST /a HTTP/1.1\r\nHost: h\r\n\r\n", FramingState::Idle),
            ("BITS_POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n", FramingState::Body),
            ("BITS_POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nab\n", FramingState::Idle),
            ("BITS_POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcB", FramingState::Head),
            (
                "X /a HTTP/1.1\r\ncontent-length:1 \r\n\r\nxX /b HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
                FramingState::Body,
            ),
        ] {
            assert_eq!(state_after(text), state, "{text:?}");
        }
    }

    #[test]
    fn heads_that_two_readers_could_read_differently_break_the_connection() {
        for text in [
            "X /a HTTP/1.1\nHost: h\n\n",
            "X /a HTTP/1.1\r\nHost: h\n\r\n",
            "X /a HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
            "X /a HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
            "X /a HTTP/1.1\r\nHost: h\r\n\tfolded: yes\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length : 3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: 3\r\ncontent-length: 4\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: +3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length:\r\n\r\n",
            "X /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "X /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "X /a HTTP/1.1\r\nno colon\r\n\r\n",
            "\nX",
        ] {
            assert_eq!(state_after(text), FramingState::Broken, "{text:?}");
        }
        assert_eq!(state_after(&"x".repeat(MAX_HEAD + 1)), FramingState::Broken);
    }
}
