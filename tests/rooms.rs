//! The rooms of the house: which part of the crate may know what. `ARCHITECTURE.md` shows the same table.
//!
//! Reads the paths in every file under `src/` and fails when one leads to where its room must not look. Only paths are
//! seen: what a method does is not. Test modules are exempt.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use source::{Known, Source};

#[path = "rooms/source.rs"]
mod source;

/// A part of the crate, and what it may know besides itself and [`HARMLESS`].
struct Room {
    /// A file, or a folder with its `/`, below `src/`. The longest that fits a file is its room.
    place: &'static str,
    /// Paths that it may use, with all below them but [`GATES`].
    may: &'static [&'static str],
}

/// Values and the language itself: no I/O, no clock.
const HARMLESS: &[&str] = &[
    "std::any",
    "std::borrow",
    "std::cmp",
    "std::collections",
    "std::convert",
    "std::error",
    "std::ffi",
    "std::fmt",
    "std::future",
    "std::iter",
    "std::marker",
    "std::mem",
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::num",
    "std::ops",
    "std::path",
    "std::pin",
    "std::str",
    "std::string",
    "std::sync",
    "std::task",
    "std::time",
    "std::vec",
];

/// Shut even to who may use what is above them: only a permission at or below the gate opens it.
const GATES: &[&str] =
    &["std::time::Instant::now", "std::time::SystemTime::now", "std::io::stdin", "std::io::stdout", "std::io::stderr"];

