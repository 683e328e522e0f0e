//! A request's head, as it was on the wire.

use std::time::Duration;

/// A request, without its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) head: String,
    /// Number of earlier requests on the same connection.
    pub(crate) before: usize,
    /// Number of earlier requests with the same packet type.
    pub(crate) nth: usize,
    /// Since the server started.
    pub(crate) at: Duration,
    /// The offset that the server acknowledged last, in an answer that it really gave.
    pub(crate) told: u64,
}

impl Request {
    /// A field's value, by its name in any letter case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn method(&self) -> &str {
        self.head.split_whitespace().next().unwrap_or_default()
    }

    /// Path on the request line.
    pub(crate) fn path(&self) -> &str {
        self.head.split_whitespace().nth(1).unwrap_or_default()
    }

    /// The packet's type; the method of a request that is no packet.
    pub(crate) fn packet(&self) -> &str {
        self.field("BITS-Packet-Type").unwrap_or_else(|| self.method())
    }

    pub(crate) fn is_fragment(&self) -> bool {
        self.packet() == "Fragment"
    }

    pub(crate) fn session(&self) -> &str {
        self.field("BITS-Session-Id").unwrap_or_default()
    }

    /// Length of the body.
    pub(crate) fn len(&self) -> u64 {
        self.field("Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    /// First byte, end, and total of its Content-Range; the end is the byte after the last.
    pub(crate) fn range(&self) -> Option<(u64, u64, u64)> {
        let (ends, total) = self.field("Content-Range")?.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = ends.split_once('-')?;
        Some((first.parse().ok()?, last.parse::<u64>().ok()? + 1, total.parse().ok()?))
    }

    /// A fragment's first byte.
    pub(crate) fn first(&self) -> u64 {
        self.range().map_or(0, |(first, _, _)| first)
    }

    /// Whether a fragment ends where the file does.
    pub(crate) fn is_last(&self) -> bool {
        self.range().is_some_and(|(_, end, total)| end == total)
    }
}
