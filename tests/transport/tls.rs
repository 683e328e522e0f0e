//! Peers that TLS refuses, and the errors that tell why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bitsup::exchange::{ChannelBinding, TlsFault, TransportError, TransportErrorKind as Kind};
use bitsup::exchange::{ConnectionUse, RequestOptions};
use bitsup::protocol::Origin;
use bitsup::transport::{ClientIdentity, FixedAddress, Http, Pin, Settings, TlsSettings, Transport};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};
use sha2::Digest;

use crate::support::{OK, Scheme, Server, answer, read_request};

static AUTHORITIES: AtomicU32 = AtomicU32::new(1);

/// An authority of our own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        // Else all have the same name, and one is taken for another.
        let number = AUTHORITIES.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// A certificate for `names`, and its key in PEM.
    pub(crate) fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        (certificate.pem(), key.serialize_pem())
    }

    /// A server's configuration with a certificate for `names`.
    pub(crate) fn config(&self, names: &[&str]) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(names, |_| {});
        let config = builder().with_no_client_auth().with_single_cert(chain(&certificate), private_key(&key));
        Arc::new(config.expect("fits"))
    }

    fn server(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Server {
        let (certificate, key) = self.issue(names, change);
        let config = builder().with_no_client_auth().with_single_cert(chain(&certificate), private_key(&key));
        Server::start_tls(config.expect("fits"), self.root(), |stream, _| {
            while read_request(stream).is_ok() {
                answer(stream, OK)?;
            }
            Ok(())
        })
    }
}

fn builder() -> ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions")
}

fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().expect("PEM")
}

fn private_key(pem: &str) -> PrivateKeyDer<'static> {
    use rustls::pki_types::pem::PemObject;
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("PEM")
}

#[track_caller]
fn refused(server: &Server, settings: Settings, fault: TlsFault, words: &[&str]) -> TransportError {
    let error = server.send(&mut Http::new(settings), 3).expect_err("refused");
    assert_eq!(error.kind, Kind::Tls(fault), "{error}");
    for word in words {
        assert!(error.detail.contains(word), "no {word:?} in: {error}");
    }
    error
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::start(Scheme::Tls, |stream, _| read_request(stream).map(drop));
    let error = refused(&server, Settings::default(), TlsFault::SelfSigned, &["self-signed"]);
    assert!(!error.request_was_sent);
}

#[test]
fn a_certificate_for_other_names_is_refused_with_its_names() {
    let server = Authority::new().server(&["a.example", "192.0.2.1"], |_| {});
    refused(&server, server.settings(), TlsFault::WrongName, &["not for 127.0.0.1", "but for a.example, 192.0.2.1"]);
}

#[test]
fn a_certificate_out_of_its_time_is_refused_with_the_clock() {
    let authority = Authority::new();
    let old = authority.server(&["127.0.0.1"], |params| {
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 3, 4));
    });
    refused(&old, old.settings(), TlsFault::Expired, &["expired on Mon, 04 Mar 2002", "clock says", "20"]);
    let young = authority.server(&["127.0.0.1"], |params| {
        (params.not_before, params.not_after) = (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1));
    });
    refused(
        &young,
        young.settings(),
        TlsFault::NotYetValid,
        &["not valid yet, but from Sat, 01 Jan 4000", "clock says"],
    );
}

#[test]
fn a_pin_holds_beside_the_chain_and_without_it() {
    let authority = Authority::new();
    let (certificate, _) = authority.issue(&["other.example"], |_| {});
    let other = Pin::of(&chain(&certificate)[0]).expect("a key");
    let server = authority.server(&["127.0.0.1"], |_| {});
    let mut client = server.client();
    server.send(&mut client, 3).expect("trusted");
    let right = client.connection_info().and_then(|reached| reached.tls?.pin).expect("a key");
    // The server has one connection at a time.
    drop(client);
    let settings = |pins: &[Pin], insecure, trusted| {
        let extra_roots = if trusted { vec![authority.root()] } else { Vec::new() };
        let tls = TlsSettings { extra_roots, pins: pins.to_vec(), insecure, ..TlsSettings::default() };
        Settings { tls, ..Settings::default() }
    };
    server.send(&mut Http::new(settings(&[other, right], false, true)), 3).expect("pinned and trusted");
    server.send(&mut Http::new(settings(&[right], true, false)), 3).expect("pinned");
    refused(&server, settings(&[other], false, true), TlsFault::Pin, &[&right.to_string()]);
    refused(&server, settings(&[other], true, false), TlsFault::Pin, &[&right.to_string()]);
    refused(&server, settings(&[right], false, false), TlsFault::UnknownAuthority, &[]);
}

