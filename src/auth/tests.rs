//! Whole conversations, without a network.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};

use super::*;

fn identity(origin: &'static str, choice: Choice) -> Identity {
    Identity {
        origin: Uri::from_static(origin),
        trusted_hosts: vec!["node1".to_owned()],
        credentials: Some(Credentials::Password(Password {
            user: "me".to_owned(),
            password: Secret::new("s3cret".to_owned()),
        })),
        choice,
        allow_cleartext: false,
        headers: HeaderMap::new(),
    }
}

fn login(origin: &'static str, choice: Choice) -> Login {
    let mut count = 0;
    Login::new(identity(origin, choice), move || {
        count += 1;
        [count; 16]
    })
}

fn request(uri: &'static str, length: &'static str) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(b"BITS_POST").expect("a token");
    *request.uri_mut() = Uri::from_static(uri);
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static(length));
    request
}

/// Signs a request and shows what went out; then the answer.
fn exchange(login: &mut Login, uri: &'static str, length: &'static str, offers: Option<&[&str]>) -> (String, Step) {
    let mut request = request(uri, length);
    login.sign(&mut request).expect("signed");
    let sent = request.headers().get(AUTHORIZATION).map(|value| {
        assert!(value.is_sensitive());
        value.to_str().expect("text").to_owned()
    });
    let mut headers = HeaderMap::new();
    for offer in offers.unwrap_or_default() {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(offer).expect("a value"));
    }
    let status = if offers.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (sent.unwrap_or_default(), login.answered(&request, status, &headers))
}

const BASIC: &str = "Basic realm=\"x\"";
const DIGEST: &str = "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
const ME: &str = "Basic bWU6czNjcmV0";

#[test]
fn the_challenge_is_settled_on_the_first_request_and_kept() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[BASIC])), (String::new(), Step::Again));
    assert_eq!(exchange(&mut login, "https://h/a", "0", None), (ME.to_owned(), Step::Done));
    assert_eq!(exchange(&mut login, "https://h/a", "9", None), (ME.to_owned(), Step::Done));
}

#[test]
fn fault_20_a_wrong_password_is_sent_once() {
    for (choice, offer) in [(Choice::Auto, BASIC), (Choice::Only(Scheme::Basic), BASIC), (Choice::Auto, DIGEST)] {
        let mut login = login("https://h/a", choice);
        let mut proofs = 0;
        loop {
            let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&[offer]));
            proofs += usize::from(!sent.is_empty());
            match step {
                Step::Again => {}
                Step::Refused(error) => break assert!(matches!(error, SignInError::Rejected(_)), "{error}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(proofs, 1, "{offer}");
    }
}

#[test]
fn fault_52_the_strongest_is_taken_and_nothing_weaker_after_it() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[BASIC, DIGEST])).1, Step::Again);
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&[BASIC]));
    assert!(sent.starts_with("Digest "), "{sent}");
    assert_eq!(step, Step::Refused(SignInError::Rejected(Scheme::Digest)));
    // Nor at another host that the credentials may go to.
    assert_eq!(
        exchange(&mut login, "https://node1/a", "0", Some(&[BASIC])).1,
        Step::Refused(SignInError::NothingInCommon {
            offered: "Basic".to_owned(),
            reason: "it does not offer Digest".to_owned()
        })
    );
}

#[test]
fn fault_52_a_secret_goes_over_http_only_if_that_is_allowed() {
    let cleartext = Step::Refused(SignInError::Cleartext(Scheme::Basic));
    let mut careful = login("http://h/a", Choice::Auto);
    assert_eq!(exchange(&mut careful, "http://h/a", "0", Some(&[BASIC])), (String::new(), cleartext.clone()));
    let mut named = login("http://h/a", Choice::Only(Scheme::Basic));
    assert_eq!(exchange(&mut named, "http://h/a", "0", Some(&[BASIC])), (String::new(), cleartext));
    let identity = Identity { allow_cleartext: true, ..identity("http://h/a", Choice::Auto) };
    let mut bold = Login::new(identity, || [0; 16]);
    assert_eq!(exchange(&mut bold, "http://h/a", "0", Some(&[BASIC])).1, Step::Again);
    assert_eq!(exchange(&mut bold, "http://h/a", "0", None).0, ME);
}

#[test]
fn fault_48_another_server_gets_nothing() {
    let mut login = login("https://h/a", Choice::Only(Scheme::Basic));
    assert_eq!(exchange(&mut login, "https://h/a", "0", None).0, ME);
    for elsewhere in ["https://other/a", "http://h/a", "https://h:444/a"] {
        let (sent, step) = exchange(&mut login, elsewhere, "0", Some(&[BASIC]));
        assert_eq!(sent, "");
        assert!(matches!(step, Step::Refused(SignInError::OtherOrigin { .. })), "{step:?}");
    }
    assert_eq!(exchange(&mut login, "https://node1/a", "0", None).0, ME);
}

