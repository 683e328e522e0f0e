//! How far the files of a run are, as lines and as bars. Knows no clock and prints nothing.

use std::time::{Duration, Instant};

use super::progress::UploadProgress;
use super::terminal::{Size, Style};
use super::{bar, redact, units};
use crate::uploader::UploadEvent;

/// Rows that are left to what was there before: a block as high as the screen cannot be drawn again in place.
const SPARE_ROWS: usize = 2;

/// Up to this many files, each has a line when it is done.
const FEW: usize = 50;

/// Several files that are shown together.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) files: usize,
    /// Their bytes, as far as known.
    pub(crate) size: u64,
    pub(crate) jobs: usize,
}

/// Each lane has one file after the other. Without a total each file is shown for itself.
#[derive(Debug)]
pub(super) struct RunProgress {
    lanes: Vec<Option<Row>>,
    total: Option<Total>,
    steps: Steps,
    pub(super) last_event: Instant,
}

/// A file that is under way.
#[derive(Debug, Clone)]
struct Row {
    /// Its number among all files.
    place: usize,
    progress: UploadProgress,
}

/// All files of a batch together.
#[derive(Debug)]
struct Total {
    files: usize,
    uploaded: usize,
    failed: usize,
    progress: UploadProgress,
    /// Bytes of the files that are over.
    past_acked: u64,
    past_moved: u64,
}

impl RunProgress {
    /// One file at a time, each for itself.
    pub(super) fn single(now: Instant) -> Self {
        Self {
            lanes: vec![Some(Row { place: 0, progress: UploadProgress::new("", "", 0, now) })],
            total: None,
            steps: Steps::default(),
            last_event: now,
        }
    }

    pub(super) fn of_batch(batch: &Batch, now: Instant) -> Self {
        let progress = UploadProgress::new(&format!("0/{} files", batch.files), "", batch.size, now);
        let total = Total { files: batch.files, uploaded: 0, failed: 0, progress, past_acked: 0, past_moved: 0 };
        Self { lanes: vec![None; batch.jobs], total: Some(total), steps: Steps::from(now), last_event: now }
    }

    /// The file at this `place` of all is at its turn.
    pub(super) fn begin(&mut self, lane: usize, place: usize, name: &str, size: u64, now: Instant) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            *lane = Some(Row { place, progress: UploadProgress::new(name, "", size, now) });
        }
    }

    /// Takes an event in; the line for a log, if one is due.
    pub(super) fn event(&mut self, lane: usize, event: &UploadEvent, now: Instant) -> Option<String> {
        self.last_event = now;
        let progress = &mut self.lanes.get_mut(lane)?.as_mut()?.progress;
        let planned = progress.size;
        let Some(total) = &mut self.total else {
            progress.apply(event, now);
            return file_line(&mut self.steps, event, progress, now);
        };
        // It keeps the name that tells it from the others.
        let name = std::mem::take(&mut progress.name);
        progress.apply(event, now);
        progress.name = name;
        // It may have grown, or shrunk, since it was looked at.
        total.progress.size = total.progress.size.saturating_sub(planned).saturating_add(progress.size);
        total.add_up(&self.lanes, now);
        let is_due = self.steps.is_due(total.progress.percent(total.progress.acked()), now);
        is_due.then(|| format!("{}, {}", total.counted(), figures(&total.progress, now)))
    }

    /// The file is on the server; a line about it, if it is one of a few, or `all` are to have one.
    pub(super) fn done(&mut self, lane: usize, all: bool, now: Instant) -> Option<String> {
        let total = self.total.as_mut()?;
        let progress = self.lanes.get_mut(lane)?.take()?.progress;
        total.uploaded += 1;
        total.progress.name = format!("{}/{} files", total.uploaded, total.files);
        total.past_acked = total.past_acked.saturating_add(progress.size);
        total.past_moved = total.past_moved.saturating_add(progress.moved);
        total.add_up(&self.lanes, now);
        if total.uploaded == total.files {
            total.progress.apply(&UploadEvent::Completed { size: total.progress.size }, now);
        }
        (all || total.files <= FEW).then(|| format!("{}: {}", progress.name, uploaded(&progress, now)))
    }

    /// The file failed, or was `stopped`: then the rest of it is still to come, in another run.
    pub(super) fn failed(&mut self, lane: usize, stopped: bool, now: Instant) {
        let Some(total) = &mut self.total else { return };
        if stopped {
            if let Some(Row { progress, .. }) = self.lanes.get_mut(lane).and_then(Option::take) {
                total.past_acked = total.past_acked.saturating_add(progress.acked());
                total.past_moved = total.past_moved.saturating_add(progress.moved);
            }
            return total.add_up(&self.lanes, now);
        }
        total.failed += 1;
        if let Some(Row { progress, .. }) = self.lanes.get_mut(lane).and_then(Option::take) {
            total.past_moved = total.past_moved.saturating_add(progress.moved);
            // Nothing more of it is to be waited for.
            total.progress.size = total.progress.size.saturating_sub(progress.size);
        }
        total.add_up(&self.lanes, now);
    }

    /// The last line about several files.
    pub(super) fn last_line(&self, now: Instant) -> Option<String> {
        let total = self.total.as_ref()?;
        let (size, time) = (units::size(total.past_acked), units::duration(total.progress.elapsed(now)));
        Some(format!("{}, {size} in {time}", total.counted()))
    }

    /// A line for each file under way, in the order of all files, and one for all if they are shown together; each fits
    /// `size`, and so do all.
    pub(super) fn bars(&self, now: Instant, size: Size, style: Style) -> String {
        let columns = usize::from(size.columns);
        let line = |progress| bar::line(progress, now, columns, style);
        let mut under_way: Vec<&Row> = self.lanes.iter().flatten().collect();
        under_way.sort_by_key(|row| row.place);
        let room = usize::from(size.rows).saturating_sub(SPARE_ROWS + usize::from(self.total.is_some()));
        let room = if self.total.is_none() { room.max(1) } else { room };
        let shown = if under_way.len() <= room { under_way.len() } else { room.saturating_sub(1) };
        let mut lines: Vec<String> = under_way.iter().take(shown).map(|row| line(&row.progress)).collect();
        if shown < under_way.len() && room > 0 {
            lines.push(bar::note(&format!("and {} more", under_way.len() - shown), columns, style));
        }
        lines.extend(self.total.iter().map(|total| line(&total.progress)));
        lines.join("\n")
    }

    /// Files that are under way now are not finished in this run.
    pub(super) fn stop(&mut self) {
        self.lanes.iter_mut().flatten().for_each(|row| row.progress.stop());
        if let Some(total) = &mut self.total {
            total.progress.stop();
        }
    }
}

