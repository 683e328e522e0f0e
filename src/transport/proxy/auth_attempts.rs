//! Passwords that go to a proxy again and again, because the connection is lost before each response.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::exchange::{TransportError, TransportErrorKind as Kind};

/// Each may count as a wrong one at the proxy, and accounts are locked after five or so.
const MAX: u32 = 3;

/// A proxy has answered to it: it is right, or the run ends.
const ANSWERED: u32 = u32::MAX;

/// How often the password went out without a response.
#[derive(Debug, Default)]
pub(in crate::transport) struct AuthAttempts(AtomicU32);

impl AuthAttempts {
    /// Whether it may go out once more.
    pub(in crate::transport) fn check(&self) -> Result<(), TransportError> {
        match self.0.load(Ordering::Relaxed) {
            times if times >= MAX && times != ANSWERED => Err(TransportError::new(
                Kind::ProxyAuthentication,
                format!("the connection was lost {times} times after the user and password went out"),
            )),
            _ => Ok(()),
        }
    }

    pub(in crate::transport) fn note(&self, was_answered: bool) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |times| match times {
            ANSWERED => None,
            _ if was_answered => Some(ANSWERED),
            times => Some(times + 1),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_is_the_last_unless_one_was_answered() {
        let auth_attempts = AuthAttempts::default();
        for _ in 0..3 {
            assert!(auth_attempts.check().is_ok());
            auth_attempts.note(false);
        }
        assert_eq!(auth_attempts.check().expect_err("too often").kind, Kind::ProxyAuthentication);
        let responded = AuthAttempts::default();
        for was_answered in [false, false, true, false, false, false, false] {
            assert!(responded.check().is_ok());
            responded.note(was_answered);
        }
        assert!(responded.check().is_ok());
    }
}
