//! Credentials, and the servers that may see them.

use std::fmt;
use std::sync::Arc;

use http::Uri;

use super::Secret;
use crate::protocol::{Origin, without_brackets};

/// A user and the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// The user; for Windows also `DOMAIN\user` or `user@domain`.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// A bearer token, and the way to a newer one: tokens expire during long uploads.
#[derive(Clone)]
pub struct Token {
    secret: Secret,
    newer: Option<Newer>,
    /// A newer one was looked for since this one was last taken.
    has_looked: bool,
}

/// Looks for a newer token.
type Newer = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

impl Token {
    /// One that stays what it is.
    #[must_use]
    pub fn new(secret: Secret) -> Self {
        Self { secret, newer: None, has_looked: false }
    }

    /// `newer` is asked for another one when the server refuses this one.
    #[must_use]
    pub fn with_newer(self, newer: impl Fn() -> Option<Secret> + Send + Sync + 'static) -> Self {
        Self { newer: Some(Arc::new(newer)), ..self }
    }

    pub(super) fn reveal(&self) -> &str {
        self.secret.reveal()
    }

    /// The server took it.
    pub(super) fn accepted(&mut self) {
        self.has_looked = false;
    }

    /// The server did not take it. Goes on with another one if there is one, but looks only once; whether there was.
    pub(super) fn renew(&mut self) -> bool {
        if std::mem::replace(&mut self.has_looked, true) {
            return false;
        }
        let newer = self.newer.as_ref().and_then(|newer| newer()).filter(|newer| *newer != self.secret);
        let is_there = newer.is_some();
        if let Some(secret) = newer {
            self.secret = secret;
        }
        is_there
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("secret", &self.secret).finish_non_exhaustive()
    }
}

/// The proof of who is uploading.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Basic, Digest, NTLM and Negotiate take it.
    Password(Password),
    /// For Bearer.
    Token(Token),
    /// Kerberos tickets that the machine has; for Negotiate.
    Tickets,
}

/// Where credentials may go: the URL's own scheme, host and port, and hosts that the user trusts by name. To those
/// never without TLS if the URL has it.
#[derive(Debug, Clone)]
pub(super) struct CredentialScope {
    pub(super) origin: Origin,
    trusted: Vec<String>,
}

impl CredentialScope {
    pub(super) fn new(origin: &Uri, trusted: Vec<String>) -> Self {
        Self { origin: Origin::of(origin), trusted }
    }

    pub(super) fn holds(&self, other: &Origin) -> bool {
        if *other == self.origin {
            return true;
        }
        let named = self.trusted.iter().any(|host| without_brackets(host).eq_ignore_ascii_case(other.host()));
        named && (other.is_https() || !self.origin.is_https())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_48_credentials_stay_with_scheme_host_and_port() {
        let scope = CredentialScope::new(&Uri::from_static("https://h/a"), vec!["Node1".to_owned(), "h".to_owned()]);
        let holds = |uri: &'static str| scope.holds(&Origin::of(&Uri::from_static(uri)));
        for inside in ["https://h/b", "https://H:443/", "https://node1/a", "https://node1:8443/a", "https://h:444/"] {
            assert!(holds(inside), "{inside}");
        }
        for outside in ["http://h/a", "http://node1/a", "https://node2/a", "https://h.node1/a"] {
            assert!(!holds(outside), "{outside}");
        }
        let plain = CredentialScope::new(&Uri::from_static("http://h:8080/a"), vec![]);
        let holds = |uri: &'static str| plain.holds(&Origin::of(&Uri::from_static(uri)));
        assert!(holds("http://h:8080/b") && !holds("http://h/b") && !holds("https://h:8080/a"));
    }
}
