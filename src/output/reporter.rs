//! Events in, lines and a bar out.

use std::io::Write;
use std::time::Instant;

use super::bar::Bar;
use super::plain::PlainLog;
use super::progress::UploadProgress;
use super::screen::Sink;
use super::{Ci, ErrorText, ProgressMode, Terminal, Verbosity, notice, verbose};
use crate::uploader::UploadEvent;

/// Shows an upload's events to people. Never fails: what cannot be written is lost.
#[derive(Debug)]
pub struct Reporter {
    verbosity: Verbosity,
    terminal: Terminal,
    sink: Sink,
    progress: UploadProgress,
    view: View,
    animated: bool,
    ci: Ci,
}

/// How progress is shown.
#[derive(Debug)]
enum View {
    Nothing,
    Plain(PlainLog),
    Bar(Option<Bar>),
}

impl View {
    fn of(mode: ProgressMode, verbosity: Verbosity, terminal: &Terminal) -> Self {
        let bar = terminal.moves_cursor() && (mode == ProgressMode::Bar || terminal.is_terminal());
        match mode {
            _ if verbosity.quiet => Self::Nothing,
            ProgressMode::None => Self::Nothing,
            ProgressMode::Auto | ProgressMode::Bar if bar => Self::Bar(None),
            _ => Self::Plain(PlainLog::default()),
        }
    }
}

impl Reporter {
    /// A reporter that writes to `out`, which is what `terminal` describes. The bar is drawn by events alone.
    #[must_use]
    pub fn new(mode: ProgressMode, verbosity: Verbosity, terminal: Terminal, out: Box<dyn Write + Send>) -> Self {
        Self {
            verbosity,
            view: View::of(mode, verbosity, &terminal),
            terminal,
            sink: Sink::new(out),
            progress: UploadProgress::new("", "", 0, Instant::now()),
            animated: false,
            ci: Ci::None,
        }
    }

    /// A reporter on standard error, whose bar goes on between events: the rate sinks in a stall, a resize is noticed.
    #[must_use]
    pub fn stderr(mode: ProgressMode, verbosity: Verbosity) -> Self {
        let mut reporter = Self::new(mode, verbosity, Terminal::stderr(), Box::new(std::io::stderr()));
        reporter.animated = true;
        reporter
    }

    /// From now on errors and warnings are annotated for a CI service too.
    #[must_use]
    pub fn with_ci(mut self, ci: Ci) -> Self {
        self.ci = ci;
        self
    }

    /// Shows an event.
    pub fn event(&mut self, event: &UploadEvent) {
        self.event_at(event, Instant::now());
    }

    /// Shows an event that happened at `now`.
    pub fn event_at(&mut self, event: &UploadEvent, now: Instant) {
        self.progress.apply(event, now);
        if !self.verbosity.quiet {
            for line in verbose::lines(event, self.verbosity.level) {
                self.line(&line);
            }
            if let Some(line) = notice::line(event) {
                self.line(&line);
            }
            if let UploadEvent::Warning { text } = event
                && let Some(command) = self.ci.warning(text)
            {
                self.raw_line(&command);
            }
        }
        match &mut self.view {
            View::Nothing => {}
            View::Plain(log) => {
                if let Some(line) = log.line(event, &self.progress, now) {
                    self.sink.line(&line);
                }
            }
            View::Bar(bar) => {
                if matches!(event, UploadEvent::Started { .. }) {
                    // The old bar, if one is left, ends its line before the new one begins.
                    drop(bar.take());
                    *bar = Some(Bar::new(self.progress.clone(), &self.terminal, &self.sink, self.animated, now));
                }
                if let Some(bar) = bar {
                    bar.event(event, &self.progress, now);
                }
            }
        }
    }

    /// Writes a message, above the bar if there is one; not with `-q`.
    pub fn message(&mut self, text: &str) {
        if !self.verbosity.quiet {
            self.line(text);
        }
    }

    /// Writes what must not be overlooked, also with `-q`.
    pub fn warn_always(&mut self, text: &str) {
        self.line(&format!("warning: {text}"));
        if let Some(command) = self.ci.warning(text) {
            self.raw_line(&command);
        }
    }

    /// Ends the progress and writes an error, always.
    pub fn error(&mut self, error: &ErrorText) {
        self.finish();
        for line in error.to_string().lines() {
            self.sink.line(line);
        }
        if let Some(command) = self.ci.error(error) {
            self.sink.raw(&format!("{command}\n"));
        }
    }

    /// Leaves the terminal clean: the bar stays as it is, the next output begins on a new line. Dropping does the same.
    pub fn finish(&mut self) {
        if let View::Bar(bar) = &mut self.view {
            drop(bar.take());
        }
    }

