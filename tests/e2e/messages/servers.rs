//! Messages about the responses of servers.

use super::{Book, reads_back, reply};
use crate::support::script::{ACK, Model, Reply, ScriptServer};

macro_rules! bits {
    ($status:literal, $code:literal) => {
        bits!($status, $code, "0x5")
    };
    ($status:literal, $code:literal, $context:literal) => {
        concat!(
            "HTTP/1.1 ",
            $status,
            "\nBITS-Packet-Type: Ack\nBITS-Error-Code: ",
            $code,
            "\nBITS-Error-Context: ",
            $context
        )
    };
}

macro_rules! page {
    ($status:literal, $title:literal) => {
        concat!(
            "HTTP/1.1 ",
            $status,
            "\nServer: Microsoft-IIS/10.0\nContent-Type: text/html\n\n<html><head><TITLE>",
            $title,
            "</TITLE></head><body>no</body></html>"
        )
    };
}

pub(super) fn before_a_session(book: &mut Book) {
    for (title, answer) in [
        ("200 from a web server", "HTTP/1.1 200 OK\nServer: nginx/1.25\nContent-Type: text/html\n\nhello"),
        ("200 of a login page", page!("200 OK", "Hotel Wi-Fi &ndash; Sign in")),
        ("302", "HTTP/1.1 302 Found\nLocation: /login"),
        ("302 to another host", "HTTP/1.1 302 Found\nLocation: https://portal.example/"),
        ("400", "HTTP/1.1 400 Bad Request\nServer: nginx/1.25"),
        ("400 of an https port", page!("400 Bad Request", "400 The plain HTTP request was sent to HTTPS port")),
        ("400 for want of a certificate", page!("400 Bad Request", "400 No required SSL certificate was sent")),
        ("400 of a certificate that is not accepted", page!("400 Bad Request", "400 The SSL certificate error")),
        ("403", "HTTP/1.1 403 Forbidden"),
        ("404", "HTTP/1.1 404 Not Found\nServer: nginx/1.25"),
        ("405", "HTTP/1.1 405 Method Not Allowed\nServer: nginx/1.25\nAllow: GET, HEAD"),
        ("407", "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic realm=x"),
        ("408", "HTTP/1.1 408 Request Timeout"),
        ("409", "HTTP/1.1 409 Conflict"),
        ("410", "HTTP/1.1 410 Gone"),
        ("411", "HTTP/1.1 411 Length Required"),
        ("418", "HTTP/1.1 418 I'm a teapot"),
        ("429", "HTTP/1.1 429 Too Many Requests"),
        ("500", "HTTP/1.1 500 Internal Server Error"),
        ("501", "HTTP/1.1 501 Not Implemented\nServer: nginx/1.25"),
        ("502", "HTTP/1.1 502 Bad Gateway\nServer: nginx/1.25"),
        ("503", "HTTP/1.1 503 Service Unavailable"),
        ("HTTP/1.0", "HTTP/1.0 200 OK\nBITS-Packet-Type: Ack"),
        ("two lengths", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nContent-Length: 0\nTransfer-Encoding: chunked"),
        ("no answer", "HANG UP"),
    ] {
        book.upload("Any", title, answer);
    }
}

pub(super) fn create_session(book: &mut Book) {
    for (title, answer) in [
        ("access denied", bits!("403 Forbidden", "0x80070005")),
        ("access denied with 501", bits!("501 Not Implemented", "0x80070005")),
        ("no protocol in common", bits!("400 Bad Request", "0x80200022")),
        ("scripts may run", bits!("403 Forbidden", "0x80200023")),
        ("file too large", bits!("500 Internal Server Error", "0x80200020")),
        ("invalid", bits!("400 Bad Request", "0x80070057")),
        ("name too long", bits!("400 Bad Request", "0x80200021")),
        ("disk full", bits!("500 Internal Server Error", "0x80070070")),
        ("an error without a name", bits!("500 Internal Server Error", "0x80004005")),
        ("400 page", page!("400 Bad Request", "Bad Request")),
        ("404 page", page!("404 Not Found", "404 - File or directory not found.")),
        ("409", "HTTP/1.1 409 Conflict"),
        ("413", "HTTP/1.1 413 Content Too Large"),
        ("414", "HTTP/1.1 414 URI Too Long"),
        ("no session", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack"),
        ("a session that is no name", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: "),
        (
            "another protocol",
            "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: {A-1}\nBITS-Protocol: {00000000-249b-430f-820d-3d2a9bef4931}",
        ),
        ("a host that is none", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: {A-1}\nBITS-Host-Id: a b"),
        ("no answer", "HANG UP"),
        ("200 of a web server", "HTTP/1.1 200 OK\nServer: nginx/1.25"),
        ("503", "HTTP/1.1 503 Service Unavailable\nRetry-After: 5"),
    ] {
        book.upload("Create-Session", title, answer);
    }
    let elsewhere = "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: {A-1}\nBITS-Host-Id: 127.0.0.9:1";
    book.upload("Create-Session", "a host where nothing listens", elsewhere);
}

/// IIS tells its sub-status in the page's title, where detailed errors are on.
pub(super) fn sub_statuses(book: &mut Book) {
    for (title, answer) in [
        ("401.3", page!("401 Unauthorized", "IIS 10.0 Detailed Error - 401.3 - Unauthorized")),
        ("403.4", page!("403 Forbidden", "IIS 10.0 Detailed Error - 403.4 - Forbidden")),
        ("404.2", page!("404 Not Found", "IIS 7.5 Detailed Error - 404.2 - Not Found")),
        ("404.6", page!("404 Not Found", "IIS 10.0 Detailed Error - 404.6 - Not Found")),
        ("404.11", page!("404 Not Found", "IIS 10.0 Detailed Error - 404.11 - Not Found")),
        ("413.1", page!("413 Request Entity Too Large", "IIS 10.0 Detailed Error - 413.1 - Request Entity Too Large")),
        ("500.19", page!("500 Internal Server Error", "IIS 10.0 Detailed Error - 500.19 - Internal Server Error")),
        ("a sub-status of another status", page!("404 Not Found", "IIS 10.0 Detailed Error - 401.3 - Unauthorized")),
    ] {
        book.upload("Any", title, answer);
    }
}

pub(super) fn within_a_session(book: &mut Book) {
    for (title, answer) in [
        ("403 page", page!("403 Forbidden", "Blocked by policy")),
        ("404 page", page!("404 Not Found", "404 - File or directory not found.")),
        ("413", "HTTP/1.1 413 Content Too Large"),
        ("access denied", bits!("403 Forbidden", "0x80070005")),
        ("invalid", bits!("400 Bad Request", "0x80070057")),
        ("disk full", bits!("500 Internal Server Error", "0x80070070")),
        ("file too large", bits!("500 Internal Server Error", "0x80200020")),
        ("session not found", bits!("500 Internal Server Error", "0x8020001F")),
        ("the application refuses", bits!("403 Forbidden", "0x80190193", "0x7")),
        ("the application is busy", bits!("503 Service Unavailable", "0x801901F7", "0x7")),
        ("503", "HTTP/1.1 503 Service Unavailable"),
        ("more than was sent", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: 5000"),
        ("an offset that is none", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: all"),
        ("another session", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Session-Id: {B-2}"),
        ("nothing new", "HTTP/1.1 200 OK\nBITS-Packet-Type: Ack\nBITS-Received-Content-Range: 0"),
        ("401", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=x"),
        ("302", "HTTP/1.1 302 Found\nLocation: https://portal.example/"),
        ("no answer", "HANG UP"),
    ] {
        book.upload("Fragment", title, answer);
    }
}

pub(super) fn at_the_end(book: &mut Book) {
    for (title, answer) in [
        ("403 page", page!("403 Forbidden", "Blocked by policy")),
        ("access denied", bits!("403 Forbidden", "0x80070005")),
        ("session not found", bits!("500 Internal Server Error", "0x8020001F")),
        ("500", "HTTP/1.1 500 Internal Server Error"),
        ("503", "HTTP/1.1 503 Service Unavailable"),
        ("the application refuses", bits!("403 Forbidden", "0x80190193", "0x7")),
        ("no answer", "HANG UP"),
    ] {
        book.upload("Close-Session", title, answer);
    }
}

pub(super) fn sign_in(book: &mut Book) {
    book.write("password", "secret\n");
    super::network::only_for_its_owner(&book.folder.path().join("password"));
    let user = ["--user=ann", "--password-file=DIR/password"];
    for (title, answer) in [
        ("401 with Basic", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=x"),
        (
            "401 with Negotiate and NTLM",
            "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Negotiate\nWWW-Authenticate: NTLM",
        ),
        ("401 with Bearer", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer"),
        ("401 with nothing", "HTTP/1.1 401 Unauthorized"),
    ] {
        book.upload("Any", title, answer);
        book.upload_with("Any", &format!("{title}, with a user"), answer, &user);
    }
    let basic = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Basic realm=x";
    let cleartext = [&user[..], &["--allow-cleartext-auth"]].concat();
    book.upload_with("Any", "401 with Basic, wrong password", basic, &cleartext);
    let digest = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=x, nonce=n, qop=auth, algorithm=SHA-256";
    book.upload_with("Any", "401 with Digest, wrong password", digest, &user);
    let unreadable = "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Digest realm=x, nonce=n, algorithm=ROT13";
    book.upload_with("Any", "401 with a Digest that nobody knows", unreadable, &user);
    book.upload_with("Any", "401 with Basic, but --auth digest", basic, &[&user[..], &["--auth=digest"]].concat());
    book.write("token", "abc\n");
    super::network::only_for_its_owner(&book.folder.path().join("token"));
    let token = ["--bearer-file=DIR/token", "--allow-cleartext-auth"];
    book.upload_with("Any", "401 of a token", "HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer", &token);
}

pub(super) fn verification_and_reply(book: &mut Book) {
    for (title, option, answer) in [
        ("--verify: 404", "--verify=size", "HTTP/1.1 404 Not Found"),
        ("--verify: 403", "--verify=sha256", "HTTP/1.1 403 Forbidden"),
        ("--verify: another size", "--verify=size", "HTTP/1.1 200 OK\nContent-Length: 7"),
        ("--verify: other bytes", "--verify=sha256", "HTTP/1.1 200 OK\n\nhello"),
        ("--verify: compressed", "--verify=size", "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 7"),
        ("--verify: no answer", "--verify=size", "HANG UP"),
    ] {
        let model = Model::default();
        let server = ScriptServer::start(move |request| match reply(answer) {
            reply if reads_back(request) => reply,
            _ => model.answer(request),
        });
        book.run(title, &server.url("/drop/"), &["upload", "FILE", "URL", "--no-progress-timeout=0", option]);
    }
    for (title, offered, answer) in [
        ("--reply: none offered", "", ""),
        ("--reply: 404", "/reply", "HTTP/1.1 404 Not Found"),
        ("--reply: 500", "/reply", "HTTP/1.1 500 Internal Server Error"),
        ("--reply: of another host", "https://other.example/reply", ""),
    ] {
        let model = Model::default();
        let server = ScriptServer::start(move |request| match request.packet() {
            "Fragment" if !offered.is_empty() => {
                Reply::head(&format!("{ACK}\nBITS-Received-Content-Range: 1000\nBITS-Reply-URL: {offered}"))
            }
            "" => reply(answer),
            _ => model.answer(request),
        });
        let args = ["upload", "FILE", "URL", "--no-progress-timeout=0", "--reply=DIR/answer"];
        book.run(title, &server.url("/drop/"), &args);
    }
    book.write("there", "x");
    book.run("--reply: exists", "http://127.0.0.1:1/", &["upload", "FILE", "URL", "--reply=DIR/there"]);
}
