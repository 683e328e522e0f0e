//! Whole conversations, without a network.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::exchange::ConnectionUse;

use super::*;

fn settings(origin: &'static str, choice: Choice) -> AuthSettings {
    AuthSettings {
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

fn login(origin: &'static str, choice: Choice) -> Authenticator {
    let mut count = 0;
    Authenticator::new(settings(origin, choice), move || {
        count += 1;
        Ok([count; 16])
    })
}

fn request(uri: &'static str, length: &'static str) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(b"BITS_POST").expect("a token");
    *request.uri_mut() = Uri::from_static(uri);
    request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static(length));
    request
}

/// Signs a request and shows what went out; then the response.
fn exchange(
    login: &mut Authenticator,
    uri: &'static str,
    length: &'static str,
    offers: Option<&[&str]>,
) -> (String, Result<AuthStatus, SignInError>) {
    let mut request = request(uri, length);
    login.prepare(&mut request).expect("signed");
    let sent = request.headers().get(AUTHORIZATION).map(|value| {
        assert!(value.is_sensitive());
        value.to_str().expect("text").to_owned()
    });
    let mut response = Response::new(());
    for offer in offers.unwrap_or_default() {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_str(offer).expect("a value"));
    }
    *response.status_mut() = if offers.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    (sent.unwrap_or_default(), login.on_response(&request, &response))
}

const BASIC: &str = "Basic realm=\"x\"";
const DIGEST: &str = "Digest realm=\"x\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
const ME: &str = "Basic bWU6czNjcmV0";

#[test]
fn the_challenge_is_settled_on_the_first_request_and_kept() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[BASIC])), (String::new(), Ok(AuthStatus::Repeat)));
    assert_eq!(exchange(&mut login, "https://h/a", "0", None), (ME.to_owned(), Ok(AuthStatus::Complete)));
    assert_eq!(exchange(&mut login, "https://h/a", "9", None), (ME.to_owned(), Ok(AuthStatus::Complete)));
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
                Ok(AuthStatus::Repeat) => {}
                Err(error) => break assert!(matches!(error, SignInError::Rejected(_)), "{error}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(proofs, 1, "{offer}");
    }
}

#[test]
fn fault_52_the_strongest_is_taken_and_nothing_weaker_after_it() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[BASIC, DIGEST])).1, Ok(AuthStatus::Repeat));
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&[BASIC]));
    assert!(sent.starts_with("Digest "), "{sent}");
    assert_eq!(step, Err(SignInError::Rejected(Scheme::Digest)));
    // Nor at another host that the credentials may go to.
    assert_eq!(
        exchange(&mut login, "https://node1/a", "0", Some(&[BASIC])).1,
        Err(SignInError::NothingInCommon {
            offered: "Basic".to_owned(),
            reason: "it does not offer Digest".to_owned(),
            only: None,
        })
    );
}

#[test]
fn fault_52_a_secret_goes_over_http_only_if_that_is_allowed() {
    let cleartext = Err(SignInError::Cleartext(Scheme::Basic));
    let mut careful = login("http://h/a", Choice::Auto);
    assert_eq!(exchange(&mut careful, "http://h/a", "0", Some(&[BASIC])), (String::new(), cleartext.clone()));
    let mut named = login("http://h/a", Choice::Only(Scheme::Basic));
    assert_eq!(exchange(&mut named, "http://h/a", "0", Some(&[BASIC])), (String::new(), cleartext));
    let settings = AuthSettings { allow_cleartext: true, ..settings("http://h/a", Choice::Auto) };
    let mut bold = Authenticator::new(settings, || Ok([0; 16]));
    assert_eq!(exchange(&mut bold, "http://h/a", "0", Some(&[BASIC])).1, Ok(AuthStatus::Repeat));
    assert_eq!(exchange(&mut bold, "http://h/a", "0", None).0, ME);
}

#[test]
fn fault_48_another_server_gets_nothing() {
    let mut login = login("https://h/a", Choice::Only(Scheme::Basic));
    assert_eq!(exchange(&mut login, "https://h/a", "0", None).0, ME);
    for elsewhere in ["https://other/a", "http://h/a", "https://h:444/a"] {
        let (sent, step) = exchange(&mut login, elsewhere, "0", Some(&[BASIC]));
        assert_eq!(sent, "");
        assert!(matches!(step, Err(SignInError::OtherOrigin { .. })), "{step:?}");
    }
    assert_eq!(exchange(&mut login, "https://node1/a", "0", None).0, ME);
}

