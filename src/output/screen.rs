//! The one door to standard error.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::escape::escape_line;
use super::terminal::{Size, Style, Terminal};
use crate::sync::lock;

/// A writer that several parts share and that never fails: an upload does not end because its messages are not read.
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

    /// The same for a line that begins with `error: ` or `warning: ` behind `before`: that word is coloured, as by
    /// cargo.
    pub(super) fn marked(&self, before: &str, text: &str, style: Style) {
        const MARKS: [(&str, &str); 2] = [("error:", "\x1b[1;31m"), ("warning:", "\x1b[1;33m")];
        let mark = MARKS.iter().filter(|_| style.has_colour).find(|(word, _)| text.starts_with(word));
        let Some((word, colour)) = mark else { return self.line(&format!("{before}{text}")) };
        let (before, rest) = (escape_line(before), escape_line(&text[word.len()..]));
        self.raw(&format!("{before}{colour}{word}\x1b[0m{rest}\n"));
    }

    pub(super) fn raw(&self, text: &str) {
        let mut out = lock(&self.0);
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Lines at the bottom of the terminal that are drawn again in place. Dropping it leaves them as they are at last, and
/// ends the last one: what follows starts on a line of its own.
pub(super) struct Drawing {
    bar: ProgressBar,
    writer: SharedWriter,
    drawn: Option<Instant>,
}

impl Drawing {
    /// Shortest time between two drawings.
    const INTERVAL: Duration = Duration::from_millis(100);

    /// `text` is asked for at each drawing, with the size that the terminal has then. With `animated` it is drawn
    /// between events too: an upload may stand still for minutes.
    pub(super) fn new(
        writer: &SharedWriter,
        terminal: &Terminal,
        animated: bool,
        text: impl Fn(Size) -> String + Send + Sync + Clone + 'static,
    ) -> Self {
        let screen = Screen { writer: writer.clone(), terminal: terminal.clone(), block: Mutex::default() };
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(screen)));
        let terminal = terminal.clone();
        let write = move |_: &ProgressState, out: &mut dyn fmt::Write| {
            let _ = out.write_str(&text(terminal.size()));
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

/// The terminal as indicatif draws on it. It draws a whole block, or none; where that stood before is known here, since
/// indicatif does not see that a resize has broken or joined its lines. Each redraw reaches the writer at once, so that
/// it does not flicker.
struct Screen {
    writer: SharedWriter,
    terminal: Terminal,
    block: Mutex<Block>,
}

/// Lines that are drawn in place.
#[derive(Debug, Default)]
struct Block {
    /// The columns of each line that is on the terminal; the cursor is behind the last one.
    drawn: Vec<usize>,
    /// Those of the redraw in the making.
    next: Vec<String>,
    /// indicatif writes each line, then blanks to the end of it, which would wrap when the window gets narrower.
    expects_blanks: bool,
}

impl Block {
    /// The sequence that removes it from a terminal of this width in columns, and leaves the cursor where it began.
    fn removal(&self, reflows: bool, columns: usize) -> String {
        let rows = |width: &usize| if reflows { width.div_ceil(columns).max(1) } else { 1 };
        match self.drawn.iter().map(rows).sum::<usize>() {
            0 => String::new(),
            1 => "\r\x1b[J".to_owned(),
            rows => format!("\r\x1b[{}A\x1b[J", rows - 1),
        }
    }
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.terminal.size().columns
    }

    fn height(&self) -> u16 {
        self.terminal.size().rows
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut block = lock(&self.block);
        if !block.expects_blanks {
            block.next.push(text.to_owned());
        }
        block.expects_blanks = !block.expects_blanks;
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut block = lock(&self.block);
        let mut text = block.removal(self.terminal.reflows, usize::from(self.terminal.size().columns));
        let lines = std::mem::take(&mut block.next);
        block.drawn = lines.iter().map(|line| console::measure_text_width(line)).collect();
        text.push_str(&lines.join("\n"));
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
    fn a_mark_is_coloured_where_colour_is_and_only_at_its_place() {
        let written = |before: &str, text: &str, has_colour| {
            let buffer = Buffer::default();
            let style = Style { has_colour, is_unicode: false };
            SharedWriter::new(Box::new(buffer.clone())).marked(before, text, style);
            buffer.text()
        };
        assert_eq!(written("bitsup: ", "error: no\x1b", true), "bitsup: \x1b[1;31merror:\x1b[0m no\\u{1b}\n");
        assert_eq!(written("error: ", "warning: odd", true), "error: \x1b[1;33mwarning:\x1b[0m odd\n");
        for (text, has_colour) in [("warning: odd", false), ("a warning: odd", true)] {
            assert_eq!(written("", text, has_colour), format!("{text}\n"));
        }
    }

    #[test]
    fn a_closed_pipe_is_ignored() {
        SharedWriter::new(Box::new(Broken)).line("lost");
    }

    #[test]
    fn a_redraw_is_one_write() {
        let buffer = Buffer::default();
        let writer = SharedWriter::new(Box::new(buffer.clone()));
        let terminal = Terminal::new(true, |_| None, || Size { rows: 24, columns: 10 });
        let screen = Screen { writer, terminal, block: Mutex::default() };
        let draw = |lines: &[&str]| {
            for text in lines.iter().flat_map(|line| [*line, "   "]) {
                screen.write_str(text).expect("drawing never fails");
            }
            let before = buffer.writes();
            screen.flush().expect("drawing never fails");
            buffer.writes() - before
        };
        assert_eq!((draw(&["abc", "d"]), buffer.text().as_str()), (1, "abc\nd"));
        assert_eq!((draw(&["e"]), buffer.text().as_str()), (1, "abc\nd\r\x1b[1A\x1b[Je"));
        assert_eq!((draw(&[]), buffer.text().as_str()), (1, "abc\nd\r\x1b[1A\x1b[Je\r\x1b[J"));
        assert_eq!(draw(&[]), 0, "nothing is there to be removed");
    }

    #[test]
    fn a_block_is_removed_from_as_many_rows_as_a_resize_has_made_of_it() {
        let block = Block { drawn: vec![9, 20, 0], ..Block::default() };
        assert_eq!(block.removal(true, 100), "\r\x1b[2A\x1b[J");
        assert_eq!(block.removal(true, 10), "\r\x1b[3A\x1b[J");
        assert_eq!(block.removal(true, 9), "\r\x1b[4A\x1b[J");
        assert_eq!(block.removal(false, 9), "\r\x1b[2A\x1b[J", "it was cut");
    }
}
