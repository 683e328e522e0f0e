//! The mechanism that was chosen, and how far it got with one server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Request};
use zeroize::Zeroizing;

use super::challenge::{Demand, Reaction};
use super::credentials::{Credentials, Password};
use super::digest::Proofs;
#[cfg(all(unix, feature = "kerberos"))]
use super::kerberos::Tickets;
#[cfg(feature = "windows-auth")]
use super::ntlm::Handshake;
use super::scheme::{Scheme, SignInError};
use crate::exchange::ChannelBinding;
use crate::protocol::Origin;

/// What signs requests in.
#[derive(Debug)]
pub(super) enum Mechanism {
    /// Basic and Bearer: the secret itself.
    Secret { scheme: Scheme },
    /// A proof for each request.
    Digest(Proofs),
    /// Negotiate with Kerberos: a token for each request.
    #[cfg(all(unix, feature = "kerberos"))]
    Kerberos(Box<Tickets>),
    /// NTLM and Negotiate with NTLM: a handshake for each connection.
    #[cfg(feature = "windows-auth")]
    Windows(Box<Handshake>),
}

impl Mechanism {
    /// Begins with a scheme that the server offers. `None`: these credentials are not of its kind.
    ///
    /// # Errors
    /// When it lacks something else; the message says what.
    pub(super) fn new(
        scheme: Scheme,
        credentials: &Credentials,
        demand: Demand<'_>,
        origin: &Origin,
        random: [u8; 16],
    ) -> Result<Option<Self>, String> {
        Ok(match (scheme, credentials) {
            (Scheme::Basic, Credentials::Password(_)) | (Scheme::Bearer, Credentials::Token(_)) => {
                Some(Self::Secret { scheme })
            }
            (Scheme::Digest, Credentials::Password(_)) => Some(Self::Digest(Proofs::new(demand.challenges, random)?)),
            (Scheme::Ntlm, Credentials::Password(password)) => Some(by_password(scheme, password, origin)?),
            // Kerberos is the stronger of the two. Nothing was sent yet if it lacks something.
            (Scheme::Negotiate, Credentials::Password(password)) => {
                let kerberos = by_tickets(Some(&password.user), origin, demand);
                Some(kerberos.or_else(|_| by_password(scheme, password, origin))?)
            }
            (Scheme::Negotiate, Credentials::Tickets) => Some(by_tickets(None, origin, demand)?),
            _ => None,
        })
    }

