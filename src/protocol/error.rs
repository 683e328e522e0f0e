//! Refusals: what a server says when it does not do what a packet asks (MC-BUP 2.2.1.2).

use std::fmt;

use http::{HeaderMap, Response, StatusCode};

use super::header;
use super::hresult::HResult;
use super::text::escape;

/// Who refused (`BITS-Error-Context`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorContext {
    /// The BITS server itself (5).
    Server,
    /// The application that the server handed the file to (7).
    RemoteApplication,
    /// A value that [MC-BUP] does not define.
    Other(u32),
}

impl ErrorContext {
    fn parse(text: &str) -> Option<Self> {
        HResult::parse(text).map(|HResult(value)| match value {
            5 => Self::Server,
            7 => Self::RemoteApplication,
            other => Self::Other(other),
        })
    }
}

impl fmt::Display for ErrorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("context 5, the server"),
            Self::RemoteApplication => f.write_str("context 7, the server's application"),
            Self::Other(value) => write!(f, "context {value}"),
        }
    }
}

/// The title of the HTML page that is the body of a response, escaped. The transport puts it into the response's
/// extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageTitle(pub(crate) String);

/// The first bytes of the body of a refusal, as they came, where the transport keeps them. It puts them into the
/// response's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusalBody(pub(crate) Vec<u8>);

impl PageTitle {
    /// Finds the title in the first bytes of a page.
    pub(crate) fn find(page: &[u8]) -> Option<Self> {
        let page = String::from_utf8_lossy(page);
        // ASCII keeps its length.
        let lower = page.to_ascii_lowercase();
        let begin = lower.find("<title")?;
        let begin = begin + lower[begin..].find('>')? + 1;
        let end = begin + lower[begin..].find("</title")?;
        let words: Vec<&str> = page[begin..end].split_whitespace().collect();
        let title = words.join(" ").replace("&ndash;", "-").replace("&#8211;", "-").replace("&amp;", "&");
        if title.is_empty() { None } else { Some(Self(escape(title))) }
    }
}

/// Which server sent a response, as far as it says: for messages when it is no BITS server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answerer {
    /// The `Server` field, escaped.
    pub server: Option<String>,
    /// The `Content-Type` field, escaped.
    pub content_type: Option<String>,
    /// The title of its page, escaped.
    pub title: Option<String>,
    /// Authentication schemes that it offers as a proxy, escaped.
    pub proxy_schemes: Vec<String>,
    /// Whether a proxy says that the response came through it (`Via`).
    pub came_via_proxy: bool,
}

impl Answerer {
    /// Reads the fields of a response.
    pub(crate) fn of<T>(response: &Response<T>) -> Self {
        let field = |name| response.headers().get(name).map(|v: &http::HeaderValue| escape(v.as_bytes()));
        Self {
            server: field(http::header::SERVER),
            content_type: field(http::header::CONTENT_TYPE),
            title: response.extensions().get::<PageTitle>().map(|PageTitle(title)| title.clone()),
            proxy_schemes: schemes(response.headers()),
            came_via_proxy: response.headers().contains_key(http::header::VIA),
        }
    }

    /// IIS's sub-status for `status`, `404.13`, where the page's title has it, as that of a detailed error has.
    #[must_use]
    pub fn sub_status(&self, status: StatusCode) -> Option<&str> {
        let words = self.title.as_deref()?.split(|c: char| !(c.is_ascii_digit() || c == '.'));
        words.map(|word| word.trim_end_matches('.')).find(|word| {
            let sub = word.strip_prefix(status.as_str()).and_then(|rest| rest.strip_prefix('.'));
            sub.is_some_and(|sub| matches!(sub.len(), 1..=3) && sub.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }
}

impl fmt::Display for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.server.as_deref().unwrap_or("a server without a Server header"))?;
        match (&self.title, &self.content_type) {
            (Some(title), _) => write!(f, ", a page titled \"{title}\""),
            (None, Some(content_type)) => write!(f, ", {content_type}"),
            (None, None) => Ok(()),
        }
    }
}

