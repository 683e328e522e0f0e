//! Properties that hold for any bytes: played with by the fuzz targets, and in small by the tests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use rustls_pki_types::PrivateKeyDer;

use super::challenge::{self, MAX};
#[cfg(feature = "windows-auth")]
use super::scheme::Scheme;
use super::{AuthSettings, Authenticator, Choice, Credentials, Password, Secret, pem};
use crate::protocol::fuzzing::{is_harmless, lines};

const PASSWORD: &str = "s3cret";

fn authenticator(url: &Uri, choice: Choice) -> Authenticator {
    let password = Password { user: "me".to_owned(), password: Secret::new(PASSWORD.to_owned()) };
    let credentials = Some(Credentials::Password(password));
    Authenticator::new(AuthSettings { credentials, choice, ..AuthSettings::anonymous(url) }, || Ok([7; 16]))
}

/// The `Authorization` that is sent after this response, if any.
fn answer(authenticator: &mut Authenticator, url: &Uri, response: &Response<()>) -> Option<Vec<u8>> {
    let mut request = Request::new(());
    *request.uri_mut() = url.clone();
    authenticator.prepare(&mut request).expect("a first request can be made");
    let status = authenticator.on_response(&request, response);
    let prepared = status.and_then(|_| authenticator.prepare(&mut request));
    if let Err(error) = prepared {
        assert!(is_harmless(&error.to_string()), "{error}");
        return None;
    }
    request.headers().get(AUTHORIZATION).map(|value| value.as_bytes().to_vec())
}

/// A password is never shown without TLS; a proof by Digest carries the challenge back as it came.
pub fn challenges(data: &[u8]) {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    for value in lines(data).take(MAX).filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
    let offered = challenge::all(response.headers());
    assert!(offered.len() <= MAX && offered.iter().all(|challenge| is_harmless(&challenge.scheme)));
    for url in ["http://h/a?b", "https://h/a"].map(Uri::from_static) {
        let Some(value) = answer(&mut authenticator(&url, Choice::Auto), &url, &response) else { continue };
        assert!(!value.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()));
        assert!(url.scheme_str() == Some("https") || !value.starts_with(b"Basic"));
        if value.starts_with(b"Digest") {
            let sent = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_bytes(&value).expect("a value"))]);
            let [sent] = &challenge::all(&sent)[..] else { panic!("not one proof: {}", value.escape_ascii()) };
            let is_its_answer = |offer: &&challenge::Challenge| {
                let is_same = |name| offer.parameters.get(name) == sent.parameters.get(name);
                offer.is("Digest") && ["realm", "nonce", "opaque"].into_iter().all(is_same)
            };
            assert!(offered.iter().any(|offer| is_its_answer(&offer)), "{}", value.escape_ascii());
        }
    }
}

/// Whatever a server sends as its message of NTLM or Negotiate, the answer is a proof or an error that may be shown.
#[cfg(feature = "windows-auth")]
pub fn ntlm(data: &[u8]) {
    let url = Uri::from_static("https://h/a");
    let token = STANDARD.encode(data);
    for scheme in [Scheme::Ntlm, Scheme::Negotiate] {
        let mut authenticator = authenticator(&url, Choice::Only(scheme));
        let greeting = answer(&mut authenticator, &url, &asked(&scheme.to_string())).expect("a greeting");
        let mut request = Request::new(());
        *request.uri_mut() = url.clone();
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_bytes(&greeting).expect("a value"));
        let status = authenticator.on_response(&request, &asked(&format!("{scheme} {token}")));
        match status.and_then(|_| authenticator.prepare(&mut request)) {
            Ok(_) => {
                let proof = request.headers()[AUTHORIZATION].as_bytes();
                assert_ne!(proof, greeting);
                let proof = STANDARD.decode(&proof[scheme.as_str().len() + 1..]).expect("base64");
                assert!(scheme == Scheme::Negotiate || proof.starts_with(b"NTLMSSP\0\x03\0\0\0"));
            }
            Err(error) => assert!(is_harmless(&error.to_string()), "{error}"),
        }
    }
}

#[cfg(feature = "windows-auth")]
fn asked(challenge: &str) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).expect("a value"));
    response
}

/// Certificates and keys that are read are read again from the same in plain PEM.
pub fn pem(data: &[u8]) {
    let section =
        |label: &str, der: &[u8]| format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der));
    match pem::certificates(data) {
        Ok(found) => {
            assert_ne!(found, [], "no certificate and no error");
            let text: String = found.iter().map(|certificate| section("CERTIFICATE", certificate)).collect();
            assert_eq!(pem::certificates(text.as_bytes()), Ok(found));
        }
        Err(error) => assert!(is_harmless(&error.to_string())),
    }
    match pem::private_key(data) {
        Ok(key) => {
            let label = match &key {
                PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
                PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
                _ => "PRIVATE KEY",
            };
            assert_eq!(pem::private_key(section(label, key.secret_der()).as_bytes()), Ok(key));
        }
        Err(error) => assert!(is_harmless(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_keep_the_properties(data in any::<Vec<u8>>()) {
            challenges(&data);
            pem(&data);
        }

        #[test]
        fn what_looks_like_challenges_keeps_them(
            text in "((Basic|Digest|NTLM|Negotiate|Bearer)?,? ?((realm|nonce|opaque|algorithm|qop|stale|charset|userhash) ?=\"?(MD5|SHA-256-sess|auth(-int)?|true|[ -~]{0,5})\"?[, \n]{0,2}|[a-z+/]{1,4}=*)){0,9}"
        ) {
            challenges(text.as_bytes());
        }

        #[test]
        fn what_looks_like_pem_keeps_them(
            text in "(-----(BEGIN|END) ((TRUSTED |X509 )?CERTIFICATE|(RSA |EC |ENCRYPTED )?PRIVATE KEY|PKCS7)-----|MIIB[a-zA-Z]{4}|[A-Za-z0-9+/]{4}|=|\r?\n| ){0,12}"
        ) {
            pem(text.as_bytes());
        }
    }

    #[cfg(feature = "windows-auth")]
    proptest! {
        #[test]
        fn what_looks_like_a_message_of_ntlm_keeps_them(numbers in any::<[u8; 40]>(), rest in any::<Vec<u8>>()) {
            ntlm(&rest);
            ntlm(&[b"NTLMSSP\0\x02\0\0\0", &numbers[..], &rest].concat());
        }
    }
}
