//! Which files: those typed, those in a list, and on Windows those that a pattern stands for.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::config::{Item, UploadConfig, UsageError};
use crate::cli::file_list::{self, ListedFile};
use crate::cli::signals::Signals;

use super::input;

pub(super) fn items(config: &UploadConfig, signals: &Signals) -> anyhow::Result<Vec<Item>> {
    let listed = match &config.files.args.files_from {
        Some(path) => read(path, config.files.args.null, signals)?,
        None => Vec::new(),
    };
    Ok(config.files.items(listed, expand)?)
}

fn read(path: &Path, null: bool, signals: &Signals) -> anyhow::Result<Vec<ListedFile>> {
    let refused = |reason: String| UsageError(format!("--files-from {}: {reason}", path.display()));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        input::pour(signals, &mut bytes)?;
    } else {
        bytes = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    }
    Ok(file_list::parse(&bytes, null).map_err(refused)?)
}

/// Elsewhere the shell has done it.
#[cfg(not(windows))]
#[expect(clippy::unnecessary_wraps, reason = "has the signature of the other")]
fn expand(source: OsString) -> Result<Vec<OsString>, UsageError> {
    Ok(vec![source])
}

#[cfg(windows)]
fn expand(source: OsString) -> Result<Vec<OsString>, UsageError> {
    let pattern = match source.to_str() {
        // A file may have brackets in its name.
        Some(text) if text.contains(['*', '?', '[']) && !Path::new(&source).exists() => text,
        _ => return Ok(vec![source]),
    };
    let refused = |reason: String| UsageError(format!("{pattern:?}: {reason}"));
    // As the file system does.
    let options = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(pattern, options).map_err(|error| refused(error.to_string()))?;
    let files: Vec<OsString> = paths.filter_map(Result::ok).filter(|path| path.is_file()).map(OsString::from).collect();
    if files.is_empty() { Err(refused("no file matches".to_owned())) } else { Ok(files) }
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_expanded_as_the_file_system_compares() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.zip", "B.ZIP", "c d.zip", "[e].zip", "f.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("g.zip")).unwrap();
        let expanded = |pattern: &str| {
            let found = expand(folder.path().join(pattern).into()).map_err(|error| error.0)?;
            let name = |path: &OsString| Path::new(path).file_name().unwrap().to_str().unwrap().to_lowercase();
            let mut names: Vec<String> = found.iter().map(name).collect();
            names.sort();
            Ok::<_, String>(names)
        };
        assert_eq!(expanded("*.zip").unwrap(), ["[e].zip", "a.zip", "b.zip", "c d.zip"]);
        assert_eq!(expanded("?.Zip").unwrap(), ["a.zip", "b.zip"]);
        assert_eq!(expanded("[e].zip").unwrap(), ["[e].zip"], "a name goes before a pattern");
        assert_eq!(expanded("missing.zip").unwrap(), ["missing.zip"], "told when it is opened");
        assert!(expanded("*.exe").unwrap_err().ends_with("no file matches"));
    }
}
