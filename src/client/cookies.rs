//! Cookies, as far as upload farms need them: a load balancer binds a session to one of its servers by one (RFC 6265).
//!
//! In memory, for one upload, and for the host alone that set them: `Domain` and `Path` widen or narrow nothing.
//! Nothing else that a server sets is needed to send a request back to where its session is.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{COOKIE, DATE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Request, Uri};

use crate::protocol::Origin;

/// Most cookies that are kept.
pub(super) const MAX: usize = 20;

/// Most bytes of them: what servers read of one field.
pub(super) const MAX_BYTES: usize = 4096;

/// The beginning of 2020: servers that take a cookie back name a date before it, mostly in 1970, and others a later one.
/// Only for responses that do not tell the time.
const LONG_AGO: Duration = Duration::from_secs(1_577_836_800);

/// The cookies of all hosts that the upload goes to. Nothing shows them: they may sign a user in.
#[derive(Default)]
pub(crate) struct Cookies(Vec<Cookie>);

struct Cookie {
    host: String,
    name: String,
    value: String,
    is_for_https: bool,
}

impl Cookies {
    /// Takes what a response from `url` sets, and drops what it takes back.
    pub(crate) fn learn(&mut self, url: &Uri, headers: &HeaderMap) {
        let origin = Origin::of(url);
        let host = origin.host();
        let date = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let now = date.unwrap_or(SystemTime::UNIX_EPOCH + LONG_AGO);
        for field in headers.get_all(SET_COOKIE) {
            let Some(set) = field.to_str().ok().and_then(|field| Set::read(field, now)) else { continue };
            let known = self.0.iter().position(|cookie| cookie.host == host && cookie.name == set.name);
            let is_secured = set.is_for_https || known.is_some_and(|at| self.0[at].is_for_https);
            let is_foreign = set.domain.is_some_and(|domain| !is_within(host, domain));
            // Anybody on the way can answer for a server without TLS.
            if is_foreign || (is_secured && !origin.is_https()) {
                continue;
            }
            let (name, value) = (set.name.to_owned(), set.value.to_owned());
            let cookie = Cookie { host: host.to_owned(), name, value, is_for_https: set.is_for_https };
            match known {
                Some(at) if set.is_over => drop(self.0.remove(at)),
                Some(at) => self.0[at] = cookie,
                None if set.is_over => {}
                None => self.0.push(cookie),
            }
            self.shrink(origin.is_https());
        }
    }

    /// Adds the field with those for the request's host, unless the user gave one: it stands for itself.
    pub(crate) fn add_to(&self, request: &mut Request<()>) {
        if request.headers().contains_key(COOKIE) {
            return;
        }
        let origin = Origin::of(request.uri());
        let own =
            self.0.iter().filter(|cookie| cookie.host == origin.host() && (origin.is_https() || !cookie.is_for_https));
        let pairs: Vec<String> = own.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        if pairs.is_empty() {
            return;
        }
        if let Ok(mut value) = HeaderValue::try_from(pairs.join("; ")) {
            value.set_sensitive(true);
            request.headers_mut().insert(COOKIE, value);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// The oldest go first. A cookie that came without TLS pushes out none that is for TLS alone.
    fn shrink(&mut self, by_tls: bool) {
        let size = |cookies: &[Cookie]| cookies.iter().map(|cookie| size(&cookie.name, &cookie.value)).sum::<usize>();
        while self.0.len() > MAX || size(&self.0) > MAX_BYTES {
            let oldest = self.0.iter().position(|cookie| by_tls || !cookie.is_for_https);
            self.0.remove(oldest.unwrap_or(0));
        }
    }
}

/// The content of a `Set-Cookie` field.
struct Set<'a> {
    name: &'a str,
    value: &'a str,
    domain: Option<&'a str>,
    is_for_https: bool,
    /// It expired: the server takes the cookie back.
    is_over: bool,
}

impl<'a> Set<'a> {
    /// `None`: no cookie is in it, or one that no field can hold.
    fn read(field: &'a str, now: SystemTime) -> Option<Self> {
        let is_text = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let mut parts = field.split(';').map(|part| part.trim_matches([' ', '\t']));
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim_end(), value.trim_start());
        if name.is_empty() || !is_text(name) || !is_text(value) || size(name, value) > MAX_BYTES {
            return None;
        }
        let mut set = Self { name, value, domain: None, is_for_https: false, is_over: false };
        let (mut age, mut date) = (None, None);
        for part in parts {
            let (attribute, text) = part.split_once('=').unwrap_or((part, ""));
            let text = text.trim_start();
            match attribute.trim_end().to_ascii_lowercase().as_str() {
                "domain" if !text.is_empty() => set.domain = Some(text.strip_prefix('.').unwrap_or(text)),
                "secure" => set.is_for_https = true,
                "max-age" if is_number(text) => age = Some(text.starts_with('-') || text.bytes().all(|b| b == b'0')),
                "expires" => date = expiry(text).map(|date| date <= now).or(date),
                _ => {}
            }
        }
        // RFC 6265 section 5.3: Max-Age goes before Expires.
        set.is_over = age.or(date).unwrap_or(false);
        Some(set)
    }
}

