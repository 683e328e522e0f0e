//! A bar as text: what it shows, and what of that has room.

use std::time::Instant;

use unicode_width::UnicodeWidthChar;

use super::escape::clean;
use super::progress::{Activity, UploadProgress};
use super::terminal::Style;
use super::{redact, units};

/// Wider does not read better, and a window made narrower then leaves the line whole.
const MAX_COLUMNS: usize = 110;
const MIN_NAME: usize = 8;
const MAX_NAME: usize = 24;
const MIN_BAR: usize = 12;
const MAX_BAR: usize = 42;
/// Less of a cause says nothing: `503 Service`.
const MIN_CAUSE: usize = 12;

/// Name, bar, percent, amount, rate, time: as many of them as a terminal of this width, in columns, has room for.
pub(super) fn line(progress: &UploadProgress, now: Instant, terminal: usize, style: Style) -> String {
    let limit = limit(terminal);
    let name = clean(&progress.name);
    let name_width = columns(&name);
    let mut fields = fields(progress, now);
    let least_name = name_width.min(MIN_NAME);
    while fields.len() > 1 && least_name + 1 + columns(&fields.join(" ")) > limit {
        fields.pop();
    }
    if matches!(progress.activity, Activity::Waiting(_)) {
        let room = |reserved| limit.saturating_sub(reserved + 2 + columns(&fields.join(" ")));
        // Beside the bar if that leaves enough to read, else in its place.
        let beside = room(MIN_NAME + MIN_BAR + 1);
        fields.extend(cause(progress, if beside >= MIN_CAUSE { beside } else { room(least_name) }, style));
    }
    let tail = fields.join(" ");
    let Some(room) = limit.checked_sub(columns(&tail) + 1).filter(|room| *room > 0) else {
        return shorten(tail.trim(), limit, style);
    };
    let bar_width = room.saturating_sub(name_width.min(MAX_NAME) + 1);
    let bar_width = if room > MIN_NAME + MIN_BAR { bar_width.clamp(MIN_BAR, MAX_BAR) } else { 0 };
    let line = if bar_width == 0 {
        format!("{} {tail}", shorten(&name, room, style))
    } else {
        format!("{} {} {tail}", shorten(&name, room - bar_width - 1, style), cells(progress, bar_width - 2, style))
    };
    line.trim_end().to_owned()
}

/// A text of its own between the bars.
pub(super) fn note(text: &str, terminal: usize, style: Style) -> String {
    shorten(text, limit(terminal), style)
}

/// The columns that a line may take. The `^C` that the terminal may echo behind it must not wrap it.
fn limit(terminal: usize) -> usize {
    let spare = if terminal < 20 { 1 } else { 1 + "^C".len() };
    terminal.saturating_sub(spare).min(MAX_COLUMNS)
}

/// The figures, the most important first, each of a constant width so that the bar stands still.
fn fields(progress: &UploadProgress, now: Instant) -> Vec<String> {
    let rate = progress.rate(now).map(units::rate).unwrap_or_default();
    let state = match progress.activity {
        Activity::Connecting => "connecting".to_owned(),
        Activity::Sending => progress.eta(now).map(|eta| format!("ETA {}", units::remaining(eta))).unwrap_or_default(),
        Activity::Waiting(until) => format!("again in {}", units::remaining(until.saturating_duration_since(now))),
        Activity::Closing => "closing".to_owned(),
        Activity::Cancelling => "cancelling".to_owned(),
        Activity::Completed => format!("in {}", units::duration(progress.elapsed(now))),
        Activity::Stopped => "stopped".to_owned(),
    };
    let mut fields = vec![
        format!("{:>3} %", progress.percent(progress.taken())),
        format!("{:>8}/{}", units::size(progress.taken()), units::size(progress.size)),
        format!("{rate:>10}"),
        format!("{state:<12}"),
    ];
    if matches!(progress.activity, Activity::Waiting(_) | Activity::Stopped) {
        // Nothing moves; why is worth the room.
        fields.remove(2);
    }
    fields
}

/// Why it waits, in at most `room` columns.
fn cause(progress: &UploadProgress, room: usize, style: Style) -> Option<String> {
    let text = clean(&redact::url(&progress.cause));
    match columns(&text) {
        needed if needed <= room => Some(text),
        _ if room >= MIN_CAUSE => Some(format!("{}{}", take(text.chars(), room - 1), ellipsis(style))),
        _ => None,
    }
}

