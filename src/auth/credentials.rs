//! Credentials, and the servers that may see them.

use std::fmt;
use std::sync::Arc;

use super::Secret;

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

    /// The server did not take it. Continues with another one if there is one, but looks only once; whether there was.
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
