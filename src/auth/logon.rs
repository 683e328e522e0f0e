//! The logged-on user of Windows, by its own Negotiate: Kerberos, or NTLM where there is no domain.

use std::fmt;
use std::ops::Deref;

use cross_krb5::{ClientCtx, InitiateFlags, PendingClientCtx, Step};

use super::context::MechanismContext;
use crate::protocol::text::escape;

/// A negotiation as the logged-on user.
pub(super) struct System {
    /// `None`: Windows has nothing more to say.
    pending: Option<PendingClientCtx>,
}

impl fmt::Debug for System {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("System").field("is_complete", &self.pending.is_none()).finish()
    }
}

impl MechanismContext for System {
    /// A user who is named comes with a password: that is what is meant.
    fn begin(host: &str, user: Option<&str>, binding: Option<Vec<u8>>) -> Result<(Self, Vec<u8>), String> {
        if user.is_some() {
            return Err("Windows signs in only as the logged-on user, without --user".to_owned());
        }
        let service = format!("HTTP/{host}");
        let flags = InitiateFlags::NEGOTIATE_TOKEN;
        let (pending, token) = ClientCtx::new(flags, None, &service, binding.as_deref()).map_err(describe)?;
        Ok((Self { pending: Some(pending) }, token.to_vec()))
    }

    fn step(&mut self, token: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let Some(pending) = self.pending.take() else { return Ok(None) };
        match pending.step(token).map_err(describe)? {
            Step::Finished((_, token)) => Ok(token.as_deref().map(<[u8]>::to_vec)),
            Step::Continue((pending, token)) => {
                self.pending = Some(pending);
                Ok(Some(token.deref().to_vec()))
            }
        }
    }
}

/// Windows' texts end with a new line.
fn describe(error: impl fmt::Display) -> String {
    escape(format!("{error:#}").trim())
}