impl Total {
    fn add_up(&mut self, lanes: &[Option<Row>], now: Instant) {
        let files = || lanes.iter().flatten().map(|row| &row.progress);
        let sum = |past, of: fn(&UploadProgress) -> u64| files().map(of).fold(past, u64::saturating_add);
        let (acked, in_flight) = (sum(self.past_acked, UploadProgress::acked), sum(0, UploadProgress::in_flight));
        let (moved, is_sending) = (sum(self.past_moved, |file| file.moved), files().any(UploadProgress::is_sending));
        self.progress.stand_together(acked, in_flight, moved, is_sending, now);
    }

    fn counted(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("{} of {} files uploaded{failed}", self.uploaded, self.files)
    }
}

/// Decides when a line is due: every tenth, and every half minute.
#[derive(Debug, Clone, Default)]
struct Steps {
    last: Option<(Instant, u64)>,
}

impl Steps {
    const PERCENT: u64 = 10;
    const TIME: Duration = Duration::from_secs(30);

    /// From now on; before that, and after `Steps::default()` took its place, none is due.
    fn from(now: Instant) -> Self {
        Self { last: Some((now, 0)) }
    }

    fn is_due(&mut self, percent: u64, now: Instant) -> bool {
        let Some((time, step)) = self.last else { return false };
        let new_step = percent / Self::PERCENT;
        if new_step <= step && now.saturating_duration_since(time) < Self::TIME {
            return false;
        }
        // A step that was already told is not told again when the server goes back.
        self.last = Some((now, step.max(new_step)));
        true
    }
}

/// The line about a file that is shown for itself.
fn file_line(steps: &mut Steps, event: &UploadEvent, progress: &UploadProgress, now: Instant) -> Option<String> {
    let name = &progress.name;
    match event {
        UploadEvent::Started { .. } => {
            *steps = Steps::from(now);
            let (size, url) = (units::size(progress.size), redact::url(&progress.url));
            Some(format!("{name}: uploading {size} to {url}"))
        }
        UploadEvent::Completed { .. } => {
            *steps = Steps::default();
            let rate = units::rate(progress.rate(now).unwrap_or(0));
            Some(format!("{name}: 100 %, {}, {rate}", uploaded(progress, now)))
        }
        _ => {
            steps.is_due(progress.percent(progress.acked()), now).then(|| format!("{name}: {}", figures(progress, now)))
        }
    }
}

/// Percent, amount, rate and time, after the name of what they are about. In a log only what was acknowledged counts.
fn figures(progress: &UploadProgress, now: Instant) -> String {
    let (acked, size) = (units::size(progress.acked()), units::size(progress.size));
    let mut line = format!("{} %, {acked} of {size}", progress.percent(progress.acked()));
    if let Some(rate) = progress.rate(now) {
        line = format!("{line}, {}", units::rate(rate));
    }
    if let Some(eta) = progress.eta(now) {
        line = format!("{line}, ETA {}", units::remaining(eta));
    }
    line
}

