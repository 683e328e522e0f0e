//! A limit on the connections of each client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::super::lock::lock;

/// All clients that have connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionLimiter(Mutex<HashMap<IpAddr, usize>>);

impl ConnectionLimiter {
    /// A permit for one more connection of this client, unless it has `most` already.
    pub(super) fn admit(self: &Arc<Self>, client: IpAddr, most: usize) -> Option<ConnectionPermit> {
        let mut clients = lock(&self.0);
        let count = clients.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(ConnectionPermit { limiter: Arc::clone(self), client })
    }
}

/// For one connection; given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    client: IpAddr,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut clients = lock(&self.limiter.0);
        if let Some(count) = clients.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_counted_for_each_client_and_come_back() {
        let limiter = Arc::new(ConnectionLimiter::default());
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = limiter.admit(one, 2);
        let second = limiter.admit(one, 2);
        assert!(first.is_some() && second.is_some() && limiter.admit(one, 2).is_none());
        assert!(limiter.admit(two, 2).is_some());
        drop(first);
        assert!(limiter.admit(one, 2).is_some());
        drop(second);
        assert!(lock(&limiter.0).is_empty(), "no client is remembered for ever");
    }
}
