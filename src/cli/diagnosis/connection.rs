//! The diagnosis when no response comes.

use crate::exchange::{TlsFault, TransportErrorKind};
use crate::protocol::PacketKind;

use super::{Advice, ExitCode, RUN_AGAIN, because};

pub(super) const PROXY_SCHEME: &str =
    "use a local forwarding proxy such as cntlm or px, or --proxy none to connect without a proxy";

/// A connection that breaks before there is a session never worked.
pub(super) fn lost(packet: PacketKind, kind: TransportErrorKind) -> Advice {
    use ExitCode as Code;
    use TransportErrorKind as Kind;
    let unavailable = if packet.is_opening() { Code::Connection } else { Code::Server };
    match kind {
        Kind::UnknownHost => because(Code::Connection, "DNS has no address for that name").next("check the host name"),
        Kind::LookupFailed => because(Code::Connection, "the DNS server did not respond").next(RUN_AGAIN),
        Kind::Connect => Advice::new(Code::Connection).next("check the host and port, and the firewalls on the way"),
        Kind::NotAllowed => because(
            Code::Protocol,
            "BITS-Host-Id or a redirect of an internet server named a host of the local network",
        )
        .next("--no-host-id stays at the URL's host"),
        Kind::ProxyAuthentication => Advice::new(Code::Authentication)
            .next("set --proxy-user and --proxy-password-file, or --proxy none to connect without a proxy"),
        Kind::ProxyScheme => Advice::new(Code::Authentication).next(PROXY_SCHEME),
        Kind::ProxyRefused => Advice::new(Code::Connection)
            .next("check --proxy and the proxy's rules for this host and port, or use --proxy none"),
        Kind::Tls(fault) => tls(fault),
        Kind::Cut if packet.is_opening() => because(
            Code::Connection,
            "the server or a proxy closed it; or the port is not HTTP, but SOCKS or TLS, for example",
        )
        .next("check the scheme and port of the URL"),
        Kind::Cut => Advice::new(unavailable).next(RUN_AGAIN),
        Kind::NoConnection => because(
            unavailable,
            "the server or a proxy closes the connection during authentication; NTLM and Negotiate authenticate a connection",
        )
        .next("let the server and its proxies keep connections open, or use --auth digest or basic where offered"),
        Kind::BadResponse => Advice::new(Code::Protocol).next("check the scheme and port of the URL"),
        Kind::TimedOut(_) if packet.is_opening() => {
            because(Code::Server, "the server accepted the connection and did not respond")
                .next("check the scheme and port of the URL, then run the same command again")
        }
        Kind::TimedOut(_) => Advice::new(Code::Server).next(RUN_AGAIN),
        Kind::Local => Advice::new(Code::Internal).next("check the limits of this machine: ulimit -n, free memory"),
        Kind::Interrupted => Advice::new(Code::Interrupted).next(RUN_AGAIN),
    }
}

fn tls(fault: TlsFault) -> Advice {
    let tls = Advice::new(ExitCode::Tls);
    let because = |cause| because(ExitCode::Tls, cause);
    match fault {
        TlsFault::UnknownAuthority => because("a private certificate authority, or an interception of the connection")
            .next("--cacert FILE with the authority's certificate, if you trust it"),
        TlsFault::SelfSigned => because("no certificate authority signed it")
            .next("--cacert FILE with this very certificate, if you trust it; or --insecure with --pin-sha256 HASH"),
        TlsFault::NoAuthorities => because("the trust store is missing or empty, or SSL_CERT_FILE or SSL_CERT_DIR leads nowhere")
            .next("install the package ca-certificates, or set --cacert FILE"),
        TlsFault::WrongName => because("the certificate was issued for other names, or another server responded")
            .next("use a name of the certificate in the URL; --resolve HOST:PORT:ADDR sets its address"),
        TlsFault::Expired => because("the certificate was not renewed in time, or this machine's clock is wrong")
            .next("check this machine's clock; if it is right, the server needs a new certificate"),
        TlsFault::NotYetValid => because("this machine's clock is wrong, or the certificate was installed too early")
            .next("check this machine's clock"),
        TlsFault::Pin => because("the server has a new key, or another server responded")
            .next("ask the server's administrator, then set --pin-sha256 to the new hash"),
        TlsFault::CertificateWanted => tls.next("--cert FILE and --key FILE with a client certificate that the server accepts"),
        TlsFault::CertificateRefused => because("the server does not trust the authority of the client certificate, or the certificate expired")
            .next("ask the server's administrator which authorities it accepts"),
        TlsFault::Renegotiation => because("IIS with TLS 1.2 asks for the certificate only after it has seen the URL").next(
            "on the server: netsh http update sslcert (or add sslcert) with clientcertnegotiation=enable; raising \
             uploadReadAheadSize does not help bitsup",
        ),
        TlsFault::Incompatible => because(
            "the server has only TLS 1.1 or older, only ciphers without forward secrecy, or a certificate with a key that \
             bitsup does not support, such as one on the curve P-521",
        )
        .next("enable TLS 1.2 or 1.3 with ECDHE ciphers on the server, and use an RSA, P-256 or P-384 key"),
        TlsFault::BadCertificate => tls.next("check the server's certificate: openssl s_client -connect HOST:PORT"),
        TlsFault::NotTls => tls.next("check the scheme and port of the URL"),
        TlsFault::Other => tls.next("run the same command with -vv"),
    }
}
