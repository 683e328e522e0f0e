//! Digest (RFC 7616, and RFC 2069 for servers without `qop`): a proof for each request that the password is known.

use http::{HeaderMap, Request};
use md5::Md5;
use sha2::{Sha256, Sha512_256};

use super::challenge::{Challenge, Demand, Parameters};
use super::credentials::{Credentials, Password};
use super::mechanism::Mechanism;
use super::scheme::{Scheme, SignInError};
use crate::protocol::text;

/// Proofs on a nonce that came just before, which are refused one after the other.
const MAX_REFUSED: u32 = 2;

/// Proofs by Digest, and how they fared.
#[derive(Debug)]
pub(super) struct Proofs {
    digest: Digest,
    /// One was taken: the password is right.
    was_accepted: bool,
    /// The nonce came with the last response: no other request can have used it up.
    is_fresh: bool,
    /// Proofs on fresh nonces that were refused in a row.
    refused: u32,
}

impl Proofs {
    pub(super) fn new(challenges: &[Challenge], random: [u8; 16]) -> Result<Self, &'static str> {
        let digest = Digest::choose(challenges, random)?;
        Ok(Self { digest, was_accepted: false, is_fresh: true, refused: 0 })
    }
}

impl Mechanism for Proofs {
    fn scheme(&self) -> Scheme {
        Scheme::Digest
    }

    fn repeats_bodies(&self) -> bool {
        true
    }

    fn is_about_to_prove(&self) -> bool {
        true
    }

    /// The request that was lost may have used the nonce up.
    fn on_disconnect(&mut self, was_sent: bool) {
        self.is_fresh &= !was_sent;
    }

    fn authorization(&mut self, request: &Request<()>, credentials: &Credentials) -> Result<Option<Vec<u8>>, String> {
        let Credentials::Password(password) = credentials else { return Ok(None) };
        Ok(Some(self.digest.prove(request, password)))
    }

    fn accepted(&mut self, headers: &HeaderMap, has_looked: bool) -> Result<(), String> {
        (self.is_fresh, self.refused) = (false, 0);
        self.was_accepted |= has_looked;
        let info = headers.get("authentication-info").map(|info| Parameters::read(info.as_bytes()));
        if let Some(nonce) = info.as_ref().and_then(|info| info.get("nextnonce")).filter(|nonce| !nonce.is_empty()) {
            self.digest.renew(nonce);
        }
        Ok(())
    }

    /// A nonce may be refused whenever the server likes: some take each once, others forget them. Only a proof on one that
    /// came just before says something about the password.
    fn challenged(&mut self, demand: Demand<'_>, signed: bool, random: [u8; 16]) -> Result<(), SignInError> {
        let next = Digest::choose(demand.challenges, random).map_err(|_| self.rejected())?;
        let was_fresh = std::mem::replace(&mut self.is_fresh, true);
        let is_again = if !signed {
            true
        } else if was_fresh {
            self.refused += 1;
            next.stale && self.refused < MAX_REFUSED
        } else {
            // An earlier proof that got no response may have used the nonce up before the password was known to be right.
            let was_spent = self.digest.count == 2 && next.nonce != self.digest.nonce;
            self.was_accepted || next.stale || was_spent
        };
        self.digest = next.after(&self.digest);
        if is_again { Ok(()) } else { Err(self.rejected()) }
    }
}

/// A server's nonce, and how often it was used.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Digest {
    hash: Hash,
    /// The place of the hash among all.
    strength: usize,
    /// The -sess variants: the hash of the password goes into a key, which stands for it from then on.
    is_session: bool,
    /// The algorithm's name as the server spells it; `None`: it names none.
    algorithm_name: Option<String>,
    realm: Vec<u8>,
    nonce: Vec<u8>,
    /// The nonce of the challenge: the session's key is made of it, whatever nonces follow.
    first_nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    /// The server says that only the nonce was too old.
    stale: bool,
    /// Whether the server knows `qop=auth`.
    has_qop: bool,
    userhash: bool,
    /// One for each challenge: the counter tells the proofs apart, also in the -sess variants.
    cnonce: String,
    /// How many proofs were made with the nonce.
    count: u32,
}

