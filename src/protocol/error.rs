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

/// What answered, as far as it says: for messages when it is no BITS server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answerer {
    /// The `Server` field, escaped.
    pub server: Option<String>,
    /// The `Content-Type` field, escaped.
    pub content_type: Option<String>,
}

impl Answerer {
    /// Reads the fields of a response.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let field = |name| headers.get(name).map(|v: &http::HeaderValue| escape(v.as_bytes()));
        Self { server: field(http::header::SERVER), content_type: field(http::header::CONTENT_TYPE) }
    }
}

impl fmt::Display for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.server.as_deref().unwrap_or("a server that does not say its name"))?;
        match &self.content_type {
            Some(content_type) => write!(f, ", with {content_type}"),
            None => Ok(()),
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
    /// What answered.
    pub answerer: Answerer,
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
            answerer: Answerer::of(headers),
        }
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
        if self.is_from_bits() { Ok(()) } else { write!(f, " from {}", self.answerer) }
    }
}

impl std::error::Error for BitsError {}

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
    fn a_refusal_reads_well() {
        let error =
            refusal(403, &[(header::PACKET_TYPE, "Ack"), (header::ERROR, "0x80070005"), (header::ERROR_CONTEXT, "5")]);
        assert_eq!(error.to_string(), "403 Forbidden, E_ACCESSDENIED (0x80070005), context 5, the server");
        let error = refusal(404, &[("server", "nginx/1.22"), ("content-type", "text/html")]);
        assert_eq!(error.to_string(), "404 Not Found from nginx/1.22, with text/html");
    }
}
