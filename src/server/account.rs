//! The account that may upload: Basic authentication (RFC 7617).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::{hmac, rand};

use super::error::ServeError;

/// The one user that may upload, with a password.
#[derive(Clone)]
pub struct Account {
    name: String,
    key: hmac::Key,
    /// Of the credentials as the header carries them. The password itself is not kept.
    tag: hmac::Tag,
}

impl Account {
    /// An account of this name and password.
    ///
    /// # Errors
    /// When the name is empty or holds a colon, either holds a control character, or the system has no random numbers.
    pub fn new(name: &str, password: &str) -> Result<Self, ServeError> {
        if name.is_empty() || name.contains(':') || name.contains(char::is_control) {
            return Err(ServeError::Account("a user's name is not empty and holds no colon or control character"));
        }
        if password.is_empty() || password.contains(char::is_control) {
            return Err(ServeError::Account("a password is not empty and holds no control character"));
        }
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
            .map_err(|_| ServeError::Account("the system has no random numbers"))?;
        let tag = hmac::sign(&key, STANDARD.encode(format!("{name}:{password}")).as_bytes());
        Ok(Self { name: name.to_owned(), key, tag })
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a request carries this user's credentials. Takes as long for a wrong password as for the right one.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let Ok(text) = value.to_str() else { return false };
        let Some((scheme, credentials)) = text.split_once(' ') else { return false };
        scheme.eq_ignore_ascii_case("Basic")
            && hmac::verify(&self.key, credentials.trim_matches(' ').as_bytes(), self.tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn admits(values: &[&str]) -> bool {
        let account = Account::new("Aladdin", "open sesame").unwrap();
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        account.admits(&headers)
    }

    #[test]
    fn the_example_of_rfc_7617_is_admitted() {
        assert!(admits(&["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]));
        assert!(admits(&["basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]));
    }

    #[test]
    fn nothing_else_is() {
        let right = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        for values in [
            &[][..],
            &[right, right],
            &["Basic"],
            &["Basic "],
            &["Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
            &["QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
            &["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"],
            &["Basic QWxhZGRpbjpvcGVuIHNlc2FtZR=="],
            &["Basic QWxhZGRpbjo="],
        ] {
            assert!(!admits(values), "{values:?}");
        }
    }

    #[test]
    fn names_and_passwords_that_no_header_can_carry_are_refused() {
        for (name, password) in [("", "x"), ("a:b", "x"), ("a", ""), ("a\n", "x"), ("a", "x\r\ny")] {
            assert!(Account::new(name, password).is_err());
        }
    }

    #[test]
    fn what_is_shown_of_an_account_is_its_name() {
        let shown = format!("{:?}", Account::new("me", "s3cret").unwrap());
        assert!(shown.contains("me") && !shown.contains("s3cret") && !shown.contains("tag"), "{shown}");
    }
}
