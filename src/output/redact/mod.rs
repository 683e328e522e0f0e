//! Secrets taken out of what `-vv` shows; and [`Disguise`], for what is shown to strangers.

mod disguise;

use http::HeaderValue;

pub(crate) use disguise::Disguise;

const REDACTED: &str = "<redacted>";

/// A header's value with its secrets replaced; what else is in it, controls too, stays as it is.
pub(crate) fn header_value(name: &str, value: &HeaderValue) -> String {
    let name = name.to_ascii_lowercase();
    let text = String::from_utf8_lossy(value.as_bytes());
    match name.as_str() {
        "authorization" | "proxy-authorization" => credentials(&text),
        "www-authenticate" | "proxy-authenticate" => challenges(&text),
        "cookie" | "set-cookie" | "authentication-info" | "proxy-authentication-info" => REDACTED.to_owned(),
        _ if value.is_sensitive() || is_secret_header(&name) => REDACTED.to_owned(),
        _ => url(&text),
    }
}

/// A text with the user information and the secret query parameters of every URL in it replaced.
pub(crate) fn url(text: &str) -> String {
    query(&user_info(text))
}

/// Only the scheme is shown, and only one that is known: anything else may itself be the secret.
fn credentials(text: &str) -> String {
    let known = ["Basic", "Digest", "Bearer", "NTLM", "Negotiate"];
    let scheme = text.split_whitespace().next().unwrap_or_default();
    match known.iter().find(|name| name.eq_ignore_ascii_case(scheme)) {
        Some(scheme) => format!("{scheme} {REDACTED}"),
        None => REDACTED.to_owned(),
    }
}

/// Realms and nonces are shown; the tokens of NTLM and Negotiate carry names of machines, domains, and people.
fn challenges(text: &str) -> String {
    let shown: Vec<String> = text.split(',').map(|part| challenge(part.trim())).collect();
    shown.join(", ")
}

fn challenge(part: &str) -> String {
    let mut words = part.split_whitespace();
    let scheme = words.next().unwrap_or_default();
    let has_token = ["NTLM", "Negotiate", "Kerberos"].iter().any(|name| name.eq_ignore_ascii_case(scheme));
    if has_token && words.next().is_some() { format!("{scheme} {REDACTED}") } else { part.to_owned() }
}

fn is_secret_header(name: &str) -> bool {
    is_secret_word(name) || name.starts_with("x-auth") || name.ends_with("-auth") || name.ends_with("-key")
}

fn is_secret_parameter(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    is_secret_word(&name) || ["auth", "key", "pwd", "sig"].contains(&name.as_str()) || name.ends_with("_key")
}

fn is_secret_word(name: &str) -> bool {
    ["authoriz", "token", "secret", "passw", "credential", "signature", "api-key", "apikey", "api_key"]
        .iter()
        .any(|word| name.contains(word))
}

fn user_info(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (scheme, after) = rest.split_at(at + 3);
        out.push_str(scheme);
        let end = after.find(|c: char| "/?#\\\"<>".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => {
                out.push_str(REDACTED);
                &after[at..]
            }
            None => after,
        };
    }
    out + rest
}

fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, piece) in text.split_inclusive(['?', '&']).enumerate() {
        match piece.split_once('=') {
            Some((name, value)) if index > 0 && is_secret_parameter(name) => {
                let end = value.find(|c: char| "&#\"<>?".contains(c) || c.is_whitespace()).unwrap_or(value.len());
                out.extend([name, "=", REDACTED, &value[end..]]);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(name: &str, value: &str) -> String {
        header_value(name, &HeaderValue::from_str(value).expect("a value"))
    }

    #[test]
    fn credentials_show_their_scheme_at_most() {
        assert_eq!(shown("Authorization", "Basic dXNlcjpwYXNz"), "Basic <redacted>");
        assert_eq!(shown("proxy-authorization", "negotiate YIIabc"), "Negotiate <redacted>");
        assert_eq!(shown("authorization", "Digest username=\"u\", response=\"r\""), "Digest <redacted>");
        assert_eq!(shown("authorization", "s3cret"), "<redacted>");
        assert_eq!(shown("authorization", ""), "<redacted>");
    }

    #[test]
    fn cookies_are_not_shown() {
        assert_eq!(shown("cookie", "a=b"), "<redacted>");
        assert_eq!(shown("set-cookie", "a=b; path=/"), "<redacted>");
    }

    #[test]
    fn challenges_keep_all_but_the_tokens() {
        assert_eq!(shown("www-authenticate", "NTLM TlRMTVNTUAAC"), "NTLM <redacted>");
        assert_eq!(
            shown("www-authenticate", "negotiate oYG2, NTLM, Basic realm=\"a b\""),
            "negotiate <redacted>, NTLM, Basic realm=\"a b\""
        );
    }

    #[test]
    fn headers_that_sound_secret_or_are_marked_so_are_not_shown() {
        for name in ["x-api-key", "X-Auth-Token", "x-amz-security-token", "x-client-secret", "x-gateway-auth"] {
            assert_eq!(shown(name, "s3cret"), "<redacted>", "{name}");
        }
        let mut value = HeaderValue::from_static("s3cret");
        value.set_sensitive(true);
        assert_eq!(header_value("x-plain", &value), "<redacted>");
        assert_eq!(shown("content-range", "bytes 0-1/2"), "bytes 0-1/2");
    }

    #[test]
    fn user_information_in_urls_is_not_shown() {
        assert_eq!(shown("location", "https://u:p@w@h:8080/a@b"), "https://<redacted>@h:8080/a@b");
        assert_eq!(
            url("http://a,http://u:p@h/ and ftp://me@x"),
            "http://a,http://<redacted>@h/ and ftp://<redacted>@x"
        );
        assert_eq!(url("http://h/a@b"), "http://h/a@b");
    }

    #[test]
    fn secret_query_parameters_are_not_shown() {
        assert_eq!(url("/a?x=1&sig=abc%3D&y=2#z"), "/a?x=1&sig=<redacted>&y=2#z");
        assert_eq!(url("/a?access_token=abc"), "/a?access_token=<redacted>");
        assert_eq!(url("sig=abc"), "sig=abc");
    }

    proptest! {
        #[test]
        fn no_password_of_a_url_survives(user in "[a-z:,;=&@%]{0,8}", before in "[ -~]{0,8}") {
            let text = url(&format!("{before} http://{user}PASSWORD@h/"));
            prop_assert!(!text.contains("PASSWORD"), "{}", text);
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let _ = (url(&text), challenges(&text), credentials(&text));
        }
    }
}
