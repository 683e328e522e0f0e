//! Whom to trust, and who to be.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::exchange::{TlsFault, TransportError, TransportErrorKind as Kind};
use crate::protocol::text::escape;
use crate::sync::lock;

use super::bundled_roots;
use super::identity::ClientIdentity;
use super::pin::Pin;

/// Whom to trust, and who to be. The platform's trust store is used in any case, and read only when it is needed.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// Certificates trusted besides the platform's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The client's certificate, for a server that asks for it: only the URL's own host, if
    /// [`Settings::origin`](crate::transport::Settings::origin) names one.
    pub identity: Option<ClientIdentity>,
    /// If there are any, the server's key must be one of these, whatever authority vouches for it.
    pub pins: Vec<Pin>,
    /// Take any certificate for any name, of whatever age. Pins hold all the same.
    pub insecure: bool,
}

/// The state that all connections of a transport share.
#[derive(Debug)]
pub(in crate::transport) struct Trust {
    settings: TlsSettings,
    servers: OnceLock<Configured>,
    proxies: OnceLock<Configured>,
}

/// The parameters of a handshake.
#[derive(Debug, Clone)]
pub(in crate::transport) struct Configured {
    pub(super) config: Arc<ClientConfig>,
    pub(super) auth: Arc<ClientAuth>,
    pub(in crate::transport) authorities: Authorities,
}

/// Whose word is taken for a server's certificate, besides that of `--cacert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorities {
    /// This machine's trust store.
    Platform,
    /// The ones that the program was built with, because this machine has none.
    Bundled,
    /// None: certificates are not checked.
    Unchecked,
}

impl Trust {
    pub(in crate::transport) fn new(settings: TlsSettings) -> Self {
        Self { settings, servers: OnceLock::new(), proxies: OnceLock::new() }
    }

    /// For a server. `is_origin`: it may have the client's certificate.
    pub(in crate::transport) fn for_server(&self, is_origin: bool) -> Result<Configured, TransportError> {
        let configured = configured(&self.servers, || self.settings.clone())?;
        configured.auth.begin(is_origin);
        Ok(configured)
    }

    /// Who is trusted to vouch for a server, if anyone can.
    pub(in crate::transport) fn authorities(&self) -> Option<Authorities> {
        configured(&self.servers, || self.settings.clone()).ok().map(|configured| configured.authorities)
    }

    /// For a proxy: what is said of the server's certificate does not hold for it.
    pub(in crate::transport) fn for_proxy(&self) -> Result<Configured, TransportError> {
        let extra_roots = self.settings.extra_roots.clone();
        configured(&self.proxies, || TlsSettings { extra_roots, ..TlsSettings::default() })
    }
}

fn configured(
    slot: &OnceLock<Configured>,
    settings: impl FnOnce() -> TlsSettings,
) -> Result<Configured, TransportError> {
    if let Some(configured) = slot.get() {
        return Ok(configured.clone());
    }
    let made = new_config(settings()).map_err(|error| match error {
        // The library's word for an empty trust store; where there is no such store it does not say it.
        rustls::Error::General(_) => TransportError::new(
            Kind::Tls(TlsFault::NoAuthorities),
            "this machine has no certificate authorities, so that no server's certificate can be verified",
        ),
        error => TransportError::new(Kind::Tls(TlsFault::Other), escape(error.to_string())),
    })?;
    Ok(slot.get_or_init(|| made).clone())
}

