//! Which mechanism there is for a scheme that the server offers.

use super::challenge::Demand;
use super::credentials::{Credentials, Password};
use super::digest::Proofs;
#[cfg(all(unix, feature = "kerberos"))]
use super::gssapi::System;
#[cfg(all(windows, feature = "kerberos"))]
use super::logon::System;
use super::mechanism::{Mechanism, SecretItself};
#[cfg(feature = "windows-auth")]
use super::ntlm::Handshake;
use super::scheme::Scheme;
#[cfg(feature = "kerberos")]
use super::tickets::Tickets;
use crate::protocol::Origin;

/// Begins with a scheme that the server offers. `None`: these credentials are not of its kind.
///
/// # Errors
/// When it lacks something else; the message says what.
pub(super) fn begin(
    scheme: Scheme,
    credentials: &Credentials,
    demand: Demand<'_>,
    origin: &Origin,
    random: [u8; 16],
) -> Result<Option<Box<dyn Mechanism>>, String> {
    Ok(Some(match (scheme, credentials) {
        (Scheme::Basic, Credentials::Password(_)) | (Scheme::Bearer, Credentials::Token(_)) => {
            Box::new(SecretItself { scheme })
        }
        (Scheme::Digest, Credentials::Password(_)) => Box::new(Proofs::new(demand.challenges, random)?),
        (Scheme::Ntlm, Credentials::Password(password)) => by_password(scheme, password, origin)?,
        // Kerberos is the stronger of the two. Nothing was sent yet if it lacks something.
        (Scheme::Negotiate, Credentials::Password(password)) => {
            by_tickets(Some(&password.user), origin, demand).or_else(|_| by_password(scheme, password, origin))?
        }
        (Scheme::Negotiate, Credentials::Tickets) => by_tickets(None, origin, demand)?,
        _ => return Ok(None),
    }))
}

/// Whether the machine's own user signs in without `--auth negotiate`. On Windows it may come to NTLM, whose proof any server
/// can try passwords against: so only servers of the own network get it, told by their names as Windows does.
/// Kerberos shows nothing to a server that the realm does not know.
pub(super) fn signs_in_unasked(host: &str) -> bool {
    !cfg!(all(windows, feature = "kerberos")) || is_of_own_network(host)
}

/// Names without a dot; no address is one.
fn is_of_own_network(host: &str) -> bool {
    !host.contains(['.', ':'])
}

#[cfg(feature = "kerberos")]
fn by_tickets(user: Option<&str>, origin: &Origin, demand: Demand<'_>) -> Result<Box<dyn Mechanism>, String> {
    Ok(Box::new(Tickets::<System>::new(origin, user, demand.channel)?))
}

#[cfg(not(feature = "kerberos"))]
fn by_tickets(_: Option<&str>, _: &Origin, _: Demand<'_>) -> Result<Box<dyn Mechanism>, String> {
    Err("this bitsup was built without Kerberos (feature kerberos)".to_owned())
}

#[cfg(feature = "windows-auth")]
fn by_password(scheme: Scheme, password: &Password, origin: &Origin) -> Result<Box<dyn Mechanism>, String> {
    Ok(Box::new(Handshake::new(scheme, password, origin.host())?))
}

#[cfg(not(feature = "windows-auth"))]
fn by_password(scheme: Scheme, _: &Password, _: &Origin) -> Result<Box<dyn Mechanism>, String> {
    Err(format!("this bitsup was built without {scheme} (feature windows-auth)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_names_are_of_the_own_network() {
        assert!(is_of_own_network("files") && is_of_own_network("localhost"));
        for host in ["files.example.com", "192.0.2.1", "[2001:db8::1]", "2001:db8::1", "files."] {
            assert!(!is_of_own_network(host), "{host}");
        }
    }
}
