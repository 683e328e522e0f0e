//! The proven limit on the size of fragments at a host and folder, for later uploads there: one small file each,
//! doubted like the records when it is read back.
//!
//! Nothing depends on it. A file that cannot be read or kept costs a refusal in the next upload, so it is not reported.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::durable::json;
use crate::uploader::HostLimit;

use super::key::Key;
use super::record::{BadRecord, VERSION, seconds};
use super::store::{HOST, RecordStore};

/// Servers are configured anew: after this long a larger fragment may be tried again.
pub(super) const HOST_EXPIRY: Duration = Duration::from_secs(2_592_000);

/// A fragment this small is never given up, and one larger than that is never tried by itself (MC-BUP names no bounds;
/// these are the uploader's).
const BOUNDS: std::ops::RangeInclusive<u64> = 5 * 1024..=256 * 1024 * 1024;

/// The record of a host and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostMemory {
    v: u64,
    /// The smallest fragment that was refused, in bytes.
    refused_size: u64,
    #[serde(with = "seconds")]
    refused: SystemTime,
}

impl HostMemory {
    fn load(store: &RecordStore, host: Key) -> Result<Option<Self>, BadRecord> {
        let Some(bytes) = store.read(host, HOST)? else { return Ok(None) };
        Self::from_bytes(&bytes).map(Some)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, BadRecord> {
        let memory: Self = json::read::<VERSION, _>(bytes)?;
        let is_sound = BOUNDS.contains(&memory.refused_size);
        is_sound.then_some(memory).ok_or(BadRecord::Damaged("its fields contradict each other"))
    }

    fn save(self, store: &RecordStore, host: Key) -> std::io::Result<()> {
        store.replace(host, HOST, &serde_json::to_vec(&self)?)
    }

    /// A clock that was set a little does not matter; one that was wrong by far must not keep it for ever.
    fn is_expired(self, now: SystemTime) -> bool {
        now.duration_since(self.refused).unwrap_or_else(|ahead| ahead.duration()) > HOST_EXPIRY
    }
}

/// The smallest fragment that the host refused lately, in bytes.
pub(super) fn refused_size(store: &RecordStore, host: Key, now: SystemTime) -> Option<u64> {
    let memory = HostMemory::load(store, host).ok().flatten()?;
    (!memory.is_expired(now)).then_some(memory.refused_size)
}

/// Takes over what an upload has proven. The newest proof counts: a server that is configured anew is believed.
pub(super) fn remember(store: &RecordStore, host: Key, limit: HostLimit, now: SystemTime) {
    // A newer bitsup may want it.
    if matches!(HostMemory::load(store, host), Err(BadRecord::Newer | BadRecord::Unreadable(_))) {
        return;
    }
    // Another process that holds the lock writes down the same.
    if let Ok(Some(lock)) = store.try_lock(host) {
        let _ = match limit {
            HostLimit::Refused(refused_size) if BOUNDS.contains(&refused_size) => {
                HostMemory { v: VERSION, refused_size, refused: now }.save(store, host)
            }
            HostLimit::Refused(_) => Ok(()),
            HostLimit::None => store.remove_host(host),
        };
        let _ = store.unlock_for_good(host, lock);
    }
}

/// Removes what is remembered of a host if it is expired or broken; says why.
///
/// # Errors
/// When the folder cannot be written.
pub(super) fn prune(store: &RecordStore, host: Key, now: SystemTime) -> std::io::Result<Option<Result<(), BadRecord>>> {
    let Some(lock) = store.try_lock(host)? else { return Ok(None) };
    let why = match HostMemory::load(store, host) {
        Ok(Some(memory)) if memory.is_expired(now) => Some(Ok(())),
        Ok(_) | Err(BadRecord::Newer | BadRecord::Unreadable(_)) => None,
        Err(reason) => Some(Err(reason)),
    };
    let result = if why.is_some() { store.remove_host(host) } else { Ok(()) };
    store.unlock_for_good(host, lock)?;
    result.map(|()| why)
}