#[test]
fn a_system_without_random_numbers_is_no_panic() {
    let none = || Err(std::io::Error::other("the system has no random numbers"));
    let mut login = Authenticator::new(settings("https://h/a", Choice::Auto), none);
    let step = exchange(&mut login, "https://h/a", "0", Some(&[DIGEST])).1;
    let reason = "the system has no random numbers".to_owned();
    assert_eq!(step, Err(SignInError::Failed { scheme: Scheme::Digest, reason }));
}

#[test]
fn a_token_goes_out_unasked_and_only_as_bearer() {
    let token = Some(Credentials::Token(Token::new(Secret::new("abc.def".to_owned()))));
    let settings = AuthSettings { credentials: token, ..settings("https://h/a", Choice::Auto) };
    let mut login = Authenticator::new(settings, || Ok([0; 16]));
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&["Bearer error=\"invalid_token\"", BASIC]));
    assert_eq!(sent, "Bearer abc.def");
    assert_eq!(step, Err(SignInError::Rejected(Scheme::Bearer)));
}

#[test]
fn a_token_that_expired_is_looked_for_once_before_giving_up() {
    use std::sync::{Arc, Mutex};
    let kept = Arc::new(Mutex::new("t1"));
    let newer = Arc::clone(&kept);
    let token = Token::new(Secret::new("t1".to_owned()))
        .with_newer(move || Some(Secret::new((*newer.lock().expect("no panic")).to_owned())));
    let settings =
        AuthSettings { credentials: Some(Credentials::Token(token)), ..settings("https://h/a", Choice::Auto) };
    assert!(!format!("{settings:?}").contains("t1"));
    let mut login = Authenticator::new(settings, || Ok([0; 16]));
    let mut send = |refused: bool| exchange(&mut login, "https://h/a", "9", refused.then_some(&["Bearer"][..]));
    assert_eq!(send(false), ("Bearer t1".to_owned(), Ok(AuthStatus::Complete)));
    for token in ["t2", "t3"] {
        *kept.lock().expect("no panic") = token;
        assert_eq!(send(true).1, Ok(AuthStatus::Repeat), "the request itself, with its body");
        assert_eq!(send(false), (format!("Bearer {token}"), Ok(AuthStatus::Complete)));
    }
    *kept.lock().expect("no panic") = "t4";
    assert_eq!(send(true).1, Ok(AuthStatus::Repeat));
    *kept.lock().expect("no panic") = "t5";
    let rejected = Err(SignInError::Rejected(Scheme::Bearer));
    assert_eq!(send(true), ("Bearer t4".to_owned(), rejected.clone()), "once");
    *kept.lock().expect("no panic") = "t4";
    assert_eq!(send(false).1, Ok(AuthStatus::Complete));
    assert_eq!(send(true), ("Bearer t4".to_owned(), rejected), "the same would be refused again");
}

#[test]
fn without_credentials_the_server_offers_are_named() {
    let mut login = Authenticator::anonymous(&Uri::from_static("https://h/a"));
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&["Negotiate", "NTLM", "ntlm"]));
    let offered = "Negotiate, NTLM".to_owned();
    assert_eq!((sent.as_str(), step), ("", Err(SignInError::NoCredentials { offered })));
}

fn parameter<'a>(sent: &'a str, name: &str) -> &'a str {
    let begin = sent.find(&format!("{name}=")).expect(name) + name.len() + 1;
    sent[begin..].split([',', ' ']).next().unwrap_or_default().trim_matches('"')
}

