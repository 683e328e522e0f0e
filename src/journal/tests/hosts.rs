//! What hosts refused.

use super::*;

impl Scene {
    fn host_file(&self) -> PathBuf {
        self.state().join(format!("{}.host", Key::of_host(&self.url)))
    }

    fn host_refused(&self, milliseconds: u64) -> Option<u64> {
        self.claim(&self.journal()).entry.host_refused(self.at(milliseconds))
    }
}

const DAY: u64 = 24 * 60 * 60 * 1000;

#[test]
fn what_a_host_refused_is_known_to_its_later_uploads_for_thirty_days() {
    let scene = Scene::new();
    assert_eq!(scene.host_refused(0), None);
    scene.claim(&scene.journal()).entry.refused_by_host(1_000_000, scene.at(0));
    assert_eq!((scene.host_refused(0), scene.host_refused(30 * DAY)), (Some(1_000_000), Some(1_000_000)));
    assert_eq!(scene.host_refused(30 * DAY + 1000), None);
    // Another file, another path, the same host.
    let url = Uri::from_static("http://H:80/elsewhere");
    let claim = scene.journal().claim(&Upload { destination: &url, ..scene.upload() }, scene.at(0)).expect("free");
    assert_eq!(claim.entry.host_refused(scene.at(0)), Some(1_000_000));
    let url = Uri::from_static("https://h/drop/file.bin");
    let claim = scene.journal().claim(&Upload { destination: &url, ..scene.upload() }, scene.at(0)).expect("free");
    assert_eq!(claim.entry.host_refused(scene.at(0)), None);
}

#[test]
fn the_smallest_refused_counts_until_it_expires() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal()).entry;
    for (at, size, known) in [(0, 9000, 9000), (1, 8000, 8000), (2, 9000, 8000), (31 * DAY, 9000, 9000)] {
        entry.refused_by_host(size, scene.at(at));
        assert_eq!(entry.host_refused(scene.at(at)), Some(known), "{size}");
    }
    drop(entry);
    let left = names(&scene.state());
    assert!(left.iter().all(|name| !name.contains(".tmp")), "{left:?}");
}

#[test]
fn sizes_out_of_bounds_are_neither_kept_nor_believed() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal()).entry;
    for size in [0, 5119, (256 << 20) + 1, u64::MAX] {
        entry.refused_by_host(size, scene.at(0));
        assert!(!scene.host_file().exists(), "{size}");
        let text = format!("{{\"v\":1,\"refused_size\":{size},\"refused\":1728000000}}");
        std::fs::write(scene.host_file(), text).expect("written");
        assert_eq!(entry.host_refused(scene.at(0)), None, "{size}");
        std::fs::remove_file(scene.host_file()).expect("removed");
    }
}

#[test]
fn a_file_that_is_damaged_is_replaced_and_a_newer_one_left_alone() {
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal()).entry;
    for (text, kept) in [("", false), ("{}", false), ("{\"v\":1,\"refused_size\":\"9\"}", false), ("{\"v\":2}", true)] {
        std::fs::write(scene.host_file(), text).expect("written");
        assert_eq!(entry.host_refused(scene.at(0)), None, "{text}");
        entry.refused_by_host(9000, scene.at(0));
        assert_eq!(entry.host_refused(scene.at(0)).is_none(), kept, "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let entry = scene.claim(&scene.journal()).entry;
    entry.refused_by_host(9000, scene.at(0));
    let mode = std::fs::metadata(scene.host_file()).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(scene.host_file(), PermissionsExt::from_mode(0o666)).expect("opened");
    assert_eq!(entry.host_refused(scene.at(0)), None);
}

#[test]
fn without_a_journal_nothing_is_kept() {
    let scene = Scene::new();
    let entry = Journal::disabled().claim(&scene.upload(), scene.at(0)).expect("free").entry;
    entry.refused_by_host(9000, scene.at(0));
    assert_eq!(entry.host_refused(scene.at(0)), None);
    assert!(!scene.state().exists());
}

#[test]
fn pruning_removes_what_expired_or_is_broken_and_no_more() {
    let scene = Scene::new();
    let journal = scene.journal();
    scene.claim(&journal).entry.refused_by_host(9000, scene.at(0));
    assert!(journal.prune(day(20_030)).expect("pruned").iter().all(|pruned| pruned.what == PrunedWhat::Leftover));
    assert_eq!(journal.prune(day(20_029)).expect("pruned"), []);
    let expired = Pruned { key: Key::of_host(&scene.url), what: PrunedWhat::HostExpired };
    assert_eq!(journal.prune(day(20_031)).expect("pruned"), [expired]);
    std::fs::write(scene.host_file(), "{}").expect("written");
    let pruned = journal.prune(day(20_000)).expect("pruned");
    assert!(matches!(pruned[..], [Pruned { what: PrunedWhat::Broken(_), .. }]), "{pruned:?}");
    assert_eq!(names(&scene.state()), [""; 0]);
}
