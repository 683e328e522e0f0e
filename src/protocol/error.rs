//! Refusals: what a server says when it does not do what a packet asks (MC-BUP 2.2.1.2).

use std::fmt;

use http::{HeaderMap, Response, StatusCode};

use super::header;
use super::text::escape;

/// A Windows error code, as the protocol's error headers carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HResult(pub u32);

/// What is known of one [`HResult`].
#[derive(Debug)]
pub struct HResultInfo {
    /// The code.
    pub code: HResult,
    /// Its name in Windows' headers.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
    /// What usually lies behind it.
    pub cause: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

impl HResult {
    /// No error; servers send it with 416.
    pub const S_OK: Self = Self(0);
    /// Not allowed, or the file exists and overwriting is off.
    pub const E_ACCESSDENIED: Self = Self(0x8007_0005);
    /// A header or a range is wrong.
    pub const E_INVALIDARG: Self = Self(0x8007_0057);
    /// The server's disk is full.
    pub const DISK_FULL: Self = Self(0x8007_0070);
    /// The same, as MC-BUP prints it.
    pub const DISK_FULL_AS_PRINTED: Self = Self(0x8007_0112);
    /// The session is unknown or expired.
    pub const BG_E_SESSION_NOT_FOUND: Self = Self(0x8020_001F);
    /// The file is larger than the directory allows.
    pub const BG_E_TOO_LARGE: Self = Self(0x8020_0020);
    /// A name or URL is too long.
    pub const BG_E_STRING_TOO_LONG: Self = Self(0x8020_0021);
    /// No protocol in common.
    pub const BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH: Self = Self(0x8020_0022);
    /// The directory allows scripts or programs to run.
    pub const BG_E_SERVER_EXECUTE_ENABLE: Self = Self(0x8020_0023);

    /// Everything that is known of this code, if anything.
    #[must_use]
    pub fn info(self) -> Option<&'static HResultInfo> {
        KNOWN.iter().find(|info| info.code == self)
    }

    /// All codes that are known, for listings.
    #[must_use]
    pub fn known() -> &'static [HResultInfo] {
        KNOWN
    }

    /// Reads the spellings that servers use: `0x80070057`, `x80070057`, bare hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let digits = lower.strip_prefix("0x").or_else(|| lower.strip_prefix('x')).unwrap_or(&lower);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if plain { u32::from_str_radix(digits, 16).ok().map(Self) } else { None }
    }
}

