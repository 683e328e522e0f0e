//! How far the files of a run are. Knows no clock and prints nothing.

use std::time::{Duration, Instant};

use super::super::escape::clean;
use super::super::progress::UploadProgress;
use super::super::{bar, units};
use super::{FEW, Run};
use crate::uploader::UploadEvent;

/// Bars at a time; more would fill a screen, and a block higher than the screen cannot be drawn again in place.
const MAX_BARS: usize = 8;

const STEP_PERCENT: u64 = 10;
const STEP_TIME: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct State {
    files: usize,
    uploaded: usize,
    failed: usize,
    lanes: Vec<Option<UploadProgress>>,
    total: UploadProgress,
    /// What files that are over contribute.
    past: Sums,
    told: (Instant, u64),
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    acked: u64,
    in_flight: u64,
    moved: u64,
}

impl State {
    pub(super) fn new(run: &Run, now: Instant) -> Self {
        Self {
            files: run.files,
            uploaded: 0,
            failed: 0,
            lanes: vec![None; run.jobs],
            total: UploadProgress::new("total", "", run.size, now),
            past: Sums::default(),
            told: (now, 0),
        }
    }

    pub(super) fn begin(&mut self, lane: usize, name: &str, size: u64, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            *lane = Some(UploadProgress::new(name, "", size, now));
        }
    }

    /// Takes an event in; a line about all files, if one is due.
    pub(super) fn event(&mut self, lane: usize, event: &UploadEvent, now: Instant) -> Option<String> {
        let progress = self.lanes.get_mut(lane)?.as_mut()?;
        let planned = progress.size;
        progress.apply(event, now);
        // It may have grown, or shrunk, since it was looked at.
        self.total.size = self.total.size.saturating_sub(planned).saturating_add(progress.size);
        self.update(now);
        self.step(now)
    }

    /// The line about a file that is on the server, if files are few.
    pub(super) fn done(&mut self, lane: usize, now: Instant) -> Option<String> {
        let progress = self.lanes.get_mut(lane)?.take()?;
        self.uploaded += 1;
        self.past.acked = self.past.acked.saturating_add(progress.size);
        self.past.moved = self.past.moved.saturating_add(progress.moved());
        self.update(now);
        let (size, time) = (units::size(progress.size), units::duration(progress.elapsed(now)));
        (self.files <= FEW).then(|| format!("{}: uploaded {size} in {time}", progress.name))
    }

    pub(super) fn failed(&mut self, lane: usize) {
        self.failed += 1;
        if let Some(progress) = self.lanes.get_mut(lane).and_then(Option::take) {
            self.past.moved = self.past.moved.saturating_add(progress.moved());
            // Nothing more of it is to be waited for.
            self.total.size = self.total.size.saturating_sub(progress.size);
        }
    }

    fn update(&mut self, now: Instant) {
        let sums = self.lanes.iter().flatten().fold(self.past, |sums, lane| Sums {
            acked: sums.acked.saturating_add(lane.acked()),
            in_flight: sums.in_flight.saturating_add(lane.in_flight()),
            moved: sums.moved.saturating_add(lane.moved()),
        });
        self.total.stand_together(sums.acked, sums.in_flight, sums.moved, now);
    }

    fn step(&mut self, now: Instant) -> Option<String> {
        let (time, step) = self.told;
        let new_step = self.total.percent() / STEP_PERCENT;
        if new_step <= step && now.saturating_duration_since(time) < STEP_TIME {
            return None;
        }
        self.told = (now, step.max(new_step));
        let (acked, size) = (units::size(self.total.acked()), units::size(self.total.size));
        let mut line = format!("{}, {} %, {acked} of {size}", self.counted(), self.total.percent());
        if let Some(rate) = self.total.rate(now) {
            line = format!("{line}, {}", units::rate(rate));
        }
        if let Some(eta) = self.total.eta(now) {
            line = format!("{line}, ETA {}", units::remaining(eta));
        }
        Some(line)
    }

    pub(super) fn last_line(&self, now: Instant) -> String {
        let (size, time) = (units::size(self.past.acked), units::duration(self.total.elapsed(now)));
        format!("{}, {size} in {time}", self.counted())
    }

    fn counted(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("{} of {} files uploaded{failed}", self.uploaded, self.files)
    }

    /// A line for each file under way and one for all, each shorter than `width`.
    pub(super) fn bars(&mut self, now: Instant, width: usize, colour: bool) -> String {
        let under_way = self.lanes.iter().flatten();
        let mut lines: Vec<String> =
            under_way.clone().take(MAX_BARS).map(|progress| bar::line(progress, now, width, colour)).collect();
        let hidden = under_way.count().saturating_sub(MAX_BARS);
        if hidden > 0 {
            lines.push(bar::shorten(&format!("and {hidden} more"), width.saturating_sub(1)));
        }
        if self.uploaded == self.files && self.files > 0 {
            self.total.apply(&UploadEvent::Completed { size: self.total.size }, now);
        }
        self.total.name = clean(&format!("{}/{} files", self.uploaded, self.files));
        lines.push(bar::line(&self.total, now, width, colour));
        lines.join("\n")
    }
}
