//! Header fields of one's own, checked.

use http::{HeaderName, HeaderValue};

use super::InvalidValue;

/// IIS reads no longer field.
const MAX: usize = 4096;

/// What bitsup says itself, what belongs to a connection, and what would make an answer another than is waited for.
const OURS: [&str; 10] = [
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

/// The value may be a secret: no error shows it.
pub(in crate::cli::args) fn header(text: &str) -> Result<(HeaderName, HeaderValue), InvalidValue> {
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
    if is_ours || OURS.contains(&name.as_str()) {
        return Err(InvalidValue(format!("it cannot set {name}, which is bitsup's own")));
    }
    let value = value.trim_matches([' ', '\t']);
    let is_plain = !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match HeaderValue::from_str(value) {
        Ok(mut value) if is_plain && value.len() <= MAX => {
            value.set_sensitive(true);
            Ok((name, value))
        }
        _ => Err(InvalidValue(format!("{name} needs a value of at most {MAX} printable ASCII characters"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let long = header(&format!("x-key: {}", "s".repeat(MAX + 1))).expect_err("refused").0;
        assert!(!long.contains("sss"), "{long}");
        assert!(header(&format!("x-key: {}", "s".repeat(MAX))).is_ok());
    }
}
