//! Which files: those typed, those in a list, those in directories, and on Windows those that a pattern stands for.

use std::ffi::OsString;
use std::path::Path;

use crate::cli::config::{FoundFile, Item, UploadConfig, UsageError};
use crate::cli::error::SelectionError;
use crate::cli::file_list::{self, ListedFile};
use crate::cli::folder;
use crate::cli::signals::Signals;
use crate::client::ClientError;

use super::input;

/// The files to upload, and a line for each entry that is left out.
pub(super) struct SelectedFiles {
    pub(super) items: Vec<Item>,
    pub(super) left_out: Vec<String>,
}

pub(super) fn select(config: &UploadConfig, signals: &Signals) -> anyhow::Result<SelectedFiles> {
    let args = &config.files.args;
    let typed = args.paths.iter().map(|source| ListedFile { source: source.clone(), destination: None });
    let listed = match &args.files_from {
        Some(path) => read(path, args.null, signals)?,
        None => Vec::new(),
    };
    let mut search = Search { follows_links: args.follow_links, keeps_path: args.relative, ..Search::default() };
    for ListedFile { source, destination } in typed.chain(listed) {
        for source in expand(source)? {
            if args.recursive && Path::new(&source).is_dir() {
                search.directory(&source, destination.as_deref(), &|| signals.cancellation.is_interrupted())?;
            } else {
                search.file(&source, destination.clone())?;
            }
        }
    }
    if signals.cancellation.is_interrupted() {
        return Err(ClientError::Interrupted { can_go_on: false }.into());
    }
    if !search.errors.is_empty() {
        return Err(SelectionError(format!("nothing was sent: {}", search.errors.join("; "))).into());
    }
    if search.found.is_empty() {
        let place =
            if args.files_from.is_some() { "the list names no file" } else { "there is no file in the directory" };
        let reasons: Vec<&str> = [place].into_iter().chain(search.left_out.iter().map(String::as_str)).collect();
        return Err(SelectionError(format!("nothing to upload: {}", reasons.join("; "))).into());
    }
    Ok(SelectedFiles { items: config.files.items(&search.found)?, left_out: search.left_out })
}

#[derive(Default)]
struct Search {
    follows_links: bool,
    /// Files keep the path that was typed.
    keeps_path: bool,
    found: Vec<FoundFile>,
    left_out: Vec<String>,
    errors: Vec<String>,
}

impl Search {
    fn file(&mut self, source: &OsString, destination: Option<String>) -> Result<(), UsageError> {
        let has_path = destination.is_none() && source != "-";
        let below = if has_path { self.kept(source)? } else { Vec::new() };
        self.found.push(FoundFile { below, ..FoundFile::plain(source, destination) });
        Ok(())
    }

    fn directory(
        &mut self,
        directory: &OsString,
        destination: Option<&str>,
        stopped: &dyn Fn() -> bool,
    ) -> Result<(), UsageError> {
        let path = Path::new(directory);
        let above = self.kept(directory)?;
        let walk = folder::walk(path, self.follows_links, stopped);
        self.left_out.extend(walk.left_out());
        self.errors.extend(walk.errors);
        self.found.extend(walk.files.iter().map(|file| FoundFile {
            source: path.join(file).into_os_string(),
            destination: destination.map(str::to_owned),
            below: above.iter().map(OsString::as_os_str).chain(file.iter()).map(OsString::from).collect(),
        }));
        Ok(())
    }

    /// The names of a typed or listed path that are kept, if paths are kept.
    fn kept(&self, path: &OsString) -> Result<Vec<OsString>, UsageError> {
        if self.keeps_path { folder::names_below(Path::new(path)).map_err(UsageError) } else { Ok(Vec::new()) }
    }
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
fn expand(source: OsString) -> anyhow::Result<Vec<OsString>> {
    Ok(vec![source])
}

#[cfg(windows)]
fn expand(source: OsString) -> anyhow::Result<Vec<OsString>> {
    let pattern = match source.to_str() {
        // A file may have brackets in its name.
        Some(text) if text.contains(['*', '?', '[']) && !Path::new(&source).exists() => text,
        _ => return Ok(vec![source]),
    };
    // As the file system does.
    let options = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
    let paths = glob::glob_with(pattern, options).map_err(|error| UsageError(format!("{pattern:?}: {error}")))?;
    let files: Vec<OsString> = paths.filter_map(Result::ok).filter(|path| path.is_file()).map(OsString::from).collect();
    if files.is_empty() {
        return Err(SelectionError(format!("nothing to upload: no file matches {pattern:?}")).into());
    }
    Ok(files)
}

#[cfg(all(test, windows))]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_expanded_as_the_file_system_compares() {
        let folder = tempfile::tempdir().expect("right");
        for name in ["a.zip", "B.ZIP", "c d.zip", "[e].zip", "f.txt"] {
            std::fs::write(folder.path().join(name), "").expect("right");
        }
        std::fs::create_dir(folder.path().join("g.zip")).expect("right");
        let expanded = |pattern: &str| {
            let found = expand(folder.path().join(pattern).into()).map_err(|error| error.to_string())?;
            let name =
                |path: &OsString| Path::new(path).file_name().expect("right").to_str().expect("right").to_lowercase();
            let mut names: Vec<String> = found.iter().map(name).collect();
            names.sort();
            Ok::<_, String>(names)
        };
        assert_eq!(expanded("*.zip").expect("right"), ["[e].zip", "a.zip", "b.zip", "c d.zip"]);
        assert_eq!(expanded("?.Zip").expect("right"), ["a.zip", "b.zip"]);
        assert_eq!(expanded("[e].zip").expect("right"), ["[e].zip"], "a name goes before a pattern");
        assert_eq!(expanded("missing.zip").expect("right"), ["missing.zip"], "told when it is opened");
        assert!(expanded("*.exe").unwrap_err().starts_with("nothing to upload: no file matches"));
    }
}
