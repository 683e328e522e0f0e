//! Digest (RFC 7616): a proof for each request that the password is known.

use digest_auth::{Algorithm, AlgorithmType, AuthContext, Charset, HttpMethod, Qop, WwwAuthenticateHeader};
use http::Request;

use super::challenge::Challenge;
use super::credentials::Password;

/// A server's nonce; how often it was used is counted within.
#[derive(Debug)]
pub(super) struct Digest {
    // Filled in by our own reader: the library's takes characters for bytes.
    challenge: WwwAuthenticateHeader,
    cnonce: String,
}

impl Digest {
    /// The strongest of the challenges that can be answered, or why there is none.
    pub(super) fn choose(challenges: &[Challenge], cnonce: [u8; 16]) -> Result<Self, &'static str> {
        let mut reason = "it offers no Digest";
        let mut best: Option<(u8, WwwAuthenticateHeader)> = None;
        for challenge in challenges.iter().filter(|challenge| challenge.is("Digest")) {
            match read(challenge) {
                Ok((strength, read)) if best.as_ref().is_none_or(|(known, _)| strength > *known) => {
                    best = Some((strength, read));
                }
                Ok(_) => {}
                Err(why) => reason = why,
            }
        }
        let cnonce = format!("{:032x}", u128::from_be_bytes(cnonce));
        best.map(|(_, challenge)| Self { challenge, cnonce }).ok_or(reason)
    }

    /// Whether the server says that only the nonce was too old.
    pub(super) fn is_stale(&self) -> bool {
        self.challenge.stale
    }

    /// The value of `Authorization` for a request. Its body is no part of the proof, so that it can be streamed.
    pub(super) fn prove(&mut self, request: &Request<()>, password: &Password) -> Result<String, String> {
        let uri = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let method = HttpMethod::from(request.method().as_str());
        let mut context = AuthContext::new_with_method(
            password.user.as_str(),
            password.password.reveal(),
            uri,
            Option::<&[u8]>::None,
            method,
        );
        // One for each nonce of the server: the counter tells the proofs apart, also in the -sess variants.
        context.set_custom_cnonce(self.cnonce.as_str());
        self.challenge.respond(&context).map(|proof| proof.to_header_string()).map_err(|error| error.to_string())
    }
}

/// A challenge that can be answered, with its strength.
fn read(challenge: &Challenge) -> Result<(u8, WwwAuthenticateHeader), &'static str> {
    let required = |name| challenge.parameter(name).ok_or("its Digest has no realm or nonce");
    let (strength, algorithm) = algorithm(challenge.parameter("algorithm").unwrap_or("MD5"))?;
    let qop = match challenge.parameter("qop") {
        None => None,
        Some(list) if list.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth")) => Some(vec![Qop::AUTH]),
        Some(_) => return Err("its Digest wants the body in the proof (auth-int), and a file does not fit into one"),
    };
    let is_true = |name| challenge.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let header = WwwAuthenticateHeader {
        domain: None,
        realm: required("realm")?.to_owned(),
        nonce: required("nonce")?.to_owned(),
        opaque: challenge.parameter("opaque").map(str::to_owned),
        stale: is_true("stale"),
        algorithm,
        qop,
        userhash: is_true("userhash"),
        charset: Charset::UTF8,
        nc: 0,
    };
    Ok((strength, header))
}

fn algorithm(name: &str) -> Result<(u8, Algorithm), &'static str> {
    let upper = name.to_ascii_uppercase();
    let (base, sess) = upper.strip_suffix("-SESS").map_or((upper.as_str(), false), |base| (base, true));
    let (strength, kind) = match base {
        "MD5" => (0, AlgorithmType::MD5),
        "SHA-256" => (1, AlgorithmType::SHA2_256),
        "SHA-512-256" => (2, AlgorithmType::SHA2_512_256),
        _ => return Err("its Digest uses an unknown algorithm"),
    };
    Ok((strength, Algorithm::new(kind, sess)))
}
