//! NTLM, and Negotiate with NTLM inside (MS-NLMP, RFC 4559): a handshake that signs a connection in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, DataRepresentation, Negotiate,
    NegotiateConfig, Ntlm, SecurityBuffer, Sspi, SspiImpl, Username,
};

use super::challenge::{Demand, MAX_FORGOTTEN, Reaction};
use super::credentials::Password;
use super::scheme::Scheme;
use crate::exchange::ChannelBinding;

/// Without Kerberos: the machine's tickets are the system's library's affair.
const PACKAGES: &str = "ntlm,!kerberos,!pku2u";

/// One user at one server.
#[derive(Debug)]
pub(super) struct Handshake {
    scheme: Scheme,
    identity: AuthIdentity,
    /// The service's name, as Windows writes it.
    target: String,
    state: HandshakeState,
    /// How often in a row the request right after signing in was challenged.
    forgotten: u32,
}

#[derive(Debug)]
enum HandshakeState {
    /// Nothing was sent on this connection.
    Idle,
    /// The greeting went out.
    Greeted(Box<Package>),
    /// The proof is to go out.
    Proving(Vec<u8>),
    /// It went out.
    Proved,
    /// The connection is signed in, or needs nobody to be. `just_now`: it has carried no request since.
    Done { just_now: bool },
}

impl Handshake {
    pub(super) fn new(scheme: Scheme, password: &Password, host: &str) -> Result<Self, String> {
        let username = Username::parse(&password.user)
            .map_err(|error| format!("the user's name is none that Windows knows ({error})"))?;
        let identity = AuthIdentity { username, password: password.password.reveal().to_owned().into() };
        Ok(Self { scheme, identity, target: format!("HTTP/{host}"), state: HandshakeState::Idle, forgotten: 0 })
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, HandshakeState::Done { .. })
    }

    /// Whether the proof goes out next.
    pub(super) fn is_about_to_prove(&self) -> bool {
        matches!(self.state, HandshakeState::Proving(_))
    }

    /// Whether what is sent next means something on this connection only. The greeting begins on any.
    pub(super) fn is_bound(&self) -> bool {
        matches!(self.state, HandshakeState::Proved | HandshakeState::Done { .. })
    }

    /// The connection is another.
    pub(super) fn restart(&mut self) {
        self.state = HandshakeState::Idle;
    }

    /// What the next request carries.
    pub(super) fn next_token(&mut self) -> Result<Option<Vec<u8>>, String> {
        match std::mem::replace(&mut self.state, HandshakeState::Proved) {
            HandshakeState::Idle => {
                let mut package =
                    Box::new(Package::new(self.scheme, &self.identity).map_err(|error| describe(&error))?);
                let token = package.leg(&self.target, Vec::new()).map_err(|error| describe(&error))?;
                self.state = HandshakeState::Greeted(package);
                Ok(Some(token))
            }
            HandshakeState::Proving(token) => Ok(Some(token)),
            other => {
                self.state = other;
                Ok(None)
            }
        }
    }

    /// A request was let in.
    pub(super) fn accepted(&mut self) {
        match self.state {
            HandshakeState::Idle => {}
            HandshakeState::Done { .. } => (self.state, self.forgotten) = (HandshakeState::Done { just_now: false }, 0),
            HandshakeState::Proved => self.state = HandshakeState::Done { just_now: true },
            HandshakeState::Greeted(_) | HandshakeState::Proving(_) => {
                self.state = HandshakeState::Done { just_now: false }
            }
        }
    }

    /// A request was not.
    pub(super) fn challenged(&mut self, demand: Demand<'_>) -> Reaction {
        let token = demand
            .challenges
            .iter()
            .filter(|challenge| challenge.is(self.scheme.as_str()))
            .find_map(|c| c.token.as_ref());
        match (std::mem::replace(&mut self.state, HandshakeState::Idle), token) {
            // Once may be chance. A server that signs in requests, not connections, does so each time.
            (HandshakeState::Done { just_now: true }, _) => {
                self.forgotten += 1;
                if self.forgotten < MAX_FORGOTTEN { Reaction::Again } else { Reaction::EachRequest }
            }
            // It was signed in, and the server does not know of it any more.
            (HandshakeState::Idle | HandshakeState::Done { .. } | HandshakeState::Proving(_), _) => Reaction::Again,
            (HandshakeState::Proved, _) => Reaction::Rejected,
            (HandshakeState::Greeted(_), None) => Reaction::Failed(
                "the server does not go on after the greeting; it may want Kerberos: get a ticket with kinit, in a build with the feature kerberos"
                    .to_owned(),
            ),
            (HandshakeState::Greeted(mut package), Some(token)) => match self.prove(&mut package, token, demand.channel) {
                Ok(proof) => {
                    self.state = HandshakeState::Proving(proof);
                    Reaction::Again
                }
                Err(reason) => Reaction::Failed(reason),
            },
        }
    }

    /// Bound to the connection that the challenge came over, which is the one that the proof goes to.
    fn prove(&self, package: &mut Package, token: &str, channel: Option<ChannelBinding>) -> Result<Vec<u8>, String> {
        let challenge = STANDARD.decode(token).map_err(|_| "the server's challenge is not base64".to_owned())?;
        let token = SecurityBuffer::new(challenge, BufferType::Token);
        let channel = channel.map(|channel| SecurityBuffer::new(bindings(channel), BufferType::ChannelBindings));
        package.leg(&self.target, [token].into_iter().chain(channel).collect()).map_err(|error| describe(&error))
    }
}

