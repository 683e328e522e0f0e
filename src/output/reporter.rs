//! Events in, lines and bars out.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime};

use super::lines::lines;
use super::run::{Batch, RunProgress};
use super::screen::{Drawing, SharedWriter};
use super::terminal::Terminal;
use super::{Ci, ErrorText, ProgressMode, Verbosity, units};
use crate::sync::lock;
use crate::uploader::UploadEvent;

/// Shows a run to people: one file after the other, or a batch. Threads share it, each with a [`Lane`] of its own.
/// Never fails: what cannot be written is lost. Dropping it leaves the terminal clean.
pub(crate) struct Reporter {
    verbosity: Verbosity,
    terminal: Terminal,
    writer: SharedWriter,
    progress: Arc<Mutex<RunProgress>>,
    view: View,
    /// The drawing while a file, or the batch, is under way, if bars are shown.
    drawing: Mutex<Option<Drawing>>,
    animated: bool,
    ci: Ci,
    is_batch: bool,
    /// Why files failed so far, and the first that did for that.
    reasons: Mutex<Vec<(String, String)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Nothing,
    Plain,
    Bars,
}

impl View {
    fn of(mode: ProgressMode, verbosity: Verbosity, terminal: &Terminal) -> Self {
        let has_bars = terminal.moves_cursor && (mode == ProgressMode::Bar || terminal.is_attended);
        match mode {
            _ if verbosity.quiet => Self::Nothing,
            ProgressMode::None => Self::Nothing,
            ProgressMode::Auto | ProgressMode::Bar if has_bars => Self::Bars,
            _ => Self::Plain,
        }
    }
}

impl Reporter {
    /// A reporter that writes to `out`, which is what `terminal` describes. Bars are drawn by events alone.
    fn new(mode: ProgressMode, verbosity: Verbosity, terminal: Terminal, out: Box<dyn Write + Send>) -> Self {
        Self {
            verbosity,
            view: View::of(mode, verbosity, &terminal),
            drawing: Mutex::default(),
            terminal,
            writer: SharedWriter::new(out),
            progress: Arc::new(Mutex::new(RunProgress::single(Instant::now()))),
            animated: false,
            ci: Ci::None,
            is_batch: false,
            reasons: Mutex::default(),
        }
    }

    /// A reporter on standard error, whose bars go on between events: the rate sinks in a stall, a resize is noticed.
    pub(crate) fn stderr(mode: ProgressMode, verbosity: Verbosity) -> Self {
        let mut reporter = Self::new(mode, verbosity, Terminal::stderr(), Box::new(std::io::stderr()));
        reporter.animated = true;
        reporter
    }

    /// From now on errors and warnings are annotated for a CI service too.
    pub(crate) fn with_ci(mut self, ci: Ci) -> Self {
        self.ci = ci;
        self
    }

    /// From now on files are shown together: a bar for each and one for all, or lines about all of them; for a CI
    /// service in a section.
    pub(crate) fn with_batch(mut self, batch: &Batch) -> Self {
        self.progress = Arc::new(Mutex::new(RunProgress::of_batch(batch, Instant::now())));
        self.is_batch = true;
        let text = format!("uploading {} files, {}", batch.files, units::size(batch.size));
        if self.view != View::Nothing {
            self.command(self.ci.begin(&text, SystemTime::now()));
        }
        match self.view {
            View::Nothing => {}
            View::Plain => self.line(&text),
            View::Bars => *lock(&self.drawing) = Some(self.new_drawing()),
        }
        self
    }

    /// Whether a bar is drawn on a terminal, where a person can watch it.
    #[cfg(feature = "serve")]
    pub(crate) fn is_watched(&self) -> bool {
        self.view == View::Bars && self.terminal.is_attended
    }

