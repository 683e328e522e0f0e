//! Identifiers: sessions, protocols, hosts.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::text::digits;
use super::without_brackets;

/// A session, named by the server (MC-BUP 2.2.3, `BITS-Session-Id`).
///
/// Opaque: servers use GUIDs in any case with or without braces, decimal hashes and URL paths. It is sent back byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// Longest identifier accepted, in characters.
    pub(crate) const MAX_LEN: usize = 100;

    /// The identifier as the server wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionId {
    type Err = IdError;

    /// # Errors
    /// When the text is empty, longer than 100 characters, or holds anything but printable ASCII without spaces.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            Err(IdError::Empty)
        } else if text.len() > Self::MAX_LEN {
            Err(IdError::TooLong)
        } else if !text.bytes().all(|b| b.is_ascii_graphic()) {
            Err(IdError::ForbiddenCharacter)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version of the upload protocol, named by a GUID (MC-BUP 2.2.2, `BITS-Supported-Protocols`).
///
/// Any usual spelling is read; one is shown and sent: lower case, in braces, as Windows does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolId(Uuid);

impl ProtocolId {
    /// The one protocol that is defined: the upload protocol of BITS 1.5.
    pub(crate) const BITS_1_5_UPLOAD: Self = Self(Uuid::from_u128(0x7df0_354d_249b_430f_820d_3d2a_9bef_4931));
}

impl FromStr for ProtocolId {
    type Err = IdError;

    /// # Errors
    /// When the text is no GUID.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.trim();
        // The form with parentheses is .NET's "P"; the uuid crate knows all the others.
        let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
        Uuid::parse_str(text).map(Self).map_err(|_| IdError::NotAGuid)
    }
}

impl fmt::Display for ProtocolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.braced())
    }
}

/// A host that a server asks us to use instead of the URL's (MC-BUP 2.2.3.2, `BITS-Host-Id`).
///
/// `host`, `host:port` or `[IPv6]` with an optional port; nothing that could change another part of a URL.
#[derive(Debug, Clone)]
pub struct HostId(String);

impl HostId {
    /// Longest value accepted, in characters: a DNS name and a port.
    const MAX_LEN: usize = 261;

    /// The value as the server wrote it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without the port.
    pub(crate) fn host(&self) -> &str {
        self.split().0
    }

    /// The port, if the server named one.
    pub(crate) fn port(&self) -> Option<u16> {
        self.split().1.and_then(|p| p.parse().ok())
    }

    fn split(&self) -> (&str, Option<&str>) {
        let text = self.0.as_str();
        let name_ends = if text.starts_with('[') { text.find(']').map_or(text.len(), |i| i + 1) } else { 0 };
        match text[name_ends..].rfind(':') {
            Some(colon) => (&text[..name_ends + colon], Some(&text[name_ends + colon + 1..])),
            None => (text, None),
        }
    }

    fn has_valid_parts(&self) -> bool {
        let (host, port) = self.split();
        let address = without_brackets(host);
        let host_ok = if address.len() < host.len() {
            address.parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        host_ok && port.is_none_or(|p| digits(p).is_some_and(|p| (1..=u16::MAX.into()).contains(&p)))
    }
}

/// Host names are compared without regard to letter case: IIS answers `FRANKCAO8` to a client of `frankcao8`.
impl PartialEq for HostId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for HostId {}

impl FromStr for HostId {
    type Err = IdError;

