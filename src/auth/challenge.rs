//! `WWW-Authenticate` (RFC 9110 section 11.6.1), read as servers write it.
//!
//! Values are bytes: older servers write realms in Latin-1, and Digest hashes them as they came. A piece that breaks the
//! grammar costs only itself; the parameters and challenges beside it are used.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::scheme::Scheme;
use crate::exchange::ChannelBinding;

/// Most challenges that are looked at.
pub(super) const MAX: usize = 32;

/// Most parameters of a challenge that are kept.
const MAX_PARAMETERS: usize = 32;

/// One way in which a server lets people in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Challenge {
    /// Its name as the server writes it.
    pub(super) scheme: String,
    /// The token of NTLM and Negotiate, in base64.
    pub(super) token: Option<String>,
    pub(super) parameters: Parameters,
}

impl Challenge {
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }
}

/// The challenges of a response, and the connection that it came over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand<'a> {
    pub(super) challenges: &'a [Challenge],
    /// The binding to the connection that it came over.
    #[cfg_attr(
        not(any(test, feature = "windows-auth", feature = "kerberos")),
        expect(dead_code, reason = "no other way of signing in is bound to a connection")
    )]
    pub(super) channel: Option<ChannelBinding>,
}

#[cfg(any(test, feature = "windows-auth", feature = "kerberos"))]
impl Demand<'_> {
    /// The token of a scheme of Windows.
    pub(super) fn token(&self, scheme: Scheme) -> Option<&str> {
        let mut own = self.challenges.iter().filter(|challenge| challenge.is(scheme.as_str()));
        own.find_map(|challenge| challenge.token.as_deref())
    }
}

/// Times in a row that a connection may be forgotten right after it was signed in.
#[cfg(any(test, feature = "windows-auth", feature = "kerberos"))]
pub(super) const MAX_FORGOTTEN: u32 = 2;

/// All challenges of a response, in their order.
pub(super) fn all(headers: &HeaderMap) -> Vec<Challenge> {
    let lines = headers.get_all(WWW_AUTHENTICATE).iter();
    lines.flat_map(|line| ChallengeReader { rest: line.as_bytes() }.challenges()).take(MAX).collect()
}

/// Names in lower case, and values without their quotes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Parameters(Vec<(String, Vec<u8>)>);

impl Parameters {
    /// Those of a field that holds nothing else, such as `Authentication-Info`.
    pub(super) fn read(field: &[u8]) -> Self {
        let mut reader = ChallengeReader { rest: field };
        let mut parameters = Self::default();
        while reader.begins_element() {
            match reader.parameter() {
                Some((name, value)) => parameters.add(name, value),
                None => reader.skip_element(),
            }
        }
        parameters
    }

    /// A value, by its name in lower case. None of one that is given with different values: two readers could take it
    /// differently.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        let first = values.next()?;
        values.all(|other| other == first).then_some(first)
    }

    fn add(&mut self, name: &str, value: Vec<u8>) {
        if self.0.len() < MAX_PARAMETERS {
            self.0.push((name.to_ascii_lowercase(), value));
        }
    }
}

/// A list whose elements are separated by commas: a parameter, or a scheme with what follows it.
struct ChallengeReader<'a> {
    rest: &'a [u8],
}

impl<'a> ChallengeReader<'a> {
    fn challenges(mut self) -> Vec<Challenge> {
        let mut found: Vec<Challenge> = Vec::new();
        while self.begins_element() {
            if let Some((name, value)) = self.parameter() {
                // One without a scheme belongs to nothing, and a token stands for itself.
                if let Some(challenge) = found.last_mut().filter(|challenge| challenge.token.is_none()) {
                    challenge.parameters.add(name, value);
                }
            } else if let Some(scheme) = self.scheme().filter(|_| found.len() < MAX) {
                // Alone between commas, a name of no known scheme is an odd parameter of the challenge before it.
                let is_alone = self.rest.first().is_none_or(|&byte| byte == b',');
                let is_known = Scheme::ALL.iter().any(|known| known.as_str().eq_ignore_ascii_case(scheme));
                if found.is_empty() || !is_alone || is_known {
                    found.push(self.challenge(scheme));
                }
            } else {
                self.skip_element();
            }
        }
        found
    }

    /// Takes the blanks and commas before the next element; whether there is one.
    fn begins_element(&mut self) -> bool {
        self.take(|byte| is_blank(byte) || byte == b',');
        !self.rest.is_empty()
    }