impl Digest {
    /// The strongest of the challenges that can be answered, or why there is none.
    fn choose(challenges: &[Challenge], cnonce: [u8; 16]) -> Result<Self, &'static str> {
        let mut reason = "it offers no Digest";
        let offered = challenges.iter().filter(|challenge| challenge.is("Digest"));
        let digests = offered.filter_map(|challenge| read(challenge, cnonce).map_err(|why| reason = why).ok());
        digests.reduce(|best, next| if next.strength > best.strength { next } else { best }).ok_or(reason)
    }

    /// A challenge in place of `before`. Its nonce may be the one that was used: then the counter goes on, since a server
    /// takes each count once.
    fn after(self, before: &Self) -> Self {
        if self.nonce == before.nonce {
            return Self { cnonce: before.cnonce.clone(), count: before.count, ..self };
        }
        self
    }

    /// The server named the nonce for the next request (`nextnonce`).
    fn renew(&mut self, nonce: &[u8]) {
        if nonce != self.nonce {
            (self.nonce, self.count) = (nonce.to_vec(), 0);
        }
    }

    /// The value of `Authorization` for a request. Its body is no part of the proof, so that it can be streamed.
    fn prove(&mut self, request: &Request<()>, password: &Password) -> Vec<u8> {
        let uri = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        self.count += 1;
        let (user, count) = (password.user.as_bytes(), format!("{:08x}", self.count));
        let response = self.response(request.method().as_str(), uri, &count, password);
        let mut value = b"Digest ".to_vec();
        let user = if self.userhash { (self.hash)(&[user, &self.realm]).into_bytes() } else { user.to_vec() };
        // Bytes beyond ASCII as they are, in UTF-8, as curl and browsers send them: few servers know username*.
        for (name, text) in
            [("username", &user[..]), ("realm", &self.realm), ("nonce", &self.nonce), ("uri", uri.as_bytes())]
        {
            add_quoted(&mut value, name, text);
        }
        if self.has_qop {
            add(&mut value, "qop", "auth");
            add(&mut value, "nc", &count);
        }
        if self.has_qop || self.is_session {
            add_quoted(&mut value, "cnonce", self.cnonce.as_bytes());
        }
        add_quoted(&mut value, "response", response.as_bytes());
        if let Some(opaque) = &self.opaque {
            add_quoted(&mut value, "opaque", opaque);
        }
        if let Some(name) = &self.algorithm_name {
            add(&mut value, "algorithm", name);
        }
        if self.userhash {
            add(&mut value, "userhash", "true");
        }
        value
    }

    fn response(&self, method: &str, uri: &str, count: &str, password: &Password) -> String {
        let hash = self.hash;
        let (cnonce, secret) = (self.cnonce.as_bytes(), password.password.reveal().as_bytes());
        let mut ha1 = hash(&[password.user.as_bytes(), &self.realm, secret]);
        if self.is_session {
            ha1 = hash(&[ha1.as_bytes(), &self.first_nonce, cnonce]);
        }
        let ha2 = hash(&[method.as_bytes(), uri.as_bytes()]);
        if self.has_qop {
            return hash(&[ha1.as_bytes(), &self.nonce, count.as_bytes(), cnonce, b"auth", ha2.as_bytes()]);
        }
        hash(&[ha1.as_bytes(), &self.nonce, ha2.as_bytes()])
    }
}

fn add(value: &mut Vec<u8>, name: &str, token: &str) {
    // The first follows the scheme's name.
    if value.last() != Some(&b' ') {
        value.extend_from_slice(b", ");
    }
    value.extend_from_slice(name.as_bytes());
    value.push(b'=');
    value.extend_from_slice(token.as_bytes());
}

fn add_quoted(value: &mut Vec<u8>, name: &str, text: &[u8]) {
    add(value, name, "\"");
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            value.push(b'\\');
        }
        value.push(byte);
    }
    value.push(b'"');
}

