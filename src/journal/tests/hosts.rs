//! The sizes of fragments that hosts and folders refused.

use super::*;

impl Scene {
    fn host_file(&self) -> PathBuf {
        self.state().join(format!("{}.host", Key::of_folder(&self.url)))
    }

    fn host_refused(&self, milliseconds: u64) -> Option<u64> {
        self.claim(&self.journal()).refused_before(Scene::at(milliseconds))
    }
}

const DAY: u64 = 24 * 60 * 60 * 1000;

#[test]
fn what_a_host_refused_is_known_to_its_later_uploads_for_thirty_days() {
    let scene = Scene::new();
    assert_eq!(scene.host_refused(0), None);
    scene.claim(&scene.journal()).remember_limit(HostLimit::Refused(1_000_000), Scene::at(0));
    assert_eq!((scene.host_refused(0), scene.host_refused(30 * DAY)), (Some(1_000_000), Some(1_000_000)));
    assert_eq!(scene.host_refused(30 * DAY + 1000), None);
    // Another file of the same folder.
    let url = Uri::from_static("http://H:80/drop/elsewhere");
    let claim = scene.journal().claim(&Upload { destination: &url, ..scene.upload() }, Scene::at(0)).expect("free");
    assert_eq!(claim.refused_before(Scene::at(0)), Some(1_000_000));
    for url in ["https://h/drop/file.bin", "http://h/elsewhere/file.bin", "http://h/file.bin"] {
        let url = Uri::from_static(url);
        let claim = scene.journal().claim(&Upload { destination: &url, ..scene.upload() }, Scene::at(0)).expect("free");
        assert_eq!(claim.refused_before(Scene::at(0)), None, "{url}");
    }
}

#[test]
fn the_newest_proof_counts_and_a_wrong_one_is_forgotten() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal());
    for (at, size, known) in [(0, 9000, 9000), (1, 8000, 8000), (2, 9000, 9000), (31 * DAY, 9000, 9000)] {
        entry.remember_limit(HostLimit::Refused(size), Scene::at(at));
        assert_eq!(entry.refused_before(Scene::at(at)), Some(known), "{size}");
    }
    entry.remember_limit(HostLimit::None, Scene::at(31 * DAY));
    assert_eq!(entry.refused_before(Scene::at(31 * DAY)), None);
    drop(entry);
    let left = names(&scene.state());
    assert!(left.iter().all(|name| !name.contains(".tmp")), "{left:?}");
}

#[test]
fn sizes_out_of_bounds_are_neither_kept_nor_believed() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal());
    for size in [0, 5119, (256 << 20) + 1, u64::MAX] {
        entry.remember_limit(HostLimit::Refused(size), Scene::at(0));
        assert!(!scene.host_file().exists(), "{size}");
        let text = format!("{{\"v\":2,\"refused_size\":{size},\"refused\":1728000000}}");
        std::fs::write(scene.host_file(), text).expect("written");
        assert_eq!(entry.refused_before(Scene::at(0)), None, "{size}");
        std::fs::remove_file(scene.host_file()).expect("removed");
    }
}

#[test]
fn a_file_that_is_damaged_is_replaced_and_a_newer_one_left_alone() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal());
    for (text, kept) in [
        ("", false),
        ("{}", false),
        ("{\"v\":2,\"refused_size\":\"9\"}", false),
        ("{\"v\":1}", false),
        ("{\"v\":3}", true),
    ] {
        std::fs::write(scene.host_file(), text).expect("written");
        assert_eq!(entry.refused_before(Scene::at(0)), None, "{text}");
        entry.remember_limit(HostLimit::Refused(9000), Scene::at(0));
        assert_eq!(entry.refused_before(Scene::at(0)).is_none(), kept, "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal());
    entry.remember_limit(HostLimit::Refused(9000), Scene::at(0));
    let mode = std::fs::metadata(scene.host_file()).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(scene.host_file(), PermissionsExt::from_mode(0o666)).expect("opened");
    assert_eq!(entry.refused_before(Scene::at(0)), None);
}

#[test]
fn without_a_journal_nothing_is_kept() {
    let scene = Scene::new();
    let entry = Journal::disabled().claim(&scene.upload(), Scene::at(0)).expect("free");
    entry.remember_limit(HostLimit::Refused(9000), Scene::at(0));
    assert_eq!(entry.refused_before(Scene::at(0)), None);
    assert!(!scene.state().exists());
}

#[test]
fn pruning_removes_what_expired_or_is_broken_and_no_more() {
    let scene = Scene::new();
    let journal = scene.journal();
    scene.claim(&journal).remember_limit(HostLimit::Refused(9000), Scene::at(0));
    assert!(journal.prune(day(20_030)).expect("pruned").iter().all(|pruned| pruned.what == PrunedWhat::Leftover));
    assert_eq!(journal.prune(day(20_029)).expect("pruned"), []);
    let expired = Pruned { key: Key::of_folder(&scene.url), what: PrunedWhat::HostExpired };
    assert_eq!(journal.prune(day(20_031)).expect("pruned"), [expired]);
    std::fs::write(scene.host_file(), "{}").expect("written");
    let pruned = journal.prune(day(20_000)).expect("pruned");
    assert!(matches!(pruned[..], [Pruned { what: PrunedWhat::Broken(_), .. }]), "{pruned:?}");
    assert_eq!(names(&scene.state()), [""; 0]);
}