const ROOMS: &[Room] = &[
    Room { place: "main.rs", may: &["bitsup::cli", "std::env::args_os", "std::process::ExitCode"] },
    Room { place: "lib.rs", may: &[] },
    Room { place: "protocol/", may: &["http", "uuid"] },
    Room {
        place: "auth/",
        may: &["base64", "crate::protocol::ChannelBinding", "crate::protocol::text", "http", "md5", "sha2", "zeroize"],
    },
    // The system's library asks for tickets by itself.
    Room {
        place: "auth/kerberos.rs",
        may: &["base64", "crate::auth", "crate::protocol::ChannelBinding", "crate::protocol::text", "libgssapi"],
    },
    // The library draws its own random numbers and looks at the clock.
    Room {
        place: "auth/windows.rs",
        may: &["base64", "crate::auth", "crate::protocol::ChannelBinding", "crate::protocol::text", "sspi"],
    },
    Room { place: "event.rs", may: &["crate::protocol", "http"] },
    Room { place: "uploader/", may: &["crate::protocol", "crate::event", "http", "httpdate", "serde"] },
    Room {
        place: "entity.rs",
        may: &["crate::protocol::ContentRange", "crate::windows", "std::fs", "std::io", "std::os", "rustix::fs"],
    },
    Room { place: "entity/", may: &["serde", "std::fs", "std::io", "std::os", "winapi_util"] },
    Room { place: "windows.rs", may: &["std::fs", "std::io", "std::thread", "tempfile"] },
    Room { place: "digest.rs", may: &["crate::entity", "crate::protocol::ContentRange", "std::io", "twox_hash"] },
    Room {
        place: "transport/",
        may: &[
            // Not the packets: what one means is none of its business.
            "crate::protocol::BodySent",
            "crate::protocol::ChannelBinding",
            "crate::protocol::TlsFault",
            "crate::protocol::Timing",
            "crate::protocol::TransportError",
            "crate::protocol::TransportErrorKind",
            "crate::protocol::text",
            "http",
            "httpdate",
            "rustix",
            "rustls",
            "rustls_platform_verifier",
            "socket2",
            "std::io",
            "std::net",
            "std::os",
            "std::thread",
            "std::time::Instant::now",
            "ureq",
            "webpki",
        ],
    },
    Room {
        place: "transport/proxy/",
        may: &[
            "base64",
            "crate::protocol::TransportErrorKind",
            "crate::protocol::text",
            "crate::transport",
            "http",
            "percent_encoding",
            "rustix",
            "std::io",
            "zeroize",
        ],
    },
    Room { place: "transport/tls/pin.rs", may: &["base64", "rustls", "sha2"] },
    Room { place: "transport/tls/end_point.rs", may: &["crate::protocol::ChannelBinding", "pkcs8", "rustls", "sha2"] },
    Room { place: "transport/tls/identity.rs", may: &["pkcs8", "rustls"] },
    Room {
        place: "journal/",
        may: &[
            "crate::digest",
            "crate::entity",
            "crate::protocol",
            // What it stores, not the machine.
            "crate::uploader::HostLimit",
            "crate::uploader::ResumeState",
            "crate::windows",
            "http",
            "rustix",
            "serde",
            "serde_json",
            "sha2",
            "std::fs",
            "std::io",
            "std::os",
            "std::thread",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
        ],
    },
    Room {
        place: "driver/",
        may: &[
            "crate::auth",
            "crate::digest",
            "crate::entity",
            "crate::event",
            "crate::journal",
            "crate::protocol",
            "crate::transport",
            "crate::uploader",
            "http",
            "sha2",
            "std::io",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
        ],
    },
    Room { place: "driver/cookies.rs", may: &["http", "httpdate"] },
    Room {
        place: "driver/reply_file.rs",
        may: &["crate::digest", "crate::uploader::MAX_REPLY", "std::fs", "std::io", "tempfile"],
    },
    Room {
        place: "output/",
        may: &[
            "console",
            "crate::event",
            "crate::protocol",
            "http",
            "indicatif",
            "serde_json",
            "std::env::var_os",
            "std::io",
            "std::io::stderr",
            "std::io::stdout",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "unicode_width",
        ],
    },
    Room {
        place: "serve/",
        may: &[
            "crate::protocol",
            "crate::windows",
            "http",
            "percent_encoding",
            "rustix",
            "serde",
            "serde_json",
            "std::fs",
            "std::io",
            "std::net",
            "std::os",
            "std::time::SystemTime::now",
            "uuid",
        ],
    },
    Room { place: "serve/mod.rs", may: &["crate::protocol", "crate::serve", "rustls", "std::io", "std::net"] },
    Room { place: "serve/account.rs", may: &["base64", "http", "ring"] },
    Room { place: "serve/tls.rs", may: &["rustls"] },
    Room { place: "serve/download.rs", may: &["crate::serve", "http", "httpdate", "std::fs", "std::io"] },
    // The receiver's own state machine.
    Room { place: "serve/session.rs", may: &["crate::protocol", "crate::serve"] },
    Room { place: "serve/request.rs", may: &["crate::protocol", "crate::serve", "http"] },
    Room {
        place: "serve/front/application.rs",
        may: &[
            "crate::auth",
            "crate::serve",
            "rustix::process",
            "std::fs::File",
            "std::io",
            "std::process::Stdio",
            "tokio",
            "uuid",
        ],
    },
    Room { place: "serve/front/payload.rs", may: &["crate::serve", "hyper", "std::fs::File", "std::io", "tokio"] },
    Room {
        place: "serve/front/",
        may: &[
            "crate::protocol",
            "crate::serve",
            "http",
            "http_body_util",
            "hyper",
            "hyper_util",
            "rustls",
            "std::io",
            "std::net",
            "std::thread",
            "std::time::Instant::now",
            "std::time::SystemTime::now",
            "tokio",
            "tokio_rustls",
        ],
    },
    Room { place: "cli/mod.rs", may: &["anyhow", "clap", "crate::cli", "crate::output"] },
    Room { place: "cli/args/", may: &["clap", "clap_complete", "crate::cli"] },
    Room {
        place: "cli/config/",
        may: &[
            "crate::auth",
            "crate::cli",
            "crate::driver",
            "crate::output",
            "crate::protocol",
            "crate::transport::Pace",
            "crate::transport::Settings",
            "crate::uploader",
            "etcetera",
            "http",
            "std::env::var_os",
        ],
    },
    // A check asks with a name that no file has.
    Room {
        place: "cli/config/check.rs",
        may: &["crate::cli", "crate::driver", "crate::output", "crate::protocol", "uuid"],
    },
    Room {
        place: "cli/config/connect.rs",
        may: &[
            "crate::auth",
            "crate::cli",
            "crate::protocol::text",
            "crate::transport",
            "http",
            "rustls_pki_types",
            "std::env::var",
            "std::fs",
            "std::io",
            "zeroize",
        ],
    },
    Room {
        place: "cli/commands/check.rs",
        may: &[
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::output",
            "crate::protocol::HostId",
            "crate::transport",
            "serde_json",
            "std::io",
            "std::io::stdout",
        ],
    },
    Room { place: "cli/destination.rs", may: &["crate::protocol::text", "http", "percent_encoding"] },
    Room {
        place: "cli/secret/",
        may: &[
            "anyhow",
            "crate::driver::DriverError",
            "crate::protocol::text",
            "uuid",
            "crate::auth",
            "crate::cli",
            "rpassword",
            "rustix::process",
            "rustix::termios",
            "std::env::var_os",
            "std::fs",
            "std::io",
            "std::io::stderr",
            "std::io::stdin",
            "std::os",
            "std::process",
            "std::thread",
            "zeroize",
        ],
    },
    Room { place: "cli/serve_config.rs", may: &["crate::cli", "crate::serve"] },
    Room { place: "cli/duration.rs", may: &[] },
    Room { place: "cli/size.rs", may: &[] },
    Room { place: "cli/completion.rs", may: &["clap", "clap_complete", "crate::cli"] },
    Room { place: "cli/help.rs", may: &["clap", "crate::cli"] },
    Room { place: "cli/mistyped.rs", may: &["clap", "crate::cli"] },
    Room { place: "cli/settings/", may: &["clap", "crate::cli", "etcetera", "http", "strsim", "toml"] },
    Room { place: "cli/settings/environment.rs", may: &["clap", "crate::cli", "std::env::vars_os"] },
    Room {
        place: "cli/settings/file.rs",
        may: &["crate::cli", "etcetera", "rustix::process", "std::fs", "std::io", "std::os"],
    },
    Room { place: "cli/explain/", may: &["crate::cli", "crate::protocol", "crate::uploader", "http", "strsim"] },
    Room {
        place: "cli/exit_code.rs",
        may: &[
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::entity",
            "crate::journal",
            "crate::protocol",
            "crate::serve",
            "crate::uploader",
            "std::process::ExitCode",
        ],
    },
    Room {
        place: "cli/failure.rs",
        may: &[
            "crate::auth",
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::journal",
            "crate::output",
            "crate::protocol",
            "crate::serve",
            "crate::uploader",
        ],
    },
    Room {
        place: "cli/signals.rs",
        may: &[
            "anyhow",
            "crate::cli::secret",
            "crate::driver",
            "crate::transport::Interrupter",
            "crate::uploader::UploadError",
            "crate::uploader::Unverified",
            "ctrlc",
            "signal_hook",
            "std::process::exit",
            "std::thread",
        ],
    },
    Room { place: "cli/several.rs", may: &["crate::cli::exit_code"] },
    Room { place: "cli/again.rs", may: &["crate::output", "http"] },
    Room {
        place: "cli/facts.rs",
        may: &["anyhow", "crate::cli", "crate::driver", "crate::output", "crate::protocol", "crate::uploader"],
    },
    Room { place: "cli/file_list.rs", may: &["csv", "std::os"] },
    Room {
        place: "cli/commands/upload/",
        may: &[
            "crate::auth",
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::entity",
            "crate::event",
            "crate::journal",
            "crate::output",
            "crate::transport",
            "crate::uploader::Plan",
            "glob",
            "http",
            "rustix::fs",
            "std::fs",
            "std::hash",
            "std::io",
            "std::io::stdin",
            "std::io::stdout",
            "std::os",
            "std::thread",
            "std::time::SystemTime::now",
            "tempfile",
        ],
    },
    Room {
        place: "cli/commands/",
        may: &[
            "crate::auth",
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::entity",
            "crate::event",
            "crate::output",
            "crate::serve",
            "crate::transport",
            "ctrlc",
            "std::fs",
            "std::io",
            "std::io::stderr",
            "std::io::stdout",
            "std::thread",
            "tempfile",
        ],
    },
    Room {
        place: "cli/commands/sessions/",
        may: &[
            "crate::auth",
            "anyhow",
            "crate::cli",
            "crate::driver",
            "crate::journal",
            "crate::output",
            "crate::protocol",
            "crate::transport",
            "crate::uploader",
            "serde",
            "serde_json",
            "std::io",
            "std::io::stdout",
            "std::time::SystemTime::now",
            "unicode_width",
        ],
    },
    Room {
        place: "cli/commands/config.rs",
        may: &[
            "anyhow",
            "clap",
            "crate::cli",
            "crate::output",
            "crate::protocol::text",
            "crate::transport::Proxy",
            "http",
            "serde",
            "serde_json",
            "std::io",
            "std::io::stdout",
        ],
    },
    Room {
        place: "cli/commands/man.rs",
        may: &["anyhow", "clap", "clap_mangen", "crate::cli", "std::fs", "std::io", "std::io::stdout"],
    },
    Room {
        place: "cli/commands/completions.rs",
        may: &["anyhow", "clap_complete", "crate::cli", "std::io", "std::io::stdout"],
    },
];