/// `BG_E_SESSION_NOT_FOUND (0x8020001F)`, or the bare number where the name is not known.
impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.info() {
            Some(info) => write!(f, "{} (0x{:08X})", info.name, self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

macro_rules! hresults {
    ($($code:expr, $name:literal, $meaning:literal, $cause:literal, $advice:literal;)*) => {
        &[$(HResultInfo { code: $code, name: $name, meaning: $meaning, cause: $cause, advice: $advice },)*]
    };
}

/// MC-BUP 2.2.1.2, then the codes under which Windows reports conditions on the client's side.
const KNOWN: &[HResultInfo] = hresults![
    HResult::E_ACCESSDENIED, "E_ACCESSDENIED", "access is denied",
        "the account may not write there, a file of that name exists and overwriting is off, or BITS uploads are not enabled on the directory",
        "check the folder's permissions, BITSAllowOverwrites and BITSUploadEnabled on the server";
    HResult::E_INVALIDARG, "E_INVALIDARG", "the server found a header or range invalid",
        "a proxy changed the request, or the server wants something that [MC-BUP] does not describe",
        "run it again with -vv to see both heads";
    HResult::DISK_FULL, "ERROR_DISK_FULL", "the server's disk is full", "the volume with the upload folder has no space left",
        "free space on the server, then run the same command again";
    HResult::DISK_FULL_AS_PRINTED, "ERROR_DISK_FULL", "the server's disk is full", "the volume with the upload folder has no space left",
        "free space on the server, then run the same command again";
    HResult::BG_E_SESSION_NOT_FOUND, "BG_E_SESSION_NOT_FOUND", "the server does not know the session",
        "the session expired, was cleaned up, or another machine of a farm answered",
        "run the same command again: a new session is opened";
    HResult::BG_E_TOO_LARGE, "BG_E_TOO_LARGE", "the file is larger than the server allows",
        "BITSMaximumUploadSize is set on the directory", "raise BITSMaximumUploadSize on the server, or send a smaller file";
    HResult::BG_E_STRING_TOO_LONG, "BG_E_STRING_TOO_LONG", "a name or the URL is too long", "the URL or file name exceeds what the server takes",
        "use a shorter URL or name";
    HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH, "BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH", "client and server have no protocol in common",
        "--protocol names one that the server does not speak", "leave --protocol away: its default is what every server speaks";
    HResult::BG_E_SERVER_EXECUTE_ENABLE, "BG_E_SERVER_EXECUTE_ENABLE", "the directory allows scripts or programs to run",
        "BITS refuses uploads into a folder whose files could be executed", "turn script and execute permission off for the virtual directory";
    HResult(0x8020_001B), "BG_E_INVALID_SERVER_RESPONSE", "the server's answer makes no sense", "a proxy or portal answered, or the server is no BITS server",
        "check the URL";
    HResult(0x8020_001D), "BG_E_LOCAL_FILE_CHANGED", "the file changed while it was being uploaded", "a program writes to it",
        "upload a copy, or wait until the file is finished";
    HResult(0x8020_0024), "BG_E_NO_PROGRESS", "no progress was made for too long", "the network or the server is down", "run the same command again later";
    HResult(0x8007_2EE2), "ERROR_INTERNET_TIMEOUT", "the request timed out", "the network or the server is slow or down", "run the same command again later";
    HResult(0x8007_2EE7), "ERROR_INTERNET_NAME_NOT_RESOLVED", "the server's name is not known", "a typing error, or DNS is down", "check the host's name";
    HResult(0x8007_2EFD), "ERROR_INTERNET_CANNOT_CONNECT", "no connection could be made", "nothing listens there, or a firewall is between",
        "check host and port";
    HResult(0x8007_04DD), "ERROR_NOT_LOGGED_ON", "Windows' BITS service wants an interactive logon of the user",
        "Start-BitsTransfer runs in a service, a scheduled task, a CI job or a remote session", "use bitsup upload: it needs no logon session";
    HResult(0x8007_2EFF), "ERROR_INTERNET_CONNECTION_RESET", "the connection was reset", "the server or a proxy cut it", "run the same command again";
    HResult(0x8007_2F05), "ERROR_INTERNET_SEC_CERT_DATE_INVALID", "the server's certificate is expired or not valid yet",
        "it was not renewed, or this machine's clock is wrong", "check the certificate and the clock";
    HResult(0x8007_2F06), "ERROR_INTERNET_SEC_CERT_CN_INVALID", "the server's certificate is for another name",
        "the URL names the server differently than its certificate", "use the name in the certificate";
    HResult(0x8007_2F0C), "ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED", "the server wants a client certificate",
        "the folder is set up for client certificates", "ask the server's administrator for a certificate";
    HResult(0x8007_2F0D), "ERROR_INTERNET_INVALID_CA", "nobody whom this machine trusts vouches for the server's certificate",
        "it is signed by the server itself or by a private authority", "add the authority to this machine's trust store";
    HResult(0x8007_2EFE), "ERROR_INTERNET_CONNECTION_ABORTED", "the connection was reset", "the server or a proxy cut it", "run the same command again";
    HResult(0x8007_2F8F), "ERROR_INTERNET_SECURE_FAILURE", "the secure connection failed", "the certificate is not trusted, expired, or for another name",
        "check the certificate and the clock";
];

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
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
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
    #[must_use]
    pub fn of<T>(response: &Response<T>) -> Self {
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
    #[must_use]
    pub fn is_from_bits(&self) -> bool {
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
    fn codes_are_read_in_every_spelling_seen() {
        for text in ["0x80070057", "x80070057", "80070057", " 0X80070057 "] {
            assert_eq!(HResult::parse(text), Some(HResult::E_INVALIDARG), "{text:?}");
        }
        assert_eq!(HResult::parse("5"), Some(HResult(5)));
        assert_eq!(HResult::parse("0"), Some(HResult::S_OK));
        for none in ["", "0x", "+5", "-1", "hello", "0x180070057"] {
            assert_eq!(HResult::parse(none), None, "{none:?}");
        }
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

    #[test]
    fn known_codes_are_listed_once() {
        for (index, info) in HResult::known().iter().enumerate() {
            assert!(HResult::known()[..index].iter().all(|other| other.code != info.code), "{}", info.name);
        }
    }
}
