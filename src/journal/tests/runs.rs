//! Records that one run leaves and the next finds.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::protocol::HostId;

#[test]
fn the_next_run_finds_what_the_last_one_saved() {
    let scene = Scene::new();
    let journal = scene.journal();
    let entry = scene.half_way(&journal);
    let record = entry.record().clone();
    drop(entry);
    let claim = scene.claim(&scene.journal());
    assert!(claim.is_known());
    assert_eq!(claim.record().session, record.session);
    assert!(scene.entity.identity().is_unchanged_since(&claim.record().identity));
    assert_eq!((record.session, record.prefix), (Some(state(SIZE / 2, SIZE / 2)), Some(digest(SIZE / 2))));
}

#[test]
fn what_was_read_for_the_network_is_known_to_the_next_run() {
    let scene = Scene::new();
    let mut entry = scene.claim(&scene.journal());
    let read = Contents { size: 9000, fingerprint: digest(9000) };
    entry.save(state(4000, 9000), digest(4000), Some(read), Scene::at(0));
    drop(entry);
    assert_eq!(scene.claim(&scene.journal()).record().read, Some(read));
}

#[test]
fn success_leaves_nothing_behind() {
    let scene = Scene::new();
    let journal = scene.journal();
    let mut entry = scene.half_way(&journal);
    assert_eq!(names(&scene.state()).len(), 2);
    save_progress(&mut entry, SIZE / 2 + 1, SIZE / 2 + 1, Scene::at(4));
    assert_eq!(names(&scene.state()).len(), 3);
    entry.forget();
    assert!(entry.take_warnings().is_empty());
    drop(entry);
    assert_eq!(names(&scene.state()), [""; 0]);
    drop(scene.claim(&journal));
    assert_eq!(names(&scene.state()), [""; 0]);
}

#[test]
fn a_secret_in_the_query_is_not_written_and_another_query_is_another_upload() {
    let mut scene = Scene::new();
    let journal = scene.journal();
    drop(scene.half_way(&journal));
    let text = std::fs::read_to_string(scene.record_file()).expect("written");
    assert!(text.contains("http://h/drop/file.bin") && !text.contains("s3cret"), "{text}");
    scene.url = Uri::from_static("http://h/drop/file.bin?sig=other");
    assert!(!scene.claim(&journal).is_known());
}

#[test]
fn a_record_belongs_to_its_url_whatever_file_is_on_its_way_there() {
    let mut scene = Scene::new();
    let journal = scene.journal();
    drop(scene.half_way(&journal));
    let elsewhere = scene.folder.path().join("elsewhere.bin");
    std::fs::copy(scene.entity.absolute_path(), &elsewhere).expect("copied");
    scene.entity = UploadEntity::open(&elsewhere).expect("opened");
    let mut claim = scene.claim(&journal);
    assert!(claim.is_known());
    assert!(claim.record().path.ends_with("file.bin"), "until something is saved it is the other file's");
    save(&mut claim, 1, 1, Scene::at(5));
    assert!(claim.record().path.ends_with("elsewhere.bin"));
    assert!(scene.entity.identity().is_unchanged_since(&claim.record().identity));
}

#[test]
fn a_newer_ack_counts_only_within_what_was_promised_for_the_same_session() {
    let scene = Scene::new();
    let journal = scene.journal();
    let found = |entry: &Entry| {
        let record = scene.journal().0.expect("on").load(entry.record().key).expect("read").expect("there");
        record.session.expect("a session").acknowledged
    };
    let mut entry = scene.claim(&journal);
    save(&mut entry, 0, 5000, Scene::at(0));
    save_progress(&mut entry, 4000, 5000, Scene::at(1));
    assert_eq!(found(&entry), 4000);
    let ack = scene.record_file().with_extension("ack");
    let sealed = std::fs::read(&ack).expect("written");
    let text = String::from_utf8(progress::unseal(&sealed).expect("whole").to_vec()).expect("JSON");
    for (from, to, counts) in [
        ("4000", "3999", 3999),
        ("\"acknowledged\":4000,\"sent_end\":5000", "\"acknowledged\":6000,\"sent_end\":6000", 0),
        ("{S-1}", "{S-2}", 0),
        ("{\"v\"", "{\"x\"", 0),
        ("\"size\":10000", "\"size\":10001", 4000),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&ack, progress::seal(text.replace(from, to).as_bytes())).expect("written");
        assert_eq!(found(&entry), counts, "{to}");
    }
    std::fs::write(&ack, &sealed[..sealed.len() / 2]).expect("written");
    assert_eq!(found(&entry), 0, "half of it");
    std::fs::write(&ack, &text).expect("written");
    assert_eq!(found(&entry), 0, "without its digest");
}

