//! Servers of raw sockets, and requests to them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use bitsup::exchange::RequestOptions;
use bitsup::exchange::TransportError;
use bitsup::transport::{Http, Settings, TlsSettings, Transport};
use http::{Request, Response};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ConfigBuilder, ServerConfig, ServerConnection, StreamOwned};

/// Either end of a connection, under TLS or not.
pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// With or without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Plain,
    Tls,
}

/// Both; without TLS where `BITSUP_TEST_WITHOUT_TLS` says that the system cannot trust an authority of our own. Wine 8
/// cannot: its `CertCreateCertificateChainEngine` does not know the structure that Windows 8 brought.
pub(crate) fn schemes() -> impl Iterator<Item = Scheme> {
    let with_tls = std::env::var_os("BITSUP_TEST_WITHOUT_TLS").is_none();
    [Scheme::Plain].into_iter().chain(with_tls.then_some(Scheme::Tls))
}

/// A server whose connections, one after the other, are handled by one function; the connection is closed after it,
/// and reset if something was left unread.
pub(crate) struct Server {
    port: u16,
    scheme: Scheme,
    root: Option<CertificateDer<'static>>,
    _thread: JoinHandle<()>,
}

impl Server {
    /// `handle` gets each connection and its number, from 0. A client that hangs up is no error.
    pub(crate) fn start(
        scheme: Scheme,
        handle: impl FnMut(&mut dyn Stream, usize) -> io::Result<()> + Send + 'static,
    ) -> Self {
        match scheme {
            Scheme::Plain => Self::accept(scheme, None, handle, |stream| Box::new(stream)),
            Scheme::Tls => {
                let (config, root) = self_signed(ConfigBuilder::<ServerConfig, _>::with_no_client_auth);
                Self::start_tls(config, root, handle)
            }
        }
    }

    /// A TLS server by its own configuration.
    pub(crate) fn start_tls(
        config: ServerConfig,
        root: CertificateDer<'static>,
        handle: impl FnMut(&mut dyn Stream, usize) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let config = Arc::new(config);
        Self::accept(Scheme::Tls, Some(root), handle, move |stream| {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            Box::new(StreamOwned::new(session, stream))
        })
    }

    fn accept(
        scheme: Scheme,
        root: Option<CertificateDer<'static>>,
        mut handle: impl FnMut(&mut dyn Stream, usize) -> io::Result<()> + Send + 'static,
        wrap: impl Fn(TcpStream) -> Box<dyn Stream> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let thread = std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let stream = stream.expect("accepted");
                // Else an answer waits here until the client has acknowledged what came before it, the TLS tickets for
                // one, and closing the connection throws it away.
                stream.set_nodelay(true).expect("set");
                let mut stream = wrap(stream);
                let _ = handle(&mut *stream, number);
            }
        });
        Self { port, scheme, root, _thread: thread }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.scheme == Scheme::Tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/file", self.port)
    }

    /// Settings that trust this server.
    pub(crate) fn settings(&self) -> Settings {
        let extra_roots = self.root.iter().cloned().collect();
        Settings { tls: TlsSettings { extra_roots, ..TlsSettings::default() }, ..Settings::default() }
    }

    pub(crate) fn client(&self) -> Http {
        Http::new(self.settings())
    }

    /// A request whose body has this many bytes.
    pub(crate) fn request(&self, length: u64) -> Request<()> {
        Request::builder()
            .method("BITS_POST")
            .uri(self.url())
            .header("Content-Length", length)
            .body(())
            .expect("a request")
    }

    /// Sends a body of this many bytes.
    pub(crate) fn send(&self, client: &mut Http, length: u64) -> Result<Response<()>, TransportError> {
        client.exchange(self.request(length), RequestOptions::default(), &mut io::repeat(b'x').take(length))
    }
}

/// A server's configuration with a fresh certificate for 127.0.0.1, and the certificate.
pub(crate) fn self_signed(
    client_auth: impl FnOnce(
        ConfigBuilder<ServerConfig, rustls::WantsVerifier>,
    ) -> ConfigBuilder<ServerConfig, rustls::server::WantsServerCert>,
) -> (ServerConfig, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let root = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = client_auth(builder).with_single_cert(vec![root.clone()], key).expect("a certificate of its key");
    (config, root)
}

/// Reads a request's head and nothing more; `false` when the client hung up instead.
pub(crate) fn read_head(stream: &mut dyn Stream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// Reads a whole request; its body's length.
pub(crate) fn read_request(stream: &mut dyn Stream) -> io::Result<u64> {
    let head = String::from_utf8(read_head(stream)?).expect("text");
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .expect("a length");
    let read = io::copy(&mut stream.take(length), &mut io::sink())?;
    if read == length { Ok(length) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Writes, and sees to it that it is on the wire.
pub(crate) fn answer(stream: &mut dyn Stream, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// An answer that keeps the connection.
pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