    /// What to say when the server does not take what it got.
    pub(super) fn rejected(&self) -> SignInError {
        match self {
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(_) => SignInError::TicketsRejected,
            _ => SignInError::Rejected(self.scheme()),
        }
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Secret { scheme } => *scheme,
            Self::Digest(_) => Scheme::Digest,
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(_) => Scheme::Negotiate,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.scheme(),
        }
    }

    /// Whether a request with a body would be sent in vain.
    pub(super) fn wants_empty_request(&self) -> bool {
        match self {
            Self::Secret { .. } | Self::Digest(_) => false,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => !handshake.is_done(),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => !tickets.is_proven(),
        }
    }

    /// Whether a request with a body that was refused is worth sending again itself: another before it would use up a nonce
    /// that counts once, or settle nothing.
    pub(super) fn repeats_bodies(&self) -> bool {
        matches!(self, Self::Digest(_) | Self::Secret { scheme: Scheme::Bearer })
    }

    /// Whether what the next request carries tells the server whether the password is right.
    pub(super) fn is_about_to_prove(&self, credentials: &Credentials) -> bool {
        match self {
            Self::Secret { .. } | Self::Digest(_) => matches!(credentials, Credentials::Password(_)),
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.is_about_to_prove(),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(_) => false,
        }
    }

    /// Whether the next request must go over the same connection.
    pub(super) fn belongs_to_connection(&self) -> bool {
        match self {
            Self::Secret { .. } | Self::Digest(_) => false,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.is_bound(),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => tickets.is_bound(),
        }
    }

    /// Where what the next request carries may go.
    pub(super) fn channel(&self) -> Option<ChannelBinding> {
        match self {
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => tickets.channel(),
            _ => None,
        }
    }

    /// `was_sent`: the server may have got the last request all the same.
    pub(super) fn on_disconnect(&mut self, was_sent: bool) {
        match self {
            Self::Secret { .. } => {}
            // The request that was lost may have used the nonce up.
            Self::Digest(proofs) => proofs.on_disconnect(was_sent),
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.restart(),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => tickets.restart(),
        }
    }

    /// The value of `Authorization`, if the next request needs one.
    pub(super) fn authorization(
        &mut self,
        request: &Request<()>,
        credentials: &Credentials,
    ) -> Result<Option<HeaderValue>, SignInError> {
        let scheme = self.scheme();
        let failed = |reason: String| SignInError::Failed { scheme, reason };
        let text = match (self, credentials) {
            (Self::Secret { .. }, Credentials::Password(password)) => {
                let plain = Zeroizing::new(format!("{}:{}", password.user, password.password.reveal()));
                format!("Basic {}", *Zeroizing::new(STANDARD.encode(&*plain))).into_bytes()
            }
            (Self::Secret { .. }, Credentials::Token(token)) => format!("Bearer {}", token.reveal()).into_bytes(),
            (Self::Digest(proofs), Credentials::Password(password)) => proofs.next(request, password),
            (Self::Secret { .. } | Self::Digest(_), _) => return Ok(None),
            #[cfg(all(unix, feature = "kerberos"))]
            (Self::Kerberos(tickets), _) => match tickets.next_token().map_err(failed)? {
                Some(token) => format!("{scheme} {}", STANDARD.encode(token)).into_bytes(),
                None => return Ok(None),
            },
            #[cfg(feature = "windows-auth")]
            (Self::Windows(handshake), _) => match handshake.next_token().map_err(failed)? {
                Some(token) => format!("{scheme} {}", STANDARD.encode(token)).into_bytes(),
                None => return Ok(None),
            },
        };
        let text = Zeroizing::new(text);
        HeaderValue::from_bytes(&text)
            .map(Some)
            .map_err(|_| failed("the user, password or token holds a character that no header field may".to_owned()))
    }

    /// The server let a request pass; these are its response's fields. `has_looked`: it is known to have looked at who asks.
    ///
    /// # Errors
    /// When it is to prove who it is, and does not.
    #[cfg_attr(
        not(all(unix, feature = "kerberos")),
        expect(clippy::unnecessary_wraps, reason = "only Kerberos makes the server prove itself")
    )]
    pub(super) fn accepted(&mut self, headers: &HeaderMap, has_looked: bool) -> Result<(), String> {
        match self {
            Self::Secret { .. } => {}
            Self::Digest(proofs) => proofs.accepted(headers, has_looked),
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.accepted(),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => return tickets.accepted(&super::challenge::all(headers)),
        }
        Ok(())
    }

    /// The server did not let a request pass. `signed`: it carried credentials.
    pub(super) fn challenged(&mut self, demand: Demand<'_>, signed: bool, random: [u8; 16]) -> Reaction {
        match self {
            // The same again would be refused again.
            Self::Secret { .. } if signed => Reaction::Rejected,
            Self::Secret { .. } => Reaction::Again,
            Self::Digest(proofs) => proofs.challenged(demand.challenges, signed, random),
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.challenged(demand),
            #[cfg(all(unix, feature = "kerberos"))]
            Self::Kerberos(tickets) => tickets.challenged(demand),
        }
    }
}

#[cfg(all(unix, feature = "kerberos"))]
fn by_tickets(user: Option<&str>, origin: &Origin, demand: Demand<'_>) -> Result<Mechanism, String> {
    Ok(Mechanism::Kerberos(Box::new(Tickets::new(origin, user, demand.channel)?)))
}

#[cfg(not(all(unix, feature = "kerberos")))]
fn by_tickets(_: Option<&str>, _: &Origin, _: Demand<'_>) -> Result<Mechanism, String> {
    Err("this bitsup was built without Kerberos (feature kerberos, not on Windows)".to_owned())
}

#[cfg(feature = "windows-auth")]
fn by_password(scheme: Scheme, password: &Password, origin: &Origin) -> Result<Mechanism, String> {
    Ok(Mechanism::Windows(Box::new(Handshake::new(scheme, password, origin.host())?)))
}

#[cfg(not(feature = "windows-auth"))]
fn by_password(scheme: Scheme, _: &Password, _: &Origin) -> Result<Mechanism, String> {
    Err(format!("this bitsup was built without {scheme} (feature windows-auth)"))
}
