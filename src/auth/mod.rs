//! Signing in to a server: challenges in, credentials out. No sockets, no clock; whoever carries the messages asks
//! [`Authenticator`] before each request and shows it each answer.

mod authenticator;
mod challenge;
mod credentials;
mod digest;
#[cfg(all(unix, feature = "kerberos"))]
mod kerberos;
mod mechanism;
#[cfg(feature = "windows-auth")]
mod ntlm;
mod scheme;
mod secret;
mod shell;

#[cfg(test)]
mod tests;

pub use authenticator::{Authenticator, Identity, Ready, Step};
pub use credentials::{Credentials, Password, Token};
pub use scheme::{Choice, Scheme, SignInError};
pub use secret::Secret;
pub(crate) use shell::shell;
