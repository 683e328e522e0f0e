//! The trait of a mechanism of signing in, and the simplest mechanism.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use zeroize::Zeroizing;

use super::challenge::Demand;
use super::credentials::Credentials;
use super::scheme::{Scheme, SignInError};
use crate::exchange::ChannelBinding;

/// Signs requests in at one server, and knows how far it got there.
pub(super) trait Mechanism: fmt::Debug + Send {
    fn scheme(&self) -> Scheme;

    /// The error when the server does not take what it got.
    fn rejected(&self) -> SignInError {
        SignInError::Rejected(self.scheme())
    }

    /// Whether a request with a body would be sent in vain.
    fn wants_empty_request(&self) -> bool {
        false
    }

    /// Whether a request with a body that was refused is worth sending again itself: another before it would use up a nonce
    /// that counts once, or settle nothing.
    fn repeats_bodies(&self) -> bool {
        false
    }

    /// Whether what the next request carries tells the server whether the password is right.
    fn is_about_to_prove(&self) -> bool;

    /// Whether what the next request carries means something on this connection only.
    fn belongs_to_connection(&self) -> bool {
        false
    }

    /// Where what the next request carries may go.
    fn channel(&self) -> Option<ChannelBinding> {
        None
    }

    /// The connection is another. `was_sent`: the server may have got the last request all the same.
    fn on_disconnect(&mut self, _was_sent: bool) {}

    /// The value of `Authorization`, if the next request needs one.
    fn authorization(&mut self, request: &Request<()>, credentials: &Credentials) -> Result<Option<Vec<u8>>, String>;

    /// The server let a request pass; these are its response's fields. `has_looked`: it is known to have looked at who asks.
    ///
    /// # Errors
    /// When it is to prove who it is, and does not.
    fn accepted(&mut self, _headers: &HeaderMap, _has_looked: bool) -> Result<(), String> {
        Ok(())
    }

    /// The server did not let a request pass. `signed`: it carried credentials. The same request may be signed anew.
    ///
    /// # Errors
    /// When that is of no use.
    fn challenged(&mut self, demand: Demand<'_>, signed: bool, random: [u8; 16]) -> Result<(), SignInError>;
}

/// Basic and Bearer.
#[derive(Debug)]
pub(super) struct SecretItself {
    pub(super) scheme: Scheme,
}

impl Mechanism for SecretItself {
    fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn repeats_bodies(&self) -> bool {
        self.scheme == Scheme::Bearer
    }

    fn is_about_to_prove(&self) -> bool {
        self.scheme == Scheme::Basic
    }

    fn authorization(&mut self, _: &Request<()>, credentials: &Credentials) -> Result<Option<Vec<u8>>, String> {
        let value = match credentials {
            Credentials::Password(password) => {
                let plain = Zeroizing::new(format!("{}:{}", password.user, password.password.reveal()));
                format!("Basic {}", *Zeroizing::new(STANDARD.encode(&*plain)))
            }
            Credentials::Token(token) => format!("Bearer {}", token.reveal()),
            Credentials::Tickets => return Ok(None),
        };
        Ok(Some(value.into_bytes()))
    }

    /// The same again would be refused again.
    fn challenged(&mut self, _: Demand<'_>, signed: bool, _: [u8; 16]) -> Result<(), SignInError> {
        if signed { Err(self.rejected()) } else { Ok(()) }
    }
}