fn uploaded(progress: &UploadProgress, now: Instant) -> String {
    format!("uploaded {} in {}", units::size(progress.size), units::duration(progress.elapsed(now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{close, fragment, started};

    fn batch(files: usize, jobs: usize) -> Batch {
        Batch { files, size: files as u64 * 1000, jobs }
    }

    struct Log {
        run: RunProgress,
        now: Instant,
        lines: Vec<String>,
    }

    impl Log {
        fn of(size: u64) -> Self {
            let now = Instant::now();
            let mut log = Self { run: RunProgress::single(now), now, lines: Vec::new() };
            log.then(0, &started("a.bin", size));
            log
        }

        fn then(&mut self, seconds: u64, event: &UploadEvent) {
            self.now += Duration::from_secs(seconds);
            self.lines.extend(self.run.event(0, event, self.now));
        }
    }

    #[test]
    fn a_fast_upload_has_a_line_every_ten_percent() {
        let mut log = Log::of(1000);
        for n in 0..100 {
            log.then(0, &fragment(n * 10, 10, 1000));
            log.then(0, &UploadEvent::Acknowledged { offset: n * 10 + 10, total: 1000 });
        }
        log.then(0, &close());
        log.then(2, &UploadEvent::Completed { size: 1000 });
        assert_eq!(log.lines.len(), 1 + 9 + 1, "{:#?}", log.lines);
        assert_eq!(log.lines[0], "a.bin: uploading 1000 B to http://h/up/a.bin");
        assert_eq!(log.lines[1], "a.bin: 10 %, 100 B of 1000 B");
        assert_eq!(log.lines[10], "a.bin: 100 %, uploaded 1000 B in 2.0 s, 500 B/s");
    }

    #[test]
    fn a_slow_upload_has_a_line_every_thirty_seconds() {
        let mut log = Log::of(100 << 20);
        log.then(0, &fragment(0, 28 << 20, 100 << 20));
        for n in 1..=60 {
            log.then(1, &UploadEvent::BytesSent(n << 10));
        }
        assert_eq!(log.lines.len(), 3, "{:#?}", log.lines);
        assert_eq!(log.lines[2], "a.bin: 0 %, 0 B of 100 MiB, 1.00 KiB/s, ETA 28:25:40");
    }

    #[test]
    fn a_step_is_told_once_even_if_the_server_goes_back() {
        let mut log = Log::of(100);
        for offset in [50, 0, 50, 0, 50] {
            log.then(0, &UploadEvent::Resynced { from: 0, to: offset });
        }
        assert_eq!(log.lines.len(), 2, "{:#?}", log.lines);
    }

    #[test]
    fn a_small_file_has_its_first_and_last_line() {
        let mut log = Log::of(0);
        log.then(0, &close());
        log.then(0, &UploadEvent::Completed { size: 0 });
        assert_eq!(log.lines.len(), 2);
    }

    #[test]
    fn a_hundred_percent_of_all_is_only_after_the_last_close() {
        let mut run = RunProgress::of_batch(&batch(2, 1), Instant::now());
        let now = Instant::now() + Duration::from_secs(1);
        for n in 0..2 {
            run.begin(0, n, "a", 1000, now);
            run.event(0, &started("a", 1000), now);
            run.event(0, &UploadEvent::Acknowledged { offset: 1000, total: 1000 }, now);
            let size = Size { rows: 24, columns: 80 };
            let text = run.bars(now, size, Style::default());
            assert!(!text.contains("100 %"), "{text}");
            run.event(0, &UploadEvent::Completed { size: 1000 }, now);
            run.done(0, false, now);
            assert_eq!(run.bars(now, size, Style::default()).contains("100 %"), n == 1);
        }
    }

    #[test]
    fn a_file_of_several_keeps_the_name_that_tells_it_from_the_others() {
        let (mut run, now) = (RunProgress::of_batch(&batch(2, 1), Instant::now()), Instant::now());
        run.begin(0, 0, "sub/a", 1000, now);
        run.event(0, &started("a", 1000), now);
        assert!(run.bars(now, Size { rows: 24, columns: 80 }, Style::default()).starts_with("sub/a ["));
        run.event(0, &UploadEvent::Completed { size: 1000 }, now);
        assert_eq!(run.done(0, true, now).as_deref(), Some("sub/a: uploaded 1000 B in 0.0 s"));
    }

    #[test]
    fn case_68_bars_fit_a_narrow_terminal_and_a_low_one() {
        let mut run = RunProgress::of_batch(&batch(300, 256), Instant::now());
        for lane in 0..256 {
            // The lane that takes a file says nothing of its place.
            run.begin(lane, 255 - lane, &format!("{lane} a long name with 漢字"), 1000, Instant::now());
        }
        for columns in [2, 10, 30, 80] {
            for (rows, lines) in [(1, 1), (3, 1), (4, 2), (6, 4), (24, 22), (500, 257)] {
                let text = run.bars(Instant::now(), Size { rows, columns }, Style::default());
                assert_eq!(text.lines().count(), lines, "{rows} rows: {text}");
                assert!(text.lines().all(|line| line.chars().count() < usize::from(columns)), "{text}");
            }
        }
        let text = run.bars(Instant::now(), Size { rows: 6, columns: 80 }, Style::default());
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("255 a ") && lines[1].starts_with("254 a ") && lines[2] == "and 254 more",
            "{text}"
        );
    }
}
