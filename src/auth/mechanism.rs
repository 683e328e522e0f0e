//! What a mechanism of signing in is, and which one there is for a scheme.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use zeroize::Zeroizing;

use super::challenge::Demand;
use super::credentials::{Credentials, Password};
use super::digest::Proofs;
#[cfg(all(unix, feature = "kerberos"))]
use super::kerberos::Tickets;
#[cfg(feature = "windows-auth")]
use super::ntlm::Handshake;
use super::scheme::{Scheme, SignInError};
use crate::exchange::ChannelBinding;
use crate::protocol::Origin;

/// Signs requests in at one server, and knows how far it got there.
pub(super) trait Mechanism: fmt::Debug + Send {
    fn scheme(&self) -> Scheme;

    /// What to say when the server does not take what it got.
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

/// Begins with a scheme that the server offers. `None`: these credentials are not of its kind.
///
/// # Errors
/// When it lacks something else; the message says what.
pub(super) fn begin(
    scheme: Scheme,
    credentials: &Credentials,
    demand: Demand<'_>,
    origin: &Origin,
    random: [u8; 16],
) -> Result<Option<Box<dyn Mechanism>>, String> {
    Ok(Some(match (scheme, credentials) {
        (Scheme::Basic, Credentials::Password(_)) | (Scheme::Bearer, Credentials::Token(_)) => {
            Box::new(SecretItself { scheme })
        }
        (Scheme::Digest, Credentials::Password(_)) => Box::new(Proofs::new(demand.challenges, random)?),
        (Scheme::Ntlm, Credentials::Password(password)) => by_password(scheme, password, origin)?,
        // Kerberos is the stronger of the two. Nothing was sent yet if it lacks something.
        (Scheme::Negotiate, Credentials::Password(password)) => {
            by_tickets(Some(&password.user), origin, demand).or_else(|_| by_password(scheme, password, origin))?
        }
        (Scheme::Negotiate, Credentials::Tickets) => by_tickets(None, origin, demand)?,
        _ => return Ok(None),
    }))
}

#[cfg(all(unix, feature = "kerberos"))]
fn by_tickets(user: Option<&str>, origin: &Origin, demand: Demand<'_>) -> Result<Box<dyn Mechanism>, String> {
    Ok(Box::new(Tickets::new(origin, user, demand.channel)?))
}

#[cfg(not(all(unix, feature = "kerberos")))]
fn by_tickets(_: Option<&str>, _: &Origin, _: Demand<'_>) -> Result<Box<dyn Mechanism>, String> {
    Err("this bitsup was built without Kerberos (feature kerberos, not on Windows)".to_owned())
}

#[cfg(feature = "windows-auth")]
fn by_password(scheme: Scheme, password: &Password, origin: &Origin) -> Result<Box<dyn Mechanism>, String> {
    Ok(Box::new(Handshake::new(scheme, password, origin.host())?))
}

#[cfg(not(feature = "windows-auth"))]
fn by_password(scheme: Scheme, _: &Password, _: &Origin) -> Result<Box<dyn Mechanism>, String> {
    Err(format!("this bitsup was built without {scheme} (feature windows-auth)"))
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
