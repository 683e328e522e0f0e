//! Uploads that are not written down before something goes wrong.

use super::*;

fn to_the_end(scene: &Scene, entry: &mut Entry) {
    entry.create(scene.at(0));
    entry.session_opened(&session("{S-1}"), &scene.url, scene.at(1));
    entry.sending(SIZE, scene.at(2));
    entry.acknowledged(SIZE, digest(SIZE));
    entry.close_sending(scene.at(3));
}

#[test]
fn what_ends_at_once_is_never_written() {
    let scene = Scene::new();
    let mut entry = scene.claim(&scene.journal()).entry;
    entry.defer();
    to_the_end(&scene, &mut entry);
    assert!(entry.is_deferred());
    assert_eq!(names(&scene.state()), [format!("{}.lock", scene.key())], "locked all the same");
    assert!(entry.finished().is_empty());
    assert_eq!(names(&scene.state()), [""; 0]);
}

#[test]
fn what_goes_wrong_is_written_whole_and_from_then_on_as_ever() {
    let scene = Scene::new();
    let mut entry = scene.claim(&scene.journal()).entry;
    entry.defer();
    to_the_end(&scene, &mut entry);
    entry.flush(scene.at(4));
    assert!(!entry.is_deferred());
    let on_disk = || scene.journal().peek(&scene.upload(), scene.at(5)).expect("written").session.expect("a session");
    let saved = on_disk();
    assert_eq!((saved.acknowledged, saved.sent, saved.close_sent), (SIZE, SIZE, true));
    entry.session_opened(&session("{S-2}"), &scene.url, scene.at(6));
    assert_eq!(on_disk().id.to_string(), "{S-2}");
    drop(entry);
    assert!(scene.claim(&scene.journal()).is_known);
}

#[test]
fn what_an_earlier_run_left_is_never_deferred() {
    let mut scene = Scene::new();
    drop(scene.half_way(&scene.journal()));
    let mut entry = scene.claim(&scene.journal()).entry;
    entry.defer();
    assert!(!entry.is_deferred());
    drop(entry);
    // The record of another name is to be replaced: it must not outlive its session.
    scene.name = ContentName::new("other.bin");
    let mut entry = scene.claim(&scene.journal()).entry;
    entry.defer();
    to_the_end(&scene, &mut entry);
    assert!(entry.finished().is_empty());
    assert_eq!(names(&scene.state()), [""; 0]);
}
