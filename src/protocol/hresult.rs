//! Windows' error codes ([MS-ERREF] 2.1): their spellings, names and parts. The reaction to one is not decided here.

use std::fmt;

use serde::{Serialize, Serializer};

/// The facility of codes that wrap a Win32 error.
const FACILITY_WIN32: u32 = 7;
/// The facility of codes that wrap an HTTP status.
const FACILITY_HTTP: u32 = 25;

/// A Windows error code, as the protocol's error headers carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HResult(pub u32);

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

    /// Its name in Windows' headers, if it is one that uploads meet.
    pub(crate) fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(code, _)| *code == self).map(|(_, name)| *name)
    }

    /// All codes that have a name, with it.
    pub(crate) fn known() -> &'static [(Self, &'static str)] {
        NAMES
    }

    /// Reads the spellings that servers use: `0x80070057`, `x80070057`, bare hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let digits = lower.strip_prefix("0x").or_else(|| lower.strip_prefix('x')).unwrap_or(&lower);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if plain { u32::from_str_radix(digits, 16).ok().map(Self) } else { None }
    }

    /// The HRESULT that wraps a Win32 error code, as `HRESULT_FROM_WIN32` makes it.
    pub(crate) fn from_win32(code: u16) -> Self {
        Self(0x8007_0000 | u32::from(code))
    }

    /// Whether the severity bit calls it a failure.
    pub(crate) fn is_failure(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// Which part of Windows it comes from: 11 bits.
    pub(crate) fn facility(self) -> u32 {
        (self.0 >> 16) & 0x7ff
    }

    /// The code within its facility: 16 bits.
    pub(crate) fn code(self) -> u32 {
        self.0 & 0xffff
    }

    /// The facility's name, where it is one that uploads meet.
    pub(crate) fn facility_name(self) -> Option<&'static str> {
        Some(match self.facility() {
            0 => "general",
            1 => "RPC",
            4 => "interface-defined",
            FACILITY_WIN32 => "Win32",
            9 => "security (SSPI and certificates)",
            11 => "certificates",
            FACILITY_HTTP => "HTTP",
            32 => "BITS",
            _ => return None,
        })
    }

    /// The Win32 error code that it wraps.
    pub(crate) fn win32(self) -> Option<u32> {
        (self.is_failure() && self.facility() == FACILITY_WIN32).then(|| self.code())
    }

    /// The HTTP status that it wraps: Windows' client reports 404 as `0x80190194`.
    pub(crate) fn http_status(self) -> Option<u32> {
        (self.is_failure() && self.facility() == FACILITY_HTTP).then(|| self.code())
    }
}

/// `BG_E_SESSION_NOT_FOUND (0x8020001F)`, or the bare number where the name is not known.
impl fmt::Display for HResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} (0x{:08X})", self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

/// For programs: the number alone, as servers send it.
impl Serialize for HResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{:08X}", self.0))
    }
}

