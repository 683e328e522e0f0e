//! The file of settings: where it is, and whether it is to be trusted.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::cli::config::UsageError;
use crate::cli::private_file::{self, Forbidden};

use super::environment::Environment;

/// Far more than anybody writes.
const MAX_SIZE: u64 = 1 << 20;

/// A file of settings, read.
#[derive(Debug)]
pub(super) struct SettingsFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Where a file of settings may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) path: PathBuf,
    /// It was typed or is in the environment, so it must be there.
    pub(super) is_named: bool,
}

/// Where the settings are: as typed, by the environment, or where the system keeps such things.
pub(super) fn location(typed: Option<&OsStr>, environment: &Environment) -> Result<Option<Location>, UsageError> {
    if typed.is_some_and(OsStr::is_empty) {
        return Err(UsageError("--config requires a file; --no-config reads none".to_owned()));
    }
    if let Some(named) = typed.or_else(|| environment.get("BITSUP_CONFIG")) {
        return Ok(Some(Location { path: named.into(), is_named: true }));
    }
    // Without a home there is no usual place.
    let Ok(folders) = etcetera::base_strategy::choose_native_strategy() else { return Ok(None) };
    // Preferences are property lists on macOS; files of programs lie with their data.
    let base = if cfg!(target_os = "macos") { folders.data_dir() } else { folders.config_dir() };
    Ok(Some(Location { path: base.join("bitsup").join("config.toml"), is_named: false }))
}

/// Reads the settings.
///
/// # Errors
/// A named file that is missing; any that is unreadable, too large, not text, or open to others' changes.
pub(super) fn read(location: Location) -> Result<Option<SettingsFile>, UsageError> {
    let Location { path, is_named } = location;
    match text(&path, is_named) {
        Ok(text) => Ok(Some(SettingsFile { path, text })),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => Ok(None),
        Err(error) => Err(UsageError(format!("cannot read the settings in {}: {error}", path.display()))),
    }
}

fn text(path: &Path, may_be_a_pipe: bool) -> io::Result<String> {
    // Opening a pipe without a writer would wait for ever; only a user who names one means that.
    if !may_be_a_pipe {
        let metadata = fs::metadata(path).map_err(|error| match error.kind() {
            // Another user's home, in which this one may not even look.
            io::ErrorKind::PermissionDenied => io::ErrorKind::NotFound.into(),
            _ => error,
        })?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
    }
    let file = private_file::open(path, Forbidden::Change)?;
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
