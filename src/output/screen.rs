//! The one door to standard error.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::Terminal;
use super::escape::escape_line;
use crate::sync::lock;

/// A writer that several parts share and that never fails: an upload does not end because nobody reads its messages.
#[derive(Clone)]
pub(super) struct SharedWriter(Arc<Mutex<Box<dyn Write + Send>>>);

impl SharedWriter {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    /// Writes one whole line; whatever could act on a terminal, or be a command to a CI service, is escaped.
    pub(super) fn line(&self, text: &str) {
        self.raw(&format!("{}\n", escape_line(text)));
    }

    /// Writes text as it is.
    pub(super) fn raw(&self, text: &str) {
        let mut out = lock(&self.0);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

impl fmt::Debug for SharedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedWriter")
    }
}

/// Lines at the bottom of the terminal that are drawn again in place. Dropping it leaves them as they are at last, and ends
/// the last one: what follows starts on a line of its own.
#[derive(Debug)]
pub(super) struct Drawing {
    bar: ProgressBar,
    writer: SharedWriter,
    drawn: Option<Instant>,
}

impl Drawing {
    /// Shortest time between two drawings.
    const INTERVAL: Duration = Duration::from_millis(100);

    /// `text` is asked for at each drawing, with the columns that the terminal has then. With `animated` it is drawn between
    /// events too: an upload may stand still for minutes.
    pub(super) fn new(
        writer: &SharedWriter,
        terminal: &Terminal,
        animated: bool,
        text: impl Fn(usize) -> String + Send + Sync + Clone + 'static,
    ) -> Self {
        let screen = Screen::new(writer.clone(), terminal.clone());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(screen)));
        let terminal = terminal.clone();
        let write = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&text(usize::from(terminal.width())));
        };
        let style = ProgressStyle::with_template("{lines}").unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key("lines", write));
        if animated {
            bar.enable_steady_tick(Self::INTERVAL);
        }
        Self { bar, writer: writer.clone(), drawn: None }
    }

    /// Draws again, unless that was just done.
    pub(super) fn draw(&mut self, now: Instant) {
        if self.drawn.is_none_or(|drawn| now.saturating_duration_since(drawn) >= Self::INTERVAL) {
            self.drawn = Some(now);
            // Does nothing while it is animated.
            self.bar.tick();
        }
    }

    /// Lets lines be written above.
    pub(super) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.bar.abandon();
        self.writer.raw("\n");
    }
}

/// The terminal as indicatif draws on it: a whole redraw reaches the writer at once, so it does not flicker.
#[derive(Debug)]
pub(super) struct Screen {
    writer: SharedWriter,
    terminal: Terminal,
    pending: Mutex<Pending>,
}

/// A redraw in the making.
#[derive(Debug, Default)]
struct Pending {
    text: String,
    /// What was written ends a line of several.
    ends_line: bool,
}

impl Screen {
    pub(super) fn new(writer: SharedWriter, terminal: Terminal) -> Self {
        Self { writer, terminal, pending: Mutex::default() }
    }

    fn push(&self, text: &str) {
        lock(&self.pending).text.push_str(text);
    }

    fn push_move(&self, n: usize, direction: char) {
        if n > 0 {
            self.push(&format!("\x1b[{n}{direction}"));
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.terminal.width()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.push_move(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.push_move(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.push_move(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.push_move(n, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.push(text);
        self.push("\n");
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        // indicatif fills the rest of each line with blanks, and so gets to the next. They would wrap when the window
        // gets narrower.
        let mut pending = lock(&self.pending);
        let is_filler = !text.is_empty() && text.bytes().all(|b| b == b' ');
        if std::mem::replace(&mut pending.ends_line, is_filler) {
            pending.text.push('\n');
        }
        pending.text.push_str(if is_filler { "\x1b[K" } else { text });
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.push("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = std::mem::take(&mut *lock(&self.pending)).text;
        if !text.is_empty() {
            self.writer.raw(&text);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{Broken, Buffer};

    #[test]
    fn a_line_is_escaped_and_written_whole() {
        let buffer = Buffer::default();
        SharedWriter::new(Box::new(buffer.clone())).line("a\x1b[31m\r\nb");
        assert_eq!(buffer.text(), "a\\u{1b}[31m\\u{d}\\u{a}b\n");
    }

    #[test]
    fn a_closed_pipe_is_ignored() {
        SharedWriter::new(Box::new(Broken)).line("lost");
    }

    #[test]
    fn a_redraw_is_one_write() {
        let buffer = Buffer::default();
        let screen = Screen::new(SharedWriter::new(Box::new(buffer.clone())), Terminal::new(true, |_| None, || 10));
        for result in [screen.clear_line(), screen.write_str("abc"), screen.write_str("       ")] {
            result.expect("drawing never fails");
        }
        assert_eq!(buffer.writes(), 0);
        screen.flush().expect("drawing never fails");
        assert_eq!((buffer.writes(), buffer.text().as_str()), (1, "\r\x1b[2Kabc\x1b[K"));
    }
}
