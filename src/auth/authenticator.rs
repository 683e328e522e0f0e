//! Who signs in, where, and how far that got.

use std::io;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use zeroize::Zeroizing;

use super::begin::{begin, signs_in_unasked};
use super::challenge::{self, Challenge, Demand};
use super::credentials::Credentials;
use super::mechanism::{Mechanism, SecretItself};
use super::scheme::{Choice, Scheme, SignInError};
use crate::exchange::ConnectionUse;
use crate::protocol::text::escape;
use crate::protocol::{Origin, without_brackets};

/// Responses of 401 in a row, legs of a handshake included, after which nothing more is tried.
const MAX_IN_A_ROW: u32 = 6;

/// Proofs of a password that go out without a response, one after the other, before any was taken: each may count as a
/// wrong one at the server, and accounts are locked after five or so.
const MAX_UNANSWERED: u32 = 3;

/// Who wants to be let in, where, and how.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// The URL that was typed: credentials belong to its scheme, host and port.
    pub origin: Uri,
    /// Other hosts that they may go to as well, but never without TLS if the URL has it.
    pub trusted_hosts: Vec<String>,
    /// The user's credentials; `None`: Kerberos tickets, if `choice` allows Negotiate and the machine has some.
    pub credentials: Option<Credentials>,
    /// By which mechanisms.
    pub choice: Choice,
    /// Whether a secret may go out for everybody on the way to read.
    pub allow_cleartext: bool,
    /// Header fields of one's own. They may be secrets, so they go no further than credentials.
    pub headers: HeaderMap,
}

impl AuthSettings {
    /// No credentials: none are sent anywhere.
    #[must_use]
    pub fn anonymous(origin: &Uri) -> Self {
        Self {
            origin: origin.clone(),
            trusted_hosts: Vec::new(),
            credentials: None,
            choice: Choice::None,
            allow_cleartext: false,
            headers: HeaderMap::new(),
        }
    }

    /// Whether credentials may go to `other`.
    fn holds(&self, other: &Origin) -> bool {
        let own = Origin::of(&self.origin);
        let is_named =
            || self.trusted_hosts.iter().any(|host| without_brackets(host).eq_ignore_ascii_case(other.host()));
        *other == own || ((other.is_https() || !own.is_https()) && is_named())
    }
}

/// Whence random bytes come.
type Random = Box<dyn FnMut() -> io::Result<[u8; 16]> + Send>;

/// Signs one user in, for as long as there are requests to make.
pub struct Authenticator {
    settings: AuthSettings,
    random: Random,
    mechanism: Option<(Origin, Box<dyn Mechanism>)>,
    /// The first mechanism that was used. No other is tried after it.
    used: Option<Scheme>,
    refused_in_a_row: u32,
    /// A proof of the password is on its way.
    proof_is_out: bool,
    /// Proofs whose response was lost, while it is not known that the password is right.
    unanswered: u32,
    was_taken: bool,
}

/// The next step after a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthStatus {
    /// It is the server's response to the request.
    Complete,
    /// The same request again, signed anew, with its body if it has one: no other request before it.
    Repeat,
    /// The request has a body, and may be refused again. Another without one is to sign in first, then it can go out again.
    SignInFirst,
}

impl Authenticator {
    /// Signs in by `settings`. `random` is all its randomness.
    #[must_use]
    pub fn new(mut settings: AuthSettings, random: impl FnMut() -> io::Result<[u8; 16]> + Send + 'static) -> Self {
        settings.credentials = match settings.choice {
            Choice::None => None,
            Choice::Auto | Choice::Only(Scheme::Negotiate) => settings.credentials.or(Some(Credentials::Tickets)),
            Choice::Only(_) => settings.credentials,
        };
        Self {
            settings,
            random: Box::new(random),
            mechanism: None,
            used: None,
            refused_in_a_row: 0,
            proof_is_out: false,
            unanswered: 0,
            was_taken: false,
        }
    }

    /// Sends nothing to anybody.
    #[must_use]
    pub fn anonymous(origin: &Uri) -> Self {
        Self::new(AuthSettings::anonymous(origin), || Ok([0; 16]))
    }

