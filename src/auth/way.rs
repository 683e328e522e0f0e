//! A way of signing in that was chosen, and how far it got with one server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Request};
use zeroize::Zeroizing;

use super::challenge::Challenge;
use super::credentials::{Credentials, Origin};
use super::digest::Digest;
use super::scheme::{Scheme, SignInError};
#[cfg(feature = "windows-auth")]
use super::windows::Handshake;

/// Nonces that a server may call stale one after the other.
const MAX_STALE: u32 = 3;

/// See the module.
#[derive(Debug)]
pub(super) enum Way {
    /// Basic and Bearer: the secret itself.
    Secret { scheme: Scheme, was_accepted: bool },
    /// A proof for each request.
    Digest { digest: Digest, was_accepted: bool, stale: u32 },
    /// NTLM and Negotiate: a handshake for each connection.
    #[cfg(feature = "windows-auth")]
    Windows(Box<Handshake>),
}

/// What to do about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Sign the same request anew.
    Again,
    /// These credentials are not taken.
    Rejected,
    /// What the server sent cannot be answered.
    #[cfg(feature = "windows-auth")]
    Failed(String),
}

impl Way {
    /// Begins with a scheme that the server offers. `None`: these credentials are not of its kind.
    ///
    /// # Errors
    /// When it lacks something else; the message says what.
    pub(super) fn new(
        scheme: Scheme,
        credentials: &Credentials,
        challenges: &[Challenge],
        origin: &Origin,
        random: [u8; 16],
    ) -> Result<Option<Self>, String> {
        Ok(match (scheme, credentials) {
            (Scheme::Basic, Credentials::Password(_)) | (Scheme::Bearer, Credentials::Token(_)) => {
                Some(Self::Secret { scheme, was_accepted: false })
            }
            (Scheme::Digest, Credentials::Password(_)) => {
                Some(Self::Digest { digest: Digest::choose(challenges, random)?, was_accepted: false, stale: 0 })
            }
            #[cfg(feature = "windows-auth")]
            (Scheme::Ntlm | Scheme::Negotiate, Credentials::Password(password)) => {
                Some(Self::Windows(Box::new(Handshake::new(scheme, password, &origin.host)?)))
            }
            #[cfg(not(feature = "windows-auth"))]
            (Scheme::Ntlm | Scheme::Negotiate, Credentials::Password(_)) => {
                let _ = origin;
                return Err(format!("this bitsup was built without {scheme} (feature windows-auth)"));
            }
            _ => None,
        })
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Secret { scheme, .. } => *scheme,
            Self::Digest { .. } => Scheme::Digest,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.scheme(),
        }
    }

    /// Whether a request with a body would be sent in vain.
    pub(super) fn wants_empty_request(&self) -> bool {
        match self {
            Self::Secret { .. } | Self::Digest { .. } => false,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => !handshake.is_done(),
        }
    }

    /// Whether the next request must go over the same connection.
    pub(super) fn belongs_to_connection(&self) -> bool {
        match self {
            Self::Secret { .. } | Self::Digest { .. } => false,
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.is_bound(),
        }
    }

    pub(super) fn disconnected(&mut self) {
        match self {
            Self::Secret { .. } | Self::Digest { .. } => {}
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.restart(),
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
                format!("Basic {}", *Zeroizing::new(STANDARD.encode(&*plain)))
            }
            (Self::Secret { .. }, Credentials::Token(token)) => format!("Bearer {}", token.reveal()),
            (Self::Digest { digest, .. }, Credentials::Password(password)) => {
                digest.prove(request, password).map_err(failed)?
            }
            (Self::Digest { .. }, Credentials::Token(_)) => return Ok(None),
            #[cfg(feature = "windows-auth")]
            (Self::Windows(handshake), _) => match handshake.next_token().map_err(failed)? {
                Some(token) => format!("{scheme} {}", STANDARD.encode(token)),
                None => return Ok(None),
            },
        };
        let text = Zeroizing::new(text);
        HeaderValue::from_bytes(text.as_bytes())
            .map(Some)
            .map_err(|_| failed("the user, password or token holds a character that no header field may".to_owned()))
    }

    /// The server let a request pass.
    pub(super) fn accepted(&mut self) {
        match self {
            Self::Secret { was_accepted, .. } => *was_accepted = true,
            Self::Digest { was_accepted, stale, .. } => (*was_accepted, *stale) = (true, 0),
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.accepted(),
        }
    }

    /// The server did not let a request pass. `signed`: it carried credentials.
    pub(super) fn challenged(&mut self, challenges: &[Challenge], signed: bool, random: [u8; 16]) -> Reaction {
        match self {
            // The same again would be refused again.
            Self::Secret { .. } if signed => Reaction::Rejected,
            Self::Secret { .. } => Reaction::Again,
            Self::Digest { digest, was_accepted, stale } => {
                let Ok(next) = Digest::choose(challenges, random) else { return Reaction::Rejected };
                // A server that has forgotten its nonces does not always call them stale; but what it took before is
                // right.
                let is_old = (next.is_stale() && *stale < MAX_STALE) || std::mem::take(was_accepted);
                *stale += 1;
                *digest = next;
                if is_old || !signed { Reaction::Again } else { Reaction::Rejected }
            }
            #[cfg(feature = "windows-auth")]
            Self::Windows(handshake) => handshake.challenged(challenges),
        }
    }
}
