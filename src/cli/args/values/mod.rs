//! From the text of a value to the value that is meant. Every option has its parser here or in the type itself, whether
//! it is typed, in the environment or in a file.

mod names;
mod quantity;

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue};
use http::uri::Authority;
use http::{HeaderName, HeaderValue};

use crate::transport::{Proxies, Proxy};

pub(in crate::cli) use names::ci_named;
pub(super) use names::{AUTH, PROGRESS, RESUME, VERIFY, ci, one_of};
#[cfg(feature = "serve")]
pub(super) use quantity::{bytes, seconds};
pub(super) use quantity::{fragment_size, retries, size, time};

/// IIS reads no longer field.
const MAX_HEADER: usize = 4096;

/// Header fields that bitsup sets itself, that belong to a connection, or that would change the kind of response.
const OUR_HEADERS: [&str; 10] = [
    "accept-encoding",
    "connection",
    "expect",
    "host",
    "keep-alive",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Why an option does not take a value; reads well after the option and a colon. It repeats no secret.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct InvalidValue(String);

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InvalidValue {}

impl InvalidValue {
    /// The option that refused its value, and why, if that is the error. clap's own text has the value in it.
    pub(in crate::cli) fn of(error: &clap::Error) -> Option<String> {
        let reason = error.source()?.downcast_ref::<Self>()?;
        let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
        // It comes with the name of its value.
        let option = option.split(' ').next().unwrap_or_default();
        Some(format!("{option}: {reason}"))
    }
}

/// A value that holds no secret and is read by its own type.
pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, InvalidValue> {
    text.parse().map_err(|reason| InvalidValue(format!("{text:?}: {reason}")))
}

/// A user's name.
pub(super) fn user(text: &str) -> Result<String, InvalidValue> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(InvalidValue("a name without control characters is needed".to_owned()));
    }
    Ok(text.to_owned())
}

/// A host without a port: it is trusted on any.
pub(super) fn host(text: &str) -> Result<String, InvalidValue> {
    let parsed = text.parse::<Authority>().ok().filter(|parsed| parsed.host() == text && !text.is_empty());
    parsed
        .map(|_| text.to_ascii_lowercase())
        .ok_or_else(|| InvalidValue(format!("{text:?} is no host: write its name or address, without a port")))
}

/// The name of a file without its folder.
pub(super) fn base_name(text: &str) -> Result<String, InvalidValue> {
    let is_base_name = !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\']);
    if !is_base_name || text.chars().any(char::is_control) {
        return Err(InvalidValue("a file's name without folders and control characters is needed".to_owned()));
    }
    Ok(text.to_owned())
}

/// Where to listen.
#[cfg(feature = "serve")]
pub(super) fn listen(text: &str) -> Result<crate::server::Listen, InvalidValue> {
    use crate::server::Listen;
    use std::net::ToSocketAddrs;
    let only_unix = || InvalidValue(format!("{text:?}: Windows has no such sockets"));
    match text.strip_prefix("unix:") {
        Some(_) if cfg!(windows) => return Err(only_unix()),
        Some("") => return Err(InvalidValue("write the socket's path after unix:".to_owned())),
        Some(path) => return Ok(Listen::Unix(path.into())),
        None if text == "systemd" && cfg!(windows) => return Err(only_unix()),
        None if text == "systemd" => return Ok(Listen::Systemd),
        None => {}
    }
    let whole = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None if !text.contains(':') => format!("127.0.0.1:{text}"),
        None => text.to_owned(),
    };
    // A name may have addresses of both families; most servers are reached by the older one.
    let found: Vec<_> = whole.to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().map(Listen::Tcp).ok_or_else(|| {
        InvalidValue(format!(
            "{text:?} is no address: write 127.0.0.1:8080, [::1]:8080, localhost:8080, 8080, :8080 or unix:PATH"
        ))
    })
}

/// Permissions of a file, in octal.
#[cfg(feature = "serve")]
pub(super) fn file_mode(text: &str) -> Result<u32, InvalidValue> {
    let mode = u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|mode| *mode <= 0o666);
    mode.filter(|mode| mode & 0o111 == 0 && mode & 0o600 == 0o600).ok_or_else(|| {
        InvalidValue(format!(
            "{text:?}: write 600, 640, 644, 660 or the like; the owner reads and writes, and no one executes"
        ))
    })
}

/// `none`, or the URL of a proxy. Others can read the command line.
pub(super) fn proxies(text: &str) -> Result<Proxies, InvalidValue> {
    if text == "none" {
        return Ok(Proxies::default());
    }
    let proxy: Proxy = text.parse().map_err(|reason: &str| InvalidValue(reason.to_owned()))?;
    if proxy.has_password() {
        return Err(InvalidValue(
            "it has a password in it, which others could read in the process list: put it into BITSUP_PROXY_PASSWORD or \
             a file for --proxy-password-file"
                .to_owned(),
        ));
    }
    Ok(Proxies::always(proxy))
}

