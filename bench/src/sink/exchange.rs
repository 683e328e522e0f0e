//! Requests and answers of the sink: `PUT`, and the packets of an upload by the book. Anything else ends the connection.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};

use super::Shared;

const SESSION: &str = "{7F0E2C52-0D3B-4C1C-9C4E-1B1D5B1A9C01}";
const MAX_HEAD: u64 = 16 * 1024;

/// One connection. A session lives no longer than it: bitsup uses one for a whole upload.
pub struct Conversation<'a, S> {
    stream: S,
    shared: &'a Shared,
    file: Option<File>,
    offset: u64,
}

impl<'a, S: BufRead + Write> Conversation<'a, S> {
    pub fn new(stream: S, shared: &'a Shared) -> Self {
        Self { stream, shared, file: None, offset: 0 }
    }

    pub fn run(mut self) -> io::Result<()> {
        while let Some(head) = read_head(&mut self.stream)? {
            let answer = match head.method() {
                "PUT" => self.put(&head)?,
                "BITS_POST" => self.packet(&head)?,
                other => return Err(io::Error::other(format!("unexpected method {other}"))),
            };
            // In one piece: TLS makes a record of each write.
            self.stream.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    fn put(&mut self, head: &Head) -> io::Result<String> {
        if head.field("expect").is_some() {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut file = self.shared.file()?;
        self.shared.take(&mut self.stream, head.length()?, file.as_mut())?;
        Ok("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned())
    }

    fn packet(&mut self, head: &Head) -> io::Result<String> {
        let length = head.length()?;
        let extra = match head.field("bits-packet-type") {
            Some("Ping" | "Cancel-Session") => String::new(),
            Some("Create-Session") => {
                (self.file, self.offset) = (self.shared.file()?, 0);
                let protocol = head.field("bits-supported-protocols").unwrap_or_default();
                let protocol = protocol.split_whitespace().next().unwrap_or_default();
                format!("BITS-Protocol: {protocol}\r\n")
            }
            Some("Fragment") => {
                let (first, last, _) = range(head)?;
                if first != self.offset || last + 1 - first != length {
                    return Err(io::Error::other(format!("fragment {first}-{last} of {length} at {}", self.offset)));
                }
                self.shared.take(&mut self.stream, length, self.file.as_mut())?;
                self.offset = last + 1;
                format!("BITS-Received-Content-Range: {}\r\n", self.offset)
            }
            Some("Close-Session") => {
                self.file = None;
                String::new()
            }
            other => return Err(io::Error::other(format!("unexpected packet {other:?}"))),
        };
        let status = "HTTP/1.1 200 OK\r\nBITS-Packet-Type: Ack\r\nContent-Length: 0\r\n";
        Ok(format!("{status}BITS-Session-Id: {SESSION}\r\n{extra}\r\n"))
    }
}

fn range(head: &Head) -> io::Result<(u64, u64, u64)> {
    let parsed = || {
        let (ends, total) = head.field("content-range")?.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = ends.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
    };
    parsed().ok_or_else(|| io::Error::other("no Content-Range that makes sense"))
}

struct Head(String);

impl Head {
    fn method(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    fn length(&self) -> io::Result<u64> {
        let length = self.field("content-length").and_then(|text| text.parse().ok());
        length.ok_or_else(|| io::Error::other("no Content-Length that makes sense"))
    }
}

/// `None` at the end of the connection.
fn read_head(stream: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut text = String::new();
    let mut limited = stream.take(MAX_HEAD);
    loop {
        let before = text.len();
        match limited.read_line(&mut text) {
            Ok(0) if text.is_empty() => return Ok(None),
            // A client that goes without a farewell of TLS.
            Err(error) if text.is_empty() && error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if text[before..].trim_end().is_empty() => return Ok(Some(Head(text))),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
}
