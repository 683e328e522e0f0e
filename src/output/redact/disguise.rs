//! A text for strangers: besides secrets, all that tells whose server it is about is replaced. A server's own
//! fields may hold anything, so only known fields are shown.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use zeroize::Zeroizing;

use super::{REDACTED, header_value, user_info};

/// The alias of an address that has no name.
const ADDRESS: &str = "address";

/// Fields whose values are shown, besides those of BITS.
const SHOWN: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-ranges",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-name",
    "content-range",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "location",
    "pragma",
    "proxy-authenticate",
    "proxy-connection",
    "range",
    "retry-after",
    "server",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "www-authenticate",
    "x-aspnet-version",
    "x-powered-by",
];

/// Their values are words and numbers of the protocol, also where a user is called so.
const VERBATIM: &[&str] = &["bits-packet-type", "bits-received-content-range", "content-length", "content-range"];

/// Parameters of a challenge whose values name nothing.
const HARMLESS: &[&str] = &["algorithm", "charset", "qop", "stale", "userhash"];

/// Parameters of credentials whose values are secret or name a user; `nonce` ends `cnonce` as well.
const PROOFS: &[&str] = &["username", "response", "nonce", "opaque"];

/// A word of this many bytes is replaced within other words, too.
const LONG: usize = 8;

/// In the text of a page, a run of this many letters and digits may be a token.
const MAX_RUN: usize = 24;

/// The words that are replaced, and by what. The same word always becomes the same.
#[derive(Default)]
pub(crate) struct Disguise {
    /// The longest first.
    known: Vec<(Zeroizing<String>, String)>,
    others: usize,
}