/// MC-BUP 2.2.1.2, then codes that servers send besides, and those that Windows' client reports of itself.
const NAMES: &[(HResult, &str)] = &[
    (HResult::E_ACCESSDENIED, "E_ACCESSDENIED"),
    (HResult::E_INVALIDARG, "E_INVALIDARG"),
    (HResult::DISK_FULL, "ERROR_DISK_FULL"),
    (HResult::DISK_FULL_AS_PRINTED, "ERROR_DISK_FULL"),
    (HResult::BG_E_SESSION_NOT_FOUND, "BG_E_SESSION_NOT_FOUND"),
    (HResult::BG_E_TOO_LARGE, "BG_E_TOO_LARGE"),
    (HResult::BG_E_STRING_TOO_LONG, "BG_E_STRING_TOO_LONG"),
    (HResult::BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH, "BG_E_CLIENT_SERVER_PROTOCOL_MISMATCH"),
    (HResult::BG_E_SERVER_EXECUTE_ENABLE, "BG_E_SERVER_EXECUTE_ENABLE"),
    (HResult(0x8000_4005), "E_FAIL"),
    (HResult(0x8007_0003), "ERROR_PATH_NOT_FOUND"),
    (HResult(0x8007_0011), "ERROR_NOT_SAME_DEVICE"),
    (HResult(0x8007_001D), "ERROR_WRITE_FAULT"),
    (HResult(0x8007_0718), "ERROR_NOT_ENOUGH_QUOTA"),
    (HResult(0x8007_0020), "ERROR_SHARING_VIOLATION"),
    (HResult(0x8020_0010), "BG_E_NETWORK_DISCONNECTED"),
    (HResult(0x8020_0011), "BG_E_MISSING_FILE_SIZE"),
    (HResult(0x8020_0013), "BG_E_INSUFFICIENT_RANGE_SUPPORT"),
    (HResult(0x8020_0014), "BG_E_INSUFFICIENT_HTTP_SUPPORT"),
    (HResult(0x8020_001B), "BG_E_INVALID_SERVER_RESPONSE"),
    (HResult(0x8020_001D), "BG_E_LOCAL_FILE_CHANGED"),
    (HResult(0x8020_0024), "BG_E_NO_PROGRESS"),
    (HResult(0x8007_2EE2), "ERROR_INTERNET_TIMEOUT"),
    (HResult(0x8007_2EE7), "ERROR_INTERNET_NAME_NOT_RESOLVED"),
    (HResult(0x8007_2EFD), "ERROR_INTERNET_CANNOT_CONNECT"),
    (HResult(0x8007_04DD), "ERROR_NOT_LOGGED_ON"),
    (HResult(0x8007_2EFF), "ERROR_INTERNET_CONNECTION_RESET"),
    (HResult(0x8007_2F05), "ERROR_INTERNET_SEC_CERT_DATE_INVALID"),
    (HResult(0x8007_2F06), "ERROR_INTERNET_SEC_CERT_CN_INVALID"),
    (HResult(0x8007_2F0C), "ERROR_INTERNET_CLIENT_AUTH_CERT_NEEDED"),
    (HResult(0x8007_2F0D), "ERROR_INTERNET_INVALID_CA"),
    (HResult(0x8007_2EFE), "ERROR_INTERNET_CONNECTION_ABORTED"),
    (HResult(0x8007_2F8F), "ERROR_INTERNET_SECURE_FAILURE"),
];

#[cfg(test)]
mod tests {
    use super::*;

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
    fn known_codes_are_listed_once() {
        for (index, (code, name)) in HResult::known().iter().enumerate() {
            assert!(HResult::known()[..index].iter().all(|(other, _)| other != code), "{name}");
        }
    }

    #[test]
    fn the_parts_are_those_that_windows_puts_together() {
        assert_eq!(HResult::from_win32(5), HResult::E_ACCESSDENIED);
        assert_eq!(HResult::E_ACCESSDENIED.win32(), Some(5));
        assert_eq!(HResult::BG_E_SESSION_NOT_FOUND.facility_name(), Some("BITS"));
        assert_eq!(HResult::BG_E_SESSION_NOT_FOUND.code(), 0x1f);
        assert_eq!(HResult(0x8009_000D).facility_name(), Some("security (SSPI and certificates)"));
        assert_eq!(HResult(0x800B_0101).facility_name(), Some("certificates"));
        assert_eq!(HResult(0x8001_0001).facility_name(), Some("RPC"));
        assert_eq!(HResult(0x8019_0194).http_status(), Some(404));
        assert_eq!((HResult(0x8019_0194).win32(), HResult(0x8007_0194).http_status()), (None, None));
        assert_eq!(HResult(0x8007_2EE7).win32(), Some(12007));
        assert_eq!((HResult(5).win32(), HResult(5).is_failure()), (None, false));
        assert_eq!(HResult(0x8000_4005).facility_name(), Some("general"));
        assert_eq!(HResult(0x8004_1234).facility_name(), Some("interface-defined"));
        assert_eq!(HResult(0x8fff_0001).facility_name(), None);
    }
}
