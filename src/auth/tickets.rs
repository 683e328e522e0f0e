//! Negotiate (RFC 4559, RFC 4178) by the machine's Kerberos tickets, or as the logged-on user of Windows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};

use super::challenge::{self, Demand, MAX_FORGOTTEN};
use super::context::MechanismContext;
use super::credentials::Credentials;
use super::mechanism::Mechanism;
use super::scheme::{Scheme, SignInError};
use crate::exchange::ChannelBinding;
use crate::protocol::Origin;

/// The tickets' owner, at one server. Each request carries a token of its own: many servers look at each by
/// itself, and those that remember the connection take it as well.
#[derive(Debug)]
pub(super) struct Tickets<C> {
    host: String,
    user: Option<String>,
    is_https: bool,
    /// The binding of tokens over https: a server whose certificate is another cannot hand them on to this one.
    channel: Option<ChannelBinding>,
    state: TokenState<C>,
    /// The server let one in on this connection.
    proven: bool,
    /// It took several legs to get in, which is for the connection, as with NTLM: no request needs a token any more.
    connection_is_signed_in: bool,
    /// How often in a row the request right after signing in wanted a further leg.
    forgotten: u32,
}

#[derive(Debug)]
enum TokenState<C> {
    /// Nothing is under way.
    Idle,
    /// A token is to go out.
    Ready(Negotiation<C>, Vec<u8>),
    /// It went out.
    Sent(Negotiation<C>),
}

/// One proof, in one or more legs.
#[derive(Debug)]
struct Negotiation<C> {
    context: C,
    /// The server asked for a further leg, which means something on this connection only.
    is_continued: bool,
}

impl<C: MechanismContext> Tickets<C> {
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
            connection_is_signed_in: false,
            forgotten: 0,
        };
        let (negotiation, token) = tickets.begin()?;
        tickets.state = TokenState::Ready(negotiation, token);
        Ok(tickets)
    }

    fn begin(&self) -> Result<(Negotiation<C>, Vec<u8>), String> {
        let binding = self.channel.map(|channel| channel.application_data());
        let (context, token) = C::begin(&self.host, self.user.as_deref(), binding)?;
        Ok((Negotiation { context, is_continued: false }, token))
    }
}

