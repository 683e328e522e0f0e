//! Bytes out and in without blocking, with or without TLS.

use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;

use crate::exchange::TransportError;

use super::tls::Tls;

/// A socket that counts what the network takes.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    accepted: u64,
}

impl Socket {
    /// `stream` must not block.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, accepted: 0 }
    }

    fn count(&mut self, mut write: impl FnMut(&TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                result => {
                    self.accepted += result.as_ref().map_or(0, |count| *count as u64);
                    return result;
                }
            }
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Socket {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.count(|mut stream| stream.write(data))
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        self.count(|mut stream| stream.write_vectored(data))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The carrier of an exchange: a socket, or TLS over another stream.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<Tls>),
}

impl Stream {
    /// Sends as much of `data` as the network takes now; says how much of it need not be offered again. It succeeds
    /// when nothing is left, in a buffer of TLS either.
    pub(super) fn push(&mut self, data: &[u8]) -> (usize, io::Result<()>) {
        match self {
            Self::Tls(tls) => tls.push(data),
            Self::Plain(socket) => {
                let mut taken = 0;
                while taken < data.len() {
                    match socket.write(&data[taken..]) {
                        Ok(count) => taken += count,
                        Err(error) => return (taken, Err(error)),
                    }
                }
                (taken, Ok(()))
            }
        }
    }

    /// Receives what is there; nothing at the peer's end of the stream. `buffer` must not be empty.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(tls) => tls.receive(buffer),
        }
    }

    /// Bytes that the network has taken so far, TLS's own included.
    pub(super) fn accepted(&self) -> u64 {
        self.socket().accepted
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.socket().stream
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls().is_some()
    }

    /// Whether something of TLS waits for the network to take it.
    pub(super) fn wants_write(&self) -> bool {
        self.tls().is_some_and(Tls::wants_write)
    }

    /// The TLS session that ends at the server, if any.
    pub(super) fn tls(&self) -> Option<&Tls> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => Some(tls),
        }
    }

    /// An error of this stream in use, with what TLS knows of its cause.
    pub(super) fn fault(&self, error: &io::Error) -> TransportError {
        self.tls().map_or_else(|| TransportError::of_io(error), |tls| tls.fault(error))
    }

    /// A loss, with what TLS knows of its cause.
    pub(super) fn explain(&self, fault: TransportError) -> TransportError {
        match self {
            Self::Plain(_) => fault,
            Self::Tls(tls) => tls.explain(fault),
        }
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(tls) => tls.under.socket(),
        }
    }
}

/// For TLS within TLS.
impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() { Ok(0) } else { self.receive(buffer) }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(data),
            Self::Tls(tls) => match tls.push(data) {
                (0, Err(error)) => Err(error),
                (taken, _) => Ok(taken),
            },
        }
    }

    fn write_vectored(&mut self, data: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write_vectored(data),
            Self::Tls(_) => self.write(data.iter().find(|piece| !piece.is_empty()).map_or(&[], |piece| piece)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(tls) => tls.push(&[]).1,
        }
    }
}