#[test]
fn a_digest_counts_its_proofs_and_takes_a_new_nonce_when_the_old_is_stale() {
    let mut login = login("https://h/a?x=y", Choice::Auto);
    assert_eq!(exchange(&mut login, "https://h/a?x=y", "0", Some(&[DIGEST])).1, Ok(AuthStatus::Repeat));
    let first = exchange(&mut login, "https://h/a?x=y", "0", None).0;
    let second = exchange(&mut login, "https://h/a?x=y", "5", None).0;
    for (sent, count) in [(&first, "00000001"), (&second, "00000002")] {
        assert_eq!((parameter(sent, "nc"), parameter(sent, "qop"), parameter(sent, "uri")), (count, "auth", "/a?x=y"));
    }
    assert_ne!(parameter(&first, "response"), parameter(&second, "response"));
    let stale = "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", algorithm=MD5, stale=true";
    // A request without a body in between could use it up.
    assert_eq!(exchange(&mut login, "https://h/a?x=y", "5", Some(&[stale])).1, Ok(AuthStatus::Repeat));
    let next = exchange(&mut login, "https://h/a?x=y", "5", None).0;
    assert_eq!((parameter(&next, "nonce"), parameter(&next, "nc")), ("n2", "00000001"));
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_left() {
    let stale = "Digest realm=\"x\", nonce=\"n2\", qop=\"auth\", stale=true";
    let mut login = login("https://h/a", Choice::Auto);
    let proofs =
        (0..20).take_while(|_| exchange(&mut login, "https://h/a", "0", Some(&[stale])).1 == Ok(AuthStatus::Repeat));
    // One without a proof, one with.
    assert_eq!(proofs.count(), 2);
}

/// A conversation about a body, with a Digest server that names its nonces: what went out, and what followed.
fn nonces(login: &mut Authenticator, script: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    for &response in script {
        let mut request = request("https://h/a", "9");
        login.prepare(&mut request).expect("signed");
        let sent = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.map_or("-".to_owned(), |sent| {
            format!("{}:{}", parameter(sent, "nonce"), parameter(sent, "nc").trim_start_matches('0'))
        });
        let (status, nonce) = response.split_once(' ').unwrap_or((response, ""));
        let Ok(status) = status.parse::<u16>() else {
            login.on_disconnect(true);
            told.push(format!("{sent} lost"));
            continue;
        };
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        let (name, value) = match status {
            401 => (
                "www-authenticate",
                format!("Digest realm=\"x\", qop=\"auth\", nonce=\"{}\"", nonce.replace('+', "\", stale=\"true")),
            ),
            _ => ("authentication-info", format!("rspauth=\"0\", nextnonce=\"{nonce}\", qop=auth")),
        };
        if !nonce.is_empty() {
            response.headers_mut().insert(name, HeaderValue::from_str(&value).expect("a value"));
        }
        let step = match login.on_response(&request, &response) {
            Ok(AuthStatus::Complete) => "done",
            Ok(AuthStatus::Repeat) => "again",
            Ok(AuthStatus::SignInFirst) => "sign in first",
            Err(SignInError::Rejected(Scheme::Digest)) => "rejected",
            Err(_) => "refused",
        };
        told.push(format!("{sent} {step}"));
    }
    told
}

#[test]
fn case_22_the_next_nonce_is_used_at_once() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(
        nonces(&mut login, &["401 a", "200 b", "200 c", "200", "200", "200 c"]),
        ["- again", "a:1 done", "b:1 done", "c:1 done", "c:2 done", "c:3 done"]
    );
    // It may be too old by the time it is used.
    assert_eq!(nonces(&mut login, &["200 d", "401 e", "200 f"]), ["c:4 done", "d:1 again", "e:1 done"]);
}

#[test]
fn case_22_a_nonce_that_counts_once_costs_a_repetition_for_ever() {
    let mut login = login("https://h/a", Choice::Auto);
    assert_eq!(nonces(&mut login, &["401 n", "200"]), ["- again", "n:1 done"]);
    for _ in 0..50 {
        assert_eq!(nonces(&mut login, &["401 n2", "200", "401 n", "200"])[..2], ["n:2 again", "n2:1 done"]);
    }
    // The response to a proof was lost: it is unknown whether its nonce was used up.
    assert_eq!(
        nonces(&mut login, &["401 m", "lost", "401 o", "200"]),
        ["n:2 again", "m:1 lost", "m:2 again", "o:1 done"]
    );
}

