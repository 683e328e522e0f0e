//! Times in files: whole seconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer, de};

#[cfg_attr(windows, expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls"))]
pub(super) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let seconds = Duration::from_secs(u64::deserialize(deserializer)?);
    UNIX_EPOCH.checked_add(seconds).ok_or_else(|| de::Error::custom("a time that does not exist"))
}
