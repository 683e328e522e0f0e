//! Folders and files as the system has them.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

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
fn a_file_is_read_whole_or_not_at_all() {
    let (dir, folder) = folder();
    std::fs::write(dir.path().join("f"), "12345").unwrap();
    assert_eq!(folder.read_trusted("f", 5).unwrap(), b"12345");
    for max in [0, 3, 4] {
        assert!(matches!(folder.read_trusted("f", max), Err(AccessError::Untrusted(TOO_LARGE))), "{max}");
    }
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
fn a_file_keeps_its_stamp_under_another_name() {
    let (dir, _) = folder();
    let written = |name: &str| {
        std::fs::write(dir.path().join(name), "bytes").unwrap();
        stamp(&File::open(dir.path().join(name)).unwrap()).unwrap()
    };
    let (one, other) = (written("one"), written("other"));
    assert_eq!((one.0, other.0), (5, 5));
    assert_ne!(one.1, other.1);
    std::fs::rename(dir.path().join("one"), dir.path().join("two")).unwrap();
    assert_eq!(stamp(&File::open(dir.path().join("two")).unwrap()).unwrap(), one);
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

/// Fails at its n-th step.
#[derive(Debug)]
struct FailsAt {
    step: usize,
    taken: AtomicUsize,
}

impl FailsAt {
    fn step(&self) -> std::io::Result<()> {
        let step = self.taken.fetch_add(1, Ordering::Relaxed);
        if step == self.step { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl Disk for FailsAt {
    fn create(&self, folder: &Folder, name: &str) -> std::io::Result<File> {
        self.step().and_then(|()| folder.create_new(name))
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> std::io::Result<()> {
        file.write_all(&bytes[..1])?;
        self.step().and_then(|()| file.write_all(&bytes[1..]))
    }

    fn sync_data(&self, _: &File) -> std::io::Result<()> {
        self.step()
    }

    fn sync_all(&self, _: &File) -> std::io::Result<()> {
        self.step()
    }

    fn rename(&self, (from, name): (&Folder, &str), (to, new): (&Folder, &str), how: Replace) -> std::io::Result<()> {
        self.step().and_then(|()| from.rename(name, to, new, how))
    }

    fn sync_folder(&self, _: &Folder) -> std::io::Result<()> {
        self.step()
    }
}

#[test]
fn a_replacement_that_fails_leaves_one_whole_file_and_no_other() {
    for (step, content) in ["old", "old", "old", "old", "new", "new"].into_iter().enumerate() {
        let (dir, folder) = folder();
        std::fs::write(dir.path().join("a"), "old").unwrap();
        std::fs::write(dir.path().join("a.tmp"), "left by a crash").unwrap();
        let disk = FailsAt { step, taken: AtomicUsize::new(0) };
        assert_eq!(disk.replace(&folder, "a", "a.tmp", b"new").is_ok(), step == 5, "step {step}");
        assert_eq!(std::fs::read(dir.path().join("a")).unwrap(), content.as_bytes(), "step {step}");
        assert_eq!(folder.names().unwrap(), ["a"], "step {step}");
    }
}

#[test]
fn a_lock_is_held_by_one_and_leaves_no_file() {
    let (_dir, folder) = folder();
    let lock = folder.try_lock("lock").unwrap().unwrap();
    assert!(folder.try_lock("lock").unwrap().is_none());
    folder.unlock_and_remove("lock", lock).unwrap();
    assert_eq!(folder.names().unwrap(), [""; 0]);
}

#[test]
fn a_lock_that_was_let_go_is_free_though_a_program_being_started_has_its_file() {
    let (_dir, folder) = folder();
    let lock = folder.try_lock("lock").unwrap().unwrap();
    // As between fork and exec.
    let started = lock.0.try_clone().unwrap();
    drop(lock);
    assert!(folder.try_lock("lock").unwrap().is_some());
    drop(started);
}

/// Each Linux has these two, and they are two.
#[cfg(target_os = "linux")]
#[test]
fn folders_of_two_file_systems_are_told_apart() {
    let dir = tempfile::tempdir().expect("a folder");
    let (here, there) = (Folder::open(dir.path()).expect("open"), Folder::open("/proc".as_ref()).expect("open"));
    assert_eq!((here.is_same_device(&here).ok(), here.is_same_device(&there).ok()), (Some(true), Some(false)));
}
