//! Facts about the terminal that progress is drawn on.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::Arc;

/// Rows and columns assumed when the terminal does not say.
const DEFAULT_SIZE: Size = Size { rows: 24, columns: 80 };
/// Narrower ones are treated as this wide: one wide character must fit.
const MIN_COLUMNS: u16 = 2;

/// The kind and abilities of standard error.
#[derive(Clone)]
pub(super) struct Terminal {
    /// A person may be watching.
    pub(super) is_attended: bool,
    /// A line can be drawn again in place.
    pub(super) moves_cursor: bool,
    /// When its window gets narrower, it breaks longer lines, and joins them when it gets wider. Others cut them.
    pub(super) reflows: bool,
    pub(super) style: Style,
    size: Arc<dyn Fn() -> Size + Send + Sync>,
}

/// The characters and colours that text may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) has_colour: bool,
    /// More than ASCII can be shown.
    pub(super) is_unicode: bool,
}

/// How large a terminal is; 0 means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) rows: u16,
    pub(super) columns: u16,
}

impl Terminal {
    /// Decides from whether it `is_terminal` and from the environment.
    ///
    /// `size` is asked before each drawing, so that a resize is noticed.
    pub(super) fn new(
        is_terminal: bool,
        env: impl Fn(&str) -> Option<OsString>,
        size: impl Fn() -> Size + Send + Sync + 'static,
    ) -> Self {
        let is_set = |name: &str| env(name).is_some_and(|value| !value.is_empty());
        let term = env("TERM").unwrap_or_default().to_string_lossy().into_owned();
        let moves_cursor = term != "dumb";
        let force_colour = is_set("CLICOLOR_FORCE") && env("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let has_colour = !is_set("NO_COLOR") && (force_colour || is_terminal && moves_cursor);
        // xterm, rxvt, the console of Linux, and GNU screen (but not tmux, which takes its name).
        let cuts =
            ["linux", "rxvt"].iter().any(|name| term.starts_with(name)) || is_set("XTERM_VERSION") || is_set("STY");
        Self {
            is_attended: is_terminal,
            moves_cursor,
            reflows: !cuts,
            style: Style { has_colour, is_unicode: is_unicode(env) },
            size: Arc::new(size),
        }
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
        let unknown = Size { rows: 0, columns: 0 };
        Self::new(is_terminal, env, move || {
            term.size_checked().map_or(unknown, |(rows, columns)| Size { rows, columns })
        })
    }

    /// Rows and columns, now.
    pub(super) fn size(&self) -> Size {
        let Size { rows, columns } = (self.size)();
        Size {
            rows: if rows == 0 { DEFAULT_SIZE.rows } else { rows },
            columns: if columns == 0 { DEFAULT_SIZE.columns } else { columns.max(MIN_COLUMNS) },
        }
    }
}

/// Whether the locale's character set is UTF-8. Windows writes Unicode whatever the code page; its old console has no
/// font for it.
fn is_unicode(env: impl Fn(&str) -> Option<OsString>) -> bool {
    if cfg!(windows) {
        return env("WT_SESSION").is_some();
    }
    let set = |name: &&str| env(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Columns for a text such as the help: the terminal's, or those that the environment's `COLUMNS` says.
pub(crate) fn columns() -> usize {
    let terminals = [console::Term::stdout(), console::Term::stderr()];
    let of_terminal = terminals.iter().find_map(console::Term::size_checked).map(|(_rows, columns)| columns);
    let told = || std::env::var("COLUMNS").ok()?.parse().ok();
    let columns = of_terminal.or_else(told).filter(|columns| *columns > 0);
    columns.unwrap_or(DEFAULT_SIZE.columns).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(is_terminal: bool, env: &[(&str, &str)]) -> Terminal {
        let find = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(*value));
        Terminal::new(is_terminal, find, || Size { rows: 24, columns: 100 })
    }

    #[test]
    fn a_terminal_has_colour_and_a_moving_cursor() {
        let terminal = terminal(true, &[("TERM", "xterm")]);
        assert!(terminal.is_attended && terminal.style.has_colour && terminal.moves_cursor);
    }

    #[test]
    fn term_dumb_takes_cursor_and_colour() {
        let terminal = terminal(true, &[("TERM", "dumb")]);
        assert!(!terminal.moves_cursor && !terminal.style.has_colour);
    }

    #[test]
    fn no_color_takes_colour_only_and_only_when_not_empty() {
        let without = terminal(true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
        assert!(!without.style.has_colour && without.moves_cursor);
        assert!(terminal(true, &[("NO_COLOR", "")]).style.has_colour);
    }

    #[test]
    fn clicolor_force_gives_colour_and_makes_no_terminal() {
        let forced = terminal(false, &[("CLICOLOR_FORCE", "1")]);
        assert!(forced.style.has_colour && !forced.is_attended);
        assert!(!terminal(false, &[("CLICOLOR_FORCE", "0")]).style.has_colour);
        assert!(!terminal(false, &[]).style.has_colour);
    }

    #[cfg(not(windows))]
    #[test]
    fn the_first_locale_that_is_set_decides() {
        let unicode = |env: &[(&str, &str)]| terminal(true, env).style.is_unicode;
        assert!(unicode(&[("LANG", "en_US.UTF-8")]) && unicode(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!unicode(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]) && !unicode(&[]));
    }

    #[test]
    fn terminals_that_cut_lines_are_known() {
        let reflows = |env: &[(&str, &str)]| terminal(true, env).reflows;
        assert!(reflows(&[("TERM", "xterm-256color")]) && reflows(&[("TERM", "screen"), ("TMUX", "/tmp/x")]));
        for cutting in
            [("XTERM_VERSION", "XTerm(379)"), ("STY", "1.pts-0"), ("TERM", "linux"), ("TERM", "rxvt-unicode")]
        {
            assert!(!reflows(&[cutting]), "{cutting:?}");
        }
    }

    #[test]
    fn an_unknown_size_is_the_usual_one_and_a_tiny_one_fits_a_character() {
        let size = |rows, columns| Terminal::new(true, |_| None, move || Size { rows, columns }).size();
        assert_eq!(size(0, 0), DEFAULT_SIZE);
        assert_eq!(size(3, 1), Size { rows: 3, columns: 2 });
    }
}