/// As a pair with what separates it from the next.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + "=; ".len()
}

/// Many servers write cookies' dates with dashes: `Thu, 01-Jan-1970 00:00:00 GMT`.
fn expiry(text: &str) -> Option<SystemTime> {
    let date = httpdate::parse_http_date(text);
    date.or_else(|_| httpdate::parse_http_date(&text.replace('-', " "))).ok()
}

fn is_number(text: &str) -> bool {
    let plain = text.strip_prefix('-').unwrap_or(text);
    !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a host may set a cookie for a domain: it is that, or below it.
fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cookies").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Fri, 20 Nov 2026 10:00:00 GMT";

    fn learn(cookies: &mut Cookies, url: &'static str, fields: &[&str]) {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static(NOW));
        for field in fields {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(field.as_bytes()).expect("a value"));
        }
        cookies.learn(&Uri::from_static(url), &headers);
    }

    fn sent(cookies: &Cookies, url: &'static str) -> Option<String> {
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static(url);
        cookies.add_to(&mut request);
        let value = request.headers().get(COOKIE)?;
        assert!(value.is_sensitive());
        Some(value.to_str().expect("text").to_owned())
    }

    fn learnt(fields: &[&str]) -> Option<String> {
        let mut cookies = Cookies::default();
        learn(&mut cookies, "http://farm/a", fields);
        sent(&cookies, "http://farm/b")
    }

    #[test]
    fn case_24_what_a_host_sets_goes_back_to_it_alone() {
        let mut cookies = Cookies::default();
        learn(&mut cookies, "http://Farm:80/a", &["node=1; Path=/; HttpOnly", "x=\"y, z\""]);
        assert_eq!(sent(&cookies, "http://farm/b").as_deref(), Some("node=1; x=\"y, z\""));
        assert_eq!(sent(&cookies, "http://other/a"), None);
        assert_eq!(sent(&cookies, "http://node.farm/a"), None);
        learn(&mut cookies, "http://farm/a", &["node=2"]);
        assert_eq!(sent(&cookies, "http://farm/b").as_deref(), Some("node=2; x=\"y, z\""));
        cookies.forget();
        assert_eq!(sent(&cookies, "http://farm/b"), None);
    }

    #[test]
    fn a_cookie_that_is_over_is_dropped() {
        for over in [
            "a=; Max-Age=0",
            "a=1; max-age=-1",
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT",
            "a=1; expires=Thursday, 01-Jan-70 00:00:01 GMT",
            "a=1; Expires=Fri, 20 Nov 2026 09:59:59 GMT",
            "a=1; Expires=Fri, 20 Nov 2027 10:00:00 GMT; Max-Age=0",
        ] {
            assert_eq!(learnt(&["a=1", "b=2", over]).as_deref(), Some("b=2"), "{over}");
        }
        for lasting in [
            "a=2; Max-Age=3600",
            "a=2; Max-Age=soon",
            "a=2; Expires=Fri, 20 Nov 2026 10:00:01 GMT",
            "a=2; Expires=soon",
            "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=1",
        ] {
            assert_eq!(learnt(&["a=1", lasting]).as_deref(), Some("a=2"), "{lasting}");
        }
        // Without a Date.
        let mut cookies = Cookies::default();
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT"));
        headers.append(SET_COOKIE, HeaderValue::from_static("b=1; expires=Fri, 20 Nov 2026 10:00:00 GMT"));
        cookies.learn(&Uri::from_static("http://farm/"), &headers);
        assert_eq!(sent(&cookies, "http://farm/").as_deref(), Some("b=1"));
    }

    #[test]
    fn a_domain_widens_nothing_and_must_be_the_hosts_own() {
        let mut cookies = Cookies::default();
        let url = "http://a.farm.example/";
        learn(
            &mut cookies,
            url,
            &["own=1; Domain=a.farm.example", "parent=2; domain=.FARM.example", "empty=3; domain="],
        );
        learn(
            &mut cookies,
            url,
            &["o=1; Domain=other.example", "o=2; Domain=b.farm.example", "o=3; Domain=arm.example"],
        );
        assert_eq!(sent(&cookies, url).as_deref(), Some("own=1; parent=2; empty=3"));
        assert_eq!(sent(&cookies, "http://b.farm.example/"), None);
    }

    #[test]
    fn fault_48_a_secure_cookie_is_for_https_alone() {
        let mut cookies = Cookies::default();
        learn(&mut cookies, "https://farm/", &["a=1; Secure", "b=2"]);
        learn(&mut cookies, "http://farm/", &["a=evil", "a=; Max-Age=0", "c=3; Secure"]);
        assert_eq!(sent(&cookies, "http://farm/").as_deref(), Some("b=2"));
        assert_eq!(sent(&cookies, "https://farm/").as_deref(), Some("a=1; b=2"));
    }

    #[test]
    fn what_is_no_cookie_is_refused() {
        for field in ["", "a", "=1", " ; a=1", "a=1\t2", "\u{e9}=1", "a=\u{e9}"] {
            assert_eq!(learnt(&[field]), None, "{field:?}");
        }
        assert_eq!(learnt(&["a = 1 "]).as_deref(), Some("a=1"));
        assert_eq!(learnt(&["a="]).as_deref(), Some("a="));
    }

    #[test]
    fn only_the_newest_are_kept() {
        let many: Vec<String> = (0..50).map(|at| format!("c{at}=1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let kept = learnt(&many).expect("some");
        assert!(kept.starts_with("c30=1; ") && kept.ends_with("c49=1"), "{kept}");
        let large = |name: &str, size: usize| format!("{name}={}", "x".repeat(size));
        let kept = learnt(&[&large("a", 2000), &large("b", 2000), &large("c", 2000), &large("d", 5000)]).expect("some");
        assert!(kept.starts_with("b=x") && kept.contains("; c=x") && kept.len() <= MAX_BYTES, "{kept}");
    }

    #[test]
    fn a_field_of_the_users_own_stands_alone() {
        let mut cookies = Cookies::default();
        learn(&mut cookies, "http://farm/", &["a=1"]);
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from_static("http://farm/");
        request.headers_mut().insert(COOKIE, HeaderValue::from_static("mine=1"));
        cookies.add_to(&mut request);
        assert_eq!(request.headers()[COOKIE], "mine=1");
        assert_eq!(format!("{cookies:?}"), "Cookies(1)");
    }

    proptest::proptest! {
        #[test]
        fn any_field_is_taken_and_what_goes_back_is_one_field(
            fields in proptest::collection::vec("(a|b|=|;|Max-Age|Expires|Domain|Secure|[ -~\t\u{80}-\u{ff}]){0,30}", 0..5)
        ) {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            if let Some(sent) = learnt(&fields) {
                proptest::prop_assert!(sent.bytes().all(|byte| matches!(byte, b' '..=b'~')));
                proptest::prop_assert!(sent.split("; ").all(|pair| pair.contains('=')));
            }
        }
    }

    #[test]
    fn answers_without_tls_push_out_none_that_is_for_tls_alone() {
        let mut cookies = Cookies::default();
        learn(&mut cookies, "https://farm/a", &["sid=1; Secure"]);
        let many: Vec<String> = (0..2 * MAX).map(|number| format!("c{number}={}", "x".repeat(300))).collect();
        learn(&mut cookies, "http://farm/a", &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(sent(&cookies, "https://farm/b").is_some_and(|sent| sent.starts_with("sid=1; c")));
        learn(&mut cookies, "https://farm/a", &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(sent(&cookies, "https://farm/b").is_some_and(|sent| !sent.contains("sid=1")));
    }
}
