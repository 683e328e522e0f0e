//! Files and folders that an attacker prepared.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("asked").permissions().mode() & 0o7777
}

/// A file prepared in place of a whole record is not used, does not block, and is out of the way afterwards.
fn refused(prepare: impl Fn(&Path)) {
    let scene = Scene::new();
    let journal = scene.journal();
    drop(scene.half_way(&journal));
    prepare(&scene.record_file());
    let mut claim = scene.claim(&journal);
    assert!(!claim.is_known() && claim.record().session.is_none());
    let warnings = claim.take_warnings();
    let [JournalWarning::Ignored { path, set_aside: true, .. }] = &warnings[..] else { panic!("{warnings:?}") };
    assert_eq!(*path, scene.record_file());
    save(&mut claim, 0, 0, Scene::at(0));
    assert!(claim.take_warnings().is_empty());
    drop(claim);
    assert!(scene.claim(&journal).is_known());
    assert!(scene.record_file().with_extension("bad").symlink_metadata().is_ok());
}

fn replace(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).expect("read");
    assert!(text.contains(from), "no {from} in {text}");
    fs::write(path, text.replace(from, to)).expect("written");
}

#[test]
fn what_nobody_but_us_could_have_written_is_not_assumed() {
    refused(|path| fs::set_permissions(path, Permissions::from_mode(0o660)).expect("opened"));
    refused(|path| fs::set_permissions(path, Permissions::from_mode(0o602)).expect("opened"));
    refused(|path| {
        let real = path.with_extension("real");
        fs::rename(path, &real).expect("moved");
        symlink(real, path).expect("linked");
    });
    refused(|path| {
        fs::remove_file(path).expect("removed");
        assert!(std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
    });
    refused(|path| {
        fs::remove_file(path).expect("removed");
        fs::create_dir(path).expect("made");
    });
    // Only root can give files away.
    let scene = Scene::new();
    if std::os::unix::fs::chown(scene.folder.path(), Some(12_345), None).is_ok() {
        refused(|path| std::os::unix::fs::chown(path, Some(12_345), None).expect("given away"));
        assert!(matches!(Journal::open(scene.folder.path()), Err(JournalWarning::NoFolder(..))));
    }
}

#[test]
fn damaged_contents_are_not_used() {
    refused(|path| fs::write(path, "").expect("written"));
    refused(|path| fs::write(path, vec![b' '; 65 << 10]).expect("written"));
    refused(|path| {
        let bytes = fs::read(path).expect("read");
        fs::write(path, &bytes[..bytes.len() - 1]).expect("written");
    });
    refused(|path| replace(path, "\"acknowledged\":5000", "\"acknowledged\":5001"));
    refused(|path| replace(path, "\"sent_end\":5000", "\"sent_end\":10001"));
    refused(|path| replace(path, "{S-1}", "{S 1}"));
    refused(|path| replace(path, "\"close_sent\":false", "\"close_sent\":true"));
    refused(|path| replace(path, "\"reply_url\":null", "\"reply_url\":\"../r\""));
    // A reply that was not offered, or of which nothing is told.
    refused(|path| replace(path, "\"reply_saved\":false", "\"reply_saved\":true"));
    let reply = |contents: &str| {
        let reply = format!("\"reply\":{{\"size\":1,\"contents\":\"{contents}\"}}");
        refused(|path| replace(path, "\"reply\":null", &reply));
    };
    reply(&"0".repeat(31));
    reply(&"G".repeat(32));
    // Bytes that were read beyond the acknowledged part end within the file.
    for end in [5000, 10_001] {
        let read = format!("\"read\":{{\"size\":{end},\"contents\":\"{}\"}}", "0".repeat(32));
        refused(|path| replace(path, "\"read\":null", &read));
    }
    // It is the record of another upload: the file's name is not enough.
    refused(|path| replace(path, "http://h/drop", "http://evil/drop"));
    refused(|path| replace(path, "\"has_query\":true", "\"has_query\":false"));
}

#[test]
fn a_newer_record_is_left_alone() {
    let scene = Scene::new();
    let journal = scene.journal();
    drop(scene.half_way(&journal));
    replace(&scene.record_file(), "\"v\":2", "\"new\":[],\"v\":3");
    let before = fs::read(scene.record_file()).expect("read");
    let mut claim = scene.claim(&journal);
    assert!(!claim.is_known());
    save(&mut claim, 0, 0, Scene::at(0));
    let warnings = claim.take_warnings();
    assert!(matches!(warnings[..], [JournalWarning::Ignored { set_aside: false, .. }]), "{warnings:?}");
    claim.forget();
    drop(claim);
    assert_eq!(fs::read(scene.record_file()).expect("read"), before);
    assert_eq!(journal.prune(day(30_000)).expect("pruned"), []);
    assert_eq!(fs::read(scene.record_file()).expect("read"), before);
}

#[test]
fn folder_and_files_are_for_their_owner_alone() {
    let scene = Scene::new();
    let journal = scene.journal();
    let entry = scene.half_way(&journal);
    assert_eq!((mode(&scene.state()), mode(scene.state().parent().expect("a parent"))), (0o700, 0o700));
    for name in names(&scene.state()) {
        assert_eq!(mode(&scene.state().join(name)), 0o600);
    }
    drop(entry);
}

#[test]
fn folders_that_others_can_write_to_or_that_are_links_are_not_used() {
    let scene = Scene::new();
    drop(scene.journal());
    for open in [0o770, 0o702, 0o1777] {
        fs::set_permissions(scene.state(), Permissions::from_mode(open)).expect("opened");
        let refused = Journal::open(&scene.state()).expect_err("refused").to_string();
        assert!(refused.contains("other users may write"), "{refused}");
    }
    fs::set_permissions(scene.state(), Permissions::from_mode(0o755)).expect("closed");
    Journal::open(&scene.state()).expect("reading does no harm");
    let link = scene.folder.path().join("link");
    symlink(scene.state(), &link).expect("linked");
    let refused = Journal::open(&link).expect_err("refused").to_string();
    assert!(refused.contains("symbolic link"), "{refused}");
}

#[test]
fn a_lock_file_that_is_a_link_or_a_fifo_is_not_followed() {
    let scene = Scene::new();
    let journal = scene.journal();
    let lock = scene.state().join(format!("{}.lock", scene.key()));
    symlink(scene.folder.path().join("victim"), &lock).expect("linked");
    let mut claim = scene.claim(&journal);
    assert!(matches!(claim.take_warnings()[..], [JournalWarning::NotSaved(..)]));
    assert!(!scene.folder.path().join("victim").exists());
}

#[test]
fn what_is_no_folder_is_not_taken_for_a_missing_one() {
    let scene = Scene::new();
    let file = scene.folder.path().join("file.bin");
    assert!(matches!(Journal::open(&file), Err(JournalWarning::NoFolder(_, AccessError::Untrusted(_)))));
    assert!(matches!(Journal::open(&file.join("below")), Err(JournalWarning::NoFolder(_, AccessError::Io(_)))));
    // No file system takes the last.
    for place in [file.clone(), file.join("below"), scene.folder.path().join("x".repeat(300))] {
        assert!(matches!(Journal::open_existing(&place), Err(JournalWarning::NoFolder(..))), "{}", place.display());
    }
}
