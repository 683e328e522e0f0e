//! Messages about mistakes in commands, in settings, and in files on this machine.

use super::Book;

/// No server is asked: the port is one of this machine that is never reached.
const URL: &str = "http://127.0.0.1:1/";

pub(super) fn run(book: &mut Book) {
    options(book);
    destinations(book);
    sources(book);
    credentials(book);
    settings(book);
    other_verbs(book);
    #[cfg(feature = "serve")]
    receiver(book);
}

fn options(book: &mut Book) {
    let made = rcgen::generate_simple_self_signed(vec!["h.example".to_owned()]).expect("a certificate");
    book.write("cert.pem", made.cert.pem());
    for args in [
        &["upload"][..],
        &["upload", "FILE"],
        &["uplod", "FILE", "URL"],
        &["upload", "FILE", "URL", "--no-such-option"],
        &["upload", "FILE", "URL", "--fragmentsize=1M"],
        &["upload", "FILE", "URL", "-k"],
        &["upload", "FILE", "URL", "-u", "ann:secret"],
        &["upload", "FILE", "URL", "--fragment-size=1X"],
        &["upload", "FILE", "URL", "--fragment-size=0"],
        &["upload", "FILE", "URL", "--fragment-size=-1"],
        &["upload", "FILE", "URL", "--retry-delay=1y"],
        &["upload", "FILE", "URL", "--limit-rate=fast"],
        &["upload", "FILE", "URL", "--jobs=0"],
        &["upload", "FILE", "URL", "--resume=maybe"],
        &["upload", "FILE", "URL", "--auth=kerberos"],
        &["upload", "FILE", "URL", "--protocol=x"],
        &["upload", "FILE", "URL", "--name="],
        &["upload", "FILE", "URL", "--name=a/b"],
        &["upload", "FILE", "URL", "--header=X"],
        &["upload", "FILE", "URL", "--header=Host: x"],
        &["upload", "FILE", "URL", "--pin-sha256=x"],
        &["upload", "FILE", "URL", "--pin-sha256"],
        &["upload", "FILE", "URL", "--proxy=ftp://x"],
        &["upload", "FILE", "URL", "--resolve=x"],
        &["upload", "FILE", "URL", "--cert=DIR/cert.pem"],
        &["upload", "FILE", "URL", "-4", "-6"],
        &["upload", "FILE", "URL", "--resume=always", "--no-state"],
        &["upload", "FILE", "URL", "--quiet=yes"],
    ] {
        let title = format!("typed: {}", args.join(" "));
        book.run(&title, URL, args);
    }
}

fn destinations(book: &mut Book) {
    for url in [
        "files.example.com/drop/",
        "ftp://files.example.com/",
        "http://",
        "http://ann:secret@files.example.com/",
        "http://files.example.com/#x",
        "http://files.example.com:99999/",
        "https://b\u{fc}cher.example/",
        "C:\\drop\\",
    ] {
        book.run(&format!("destination {url}"), URL, &["upload", "FILE", url]);
    }
    book.run("two files for one URL", URL, &["upload", "FILE", "FILE", "URL"]);
    book.run("several files for a whole URL", URL, &["upload", "FILE", "FILE", "URLx"]);
    book.run("--pin-sha256 over http", URL, &["upload", "FILE", "URL", &format!("--pin-sha256={}=", "A".repeat(43))]);
}

fn sources(book: &mut Book) {
    book.run("no such file", URL, &["upload", "DIR/nothing", "URL"]);
    book.run("a folder", URL, &["upload", "DIR", "URL"]);
    book.run("a device", URL, &["upload", "/dev/null", "URL"]);
    book.run("a name with a NUL in a list", URL, &["upload", "--files-from=DIR/none", "URL"]);
    book.run("standard input without a name", URL, &["upload", "-", "URL"]);
    book.run("standard input for another use", URL, &["upload", "-", "URLx", "--password-file=-", "--user=ann"]);
    book.write("list", "\n\n");
    book.run("an empty list", URL, &["upload", "--files-from=DIR/list", "URL"]);
    book.write("jobs.csv", "Source,Destination\n");
    book.run("a CSV without rows", URL, &["upload", "--files-from=DIR/jobs.csv", "URL"]);
    book.write("binary", "PK\u{3}\u{4}\0\0");
    book.run("a binary file as a list", URL, &["upload", "--files-from=DIR/binary", "URL"]);
    book.run("a list that needs no -0", URL, &["upload", "--files-from=DIR/jobs.csv", "-0", "URL"]);
    book.directory("nofile");
    book.run("a directory without files", URL, &["upload", "-r", "DIR/nofile", "URL"]);
    book.run("names that no server can have", URL, &["upload", "DIR/aux", "DIR/b:", "URL"]);
    book.run("--relative from the root", URL, &["upload", "--relative", "FILE", "URL"]);
    book.run("--name for several", URL, &["upload", "FILE", "DIR/there", "URL", "--name=x"]);
    book.run("nothing to resume", URL, &["upload", "FILE", "URL", "--resume=always"]);
    let nowhere = [("TMPDIR", "DIR/nowhere")];
    book.run_with("no place for standard input", URL, &["upload", "-", "URLx"], &nowhere);
}

