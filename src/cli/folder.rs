//! The files in a directory and in those below it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// The contents of a directory.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Each file's path from the directory, in the order of their names.
    pub(super) files: Vec<PathBuf>,
    /// Symbolic links that were not followed.
    pub(super) links: Vec<PathBuf>,
    /// Neither files nor directories nor links.
    pub(super) special: Vec<PathBuf>,
    /// An error for each entry that could not be read.
    pub(super) errors: Vec<String>,
}

/// Looks at everything in `directory`, until it is `stopped`; links in it are followed if `follows_links`.
pub(super) fn walk(directory: &Path, follows_links: bool, stopped: &dyn Fn() -> bool) -> Walk {
    let mut walk = Walk::default();
    for entry in WalkDir::new(directory).follow_links(follows_links).sort_by_file_name() {
        if stopped() {
            break;
        }
        match entry {
            Ok(entry) => walk.add(directory, &entry),
            Err(error) => walk.errors.push(error.to_string()),
        }
    }
    walk
}

impl Walk {
    fn add(&mut self, directory: &Path, entry: &DirEntry) {
        let kind = entry.file_type();
        if kind.is_dir() {
        } else if kind.is_file() {
            let below = entry.path().strip_prefix(directory).unwrap_or(entry.path());
            self.files.push(below.to_owned());
        } else if kind.is_symlink() {
            self.links.push(entry.path().to_owned());
        } else {
            self.special.push(entry.path().to_owned());
        }
    }

    /// The entries that are left out, in a line for each kind.
    pub(super) fn left_out(&self) -> Vec<String> {
        let line = |paths: &[PathBuf], kind: &str, hint: &str| {
            let first = paths.first()?.display();
            Some(match paths.len() {
                1 => format!("{first} is left out: it is a {kind}{hint}"),
                count => format!("{count} {kind}s are left out, such as {first}{hint}"),
            })
        };
        let links = line(&self.links, "symbolic link", "; --follow-links uploads what it leads to");
        let special = line(&self.special, "special file", "");
        links.into_iter().chain(special).collect()
    }
}

/// A path's names below the folder of a URL, for `--relative`.
///
/// # Errors
/// When it begins at the root, or leads up.
pub(super) fn names_below(path: &Path) -> Result<Vec<OsString>, String> {
    use std::path::Component;
    let names = path.components().filter(|part| *part != Component::CurDir);
    let name = |part| match part {
        Component::Normal(name) => Ok(name.to_owned()),
        _ => Err(format!(
            "--relative: {} begins at the root or has .. in it: write it from the current directory on",
            path.display()
        )),
    };
    names.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        for directory in ["b", "a/deep", "empty"] {
            std::fs::create_dir_all(at(directory)).expect("made");
        }
        for file in ["z", "b/1", "a/deep/.hidden", "a/2"] {
            std::fs::write(at(file), file).expect("written");
        }
        let walk = walk(folder.path(), false, &|| false);
        assert_eq!(walk.files, ["a/2", "a/deep/.hidden", "b/1", "z"].map(|path| path.split('/').collect::<PathBuf>()));
        assert_eq!(super::walk(folder.path(), false, &|| true).files.len(), 0);
        assert!(walk.left_out().is_empty() && walk.errors.is_empty());
        assert_eq!(super::walk(&at("missing"), false, &|| false).errors.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_only_if_asked_and_a_loop_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("real")).expect("made");
        std::fs::write(at("real/file"), "").expect("written");
        std::os::unix::fs::symlink("real", at("link")).expect("linked");
        std::os::unix::fs::symlink("real/file", at("other")).expect("linked");
        let plain = walk(folder.path(), false, &|| false);
        assert_eq!(plain.files, [Path::new("real/file")]);
        let told = plain.left_out();
        assert!(told.len() == 1 && told[0].starts_with("2 symbolic links are left out, such as "), "{told:?}");
        assert_eq!(walk(folder.path(), true, &|| false).files, ["link/file", "other", "real/file"].map(Path::new));
        assert_eq!(walk(&at("link"), false, &|| false).files, [Path::new("file")], "one that was typed is followed");
        std::os::unix::fs::symlink("..", at("real/up")).expect("linked");
        assert!(walk(folder.path(), true, &|| false).errors.iter().any(|error| error.contains("loop")));
    }

    #[test]
    fn a_relative_path_leads_nowhere_else() {
        let names = |path: &str| names_below(Path::new(path)).map(|names| names.join("/".as_ref()));
        assert_eq!(names("./a//b/./c"), Ok("a/b/c".into()));
        for wrong in ["/a", "a/../b", ".."] {
            assert!(names(wrong).is_err_and(|error| error.contains("from the current directory on")), "{wrong}");
        }
    }
}
