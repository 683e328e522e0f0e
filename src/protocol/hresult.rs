//! The parts of an HRESULT ([MS-ERREF] 2.1), for codes that are not in the table.

use super::HResult;

/// The facility of codes that wrap a Win32 error.
const FACILITY_WIN32: u32 = 7;
/// The facility of codes that wrap an HTTP status.
const FACILITY_HTTP: u32 = 25;

impl HResult {
    /// The HRESULT that wraps a Win32 error code, as `HRESULT_FROM_WIN32` makes it.
    #[must_use]
    pub fn from_win32(code: u16) -> Self {
        Self(0x8007_0000 | u32::from(code))
    }

    /// Whether the severity bit calls it a failure.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// Which part of Windows it comes from: 11 bits.
    #[must_use]
    pub fn facility(self) -> u32 {
        (self.0 >> 16) & 0x7ff
    }

    /// The code within its facility: 16 bits.
    #[must_use]
    pub fn code(self) -> u32 {
        self.0 & 0xffff
    }

    /// The facility's name, where it is one that uploads meet.
    #[must_use]
    pub fn facility_name(self) -> Option<&'static str> {
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
    #[must_use]
    pub fn win32(self) -> Option<u32> {
        (self.is_failure() && self.facility() == FACILITY_WIN32).then(|| self.code())
    }

    /// The HTTP status that it wraps: Windows' client reports 404 as `0x80190194`.
    #[must_use]
    pub fn http_status(self) -> Option<u32> {
        (self.is_failure() && self.facility() == FACILITY_HTTP).then(|| self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_that_windows_puts_together() {
        assert_eq!(HResult::from_win32(5), HResult::E_ACCESSDENIED);
        assert_eq!(HResult::E_ACCESSDENIED.win32(), Some(5));
        assert_eq!(HResult::BG_E_SESSION_NOT_FOUND.facility_name(), Some("BITS"));
        assert_eq!(HResult::BG_E_SESSION_NOT_FOUND.code(), 0x1f);
        assert_eq!(HResult(0x8019_0194).http_status(), Some(404));
        assert_eq!(HResult(0x8007_2EE7).win32(), Some(12007));
        assert_eq!((HResult(5).win32(), HResult(5).is_failure()), (None, false));
        assert_eq!(HResult(0x8004_1234).facility_name(), Some("interface-defined"));
        assert_eq!(HResult(0x8fff_0001).facility_name(), None);
    }
}