#[test]
fn a_token_goes_out_unasked_and_only_as_bearer() {
    let token = Some(Credentials::Token(Secret::new("abc.def".to_owned())));
    let identity = Identity { credentials: token, ..identity("https://h/a", Choice::Auto) };
    let mut login = Login::new(identity, || [0; 16]);
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&["Bearer error=\"invalid_token\"", BASIC]));
    assert_eq!(sent, "Bearer abc.def");
    assert_eq!(step, Step::Refused(SignInError::Rejected(Scheme::Bearer)));
}

#[test]
fn without_credentials_the_server_offers_are_named() {
    let mut login = Login::anonymous(&Uri::from_static("https://h/a"));
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&["Negotiate", "NTLM", "ntlm"]));
    let offered = "Negotiate, NTLM".to_owned();
    assert_eq!((sent.as_str(), step), ("", Step::Refused(SignInError::NoCredentials { offered })));
}

fn parameter<'a>(sent: &'a str, name: &str) -> &'a str {
    let begin = sent.find(&format!("{name}=")).expect(name) + name.len() + 1;
    sent[begin..].split([',', ' ']).next().unwrap_or_default().trim_matches('"')
}

#[test]
fn a_digest_counts_its_proofs_and_takes_a_new_nonce_when_the_old_is_stale() {
    let mut login = login("https://h/a?x=y", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a?x=y", "0", Some(&[DIGEST])).1, Step::Again);
    let first = exchange(&mut login, "https://h/a?x=y", "0", None).0;
    let second = exchange(&mut login, "https://h/a?x=y", "5", None).0;
    for (sent, count) in [(&first, "00000001"), (&second, "00000002")] {
        assert_eq!((parameter(sent, "nc"), parameter(sent, "qop"), parameter(sent, "uri")), (count, "auth", "/a?x=y"));
    }
    assert_ne!(parameter(&first, "response"), parameter(&second, "response"));
    let stale = "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", algorithm=MD5, stale=true";
    // A body is not sent twice for it.
    assert_eq!(exchange(&mut login, "https://h/a?x=y", "5", Some(&[stale])).1, Step::SignInFirst);
    let next = exchange(&mut login, "https://h/a?x=y", "0", None).0;
    assert_eq!((parameter(&next, "nonce"), parameter(&next, "nc")), ("n2", "00000001"));
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_left() {
    let stale = "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", stale=true";
    let mut login = login("https://h/a", Choice::Auto);
    let proofs = (0..20).take_while(|_| exchange(&mut login, "https://h/a", "0", Some(&[stale])).1 == Step::Again);
    assert_eq!(proofs.count(), 4);
}

#[test]
fn the_strongest_digest_is_taken_and_the_methods_name_is_in_the_proof() {
    let sha =
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"n\", opaque=\"o\"";
    let md5 =
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, nonce=\"n\", opaque=\"o\"";
    for offers in [[sha, md5], [md5, sha]] {
        let mut login = login("https://h/dir/index.html", Choice::Auto);
        assert_eq!(exchange(&mut login, "https://h/dir/index.html", "0", Some(&offers)).1, Step::Again);
        let sent = exchange(&mut login, "https://h/dir/index.html", "0", None).0;
        assert_eq!((parameter(&sent, "algorithm"), parameter(&sent, "opaque")), ("SHA-256", "o"));
        // By sha256sum, step by step: HA1 of me:http-auth@example.org:s3cret, HA2 of BITS_POST:/dir/index.html.
        assert_eq!(parameter(&sent, "response"), EXPECTED);
    }
}

const EXPECTED: &str = "1fe7b95c9804eb501893040eb4ccd98b65a648c669669adb59473265810c1764";

#[test]
fn a_digest_that_cannot_be_answered_is_passed_over() {
    for broken in [
        "Digest realm=\"x\"",
        "Digest nonce=\"n\"",
        "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
        "Digest realm=\"x\", nonce=\"n\", algorithm=CRC32",
    ] {
        let mut login = login("https://h/a", Choice::Auto);
        assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[broken, BASIC])).1, Step::Again);
        assert_eq!(exchange(&mut login, "https://h/a", "0", None).0, ME);
    }
}

#[test]
fn nothing_shows_the_secrets() {
    let identity = identity("https://h/a", Choice::Only(Scheme::Basic));
    assert!(!format!("{identity:?}").contains("s3cret"));
    let mut login = Login::new(identity, || [0; 16]);
    exchange(&mut login, "https://h/a", "0", None);
    assert!(!format!("{login:?}").contains("s3cret") && !format!("{login:?}").contains(ME));
}

#[test]
fn header_fields_of_ones_own_go_where_credentials_go_once() {
    let mut identity = identity("https://h/a", Choice::None);
    for value in ["blue", "red"] {
        identity.headers.append("x-team", HeaderValue::from_static(value));
    }
    let mut login = Login::new(identity, || [0; 16]);
    for (uri, values) in [
        ("https://h/b", &["blue", "red"][..]),
        ("https://node1/b", &["blue", "red"]),
        ("https://other/b", &[]),
        ("http://h/b", &[]),
    ] {
        let mut request = request(uri, "0");
        for _ in 0..2 {
            assert_eq!(login.sign(&mut request), Ok(Ready::Anywhere));
        }
        let sent: Vec<_> = request.headers().get_all("x-team").iter().collect();
        assert_eq!(sent, values, "{uri}");
    }
}
