//! NTLM, and Negotiate with NTLM inside (MS-NLMP, RFC 4559): a handshake that signs a connection in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request};
use sspi::credssp::SspiContext;
use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, DataRepresentation, Negotiate, NegotiateConfig, Ntlm,
    SecurityBuffer, Sspi, SspiImpl, Username,
};

use super::challenge::{Demand, MAX_FORGOTTEN};
use super::credentials::{Credentials, Password};
use super::mechanism::Mechanism;
use super::scheme::{Scheme, SignInError};
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
    /// The connection is signed in, or needs no authentication. `just_now`: it has carried no request since.
    Done { just_now: bool },
}

impl Handshake {
    pub(super) fn new(scheme: Scheme, password: &Password, host: &str) -> Result<Self, String> {
        let username = Username::parse(&password.user)
            .map_err(|error| format!("the user's name is none that Windows knows ({error})"))?;
        let identity = AuthIdentity { username, password: password.password.reveal().to_owned().into() };
        Ok(Self { scheme, identity, target: format!("HTTP/{host}"), state: HandshakeState::Idle, forgotten: 0 })
    }

    /// Bound to the connection that the challenge came over, which is the one that the proof goes to.
    fn prove(&self, package: &mut Package, token: &str, channel: Option<ChannelBinding>) -> Result<Vec<u8>, String> {
        let challenge = STANDARD.decode(token).map_err(|_| "the server's challenge is not base64".to_owned())?;
        let token = SecurityBuffer::new(challenge, BufferType::Token);
        let channel = channel.map(|channel| SecurityBuffer::new(bindings(channel), BufferType::ChannelBindings));
        package.leg(&self.target, [token].into_iter().chain(channel).collect()).map_err(|error| describe(&error))
    }
}

impl Mechanism for Handshake {
    fn scheme(&self) -> Scheme {
        self.scheme
    }

    fn wants_empty_request(&self) -> bool {
        !matches!(self.state, HandshakeState::Done { .. })
    }

    fn is_about_to_prove(&self) -> bool {
        matches!(self.state, HandshakeState::Proving(_))
    }

    /// The greeting begins on any.
    fn belongs_to_connection(&self) -> bool {
        matches!(self.state, HandshakeState::Proved | HandshakeState::Done { .. })
    }

    fn on_disconnect(&mut self, _: bool) {
        self.state = HandshakeState::Idle;
    }

    fn authorization(&mut self, _: &Request<()>, _: &Credentials) -> Result<Option<Vec<u8>>, String> {
        let token = match std::mem::replace(&mut self.state, HandshakeState::Proved) {
            HandshakeState::Idle => {
                let mut package =
                    Box::new(Package::new(self.scheme, &self.identity).map_err(|error| describe(&error))?);
                let token = package.leg(&self.target, Vec::new()).map_err(|error| describe(&error))?;
                self.state = HandshakeState::Greeted(package);
                token
            }
            HandshakeState::Proving(token) => token,
            other => {
                self.state = other;
                return Ok(None);
            }
        };
        Ok(Some(format!("{} {}", self.scheme, STANDARD.encode(token)).into_bytes()))
    }

    fn accepted(&mut self, _: &HeaderMap, _: bool) -> Result<(), String> {
        match self.state {
            HandshakeState::Idle => {}
            HandshakeState::Done { .. } => (self.state, self.forgotten) = (HandshakeState::Done { just_now: false }, 0),
            HandshakeState::Proved => self.state = HandshakeState::Done { just_now: true },
            HandshakeState::Greeted(_) | HandshakeState::Proving(_) => {
                self.state = HandshakeState::Done { just_now: false }
            }
        }
        Ok(())
    }