impl<C: MechanismContext> Mechanism for Tickets<C> {
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
        (self.state, self.channel) = (TokenState::Idle, None);
        (self.proven, self.connection_is_signed_in) = (false, false);
    }

    fn authorization(&mut self, _: &Request<()>, _: &Credentials) -> Result<Option<Vec<u8>>, String> {
        if self.connection_is_signed_in {
            return Ok(None);
        }
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

    /// The token by which the server proves itself is looked at if it is there: not all send it.
    fn accepted(&mut self, headers: &HeaderMap, _: bool) -> Result<(), String> {
        let challenges = challenge::all(headers);
        let demand = Demand { challenges: &challenges, channel: None };
        if let TokenState::Sent(mut negotiation) = std::mem::replace(&mut self.state, TokenState::Idle) {
            self.connection_is_signed_in = negotiation.is_continued;
            if let Some(token) = demand.token(Scheme::Negotiate) {
                negotiation.step(token).map_err(|reason| format!("the server does not prove who it is: {reason}"))?;
            }
        }
        if std::mem::replace(&mut self.proven, true) {
            self.forgotten = 0;
        }
        Ok(())
    }

    fn challenged(&mut self, demand: Demand<'_>, _: bool, _: [u8; 16]) -> Result<(), SignInError> {
        self.channel = demand.channel;
        let was_proven = std::mem::take(&mut self.proven);
        if std::mem::take(&mut self.connection_is_signed_in) {
            self.forgotten += 1;
            return if self.forgotten < MAX_FORGOTTEN {
                Ok(())
            } else {
                Err(SignInError::EachRequest(Scheme::Negotiate))
            };
        }
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

impl<C: MechanismContext> Negotiation<C> {
    /// Takes what the server says; what is to be said next, unless that was all.
    fn step(&mut self, token: &str) -> Result<Option<Vec<u8>>, String> {
        let token = STANDARD.decode(token).map_err(|_| "its token is not base64".to_owned())?;
        self.context.step(&token)
    }
}
#[cfg(test)]
mod tests {
    use super::super::challenge::Challenge;
    use super::*;

    /// Stands in for the system's library: of a host `kerberos` one leg is enough, of `ntlm` it takes two.
    #[derive(Debug)]
    struct Stub {
        legs: u8,
    }

    impl MechanismContext for Stub {
        fn begin(host: &str, user: Option<&str>, binding: Option<Vec<u8>>) -> Result<(Self, Vec<u8>), String> {
            match (host, user) {
                (_, Some(_)) => Err("another user".to_owned()),
                ("nowhere", None) => Err("no such service".to_owned()),
                (host, None) => {
                    let legs = u8::from(host == "ntlm");
                    Ok((Self { legs }, binding.unwrap_or_else(|| b"hello".to_vec())))
                }
            }
        }

        fn step(&mut self, token: &[u8]) -> Result<Option<Vec<u8>>, String> {
            if token == b"impostor" {
                return Err("not its key".to_owned());
            }
            let next = (self.legs > 0).then(|| b"proof".to_vec());
            self.legs = self.legs.saturating_sub(1);
            Ok(next)
        }
    }

    const BINDING: ChannelBinding = ChannelBinding::Sha256([7; 32]);

    fn tickets(url: &'static str, channel: Option<ChannelBinding>) -> Tickets<Stub> {
        Tickets::new(&Origin::of(&http::Uri::from_static(url)), None, channel).expect("a user")
    }

    fn headers(token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let value = format!("Negotiate {}", STANDARD.encode(token));
        headers.insert(http::header::WWW_AUTHENTICATE, value.trim().parse().expect("a value"));
        headers
    }

    /// The token in the next request.
    fn sent(tickets: &mut Tickets<Stub>) -> Option<Vec<u8>> {
        let value = tickets.authorization(&Request::new(()), &Credentials::Tickets).expect("a token")?;
        let token = value.strip_prefix(b"Negotiate ").expect("the scheme");
        Some(STANDARD.decode(token).expect("base64"))
    }

    fn challenged(tickets: &mut Tickets<Stub>, token: &str) -> Result<(), SignInError> {
        let challenges: Vec<Challenge> = challenge::all(&headers(token));
        tickets.challenged(Demand { challenges: &challenges, channel: tickets.channel }, true, [0; 16])
    }

    fn accepted(tickets: &mut Tickets<Stub>) {
        tickets.accepted(&HeaderMap::new(), true).expect("nothing to prove");
    }

    #[test]
    fn one_leg_signs_in_each_request_with_a_token_of_its_own() {
        let mut tickets = tickets("http://kerberos/", None);
        for _ in 0..3 {
            assert_eq!(sent(&mut tickets).as_deref(), Some(&b"hello"[..]));
            assert!(!tickets.belongs_to_connection());
            accepted(&mut tickets);
        }
        assert!(!tickets.wants_empty_request());
    }

    #[test]
    fn two_legs_sign_the_connection_in() {
        let mut tickets = tickets("http://ntlm/", None);
        assert_eq!(sent(&mut tickets).as_deref(), Some(&b"hello"[..]));
        challenged(&mut tickets, "challenge").expect("another leg");
        assert!(tickets.belongs_to_connection());
        assert_eq!(sent(&mut tickets).as_deref(), Some(&b"proof"[..]));
        for _ in 0..3 {
            accepted(&mut tickets);
            assert_eq!(sent(&mut tickets), None);
        }
        // The next connection is not signed in.
        tickets.on_disconnect(true);
        assert_eq!(sent(&mut tickets).as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn a_server_that_forgets_the_connection_each_time_is_left() {
        let mut tickets = tickets("http://ntlm/", None);
        for time in 1..=MAX_FORGOTTEN {
            assert!(sent(&mut tickets).is_some());
            challenged(&mut tickets, "challenge").expect("another leg");
            assert!(sent(&mut tickets).is_some());
            accepted(&mut tickets);
            assert_eq!(sent(&mut tickets), None);
            let left = challenged(&mut tickets, "");
            if time < MAX_FORGOTTEN {
                assert_eq!(left, Ok(()));
            } else {
                assert_eq!(left, Err(SignInError::EachRequest(Scheme::Negotiate)));
            }
        }
    }

    #[test]
    fn tokens_are_bound_to_the_servers_certificate() {
        let mut tickets = tickets("https://kerberos/", Some(BINDING));
        assert_eq!(sent(&mut tickets), Some(BINDING.application_data()));
        // Another connection may lead to another certificate.
        tickets.on_disconnect(false);
        assert_eq!(sent(&mut tickets), None);
    }

    #[test]
    fn a_server_that_proves_to_be_another_is_left() {
        let mut tickets = tickets("http://kerberos/", None);
        assert!(sent(&mut tickets).is_some());
        let reason = tickets.accepted(&headers("impostor"), true).expect_err("an impostor");
        assert_eq!(reason, "the server does not prove who it is: not its key");
    }

    #[test]
    fn refused_tickets_are_not_sent_again() {
        let mut tickets = tickets("http://kerberos/", None);
        assert!(sent(&mut tickets).is_some());
        assert_eq!(challenged(&mut tickets, ""), Err(SignInError::TicketsRejected));
    }

    #[test]
    fn tickets_that_were_good_once_are_tried_again() {
        let mut tickets = tickets("http://kerberos/", None);
        assert!(sent(&mut tickets).is_some());
        accepted(&mut tickets);
        assert!(sent(&mut tickets).is_some());
        assert_eq!(challenged(&mut tickets, ""), Ok(()));
        assert!(!tickets.repeats_bodies());
    }

    #[test]
    fn without_a_user_that_the_machine_knows_nothing_is_sent() {
        let origin = Origin::of(&http::Uri::from_static("http://nowhere/"));
        assert!(Tickets::<Stub>::new(&origin, None, None).is_err_and(|reason| reason == "no such service"));
        assert!(Tickets::<Stub>::new(&origin, Some("me"), None).is_err_and(|reason| reason == "another user"));
    }
}