/// A challenge that can be answered.
fn read(challenge: &Challenge, cnonce: [u8; 16]) -> Result<Digest, &'static str> {
    let required =
        |name| challenge.parameters.get(name).map(<[u8]>::to_vec).ok_or("its Digest has no realm or nonce, or several");
    let name = challenge.parameters.get("algorithm");
    let name = name.map(|name| std::str::from_utf8(name).map_err(|_| UNKNOWN)).transpose()?;
    let algorithm = name.unwrap_or("MD5").to_ascii_uppercase();
    let base = algorithm.strip_suffix("-SESS").unwrap_or(&algorithm);
    let strength = HASHES.iter().position(|(known, _)| *known == base).ok_or(UNKNOWN)?;
    let qop = challenge.parameters.get("qop").map(<[u8]>::trim_ascii).filter(|list| !list.is_empty());
    let has_auth = |list: &[u8]| list.split(|&byte| byte == b',').any(|qop| is(qop.trim_ascii(), "auth"));
    if qop.is_some_and(|list| !has_auth(list)) {
        return Err("its Digest requires auth-int, a hash over the body, which bitsup does not support");
    }
    let is_true = |name| challenge.parameters.get(name).is_some_and(|value| is(value, "true"));
    let nonce = required("nonce")?;
    Ok(Digest {
        hash: HASHES[strength].1,
        strength,
        is_session: base != algorithm,
        algorithm_name: name.map(str::to_owned),
        realm: required("realm")?,
        first_nonce: nonce.clone(),
        nonce,
        opaque: challenge.parameters.get("opaque").map(<[u8]>::to_vec),
        stale: is_true("stale"),
        has_qop: qop.is_some(),
        userhash: is_true("userhash"),
        cnonce: format!("{:032x}", u128::from_be_bytes(cnonce)),
        count: 0,
    })
}

fn is(value: &[u8], word: &str) -> bool {
    value.eq_ignore_ascii_case(word.as_bytes())
}

const UNKNOWN: &str = "its Digest uses an unknown algorithm";

/// Of parts with colons between them, in hexadecimal.
type Hash = fn(&[&[u8]]) -> String;

/// The later, the stronger.
const HASHES: [(&str, Hash); 3] =
    [("MD5", hash_of::<Md5>), ("SHA-256", hash_of::<Sha256>), ("SHA-512-256", hash_of::<Sha512_256>)];

