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
pub(in crate::cli) struct SettingsFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Where the settings are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Location {
    /// Nowhere.
    Nowhere,
    /// Where somebody said; it must be there.
    Named(PathBuf),
    /// Where the system keeps such things.
    Usual(PathBuf),
}

/// Where the settings are: as typed, by the environment, or where the system keeps such things.
pub(in crate::cli) fn location(
    typed: Option<&OsStr>,
    off: bool,
    environment: &Environment,
) -> Result<Location, UsageError> {
    if off {
        return Ok(Location::Nowhere);
    }
    if typed.is_some_and(OsStr::is_empty) {
        return Err(UsageError("--config wants a file; --no-config reads none".to_owned()));
    }
    if let Some(named) = typed.or_else(|| environment.get("BITSUP_CONFIG")) {
        return Ok(Location::Named(named.into()));
    }
    // Without a home there is no usual place.
    let Ok(folders) = etcetera::base_strategy::choose_native_strategy() else { return Ok(Location::Nowhere) };
    // Preferences are property lists on macOS; files of programs lie with their data.
    let base = if cfg!(target_os = "macos") { folders.data_dir() } else { folders.config_dir() };
    Ok(Location::Usual(base.join("bitsup").join("config.toml")))
}

/// Reads the settings.
///
/// # Errors
/// A named file that is missing; any that is unreadable, too large, not text, or open to others' changes.
pub(in crate::cli) fn read(location: Location) -> Result<Option<SettingsFile>, UsageError> {
    let (path, must_be_there) = match location {
        Location::Nowhere => return Ok(None),
        Location::Named(path) => (path, true),
        Location::Usual(path) => (path, false),
    };
    match text(&path, must_be_there) {
        Ok(text) => Ok(Some(SettingsFile { path, text })),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be_there => Ok(None),
        Err(error) => Err(UsageError(format!("cannot read the settings in {}: {error}", path.display()))),
    }
}

fn text(path: &Path, may_be_a_pipe: bool) -> io::Result<String> {
    // Opening a pipe that nobody writes to would wait for ever; only who names one wants that.
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