    fn challenged(&mut self, demand: Demand<'_>, _: bool, _: [u8; 16]) -> Result<(), SignInError> {
        let scheme = self.scheme;
        let failed = |reason| SignInError::Failed { scheme, reason };
        match (std::mem::replace(&mut self.state, HandshakeState::Idle), demand.token(scheme)) {
            // Once may be chance. A server that signs in requests, not connections, does so each time.
            (HandshakeState::Done { just_now: true }, _) => {
                self.forgotten += 1;
                if self.forgotten < MAX_FORGOTTEN { Ok(()) } else { Err(SignInError::EachRequest(scheme)) }
            }
            // It was signed in, and the server does not know of it any more.
            (HandshakeState::Idle | HandshakeState::Done { .. } | HandshakeState::Proving(_), _) => Ok(()),
            (HandshakeState::Proved, _) => Err(self.rejected()),
            (HandshakeState::Greeted(_), None) => Err(failed(
                "the server stopped after the first message; it may require Kerberos: get a ticket with kinit, in a build with --features kerberos"
                    .to_owned(),
            )),
            (HandshakeState::Greeted(mut package), Some(token)) => {
                let proof = self.prove(&mut package, token, demand.channel).map_err(failed)?;
                self.state = HandshakeState::Proving(proof);
                Ok(())
            }
        }
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

/// The side of one package of Windows that begins.
#[derive(Debug)]
struct Package {
    context: SspiContext,
    handle: <SspiContext as SspiImpl>::CredentialsHandle,
}

impl Package {
    fn new(scheme: Scheme, identity: &AuthIdentity) -> sspi::Result<Self> {
        // The machine's name is not sent.
        let config = NtlmConfig::default();
        let mut context = if scheme == Scheme::Ntlm {
            SspiContext::Ntlm(Ntlm::with_config(config))
        } else {
            let config = NegotiateConfig::new(Box::new(config), Some(PACKAGES.to_owned()), String::new());
            SspiContext::Negotiate(Negotiate::new_client(config)?)
        };
        let builder = context.acquire_credentials_handle().with_credential_use(CredentialUse::Outbound);
        let identity = sspi::Credentials::AuthIdentity(identity.clone());
        let handle = builder.with_auth_data(&identity).execute(&mut context)?.credentials_handle;
        Ok(Self { context, handle })
    }

    fn leg(&mut self, target: &str, mut input: Vec<SecurityBuffer>) -> sspi::Result<Vec<u8>> {
        let mut output = [SecurityBuffer::new(Vec::new(), BufferType::Token)];
        let mut builder = self
            .context
            .initialize_security_context()
            .with_credentials_handle(&mut self.handle)
            .with_context_requirements(ClientRequestFlags::INTEGRITY | ClientRequestFlags::ALLOCATE_MEMORY)
            .with_target_data_representation(DataRepresentation::Native)
            .with_target_name(target)
            .with_input(&mut input)
            .with_output(&mut output);
        SspiImpl::initialize_security_context_impl(&mut self.context, &mut builder)?.resolve_to_result()?;
        Ok(std::mem::take(&mut output[0].buffer))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::challenge::Challenge;
    use super::super::{Secret, challenge};
    use super::*;

    fn handshake() -> Handshake {
        let password = Password { user: "DOM\\me".to_owned(), password: Secret::new("s3cret".to_owned()) };
        Handshake::new(Scheme::Ntlm, &password, "h").expect("a user")
    }

    /// A server's answer to the greeting (MS-NLMP, section 2.2.1.2), with no more in it than must be.
    pub(in super::super) fn answer_to_a_greeting() -> String {
        let flags = 0x2088_0201_u32;
        let mut message = b"NTLMSSP\0\x02\0\0\0\0\0\0\0\x30\0\0\0".to_vec();
        message.extend(flags.to_le_bytes());
        message.extend(b"12345678\0\0\0\0\0\0\0\0\x04\0\x04\0\x30\0\0\0\0\0\0\0");
        format!("NTLM {}", STANDARD.encode(message))
    }

    fn challenges(has_token: bool) -> Vec<Challenge> {
        let value = if has_token { answer_to_a_greeting() } else { "NTLM".to_owned() };
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::WWW_AUTHENTICATE, value.parse().expect("a value"));
        challenge::all(&headers)
    }

    fn challenged(handshake: &mut Handshake, has_token: bool) -> Result<(), SignInError> {
        handshake.challenged(Demand { challenges: &challenges(has_token), channel: None }, true, [0; 16])
    }

    fn sends_a_token(handshake: &mut Handshake) -> bool {
        handshake.authorization(&Request::new(()), &Credentials::Tickets).expect("a leg").is_some()
    }

    fn accept(handshake: &mut Handshake) {
        handshake.accepted(&HeaderMap::new(), true).expect("nothing to prove");
    }

    fn sign_in(handshake: &mut Handshake) {
        assert!(sends_a_token(handshake) && !handshake.belongs_to_connection() && !handshake.is_about_to_prove());
        assert_eq!(challenged(handshake, true), Ok(()));
        assert!(handshake.is_about_to_prove() && sends_a_token(handshake) && handshake.belongs_to_connection());
        accept(handshake);
        assert!(handshake.belongs_to_connection());
        assert!(!handshake.wants_empty_request() && !sends_a_token(handshake));
    }

    /// `SEC_CHANNEL_BINDINGS` (MS-NLMP, section 2.2.2.1 hashes it): eight numbers of 32 bits, the last two the length and
    /// the place of the application's data.
    #[test]
    fn the_binding_is_windows_structure_with_the_data_behind_it() {
        let bound = bindings(ChannelBinding::Sha256([7; 32]));
        let (structure, data) = bound.split_at(32);
        assert_eq!(data, [&b"tls-server-end-point:"[..], &[7; 32]].concat());
        assert_eq!(structure, [&[0; 24][..], &[53, 0, 0, 0, 32, 0, 0, 0]].concat());
    }

    #[test]
    fn case_34_a_server_that_forgets_at_once_each_time_is_left() {
        let mut handshake = handshake();
        sign_in(&mut handshake);
        assert_eq!(challenged(&mut handshake, false), Ok(()));
        sign_in(&mut handshake);
        assert_eq!(challenged(&mut handshake, false), Err(SignInError::EachRequest(Scheme::Ntlm)));
    }

    #[test]
    fn a_server_that_forgets_now_and_then_is_signed_in_to_again() {
        let mut handshake = handshake();
        for _ in 0..10 {
            sign_in(&mut handshake);
            assert_eq!(challenged(&mut handshake, false), Ok(()));
            sign_in(&mut handshake);
            accept(&mut handshake);
            assert_eq!(challenged(&mut handshake, false), Ok(()));
        }
    }

    #[test]
    fn a_new_connection_is_greeted_anew() {
        let mut handshake = handshake();
        sign_in(&mut handshake);
        handshake.on_disconnect(true);
        assert!(handshake.wants_empty_request());
        sign_in(&mut handshake);
    }

    #[test]
    fn a_proof_that_is_refused_is_not_repeated() {
        let mut handshake = handshake();
        assert!(sends_a_token(&mut handshake));
        assert_eq!(challenged(&mut handshake, true), Ok(()));
        assert!(sends_a_token(&mut handshake));
        assert_eq!(challenged(&mut handshake, false), Err(SignInError::Rejected(Scheme::Ntlm)));
    }
}