/// A server whose certificate is its own authority's.
fn self_made(change: impl FnOnce(&mut CertificateParams)) -> (Server, CertificateDer<'static>) {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signed");
    let root = certificate.der().clone();
    let config =
        builder().with_no_client_auth().with_single_cert(vec![root.clone()], private_key(&key.serialize_pem()));
    let server = Server::start_tls(config.expect("fits"), root.clone(), |stream, _| {
        read_request(stream)?;
        answer(stream, OK)
    });
    (server, root)
}

#[test]
fn an_authoritys_own_certificate_is_taken_from_who_trusts_that_very_one() {
    let (server, _) = self_made(|_| {});
    server.send(&mut server.client(), 3).expect("trusted");
    refused(&server, Settings::default(), TlsFault::SelfSigned, &["self-signed"]);
    let other = Authority::new().server(&["127.0.0.1"], |_| {});
    refused(&server, other.settings(), TlsFault::SelfSigned, &["self-signed"]);
    let (old, _) = self_made(|params| {
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 3, 4));
    });
    refused(&old, old.settings(), TlsFault::Expired, &["2002"]);
    let (misnamed, _) = self_made(|params| params.subject_alt_names.clear());
    refused(&misnamed, misnamed.settings(), TlsFault::WrongName, &["no name"]);
}

#[test]
fn insecure_takes_any_certificate() {
    let server = Authority::new().server(&["a.example"], |params| params.not_after = date_time_ymd(2002, 1, 1));
    let tls = TlsSettings { insecure: true, ..TlsSettings::default() };
    server.send(&mut Http::new(Settings { tls, ..Settings::default() }), 3).expect("taken");
}

/// A server that lets in only clients of `clients`.
fn for_clients(server: &Authority, clients: &Authority) -> Server {
    let mut roots = RootCertStore::empty();
    roots.add(clients.root()).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let (certificate, key) = server.issue(&["127.0.0.1"], |_| {});
    let config = builder()
        .with_client_cert_verifier(verifier.expect("a verifier"))
        .with_single_cert(chain(&certificate), private_key(&key));
    Server::start_tls(config.expect("fits"), server.root(), |stream, _| {
        read_request(stream)?;
        answer(stream, OK)
    })
}

#[test]
fn a_missing_client_certificate_is_named() {
    let server = for_clients(&Authority::new(), &Authority::new());
    for length in [0, 8 << 20] {
        let error = server.send(&mut server.client(), length).expect_err("refused");
        assert_eq!(error.kind, Kind::Tls(TlsFault::CertificateWanted), "{error}");
        assert!(error.detail.contains("client certificate"), "{error}");
    }
}

#[test]
fn a_client_certificate_opens_the_door_of_the_urls_own_host_only() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = for_clients(&servers, &clients);
    let settings = |issuer: &Authority, host: &str| {
        let (certificate, key) = issuer.issue(&["me.example"], |_| {});
        let identity = ClientIdentity::from_pem(certificate.as_bytes(), key.as_bytes(), None).expect("fits");
        let tls = TlsSettings { identity: Some(identity), ..server.settings().tls };
        Settings {
            tls,
            origin: Some(Origin::of(&format!("https://{host}/").parse().expect("a URL"))),
            ..Settings::default()
        }
    };
    let mut client = Http::new(settings(&clients, "127.0.0.1"));
    server.send(&mut client, 3).expect("let in");
    assert!(client.connection_info().and_then(|reached| reached.tls).expect("TLS").sent_certificate);
    refused(&server, settings(&Authority::new(), "127.0.0.1"), TlsFault::CertificateRefused, &["does not accept"]);
    refused(&server, settings(&clients, "127.0.0.2"), TlsFault::CertificateWanted, &[]);
}

#[test]
fn certificates_and_keys_that_do_not_fit_are_refused() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["me.example"], |_| {});
    let (_, other_key) = authority.issue(&["me.example"], |_| {});
    let read = |certificate: &str, key: &str| {
        ClientIdentity::from_pem(certificate.as_bytes(), key.as_bytes(), None).expect_err("refused")
    };
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
    for (certificate, key, reason) in [
        (&*certificate, &*other_key, "keys may not be consistent"),
        (&certificate, &certificate, "no private key in PEM"),
        (&key, &key, "no certificate in PEM"),
        ("0\u{9}\u{2}\u{1}\u{3}", &key, "a PKCS#12 file"),
        (&certificate, old, "OpenSSL's own old way"),
    ] {
        let error = read(certificate, key);
        assert!(error.contains(reason), "{error}");
    }
    let both = format!("{key}{certificate}");
    assert!(ClientIdentity::from_pem(both.as_bytes(), both.as_bytes(), None).is_ok());
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let server = Server::start(Scheme::Plain, |stream, _| answer(stream, "HTTP/1.1 400 Bad Request\r\n\r\n"));
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("http:", "https:").parse().expect("a URL");
    let error = bitsup::transport::Transport::exchange(
        &mut server.client(),
        request,
        RequestOptions::default(),
        &mut std::io::empty(),
    )
    .expect_err("no TLS");
    assert_eq!(error.kind, Kind::Tls(TlsFault::NotTls), "{error}");
}