/// `[====---   ]`: acknowledged, on its way, to do. Not full before the end, as the percentage.
fn cells(progress: &UploadProgress, width: usize, style: Style) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let filled = |bytes: u64, cells: usize| -> usize {
        let filled = (u128::from(bytes) * cells as u128).checked_div(u128::from(progress.size)).unwrap_or(0);
        usize::try_from(filled).unwrap_or(cells).min(cells)
    };
    let (full, light) = if style.is_unicode { ("█", "░") } else { ("=", "-") };
    let done = match progress.activity {
        Activity::Completed => width,
        _ => filled(progress.acked(), width).min(width.saturating_sub(1)),
    };
    let flying = filled(progress.taken(), width).saturating_sub(done);
    // Bytes on their way begin in the same cell.
    let has_part = style.is_unicode && flying == 0 && done < width;
    let part = if has_part { EIGHTHS[filled(progress.acked(), width * 8).saturating_sub(done * 8).min(7)] } else { "" };
    let (green, dim, off) = if style.has_colour { ("\x1b[32m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let (solid, light) = (format!("{}{part}", full.repeat(done)), light.repeat(flying));
    let rest = width - done - flying - usize::from(!part.is_empty());
    format!("[{green}{solid}{off}{dim}{light}{off}{:rest$}]", "")
}

/// The character that stands for the text that was left out.
fn ellipsis(style: Style) -> char {
    if style.is_unicode { '…' } else { '~' }
}

/// Columns that a text takes. An emoji selector counts as one: terminals disagree, and too short is better than too
/// long.
fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

fn char_columns(c: char) -> usize {
    if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(0) }
}

/// At most `max` columns: the beginning and the end of a name say most.
fn shorten(text: &str, max: usize, style: Style) -> String {
    if columns(text) <= max {
        return text.to_owned();
    }
    let Some(room) = max.checked_sub(1) else { return String::new() };
    let head = take(text.chars(), room.div_ceil(2));
    let mut tail = take(text.chars().rev(), room - columns(&head));
    tail = tail.chars().rev().collect();
    format!("{head}{}{tail}", ellipsis(style))
}

