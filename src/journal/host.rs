//! What is proven of the size of fragments at a host and folder, for later uploads there: one small file each, doubted like the records when it is read back.
//!
//! Nothing depends on it. What cannot be read or kept costs a refusal in the next upload, so nobody is told.

use std::cmp::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::uploader::HostLimit;

use super::key::Key;
use super::record::BadRecord;
use super::store::Store;

/// Servers are configured anew: after this long a larger fragment may be tried again.
pub const HOST_EXPIRY: Duration = Duration::from_hours(30 * 24);

/// A fragment this small is never given up, and one larger than that is never tried by itself (MC-BUP names no bounds;
/// these are the uploader's).
const BOUNDS: std::ops::RangeInclusive<u64> = 5 * 1024..=256 * 1024 * 1024;

const VERSION: u32 = 2;

/// What is remembered of a host and folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HostMemory {
    v: u32,
    /// The smallest fragment that was refused, in bytes.
    refused_size: u64,
    /// When it was, in seconds after 1970.
    refused: u64,
}

impl HostMemory {
    pub(super) fn new(refused_size: u64, now: SystemTime) -> Self {
        Self { v: VERSION, refused_size, refused: seconds(now) }
    }

    pub(super) fn to_bytes(self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self)
    }

    /// # Errors
    /// When it is not what [`HostMemory::to_bytes`] writes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, BadRecord> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let version: Versioned = serde_json::from_slice(bytes).map_err(|_| BadRecord::Damaged("it is no JSON"))?;
        match version.v.cmp(&VERSION) {
            Ordering::Greater => return Err(BadRecord::Newer),
            Ordering::Less => return Err(BadRecord::Older),
            Ordering::Equal => {}
        }
        let memory: Self = serde_json::from_slice(bytes).map_err(|_| BadRecord::Damaged("a field is wrong"))?;
        let is_sound = memory.v == VERSION && BOUNDS.contains(&memory.refused_size);
        is_sound.then_some(memory).ok_or(BadRecord::Damaged("its fields contradict each other"))
    }

    /// A clock that was set a little does not matter; one that was wrong by far must not keep it for ever.
    pub(super) fn is_expired(self, now: SystemTime) -> bool {
        seconds(now).abs_diff(self.refused) > HOST_EXPIRY.as_secs()
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The smallest fragment that the host refused lately, in bytes.
pub(super) fn refused_size(store: &Store, host: Key, now: SystemTime) -> Option<u64> {
    let memory = store.load_host(host).ok().flatten()?;
    (!memory.is_expired(now)).then_some(memory.refused_size)
}

/// Takes over what an upload has proven. The newest proof counts: a server that is configured anew is believed.
pub(super) fn remember(store: &Store, host: Key, limit: HostLimit, now: SystemTime) {
    // A newer bitsup may want it.
    if matches!(store.load_host(host), Err(BadRecord::Newer | BadRecord::Unreadable(_))) {
        return;
    }
    // Another process that holds the lock writes down the same.
    if let Ok(Some(lock)) = store.try_lock(host) {
        let _ = match limit {
            HostLimit::Refused(size) if BOUNDS.contains(&size) => store.save_host(host, HostMemory::new(size, now)),
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
pub(super) fn prune(store: &Store, host: Key, now: SystemTime) -> std::io::Result<Option<Result<(), BadRecord>>> {
    let Some(lock) = store.try_lock(host)? else { return Ok(None) };
    let why = match store.load_host(host) {
        Ok(Some(memory)) if memory.is_expired(now) => Some(Ok(())),
        Ok(_) | Err(BadRecord::Newer | BadRecord::Unreadable(_)) => None,
        Err(reason) => Some(Err(reason)),
    };
    let result = if why.is_some() { store.remove_host(host) } else { Ok(()) };
    store.unlock_for_good(host, lock)?;
    result.map(|()| why)
}
