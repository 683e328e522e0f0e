//! TLS over a stream that does not block.

mod bundled_roots;
mod end_point;
mod identity;
mod pin;
mod refusal;
mod trust;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::PollFlags;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, ProtocolVersion};

use crate::exchange::{CertificateWanted, ChannelBinding, TlsFault, TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;

use super::cancel::CancellationToken;
use super::poll;
use super::speech::TELLING;
use super::stream::Stream;

use refusal::Circumstances;

pub use identity::ClientIdentity;
pub use pin::Pin;
pub use trust::{Authorities, TlsSettings};
pub(super) use trust::{ClientAuth, Configured, Trust};

/// Bytes that are encrypted before they are written, in one system call. Batches of 256 KiB measured up to 1.8 times
/// the processor time, probably because the allocator returns that much freed memory to the kernel each time.
const BATCH: usize = 112 * 1024;

/// A TLS session and the stream that carries it.
#[derive(Debug)]
pub(super) struct Tls {
    session: ClientConnection,
    pub(super) under: Stream,
    /// As in the URL.
    host: String,
    auth: Arc<ClientAuth>,
    authorities: Authorities,
    /// The first bytes that came, for the case that they are not TLS.
    first: Vec<u8>,
    /// The server asked for a second handshake, and was told that there is none.
    renegotiation: bool,
}

/// The facts about a server that TLS tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsInfo {
    /// `TLS 1.3`
    pub version: &'static str,
    /// The cipher suite by its name.
    pub cipher: Option<String>,
    /// The names in the server's certificate, escaped.
    pub names: Vec<String>,
    /// Its key, as `--pin-sha256` wants it.
    pub pin: Option<Pin>,
    /// Whether the server asked for a certificate of the client and got one.
    pub sent_certificate: bool,
    /// Who vouches for the server's certificate.
    pub authorities: Authorities,
}

/// A stream whose first bytes are kept.
struct Keeping<'a> {
    under: &'a mut Stream,
    first: &'a mut Vec<u8>,
}

impl Read for Keeping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.under.read(buffer)?;
        let room = TELLING.saturating_sub(self.first.len());
        self.first.extend_from_slice(&buffer[..count.min(room)]);
        Ok(count)
    }
}

impl Tls {
    /// Shakes hands with `host`, without the brackets of an IPv6 address.
    pub(super) fn open(
        under: Stream,
        configured: Configured,
        host: &str,
        deadline: Option<Instant>,
        cancellation: &CancellationToken,
    ) -> Result<Self, TransportError> {
        let refuse =
            |error: &dyn std::error::Error| TransportError::new(Kind::Tls(TlsFault::Other), escape(error.to_string()));
        let name = ServerName::try_from(host.to_owned()).map_err(|error| refuse(&error))?;
        let mut session = ClientConnection::new(configured.config, name).map_err(|error| refuse(&error))?;
        session.set_buffer_limit(Some(BATCH));
        let mut tls = Self {
            session,
            under,
            host: host.to_owned(),
            auth: configured.auth,
            authorities: configured.authorities,
            first: Vec::new(),
            renegotiation: false,
        };
        while let Err(error) = tls.shake_hands() {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(refusal::of_handshake(&error, &tls.circumstances()));
            }
            let events = if tls.wants_write() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
            if poll::wait(tls.under.tcp(), events, deadline, cancellation)?.is_none() {
                return Err(TransportError::new(Kind::Connect, "the TLS handshake timed out"));
            }
        }
        Ok(tls)
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        while self.session.is_handshaking() {
            if self.session.wants_write() {
                self.session.write_tls(&mut self.under)?;
            } else if !self.take_records()? {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed in the middle of the TLS handshake"));
            }
        }
        self.under.flush()
    }

    /// Sends `data` as far as it goes; says how much of it need not be offered again.
    pub(super) fn push(&mut self, data: &[u8]) -> (usize, io::Result<()>) {
        let mut taken = 0;
        loop {
            while self.session.wants_write() {
                if let Err(error) = self.session.write_tls(&mut self.under) {
                    return (taken, Err(error));
                }
            }
            if taken == data.len() {
                return (taken, self.under.flush());
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

    /// Reads from the stream once; `false` at its end.
    fn take_records(&mut self) -> io::Result<bool> {
        let queued = self.session.process_new_packets().map_or(0, |state| state.tls_bytes_to_write());
        // A handshake that resumes a session ends with a response of ours.
        let was_open = !self.session.is_handshaking();
        let count = self.session.read_tls(&mut Keeping { under: &mut self.under, first: &mut self.first })?;
        match self.session.process_new_packets() {
            Ok(state) => self.notice_renegotiation(was_open && state.tls_bytes_to_write() > queued),
            Err(error) => {
                // The alert that tells the peer why; the connection is lost either way.
                let _ = self.session.write_tls(&mut self.under).and_then(|_| self.under.flush());
                return Err(io::Error::other(error));
            }
        }
        Ok(count > 0)
    }

    /// The library refuses a second handshake by an alert, and does not say so. Within TLS 1.2 nothing else that is
    /// received is answered by itself.
    fn notice_renegotiation(&mut self, responded: bool) {
        let is_1_2 = self.session.protocol_version() == Some(ProtocolVersion::TLSv1_2);
        if responded && is_1_2 {
            self.renegotiation = true;
            // The server waits for it. Bytes that the network does not take now go out with the next ones.
            let _ = self.session.write_tls(&mut self.under).and_then(|_| self.under.flush());
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        self.session.wants_write() || self.under.wants_write()
    }

    /// Whether the server asked for a certificate and got none.
    pub(super) fn certificate_wanted(&self) -> Option<CertificateWanted> {
        match (self.renegotiation, self.auth.was_asked_in_vain()) {
            (true, _) => Some(CertificateWanted::ByRenegotiation),
            (false, true) => Some(CertificateWanted::AtHandshake),
            (false, false) => None,
        }
    }

    /// The binding for authentication on this session.
    pub(super) fn channel_binding(&self) -> Option<ChannelBinding> {
        self.certificate().map(end_point::binding)
    }

    fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.session.peer_certificates().and_then(|chain| chain.first())
    }

    /// The facts about the server that this session tells.
    pub(super) fn info(&self) -> TlsInfo {
        let version = match self.session.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS",
        };
        let certificate = self.certificate();
        TlsInfo {
            version,
            cipher: self.session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())),
            names: certificate.map(refusal::names).unwrap_or_default(),
            pin: certificate.and_then(Pin::of),
            sent_certificate: self.auth.was_used(),
            authorities: self.authorities,
        }
    }

    /// An error of the session in use.
    pub(super) fn fault(&self, error: &io::Error) -> TransportError {
        refusal::in_use(error, &self.circumstances())
    }

    /// A loss, with what TLS knows of its cause.
    pub(super) fn explain(&self, fault: TransportError) -> TransportError {
        refusal::cut(fault, &self.circumstances())
    }

    /// Notes that the server let a request in: later faults are not about who the client is.
    pub(super) fn note_let_in(&self) {
        self.auth.note_let_in(&self.host);
    }

    fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            host: &self.host,
            first: &self.first,
            wanted: self.certificate_wanted(),
            sent_certificate: self.auth.was_used(),
            was_let_in: self.auth.has_let_in(&self.host),
        }
    }
}
