//! TLS over a socket that does not block.

use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rustix::event::PollFlags;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use rustls_platform_verifier::Verifier;

use crate::protocol::TransportErrorKind as Kind;
use crate::protocol::text::escape;

use super::fault::Fault;
use super::interrupt::Interrupter;
use super::poll;
use super::settings::Settings;
use super::stream::Socket;

/// Bytes that are encrypted before they are written, in one system call. Batches of 256 KiB measured up to 1.8 times the
/// processor time, probably because the allocator returns that much freed memory to the kernel each time.
const BATCH: usize = 112 * 1024;

/// What all connections of a transport share. The platform's trust store is read when the first one needs it.
#[derive(Debug, Default)]
pub(super) struct Trust(OnceLock<Arc<ClientConfig>>);

impl Trust {
    pub(super) fn config(&self, settings: &Settings) -> Result<Arc<ClientConfig>, Fault> {
        if let Some(config) = self.0.get() {
            return Ok(Arc::clone(config));
        }
        let config = new_config(settings).map_err(|error| Fault::new(Kind::Tls, escape(error.to_string())))?;
        Ok(Arc::clone(self.0.get_or_init(|| Arc::new(config))))
    }
}

fn new_config(settings: &Settings) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(settings.extra_roots.iter().cloned(), Arc::clone(&provider))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// A TLS session and the socket that carries it.
#[derive(Debug)]
pub(super) struct Tls {
    session: ClientConnection,
    pub(super) socket: Socket,
}

impl Tls {
    /// Shakes hands.
    pub(super) fn open(
        socket: Socket,
        config: Arc<ClientConfig>,
        host: &str,
        deadline: Option<Instant>,
        interrupter: &Interrupter,
    ) -> Result<Self, Fault> {
        let refuse = |error: &dyn std::error::Error| Fault::new(Kind::Tls, escape(error.to_string()));
        let name = ServerName::try_from(host.to_owned()).map_err(|error| refuse(&error))?;
        let mut session = ClientConnection::new(config, name).map_err(|error| refuse(&error))?;
        session.set_buffer_limit(Some(BATCH));
        let mut tls = Self { session, socket };
        while let Err(error) = tls.shake_hands() {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(Fault::of_handshake(&error));
            }
            let events = if tls.session.wants_write() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            if poll::wait(&[tls.socket.stream()], events, deadline, interrupter)?.is_empty() {
                return Err(Fault::new(Kind::Connect, "the TLS handshake did not end within the time limit"));
            }
        }
        Ok(tls)
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            if self.session.wants_write() {
                self.session.write_tls(&mut self.socket)?;
            } else if !self.take_records()? {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed in the middle of the TLS handshake"));
            }
        }
        Ok(())
    }

    /// Sends `data` as far as it goes; says how much of it need not be offered again.
    pub(super) fn push(&mut self, data: &[u8]) -> (usize, io::Result<()>) {
        let mut taken = 0;
        loop {
            while self.session.wants_write() {
                if let Err(error) = self.session.write_tls(&mut self.socket) {
                    return (taken, Err(error));
                }
            }
            if taken == data.len() {
                return (taken, Ok(()));
            }
            match self.session.writer().write(&data[taken..]) {
                Ok(0) => return (taken, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => taken += count,
                Err(error) => return (taken, Err(error)),
            }
        }
    }

    /// Decrypted bytes; none at the end. A session ticket is no data.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Closed without a farewell. HTTP's own framing tells whether something is missing.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            self.take_records()?;
        }
    }

    /// Reads from the socket once; `false` at its end.
    fn take_records(&mut self) -> io::Result<bool> {
        let count = self.session.read_tls(&mut self.socket)?;
        if let Err(error) = self.session.process_new_packets() {
            // The alert that tells the peer why; the connection is lost either way.
            let _ = self.session.write_tls(&mut self.socket);
            return Err(io::Error::other(error));
        }
        Ok(count > 0)
    }
}
