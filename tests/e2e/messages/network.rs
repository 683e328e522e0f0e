//! Messages about failures before a server answers: connections, proxies, TLS, files of secrets.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use super::{Book, answering};
use crate::support::script::{Reply, ScriptServer};

pub(super) fn only_for_its_owner(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("set");
}

/// Where nothing listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").to_string()
}

/// Answers each connection with these bytes, whatever it is told.
fn stranger(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
        }
    });
    address
}

pub(super) fn run(book: &mut Book) {
    connections(book);
    proxies(book);
    #[cfg(feature = "serve")]
    tls(book);
}

fn connections(book: &mut Book) {
    let upload = ["upload", "FILE", "URL", "--no-progress-timeout=0"];
    book.run("connection refused", &format!("http://{}/", closed()), &upload);
    book.run(
        "connection refused, one retry",
        &format!("http://{}/", closed()),
        &["upload", "FILE", "URL", "--retries=1", "--retry-delay=1ms"],
    );
    book.run("check: connection refused", &format!("http://{}/", closed()), &["check", "URL"]);
    let no_route = [
        "upload",
        "FILE",
        "http://no-route.example/",
        "--resolve=no-route.example:80:127.0.0.1",
        "-6",
        "--no-progress-timeout=0",
    ];
    book.run("no address of that family", "http://no-route.example:80/", &no_route);
    book.run("SSH", &format!("http://{}/", stranger(b"SSH-2.0-OpenSSH_9.2\r\n")), &upload);
    book.run("TLS on an http URL", &format!("http://{}/", stranger(b"\x15\x03\x01\x00\x02\x02\x46")), &upload);
    book.run("closes at once", &format!("http://{}/", stranger(b"")), &upload);
    book.run("half an answer", &format!("http://{}/", stranger(b"HTTP/1.1 200 O")), &upload);
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    book.run("silence", &url, &[&upload[..], &["--response-timeout=100ms"]].concat());
    book.run("--max-time", &url, &["upload", "FILE", "URL", "--max-time=100ms"]);
}

fn proxies(book: &mut Book) {
    let upload = ["upload", "FILE", "http://files.example.com/", "--no-progress-timeout=0", "--proxy=URL"];
    let secure = ["upload", "FILE", "https://files.example.com/", "--no-progress-timeout=0", "--proxy=URL"];
    book.run("proxy: connection refused", &format!("http://{}", closed()), &upload);
    book.run("SOCKS proxy: connection refused", &format!("socks5h://{}", closed()), &upload);
    book.run("SOCKS proxy: speaks HTTP", &format!("socks5h://{}", stranger(b"HTTP/1.1 400 Bad\r\n\r\n")), &upload);
    book.run("SOCKS proxy: wants a user", &format!("socks5h://{}", stranger(b"\x05\xff")), &upload);
    book.run("proxy: hangs up on CONNECT", &format!("http://{}", stranger(b"")), &secure);
    for (title, answer) in [
        ("proxy: 407 with Basic", "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic realm=x"),
        (
            "proxy: 407 with NTLM",
            "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Negotiate\nProxy-Authenticate: NTLM",
        ),
        ("proxy: 403", "HTTP/1.1 403 Forbidden"),
        ("proxy: 502", "HTTP/1.1 502 Bad Gateway"),
    ] {
        let server = answering("Any", answer);
        book.run(&format!("CONNECT through a {title}"), server.url("").trim_end_matches('/'), &secure);
    }
    let server = ScriptServer::start(|_| {
        Reply::head(
            "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Negotiate\nProxy-Authenticate: NTLM",
        )
    });
    book.run("http through a proxy: 407 with NTLM", server.url("").trim_end_matches('/'), &upload);
}

#[cfg(feature = "serve")]
fn tls(book: &mut Book) {
    use crate::support::bitsup::command;
    use crate::support::receiver::Receiver;
    let names =
        |names: &[&str]| rcgen::CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let key = rcgen::KeyPair::generate().expect("a key");
    let write = |book: &Book, params: rcgen::CertificateParams| {
        let certificate = params.self_signed(&key).expect("a certificate");
        book.write("cert.pem", certificate.pem());
        book.write("key.pem", key.serialize_pem());
        only_for_its_owner(&book.folder.path().join("key.pem"));
    };
    let start = |book: &Book| {
        let (cert, key) = (book.folder.path().join("cert.pem"), book.folder.path().join("key.pem"));
        let mut command = command(["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key);
        Receiver::of(&mut command)
    };
    let upload = ["upload", "FILE", "URL", "--no-progress-timeout=0"];
    let trusted = [&upload[..], &["--cacert=DIR/cert.pem"]].concat();
    write(book, names(&["127.0.0.1"]).expect("names"));
    let receiver = start(book);
    book.run("TLS: self-signed", &receiver.url, &upload);
    let pin = format!("--pin-sha256={}=", "A".repeat(43));
    book.run("TLS: another key", &receiver.url, &[&trusted[..], &[&*pin]].concat());
    let nowhere = [("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")];
    book.run_with("TLS: no authorities", &receiver.url, &upload, &nowhere);
    book.run("TLS: http to an https port", &receiver.url.replace("https:", "http:"), &upload);
    write(book, names(&["files.example.com", "*.example.net"]).expect("names"));
    book.run("TLS: another name", &start(book).url, &trusted);
    let mut by_text = names(&["h"]).expect("names");
    by_text.subject_alt_names = vec![rcgen::SanType::DnsName("127.0.0.1".try_into().expect("ASCII"))];
    write(book, by_text);
    book.run("TLS: an address as a DNS name", &start(book).url, &trusted);
    let mut old = names(&["127.0.0.1"]).expect("names");
    (old.not_before, old.not_after) = (rcgen::date_time_ymd(2019, 1, 1), rcgen::date_time_ymd(2020, 1, 1));
    write(book, old);
    book.run("TLS: expired", &start(book).url, &trusted);
    let plain = stranger(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    book.run("TLS: https to an http port", &format!("https://{plain}/"), &upload);
    let version = stranger(b"\x15\x03\x01\x00\x02\x02\x46");
    book.run("TLS: no common version", &format!("https://{version}/"), &upload);
    let cipher = stranger(b"\x15\x03\x03\x00\x02\x02\x28");
    book.run("TLS: no common cipher", &format!("https://{cipher}/"), &upload);
    book.run("TLS: cut off in the handshake", &format!("https://{}/", stranger(b"")), &upload);
}