fn new_config(settings: TlsSettings) -> Result<Configured, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let extra_roots = settings.extra_roots;
    let (authorities, judge) = if settings.insecure {
        (Authorities::Unchecked, None)
    } else {
        let (authorities, judge) = authorities(&extra_roots, &provider)?;
        (authorities, Some(judge))
    };
    let verifier = PinningVerifier { judge, extra_roots, pins: settings.pins, provider: Arc::clone(&provider) };
    let auth = Arc::new(ClientAuth {
        key: settings.identity.map(|identity| identity.0),
        is_allowed: AtomicBool::new(false),
        was_asked: AtomicBool::new(false),
        have_let_in: Mutex::default(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::clone(&auth) as Arc<dyn ResolvesClientCert>);
    Ok(Configured { config: Arc::new(config), auth, authorities })
}

type Judge = Arc<dyn ServerCertVerifier>;

/// Who judges certificates: the platform, or the bundled authorities where it has none.
fn authorities(
    extra_roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<(Authorities, Judge), rustls::Error> {
    let may_stand_in = bundled_roots::may_stand_in();
    if extra_roots.is_empty() || may_stand_in {
        match Verifier::new(Arc::clone(provider)) {
            // The library's word for an empty trust store. Extra roots would hide it.
            Err(rustls::Error::General(_)) if may_stand_in => {
                return Ok((Authorities::Bundled, bundled_roots::judge(extra_roots, provider)?));
            }
            // On Windows it wants nothing of the system that only newer ones have.
            platform if extra_roots.is_empty() => return Ok((Authorities::Platform, Arc::new(platform?))),
            _ => {}
        }
    }
    let platform = Verifier::new_with_extra_roots(extra_roots.iter().cloned(), Arc::clone(provider))?;
    Ok((Authorities::Platform, Arc::new(platform)))
}

/// The judgement of the authorities, unless it is not asked for, and then the pins.
#[derive(Debug)]
struct PinningVerifier {
    judge: Option<Judge>,
    /// The user's own.
    extra_roots: Vec<CertificateDer<'static>>,
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

/// A certificate that its own key signed: no authority stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server's certificate is self-signed, and this machine does not trust it")]
pub(super) struct SelfSigned;

/// Whether a certificate is its own authority: equal names do not prove it.
fn is_self_signed(certificate: &CertificateDer<'_>, provider: &CryptoProvider, now: UnixTime) -> bool {
    let (Ok(parsed), Ok(anchor)) =
        (webpki::EndEntityCert::try_from(certificate), webpki::anchor_from_trusted_cert(certificate))
    else {
        return false;
    };
    let (algorithms, usage) = (provider.signature_verification_algorithms.all, webpki::KeyUsage::server_auth());
    match parsed.verify_for_usage(algorithms, &[anchor], &[], now, usage, None, None) {
        Ok(_) => true,
        // An authority's certificate, whose signature is not looked at.
        Err(webpki::Error::CaUsedAsEndEntity) => parsed.issuer() == parsed.subject(),
        Err(_) => false,
    }
}

fn is_untrusted(error: &rustls::Error) -> bool {
    is_authority_as_server(error) || matches!(error, rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
}

/// A server whose certificate is marked as an authority's, as `openssl req -x509` makes them. A user who names that
/// very certificate as trusted means it; OpenSSL takes it then, too. Its time was checked before its kind.
pub(super) fn is_authority_as_server(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for PinningVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(judge) = &self.judge {
            match judge.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Err(error) if is_authority_as_server(&error) && self.extra_roots.contains(end_entity) => {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Err(error) if is_untrusted(&error) && is_self_signed(end_entity, &self.provider, now) => {
                    return Err(CertificateError::Other(OtherError(Arc::new(SelfSigned))).into());
                }
                result => _ = result?,
            }
        }
        if !self.pins.is_empty() {
            Pin::require(&self.pins, end_entity)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Responses servers that ask for the client's certificate, and remembers that they did. A transport has one handshake
/// at a time, so one memory serves all.
#[derive(Debug)]
pub(in crate::transport) struct ClientAuth {
    key: Option<Arc<CertifiedKey>>,
    is_allowed: AtomicBool,
    was_asked: AtomicBool,
    /// Hosts that answered a request with success.
    have_let_in: Mutex<BTreeSet<String>>,
}

impl ClientAuth {
    fn begin(&self, is_allowed: bool) {
        self.is_allowed.store(is_allowed, Ordering::Relaxed);
        self.was_asked.store(false, Ordering::Relaxed);
    }

    fn may_use(&self) -> bool {
        self.key.is_some() && self.is_allowed.load(Ordering::Relaxed)
    }

    pub(super) fn note_let_in(&self, host: &str) {
        let mut hosts = lock(&self.have_let_in);
        if !hosts.contains(host) {
            hosts.insert(host.to_owned());
        }
    }

    pub(super) fn has_let_in(&self, host: &str) -> bool {
        lock(&self.have_let_in).contains(host)
    }

    /// Whether a certificate was asked for and there was none to give.
    pub(super) fn was_asked_in_vain(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed) && !self.may_use()
    }

    /// Whether a certificate was asked for and given.
    pub(super) fn was_used(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed) && self.may_use()
    }
}

impl ResolvesClientCert for ClientAuth {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        self.key.clone().filter(|_| self.may_use())
    }

    fn has_certs(&self) -> bool {
        self.may_use()
    }
}