/// Windows' `SEC_CHANNEL_BINDINGS`: no addresses, and application data behind the structure.
fn bindings(channel: ChannelBinding) -> Vec<u8> {
    const STRUCTURE: u32 = 32;
    let data = channel.application_data();
    let length = u32::try_from(data.len()).unwrap_or_default();
    let fields = [0, 0, 0, 0, 0, 0, length, STRUCTURE];
    fields.into_iter().flat_map(u32::to_le_bytes).chain(data).collect()
}

/// The library's own texts may quote what the server sent.
fn describe(error: &sspi::Error) -> String {
    crate::protocol::text::escape(format!("{:?}: {}", error.error_type, error.description))
}

#[derive(Debug)]
enum Package {
    Ntlm(Box<Ntlm>, <Ntlm as SspiImpl>::CredentialsHandle),
    Negotiate(Box<Negotiate>, <Negotiate as SspiImpl>::CredentialsHandle),
}

impl Package {
    fn new(scheme: Scheme, identity: &AuthIdentity) -> sspi::Result<Self> {
        // The machine's name is nobody's business.
        let config = NtlmConfig::default();
        if scheme == Scheme::Ntlm {
            let mut ntlm = Ntlm::with_config(config);
            let handle = acquire(&mut ntlm, identity)?;
            return Ok(Self::Ntlm(Box::new(ntlm), handle));
        }
        let config = NegotiateConfig::new(Box::new(config), Some(PACKAGES.to_owned()), String::new());
        let mut negotiate = Negotiate::new_client(config)?;
        let handle = acquire(&mut negotiate, &Credentials::AuthIdentity(identity.clone()))?;
        Ok(Self::Negotiate(Box::new(negotiate), handle))
    }

    fn leg(&mut self, target: &str, input: Vec<SecurityBuffer>) -> sspi::Result<Vec<u8>> {
        match self {
            Self::Ntlm(package, handle) => leg(&mut **package, handle, target, input),
            Self::Negotiate(package, handle) => leg(&mut **package, handle, target, input),
        }
    }
}

fn acquire<P: Sspi + SspiImpl>(package: &mut P, data: &P::AuthenticationData) -> sspi::Result<P::CredentialsHandle> {
    let builder = package.acquire_credentials_handle().with_credential_use(CredentialUse::Outbound);
    Ok(builder.with_auth_data(data).execute(package)?.credentials_handle)
}

fn leg<P: Sspi + SspiImpl>(
    package: &mut P,
    handle: &mut P::CredentialsHandle,
    target: &str,
    mut input: Vec<SecurityBuffer>,
) -> sspi::Result<Vec<u8>> {
    let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
    let mut builder = package
        .initialize_security_context()
        .with_credentials_handle(handle)
        .with_context_requirements(ClientRequestFlags::INTEGRITY | ClientRequestFlags::ALLOCATE_MEMORY)
        .with_target_data_representation(DataRepresentation::Native)
        .with_target_name(target)
        .with_input(&mut input)
        .with_output(&mut output);
    package.initialize_security_context_impl(&mut builder)?.resolve_to_result()?;
    Ok(std::mem::take(&mut output[0].buffer))
}

#[cfg(test)]
mod tests {
    use super::super::challenge::Challenge;
    use super::super::{Secret, challenge};
    use super::*;

    fn handshake() -> Handshake {
        let password = Password { user: "DOM\\me".to_owned(), password: Secret::new("s3cret".to_owned()) };
        Handshake::new(Scheme::Ntlm, &password, "h").expect("a user")
    }

    /// What a server answers to the greeting (MS-NLMP, section 2.2.1.2), with no more in it than must be.
    fn challenges(has_token: bool) -> Vec<Challenge> {
        let flags = 0x2088_0201_u32;
        let mut message = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\x30\0\0\0".to_vec();
        message.extend(flags.to_le_bytes());
        message.extend(b"12345678\0\0\0\0\0\0\0\0\x04\0\x04\0\x30\0\0\0\0\0\0\0");
        let token = if has_token { format!(" {}", STANDARD.encode(message)) } else { String::new() };
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::WWW_AUTHENTICATE, format!("NTLM{token}").parse().expect("a value"));
        challenge::all(&headers)
    }

    fn challenged(handshake: &mut Handshake, has_token: bool) -> Reaction {
        handshake.challenged(Demand { challenges: &challenges(has_token), channel: None })
    }

    fn sign_in(handshake: &mut Handshake) {
        assert!(handshake.next_token().expect("a greeting").is_some());
        assert_eq!(challenged(handshake, true), Reaction::Again);
        assert!(handshake.is_about_to_prove() && handshake.next_token().expect("a proof").is_some());
        handshake.accepted();
        assert!(handshake.is_done() && handshake.next_token().expect("nothing").is_none());
    }

    #[test]
    fn case_34_a_server_that_forgets_at_once_each_time_is_left() {
        let mut handshake = handshake();
        sign_in(&mut handshake);
        assert_eq!(challenged(&mut handshake, false), Reaction::Again);
        sign_in(&mut handshake);
        assert_eq!(challenged(&mut handshake, false), Reaction::EachRequest);
    }

    #[test]
    fn a_server_that_forgets_now_and_then_is_signed_in_to_again() {
        let mut handshake = handshake();
        for _ in 0..10 {
            sign_in(&mut handshake);
            assert_eq!(challenged(&mut handshake, false), Reaction::Again);
            sign_in(&mut handshake);
            handshake.accepted();
            assert_eq!(challenged(&mut handshake, false), Reaction::Again);
        }
    }

    #[test]
    fn a_proof_that_is_refused_is_not_repeated() {
        let mut handshake = handshake();
        assert!(handshake.next_token().expect("a greeting").is_some());
        assert_eq!(challenged(&mut handshake, true), Reaction::Again);
        assert!(handshake.next_token().expect("a proof").is_some());
        assert_eq!(challenged(&mut handshake, false), Reaction::Rejected);
    }
}