#[test]
fn case_22_a_refusal_on_a_nonce_that_came_just_before_is_final() {
    let refused = |script: &[&str]| nonces(&mut login("https://h/a", Choice::Auto), script);
    assert_eq!(refused(&["401 a", "401 b"]), ["- again", "a:1 rejected"], "a wrong password goes out once");
    assert_eq!(refused(&["401 a", "401 b+", "401 c"]), ["- again", "a:1 again", "b:1 rejected"]);
    assert_eq!(refused(&["401 a", "401 b+", "401 c+"]), ["- again", "a:1 again", "b:1 rejected"]);
    // The password was right, and is so no more.
    assert_eq!(refused(&["401 a", "200", "401 b", "401 c"]), ["- again", "a:1 done", "a:2 again", "b:1 rejected"]);
    assert_eq!(refused(&["401 a", "200", "401 a", "401 a"]), ["- again", "a:1 done", "a:2 again", "a:3 rejected"]);
    // The nonce may have been used up by the request that was lost, but not twice.
    assert_eq!(refused(&["401 a", "lost", "401 b", "401 c"]), ["- again", "a:1 lost", "a:2 again", "b:1 rejected"]);
    assert_eq!(refused(&["401 a", "lost", "lost", "401 b"])[3..], ["a:3 rejected"]);
}

#[test]
fn case_31_a_digest_of_other_letters_goes_out_as_bytes() {
    let mut settings = settings("https://h/a", Choice::Auto);
    settings.credentials = Some(Credentials::Password(Password {
        user: "j\u{fc}rgen".to_owned(),
        password: Secret::new("s3cret".to_owned()),
    }));
    let mut login = Authenticator::new(settings, || Ok([0; 16]));
    let mut asked = Response::new(());
    *asked.status_mut() = StatusCode::UNAUTHORIZED;
    let offer = HeaderValue::from_bytes(b"Digest realm=\"S\xe4ge\", nonce=\"n\"").expect("a value");
    asked.headers_mut().insert(WWW_AUTHENTICATE, offer);
    assert_eq!(login.on_response(&request("https://h/a", "0"), &asked), Ok(AuthStatus::Repeat));
    let mut request = request("https://h/a", "0");
    assert_eq!(login.prepare(&mut request), Ok(Some(ConnectionUse::Any)));
    let sent = request.headers()[AUTHORIZATION].as_bytes();
    assert!(sent.starts_with(b"Digest username=\"j\xc3\xbcrgen\", realm=\"S\xe4ge\", "), "{}", sent.escape_ascii());
}

#[test]
fn case_32_an_odd_piece_costs_neither_its_challenge_nor_the_others() {
    for odd in ["Basic realm=My Site", "Bearer error=(odd), Basic realm=\"x\"", "Basic \u{e9}, realm=\"x\""] {
        let mut login = login("https://h/a", Choice::Auto);
        let mut asked = Response::new(());
        *asked.status_mut() = StatusCode::UNAUTHORIZED;
        asked.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_bytes(odd.as_bytes()).expect("a value"));
        assert_eq!(login.on_response(&request("https://h/a", "0"), &asked), Ok(AuthStatus::Repeat), "{odd}");
    }
}

#[test]
fn the_strongest_digest_is_taken_and_the_methods_name_is_in_the_proof() {
    let sha =
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, nonce=\"n\", opaque=\"o\"";
    let md5 =
        "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, nonce=\"n\", opaque=\"o\"";
    for offers in [[sha, md5], [md5, sha]] {
        let mut login = login("https://h/dir/index.html", Choice::Auto);
        assert_eq!(exchange(&mut login, "https://h/dir/index.html", "0", Some(&offers)).1, Ok(AuthStatus::Repeat));
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
        assert_eq!(exchange(&mut login, "https://h/a", "0", Some(&[broken, BASIC])).1, Ok(AuthStatus::Repeat));
        assert_eq!(exchange(&mut login, "https://h/a", "0", None).0, ME);
    }
}

#[test]
fn nothing_shows_the_secrets() {
    let settings = settings("https://h/a", Choice::Only(Scheme::Basic));
    assert!(!format!("{settings:?}").contains("s3cret"));
}

