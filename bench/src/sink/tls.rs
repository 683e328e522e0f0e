//! TLS for the sink, with reads as large as those of the plain one: a sink that reads 4 KiB at a time, as the library's
//! own reader does, would be what is measured.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

const INCOMING: usize = 256 * 1024;
const RECORD: usize = 17 * 1024;

pub struct TlsStream {
    tcp: TcpStream,
    session: UnbufferedServerConnection,
    incoming: Vec<u8>,
    used: usize,
    plain: Vec<u8>,
    taken: usize,
    ended: bool,
}

enum Step {
    Again,
    WantsRead,
    Ended,
}

impl TlsStream {
    pub fn new(tcp: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let session = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let incoming = vec![0; INCOMING];
        Ok(Self { tcp, session, incoming, used: 0, plain: Vec::new(), taken: 0, ended: false })
    }

    /// Decrypts all that is there and sends what is due, `data` at its end.
    fn pump(&mut self, mut data: Option<&[u8]>) -> io::Result<()> {
        let (mut start, mut out) = (0, Vec::new());
        loop {
            let UnbufferedStatus { mut discard, state } =
                self.session.process_tls_records(&mut self.incoming[start..self.used]);
            let step = match state.map_err(io::Error::other)? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(io::Error::other)?;
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                    Step::Again
                }
                ConnectionState::EncodeTlsData(mut encoding) => {
                    encode(&mut out, |room| match encoding.encode(room) {
                        Err(EncodeError::InsufficientSize(error)) => Ok(Err(error.required_size)),
                        result => result.map(Ok).map_err(io::Error::other),
                    })?;
                    Step::Again
                }
                ConnectionState::TransmitTlsData(transmission) => {
                    self.tcp.write_all(&out)?;
                    out.clear();
                    transmission.done();
                    Step::Again
                }
                ConnectionState::WriteTraffic(mut traffic) => {
                    if let Some(data) = data.take() {
                        encode(&mut out, |room| match traffic.encrypt(data, room) {
                            Err(EncryptError::InsufficientSize(error)) => Ok(Err(error.required_size)),
                            result => result.map(Ok).map_err(io::Error::other),
                        })?;
                        self.tcp.write_all(&out)?;
                        out.clear();
                    }
                    Step::WantsRead
                }
                ConnectionState::BlockedHandshake => Step::WantsRead,
                _ => Step::Ended,
            };
            start += discard;
            match step {
                Step::Again => {}
                Step::WantsRead => break,
                Step::Ended => {
                    self.ended = true;
                    break;
                }
            }
        }
        self.incoming.copy_within(start..self.used, 0);
        self.used -= start;
        Ok(())
    }
}

/// Appends what `write` makes; it says how much, or how much room it needs.
fn encode(out: &mut Vec<u8>, mut write: impl FnMut(&mut [u8]) -> io::Result<Result<usize, usize>>) -> io::Result<()> {
    let (before, mut room) = (out.len(), RECORD);
    loop {
        out.resize(before + room, 0);
        match write(&mut out[before..])? {
            Ok(count) => {
                out.truncate(before + count);
                return Ok(());
            }
            Err(needed) => room = needed,
        }
    }
}

impl Read for TlsStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for TlsStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.plain.len() {
            self.plain.clear();
            self.taken = 0;
        }
        while self.plain.is_empty() && !self.ended {
            let count = self.tcp.read(&mut self.incoming[self.used..])?;
            if count == 0 {
                break;
            }
            self.used += count;
            self.pump(None)?;
        }
        Ok(&self.plain[self.taken..])
    }

    fn consume(&mut self, count: usize) {
        self.taken += count;
    }
}

impl Write for TlsStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.pump(Some(data))?;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
