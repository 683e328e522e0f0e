//! Signing in to a server: challenges in, credentials out. No sockets, no clock; the carrier of the messages asks
//! [`Authenticator`] before each request and shows it each response.

mod authenticator;
mod begin;
mod challenge;
#[cfg(any(test, feature = "kerberos"))]
mod context;
mod credentials;
mod digest;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(all(unix, feature = "kerberos"))]
mod gssapi;
#[cfg(all(windows, feature = "kerberos"))]
mod logon;
mod mechanism;
#[cfg(feature = "windows-auth")]
mod ntlm;
pub(crate) mod pem;
mod scheme;
mod secret;
#[cfg(any(test, feature = "kerberos"))]
mod tickets;

#[cfg(test)]
mod tests;

pub use authenticator::{AuthSettings, AuthStatus, Authenticator};
pub use credentials::{Credentials, Password, Token};
pub use pem::PemError;
pub use scheme::{Choice, Scheme, SignInError};
pub use secret::Secret;
pub(crate) use secret::shell;