    /// The place of one of the files that are uploaded at a time, from 0.
    pub(crate) fn lane(&self, number: usize) -> Lane<'_> {
        Lane { reporter: self, number, prefix: String::new() }
    }

    /// Writes a message, above the bars if there are any; not with `-q`.
    pub(crate) fn message(&self, text: &str) {
        if !self.verbosity.quiet {
            self.line(text);
        }
    }

    /// Writes what must not be overlooked, also with `-q`.
    pub(crate) fn warn_always(&self, text: &str) {
        match self.ci.warning(text) {
            None => self.marked("", &format!("warning: {text}")),
            command => self.command(command),
        }
    }

    /// Writes an error, always. It ends the bar of a file that is shown for itself.
    pub(crate) fn error(&self, error: &ErrorText) {
        if !self.is_batch {
            self.end_drawing();
        }
        let Some(command) = self.ci.error(error) else {
            let (text, style) = (error.to_string(), self.terminal.style);
            let mut lines = text.lines();
            let first = lines.next().unwrap_or_default().trim_start_matches(ErrorText::PROGRAM);
            return self.write(|writer| {
                writer.marked(ErrorText::PROGRAM, first, style);
                lines.for_each(|line| writer.line(line));
            });
        };
        self.write(|writer| {
            writer.raw(&format!("{command}\n"));
            // The command has the cause.
            ErrorText { cause: None, ..error.clone() }.details().for_each(|line| writer.line(&line));
        });
    }

    /// Writes the error of one of several files: in full the first time, then in a line. `reason` is what others may
    /// share.
    fn error_of_file(&self, name: &str, error: &ErrorText, reason: &str) {
        let mut known = lock(&self.reasons);
        if let Some((_, first)) = known.iter().find(|(known, _)| known == reason) {
            return self
                .marked(ErrorText::PROGRAM, &format!("error: cannot upload {name}: the same error as for {first}"));
        }
        known.push((reason.to_owned(), name.to_owned()));
        drop(known);
        self.error(error);
    }

    fn line(&self, text: &str) {
        self.write(|writer| writer.line(text));
    }

    fn marked(&self, before: &str, text: &str) {
        self.write(|writer| writer.marked(before, text, self.terminal.style));
    }

    /// Writes a line that is to act, if there is one.
    fn command(&self, command: Option<String>) {
        if let Some(command) = command {
            self.write(|writer| writer.raw(&format!("{command}\n")));
        }
    }

    fn write(&self, write: impl FnOnce(&SharedWriter)) {
        match &*lock(&self.drawing) {
            Some(drawing) => drawing.above(|| write(&self.writer)),
            None => write(&self.writer),
        }
    }

    /// Leaves the bars as they are at last; none of them says any more what it waits for.
    fn end_drawing(&self) {
        let drawing = lock(&self.drawing).take();
        if drawing.is_some() {
            lock(&self.progress).stop();
        }
    }

    fn new_drawing(&self) -> Drawing {
        let (progress, style, animated) = (Arc::clone(&self.progress), self.terminal.style, self.animated);
        Drawing::new(&self.writer, &self.terminal, animated, move |size| {
            let progress = lock(&progress);
            let now = if animated { Instant::now() } else { progress.last_event };
            progress.bars(now, size, style)
        })
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.end_drawing();
        if !self.is_batch || self.view == View::Nothing {
            return;
        }
        if let (View::Plain, Some(line)) = (self.view, lock(&self.progress).last_line(Instant::now())) {
            self.line(&line);
        }
        self.command(self.ci.end(SystemTime::now()));
    }
}

/// Where one file after the other is shown.
pub(crate) struct Lane<'a> {
    reporter: &'a Reporter,
    number: usize,
    /// Tells the lines of files apart.
    prefix: String,
}

impl Lane<'_> {
    /// The next file of a batch is at its turn, at this `place` of all; `size` is what was reckoned with.
    pub(crate) fn begin(&mut self, place: usize, name: &str, size: u64) {
        self.prefix = format!("{name}: ");
        lock(&self.reporter.progress).begin(self.number, place, name, size, Instant::now());
    }

    pub(crate) fn event(&mut self, event: &UploadEvent) {
        self.event_at(event, Instant::now());
    }

    /// Shows an event that happened at `now`.
    pub(crate) fn event_at(&mut self, event: &UploadEvent, now: Instant) {
        let reporter = self.reporter;
        let due = lock(&reporter.progress).event(self.number, event, now);
        if !reporter.verbosity.quiet {
            self.tell(event);
        }
        match reporter.view {
            View::Nothing => {}
            View::Plain => due.iter().for_each(|line| reporter.line(line)),
            View::Bars => {
                let mut drawing = lock(&reporter.drawing);
                match event {
                    // The old bar, if one is left, ends its line before the new one begins.
                    UploadEvent::Started { .. } if !reporter.is_batch => {
                        drop(drawing.take());
                        *drawing = Some(reporter.new_drawing());
                    }
                    UploadEvent::Completed { .. } if !reporter.is_batch => *drawing = None,
                    _ => {}
                }
                if let Some(drawing) = &mut *drawing {
                    drawing.draw(now);
                }
            }
        }
    }

    /// Writes the lines about an event; with `-vv` they have the time.
    fn tell(&self, event: &UploadEvent) {
        let reporter = self.reporter;
        let annotation = match event {
            UploadEvent::Warning { text } => reporter.ci.warning(&format!("{}{text}", self.prefix)),
            _ => None,
        };
        if annotation.is_some() {
            return reporter.command(annotation);
        }
        let level = reporter.verbosity.level;
        let time = if level > 1 { units::now() + " " } else { String::new() };
        lines(event, level).for_each(|line| reporter.marked(&format!("{time}{}", self.prefix), &line));
    }

    /// The file is on the server.
    pub(crate) fn done(&mut self) {
        let view = self.reporter.view;
        let line = lock(&self.reporter.progress).done(self.number, view == View::Bars, Instant::now());
        line.filter(|_| view != View::Nothing).iter().for_each(|line| self.reporter.line(line));
    }

    /// An earlier run of the same command has uploaded the file.
    pub(crate) fn skipped(&mut self) {
        lock(&self.reporter.progress).done(self.number, false, Instant::now());
        self.reporter.message(&format!("{}already uploaded by an earlier run", self.prefix));
    }

    /// The file failed: its error is written at once, unless there is none to write. `reason` is what is the same for
    /// other files.
    pub(crate) fn failed(&mut self, error: Option<&ErrorText>, reason: &str) {
        lock(&self.reporter.progress).failed(self.number, error.is_none(), Instant::now());
        if let Some(error) = error {
            self.reporter.error_of_file(self.prefix.trim_end_matches([':', ' ']), error, reason);
        }
    }
}

#[cfg(test)]
mod tests;
