//! Kerberos tickets by the system's GSSAPI library, wrapped as SPNEGO.

use libgssapi::context::{ClientCtx, CtxFlags, SecurityContext};
use libgssapi::credential::{Cred, CredUsage};
use libgssapi::error::Error;
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, GSS_NT_HOSTBASED_SERVICE, OidSet};

use super::context::MechanismContext;
use crate::protocol::text::escape;

/// A negotiation by a ticket.
#[derive(Debug)]
pub(super) struct System {
    context: ClientCtx,
    binding: Option<Vec<u8>>,
}

impl MechanismContext for System {
    fn begin(host: &str, user: Option<&str>, binding: Option<Vec<u8>>) -> Result<(Self, Vec<u8>), String> {
        // Of Kerberos only: other packages that the system's library may have are not asked for.
        let kerberos = OidSet::singleton(GSS_MECH_KRB5).map_err(describe)?;
        let cred = Cred::acquire(None, None, CredUsage::Initiate, Some(&kerberos)).map_err(describe)?;
        if let Some(user) = user {
            let owner = cred.name().and_then(|name| name.display_name()).map_err(describe)?;
            let owner = String::from_utf8_lossy(&owner);
            if !is_of(user, &owner) {
                return Err(format!("the Kerberos tickets are those of {}", escape(owner.as_bytes())));
            }
        }
        first_leg(host, cred, binding).map_err(describe)
    }

    fn step(&mut self, token: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let next = self.context.step(Some(token), self.binding.as_deref()).map_err(describe)?;
        Ok(next.filter(|_| !self.context.is_complete()).map(|token| token.to_vec()))
    }
}

fn first_leg(host: &str, cred: Cred, binding: Option<Vec<u8>>) -> Result<(System, Vec<u8>), Error> {
    let target = Name::new(format!("HTTP@{host}").as_bytes(), Some(GSS_NT_HOSTBASED_SERVICE))?;
    // Nothing is delegated: the server gets to know who it is, not to act for them.
    let mut context = ClientCtx::new(Some(cred), target, CtxFlags::GSS_C_MUTUAL_FLAG, Some(GSS_MECH_SPNEGO));
    let token = context.step(None, binding.as_deref())?.map(|token| token.to_vec()).unwrap_or_default();
    Ok((System { context, binding }, token))
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
