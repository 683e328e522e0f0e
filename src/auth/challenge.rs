//! `WWW-Authenticate`, read strictly (RFC 9110 section 11.6.1).

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use crate::protocol::ChannelBinding;

/// Most challenges that are looked at.
const MAX: usize = 32;

/// One way in which a server lets people in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Challenge {
    /// Its name as the server writes it.
    pub(super) scheme: String,
    /// What NTLM and Negotiate say, in base64.
    pub(super) token: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter's value, by its name in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// What an answer asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    pub(super) challenges: &'a [Challenge],
    /// What binds to the connection that it came over.
    #[cfg_attr(
        not(any(feature = "windows-auth", all(unix, feature = "kerberos"))),
        expect(dead_code, reason = "no other way of signing in is bound to a connection")
    )]
    pub(super) channel: Option<ChannelBinding>,
}

/// All challenges of an answer, in their order. A header line that breaks the grammar counts for nothing: what it means
/// is anyone's guess.
pub(super) fn all(headers: &HeaderMap) -> Vec<Challenge> {
    let lines = headers.get_all(WWW_AUTHENTICATE).iter();
    let texts = lines.filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    texts.filter_map(|text| Reader { rest: text }.challenges()).flatten().take(MAX).collect()
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn challenges(mut self) -> Option<Vec<Challenge>> {
        let mut found: Vec<Challenge> = Vec::new();
        self.commas();
        while !self.rest.is_empty() {
            let name = self.token()?;
            let before = self.rest;
            match (self.value_follows(), found.last_mut()) {
                (true, Some(challenge)) => {
                    let value = self.value()?;
                    add(challenge, name, value)?;
                }
                (true, None) => return None,
                (false, _) => {
                    self.rest = before;
                    let challenge = self.scheme(name)?;
                    found.push(challenge);
                }
            }
            self.spaces();
            if !self.rest.is_empty() && !self.rest.starts_with(',') {
                return None;
            }
            self.commas();
        }
        Some(found)
    }

    /// What follows a scheme's name up to the next comma: nothing, a token, or a first parameter.
    fn scheme(&mut self, name: &str) -> Option<Challenge> {
        let mut challenge = Challenge { scheme: name.to_owned(), ..Challenge::default() };
        let before = self.rest;
        self.spaces();
        if self.rest.is_empty() || self.rest.starts_with(',') {
            return Some(challenge);
        }
        if self.rest.len() == before.len() {
            return None;
        }
        if let Some(token) = self.token68() {
            challenge.token = Some(token.to_owned());
            return Some(challenge);
        }
        let name = self.token()?;
        if !self.value_follows() {
            return None;
        }
        let value = self.value()?;
        add(&mut challenge, name, value)?;
        Some(challenge)
    }

    /// Takes spaces, an equals sign and spaces if they are next.
    fn value_follows(&mut self) -> bool {
        self.spaces();
        let Some(rest) = self.rest.strip_prefix('=') else { return false };
        self.rest = rest;
        self.spaces();
        true
    }

    fn value(&mut self) -> Option<String> {
        let Some(quoted) = self.rest.strip_prefix('"') else { return self.token().map(str::to_owned) };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &quoted[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                other => value.push(other),
            }
        }
        None
    }

    fn token(&mut self) -> Option<&'a str> {
        self.take(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    }

    /// Base64 or the like that fills its place up to a comma or the end. A parameter does not: its value follows.
    fn token68(&mut self) -> Option<&'a str> {
        let before = self.rest;
        let body = self.take(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c))?;
        self.rest = self.rest.trim_start_matches('=');
        let token = &before[..before.len() - self.rest.len()];
        self.spaces();
        if self.rest.is_empty() || self.rest.starts_with(',') {
            return Some(token);
        }
        let _ = body;
        self.rest = before;
        None
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> Option<&'a str> {
        let (taken, rest) = self.rest.split_at(self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn commas(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }
}

/// A parameter given twice could be read differently by two readers.
fn add(challenge: &mut Challenge, name: &str, value: String) -> Option<()> {
    let name = name.to_ascii_lowercase();
    if challenge.token.is_some() || challenge.parameter(&name).is_some() {
        return None;
    }
    challenge.parameters.push((name, value));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, http::HeaderValue::from_bytes(line).expect("a value"));
        }
        let show = |challenge: Challenge| {
            let parameters: Vec<String> = challenge.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("{} {} [{}]", challenge.scheme, challenge.token.unwrap_or_default(), parameters.join("|"))
        };
        all(&headers).into_iter().map(show).collect()
    }

    #[test]
    fn several_challenges_come_in_one_line_or_in_several() {
        let one =
            read(&[b"Negotiate, NTLM , Basic realm=\"a, b=\\\"c\\\"\", Digest realm=x,nonce = \"n\" , qop=\"auth\""]);
        assert_eq!(
            one,
            ["Negotiate  []", "NTLM  []", "Basic  [realm=a, b=\"c\"]", "Digest  [realm=x|nonce=n|qop=auth]"]
        );
        assert_eq!(
            read(&[b"Negotiate", b"NTLM", b"Basic realm=\"a, b=\\\"c\\\"\"", b"Digest realm=x,nonce=\"n\", qop=auth"]),
            one
        );
    }

    #[test]
    fn tokens_are_told_from_parameters() {
        assert_eq!(read(&[b"NTLM TlRM+/ab=="]), ["NTLM TlRM+/ab== []"]);
        assert_eq!(read(&[b"Negotiate oYG2, NTLM"]), ["Negotiate oYG2 []", "NTLM  []"]);
        assert_eq!(read(&[b"Basic a=b"]), ["Basic  [a=b]"]);
        assert_eq!(read(&[b"Basic a="]), ["Basic a= []"]);
    }

    #[test]
    fn what_breaks_the_grammar_counts_for_nothing() {
        for line in [
            &b"Digest realm=\"x"[..],
            b"Digest realm=\"x\\",
            b"Digest realm=x realm=y",
            b"Digest realm=x, realm=y",
            b"Digest realm=x, REALM=y",
            b"=x",
            b"realm=x",
            b"Basic \"x\"",
            b"Basic realm=\xff",
            b"NTLM abc, x=y",
            b"Basic realm=a;b",
        ] {
            assert!(read(&[line]).is_empty(), "{}", String::from_utf8_lossy(line));
            assert_eq!(read(&[line, b"NTLM"]), ["NTLM  []"]);
        }
        assert!(read(&[b"", b" , ,"]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "[ -~\u{e9}]{0,60}") {
            let _ = read(&[text.as_bytes()]);
        }
    }
}