/// The characters that fit into `max` columns.
fn take(chars: impl Iterator<Item = char>, max: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += char_columns(*c);
            used <= max
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::output::testing::{any_event, close, fragment, started};
    use crate::uploader::UploadEvent;

    const PLAIN: Style = Style { has_colour: false, is_unicode: false };
    const UNICODE: Style = Style { has_colour: false, is_unicode: true };

    fn progress(name: &str, events: &[UploadEvent]) -> (UploadProgress, Instant) {
        let start = Instant::now();
        let mut progress = UploadProgress::new("", "", 0, start);
        progress.apply(&started(name, 100 << 20), start);
        let mut now = start;
        for event in events {
            now += Duration::from_secs(1);
            progress.apply(event, now);
        }
        (progress, now)
    }

    fn uploading() -> Vec<UploadEvent> {
        let (mib, total) = (1 << 20, 100 << 20);
        vec![
            fragment(0, 50 * mib, total),
            UploadEvent::Acknowledged { offset: 50 * mib, total },
            fragment(50 * mib, 28 * mib, total),
            UploadEvent::BytesSent(25 * mib),
        ]
    }

    #[test]
    fn everything_fits_into_eighty_columns() {
        let (progress, now) = progress("a.bin", &uploading());
        assert_eq!(
            line(&progress, now, 80, UNICODE),
            "a.bin [███████████░░░░░      ]  75 % 75.0 MiB/100 MiB 25.0 MiB/s ETA 1 s"
        );
        assert_eq!(
            line(&progress, now, 80, PLAIN),
            "a.bin [===========-----      ]  75 % 75.0 MiB/100 MiB 25.0 MiB/s ETA 1 s"
        );
    }

    #[test]
    fn figures_go_before_the_name_as_the_terminal_gets_narrower() {
        let (progress, now) = progress("a-long-name-of-a-file.tar.gz", &uploading());
        let lines: Vec<String> = [60, 48, 32, 16, 6, 4, 2].map(|width| line(&progress, now, width, UNICODE)).to_vec();
        assert_eq!(
            lines,
            [
                "a-lon…r.gz  75 % 75.0 MiB/100 MiB 25.0 MiB/s ETA 1 s",
                "a-lon…ar.gz  75 % 75.0 MiB/100 MiB 25.0 MiB/s",
                "a-lon…r.gz [█████░░   ]  75 %",
                "a-lo…r.gz  75 %",
                "75 %",
                "7…%",
                "…"
            ]
        );
    }

    #[test]
    fn colour_changes_no_width_and_the_light_part_is_dim() {
        let (progress, now) = progress("a.bin", &uploading());
        let coloured = line(&progress, now, 80, Style { has_colour: true, is_unicode: false });
        assert!(coloured.contains("[\x1b[32m===========\x1b[0m\x1b[2m-----\x1b[0m      ]"), "{coloured:?}");
        assert_eq!(console::strip_ansi_codes(&coloured), line(&progress, now, 80, PLAIN));
    }

    #[test]
    fn the_bar_is_not_full_before_close() {
        let total = 100 << 20;
        let mut events = vec![UploadEvent::Acknowledged { offset: total, total }, close()];
        let (before, now) = progress("a.bin", &events);
        let text = line(&before, now, 80, UNICODE);
        assert!(text.contains("█░]  99 %") && text.ends_with("closing"), "{text}");
        events.push(UploadEvent::Completed { size: total });
        let (after, now) = progress("a.bin", &events);
        let text = line(&after, now, 80, UNICODE);
        assert!(text.contains("██] 100 %") && text.ends_with("in 3.0 s"), "{text}");
    }

    #[test]
    fn a_pause_shows_its_countdown_and_its_cause() {
        let mut events = uploading();
        events.push(UploadEvent::Retrying {
            cause: "503 Service Unavailable, context 5, the server (Fragment)".to_owned(),
            pause: Duration::from_secs(4),
            attempt: 1,
        });
        let (progress, now) = progress("a.bin", &events);
        let lines = [110, 80, 60, 44].map(|width| line(&progress, now, width, UNICODE));
        assert_eq!(
            lines,
            [
                "a.bin [██████▌      ]  50 % 50.0 MiB/100 MiB again in 4 s 503 Service Unavailable, context 5, the server (…",
                "a.bin [██████▌      ]  50 % 50.0 MiB/100 MiB again in 4 s 503 Service Unavai…",
                "a.bin  50 % 50.0 MiB/100 MiB again in 4 s 503 Service Un…",
                "a.bin  50 % 50.0 MiB/100 MiB again in 4 s",
            ]
        );
    }

    #[test]
    fn eighths_of_a_cell_are_drawn_where_the_locale_has_them() {
        let total = 800 << 20;
        let drawn = |mib: u64, style| {
            let start = Instant::now();
            let mut progress = UploadProgress::new("a", "", total, start);
            progress.apply(&UploadEvent::Acknowledged { offset: mib << 20, total }, start);
            cells(&progress, 8, style)
        };
        let texts = [0, 13, 50, 100, 150, 790, 800].map(|mib| drawn(mib, UNICODE));
        let expected =
            ["[        ]", "[▏       ]", "[▌       ]", "[█       ]", "[█▌      ]", "[███████▉]", "[███████░]"];
        assert_eq!(texts, expected);
        assert_eq!(drawn(150, PLAIN), "[=       ]");
    }

    #[test]
    fn wide_characters_are_counted_as_two() {
        assert_eq!(columns("漢字"), 4);
        assert_eq!(shorten("漢字漢字漢字", 7, UNICODE), "漢…漢字");
        assert_eq!(shorten("漢字", 1, UNICODE), "…");
        assert_eq!(shorten("漢字", 0, UNICODE), "");
    }

    proptest! {
        #[test]
        fn a_line_is_shorter_than_the_terminal(
            name in any::<String>(), events in prop::collection::vec(any_event(), 0..6), width in 2_usize..200
        ) {
            let (mut progress, now) = progress(&name, &events);
            progress.name = name;
            let text = line(&progress, now, width, UNICODE);
            prop_assert!(columns(&text) < width, "{:?}", text);
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
        }
    }
}