/// Macros that print; only these places use them.
const PRINTING: &[&str] = &["dbg", "eprint", "eprintln", "print", "println"];
const MAY_PRINT: &[&str] = &["output/", "cli/commands/"];

/// `main.rs` has no room for logic.
const MAX_LINES_OF_MAIN: usize = 40;

/// What a file does that its room must not.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    NoRoom,
    Knows { path: String, line: usize },
    Prints { name: String, line: usize },
    HasCode { line: usize },
    TooLong { lines: usize },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom => f.write_str("belongs to no room: give it a row in tests/rooms.rs and ARCHITECTURE.md"),
            Self::Knows { path, line } => write!(f, "line {line}: its room must not know {path}"),
            Self::Prints { name, line } => {
                write!(f, "line {line}: {name}! prints; only {} do", MAY_PRINT.join(" and "))
            }
            Self::HasCode { line } => write!(f, "line {line}: only modules and documentation belong here"),
            Self::TooLong { lines } => write!(f, "{lines} lines, more than {MAX_LINES_OF_MAIN}"),
        }
    }
}

/// What is wrong with a file at `place` below `src/`.
fn faults(place: &str, text: &str) -> Vec<Fault> {
    if is_test_file(place) {
        return Vec::new();
    }
    let Some(room) = room_of(place) else { return vec![Fault::NoRoom] };
    let source = Source::read(place, text);
    let mut faults = Vec::new();
    for Known { path, line } in source.known() {
        if !may_know(room, &path) {
            faults.push(Fault::Knows { path, line });
        }
    }
    for (name, line) in source.macros() {
        if PRINTING.contains(&name.as_str()) && !MAY_PRINT.iter().any(|may| place.starts_with(may)) {
            faults.push(Fault::Prints { name, line });
        }
    }
    if place == "lib.rs" {
        faults.extend(source.first_code().map(|line| Fault::HasCode { line }));
    }
    let lines = text.lines().count();
    if place == "main.rs" && lines > MAX_LINES_OF_MAIN {
        faults.push(Fault::TooLong { lines });
    }
    faults
}