    /// A name that blanks, a comma or the end follow.
    fn scheme(&mut self) -> Option<&'a str> {
        let mut ahead = Self { rest: self.rest };
        let name = ahead.token()?;
        let ends = ahead.rest.first().is_none_or(|&byte| is_blank(byte) || byte == b',');
        ends.then(|| {
            self.rest = ahead.rest;
            name
        })
    }

    /// Reads the part after a scheme's name up to the next comma: nothing, a token, or a first parameter.
    fn challenge(&mut self, scheme: &str) -> Challenge {
        let mut challenge = Challenge { scheme: scheme.to_owned(), ..Challenge::default() };
        self.take(is_blank);
        if let Some(token) = self.token68() {
            challenge.token = Some(token.to_owned());
        } else if let Some((name, value)) = self.parameter() {
            challenge.parameters.add(name, value);
        } else {
            self.skip_element();
        }
        challenge
    }

    /// A name, an equals sign and a value; takes nothing if that is not what is next.
    fn parameter(&mut self) -> Option<(&'a str, Vec<u8>)> {
        let mut ahead = Self { rest: self.rest };
        let name = ahead.name_of_value()?;
        self.rest = ahead.rest;
        let value = match self.rest.strip_prefix(b"\"") {
            Some(quoted) => self.quoted(quoted)?,
            // Blanks within belong to it: servers forget the quotes of a realm.
            None => self.take(|byte| byte != b',').trim_ascii_end().to_vec(),
        };
        Some((name, value))
    }

    fn name_of_value(&mut self) -> Option<&'a str> {
        let name = self.token()?;
        self.take(is_blank);
        self.rest = self.rest.strip_prefix(b"=")?;
        self.take(is_blank);
        Some(name)
    }

    /// The rest of a value whose quote was opened, and what stands between it and the next element. One whose quote is
    /// not closed reaches to the end of the line, and is none.
    fn quoted(&mut self, mut quoted: &'a [u8]) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        self.rest = &[];
        while let Some((&byte, rest)) = quoted.split_first() {
            quoted = rest;
            match byte {
                b'"' => {
                    self.rest = rest;
                    self.take(is_blank);
                    // A forgotten comma.
                    if (Self { rest: self.rest }).name_of_value().is_none() {
                        self.skip_element();
                    }
                    return Some(value);
                }
                b'\\' => {
                    let (&escaped, rest) = quoted.split_first()?;
                    value.push(escaped);
                    quoted = rest;
                }
                other => value.push(other),
            }
        }
        None
    }

    fn token(&mut self) -> Option<&'a str> {
        let taken = self.take(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        std::str::from_utf8(taken).ok().filter(|token| !token.is_empty())
    }

    /// Base64 or the like that fills its place up to a comma or the end. A parameter does not: its value follows.
    fn token68(&mut self) -> Option<&'a str> {
        let before = self.rest;
        let is_empty = self.take(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)).is_empty();
        self.take(|byte| byte == b'=');
        let token = &before[..before.len() - self.rest.len()];
        self.take(is_blank);
        if !is_empty && self.rest.first().is_none_or(|&byte| byte == b',') {
            return std::str::from_utf8(token).ok();
        }
        self.rest = before;
        None
    }

    fn skip_element(&mut self) {
        self.take(|byte| byte != b',');
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !belongs(byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, http::HeaderValue::from_bytes(line).expect("a value"));
        }
        headers
    }

    fn read(lines: &[&[u8]]) -> Vec<String> {
        let show = |challenge: Challenge| {
            let parameters = challenge.parameters.0.iter().map(|(k, v)| format!("{k}={}", v.escape_ascii()));
            let parameters: Vec<String> = parameters.collect();
            format!("{} {} [{}]", challenge.scheme, challenge.token.unwrap_or_default(), parameters.join("|"))
        };
        all(&headers(lines)).into_iter().map(show).collect()
    }

    #[test]
    fn schemes_that_nobody_knows_are_named_too() {
        assert_eq!(read(&[b"Custom"]), ["Custom  []"]);
        assert_eq!(read(&[b"Basic realm=x, Custom a=b"]), ["Basic  [realm=x]", "Custom  [a=b]"]);
    }

    #[test]
    fn several_challenges_come_in_one_line_or_in_several() {
        let one = read(&[b"Negotiate, NTLM , Basic realm=\"a, b=c\", Digest realm=x,nonce = \"n\" , qop=\"auth\""]);
        assert_eq!(one, ["Negotiate  []", "NTLM  []", "Basic  [realm=a, b=c]", "Digest  [realm=x|nonce=n|qop=auth]"]);
        assert_eq!(
            read(&[b"Negotiate", b"NTLM", b"Basic realm=\"a, b=c\"", b"Digest realm=x,nonce=\"n\", qop=auth"]),
            one
        );
    }

    #[test]
    fn tokens_are_told_from_parameters() {
        assert_eq!(read(&[b"NTLM TlRM+/ab=="]), ["NTLM TlRM+/ab== []"]);
        assert_eq!(read(&[b"NTLM TlRM"]), ["NTLM TlRM []"]);
        assert_eq!(read(&[b"Negotiate oYG2, NTLM"]), ["Negotiate oYG2 []", "NTLM  []"]);
        assert_eq!(read(&[b"Basic a=b"]), ["Basic  [a=b]"]);
        assert_eq!(read(&[b"Basic a="]), ["Basic a= []"]);
    }

    #[test]
    fn values_are_the_bytes_that_came() {
        let latin = headers(&[b"Digest realm=\"S\xe4ge\", nonce=\"a\\\"b\\\\c\""]);
        let challenge = all(&latin).remove(0);
        assert_eq!(challenge.parameters.get("realm"), Some(&b"S\xe4ge"[..]));
        assert_eq!(challenge.parameters.get("nonce"), Some(&b"a\"b\\c"[..]));
    }

    #[test]
    fn what_breaks_the_grammar_costs_only_itself() {
        for (line, found) in [
            (&b"Basic realm=My Site, NTLM"[..], &["Basic  [realm=My Site]", "NTLM  []"][..]),
            (b"Digest realm=My Site , nonce=n", &["Digest  [realm=My Site|nonce=n]"]),
            (b"Digest realm=\"x\" nonce=\"n\", NTLM", &["Digest  [realm=x|nonce=n]", "NTLM  []"]),
            (b"Digest realm=\"x\"; nonce=\"n\", qop=auth, NTLM", &["Digest  [realm=x|qop=auth]", "NTLM  []"]),
            (b"Digest realm=\"x\", (odd), nonce=n", &["Digest  [realm=x|nonce=n]"]),
            (b"Basic realm=a;b", &["Basic  [realm=a;b]"]),
            (b"Basic \"x\", realm=y", &["Basic  [realm=y]"]),
            (b"NTLM abc, x=y, Basic", &["NTLM abc []", "Basic  []"]),
            // An opened quote takes the rest of its line with it.
            (b"NTLM, Digest nonce=n, realm=\"x, Basic", &["NTLM  []", "Digest  [nonce=n]"]),
            (b"Basic realm=\"x\\", &["Basic  []"]),
            (b"=x, realm=x, NTLM", &["NTLM  []"]),
            (b"", &[]),
            (b" , ,", &[]),
        ] {
            assert_eq!(read(&[line]), found, "{}", line.escape_ascii());
            assert_eq!(read(&[line, b"NTLM"]).last().map(String::as_str), Some("NTLM  []"));
        }
    }

    #[test]
    fn a_parameter_that_contradicts_itself_counts_for_nothing() {
        let challenge = all(&headers(&[b"Digest realm=x, REALM=y, nonce=n, nonce=\"n\""])).remove(0);
        assert_eq!((challenge.parameters.get("realm"), challenge.parameters.get("nonce")), (None, Some(&b"n"[..])));
    }

    #[test]
    fn a_field_of_parameters_is_read_likewise() {
        let field = Parameters::read(b"rspauth=\"x\", (odd), NextNonce=\"n, 2\", qop=auth");
        assert_eq!((field.get("nextnonce"), field.get("qop")), (Some(&b"n, 2"[..]), Some(&b"auth"[..])));
    }

    #[test]
    fn long_lists_are_cut() {
        let line = "Basic a=b, c=d,".repeat(1000).into_bytes();
        assert_eq!(read(&[&line]).len(), MAX);
        let line = format!("Basic {}", "a=b,".repeat(10_000)).into_bytes();
        assert_eq!(all(&headers(&[&line])).remove(0).parameters.0.len(), MAX_PARAMETERS);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_taken(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            text in "(Basic|Digest|NTLM|realm|nonce|[ -~]|[\u{80}-\u{ff}]|=|,|\"){0,40}",
        ) {
            for line in [&bytes[..], text.as_bytes()] {
                let read = ChallengeReader { rest: line }.challenges();
                proptest::prop_assert!(read.len() <= MAX);
                let _ = Parameters::read(line);
            }
        }
    }
}