#[test]
fn records_of_an_older_version_are_set_aside_and_counted_once() {
    let scene = Scene::new();
    drop(scene.half_way(&scene.journal()));
    let old = "ab".repeat(32);
    std::fs::write(scene.state().join(format!("{old}.json")), "{\"v\":1,\"key\":\"x\"}").expect("written");
    std::fs::write(scene.state().join(format!("{old}.host")), "{\"v\":1,\"refused_size\":9000,\"refused\":1}")
        .expect("written");
    let journal = scene.journal();
    let warning = journal.older_records().expect("one").to_string();
    assert!(warning.starts_with("1 unfinished uploads in"), "{warning}");
    assert!(scene.claim(&journal).is_known(), "those of this version stay");
    assert!(scene.state().join(format!("{old}.bad")).exists() && !scene.state().join(format!("{old}.host")).exists());
    assert!(scene.journal().older_records().is_none());
}

#[test]
fn one_process_at_a_time_has_an_upload() {
    let scene = Scene::new();
    let journal = scene.journal();
    let entry = scene.half_way(&journal);
    let locked = scene.journal().claim(&scene.upload(), Scene::at(0)).map(|claim| claim.is_known());
    assert_eq!(locked, Err(JournalError::Locked));
    assert_eq!(scene.journal().take(scene.key()).map(|entry| entry.is_some()), Err(JournalError::Locked));
    drop(entry);
    assert!(scene.claim(&journal).is_known());
}

#[test]
fn a_lock_that_its_holder_removes_locks_nobody_in_and_lets_nobody_through() {
    let scene = Scene::new();
    let (inside, had) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let journal = scene.journal();
                for _ in 0..50 {
                    let Ok(claim) = journal.claim(&scene.upload(), Scene::at(0)) else { continue };
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two have it");
                    had.fetch_add(1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(claim);
                }
            });
        }
    });
    assert!(had.into_inner() > 50);
    assert_eq!(names(&scene.state()), [""; 0]);
}

#[test]
fn a_target_is_kept_only_where_it_may_be_followed() {
    let scene = Scene::new();
    let journal = scene.journal();
    let host: HostId = "other:81".parse().expect("a host");
    for (target, kept) in [
        ("http://h/drop/x", true),
        ("https://h:8443/drop/x", true),
        ("http://other:81/drop/x", true),
        ("http://h/drop/x?token=1", false),
        ("http://evil/drop/x", false),
    ] {
        let mut entry = scene.claim(&journal);
        let there = Some(target.parse().expect("a URL"));
        let state = ResumeState { host: Some(host.clone()), target: there, ..state(0, 0) };
        entry.save(state, digest(0), None, Scene::at(0));
        drop(entry);
        let record = journal.list().expect("listed").remove(0).record;
        let found = record.ok().and_then(|record| record.session?.target);
        assert_eq!(found.map(|url| url.to_string()).as_deref(), kept.then_some(target));
    }
}

#[test]
fn without_a_folder_everything_goes_on_in_memory() {
    let scene = Scene::new();
    for place in [scene.folder.path().join("file.bin"), scene.folder.path().join("file.bin").join("below")] {
        assert!(matches!(Journal::open(&place), Err(JournalWarning::NoFolder(..))));
    }
    let mut entry = scene.half_way(&Journal::disabled());
    assert_eq!(entry.record().session.as_ref().map(|session| session.acknowledged), Some(SIZE / 2));
    assert!(!entry.can_save());
    entry.forget();
    assert!(entry.take_warnings().is_empty());
    assert!(!scene.state().exists());
    assert!(Journal::open_existing(&scene.state()).expect("none").list().expect("listed").is_empty());
    assert!(!scene.state().exists());
}

#[test]
fn pruning_removes_what_is_old_broken_or_left_over_and_nothing_else() {
    let scene = Scene::new();
    let journal = scene.journal();
    let busy = scene.half_way(&journal);
    assert_eq!(journal.prune(day(30_000)).expect("pruned"), []);
    drop(busy);
    // Clocks go back, too.
    for days in [10_000, 20_000, 20_013] {
        assert_eq!(journal.prune(day(days)).expect("pruned"), []);
    }
    let expired = Pruned { key: scene.key(), what: PrunedWhat::Expired };
    assert_eq!(journal.prune(day(20_015)).expect("pruned"), [expired]);
    assert_eq!(names(&scene.state()), [""; 0]);

    drop(scene.half_way(&journal));
    let key = "ab".repeat(32);
    std::fs::write(scene.state().join(format!("{key}.json")), "{}").expect("written");
    for ending in ["tmp", "bad", "lock"] {
        std::fs::write(scene.state().join(format!("{}.{ending}", "cd".repeat(32))), "").expect("written");
    }
    std::fs::write(scene.state().join("somebody else's.txt"), "").expect("written");
    let what: Vec<PrunedWhat> = journal.prune(day(20_001)).expect("pruned").iter().map(|pruned| pruned.what).collect();
    assert!(matches!(what[..], [PrunedWhat::Broken(_), PrunedWhat::Leftover]), "{what:?}");
    assert_eq!(names(&scene.state()).len(), 3);
    assert!(scene.claim(&journal).is_known());
    // Each alone.
    for ending in ["tmp", "bad", "lock"] {
        std::fs::write(scene.state().join(format!("{}.{ending}", "cd".repeat(32))), "").expect("written");
        journal.prune(day(20_001)).expect("pruned");
        assert_eq!(names(&scene.state()).len(), 3, "{ending}");
    }
}