impl Disguise {
    /// Replaces `word` from now on. A word that is known already keeps its alias.
    pub(crate) fn learn(&mut self, word: &str, alias: &str) {
        let word = Zeroizing::new(word.trim().to_ascii_lowercase());
        if !word.is_empty() && !self.known.iter().any(|(known, _)| *known == word) {
            self.known.push((word, alias.to_owned()));
            self.known.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
    }

    /// Replaces the name of a user, with or without a domain.
    pub(crate) fn learn_user(&mut self, user: &str) {
        std::iter::once(user).chain(user.split(['\\', '@'])).for_each(|part| self.learn(part, "<user>"));
    }

    /// Replaces the name of another host. It may have a port, or be a pattern.
    pub(crate) fn learn_other_host(&mut self, host: &str) {
        let name = host.trim_start_matches("*.");
        let name = match name.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
            _ => name,
        };
        let name = name.trim_matches(['[', ']']);
        if !self.known.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.others += 1;
            self.learn(name, &format!("other{}.example", self.others));
        }
    }

    /// Learns from a field what must not be seen elsewhere, as where a server repeats it.
    pub(crate) fn learn_from(&mut self, name: &HeaderName, value: &HeaderValue) {
        let Ok(value) = value.to_str() else { return };
        let mut secret = |word: &str| self.learn(word, REDACTED);
        match name.as_str() {
            "bits-host-id" => self.learn_other_host(value),
            "location" | "bits-reply-url" => {
                let authority = value.split_once("//").map_or("", |(_, rest)| rest);
                let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default();
                if !host.is_empty() {
                    self.learn_other_host(host);
                }
            }
            _ if name == COOKIE => {
                value.split(';').filter_map(|part| part.split_once('=')).for_each(|(_, value)| secret(value));
            }
            _ if name == AUTHORIZATION || name == PROXY_AUTHORIZATION => {
                let parts: Vec<&str> = value.split('"').collect();
                let proofs = parts.as_chunks::<2>().0.iter().filter(|pair| {
                    let name = pair[0].trim_end_matches('=');
                    PROOFS.iter().any(|proof| name.ends_with(proof))
                });
                let bare = value.split_whitespace().skip(1).filter(|_| parts.len() == 1);
                proofs.map(|pair| pair[1]).chain(bare).for_each(secret);
            }
            _ => {}
        }
    }

    /// A header's value.
    pub(crate) fn header_value(&self, name: &HeaderName, value: &HeaderValue) -> String {
        let name = name.as_str();
        if !SHOWN.contains(&name) && !name.starts_with("bits-") {
            return REDACTED.to_owned();
        }
        let shown = header_value(name, value);
        match name {
            "www-authenticate" | "proxy-authenticate" => challenge(&shown),
            "authorization" => shown,
            _ if shown == REDACTED || VERBATIM.contains(&name) => shown,
            _ => self.text(&String::from_utf8_lossy(value.as_bytes())),
        }
    }

    /// The text of a page, in which anything may be.
    pub(crate) fn page(&self, text: &str) -> String {
        let is_run = |c: char| c.is_ascii_alphanumeric() || "+/=_-".contains(c);
        let (text, mut out) = (self.text(text), String::new());
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let end = rest.find(|c| !is_run(c)).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            let next = after.find(is_run).unwrap_or(after.len());
            out.push_str(if run.len() < MAX_RUN { run } else { REDACTED });
            out.push_str(&after[..next]);
            rest = &after[next..];
        }
        out
    }

    /// Any other text.
    pub(crate) fn text(&self, text: &str) -> String {
        let text = queries(&user_info(text));
        let (mut out, mut before, mut at) = (String::with_capacity(text.len()), None, 0);
        while let Some(c) = text[at..].chars().next() {
            let (shown, length) = self.replacement(&text[at..], before).unwrap_or((c.into(), c.len_utf8()));
            out.push_str(&shown);
            before = text[at..at + length].chars().next_back();
            at += length;
        }
        out
    }

    /// The alias for the beginning of `rest`, and how many bytes of it that replaces.
    fn replacement(&self, rest: &str, before: Option<char>) -> Option<(String, usize)> {
        let known = self.known.iter().find(|(word, _)| {
            let begins = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
            begins && (word.len() >= LONG || !is_part(before) && !is_part(rest[word.len()..].chars().next()))
        });
        if let Some((word, alias)) = known {
            return Some((alias.clone(), word.len()));
        }
        let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || c == ':' || c == '.')).unwrap_or(rest.len());
        let address = rest[..end].trim_end_matches('.');
        let without_port = address.rsplit_once(':').map_or("", |(address, _)| address);
        let is_address = |text: &&str| text.len() > 2 && text.parse::<IpAddr>().is_ok();
        let found = [address, without_port].into_iter().find(is_address).filter(|_| !is_part(before))?;
        Some((ADDRESS.to_owned(), found.len()))
    }
}

fn is_part(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Without the values of all queries: only the names of their parameters are shown.
fn queries(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('?') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| "#\"'<>?".contains(c) || c.is_whitespace());
        let (query, after) = rest.split_at(end.unwrap_or(rest.len()));
        let hide = |part: &str| match part.split_once('=') {
            Some((name, _)) => format!("{name}={REDACTED}"),
            None if part.is_empty() => String::new(),
            None => REDACTED.to_owned(),
        };
        out.push_str(&query.split('&').map(hide).collect::<Vec<_>>().join("&"));
        rest = after;
    }
    out + rest
}

