//! Facts about the terminal that progress is drawn on.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::Arc;

/// Columns assumed when the terminal does not say.
const DEFAULT_WIDTH: u16 = 80;
/// Narrower ones are treated as this wide: one wide character must fit.
const MIN_WIDTH: u16 = 2;

/// What standard error is and can do.
#[derive(Clone)]
pub(super) struct Terminal {
    /// A person may be watching.
    pub(super) is_attended: bool,
    /// A line can be drawn again in place.
    pub(super) moves_cursor: bool,
    pub(super) has_colour: bool,
    width: Arc<dyn Fn() -> u16 + Send + Sync>,
}

impl Terminal {
    /// Decides from whether it `is_terminal` and the environment's `NO_COLOR`, `CLICOLOR_FORCE` and `TERM`.
    ///
    /// `width` is asked before each drawing, so that a resize is noticed; 0 means unknown.
    pub(super) fn new(
        is_terminal: bool,
        env: impl Fn(&str) -> Option<OsString>,
        width: impl Fn() -> u16 + Send + Sync + 'static,
    ) -> Self {
        let moves_cursor = env("TERM").is_none_or(|term| term != "dumb");
        let no_colour = env("NO_COLOR").is_some_and(|value| !value.is_empty());
        let force_colour = env("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        let has_colour = !no_colour && (force_colour || is_terminal && moves_cursor);
        Self { is_attended: is_terminal, moves_cursor, has_colour, width: Arc::new(width) }
    }

    /// This process's standard error.
    pub(super) fn stderr() -> Self {
        let term = console::Term::stderr();
        let is_terminal = std::io::stderr().is_terminal();
        // On Windows this question also switches escape sequences on; a console that cannot is a dumb one.
        // (There it says no under `NO_COLOR` too: lines instead of a bar without colour.)
        let escapes = !cfg!(windows) || !is_terminal || term.features().colors_supported();
        let env = |name: &str| match name {
            "TERM" if !escapes => Some("dumb".into()),
            _ => std::env::var_os(name),
        };
        Self::new(is_terminal, env, move || term.size_checked().map_or(0, |(_rows, columns)| columns))
    }

    /// Columns, now.
    pub(super) fn width(&self) -> u16 {
        match (self.width)() {
            0 => DEFAULT_WIDTH,
            width => width.max(MIN_WIDTH),
        }
    }
}

/// Columns for a text such as the help: the terminal's, or those that the environment's `COLUMNS` says.
pub(crate) fn columns() -> usize {
    let terminals = [console::Term::stdout(), console::Term::stderr()];
    let of_terminal = terminals.iter().find_map(console::Term::size_checked).map(|(_rows, columns)| columns);
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = of_terminal.or_else(told).filter(|columns| *columns > 0);
    columns.unwrap_or(DEFAULT_WIDTH).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(is_terminal: bool, env: &[(&str, &str)]) -> Terminal {
        let find = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(*value));
        Terminal::new(is_terminal, find, || 100)
    }

    #[test]
    fn a_terminal_has_colour_and_a_moving_cursor() {
        let terminal = terminal(true, &[("TERM", "xterm")]);
        assert!(terminal.is_attended && terminal.has_colour && terminal.moves_cursor);
    }

    #[test]
    fn term_dumb_takes_cursor_and_colour() {
        let terminal = terminal(true, &[("TERM", "dumb")]);
        assert!(!terminal.moves_cursor && !terminal.has_colour);
    }

    #[test]
    fn no_color_takes_colour_only_and_only_when_not_empty() {
        let without = terminal(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
        assert!(!without.has_colour && without.moves_cursor);
        assert!(terminal(true, &[("NO_COLOR", "")]).has_colour);
    }

    #[test]
    fn clicolor_force_gives_colour_and_makes_no_terminal() {
        let forced = terminal(false, &[("CLICOLOR_FORCE", "1")]);
        assert!(forced.has_colour && !forced.is_attended);
        assert!(!terminal(false, &[("CLICOLOR_FORCE", "0")]).has_colour);
        assert!(!terminal(false, &[]).has_colour);
    }

    #[test]
    fn an_unknown_width_is_eighty_and_a_tiny_one_fits_a_character() {
        assert_eq!(Terminal::new(true, |_| None, || 0).width(), 80);
        assert_eq!(Terminal::new(true, |_| None, || 1).width(), 2);
    }
}