fn is_test_file(place: &str) -> bool {
    place.split('/').any(|part| ["tests", "tests.rs", "testing", "testing.rs"].contains(&part))
}

fn room_of(place: &str) -> Option<&'static Room> {
    let fits = |room: &&Room| place == room.place || room.place.ends_with('/') && place.starts_with(room.place);
    ROOMS.iter().filter(fits).max_by_key(|room| room.place.len())
}

fn may_know(room: &Room, path: &str) -> bool {
    if is_below(path, &source::module_of(room.place)) && room.place != "lib.rs" && room.place != "main.rs" {
        return true;
    }
    let mut allowed = room.may.iter().chain(HARMLESS);
    match GATES.iter().find(|gate| is_below(path, gate)) {
        Some(gate) => allowed.any(|may| is_below(path, may) && is_below(may, gate)),
        None => allowed.any(|may| is_below(path, may)),
    }
}

/// Whether `path` is `root` or something in it.
fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Every Rust file below `src/`: its place and its text.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let place = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
                files.insert(place, fs::read_to_string(&path).expect("a source is text"));
            }
        }
    }
    files
}

#[test]
fn every_room_knows_only_what_it_may() {
    let mut report = Vec::new();
    for (place, text) in files() {
        report.extend(faults(&place, &text).iter().map(|fault| format!("src/{place}: {fault}")));
    }
    assert!(report.is_empty(), "\n{}", report.join("\n"));
}

