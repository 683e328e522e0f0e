//! Who may come in, and by which certificate the server is known: what an operator may replace while it runs.

use std::sync::{Arc, Mutex};

use super::account::Account;
use super::error::ServeError;
use super::options::Options;
use super::tls;
use crate::sync::lock;

/// The account and the certificate that hold for the next request and the next connection.
#[derive(Debug)]
pub(crate) struct Access(Mutex<Now>);

#[derive(Debug, Clone)]
struct Now {
    account: Option<Arc<Account>>,
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Now {
    fn of(options: &Options) -> Result<Self, ServeError> {
        let tls = options.tls.as_ref().map(tls::config).transpose()?;
        Ok(Self { account: options.account.clone().map(Arc::new), tls })
    }
}

impl Access {
    pub(crate) fn of(options: &Options) -> Result<Arc<Self>, ServeError> {
        Ok(Arc::new(Self(Mutex::new(Now::of(options)?))))
    }

    pub(crate) fn account(&self) -> Option<Arc<Account>> {
        lock(&self.0).account.clone()
    }

    pub(crate) fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        lock(&self.0).tls.clone()
    }
}

/// Replaces certificate, key and password of a [`Server`](super::Server) while it runs.
#[derive(Debug, Clone)]
pub struct ReloadHandle(pub(super) Arc<Access>);

impl ReloadHandle {
    /// Reads certificate and key again, and takes the account of these options. Connections that stand go on.
    ///
    /// # Errors
    /// When they cannot be used; what held before goes on to hold.
    pub fn reload(&self, options: &Options) -> Result<(), ServeError> {
        let now = Now::of(options)?;
        let mut before = lock(&self.0.0);
        // A missing setting must not let clients in without a password, or without TLS.
        if before.account.is_some() != now.account.is_some() || before.tls.is_some() != now.tls.is_some() {
            return Err(ServeError::Account("a running server keeps its kind of access: start it anew"));
        }
        *before = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_never_lets_clients_in_without_a_password() {
        let named = |name: &str| {
            let mut options =
                Options::new(std::path::PathBuf::from("inbox"), (std::net::Ipv4Addr::LOCALHOST, 0).into());
            options.account = Some(Account::new(name, "s3cret").unwrap());
            options
        };
        let without = Options { account: None, ..named("drop") };
        let access = Access::of(&named("drop")).unwrap();
        let handle = ReloadHandle(Arc::clone(&access));
        assert!(handle.reload(&without).is_err());
        assert!(access.account().is_some());
        handle.reload(&named("other")).unwrap();
        // Nor does a server without an account begin to ask for one: its clients would all be refused.
        let open = Access::of(&without).unwrap();
        assert!(ReloadHandle(Arc::clone(&open)).reload(&named("drop")).is_err());
        assert!(open.account().is_none());
    }
}
