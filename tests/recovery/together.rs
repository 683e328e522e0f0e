//! Several conversations at a time: nearly all of their time is pauses.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

/// Conversations of one test, each with a name.
#[derive(Default)]
pub(crate) struct Together<'a> {
    all: Vec<(String, Box<dyn FnOnce() + Send + 'a>)>,
}

impl<'a> Together<'a> {
    pub(crate) fn add(&mut self, name: impl Into<String>, run: impl FnOnce() + Send + 'a) {
        self.all.push((name.into(), Box::new(run)));
    }

    /// Runs all, at once; fails with the names and reasons of those that failed.
    #[track_caller]
    pub(crate) fn run(self) {
        let count = self.all.len();
        let failed: Vec<String> = thread::scope(|scope| {
            let running: Vec<_> = self
                .all
                .into_iter()
                .map(|(name, run)| {
                    let result = scope.spawn(move || catch_unwind(AssertUnwindSafe(run)));
                    (name, result)
                })
                .collect();
            let ended = running.into_iter().map(|(name, result)| (name, result.join().expect("caught")));
            ended.filter_map(|(name, result)| Some(format!("{name}: {}", reason(&*result.err()?)))).collect()
        });
        assert!(failed.is_empty(), "{} of {count} fail\n{}", failed.len(), failed.join("\n"));
    }
}

fn reason(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