    /// The mechanism in use, if there is one.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.mechanism.as_ref().map(|(_, mechanism)| mechanism.scheme())
    }

    /// Adds credentials to a request as far as it is known which the server wants. Returns on which connection it can go
    /// out: one that is signed in, or one that its credentials are bound to. `None`: not yet, because it has a body, and a
    /// request without one is to sign in first.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn prepare(&mut self, request: &mut Request<()>) -> Result<Option<ConnectionUse>, SignInError> {
        let origin = Origin::of(request.uri());
        if !self.settings.holds(&origin) {
            return Ok(Some(ConnectionUse::Any));
        }
        // In place of those that are there: a request that goes out again has them already.
        request.headers_mut().extend(self.settings.headers.clone());
        if self.mechanism.as_ref().is_none_or(|(known, _)| *known != origin) {
            self.mechanism = self.unasked(&origin).map(|mechanism| (origin, mechanism));
        }
        let (Some((_, mechanism)), Some(credentials)) = (&mut self.mechanism, &self.settings.credentials) else {
            return Ok(Some(ConnectionUse::Any));
        };
        if has_body(request.headers()) && mechanism.wants_empty_request() {
            return Ok(None);
        }
        let proves = mechanism.is_about_to_prove();
        if proves && self.unanswered >= MAX_UNANSWERED {
            return Err(SignInError::Unanswered { scheme: mechanism.scheme(), times: self.unanswered });
        }
        let scheme = mechanism.scheme();
        let failed = |reason| SignInError::Failed { scheme, reason };
        if let Some(value) = mechanism.authorization(request, credentials).map_err(failed)? {
            let mut value = HeaderValue::from_bytes(&Zeroizing::new(value)).map_err(|_| {
                failed("the user, password or token holds a character that no header field may".to_owned())
            })?;
            self.proof_is_out = proves;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(Some(match mechanism.channel() {
            _ if mechanism.belongs_to_connection() => ConnectionUse::Same,
            Some(channel) => ConnectionUse::Bound(channel),
            None => ConnectionUse::Any,
        }))
    }

    /// The mechanism that needs no question: the user named it, or has a token.
    fn unasked(&self, origin: &Origin) -> Option<Box<dyn Mechanism>> {
        let scheme = match (self.settings.choice, &self.settings.credentials) {
            (_, Some(Credentials::Token(_))) => Scheme::Bearer,
            (Choice::Only(Scheme::Basic), Some(Credentials::Password(_))) => Scheme::Basic,
            _ => return None,
        };
        self.may_show_secret(scheme, origin).then(|| Box::new(SecretItself { scheme }) as Box<dyn Mechanism>)
    }

    /// With Basic and Bearer, a reader of the connection can sign in from then on.
    fn may_show_secret(&self, scheme: Scheme, origin: &Origin) -> bool {
        origin.is_https() || self.settings.allow_cleartext || !matches!(scheme, Scheme::Basic | Scheme::Bearer)
    }

    /// The connection is gone, or may be. `was_sent`: the server may have got the last request all the same.
    pub fn on_disconnect(&mut self, was_sent: bool) {
        let proof_was_out = std::mem::take(&mut self.proof_is_out);
        if proof_was_out && was_sent && !self.was_taken {
            self.unanswered += 1;
        }
        if let Some((_, mechanism)) = &mut self.mechanism {
            mechanism.on_disconnect(was_sent);
        }
    }

    /// Decides what follows from the response to `request`, which [`Authenticator::prepare`] had. Over TLS the
    /// [`ChannelBinding`](crate::exchange::ChannelBinding) is in its extensions.
    ///
    /// # Errors
    /// When the server refuses authentication.
    pub fn on_response(&mut self, request: &Request<()>, response: &Response<()>) -> Result<AuthStatus, SignInError> {
        let (status, headers) = (response.status(), response.headers());
        let origin = Origin::of(request.uri());
        let proof_was_out = std::mem::take(&mut self.proof_is_out);
        if status != StatusCode::UNAUTHORIZED {
            self.refused_in_a_row = 0;
            if let Some(Credentials::Token(token)) = &mut self.settings.credentials {
                token.accepted();
            }
            let has_looked = comes_after_signing_in(status);
            if proof_was_out && has_looked {
                (self.was_taken, self.unanswered) = (true, 0);
            } else if proof_was_out && !self.was_taken && status.is_server_error() {
                // Some servers say that of a login that failed.
                self.unanswered += 1;
            }
            if let Some((known, mechanism)) = &mut self.mechanism
                && *known == origin
            {
                let scheme = mechanism.scheme();
                self.used = self.used.or(Some(scheme));
                if let Err(reason) = mechanism.accepted(headers, has_looked) {
                    return Err(SignInError::Failed { scheme, reason });
                }
            }
            return Ok(AuthStatus::Complete);
        }
        self.refused_in_a_row += 1;
        let challenges = challenge::all(headers);
        let demand = Demand { challenges: &challenges, channel: response.extensions().get().copied() };
        self.challenged(origin, demand, request)?;
        let repeats_bodies = self.mechanism.as_ref().is_some_and(|(_, mechanism)| mechanism.repeats_bodies());
        let needs_other = has_body(request.headers()) && !repeats_bodies;
        Ok(if needs_other { AuthStatus::SignInFirst } else { AuthStatus::Repeat })
    }

    fn challenged(&mut self, origin: Origin, demand: Demand<'_>, request: &Request<()>) -> Result<(), SignInError> {
        let is_at_home = self.settings.holds(&origin);
        let named_nobody = matches!(self.settings.credentials, Some(Credentials::Tickets)) && !is_at_home;
        if self.settings.credentials.is_none() || named_nobody {
            return Err(SignInError::NoCredentials { offered: offered(demand.challenges) });
        }
        if !is_at_home {
            return Err(SignInError::OtherOrigin {
                asks: escape(origin.to_string()),
                origin: Origin::of(&self.settings.origin).to_string(),
            });
        }
        if let Some((known, mechanism)) = &mut self.mechanism
            && *known == origin
        {
            self.used = self.used.or(Some(mechanism.scheme()));
            if self.refused_in_a_row > MAX_IN_A_ROW {
                return Err(mechanism.rejected());
            }
            let signed = request.headers().contains_key(AUTHORIZATION);
            if let Some(Credentials::Token(token)) = &mut self.settings.credentials
                && signed
                && token.renew()
            {
                return Ok(());
            }
            let random = draw(&mut self.random, mechanism.scheme())?;
            return mechanism.challenged(demand, signed, random);
        }
        let mechanism = self.choose(&origin, demand)?;
        self.mechanism = Some((origin, mechanism));
        Ok(())
    }

    /// The strongest mechanism that is offered and has what it needs; after one was used, only that one.
    fn choose(&mut self, origin: &Origin, demand: Demand<'_>) -> Result<Box<dyn Mechanism>, SignInError> {
        let challenges = demand.challenges;
        let wanted = match (self.used, self.settings.choice) {
            (Some(used), _) => Some(used),
            (None, Choice::Only(scheme)) => Some(scheme),
            (None, Choice::Auto | Choice::None) => None,
        };
        let mut reason = match wanted {
            Some(scheme) => format!("it does not offer {scheme}"),
            None => "none of these works with a user and password".to_owned(),
        };
        for scheme in Scheme::ALL.into_iter().rev() {
            let is_offered = challenges.iter().any(|challenge| challenge.is(scheme.as_str()));
            if !is_offered || wanted.is_some_and(|wanted| wanted != scheme) {
                continue;
            }
            let Some(credentials) = &self.settings.credentials else { continue };
            // Tickets are no secret, and no mechanism but Negotiate takes them.
            if !matches!(credentials, Credentials::Tickets) && !self.may_show_secret(scheme, origin) {
                return Err(SignInError::Cleartext(scheme));
            }
            if self.settings.choice == Choice::Auto
                && matches!(credentials, Credentials::Tickets)
                && !signs_in_unasked(origin.host())
            {
                "the logged-on user is shown unasked only to a server whose name has no dot".clone_into(&mut reason);
                continue;
            }
            match begin(scheme, credentials, demand, origin, draw(&mut self.random, scheme)?) {
                Ok(Some(mechanism)) => return Ok(mechanism),
                Ok(None) => {}
                Err(why) => reason = why,
            }
        }
        let offered = offered(challenges);
        let is_offered = challenges.iter().any(|challenge| challenge.is(Scheme::Negotiate.as_str()));
        Err(match &self.settings.credentials {
            Some(Credentials::Tickets) if is_offered => SignInError::NoTickets { offered, reason },
            Some(Credentials::Tickets) if wanted.is_none() => SignInError::NoCredentials { offered },
            _ => {
                let only = if let Choice::Only(scheme) = self.settings.choice { Some(scheme) } else { None };
                SignInError::NothingInCommon { offered, reason, only }
            }
        })
    }
}