#[test]
fn every_row_of_the_table_is_a_room_that_exists() {
    let files = files();
    for room in ROOMS {
        let exists = files.keys().any(|place| room_of(place).is_some_and(|found| found.place == room.place));
        assert!(exists, "src/{} is no longer there: remove its row", room.place);
    }
}

#[test]
fn the_architecture_shows_the_same_rooms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let text = fs::read_to_string(path).expect("ARCHITECTURE.md");
    for room in ROOMS {
        assert!(text.contains(&format!("`{}`", room.place)), "ARCHITECTURE.md has no row for `{}`", room.place);
    }
}

mod checker {
    //! The checker must be known to fail when it should.

    use super::{Fault, faults};

    /// The paths that a file at `place` must not know.
    #[track_caller]
    fn refused(place: &str, text: &str) -> Vec<String> {
        let path = |fault| match fault {
            Fault::Knows { path, .. } => path,
            other => panic!("{other}"),
        };
        faults(place, text).into_iter().map(path).collect()
    }

    #[test]
    fn the_protocol_does_no_io_and_knows_no_other_room() {
        for (text, path) in [
            ("use std::fs;", "std::fs"),
            ("use std::fs::File;", "std::fs::File"),
            ("use std::{fmt, io::Read};", "std::io::Read"),
            ("use std::net::TcpStream;", "std::net::TcpStream"),
            ("use ureq::Agent;", "ureq::Agent"),
            ("use crate::uploader::Plan;", "crate::uploader::Plan"),
            ("use crate::{driver, protocol::Packet};", "crate::driver"),
            ("fn f() { let t = rand::random(); }", "rand::random"),
            ("fn f() -> std::io::Result<()> { todo() }", "std::io::Result"),
            ("fn f(x: &crate::event::UploadEvent) {}", "crate::event::UploadEvent"),
            ("pub use super::super::transport::Http;", "crate::transport::Http"),
        ] {
            assert_eq!(refused("protocol/packet.rs", text), [path], "{text}");
        }
        let fine = "use http::Request;\nuse uuid::Uuid;\nuse super::{header, id::HostId};\nuse std::time::Duration;\n\
                    fn f(a: std::net::Ipv6Addr) -> u64 { u64::from(Self::X) + header::Y }";
        assert_eq!(refused("protocol/packet.rs", fine), [""; 0]);
    }

    #[test]
    fn the_machine_gets_the_time_but_does_not_take_it() {
        let now = ["std::time::Instant::now"];
        assert_eq!(refused("uploader/mod.rs", "use std::time::Instant; fn f(now: Instant) {}"), [""; 0]);
        assert_eq!(refused("uploader/mod.rs", "use std::time::Instant; fn f() { Instant::now(); }"), now);
        assert_eq!(refused("uploader/mod.rs", "use std::time::Instant as I; fn f() { I::now(); }"), now);
        assert_eq!(refused("uploader/mod.rs", "use std::time; fn f() { time::Instant::now(); }"), now);
        assert_eq!(refused("uploader/mod.rs", "fn f(t: T) { t.elapsed(); }"), now);
        assert_eq!(refused("driver/mod.rs", "fn f() { std::time::Instant::now(); }"), [""; 0]);
        let today = ["std::time::SystemTime::now"];
        assert_eq!(refused("uploader/mod.rs", "fn f() { std::time::SystemTime::now(); }"), today);
        assert_eq!(refused("transport/mod.rs", "fn f() { std::time::SystemTime::now(); }"), today);
        assert_eq!(refused("driver/mod.rs", "fn f() { std::time::SystemTime::now(); }"), [""; 0]);
    }

