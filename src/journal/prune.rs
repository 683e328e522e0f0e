//! Tidying up: what expired, what is broken, what a crash left behind.

use std::io;
use std::time::{Duration, SystemTime};

use super::store::{RecordStore, UploadFiles};
use super::{BadRecord, Journal, Key, host};

/// Servers forget a session after this long without progress; so do we.
pub(crate) const EXPIRY: Duration = Duration::from_secs(1_209_600);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pruned {
    /// Which upload, or host, it was of.
    pub key: Key,
    /// The kind of the record or file that was removed.
    pub what: PrunedWhat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrunedWhat {
    /// An upload that was not resumed for longer than [`EXPIRY`].
    Expired,
    /// A record that could not be used.
    Broken(BadRecord),
    /// Files without a record: a lock, a half-written or a set-aside record.
    Leftover,
    /// The record of a fragment that a host refused longer than `HOST_EXPIRY` ago.
    HostExpired,
}

impl Journal {
    /// Removes what is expired, broken or left over. Uploads that a process is busy with are left alone.
    pub(crate) fn prune(&self, now: SystemTime) -> io::Result<Vec<Pruned>> {
        let Some(store) = &self.0 else { return Ok(Vec::new()) };
        // Those that expired are removed as they are read.
        self.finished(None, now);
        let mut pruned = Vec::new();
        for (key, found) in store.found()? {
            pruned.extend(prune_one(store, key, found, now)?.map(|what| Pruned { key, what }));
        }
        for key in store.hosts()? {
            let what = host::prune(store, key, now)?.map(|why| match why {
                Ok(()) => PrunedWhat::HostExpired,
                Err(reason) => PrunedWhat::Broken(reason),
            });
            pruned.extend(what.map(|what| Pruned { key, what }));
        }
        Ok(pruned)
    }
}

fn prune_one(store: &RecordStore, key: Key, found: UploadFiles, now: SystemTime) -> io::Result<Option<PrunedWhat>> {
    // Not to be touched without its lock, and a live one needs no look.
    let Some(lock) = store.try_lock(key)? else { return Ok(None) };
    store.remove_leftovers(key)?;
    let what = match store.load(key) {
        Ok(Some(record)) if record.age(now) <= EXPIRY => return Ok(found.leftovers.then_some(PrunedWhat::Leftover)),
        Ok(Some(_)) => Some(PrunedWhat::Expired),
        Ok(None) => Some(PrunedWhat::Leftover),
        // The newer bitsup may need it.
        Err(BadRecord::Newer | BadRecord::Unreadable(_)) => return Ok(None),
        Err(reason) => Some(PrunedWhat::Broken(reason)),
    };
    store.remove(key)?;
    store.unlock_for_good(key, lock)?;
    Ok(what)
}