    /// # Errors
    /// When the text is anything but a host with an optional port.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > Self::MAX_LEN {
            return Err(IdError::TooLong);
        }
        let id = Self(text.to_owned());
        if id.has_valid_parts() { Ok(id) } else { Err(IdError::NotAHost) }
    }
}

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// There is too much of it.
    #[error("it is too long")]
    TooLong,
    /// It holds a space, a control or a non-ASCII character.
    #[error("it holds a character other than printable ASCII")]
    ForbiddenCharacter,
    /// It is not a GUID.
    #[error("it is not a GUID such as {{7df0354d-249b-430f-820d-3d2a9bef4931}}")]
    NotAGuid,
    /// It is not a host with an optional port.
    #[error("it is not a host with an optional port")]
    NotAHost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_letter_case_and_bounded() {
        let host = |text: &str| text.parse::<HostId>();
        assert_eq!(host("FRANKCAO8"), host("frankcao8"));
        assert_ne!(host("frankcao8"), host("frankcao9"));
        assert!(host(&"a".repeat(HostId::MAX_LEN)).is_ok());
        assert_eq!(host(&"a".repeat(HostId::MAX_LEN + 1)), Err(IdError::TooLong));
    }

    #[test]
    fn session_ids_of_all_known_servers_are_echoed_byte_for_byte() {
        for id in [
            "{A0FF5911-4144-45B3-BF27-27AFC8EC8A67}",
            "7df0354d-249b-430f-820d-3d2a9bef4931",
            "1234567890",
            "/uploads/tmp/42",
            "aZ09_-aZ09_-aZ09_-aZ09",
        ] {
            assert_eq!(id.parse::<SessionId>().map(|s| s.to_string()), Ok(id.to_owned()));
        }
    }

    #[test]
    fn an_ipv6_address_that_ends_in_colons_has_no_port() {
        let parts = |text: &str| text.parse::<HostId>().map(|id| (id.host().to_owned(), id.port()));
        assert_eq!(parts("[2001:db8::]"), Ok(("[2001:db8::]".to_owned(), None)));
        assert_eq!(parts("[2001:db8::]:8080"), Ok(("[2001:db8::]".to_owned(), Some(8080))));
    }

    #[test]
    fn session_ids_that_could_break_a_head_are_refused() {
        assert_eq!("".parse::<SessionId>(), Err(IdError::Empty));
        assert_eq!("a b".parse::<SessionId>(), Err(IdError::ForbiddenCharacter));
        assert_eq!("a\r\nb".parse::<SessionId>(), Err(IdError::ForbiddenCharacter));
        assert_eq!("x".repeat(101).parse::<SessionId>(), Err(IdError::TooLong));
        assert!("x".repeat(100).parse::<SessionId>().is_ok());
    }

    #[test]
    fn every_usual_guid_spelling_is_shown_in_one_form() {
        let forms = [
            "{7DF0354D-249B-430F-820D-3D2A9BEF4931}",
            "7df0354d-249b-430f-820d-3d2a9bef4931",
            "7DF0354D249B430F820D3D2A9BEF4931",
            "(7df0354d-249b-430f-820d-3d2a9bef4931)",
            "urn:uuid:7df0354d-249b-430f-820d-3d2a9bef4931",
            " {7df0354d-249b-430f-820d-3d2a9bef4931} ",
        ];
        for form in forms {
            let id: ProtocolId = form.parse().expect(form);
            assert_eq!(id, ProtocolId::BITS_1_5_UPLOAD);
            assert_eq!(id.to_string(), "{7df0354d-249b-430f-820d-3d2a9bef4931}");
        }
        assert_eq!("7df0354d".parse::<ProtocolId>(), Err(IdError::NotAGuid));
    }

    #[test]
    fn host_ids_are_a_host_with_an_optional_port() {
        for (text, host, port) in [
            ("FRANKCAO8", "FRANKCAO8", None),
            ("a.example:8080", "a.example", Some(8080)),
            ("[::1]", "[::1]", None),
            ("[::1]:80", "[::1]", Some(80)),
            ("10.0.0.1:443", "10.0.0.1", Some(443)),
        ] {
            let id: HostId = text.parse().expect(text);
            assert_eq!((id.host(), id.port()), (host, port));
        }
        for bad in [
            "", "a@b", "a/b", "a?b", "a#b", "a\\b", "a%41", "a b", "a\nb", "a:", "a:x", "a:+1", "a:0", "a:65536",
            ":80", "[::1", "[::x]", "::1", "[::1]x",
        ] {
            assert!(bad.parse::<HostId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn host_ids_differ_not_by_letter_case() {
        assert_eq!("FRANKCAO8".parse::<HostId>(), "frankcao8".parse::<HostId>());
    }
}
