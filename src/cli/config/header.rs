//! Header fields of one's own, checked.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::UsageError;

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

/// The fields in the order in which they were typed.
pub(super) fn headers(typed: &[String]) -> Result<HeaderMap, UsageError> {
    let mut headers = HeaderMap::new();
    for text in typed {
        let (name, value) = header(text)?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// The value may be a secret: no error shows it.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), UsageError> {
    let refused = |reason: String| UsageError(format!("--header {reason}"));
    let Some((name, value)) = text.split_once(':') else {
        return Err(refused("wants a name and a value: 'X-Team: blue'".to_owned()));
    };
    let Ok(name) = name.parse::<HeaderName>() else {
        return Err(refused(format!("{name:?} is no name of a header field")));
    };
    let is_login = name == "authorization" || name == "proxy-authorization";
    if is_login {
        return Err(refused(format!(
            "cannot set {name}: others could read it in the process list; use --user or --bearer-file, or --proxy-user"
        )));
    }
    let is_ours = ["bits-", "content-", "proxy-"].iter().any(|prefix| name.as_str().starts_with(prefix));
    if is_ours || OURS.contains(&name.as_str()) {
        return Err(refused(format!("cannot set {name}, which is bitsup's own")));
    }
    let value = value.trim_matches([' ', '\t']);
    let is_plain = !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    match HeaderValue::from_str(value) {
        Ok(mut value) if is_plain && value.len() <= MAX => {
            value.set_sensitive(true);
            Ok((name, value))
        }
        _ => Err(refused(format!("{name} wants a value of at most {MAX} printable ASCII characters"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &[&str]) -> Result<HeaderMap, String> {
        headers(&typed.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()).map_err(|error| error.to_string())
    }

    #[test]
    fn fields_keep_their_order_and_their_colons() {
        let headers = read(&["X-Team: blue", "x-team:\tred", "Referer:http://h/a"]).expect("right");
        assert_eq!(headers.get_all("x-team").iter().collect::<Vec<_>>(), ["blue", "red"]);
        assert_eq!(headers["referer"], "http://h/a");
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
            let error = read(&[typed]).expect_err("refused");
            assert!(error.contains(right), "{typed:?}: {error}");
        }
        let long = read(&[&format!("x-key: {}", "s".repeat(MAX + 1))]).expect_err("refused");
        assert!(!long.contains("sss"), "{long}");
        assert!(read(&[&format!("x-key: {}", "s".repeat(MAX))]).is_ok());
    }
}