/// A header field of one's own. Its value may be a secret: no error shows it.
pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), InvalidValue> {
    let Some((name, value)) = text.split_once(':') else {
        return Err(InvalidValue("a name and a value are needed: 'X-Team: blue'".to_owned()));
    };
    let Ok(name) = name.parse::<HeaderName>() else {
        return Err(InvalidValue(format!("{name:?} is no name of a header field")));
    };
    let is_login = name == "authorization" || name == "proxy-authorization";
    if is_login {
        return Err(InvalidValue(format!(
            "it cannot set {name}: others could read it in the process list; use --user or --bearer-file, or --proxy-user"
        )));
    }
    let is_ours = ["bits-", "content-", "proxy-"].iter().any(|prefix| name.as_str().starts_with(prefix));
    if is_ours || OUR_HEADERS.contains(&name.as_str()) {
        return Err(InvalidValue(format!("it cannot set {name}, which is bitsup's own")));
    }
    let value = value.trim_matches([' ', '\t']);
    let is_plain = !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match HeaderValue::from_str(value) {
        Ok(mut value) if is_plain && value.len() <= MAX_HEADER => {
            value.set_sensitive(true);
            Ok((name, value))
        }
        _ => Err(InvalidValue(format!("{name} needs a value of at most {MAX_HEADER} printable ASCII characters"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::args::Cli;

    use super::*;

    #[test]
    fn a_wrong_value_is_told_with_its_option_but_no_secret() {
        for (typed, told) in [
            ("--fragment-size=0", "--fragment-size: it must be at least one byte, or auto"),
            ("--max-time=5x", "--max-time: \"5x\" is not a time: write 30 (seconds), 500ms, 10m, 2h, 14d or 5m30s"),
            ("--trust-host-id=h:80", "--trust-host-id: \"h:80\" is no host: write its name or address, without a port"),
            ("-HAuthorization: Basic s3cret", "--header: it cannot set authorization: "),
            ("-Hs3cret", "--header: a name and a value are needed"),
            ("--proxy=http://me:s3cret@h", "--proxy: it has a password in it, which others could read"),
            ("--proxy=ftp://me:s3cret@h", "--proxy: a proxy's URL begins with"),
        ] {
            let error = Cli::try_parse_from(["bitsup", "upload", typed, "f", "http://h/"]).expect_err("refused");
            let text = InvalidValue::of(&error).expect("our own parser");
            assert!(text.starts_with(told) && !text.contains("s3cret"), "{text}");
        }
        let error = Cli::try_parse_from(["bitsup", "upload", "--jobs=x", "f", "http://h/"]).expect_err("refused");
        assert_eq!(InvalidValue::of(&error), None, "clap's own parser");
    }

    #[cfg(feature = "serve")]
    #[test]
    fn case_94_addresses_are_read_as_people_write_them() {
        for (typed, address) in [
            ("8080", "127.0.0.1:8080"),
            (":8080", "0.0.0.0:8080"),
            ("localhost:80", "127.0.0.1:80"),
            ("[::1]:0", "[::1]:0"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            assert_eq!(listen(typed).map(|address| address.to_string()), Ok(address.to_owned()));
        }
        for wrong in ["", "h", "127.0.0.1", "::1", ":99999", "1.2.3.4:x"] {
            assert!(listen(wrong).is_err_and(|error| error.0.contains(":8080")), "{wrong}");
        }
        for unix in ["unix:/run/bitsup.sock", "systemd"] {
            let read = listen(unix).map(|listen| listen.to_string());
            assert_eq!(read, if cfg!(windows) { Err(listen(unix).unwrap_err()) } else { Ok(unix.to_owned()) });
        }
        assert!(listen("unix:").is_err());
        assert_eq!((file_mode("640"), file_mode("0660")), (Ok(0o640), Ok(0o660)));
        for wrong in ["", "755", "999", "044", "1644", "u=rw"] {
            assert!(file_mode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_field_keeps_its_colons_but_not_the_blanks_around_its_value() {
        for (typed, name, value) in [
            ("X-Team: blue", "x-team", "blue"),
            ("x-team:\tred", "x-team", "red"),
            ("Referer:http://h/a", "referer", "http://h/a"),
        ] {
            let (read_name, read_value) = header(typed).expect("right");
            assert_eq!((read_name.as_str(), read_value.as_bytes()), (name, value.as_bytes()));
            assert!(read_value.is_sensitive());
        }
    }

    #[test]
    fn fault_50_what_is_not_theirs_or_could_be_more_than_a_value_is_refused() {
        for (typed, right) in [
            ("X-Team", "'X-Team: blue'"),
            (": x", "no name"),
            ("X Team: x", "no name"),
            ("X-Team : x", "no name"),
            ("X-Team:", "printable"),
            ("X-Team: a\r\nHost: b", "printable"),
            ("X-Team: a\tb", "printable"),
            ("X-Team: ö", "printable"),
            ("BITS-Session-Id: x", "bits-session-id"),
            ("content-length: 1", "bitsup's own"),
            ("HOST: x", "bitsup's own"),
            ("Connection: x", "bitsup's own"),
            ("Transfer-Encoding: x", "bitsup's own"),
            ("Expect: 100-continue", "bitsup's own"),
            ("Proxy-Connection: x", "bitsup's own"),
            ("Authorization: Basic x", "--bearer-file"),
        ] {
            let error = header(typed).expect_err("refused").0;
            assert!(error.contains(right), "{typed:?}: {error}");
        }
        let long = header(&format!("x-key: {}", "s".repeat(MAX_HEADER + 1))).expect_err("refused").0;
        assert!(!long.contains("sss"), "{long}");
        assert!(header(&format!("x-key: {}", "s".repeat(MAX_HEADER))).is_ok());
    }
}