#[test]
fn an_old_version_is_told_apart() {
    // A server's whole answer to a greeting that offers nothing it speaks: the alert protocol_version.
    let server = Server::start(Scheme::Plain, |stream, _| {
        stream.read_exact(&mut [0; 16])?;
        std::io::Write::write_all(stream, &[21, 3, 1, 0, 2, 2, 70])
    });
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("http:", "https:").parse().expect("a URL");
    let error = bitsup::transport::Transport::exchange(
        &mut server.client(),
        request,
        RequestOptions::default(),
        &mut std::io::empty(),
    )
    .expect_err("no TLS in common");
    assert_eq!(error.kind, Kind::Tls(TlsFault::Incompatible), "{error}");
}

#[test]
fn a_fixed_address_keeps_the_name_of_the_certificate() {
    let server = Authority::new().server(&["files.example"], |_| {});
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("127.0.0.1", "files.example").parse().expect("a URL");
    let port = request.uri().port_u16().expect("a port");
    let mut settings = server.settings();
    settings.addresses.fixed =
        vec![FixedAddress { host: "files.example".to_owned(), port, address: [127, 0, 0, 1].into() }];
    let mut client = Http::new(settings);
    bitsup::transport::Transport::exchange(&mut client, request, RequestOptions::default(), &mut std::io::empty())
        .expect("reached");
    let reached = client.connection_info().expect("something");
    let tls = reached.tls.expect("TLS");
    assert_eq!((reached.address.port(), tls.version, tls.names), (port, "TLS 1.3", vec!["files.example".to_owned()]));
}

/// The server closes the connection after each answer.
fn brief(number_of_requests: &Arc<AtomicU32>) -> Server {
    let seen = Arc::clone(number_of_requests);
    Server::start(Scheme::Tls, move |stream, _| {
        read_request(stream)?;
        seen.fetch_add(1, Ordering::Relaxed);
        // Told beforehand, or a request may be on its way when the connection closes, and be lost.
        answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    })
}

fn bound(channel: ChannelBinding) -> RequestOptions {
    RequestOptions { connection: ConnectionUse::Bound(channel), ..RequestOptions::default() }
}

#[test]
fn an_answer_tells_what_binds_to_its_connection_and_a_request_can_be_kept_to_that() {
    let requests = Arc::new(AtomicU32::new(0));
    let server = brief(&requests);
    let mut client = server.client();
    let answer = server.send(&mut client, 0).expect("answered");
    let channel = *answer.extensions().get::<ChannelBinding>().expect("over TLS");
    let Some(ChannelBinding::Sha256(hash)) = Some(channel) else { panic!("rcgen signs by SHA-256") };
    let root = server.settings().tls.extra_roots.remove(0);
    assert_eq!(hash, <[u8; 32]>::from(sha2::Sha256::digest(&root)));

    let mut send_to = |channel| client.exchange(server.request(0), bound(channel), &mut std::io::empty());
    // On another connection to the same server: the certificate is the same.
    send_to(channel).expect("answered");
    let error = send_to(ChannelBinding::Sha256([0; 32])).expect_err("another");
    assert_eq!((error.kind, error.request_was_sent), (Kind::NoConnection, false));
    assert_eq!(requests.load(Ordering::Relaxed), 2);
}

#[test]
fn without_tls_to_the_server_there_is_nothing_to_bind_to() {
    let server = Server::start(Scheme::Plain, |stream, _| {
        read_request(stream)?;
        answer(stream, OK)
    });
    let answer = server.send(&mut server.client(), 0).expect("answered");
    assert_eq!(answer.extensions().get::<ChannelBinding>(), None);
    let options = bound(ChannelBinding::Sha256([0; 32]));
    let error = server.client().exchange(server.request(0), options, &mut std::io::empty()).expect_err("no TLS");
    assert_eq!(error.kind, Kind::NoConnection);
}

#[test]
fn a_resumed_session_of_tls_1_2_that_is_cut_is_a_cut() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["127.0.0.1"], |_| {});
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(chain(&certificate), private_key(&key))
        .expect("fits");
    let server = Server::start_tls(config, authority.root(), |stream, number| {
        read_request(stream)?;
        if number == 0 { answer(stream, OK) } else { Ok(()) }
    });
    let mut client = server.client();
    server.send(&mut client, 0).expect("answered");
    // The first time the old connection is found closed, so its kind says nothing.
    for _ in 0..2 {
        let error = server.send(&mut client, 0).expect_err("no answer");
        assert!(!matches!(error.kind, Kind::Tls(_)), "{error}");
    }
}