/// The peer refused a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitsError {
    /// HTTP's status.
    pub status: StatusCode,
    /// BITS's code; `None` where the response has none, as from a plain web server.
    pub code: Option<HResult>,
    /// Who refused.
    pub context: Option<ErrorContext>,
    /// Whether the response calls itself an Ack, so that a BITS server gave it.
    pub is_ack: bool,
    /// The server or device that answered.
    pub answerer: Box<Answerer>,
}

impl BitsError {
    /// Reads a refusal from a response's head.
    pub(crate) fn of<T>(response: &Response<T>) -> Self {
        let headers = response.headers();
        Self {
            status: response.status(),
            code: error_code(headers),
            context: text(headers, header::ERROR_CONTEXT).and_then(ErrorContext::parse),
            is_ack: is_ack(headers),
            answerer: Box::new(Answerer::of(response)),
        }
    }

    /// Whether a proxy requires authentication, and offers no scheme that bitsup supports there.
    pub(crate) fn is_beyond_basic(&self) -> bool {
        let offered = &self.answerer.proxy_schemes;
        !offered.is_empty() && !offered.iter().any(|scheme| scheme.eq_ignore_ascii_case("Basic"))
    }

    /// Whether the refusal comes from BITS: an Ack, or one of its error codes.
    pub(crate) fn is_from_bits(&self) -> bool {
        self.is_ack || self.code.is_some_and(|code| code != HResult::S_OK)
    }
}

/// `403 Forbidden, E_ACCESSDENIED (0x80070005), context 5, the server`
impl fmt::Display for BitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = self.code.filter(|code| *code != HResult::S_OK) {
            write!(f, ", {code}")?;
        }
        if let Some(context) = self.context {
            write!(f, ", {context}")?;
        }
        let schemes = &self.answerer.proxy_schemes;
        if !schemes.is_empty() {
            write!(f, " ({})", schemes.join(", "))?;
        }
        if self.is_from_bits() { Ok(()) } else { write!(f, " from {}", self.answerer) }
    }
}

impl std::error::Error for BitsError {}

/// The authentication schemes that a proxy offers.
fn schemes(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(http::header::PROXY_AUTHENTICATE).iter().flat_map(|value| schemes_of(value.as_bytes())).collect()
}

/// The schemes in a field of challenges, escaped: a list may have several, and each has parameters of its own (RFC 9110
/// section 11.6.1).
pub(crate) fn schemes_of(challenges: &[u8]) -> Vec<String> {
    let parts = challenges.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let first = parts.map(|part| part.split(|byte| *byte == b' ').next().unwrap_or_default());
    first.filter(|word| !word.is_empty() && !word.contains(&b'=') && !word.contains(&b'"')).map(escape).collect()
}

/// Whether a response calls itself an Ack. The other spelling is a slip in the specification that some servers copied.
pub(crate) fn is_ack(headers: &HeaderMap) -> bool {
    [header::PACKET_TYPE, header::PACKAGE_TYPE]
        .iter()
        .any(|name| text(headers, name).is_some_and(|value| value.trim().eq_ignore_ascii_case("Ack")))
}

/// The error code, under either of its names.
pub(crate) fn error_code(headers: &HeaderMap) -> Option<HResult> {
    [header::ERROR, header::ERROR_CODE].iter().find_map(|name| text(headers, name).and_then(HResult::parse))
}

