//! What it means that no response came.

use crate::exchange::{TlsFault, TransportErrorKind};
use crate::protocol::PacketKind;

use super::{Advice, ExitCode, RUN_AGAIN, because};

const CHECK_SCHEME: &str = "check the URL's scheme and port";

/// A connection that breaks before there is a session never worked.
pub(super) fn lost(packet: PacketKind, kind: TransportErrorKind) -> Advice {
    use ExitCode as Code;
    use TransportErrorKind as Kind;
    let unavailable = if packet.is_opening() { Code::Connection } else { Code::Server };
    match kind {
        Kind::UnknownHost => because(Code::Connection, "a typing error in the host's name").next("check the URL"),
        Kind::LookupFailed => because(Code::Connection, "the name server does not answer").next(RUN_AGAIN),
        Kind::Connect => because(Code::Connection, "nothing listens there, or a firewall is between")
            .next("check host and port"),
        Kind::NotAllowed => because(
            Code::Protocol,
            "the server is set up for another network, or not to be trusted",
        )
        .next("add --no-host-id to stay at the URL's host"),
        Kind::ProxyAuthentication => because(
            Code::Authentication,
            "the user or password for the proxy is missing or wrong, or the proxy takes more than Basic only",
        )
        .next("add --proxy-user and --proxy-password-file, or --proxy none to go without a proxy"),
        Kind::ProxyRefused => {
            because(Code::Connection, "the proxy's rules do not allow this host or port")
                .next("ask the proxy's administrator, or add --proxy none to go without a proxy")
        }
        Kind::Tls(fault) => tls(fault),
        Kind::Cut | Kind::TimedOut(_) if packet.is_opening() => because(
            if kind == Kind::Cut { Code::Connection } else { Code::Server },
            "the server, or something before it, closed the connection; or what listens there does not speak HTTP, such as a SOCKS proxy or a TLS port",
        )
        .next(CHECK_SCHEME),
        Kind::Cut | Kind::NoConnection => {
            because(unavailable, "the server or something before it closed the connection").next(RUN_AGAIN)
        }
        Kind::BadResponse => because(
            Code::Protocol,
            "what listens there does not speak HTTP/1.1, or not without TLS",
        )
        .next(CHECK_SCHEME),
        Kind::TimedOut(_) => {
            because(Code::Server, "the network or the server is slow or down").next(RUN_AGAIN)
        }
        Kind::Local => because(Code::Internal, "too many open files, or no memory").next(RUN_AGAIN),
        Kind::Interrupted => Advice::new(Code::Interrupted).next(RUN_AGAIN),
    }
}

fn tls(fault: TlsFault) -> Advice {
    let because = |cause| because(ExitCode::Tls, cause);
    match fault {
        TlsFault::UnknownAuthority => because("a certificate authority of its own, or somebody in between")
            .next("add --cacert with the authority's certificate, if you trust it"),
        TlsFault::WrongName => {
            because("the URL has another name for the server than its certificate, or somebody is in between")
                .next("use a name that the certificate has; --resolve connects it to any address")
        }
        TlsFault::Expired | TlsFault::NotYetValid => {
            because("the server's certificate was not renewed in time, or this machine's clock is wrong")
                .next("check this machine's date; if it is right, tell the server's administrator")
        }
        TlsFault::Pin => because("the server has a new key, or somebody is in between")
            .next("ask the server's administrator, and give the new hash to --pin-sha256"),
        TlsFault::CertificateWanted => because("the server lets in only clients with a certificate")
            .next("add --cert and --key with a certificate that the server knows"),
        TlsFault::CertificateRefused => {
            because("the server does not know the certificate's authority, or its time is over")
                .next("ask the server's administrator which authority's certificates are taken")
        }
        TlsFault::Renegotiation => because("IIS with TLS 1.2 asks for the certificate only after it has seen the URL")
            .next(
                "ask the server's administrator to ask at the handshake: netsh http add sslcert (or update sslcert) \
                 with clientcertnegotiation=enable; raising uploadReadAheadSize does not help bitsup",
            ),
        TlsFault::Incompatible => {
            because("the server speaks only TLS 1.1 or older, or ciphers that are not safe any more")
                .next("ask the server's administrator for TLS 1.2 or 1.3")
        }
        TlsFault::BadCertificate => Advice::new(ExitCode::Tls).next("look at the server's certificate"),
        TlsFault::NotTls => because("the port is one for http").next(CHECK_SCHEME),
        TlsFault::Other => {
            Advice::new(ExitCode::Tls).next("run it again with -vv, and look at the server's certificate and log")
        }
    }
}