fn credentials(book: &mut Book) {
    book.write("open", "secret\n");
    book.write("empty", "");
    for name in ["empty", "key.pem"] {
        book.write(name, if name == "empty" { "" } else { "no key\n" });
        super::network::only_for_its_owner(&book.folder.path().join(name));
    }
    open_to_all(&book.folder.path().join("open"));
    for args in [
        &["upload", "FILE", "URL", "--user=ann"][..],
        &["upload", "FILE", "URL", "--user=ann", "--password-file=DIR/none"],
        &["upload", "FILE", "URL", "--user=ann", "--password-file=DIR/open"],
        &["upload", "FILE", "URL", "--user=ann", "--password-file=DIR/empty"],
        &["upload", "FILE", "URL", "--user=ann", "--password-command=exit 3"],
        &["upload", "FILE", "URL", "--user=ann", "--password-command=true"],
        &["upload", "FILE", "URL", "--user=ann", "--max-time=100ms", "--password-command=sleep 60"],
        &["upload", "FILE", "URL", "--bearer-file=DIR/empty"],
        &["upload", "FILE", "URL", "--netrc-file=DIR/none"],
        &["upload", "FILE", "URL", "--password-file=DIR/token"],
        &["upload", "FILE", "URL", "--auth=basic", "--no-progress-timeout=0"],
        &["upload", "FILE", "URL", "--cacert=DIR/none"],
        &["upload", "FILE", "URL", "--cacert=DIR/empty"],
        &["upload", "FILE", "URL", "--cert=DIR/key.pem", "--key=DIR/key.pem"],
    ] {
        let title = format!("credentials: {}", args.join(" "));
        book.run(&title, "https://127.0.0.1:1/", args);
    }
    let invalid = [("BITSUP_TOKEN", "a\u{1}b")];
    book.run_with("a token with a control character", "https://127.0.0.1:1/", &["upload", "FILE", "URL"], &invalid);
}

fn open_to_all(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("set");
}

fn settings(book: &mut Book) {
    for (title, content) in [
        ("an unknown key", "fragment-sise = \"1M\"\n"),
        ("a wrong value", "fragment-size = \"1X\"\n"),
        ("a wrong type", "fragment-size = []\n"),
        ("no TOML", "fragment-size 1M\n"),
        ("a secret", "password = \"x\"\n"),
        ("--insecure", "insecure = true\n"),
        ("a host that is none", "[host.\"a b\"]\nverify = \"size\"\n"),
    ] {
        book.write("config.toml", content);
        let path = book.folder.path().join("config.toml");
        super::network::only_for_its_owner(&path);
        book.run(&format!("config.toml: {title}"), URL, &["upload", "FILE", "URL", "--config=DIR/config.toml"]);
    }
    book.run("config.toml: none", URL, &["upload", "FILE", "URL", "--config=DIR/none.toml"]);
    for (name, value) in [
        ("BITSUP_FRAGMENT_SIZE", "1X"),
        ("BITSUP_FRAGMENT_SISE", "1M"),
        ("BITSUP_JSON", "perhaps"),
        ("HTTPS_PROXY", "ftp://x"),
    ] {
        book.run_with(
            &format!("environment: {name}"),
            "https://127.0.0.1:1/",
            &["upload", "FILE", "URL"],
            &[(name, value)],
        );
    }
    book.write("state-file", "");
    book.run(
        "--state-dir is a file",
        URL,
        &["upload", "FILE", "URL", "--no-progress-timeout=0", "--state-dir=DIR/state-file"],
    );
}

fn other_verbs(book: &mut Book) {
    for args in [
        &["explain", "0x80041234"][..],
        &["explain", "hello"],
        &["explain", "19"],
        &["sessions", "show", "abc"],
        &["sessions", "cancel", "abc"],
        &["completions", "tcsh"],
        &["man", "FILE"],
        &["check", "files.example.com"],
        &["config", "files.example.com"],
    ] {
        book.run(&args.join(" "), URL, args);
    }
}

#[cfg(feature = "serve")]
fn receiver(book: &mut Book) {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    book.run(
        "serve: the port is taken",
        &format!("http://{address}"),
        &["serve", "DIR", &format!("--listen={address}")],
    );
    for args in [
        &["serve", "DIR/nothing"][..],
        &["serve", "FILE"],
        &["serve", "DIR", "--listen=files"],
        &["serve", "DIR", "--listen=0.0.0.0:0"],
        &["serve", "DIR", "--listen=192.0.2.1:80", "--allow-anonymous"],
        &["serve", "DIR", "--user=ann"],
        &["serve", "DIR", "--tls-cert=DIR/none", "--tls-key=DIR/none"],
        &["serve", "DIR", "--tls-cert=DIR/empty", "--tls-key=DIR/empty"],
        &["serve", "DIR", "--max-size=1X"],
        &["try", "DIR/nothing"],
        &["try", "DIR"],
    ] {
        book.run(&args.join(" "), URL, args);
    }
}
