//! Folders by handle: what is below one is reached name by name, and a symbolic link is never followed.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use other::{Folder, Permissions};
#[cfg(unix)]
pub(crate) use unix::{Folder, Permissions};

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, device, pipe or socket.
    Other,
}

/// Whether a rename may replace a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replace {
    /// An existing file is an error.
    Never,
    /// An existing file is replaced.
    Allowed,
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_rename_replaces_only_when_allowed() {
        let (dir, folder) = folder();
        std::fs::write(dir.path().join("a"), "old").unwrap();
        folder.create_new("b").unwrap().write_all(b"new").unwrap();
        let refused = folder.rename("b", &folder, "a", Replace::Never).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), b"old");
        folder.rename("b", &folder, "a", Replace::Allowed).unwrap();
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), b"new");
        assert_eq!(folder.kind("b").unwrap(), None);
    }

    #[test]
    fn names_are_told_by_kind() {
        let (dir, folder) = folder();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::fs::write(dir.path().join("f"), "").unwrap();
        assert_eq!(folder.kind("d").unwrap(), Some(Kind::Folder));
        assert_eq!(folder.kind("f").unwrap(), Some(Kind::File));
        assert_eq!(folder.kind("none").unwrap(), None);
        let mut names = folder.names().unwrap();
        names.sort();
        assert_eq!(names, ["d", "f"]);
    }

    #[test]
    fn a_folder_is_known_again() {
        let (dir, folder) = folder();
        std::fs::create_dir(dir.path().join("d")).unwrap();
        std::fs::create_dir(dir.path().join("e")).unwrap();
        let entered = folder.enter("d").unwrap();
        assert!(entered.is_same_folder(&Folder::open(&dir.path().join("d")).unwrap()).unwrap());
        assert!(!entered.is_same_folder(&folder.enter("e").unwrap()).unwrap());
        if let Ok(other_case) = folder.enter("D") {
            assert!(entered.is_same_folder(&other_case).unwrap());
        }
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_neither_entered_nor_opened() {
        let (dir, folder) = folder();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), dir.path().join("file")).unwrap();
        assert!(folder.enter("link").is_err());
        assert!(folder.open_file("file").is_err());
        assert_eq!(folder.kind("file").unwrap(), Some(Kind::Other));
    }

    #[cfg(unix)]
    #[test]
    fn the_private_folder_and_its_files_belong_to_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, folder) = folder();
        let private = folder.enter_private("p").unwrap();
        private.create_new("f").unwrap();
        let mode = |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("p"), mode("p/f")), (0o700, 0o600));
    }
}
