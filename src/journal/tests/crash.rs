//! Every operation on the folder fails once, and the power is cut within each.

use super::model::{Fault, Model};
use super::*;

/// The writes of an upload of four fragments, with a session lost after the second.
#[derive(Debug, Clone, Copy)]
enum Step {
    Durable { session: &'static str, acknowledged: u64, sent_end: u64 },
    Progress { session: &'static str, acknowledged: u64, sent_end: u64 },
    Forget,
}

use Step::{Durable, Forget, Progress};

const STEPS: [Step; 9] = [
    Durable { session: "{S-1}", acknowledged: 0, sent_end: 2500 },
    Durable { session: "{S-1}", acknowledged: 2500, sent_end: 5000 },
    Progress { session: "{S-1}", acknowledged: 3000, sent_end: 5000 },
    Forget,
    Durable { session: "{S-2}", acknowledged: 0, sent_end: 6000 },
    Durable { session: "{S-2}", acknowledged: 1000, sent_end: SIZE },
    Progress { session: "{S-2}", acknowledged: 6000, sent_end: SIZE },
    Progress { session: "{S-2}", acknowledged: SIZE, sent_end: SIZE },
    Durable { session: "{S-2}", acknowledged: SIZE, sent_end: SIZE },
];

impl Step {
    fn take(self, entry: &mut Entry) {
        let state =
            |id, acknowledged, sent_end| ResumeState { acknowledged, sent_end, ..ResumeState::new(&session(id)) };
        match self {
            Durable { session, acknowledged, sent_end } => {
                entry.save(state(session, acknowledged, sent_end), digest(acknowledged), None, Scene::at(0));
            }
            Progress { session, acknowledged, sent_end } => {
                entry.save_progress(state(session, acknowledged, sent_end), digest(acknowledged), None, Scene::at(0));
            }
            Forget => entry.forget(),
        }
    }
}

fn journal_on(model: &Model) -> Journal {
    Journal(Some(Arc::new(RecordStore::on(Box::new(model.clone()), &model.path(), false).expect("a folder"))))
}

/// The record in the folder, which must never be damaged.
fn remembered(model: &Model, key: Key) -> Option<Record> {
    journal_on(model).0?.load(key).expect("never damaged")
}

/// As it is after it was saved: files know whole seconds.
fn as_saved(entry: &Entry) -> Option<Record> {
    entry.record().session.as_ref()?;
    let bytes = entry.record().to_bytes().expect("written");
    Some(Record::from_bytes(&bytes, entry.record().key).expect("read"))
}

#[test]
fn after_a_power_cut_there_is_the_old_record_or_the_new() {
    let scene = Scene::new();
    let (mut cut, mut images) = (0, 0);
    loop {
        let model = Model::new(Fault::PowerCut(cut + 1));
        let mut entry = scene.claim(&journal_on(&model));
        // The records that a cut may leave: the last durable one, and any newer Ack of it.
        let mut may_be = vec![None];
        for step in STEPS {
            step.take(&mut entry);
            let after = as_saved(&entry);
            let is_progress = matches!(step, Progress { .. });
            for image in model.after_power_cut() {
                images += 1;
                let found = remembered(&image, scene.key());
                if model.has_failed() || is_progress {
                    assert!(may_be.contains(&found) || found == after, "cut {cut}, {step:?}: {found:?}");
                } else {
                    assert_eq!(found, after, "what returned is durable");
                }
            }
            if model.has_failed() {
                break;
            }
            if !is_progress {
                may_be.clear();
            }
            may_be.push(after);
        }
        if !model.has_failed() {
            break;
        }
        cut += 1;
    }
    // A durable save is six operations.
    assert!(cut > 6 * 5 && images > 5 * cut, "{cut} cuts, {images} images");
}

#[test]
fn whatever_fails_once_the_upload_goes_on_with_one_warning_and_the_record_never_says_too_little() {
    let scene = Scene::new();
    let (mut nth, mut told) = (0, 0);
    loop {
        nth += 1;
        let model = Model::new(Fault::Once(nth));
        let mut entry = scene.claim(&journal_on(&model));
        for step in STEPS {
            step.take(&mut entry);
            let (found, after) = (remembered(&model, scene.key()), as_saved(&entry));
            let promise =
                |record: &Option<Record>| record.as_ref().and_then(|record| Some(record.session.as_ref()?.sent_end));
            // A failed removal is told; anything else leaves nothing, or what promises at least as much.
            let is_told = !entry.can_save() || matches!(step, Forget);
            assert!(
                found.is_none() || promise(&found) >= promise(&after) || is_told,
                "operation {nth}, {step:?}: {found:?}"
            );
        }
        let warnings = entry.take_warnings();
        if !model.has_failed() {
            break;
        }
        assert!(warnings.len() <= 1, "operation {nth}: {warnings:?}");
        told += warnings.len();
    }
    assert!(nth > 6 * 5, "{nth}");
    // A few operations only tidy up.
    assert!(told * 2 > nth, "{told} of {nth}");
}
