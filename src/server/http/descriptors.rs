//! How many connections the process has descriptors for.

use super::super::limits::MAX_CONNECTIONS;
#[cfg(unix)]
use super::super::limits::MIN_CONNECTIONS;

/// For the listener, the log, the folders, and the files of commands.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// A connection's socket, its session's bytes, and for a moment the progress file and the folders on the way.
#[cfg(unix)]
const FOR_EACH: u64 = 4;

/// Raises the soft limit of descriptors as far as it may go, and returns the connections that it is enough for.
#[cfg(unix)]
pub(super) fn connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = MAX_CONNECTIONS as u64 * FOR_EACH + OTHERS;
    let before = getrlimit(Resource::Nofile);
    let most = before.maximum.unwrap_or(u64::MAX).min(wanted);
    if before.current.is_some_and(|current| current < most) {
        // The limit is read again below, whether this succeeded or not.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: before.maximum });
    }
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let enough = usize::try_from(limit.saturating_sub(OTHERS) / FOR_EACH).unwrap_or(usize::MAX);
    enough.clamp(MIN_CONNECTIONS, MAX_CONNECTIONS)
}

/// Windows has no such limit.
#[cfg(not(unix))]
pub(super) fn connections() -> usize {
    MAX_CONNECTIONS
}
