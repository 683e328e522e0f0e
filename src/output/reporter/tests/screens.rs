//! Whole screens, over runs in which the window changes its size, on terminals that cut lines and on one that breaks and
//! joins them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::*;

/// Something that shows what was written to it.
trait Screen: Send {
    fn write(&mut self, bytes: &[u8]);
    fn resize(&mut self, size: Size);
    /// Its rows from the first that was ever written, without blanks at their ends and empty rows at the end.
    fn rows(&mut self) -> Vec<String>;
}

fn without_blanks(rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    while rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

/// As xterm does.
impl Screen for vt100::Parser {
    fn write(&mut self, bytes: &[u8]) {
        self.process(bytes);
    }

    fn resize(&mut self, size: Size) {
        self.screen_mut().set_size(size.rows, size.columns);
    }

    fn rows(&mut self) -> Vec<String> {
        let (_, columns) = self.screen().size();
        without_blanks(self.screen().rows(0, columns))
    }
}

#[cfg(unix)]
mod reflowing {
    use alacritty_terminal::event::VoidListener;
    use alacritty_terminal::grid::Dimensions;
    use alacritty_terminal::index::{Column, Line};
    use alacritty_terminal::term::test::TermSize;
    use alacritty_terminal::term::{Config, Term};
    use alacritty_terminal::vte::ansi::{Processor, StdSyncHandler};

    use super::*;

    pub(super) struct Alacritty(Term<VoidListener>, Processor<StdSyncHandler>);

    fn dimensions(size: Size) -> TermSize {
        TermSize::new(size.columns.into(), size.rows.into())
    }

    impl Alacritty {
        pub(super) fn new(size: Size) -> Self {
            Self(Term::new(Config::default(), &dimensions(size), VoidListener), Processor::new())
        }
    }

    impl Screen for Alacritty {
        fn write(&mut self, bytes: &[u8]) {
            self.1.advance(&mut self.0, bytes);
        }

        fn resize(&mut self, size: Size) {
            self.0.resize(dimensions(size));
        }

        fn rows(&mut self) -> Vec<String> {
            let grid = self.0.grid();
            let lines = grid.topmost_line().0..=grid.bottommost_line().0;
            without_blanks(
                lines.map(|line| (0..grid.columns()).map(|column| grid[Line(line)][Column(column)].c).collect()),
            )
        }
    }
}

/// A window with a screen in it.
#[derive(Clone)]
struct Window(Arc<Mutex<(Size, Box<dyn Screen>)>>);

impl Window {
    fn with<T>(&self, act: impl FnOnce(&mut (Size, Box<dyn Screen>)) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn resize(&self, size: Size) {
        self.with(|window| {
            window.0 = size;
            window.1.resize(size);
        });
    }

    fn rows(&self) -> Vec<String> {
        self.with(|window| window.1.rows())
    }

    /// `cuts`: as xterm says of itself.
    fn terminal(&self, cuts: bool) -> Terminal {
        let window = self.clone();
        let env = move |name: &str| match name {
            "NO_COLOR" => Some("1".into()),
            "XTERM_VERSION" if cuts => Some("XTerm(379)".into()),
            "LANG" => Some("C.UTF-8".into()),
            _ => None,
        };
        Terminal::new(true, env, move || window.with(|window| window.0))
    }
}

impl Write for Window {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // As terminals do in their usual mode.
        let text = std::str::from_utf8(bytes).expect("whole characters").replace('\n', "\r\n");
        self.with(|window| window.1.write(text.as_bytes()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Uploads four files, two at a time, in a window that has another size at every step; nothing else than what was written
/// and the present bars must ever be on it.
fn run(window: &Window, cuts: bool, sizes: &[Size]) {
    let reporter = Reporter::new(ProgressMode::Auto, verbosity(0), window.terminal(cuts), Box::new(window.clone()));
    let reporter = reporter.with_batch(&batch(4, 2));
    let (mut now, mut written) = (Instant::now(), Vec::new());
    let mut lanes = [reporter.lane(0), reporter.lane(1)];
    lanes[0].begin(0, "the first of all files", 1000);
    lanes[1].begin(1, "second", 1000);
    for (step, size) in sizes.iter().enumerate() {
        window.resize(*size);
        now += Duration::from_secs(1);
        let lane = &mut lanes[step % 2];
        let sent = 50 * (step as u64 / 4) % 1000;
        let event = if step % 4 < 2 { fragment(0, 1000, 1000) } else { UploadEvent::BytesSent(sent) };
        lane.event_at(&event, now);
        if step % 5 == 4 && written.len() < 5 {
            reporter.message(&format!("message {step}"));
            written.push(format!("message {step}"));
        }
        let bars = lock(&reporter.progress).bars(now, *size, reporter.terminal.style);
        let expected: Vec<&str> = written.iter().map(String::as_str).chain(bars.lines()).collect();
        assert_eq!(window.rows(), expected, "step {step}, {size:?}");
    }
}

/// From 20 to 400 columns, up and down: gradually, and as `at_once` says.
fn sizes(at_once: &[u16]) -> Vec<Size> {
    let gradually = (20..=110).rev().chain(20..=110);
    let rows = [24, 30, 50, 31].into_iter().cycle();
    let columns = gradually.chain(at_once.iter().copied());
    columns.zip(rows).map(|(columns, rows)| Size { rows, columns }).collect()
}

#[test]
fn no_row_is_stale_on_a_terminal_that_cuts_its_lines() {
    let sizes = sizes(&[400, 20, 400, 21, 80, 40, 79, 22, 60, 20, 110, 109, 25, 30, 400]);
    let parser = vt100::Parser::new(sizes[0].rows, sizes[0].columns, 0);
    run(&Window(Arc::new(Mutex::new((sizes[0], Box::new(parser))))), true, &sizes);
}

/// This terminal loses count of its cursor's row where it breaks a line among blanks, and moves rows into its history where
/// it makes many more of them at once. These widths do neither.
#[cfg(unix)]
#[test]
fn no_row_is_stale_on_a_terminal_that_breaks_and_joins_its_lines() {
    let sizes = sizes(&[400, 90, 110, 88, 400, 85, 400, 60, 110, 54, 400]);
    let screen = reflowing::Alacritty::new(sizes[0]);
    run(&Window(Arc::new(Mutex::new((sizes[0], Box::new(screen))))), false, &sizes);
}