/// The text of a conversation: `lost` is a request whose response never came.
fn transcript(login: &mut Authenticator, script: &[&str]) -> String {
    let mut lines = Vec::new();
    for response in script {
        let mut request = request("https://h/a", "0");
        if let Err(error) = login.prepare(&mut request) {
            lines.push(format!("! {error}"));
            break;
        }
        let sent = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        lines.push(format!("> {}", sent.and_then(|text| text.split(' ').next()).unwrap_or("unsigned")));
        let (status, offer) = response.split_once(' ').unwrap_or((response, ""));
        if let Ok(status) = status.parse::<u16>() {
            let mut response = Response::new(());
            if !offer.is_empty() {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_str(offer).expect("a value"));
            }
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            lines.push(format!("< {} {:?}", response.status(), login.on_response(&request, &response)));
        } else {
            lines.push(format!("< {response}"));
            login.on_disconnect(*response == "lost");
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn fault_20_a_proof_whose_response_is_lost_is_repeated_twice() {
    for (offer, scheme) in [(BASIC, "Basic"), (DIGEST, "Digest")] {
        let mut login = login("https://h/a", Choice::Auto);
        let first = format!("401 {offer}");
        let told = transcript(&mut login, &[&first, "lost", "lost", "lost", "lost"]);
        let expected = format!(
            "> unsigned\n< 401 Unauthorized Ok(Repeat)\n> {scheme}\n< lost\n> {scheme}\n< lost\n> {scheme}\n< lost\n\
             ! no response, or a server error, came 3 times after the user and password were sent ({scheme})\n"
        );
        assert_eq!(told, expected);
        // Nor for another file on the same line.
        assert!(transcript(&mut login, &["200"]).starts_with('!'));
    }
}

#[test]
fn a_proof_that_was_taken_once_is_repeated_as_often_as_the_network_wants() {
    let first = format!("401 {BASIC}");
    let lost: Vec<&str> = [first.as_str(), "lost", "lost", "200"].into_iter().chain(["lost"; 20]).collect();
    let told = transcript(&mut login("https://h/a", Choice::Auto), &lost);
    assert_eq!(told.matches("> Basic").count(), 23, "{told}");
    // A request that never left this machine proves nothing, and a gateway's word is not the server's.
    let script: Vec<&str> =
        [first.as_str()].into_iter().chain(["not sent"; 20]).chain(["lost", "503", "200"]).collect();
    let told = transcript(&mut login("https://h/a", Choice::Auto), &script);
    assert!(told.ends_with("> Basic\n< 200 OK Ok(Complete)\n"), "{told}");
    // Some servers say 500 of a login that failed.
    for script in [["lost", "503", "lost", "200"], ["500"; 4]] {
        let script = [&[first.as_str()][..], &script].concat();
        let told = transcript(&mut login("https://h/a", Choice::Auto), &script);
        assert_eq!(told.matches("> Basic").count(), 3, "{told}");
        assert!(told.lines().last().is_some_and(|line| line.starts_with('!')), "{told}");
    }
    // Once it was taken, a busy server counts no more than the network; before, what was not signed does not count.
    let script: Vec<&str> = [first.as_str(), "200"].into_iter().chain(["503"; 9]).chain(["200"]).collect();
    let told = transcript(&mut login("https://h/a", Choice::Auto), &script);
    assert!(told.ends_with("< 200 OK Ok(Complete)\n"), "{told}");
    for busy in ["503", "429"] {
        let script: Vec<&str> = [busy; 9].into_iter().chain([first.as_str()]).chain([busy; 2]).chain(["200"]).collect();
        let told = transcript(&mut login("https://h/a", Choice::Auto), &script);
        assert!(told.ends_with("< 200 OK Ok(Complete)\n"), "{told}");
    }
    let script: Vec<&str> = [first.as_str()].into_iter().chain(["429"; 9]).chain(["200"]).collect();
    let told = transcript(&mut login("https://h/a", Choice::Auto), &script);
    assert!(told.ends_with("< 200 OK Ok(Complete)\n"), "{told}");
    // Tokens lock no account.
    let token = Some(Credentials::Token(Token::new(Secret::new("abc.def".to_owned()))));
    let settings = AuthSettings { credentials: token, ..settings("https://h/a", Choice::Auto) };
    assert_eq!(
        transcript(&mut Authenticator::new(settings, || Ok([0; 16])), &["lost"; 9]).matches("> Bearer").count(),
        9
    );
}

#[test]
fn fault_20_a_busy_servers_response_makes_no_wrong_password_right() {
    let refusal = format!("401 {DIGEST}");
    let told = transcript(&mut login("https://h/a", Choice::Auto), &[&refusal, "503", &refusal]);
    assert!(told.ends_with("401 Unauthorized Err(Rejected(Digest))\n"), "{told}");
}

#[test]
fn header_fields_of_ones_own_go_where_credentials_go_once() {
    let mut settings = settings("https://h/a", Choice::None);
    for value in ["blue", "red"] {
        settings.headers.append("x-team", HeaderValue::from_static(value));
    }
    let mut login = Authenticator::new(settings, || Ok([0; 16]));
    for (uri, values) in [
        ("https://h/b", &["blue", "red"][..]),
        ("https://node1/b", &["blue", "red"]),
        ("https://other/b", &[]),
        ("http://h/b", &[]),
    ] {
        let mut request = request(uri, "0");
        for _ in 0..2 {
            assert_eq!(login.prepare(&mut request), Ok(Some(ConnectionUse::Any)));
        }
        let sent: Vec<_> = request.headers().get_all("x-team").iter().collect();
        assert_eq!(sent, values, "{uri}");
    }
}

#[cfg(feature = "windows-auth")]
#[test]
fn a_connection_that_is_being_signed_in_is_kept() {
    let mut login = login("https://h/a", Choice::Only(Scheme::Ntlm));
    for offer in ["NTLM", &ntlm::tests::answer_to_a_greeting()] {
        exchange(&mut login, "https://h/a", "0", Some(&[offer])).1.expect("the next leg");
    }
    assert_eq!(login.prepare(&mut request("https://h/a", "0")), Ok(Some(ConnectionUse::Same)));
}

#[cfg(feature = "windows-auth")]
#[test]
fn a_body_waits_until_a_request_without_one_has_signed_in() {
    let mut login = login("https://h/a", Choice::Only(Scheme::Ntlm));
    assert_eq!(exchange(&mut login, "https://h/a", "9", Some(&["NTLM"])).1, Ok(AuthStatus::SignInFirst));
    assert_eq!(login.prepare(&mut request("https://h/a", "9")), Ok(None));
    assert!(login.prepare(&mut request("https://h/a", "0")).is_ok_and(|used| used.is_some()));
}

#[test]
fn a_body_that_went_out_unsigned_waits_for_a_signed_request_without_one() {
    let refused = |settings| {
        let mut login = Authenticator::new(settings, || Ok([0; 16]));
        exchange(&mut login, "https://h/a", "9", Some(&[BASIC])).1
    };
    assert_eq!(refused(settings("https://h/a", Choice::Auto)), Ok(AuthStatus::SignInFirst));
    let sent = settings("https://h/a", Choice::Only(Scheme::Basic));
    assert!(matches!(refused(sent), Err(SignInError::Rejected(_))));
}

#[test]
fn a_scheme_that_is_asked_for_is_the_only_one() {
    let mut login = login("https://h/a", Choice::Only(Scheme::Digest));
    let (sent, step) = exchange(&mut login, "https://h/a", "0", Some(&[BASIC]));
    assert_eq!(sent, "");
    assert!(matches!(step, Err(SignInError::NothingInCommon { only: Some(Scheme::Digest), .. })), "{step:?}");
}

/// The machine's own user, on a system that could have tickets, in a build that cannot take them.
#[cfg(not(feature = "kerberos"))]
#[test]
fn without_tickets_it_is_said_why() {
    let offer = |uri, choice, offers: &[&str]| {
        let settings = AuthSettings { credentials: Some(Credentials::Tickets), ..settings(uri, choice) };
        exchange(&mut Authenticator::new(settings, || Ok([0; 16])), uri, "0", Some(offers)).1
    };
    let (uri, none) = ("https://h.example/a", offer("https://h.example/a", Choice::Auto, &["NTLM"]));
    assert!(matches!(none, Err(SignInError::NoCredentials { .. })), "{none:?}");
    let other = offer(uri, Choice::Only(Scheme::Negotiate), &["NTLM"]);
    assert!(matches!(other, Err(SignInError::NothingInCommon { .. })), "{other:?}");
    let Err(SignInError::NoTickets { reason, .. }) = offer(uri, Choice::Auto, &["Negotiate"]) else {
        panic!("signed in")
    };
    assert!(reason.contains("without Kerberos"), "{reason}");
}