/// A field's value where it is readable ASCII.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, fields: &[(&'static str, &'static str)]) -> BitsError {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for (name, value) in fields {
            response.headers_mut().insert(*name, http::HeaderValue::from_static(value));
        }
        BitsError::of(&response)
    }

    #[test]
    fn a_proxy_that_offers_basic_among_others_is_not_beyond_it() {
        let offering = |value| refusal(407, &[("Proxy-Authenticate", value)]);
        assert!(!refusal(407, &[]).is_beyond_basic());
        assert!(!offering("Negotiate, basic realm=\"x\"").is_beyond_basic());
        assert!(offering("Negotiate, NTLM").is_beyond_basic());
        assert!(offering("Negotiate, NTLM").to_string().contains(" (Negotiate, NTLM)"));
    }

    #[test]
    fn either_header_name_carries_the_code() {
        for name in [header::ERROR, header::ERROR_CODE] {
            let error = refusal(500, &[(name, "0x8020001F"), (header::ERROR_CONTEXT, "0x5")]);
            assert_eq!(error.code, Some(HResult::BG_E_SESSION_NOT_FOUND));
            assert_eq!(error.context, Some(ErrorContext::Server));
        }
        assert_eq!(refusal(500, &[(header::ERROR, ""), (header::ERROR_CODE, "x5")]).code, Some(HResult(5)));
    }

    #[test]
    fn contexts_tell_the_server_from_its_application() {
        assert_eq!(refusal(500, &[(header::ERROR_CONTEXT, "7")]).context, Some(ErrorContext::RemoteApplication));
        assert_eq!(refusal(500, &[(header::ERROR_CONTEXT, "")]).context, None);
        assert_eq!(refusal(500, &[(header::ERROR_CONTEXT, "9")]).context, Some(ErrorContext::Other(9)));
    }

    #[test]
    fn bits_refuses_by_an_ack_or_by_a_code() {
        let (ack, code) = ((header::PACKET_TYPE, "Ack"), (header::ERROR, "0x80070005"));
        for (fields, is_from_bits) in [
            (&[ack, code][..], true),
            (&[ack], true),
            (&[code], true),
            // S_OK refuses nothing.
            (&[(header::ERROR, "0x0")], false),
            (&[], false),
        ] {
            assert_eq!(refusal(500, fields).is_from_bits(), is_from_bits, "{fields:?}");
        }
    }

    #[test]
    fn a_refusal_reads_well() {
        let error =
            refusal(403, &[(header::PACKET_TYPE, "Ack"), (header::ERROR, "0x80070005"), (header::ERROR_CONTEXT, "5")]);
        assert_eq!(error.to_string(), "403 Forbidden, E_ACCESSDENIED (0x80070005), context 5, the server");
        let error = refusal(404, &[("server", "nginx/1.22"), ("content-type", "text/html")]);
        assert_eq!(error.to_string(), "404 Not Found from nginx/1.22, text/html");
    }

    #[test]
    fn schemes_are_told_from_their_parameters() {
        for (field, schemes) in [
            ("Basic realm=\"a, b\"", &["Basic"][..]),
            ("Negotiate, NTLM", &["Negotiate", "NTLM"]),
            ("Digest realm=\"x\", nonce=\"n\", Basic realm=x", &["Digest", "Basic"]),
            ("", &[]),
        ] {
            assert_eq!(schemes_of(field.as_bytes()), schemes, "{field}");
        }
    }

    #[test]
    fn a_pages_title_is_found_and_made_safe() {
        let title = |page: &str| PageTitle::find(page.as_bytes()).map(|PageTitle(title)| title);
        assert_eq!(
            title("<html><head>\n<TITLE lang=en>\n 404 -\tNot \x1bfound </Title>").as_deref(),
            Some(r"404 - Not \u{1b}found")
        );
        for none in ["", "<title>", "<title>x", "<title> </title>", "title</title>", "\u{e4}<titl"] {
            assert_eq!(title(none), None, "{none}");
        }
        assert_eq!(
            PageTitle::find(b"\xff<title>a\xff</title>").map(|PageTitle(title)| title).as_deref(),
            Some("a\u{fffd}")
        );
    }

    #[test]
    fn a_sub_status_is_read_from_the_title_of_an_iis_page() {
        let found = |title: &str, status: u16| {
            let answerer = Answerer { title: Some(title.to_owned()), ..Answerer::default() };
            answerer.sub_status(StatusCode::from_u16(status).expect("a status")).map(str::to_owned)
        };
        assert_eq!(found("IIS 10.0 Detailed Error - 404.13 - Not Found", 404).as_deref(), Some("404.13"));
        assert_eq!(found("403.4.", 403).as_deref(), Some("403.4"));
        for other in [
            "404 - File or directory not found.",
            "IIS 10.0 Detailed Error - 401.3",
            "404.",
            "1404.1",
            "404.1.2",
            "404.1234",
        ] {
            assert_eq!(found(other, 404), None, "{other}");
        }
    }
}
