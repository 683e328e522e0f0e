//! How many connections each client has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All clients that have connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionLimiter(Mutex<HashMap<IpAddr, usize>>);

impl ConnectionLimiter {
    /// A place for one more connection of this client, unless it has so many already.
    pub(super) fn admit(self: &Arc<Self>, client: IpAddr, most: usize) -> Option<ConnectionPermit> {
        let mut clients = self.clients();
        let count = clients.entry(client).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(ConnectionPermit { crowd: Arc::clone(self), client })
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    crowd: Arc<ConnectionLimiter>,
    client: IpAddr,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut clients = self.crowd.clients();
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
    fn places_are_counted_for_each_client_and_come_back() {
        let crowd = Arc::new(ConnectionLimiter::default());
        let (one, two) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let first = crowd.admit(one, 2);
        let second = crowd.admit(one, 2);
        assert!(first.is_some() && second.is_some() && crowd.admit(one, 2).is_none());
        assert!(crowd.admit(two, 2).is_some());
        drop(first);
        assert!(crowd.admit(one, 2).is_some());
        drop(second);
        assert!(crowd.clients().is_empty(), "nobody is remembered for ever");
    }
}
