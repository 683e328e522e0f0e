//! NTLM, and Negotiate with NTLM inside (MS-NLMP, RFC 4559): a handshake that signs a connection in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sspi::ntlm::NtlmConfig;
use sspi::{
    AuthIdentity, BufferType, ClientRequestFlags, CredentialUse, Credentials, DataRepresentation, Negotiate,
    NegotiateConfig, Ntlm, SecurityBuffer, Sspi, SspiImpl, Username,
};

use super::challenge::Demand;
use super::credentials::Password;
use super::scheme::Scheme;
use super::way::Reaction;
use crate::protocol::ChannelBinding;

/// Without Kerberos: the machine's tickets are the system's library's affair.
const PACKAGES: &str = "ntlm,!kerberos,!pku2u";

/// One user at one server.
#[derive(Debug)]
pub(super) struct Handshake {
    scheme: Scheme,
    identity: AuthIdentity,
    /// The service's name, as Windows writes it.
    target: String,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Nothing was sent on this connection.
    Idle,
    /// The greeting went out.
    Greeted(Box<Package>),
    /// The proof is to go out.
    Proving(Vec<u8>),
    /// It went out.
    Proved,
    /// The connection is signed in, or needs nobody to be.
    Done,
}

impl Handshake {
    pub(super) fn new(scheme: Scheme, password: &Password, host: &str) -> Result<Self, String> {
        let username = Username::parse(&password.user)
            .map_err(|error| format!("the user's name is none that Windows knows ({error})"))?;
        let identity = AuthIdentity { username, password: password.password.reveal().to_owned().into() };
        Ok(Self { scheme, identity, target: format!("HTTP/{host}"), stage: Stage::Idle })
    }

    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Whether the proof goes out next.
    pub(super) fn is_about_to_prove(&self) -> bool {
        matches!(self.stage, Stage::Proving(_))
    }

    /// Whether what is sent next means something on this connection only. The greeting begins on any.
    pub(super) fn is_bound(&self) -> bool {
        matches!(self.stage, Stage::Proved | Stage::Done)
    }

    /// The connection is another.
    pub(super) fn restart(&mut self) {
        self.stage = Stage::Idle;
    }

    /// What the next request carries.
    pub(super) fn next_token(&mut self) -> Result<Option<Vec<u8>>, String> {
        match std::mem::replace(&mut self.stage, Stage::Proved) {
            Stage::Idle => {
                let mut package =
                    Box::new(Package::new(self.scheme, &self.identity).map_err(|error| describe(&error))?);
                let token = package.leg(&self.target, Vec::new()).map_err(|error| describe(&error))?;
                self.stage = Stage::Greeted(package);
                Ok(Some(token))
            }
            Stage::Proving(token) => Ok(Some(token)),
            other => {
                self.stage = other;
                Ok(None)
            }
        }
    }

    /// A request was let in.
    pub(super) fn accepted(&mut self) {
        if !matches!(self.stage, Stage::Idle) {
            self.stage = Stage::Done;
        }
    }

    /// A request was not.
    pub(super) fn challenged(&mut self, demand: Demand<'_>) -> Reaction {
        let token = demand
            .challenges
            .iter()
            .filter(|challenge| challenge.is(self.scheme.as_str()))
            .find_map(|c| c.token.as_ref());
        match (std::mem::replace(&mut self.stage, Stage::Idle), token) {
            // It was signed in, and the server does not know of it any more.
            (Stage::Idle | Stage::Done | Stage::Proving(_), _) => Reaction::Again,
            (Stage::Proved, _) => Reaction::Rejected,
            (Stage::Greeted(_), None) => Reaction::Failed(
                "the server does not go on after the greeting; it may want Kerberos: get a ticket with kinit, in a build with the feature kerberos"
                    .to_owned(),
            ),
            (Stage::Greeted(mut package), Some(token)) => match self.prove(&mut package, token, demand.channel) {
                Ok(proof) => {
                    self.stage = Stage::Proving(proof);
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