fn offered(challenges: &[Challenge]) -> String {
    let mut names: Vec<String> = Vec::new();
    for challenge in challenges {
        let name = escape(&challenge.scheme);
        if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            names.push(name);
        }
    }
    if names.is_empty() { "no authentication scheme".to_owned() } else { names.join(", ") }
}

/// Whether a server that responses so has looked at who asks. Others may have no time for it, or stand before it.
fn comes_after_signing_in(status: StatusCode) -> bool {
    let is_before = matches!(
        status,
        StatusCode::PROXY_AUTHENTICATION_REQUIRED
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
    );
    !is_before && !status.is_server_error()
}

/// Random bytes for a scheme.
fn draw(random: &mut Random, scheme: Scheme) -> Result<[u8; 16], SignInError> {
    random().map_err(|error| SignInError::Failed { scheme, reason: escape(error.to_string()) })
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.get(http::header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_48_credentials_stay_with_scheme_host_and_port() {
        let scope = AuthSettings {
            trusted_hosts: vec!["Node1".to_owned(), "h".to_owned()],
            ..AuthSettings::anonymous(&Uri::from_static("https://h/a"))
        };
        let holds = |uri: &'static str| scope.holds(&Origin::of(&Uri::from_static(uri)));
        for inside in ["https://h/b", "https://H:443/", "https://node1/a", "https://node1:8443/a", "https://h:444/"] {
            assert!(holds(inside), "{inside}");
        }
        for outside in ["http://h/a", "http://node1/a", "https://node2/a", "https://h.node1/a"] {
            assert!(!holds(outside), "{outside}");
        }
        let plain = AuthSettings::anonymous(&Uri::from_static("http://h:8080/a"));
        let holds = |uri: &'static str| plain.holds(&Origin::of(&Uri::from_static(uri)));
        assert!(holds("http://h:8080/b") && !holds("http://h/b") && !holds("https://h:8080/a"));
    }
}