    fn line(&self, text: &str) {
        match &self.view {
            View::Bar(Some(bar)) => bar.line(text),
            _ => self.sink.line(text),
        }
    }

    /// A line that is to act.
    fn raw_line(&self, text: &str) {
        match &self.view {
            View::Bar(Some(bar)) => bar.raw_line(text),
            _ => self.sink.raw(&format!("{text}\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU16, Ordering};
    use std::time::Duration;

    use indicatif::InMemoryTerm;
    use proptest::prelude::*;

    use super::*;
    use crate::output::testing::{
        Broken, Buffer, Emulated, answer_head, any_event, close, fragment, request_head, session, started,
    };

    const SIZE: u64 = 1000;

    fn terminal(is_terminal: bool, width: u16) -> Terminal {
        Terminal::new(is_terminal, |name| (name == "NO_COLOR").then(|| "1".into()), move || width)
    }

    fn verbosity(level: u8) -> Verbosity {
        Verbosity { quiet: false, level }
    }

    fn emulated(width: u16, level: u8) -> (Reporter, InMemoryTerm) {
        let screen = InMemoryTerm::new(20, width);
        let out = Box::new(Emulated(screen.clone()));
        (Reporter::new(ProgressMode::Auto, verbosity(level), terminal(true, width), out), screen)
    }

    fn buffered(mode: ProgressMode, verbosity: Verbosity, is_terminal: bool) -> (Reporter, Buffer) {
        let buffer = Buffer::default();
        (Reporter::new(mode, verbosity, terminal(is_terminal, 80), Box::new(buffer.clone())), buffer)
    }

    fn upload() -> Vec<UploadEvent> {
        vec![
            started("a.bin", SIZE),
            UploadEvent::SessionCreated(session()),
            fragment(0, SIZE, SIZE),
            request_head("content-length", "1000"),
            UploadEvent::BytesSent(SIZE),
            answer_head("IIS"),
            UploadEvent::Acknowledged { offset: SIZE, total: SIZE },
            close(),
            UploadEvent::Completed { size: SIZE },
        ]
    }

    /// Shows events a second apart.
    fn show(reporter: &mut Reporter, events: &[UploadEvent]) {
        let mut now = Instant::now();
        for event in events {
            reporter.event_at(event, now);
            now += Duration::from_secs(1);
        }
    }

    #[test]
    fn a_hundred_percent_shows_only_after_close() {
        let (mut reporter, screen) = emulated(80, 0);
        let events = upload();
        let mut now = Instant::now();
        for event in &events {
            assert!(!screen.contents().contains("100 %"), "{}", screen.contents());
            reporter.event_at(event, now);
            now += Duration::from_secs(1);
        }
        assert_eq!(screen.contents(), "a.bin [=========================] 100 %   1000 B/1000 B    125 B/s in 8.0 s");
    }

    #[test]
    fn a_bar_stays_one_line_on_a_narrow_terminal() {
        for width in [2, 10, 20, 40] {
            let (mut reporter, screen) = emulated(width, 0);
            let events = upload();
            show(&mut reporter, &events[..8]);
            assert_eq!(screen.contents().lines().count(), 1, "{}", screen.contents());
        }
    }

    #[test]
    fn verbose_lines_stand_above_the_bar() {
        let (mut reporter, screen) = emulated(80, 1);
        show(&mut reporter, &upload()[..5]);
        let contents = screen.contents();
        let lines: Vec<&str> = contents.lines().collect();
        assert_eq!(lines.len(), 3, "{contents}");
        assert!(lines[0].starts_with("* session {") && lines[1] == "> Fragment bytes 0-999/1000", "{contents}");
        assert!(lines[2].starts_with("a.bin [----"), "{contents}");
    }

    #[test]
    fn a_failed_upload_leaves_the_bar_and_a_new_line() {
        let (mut reporter, screen) = emulated(80, 0);
        show(&mut reporter, &upload()[..5]);
        reporter.error(&ErrorText { what: "refused".to_owned(), ..ErrorText::default() });
        drop(reporter);
        let contents = screen.contents();
        let lines: Vec<&str> = contents.lines().collect();
        assert!(lines.len() == 2 && lines[0].contains("  0 %"), "{contents}");
        assert_eq!(lines[1], "bitsup: error: refused");
    }

    #[test]
    fn a_panic_ends_the_bars_line() {
        let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
        let panicked = std::thread::spawn(move || {
            show(&mut reporter, &upload()[..5]);
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        assert!(panicked.join().is_err());
        assert!(buffer.text().ends_with('\n'));
    }

    #[test]
    fn the_next_file_gets_a_bar_of_its_own() {
        let (mut reporter, screen) = emulated(80, 0);
        show(&mut reporter, &upload()[..5]);
        show(&mut reporter, &upload());
        assert_eq!(screen.contents().lines().count(), 2, "{}", screen.contents());
    }

    #[test]
    fn a_bar_is_drawn_at_most_ten_times_a_second() {
        let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
        let start = Instant::now();
        reporter.event_at(&started("a.bin", SIZE), start);
        reporter.event_at(&fragment(0, SIZE, SIZE), start);
        for n in 0..SIZE {
            reporter.event_at(&UploadEvent::BytesSent(n), start + Duration::from_millis(n));
        }
        assert!((9..=10).contains(&buffer.writes()), "{}", buffer.writes());
    }

    #[test]
    fn a_resize_is_noticed_at_the_next_drawing() {
        let width = Arc::new(AtomicU16::new(80));
        let asked = Arc::clone(&width);
        let buffer = Buffer::default();
        let terminal = Terminal::new(true, |_| None, move || asked.load(Ordering::Relaxed));
        let mut reporter = Reporter::new(ProgressMode::Auto, verbosity(0), terminal, Box::new(buffer.clone()));
        let now = Instant::now();
        reporter.event_at(&started("a.bin", SIZE), now);
        let wide = buffer.text().len();
        width.store(30, Ordering::Relaxed);
        reporter.event_at(&fragment(0, SIZE, SIZE), now + Duration::from_secs(1));
        let narrow = buffer.text()[wide..].to_owned();
        assert_eq!(console::strip_ansi_codes(&narrow).trim(), "a.bin   0 %      0 B/1000 B");
    }

    #[test]
    fn an_animated_bar_draws_between_events_and_stops_at_the_end() {
        let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
        reporter.animated = true;
        reporter.event(&started("a.bin", SIZE));
        let deadline = Instant::now() + Duration::from_secs(20);
        while buffer.writes() < 3 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(buffer.writes() >= 3);
        drop(reporter);
        let after = buffer.writes();
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!(buffer.writes(), after);
    }

    #[test]
    fn quiet_says_nothing_but_errors() {
        let (mut reporter, buffer) = buffered(ProgressMode::Bar, Verbosity { quiet: true, level: 2 }, true);
        show(&mut reporter, &upload());
        reporter.message("hello");
        assert_eq!(buffer.text(), "");
        reporter.error(&ErrorText {
            what: "refused".to_owned(),
            next: Some("again".to_owned()),
            ..ErrorText::default()
        });
        assert_eq!(buffer.text(), "bitsup: error: refused\n  next:   again\n");
    }

    #[test]
    fn no_progress_still_shows_packets() {
        let (mut reporter, buffer) = buffered(ProgressMode::None, verbosity(1), true);
        show(&mut reporter, &[started("a.bin", SIZE), fragment(0, SIZE, SIZE)]);
        assert_eq!(buffer.text(), "> Fragment bytes 0-999/1000\n");
    }

    #[test]
    fn a_bar_needs_a_terminal_unless_asked_for_and_a_cursor_always() {
        let drawn = |mode, is_terminal, term: &'static str| {
            let terminal = Terminal::new(is_terminal, |name| (name == "TERM").then(|| term.into()), || 80);
            matches!(View::of(mode, verbosity(0), &terminal), View::Bar(_))
        };
        assert!(drawn(ProgressMode::Auto, true, "xterm"));
        assert!(!drawn(ProgressMode::Auto, false, "xterm"));
        assert!(drawn(ProgressMode::Bar, false, "xterm"));
        assert!(!drawn(ProgressMode::Bar, true, "dumb"));
        assert!(!drawn(ProgressMode::Plain, true, "xterm"));
    }

    #[test]
    fn a_closed_pipe_ends_nothing() {
        for mode in ProgressMode::ALL {
            let mut reporter = Reporter::new(mode, verbosity(2), terminal(true, 80), Box::new(Broken));
            show(&mut reporter, &upload());
            reporter.error(&ErrorText::default());
        }
    }

    proptest! {
        #[test]
        fn plain_output_has_no_carriage_return_and_no_escape_for_any_event_sequence(
            events in prop::collection::vec(any_event(), 0..20), level in 0_u8..3
        ) {
            let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(level), false);
            show(&mut reporter, &events);
            drop(reporter);
            let text = buffer.text();
            prop_assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{:?}", text);
            prop_assert!(text.is_empty() || text.ends_with('\n'));
        }

        #[test]
        fn a_bar_sends_no_controls_but_its_own_for_any_event_sequence(
            events in prop::collection::vec(any_event(), 0..20), level in 0_u8..3
        ) {
            let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(level), true);
            show(&mut reporter, &events);
            drop(reporter);
            let own = ["\x1b[2K", "\x1b[K"].iter().fold(buffer.text(), |text, code| text.replace(code, ""));
            prop_assert!(!own.chars().any(|c| !"\r\n".contains(c) && c.is_control()), "{:?}", own);
        }
    }
}
