//! Negotiate with Kerberos inside (RFC 4559, RFC 4178), by the tickets that the machine has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use libgssapi::context::{ClientCtx, CtxFlags, SecurityContext};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::error::Error;
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, GSS_NT_HOSTBASED_SERVICE, OidSet};

use super::challenge::{self, Demand, MAX_FORGOTTEN};
use super::credentials::Credentials;
use super::mechanism::Mechanism;
use super::scheme::{Scheme, SignInError};
use crate::exchange::ChannelBinding;
use crate::protocol::Origin;
use crate::protocol::text::escape;

/// Whoever the tickets are for, at one server. Each request carries a token of its own: many servers look at each by
/// itself, and those that remember the connection take it as well.
#[derive(Debug)]
pub(super) struct Tickets {
    host: String,
    user: Option<String>,
    is_https: bool,
    /// What tokens are bound to, over https: a server whose certificate is another cannot hand them on to this one.
    channel: Option<ChannelBinding>,
    state: TokenState,
    /// The server let one in on this connection.
    proven: bool,
    /// How often in a row the request right after signing in wanted a further leg.
    forgotten: u32,
}

#[derive(Debug)]
enum TokenState {
    /// Nothing is under way.
    Idle,
    /// A token is to go out.
    Ready(Negotiation, Vec<u8>),
    /// It went out.
    Sent(Negotiation),
}

/// One proof, in one or more legs.
#[derive(Debug)]
struct Negotiation {
    context: ClientCtx,
    binding: Option<Vec<u8>>,
    /// The server asked for a further leg, which means something on this connection only.
    is_continued: bool,
}

impl Tickets {
    /// Makes the first token at once: whether there is a ticket for this server shows only then.
    ///
    /// # Errors
    /// When there are no tickets, or not of `user` if one is named, or none is to be had for the server.
    pub(super) fn new(origin: &Origin, user: Option<&str>, channel: Option<ChannelBinding>) -> Result<Self, String> {
        let mut tickets = Self {
            host: origin.host().to_owned(),
            user: user.map(str::to_owned),
            is_https: origin.is_https(),
            channel,
            state: TokenState::Idle,
            proven: false,
            forgotten: 0,
        };
        let (negotiation, token) = tickets.begin()?;
        tickets.state = TokenState::Ready(negotiation, token);
        Ok(tickets)
    }

    fn begin(&self) -> Result<(Negotiation, Vec<u8>), String> {
        // Of Kerberos only: other packages that the system's library may have are not asked for.
        let kerberos = OidSet::singleton(GSS_MECH_KRB5).map_err(describe)?;
        let cred = Cred::acquire(None, None, CredUsage::Initiate, Some(&kerberos)).map_err(describe)?;
        if let Some(user) = &self.user {
            let owner = cred.name().and_then(|name| name.display_name()).map_err(describe)?;
            let owner = String::from_utf8_lossy(&owner);
            if !is_of(user, &owner) {
                return Err(format!("the Kerberos tickets are those of {}", escape(owner.as_bytes())));
            }
        }
        self.first_leg(cred).map_err(describe)
    }

    fn first_leg(&self, cred: Cred) -> Result<(Negotiation, Vec<u8>), Error> {
        let target = Name::new(format!("HTTP@{}", self.host).as_bytes(), Some(GSS_NT_HOSTBASED_SERVICE))?;
        // Nothing is delegated: the server gets to know who it is, not to act for them.
        let mut context = ClientCtx::new(Some(cred), target, CtxFlags::GSS_C_MUTUAL_FLAG, Some(GSS_MECH_SPNEGO));
        let binding = self.channel.map(|channel| channel.application_data());
        let token = context.step(None, binding.as_deref())?.map(|token| token.to_vec()).unwrap_or_default();
        Ok((Negotiation { context, binding, is_continued: false }, token))
    }
}

impl Mechanism for Tickets {
    fn scheme(&self) -> Scheme {
        Scheme::Negotiate
    }

    fn rejected(&self) -> SignInError {
        SignInError::TicketsRejected
    }

    fn wants_empty_request(&self) -> bool {
        !self.proven
    }

    fn is_about_to_prove(&self) -> bool {
        false
    }

    fn belongs_to_connection(&self) -> bool {
        matches!(&self.state, TokenState::Ready(negotiation, _) | TokenState::Sent(negotiation) if negotiation.is_continued)
    }

    fn channel(&self) -> Option<ChannelBinding> {
        self.channel
    }

    fn on_disconnect(&mut self, _: bool) {
        (self.state, self.proven, self.channel) = (TokenState::Idle, false, None);
    }