/// A challenge without what names the server or a user.
fn challenge(text: &str) -> String {
    let mut name = "";
    let parts = text.split('"').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            return if HARMLESS.contains(&name) { part } else { REDACTED };
        }
        name = part.trim_end_matches('=').rsplit([' ', ',']).next().unwrap_or_default();
        part
    });
    parts.collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn disguise() -> Disguise {
        let mut disguise = Disguise::default();
        disguise.learn("bits.contoso.com", "server.example");
        disguise.learn("IIS", "proxy.example");
        disguise.learn_user("CONTOSO\\anna");
        disguise.learn("pw", REDACTED);
        disguise
    }

    fn field(disguise: &Disguise, name: &str, value: &str) -> String {
        disguise.header_value(&name.parse().expect("a name"), &HeaderValue::from_str(value).expect("a value"))
    }

    #[test]
    fn hosts_users_and_addresses_are_replaced_as_words() {
        for (text, shown) in [
            ("https://BITS.contoso.com:8443/drop/Anna/a", "https://server.example:8443/drop/<user>/a"),
            ("contoso\\anna, hannah", "<user>, hannah"),
            ("Microsoft-IIS/10.0 at iis.", "Microsoft-IIS/10.0 at proxy.example."),
            ("10.1.2.3:443, [2001:db8::1]:443 and ::1, 12:34:56", "address:443, [address]:443 and address, 12:34:56"),
            ("the pw is pwx", "the <redacted> is pwx"),
            ("http://me:no@bits.contoso.com/", "http://<redacted>@server.example/"),
        ] {
            assert_eq!(disguise().text(text), shown);
        }
    }

    #[test]
    fn no_value_of_a_query_is_shown() {
        for (text, shown) in [
            ("/a?x=1&token=2&y#z", "/a?x=<redacted>&token=<redacted>&<redacted>#z"),
            ("/a?sig=abc more", "/a?sig=<redacted> more"),
            ("what? no", "what? no"),
            ("href=\"/a?b=c\"", "href=\"/a?b=<redacted>\""),
        ] {
            assert_eq!(disguise().text(text), shown);
        }
    }

    #[test]
    fn only_known_fields_are_shown_and_challenges_name_nothing() {
        let disguise = disguise();
        for (name, value, shown) in [
            ("x-request-of", "anybody", REDACTED),
            ("set-cookie", "a=b", REDACTED),
            ("authorization", "Basic abc", "Basic <redacted>"),
            ("www-authenticate", "NTLM TlRMTVNT, Negotiate", "NTLM <redacted>, Negotiate"),
            (
                "www-authenticate",
                "Digest realm=\"contoso\", nonce=\"n\", qop=\"auth\"",
                "Digest realm=\"<redacted>\", nonce=\"<redacted>\", qop=\"auth\"",
            ),
            ("content-range", "bytes 0-9/10", "bytes 0-9/10"),
            ("bits-host-id", "bits.contoso.com", "server.example"),
            ("location", "https://10.0.0.1/a?b=c", "https://address/a?b=<redacted>"),
        ] {
            assert_eq!(field(&disguise, name, value), shown, "{name}");
        }
    }

    #[test]
    fn what_a_server_repeats_of_credentials_and_hosts_is_found() {
        let mut disguise = disguise();
        let mut learn = |name: &str, value: &str| {
            disguise.learn_from(&name.parse().expect("a name"), &HeaderValue::from_str(value).expect("a value"));
        };
        learn("authorization", "Basic bWU6cHc=");
        learn("proxy-authorization", "Digest username=\"otto\", uri=\"/drop\", response=\"r1r2\"");
        learn("cookie", "a=c00kie; b=d");
        learn("bits-host-id", "NODE7:8080");
        learn("location", "https://u:p@elsewhere/drop");
        let text = disguise.page("bWU6cHc= otto /drop r1r2 c00kie node7 elsewhere abcdefghijklmnopqrstuvwxyz");
        assert_eq!(text, "<redacted> <redacted> /drop <redacted> <redacted> other1.example other2.example <redacted>");
    }

    proptest! {
        #[test]
        fn no_word_survives_and_any_text_is_taken(before in any::<String>(), after in "[ -~ä]{0,20}") {
            let mut disguise = disguise();
            disguise.learn("S3cretWord", REDACTED);
            let text = format!("{before}s3cretword{after}");
            prop_assert!(!disguise.text(&text).to_ascii_lowercase().contains("s3cretword"));
            prop_assert!(!disguise.page(&text).to_ascii_lowercase().contains("s3cretword"));
        }
    }
}
