//! What TLS refuses, and how that is told.

use std::sync::Arc;

use bitsup::protocol::TransportErrorKind as Kind;
use bitsup::transport::{Http, Settings};
use rustls::server::WebPkiClientVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};

use crate::support::{OK, Scheme, Server, answer, read_request, self_signed};

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Server::start(Scheme::Tls, |stream, _| read_request(stream).map(drop));
    let error = server.send(&mut Http::new(Settings::default()), 3).expect_err("not trusted");
    assert_eq!(error.kind, Kind::Tls, "{error}");
    assert!(error.detail.contains("certificate"), "{error}");
    assert!(!error.request_was_sent);
}

#[test]
fn a_missing_client_certificate_is_named() {
    let (_, ca) = self_signed(ConfigBuilder::<ServerConfig, _>::with_no_client_auth);
    let (config, root) = self_signed(|builder| {
        let mut roots = RootCertStore::empty();
        roots.add(ca).expect("a root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
        builder.with_client_cert_verifier(verifier.expect("a verifier"))
    });
    let server = Server::start_tls(config, root, |stream, _| {
        read_request(stream)?;
        answer(stream, OK)
    });
    for length in [0, 8 << 20] {
        let error = server.send(&mut server.client(), length).expect_err("refused");
        assert_eq!(error.kind, Kind::Tls, "{error}");
        assert!(error.detail.contains("client certificate"), "{error}");
    }
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let server = Server::start(Scheme::Plain, |stream, _| answer(stream, "HTTP/1.1 400 Bad Request\r\n\r\n"));
    let mut request = server.request(0);
    *request.uri_mut() = server.url().replace("http:", "https:").parse().expect("a URL");
    let error = bitsup::transport::Transport::exchange(&mut server.client(), request, &mut std::io::empty())
        .expect_err("no TLS");
    assert_eq!(error.kind, Kind::Tls, "{error}");
}