fn hash_of<H: sha2::Digest>(parts: &[&[u8]]) -> String {
    let mut hash = H::new();
    for (at, part) in parts.iter().enumerate() {
        hash.update(if at == 0 { "" } else { ":" });
        hash.update(part);
    }
    text::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;
    use http::{HeaderMap, HeaderValue, Uri};

    use super::super::{Secret, challenge};
    use super::*;

    fn offered(offer: &[u8]) -> Result<Digest, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_bytes(offer).expect("a value"));
        Digest::choose(&challenge::all(&headers), [0; 16])
    }

    fn password(user: &str, password: &str) -> Password {
        Password { user: user.to_owned(), password: Secret::new(password.to_owned()) }
    }

    fn proof(digest: &mut Digest, uri: &'static str, password: &Password) -> String {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(uri);
        digest.prove(&request, password).escape_ascii().to_string().replace("\\\"", "\"")
    }

    /// The example of RFC 2617, section 3.5.
    #[test]
    fn a_proof_is_that_of_rfc_2617() {
        let offer = b"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let mut digest = Digest { cnonce: "0a4f113b".to_owned(), ..offered(offer).expect("read") };
        assert_eq!(
            proof(&mut digest, "http://www.nowhere.org/dir/index.html", &password("Mufasa", "Circle Of Life")),
            "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             uri=\"/dir/index.html\", qop=auth, nc=00000001, cnonce=\"0a4f113b\", \
             response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
        );
    }

    /// The examples of RFC 7616, section 3.9.1.
    #[test]
    fn proofs_are_those_of_rfc_7616() {
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let offer = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned();
            let mut digest = Digest { cnonce, ..offered(offer.as_bytes()).expect("read") };
            let sent =
                proof(&mut digest, "http://www.example.org/dir/index.html", &password("Mufasa", "Circle of Life"));
            assert!(sent.contains(&format!("response=\"{response}\"")), "{algorithm}: {sent}");
            assert!(sent.ends_with(&format!("algorithm={algorithm}")), "{sent}");
        }
    }

    /// The input of RFC 7616, section 3.9.2. The values printed there are not of SHA-512/256: its user is hashed with
    /// SHA-512, cut off. These are OpenSSL's.
    #[test]
    fn a_hashed_user_is_that_of_rfc_7616() {
        let offer = b"Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
            nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
            opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true";
        let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm".to_owned();
        let mut digest = Digest { cnonce, ..offered(offer).expect("read") };
        let sent =
            proof(&mut digest, "http://api.example.org/doe.json", &password("J\u{e4}s\u{f8}n Doe", "Secret, or not?"));
        for part in [
            "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\"",
            "response=\"7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c\"",
            ", userhash=true",
        ] {
            assert!(sent.contains(part), "no {part} in {sent}");
        }
    }

    /// By md5sum and sha256sum, step by step.
    #[test]
    fn without_qop_and_with_a_session_the_hashes_are_others() {
        let me = password("me", "s3cret");
        let mut old = offered(b"Digest realm=\"x\", nonce=\"n\"").expect("read");
        assert_eq!(
            proof(&mut old, "http://h/a", &me),
            "Digest username=\"me\", realm=\"x\", nonce=\"n\", uri=\"/a\", \
             response=\"c036cc134eed2664b8f3f768b842e0bb\""
        );
        for (algorithm, first, second) in [
            ("MD5-sess", "ccd45d7f852138df1cfc4908b6b809c1", "50588a5d2350aa86ae2f6294f2751808"),
            (
                "SHA-256-SESS",
                "602f2feeccbbdec3894ebf2c87d80389a64f50ea09e7fb58ddeaf5bd0b0536c9",
                "c116dfdd805d5a726cfe5d2f0e0c082def8d7c8ed418504e364c3b743db2699f",
            ),
        ] {
            let offer = format!("Digest realm=\"x\", nonce=\"n\", qop=auth, algorithm={algorithm}");
            let mut digest = offered(offer.as_bytes()).expect("read");
            assert!(proof(&mut digest, "http://h/a", &me).contains(&format!("response=\"{first}\"")), "{algorithm}");
            // The key stays that of the challenge's nonce.
            digest.renew(b"n2");
            let sent = proof(&mut digest, "http://h/a", &me);
            assert!(sent.contains("nonce=\"n2\", uri=\"/a\", qop=auth, nc=00000001, "), "{sent}");
            assert!(sent.contains(&format!("response=\"{second}\"")), "{algorithm}: {sent}");
        }
    }

    #[test]
    fn bytes_beyond_ascii_go_back_as_they_came() {
        let mut digest = offered(b"Digest realm=\"S\xe4ge \\\"1\\\"\", nonce=\"n\"").expect("read");
        let sent = proof(&mut digest, "http://h/a", &password("j\u{fc}rgen", "s3cret"));
        assert!(sent.starts_with(r#"Digest username="j\xc3\xbcrgen", realm="S\xe4ge \\"1\\"", nonce="n""#), "{sent}");
        // By md5sum.
        assert!(sent.contains("response=\"e58dbefcfee685ca417cc295b7599324\""), "{sent}");
    }

    /// RFC 7616, section 3.7: the first that the client knows is the one that the server prefers.
    #[test]
    fn of_equal_challenges_the_first_is_answered() {
        let mut headers = HeaderMap::new();
        for nonce in ["first", "second"] {
            let offer = format!("Digest realm=\"x\", nonce=\"{nonce}\", qop=\"auth\"");
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(&offer).expect("a value"));
        }
        let digest = Digest::choose(&challenge::all(&headers), [0; 16]).expect("read");
        assert_eq!(digest.nonce, b"first");
    }

    #[test]
    fn a_nonce_that_comes_again_is_counted_on() {
        let offer = b"Digest realm=\"x\", nonce=\"n\", qop=\"auth\"";
        let mut digest = Digest { cnonce: "ours".to_owned(), ..offered(offer).expect("read") };
        proof(&mut digest, "http://h/a", &password("me", "s3cret"));
        let again = offered(offer).expect("read").after(&digest);
        assert_eq!((again.count, &*again.cnonce), (1, "ours"));
        let other = offered(b"Digest realm=\"x\", nonce=\"m\", qop=\"auth\"").expect("read").after(&digest);
        assert_eq!(other.count, 0);
        digest.renew(b"n");
        assert_eq!(digest.count, 1);
    }
}