    fn authorization(&mut self, _: &Request<()>, _: &Credentials) -> Result<Option<Vec<u8>>, String> {
        // A new connection may lead to a server with another certificate: its first response tells what to bind to.
        if self.is_https && self.channel.is_none() {
            return Ok(None);
        }
        let (negotiation, token) = match std::mem::replace(&mut self.state, TokenState::Idle) {
            TokenState::Ready(negotiation, token) => (negotiation, token),
            TokenState::Idle | TokenState::Sent(_) => match self.begin() {
                Ok(begun) => begun,
                // The tickets ran out in the middle of an upload; the connection may be signed in for longer.
                Err(_) if self.proven => return Ok(None),
                Err(reason) => return Err(reason),
            },
        };
        self.state = TokenState::Sent(negotiation);
        Ok(Some(format!("Negotiate {}", STANDARD.encode(token)).into_bytes()))
    }

    /// What the server proves itself with is looked at if it is there: not all send it.
    fn accepted(&mut self, headers: &HeaderMap, _: bool) -> Result<(), String> {
        let challenges = challenge::all(headers);
        let demand = Demand { challenges: &challenges, channel: None };
        if let (TokenState::Sent(mut negotiation), Some(token)) =
            (std::mem::replace(&mut self.state, TokenState::Idle), demand.token(Scheme::Negotiate))
        {
            negotiation.step(token).map_err(|reason| format!("the server does not prove who it is: {reason}"))?;
        }
        if std::mem::replace(&mut self.proven, true) {
            self.forgotten = 0;
        }
        Ok(())
    }

    fn challenged(&mut self, demand: Demand<'_>, _: bool, _: [u8; 16]) -> Result<(), SignInError> {
        self.channel = demand.channel;
        let was_proven = std::mem::take(&mut self.proven);
        match (std::mem::replace(&mut self.state, TokenState::Idle), demand.token(Scheme::Negotiate)) {
            (TokenState::Idle | TokenState::Ready(..), _) => Ok(()),
            (TokenState::Sent(mut negotiation), Some(token)) => match negotiation.step(token) {
                Ok(Some(_)) if was_proven && self.forgotten + 1 >= MAX_FORGOTTEN => {
                    Err(SignInError::EachRequest(Scheme::Negotiate))
                }
                Ok(Some(token)) => {
                    self.forgotten += u32::from(was_proven);
                    negotiation.is_continued = true;
                    self.state = TokenState::Ready(negotiation, token);
                    Ok(())
                }
                // It knows who this is, and lets only others in.
                Ok(None) => Err(self.rejected()),
                Err(reason) => Err(SignInError::Failed { scheme: Scheme::Negotiate, reason }),
            },
            (TokenState::Sent(_), None) if was_proven => Ok(()),
            (TokenState::Sent(_), None) => Err(self.rejected()),
        }
    }
}

impl Negotiation {
    /// Takes what the server says; what is to be said next, unless that was all.
    fn step(&mut self, token: &str) -> Result<Option<Vec<u8>>, String> {
        let token = STANDARD.decode(token).map_err(|_| "its token is not base64".to_owned())?;
        let next = self.context.step(Some(&token), self.binding.as_deref()).map_err(describe)?;
        Ok(next.filter(|_| !self.context.is_complete()).map(|token| token.to_vec()))
    }
}

/// Whether tickets of `owner`, a principal, are those of a user as people and Windows write it: `me`, `me@REALM`,
/// `REALM\me`, where Windows knows a realm by its first label as well.
fn is_of(user: &str, owner: &str) -> bool {
    let Some((name, realm)) = owner.rsplit_once('@') else { return false };
    let (domain, user) = match (user.split_once('\\'), user.rsplit_once('@')) {
        (Some((domain, user)), _) | (None, Some((user, domain))) => (Some(domain), user),
        (None, None) => (None, user),
    };
    let is_realm = |domain: &str| {
        domain.eq_ignore_ascii_case(realm)
            || realm.split_once('.').is_some_and(|(first, _)| domain.eq_ignore_ascii_case(first))
    };
    name.eq_ignore_ascii_case(user) && domain.is_none_or(is_realm)
}

/// The library's texts may hold what the server sent.
fn describe(error: Error) -> String {
    escape(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_told_to_be_a_users() {
        for user in ["me", "ME", "me@corp.example.com", "CORP.EXAMPLE.COM\\me", "CORP\\me"] {
            assert!(is_of(user, "me@CORP.EXAMPLE.COM"), "{user}");
        }
        for user in ["you", "me@other.example.com", "OTHER\\me", "EXAMPLE\\me", "", "me@"] {
            assert!(!is_of(user, "me@CORP.EXAMPLE.COM"), "{user}");
        }
        assert!(!is_of("me", "me"));
    }
}
