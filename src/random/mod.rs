//! Random numbers of the system. It may have none: a filter of system calls forbids the call, or a file system that is cut
//! off lacks the device. Libraries panic then; this returns the error.

use std::io;
use std::time::SystemTime;

use uuid::{Builder, Uuid};

/// Bytes that cannot be guessed.
///
/// # Errors
/// When the system has none.
pub(crate) fn bytes() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    let failed = |error| io::Error::other(format!("the system has no random numbers: {error}"));
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// An id that cannot be guessed.
///
/// # Errors
/// When the system has no random numbers.
pub(crate) fn uuid() -> io::Result<Uuid> {
    bytes().map(|bytes| Builder::from_random_bytes(bytes).into_uuid())
}

/// A number that differs between processes. If need be, anybody can guess it.
pub(crate) fn seed() -> u64 {
    let Ok(bytes) = bytes() else { return guessable() };
    u64::from_ne_bytes(bytes.first_chunk().copied().unwrap_or_default())
}

fn guessable() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs() << 32) ^ u64::from(now.subsec_nanos()) ^ (u64::from(std::process::id()) << 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ() {
        assert_ne!(bytes().unwrap(), bytes().unwrap());
        assert_ne!(seed(), seed());
    }

    #[test]
    fn an_id_is_a_guid_of_version_4() {
        assert_eq!(uuid().unwrap().get_version_num(), 4);
    }
}
