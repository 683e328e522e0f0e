//! Every operation on the folder fails once, and the power is cut within each.

use super::model::{Fault, Model};
use super::*;

type Step = fn(&mut Entry, &Scene, Now);

/// An upload in four fragments, with a session lost after the second. Each of these is written.
const STEPS: [Step; 10] = [
    |entry, _, now| entry.create(now),
    |entry, scene, now| entry.session_opened(&session("{S-1}"), &scene.url, now),
    |entry, _, now| entry.sending(2500, now),
    |entry, _, now| {
        entry.acknowledged(2500, digest(2500));
        entry.sending(5000, now);
    },
    |entry, _, now| entry.create(now),
    |entry, scene, now| entry.session_opened(&session("{S-2}"), &scene.url, now),
    |entry, _, now| entry.sending(6000, now),
    |entry, _, now| {
        entry.acknowledged(6000, digest(6000));
        entry.sending(SIZE, now);
    },
    |entry, _, now| {
        entry.acknowledged(SIZE, digest(SIZE));
        entry.flush(now);
    },
    |entry, _, now| entry.close_sending(now),
];

fn journal_on(model: &Model) -> Journal {
    Journal(Some(Arc::new(Store::on(Path::new("/state"), Box::new(model.clone())))))
}

/// What the folder remembers. That it is damaged must never be.
fn remembered(model: &Model, key: Key) -> Option<Record> {
    journal_on(model).0?.load(key).expect("never damaged")
}

/// As it is after it was saved: files know whole seconds.
fn saved(entry: &Entry) -> Record {
    let bytes = entry.record().to_bytes().expect("written");
    Record::from_bytes(&bytes, entry.record().key).expect("read")
}

#[test]
fn after_a_power_cut_there_is_the_old_record_or_the_new() {
    let scene = Scene::new();
    let (mut cut, mut images) = (0, 0);
    loop {
        let model = Model::new(Fault::PowerCut(cut + 1));
        let mut entry = scene.claim(&journal_on(&model)).entry;
        let mut before = None;
        for (step, time) in STEPS.iter().zip((0..).step_by(2000)) {
            step(&mut entry, &scene, scene.at(time));
            let after = Some(saved(&entry));
            for image in model.after_power_cut() {
                images += 1;
                let found = remembered(&image, scene.key());
                if model.has_failed() {
                    assert!(found == before || found == after, "cut {cut}: {found:?}");
                } else {
                    assert_eq!(found, after, "what returned is durable");
                }
            }
            if model.has_failed() {
                break;
            }
            before = after;
        }
        if !model.has_failed() {
            entry.finished();
            let left = model.after_power_cut().iter().map(|image| remembered(image, scene.key())).collect::<Vec<_>>();
            assert!(model.has_failed() || left.iter().all(Option::is_none));
            assert!(left.iter().flatten().all(|record| Some(record) == before.as_ref()));
            if !model.has_failed() {
                break;
            }
        }
        cut += 1;
    }
    // Each save is six operations, and there is one a step.
    assert!(cut > 6 * STEPS.len() && images > 5 * cut, "{cut} cuts, {images} images");
}

#[test]
fn whatever_fails_once_the_upload_goes_on_with_one_warning_and_the_record_never_says_too_little() {
    let scene = Scene::new();
    let mut nth = 0;
    loop {
        nth += 1;
        let model = Model::new(Fault::Once(nth));
        let mut entry = scene.claim(&journal_on(&model)).entry;
        for (step, time) in STEPS.iter().zip((0..).step_by(2000)) {
            step(&mut entry, &scene, scene.at(time));
            let found = remembered(&model, scene.key());
            assert!(found.is_none() || found == Some(saved(&entry)), "operation {nth}: {found:?}");
        }
        let mut warnings = entry.take_warnings();
        warnings.extend(entry.finished());
        if !model.has_failed() {
            break;
        }
        // The lock file is nobody's loss, and half-written files are removed twice.
        assert!(warnings.len() <= 1, "operation {nth}: {warnings:?}");
        let told = warnings.iter().any(|w| matches!(w, JournalWarning::NotRemoved { .. }));
        assert!(told || remembered(&model, scene.key()).is_none(), "operation {nth}");
    }
    assert!(nth > 6 * STEPS.len(), "{nth}");
}

#[test]
fn a_fast_upload_writes_once_a_second_and_never_says_less_than_was_sent() {
    let scene = Scene::new();
    let model = Model::new(Fault::None);
    let mut entry = scene.claim(&journal_on(&model)).entry;
    entry.create(scene.at(0));
    entry.session_opened(&session("{S-1}"), &scene.url, scene.at(0));
    let before = model.operations();
    // Ten bytes in ten milliseconds, a thousand times.
    for end in (10..=SIZE).step_by(10) {
        entry.sending(end, scene.at(end));
        let record = remembered(&model, scene.key()).and_then(|record| record.session).expect("a session");
        assert!(record.sent >= end && record.acknowledged < end && record.sent <= end + 1010, "{record:?} at {end}");
        entry.acknowledged(end, digest(end));
    }
    let writes = (model.operations() - before) / 6;
    assert!((10..=22).contains(&writes), "{writes}");
    entry.flush(scene.at(SIZE));
    let record = remembered(&model, scene.key()).and_then(|record| record.session).expect("a session");
    assert_eq!((record.acknowledged, record.sent, record.prefix), (SIZE, SIZE, digest(SIZE)));
}

#[test]
fn a_slow_upload_writes_before_each_fragment_exactly_what_is_sent() {
    let scene = Scene::new();
    let model = Model::new(Fault::None);
    let mut entry = scene.claim(&journal_on(&model)).entry;
    entry.create(scene.at(0));
    entry.session_opened(&session("{S-1}"), &scene.url, scene.at(0));
    for (end, time) in [(2000, 5), (4000, 3000), (6000, 6000)] {
        entry.sending(end, scene.at(time));
        let record = remembered(&model, scene.key()).and_then(|record| record.session).expect("a session");
        assert_eq!((record.sent, record.acknowledged), (end, end - 2000));
        entry.acknowledged(end, digest(end));
    }
}
