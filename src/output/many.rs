//! Several files at a time: a bar each and one for all, or lines about all of them.

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::bar::INTERVAL;
use super::screen::{Screen, Sink};
use super::{Ci, ErrorText, ProgressMode, Terminal, Verbosity, notice, units, verbose};
use crate::uploader::UploadEvent;

use state::State;

/// Up to so many files, each has a line when it is done.
const FEW: usize = 50;

/// What a run is about.
#[derive(Debug, Clone)]
pub struct Run {
    /// Files in all.
    pub files: usize,
    /// Their bytes, as far as known.
    pub size: u64,
    /// Files at a time.
    pub jobs: usize,
}

/// Shows the uploads of a run to people. Threads share it. Never fails: what cannot be written is lost.
#[derive(Debug)]
pub struct Board {
    verbosity: Verbosity,
    sink: Sink,
    state: Arc<Mutex<State>>,
    view: View,
    ci: Ci,
    has_section: bool,
}

#[derive(Debug)]
enum View {
    Nothing,
    Plain,
    Bars(ProgressBar),
}

impl Board {
    /// A board on standard error.
    #[must_use]
    pub fn stderr(run: &Run, mode: ProgressMode, verbosity: Verbosity, ci: Ci) -> Self {
        let sink = Sink::new(Box::new(std::io::stderr()));
        let board = Self::on(run, mode, verbosity, &Terminal::stderr(), sink, ci);
        if let View::Bars(drawing) = &board.view {
            drawing.enable_steady_tick(INTERVAL);
        }
        board
    }

    fn on(run: &Run, mode: ProgressMode, verbosity: Verbosity, terminal: &Terminal, sink: Sink, ci: Ci) -> Self {
        let state = Arc::new(Mutex::new(State::new(run, Instant::now())));
        let has_bars = terminal.moves_cursor() && (mode == ProgressMode::Bar || terminal.is_terminal());
        let view = match mode {
            _ if verbosity.quiet => View::Nothing,
            ProgressMode::None => View::Nothing,
            ProgressMode::Auto | ProgressMode::Bar if has_bars => View::Bars(bars(&state, &sink, terminal)),
            _ => View::Plain,
        };
        let has_section = !matches!(view, View::Nothing) && ci != Ci::None;
        let board = Self { verbosity, sink, state, view, ci, has_section };
        board.begin(run);
        board
    }

    fn begin(&self, run: &Run) {
        let text = format!("uploading {} files, {}", run.files, units::size(run.size));
        if self.has_section {
            self.act(self.ci.begin(&text, SystemTime::now()));
        }
        if matches!(self.view, View::Plain) {
            self.line(&text);
        }
    }

    /// The place of one of the files that are uploaded at a time, from 0.
    #[must_use]
    pub fn lane(&self, number: usize) -> Lane<'_> {
        Lane { board: self, number, name: String::new() }
    }

    /// Writes a message above the bars; not with `-q`.
    pub fn message(&self, text: &str) {
        if !self.verbosity.quiet {
            self.line(text);
        }
    }

    /// Writes what must not be overlooked, also with `-q`.
    pub fn warn_always(&self, text: &str) {
        self.line(&format!("warning: {text}"));
        self.act(self.ci.warning(text));
    }

    /// Ends the display.
    pub fn finish(self) {
        drop(self);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        match &self.view {
            View::Bars(drawing) => drawing.suspend(|| self.sink.line(text)),
            _ => self.sink.line(text),
        }
    }

    /// A line that is a command.
    fn act(&self, command: Option<String>) {
        let Some(command) = command else { return };
        let write = || self.sink.raw(&format!("{command}\n"));
        match &self.view {
            View::Bars(drawing) => drawing.suspend(write),
            _ => write(),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let last = self.lock().last_line(Instant::now());
        match &self.view {
            View::Bars(drawing) => {
                drawing.abandon();
                self.sink.raw("\n");
            }
            View::Plain => self.sink.line(&last),
            View::Nothing => {}
        }
        if self.has_section {
            let end = self.ci.end(SystemTime::now()).unwrap_or_default();
            self.sink.raw(&format!("{end}\n"));
        }
    }
}

/// The bars are made when indicatif draws, for the width that the terminal has then.
fn bars(state: &Arc<Mutex<State>>, sink: &Sink, terminal: &Terminal) -> ProgressBar {
    let screen = Screen::new(sink.clone(), terminal.clone());
    let drawing = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(screen)));
    let (state, terminal) = (Arc::clone(state), terminal.clone());
    let write = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let text = state.bars(Instant::now(), usize::from(terminal.width()), terminal.colour());
        let _ = out.write_str(&text);
    };
    let style = ProgressStyle::with_template("{bars}").unwrap_or_else(|_| ProgressStyle::default_bar());
    drawing.set_style(style.with_key("bars", write));
    drawing
}

/// Where one file after the other is shown.
#[derive(Debug)]
pub struct Lane<'a> {
    board: &'a Board,
    number: usize,
    name: String,
}

impl Lane<'_> {
    /// The next file is at its turn; `size` is what was reckoned with.
    pub fn begin(&mut self, name: &str, size: u64) {
        name.clone_into(&mut self.name);
        self.board.lock().begin(self.number, name, size, Instant::now());
    }

    /// Shows an event.
    pub fn event(&mut self, event: &UploadEvent) {
        let board = self.board;
        let due = board.lock().event(self.number, event, Instant::now());
        if !board.verbosity.quiet {
            let lines = verbose::lines(event, board.verbosity.level).into_iter().chain(notice::line(event));
            lines.for_each(|line| board.line(&format!("{}: {line}", self.name)));
            if let UploadEvent::Warning { text } = event {
                board.act(board.ci.warning(&format!("{}: {text}", self.name)));
            }
        }
        if let (View::Plain, Some(line)) = (&board.view, due) {
            board.line(&line);
        }
    }

    /// The file is on the server.
    pub fn done(&mut self) {
        let board = self.board;
        let line = board.lock().done(self.number, Instant::now());
        if let (View::Plain, Some(line)) = (&board.view, line) {
            board.line(&line);
        }
    }

    /// The file failed: its error is written at once, unless there is none to write.
    pub fn failed(&mut self, error: Option<&ErrorText>) {
        let board = self.board;
        board.lock().failed(self.number);
        let Some(error) = error else { return };
        let text = error.to_string();
        let write = || text.lines().for_each(|line| board.sink.line(line));
        match &board.view {
            View::Bars(drawing) => drawing.suspend(write),
            _ => write(),
        }
        board.act(board.ci.error(error));
    }
}

#[cfg(test)]
mod tests;
