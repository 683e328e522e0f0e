//! One request and its answer, byte by byte: sockets with buffers, and what HTTP says of lengths.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::plan::Cut;

/// Nothing in a storm takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

const STEP: u64 = 32 * 1024;

/// One end of the relay.
pub(crate) struct End {
    raw: TcpStream,
    reader: BufReader<TcpStream>,
}

impl End {
    pub(crate) fn new(raw: TcpStream) -> io::Result<Self> {
        raw.set_nodelay(true)?;
        raw.set_write_timeout(Some(PATIENCE))?;
        let reader = BufReader::with_capacity(64 * 1024, raw.try_clone()?);
        Ok(Self { raw, reader })
    }

    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let end = Self::new(TcpStream::connect(address)?)?;
        end.raw.set_read_timeout(Some(PATIENCE))?;
        Ok(end)
    }

    pub(crate) fn local_address(&self) -> io::Result<SocketAddr> {
        self.raw.local_addr()
    }

    /// A head with its empty line, or nothing if the connection ended before one.
    pub(crate) fn read_head(&mut self) -> io::Result<Option<String>> {
        let mut head = String::new();
        loop {
            let from = head.len();
            if self.reader.by_ref().take(1 << 16).read_line(&mut head)? == 0 {
                return if head.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            if &head[from..] == "\r\n" {
                return Ok(Some(head));
            }
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.raw.write_all(bytes)
    }

    /// Passes `count` bytes on; fails with what went before in `passed`.
    pub(crate) fn pass(
        &mut self,
        to: Option<&mut Self>,
        count: u64,
        rate: Option<u64>,
        passed: &mut u64,
    ) -> io::Result<()> {
        let mut to = to;
        let mut left = count;
        let mut buffer = Vec::new();
        while left > 0 {
            buffer.clear();
            let read = self.reader.by_ref().take(left.min(STEP)).read_to_end(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            *passed += read as u64;
            left -= read as u64;
            if let Some(to) = &mut to {
                to.write(&buffer)?;
            }
            if let Some(rate) = rate {
                thread::sleep(Duration::from_micros(read as u64 * 1_000_000 / rate));
            }
        }
        Ok(())
    }

    /// Ends the connection; in order means that what was written arrives.
    pub(crate) fn cut(&self, how: Cut) {
        match how {
            Cut::Reset => drop(SockRef::from(&self.raw).set_linger(Some(Duration::ZERO))),
            Cut::Close => drop(self.raw.shutdown(Shutdown::Write)),
        }
    }

    /// Reads and drops until the other end closes; not longer than this.
    pub(crate) fn drain(&mut self, patience: Duration) {
        let _ = self.raw.set_read_timeout(Some(patience));
        let _ = io::copy(&mut self.reader, &mut io::sink());
    }

    /// Reads nothing until the other end closes; not longer than this.
    pub(crate) fn ignore(&self, patience: Duration) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let limit = Timespec { tv_sec: i64::try_from(patience.as_secs()).unwrap_or(1), tv_nsec: 0 };
        // Unread bytes hide the end there, elsewhere poll tells of it unasked.
        #[cfg(target_os = "linux")]
        let end = PollFlags::RDHUP;
        #[cfg(not(target_os = "linux"))]
        let end = PollFlags::HUP;
        let _ = poll(&mut [PollFd::new(&self.raw, end)], Some(&limit));
    }
}

/// Length of the body behind a head.
pub(crate) fn length(head: &str) -> u64 {
    let field = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    field.unwrap_or(0)
}