    #[test]
    fn neighbours_stay_strangers() {
        for (place, path) in [
            ("uploader/mod.rs", "crate::journal::Entry"),
            ("uploader/mod.rs", "serde_json::to_vec"),
            ("journal/store.rs", "crate::uploader::Uploader"),
            ("entity.rs", "std::net::TcpStream"),
            ("entity.rs", "crate::transport::Http"),
            ("transport/http1.rs", "crate::uploader::Uploader"),
            ("transport/http1.rs", "crate::protocol::Packet"),
            ("driver/mod.rs", "clap::Parser"),
            ("driver/mod.rs", "std::io::stderr"),
            ("driver/mod.rs", "crate::output::Reporter"),
            ("event.rs", "crate::uploader::Plan"),
            ("output/bar.rs", "crate::transport::Http"),
            ("serve/mod.rs", "crate::uploader::Plan"),
            ("serve/store.rs", "tokio::fs::File"),
            ("uploader/mod.rs", "tokio::time::sleep"),
            ("uploader/mod.rs", "anyhow::Error"),
            ("driver/mod.rs", "anyhow::Error"),
            ("cli/args/mod.rs", "std::env::var"),
            ("cli/args/mod.rs", "std::fs::read"),
            ("cli/args/mod.rs", "crate::protocol::ProtocolId"),
            ("cli/config/mod.rs", "std::net::TcpStream"),
            ("cli/commands/upload.rs", "clap::Parser"),
            ("main.rs", "bitsup::driver::upload"),
        ] {
            assert_eq!(refused(place, &format!("use {path};")), [path], "{place}");
        }
    }

    #[test]
    fn only_output_and_the_commands_print() {
        let text = "fn f() {\n    eprintln!(\"x\");\n}";
        assert_eq!(faults("driver/mod.rs", text), [Fault::Prints { name: "eprintln".to_owned(), line: 2 }]);
        assert_eq!(faults("output/mod.rs", text), []);
        assert_eq!(refused("serve/mod.rs", "use std::io; fn f() { io::stderr().lock(); }"), ["std::io::stderr"]);
        assert_eq!(refused("cli/commands/serve.rs", "fn f() { std::io::stdout(); }"), [""; 0]);
    }

    #[test]
    fn tests_comments_and_texts_are_exempt() {
        for text in [
            "#[cfg(test)]\nmod tests { use std::fs; fn f() { if x { println!(\"\"); } } }",
            "#[cfg(test)]\nuse std::fs;",
            "#[cfg(test)]\n#[allow(x)]\nmod tests;",
            "#[cfg(all(test, unix))]\nfn f() { std::fs::read(x); }",
            "// use std::fs;\n/* std::fs /* std::io */ std::net */\n/// [`crate::driver::upload`]",
            "const A: &str = \"std::fs::read\"; const B: &str = r#\"\"std::fs\"#; const C: char = '\"';",
            "fn f<'a>(x: &'a str) { g('\\'', b'x', \"\\\"std::fs\"); }",
        ] {
            assert_eq!(faults("protocol/id.rs", text), [], "{text}");
        }
        assert_eq!(faults("uploader/tests.rs", "use std::fs;"), []);
        let after = "#[cfg(test)]\nmod tests { }\nuse std::fs;";
        assert_eq!(faults("protocol/id.rs", after), [Fault::Knows { path: "std::fs".to_owned(), line: 3 }]);
        assert_eq!(refused("protocol/id.rs", "#[cfg(not(test))]\nuse std::fs;"), ["std::fs"]);
    }

    #[test]
    fn the_doors_stay_small() {
        assert_eq!(faults("main.rs", &"\n".repeat(41)), [Fault::TooLong { lines: 41 }]);
        assert_eq!(faults("lib.rs", "//! Text\n#[cfg(unix)]\npub mod a;\nmod b;\npub(crate) mod c;"), []);
        assert_eq!(faults("lib.rs", "mod a;\npub fn f() {}"), [Fault::HasCode { line: 2 }]);
        assert_eq!(faults("lib.rs", "mod a { }"), [Fault::HasCode { line: 1 }]);
        assert_eq!(faults("attic.rs", ""), [Fault::NoRoom]);
    }
}
