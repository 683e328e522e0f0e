//! The plain sink: takes `PUT` and BITS uploads with as little work as a correct answer allows, counts what it got.

mod exchange;
mod tls;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rustls::ServerConfig;

use crate::Outcome;
use exchange::Conversation;

/// Bytes taken from a connection at a time.
const BLOCK: usize = 256 * 1024;

/// The treatment of incoming bytes.
#[derive(Debug, Default)]
pub struct SinkOptions {
    pub tls: bool,
    /// Where the certificate and key are.
    pub certificates: PathBuf,
    /// Write bodies to files in this folder.
    pub folder: Option<PathBuf>,
    /// Sync a file's data after each body.
    pub sync: bool,
}

#[derive(Debug, Default)]
pub struct Shared {
    folder: Option<PathBuf>,
    sync: bool,
    received: AtomicU64,
    names: AtomicU64,
}

impl Shared {
    /// A new file, if files are wanted.
    fn file(&self) -> io::Result<Option<File>> {
        let name = self.names.fetch_add(1, Ordering::Relaxed);
        self.folder.as_ref().map(|folder| File::create_new(folder.join(format!("{name}.sunk")))).transpose()
    }

    /// Takes a body of `length` bytes, completely or not at all.
    fn take(&self, from: &mut impl BufRead, length: u64, mut to: Option<&mut File>) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            let bytes = from.fill_buf()?;
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(file) = &mut to {
                file.write_all(&bytes[..count])?;
            }
            from.consume(count);
            left -= count as u64;
        }
        if let Some(file) = to.filter(|_| self.sync) {
            file.sync_data()?;
        }
        self.received.fetch_add(length, Ordering::Relaxed);
        Ok(())
    }
}

/// Serves until standard input ends. Prints the URL at the start and how many bytes of bodies were received at the end.
pub fn run(options: SinkOptions) -> Outcome {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let tls = if options.tls { Some(crate::certificates::server(&options.certificates)?) } else { None };
    let shared = Arc::new(Shared { folder: options.folder, sync: options.sync, ..Shared::default() });
    let scheme = if tls.is_some() { "https" } else { "http" };
    println!("{scheme}://127.0.0.1:{}/", listener.local_addr()?.port());
    let counted = Arc::clone(&shared);
    thread::spawn(move || accept(&listener, tls.as_ref(), &shared));
    io::copy(&mut io::stdin(), &mut io::sink())?;
    println!("{}", counted.received.load(Ordering::Relaxed));
    Ok(())
}

fn accept(listener: &TcpListener, tls: Option<&Arc<ServerConfig>>, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        let (tls, shared) = (tls.cloned(), Arc::clone(shared));
        thread::spawn(move || {
            if let Err(error) = serve(stream, tls, &shared) {
                eprintln!("sink: {error}");
            }
        });
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        Some(config) => Conversation::new(tls::TlsStream::new(stream, config)?, shared).run(),
        None => Conversation::new(PlainStream(BufReader::with_capacity(BLOCK, stream)), shared).run(),
    }
}

struct PlainStream(BufReader<TcpStream>);

impl Read for PlainStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl BufRead for PlainStream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl Write for PlainStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.get_ref().write(data)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
