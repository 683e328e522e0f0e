//! The screen of one file, and of several.

mod screens;

use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use indicatif::InMemoryTerm;
use proptest::prelude::*;

use super::*;
use crate::output::terminal::Size;
use crate::output::testing::{
    Broken, Buffer, Emulated, answer_head, any_event, close, fragment, request_head, session, started,
};

const SIZE: u64 = 1000;

fn terminal(is_terminal: bool, width: u16) -> Terminal {
    Terminal::new(
        is_terminal,
        |name| (name == "NO_COLOR").then(|| "1".into()),
        move || Size { rows: 24, columns: width },
    )
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
fn show(reporter: &Reporter, events: &[UploadEvent]) {
    let (mut lane, mut now) = (reporter.lane(0), Instant::now());
    for event in events {
        lane.event_at(event, now);
        now += Duration::from_secs(1);
    }
}

#[test]
fn a_hundred_percent_shows_only_after_close() {
    let (reporter, screen) = emulated(80, 0);
    let events = upload();
    let mut now = Instant::now();
    for event in &events {
        assert!(!screen.contents().contains("100 %"), "{}", screen.contents());
        reporter.lane(0).event_at(event, now);
        now += Duration::from_secs(1);
    }
    assert_eq!(screen.contents(), "a.bin [=======================] 100 %   1000 B/1000 B    125 B/s in 8.0 s");
}

#[test]
fn a_bar_stays_one_line_on_a_narrow_terminal() {
    for width in [2, 10, 20, 40] {
        let (reporter, screen) = emulated(width, 0);
        let events = upload();
        show(&reporter, &events[..8]);
        assert_eq!(screen.contents().lines().count(), 1, "{}", screen.contents());
    }
}

#[test]
fn verbose_lines_stand_above_the_bar() {
    let (reporter, screen) = emulated(80, 1);
    show(&reporter, &upload()[..5]);
    let contents = screen.contents();
    let lines: Vec<&str> = contents.lines().collect();
    assert_eq!(lines.len(), 3, "{contents}");
    assert!(lines[0].starts_with("* session {") && lines[1] == "> Fragment bytes 0-999/1000", "{contents}");
    assert!(lines[2].starts_with("a.bin [----"), "{contents}");
}

#[test]
fn a_failed_upload_leaves_the_bar_and_a_new_line() {
    let (reporter, screen) = emulated(80, 0);
    show(&reporter, &upload()[..5]);
    reporter.error(&ErrorText { what: "refused".to_owned(), ..ErrorText::default() });
    drop(reporter);
    let contents = screen.contents();
    let lines: Vec<&str> = contents.lines().collect();
    assert!(lines.len() == 2 && lines[0].contains("  0 %") && lines[0].ends_with(" stopped"), "{contents}");
    assert_eq!(lines[1], "bitsup: error: refused");
}

#[test]
fn a_panic_ends_the_bars_line() {
    let (reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
    let panicked = std::thread::spawn(move || {
        show(&reporter, &upload()[..5]);
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err());
    assert!(buffer.text().ends_with('\n'));
}

#[test]
fn the_next_file_gets_a_bar_of_its_own() {
    let (reporter, screen) = emulated(80, 0);
    show(&reporter, &upload()[..5]);
    show(&reporter, &upload());
    assert_eq!(screen.contents().lines().count(), 2, "{}", screen.contents());
}

#[test]
fn a_bar_is_drawn_at_most_ten_times_a_second() {
    let (reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
    let start = Instant::now();
    reporter.lane(0).event_at(&started("a.bin", SIZE), start);
    reporter.lane(0).event_at(&fragment(0, SIZE, SIZE), start);
    for n in 0..SIZE {
        reporter.lane(0).event_at(&UploadEvent::BytesSent(n), start + Duration::from_millis(n));
    }
    assert!((9..=10).contains(&buffer.writes()), "{}", buffer.writes());
}

#[test]
fn a_resize_is_noticed_at_the_next_drawing() {
    let width = Arc::new(AtomicU16::new(80));
    let asked = Arc::clone(&width);
    let buffer = Buffer::default();
    let terminal = Terminal::new(true, |_| None, move || Size { rows: 24, columns: asked.load(Ordering::Relaxed) });
    let reporter = Reporter::new(ProgressMode::Auto, verbosity(0), terminal, Box::new(buffer.clone()));
    let now = Instant::now();
    reporter.lane(0).event_at(&started("a.bin", SIZE), now);
    let wide = buffer.text().len();
    width.store(30, Ordering::Relaxed);
    reporter.lane(0).event_at(&fragment(0, SIZE, SIZE), now + Duration::from_secs(1));
    let narrow = buffer.text()[wide..].to_owned();
    assert_eq!(console::strip_ansi_codes(&narrow).trim(), "a.bin   0 %      0 B/1000 B");
}

#[test]
fn an_animated_bar_draws_between_events_and_stops_at_the_end() {
    let (mut reporter, buffer) = buffered(ProgressMode::Auto, verbosity(0), true);
    reporter.animated = true;
    reporter.lane(0).event(&started("a.bin", SIZE));
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
    let (reporter, buffer) = buffered(ProgressMode::Bar, Verbosity { quiet: true, level: 2 }, true);
    show(&reporter, &upload());
    reporter.message("hello");
    assert_eq!(buffer.text(), "");
    reporter.error(&ErrorText { what: "refused".to_owned(), next: Some("again".to_owned()), ..ErrorText::default() });
    assert_eq!(buffer.text(), "bitsup: error: refused\n  next:   again\n");
}

#[test]
fn no_progress_still_shows_packets() {
    let (reporter, buffer) = buffered(ProgressMode::None, verbosity(1), true);
    show(&reporter, &[started("a.bin", SIZE), fragment(0, SIZE, SIZE)]);
    assert_eq!(buffer.text(), "> Fragment bytes 0-999/1000\n");
}

#[test]
fn a_bar_needs_a_terminal_unless_asked_for_and_a_cursor_always() {
    let drawn = |mode, is_terminal, term: &'static str| {
        let terminal =
            Terminal::new(is_terminal, |name| (name == "TERM").then(|| term.into()), || Size { rows: 24, columns: 80 });
        matches!(View::of(mode, verbosity(0), &terminal), View::Bars)
    };
    assert!(drawn(ProgressMode::Auto, true, "xterm"));
    assert!(!drawn(ProgressMode::Auto, false, "xterm"));
    assert!(drawn(ProgressMode::Bar, false, "xterm"));
    assert!(!drawn(ProgressMode::Bar, true, "dumb"));
    assert!(!drawn(ProgressMode::Plain, true, "xterm"));
}

#[test]
fn a_closed_pipe_ends_nothing() {
    for mode in [ProgressMode::Auto, ProgressMode::Bar, ProgressMode::Plain, ProgressMode::None] {
        let reporter = Reporter::new(mode, verbosity(2), terminal(true, 80), Box::new(Broken));
        show(&reporter, &upload());
        reporter.error(&ErrorText::default());
    }
}

proptest! {
    #[test]
    fn plain_output_has_no_carriage_return_and_no_escape_for_any_event_sequence(
        events in prop::collection::vec(any_event(), 0..20), level in 0_u8..3
    ) {
        let (reporter, buffer) = buffered(ProgressMode::Auto, verbosity(level), false);
        show(&reporter, &events);
        drop(reporter);
        let text = buffer.text();
        prop_assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{:?}", text);
        prop_assert!(text.is_empty() || text.ends_with('\n'));
    }

    #[test]
    fn a_bar_sends_no_controls_but_its_own_for_any_event_sequence(
        events in prop::collection::vec(any_event(), 0..20), level in 0_u8..3
    ) {
        let (reporter, buffer) = buffered(ProgressMode::Auto, verbosity(level), true);
        show(&reporter, &events);
        drop(reporter);
        let own = ["\x1b[J"].iter().fold(buffer.text(), |text, code| text.replace(code, ""));
        prop_assert!(!own.chars().any(|c| !"\r\n".contains(c) && c.is_control()), "{:?}", own);
    }
}

fn batch(files: usize, jobs: usize) -> Batch {
    Batch { files, size: files as u64 * 1000, jobs }
}

fn plain(batch: &Batch, quiet: bool, ci: Ci) -> (Reporter, Buffer) {
    let (reporter, buffer) = buffered(ProgressMode::Auto, Verbosity { quiet, level: 0 }, false);
    (reporter.with_ci(ci).with_batch(batch), buffer)
}

fn upload_one(lane: &mut Lane<'_>, name: &str) {
    lane.begin(0, name, 1000);
    for event in [
        started(name, 1000),
        fragment(0, 1000, 1000),
        UploadEvent::Acknowledged { offset: 1000, total: 1000 },
        UploadEvent::Completed { size: 1000 },
    ] {
        lane.event(&event);
    }
    lane.done();
}

#[test]
fn a_log_has_few_whole_lines() {
    let (reporter, buffer) = plain(&batch(2, 1), false, Ci::None);
    let mut lane = reporter.lane(0);
    upload_one(&mut lane, "a");
    lane.begin(1, "b", 1000);
    lane.event(&UploadEvent::Warning { text: "odd".to_owned() });
    lane.failed(Some(&ErrorText { what: "refused".to_owned(), ..ErrorText::default() }), "refused");
    drop(reporter);
    let text = buffer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "uploading 2 files, 1.95 KiB");
    assert!(lines.contains(&"b: warning: odd") && lines.contains(&"bitsup: error: refused"), "{text}");
    assert!(lines.contains(&"a: uploaded 1000 B in 0.0 s"), "{text}");
    assert_eq!(lines.last(), Some(&"1 of 2 files uploaded, 1 failed, 1000 B in 0.0 s"));
}

#[test]
fn ten_thousand_files_have_a_line_for_every_tenth() {
    let (reporter, buffer) = plain(&batch(10_000, 1), false, Ci::None);
    let mut lane = reporter.lane(0);
    for n in 0..10_000 {
        upload_one(&mut lane, &format!("f{n}"));
    }
    drop(reporter);
    assert_eq!(buffer.text().lines().count(), 1 + 9 + 1, "{}", buffer.text());
}

#[test]
fn quiet_shows_errors_alone() {
    let (reporter, buffer) = plain(&batch(2, 1), true, Ci::Github);
    let mut lane = reporter.lane(0);
    upload_one(&mut lane, "a");
    lane.begin(1, "b", 1000);
    lane.failed(Some(&ErrorText { what: "no".to_owned(), ..ErrorText::default() }), "no");
    drop(reporter);
    assert_eq!(buffer.text(), "::error::bitsup: no\n");
}

#[test]
fn a_ci_service_gets_a_section_and_a_server_gets_no_command() {
    let (reporter, buffer) = plain(&batch(2, 1), false, Ci::Github);
    let mut lane = reporter.lane(0);
    lane.begin(0, "::add-mask::x", 1000);
    lane.event(&UploadEvent::Warning { text: "##vso[task.x]".to_owned() });
    drop(reporter);
    let text = buffer.text();
    assert!(text.starts_with("::group::bitsup: uploading 2 files") && text.ends_with("::endgroup::\n"), "{text}");
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 3, "{text}");
    assert!(commands[1].starts_with("::warning::bitsup: ::add-mask::x: "), "{text}");
}

#[test]
fn each_file_has_a_bar_and_so_have_all() {
    let (reporter, screen) = emulated(80, 0);
    let reporter = reporter.with_batch(&batch(4, 2));
    let (mut first, mut second) = (reporter.lane(0), reporter.lane(1));
    upload_one(&mut first, "a");
    first.begin(1, "b", 1000);
    first.event(&started("b", 1000));
    second.begin(2, "c", 1000);
    second.event(&fragment(0, 1000, 1000));
    second.event(&UploadEvent::Resynced { from: 0, to: 500 });
    second.event_at(&UploadEvent::BytesSent(0), Instant::now() + Duration::from_secs(1));
    let text = screen.contents();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[0], "a: uploaded 1000 B in 0.0 s");
    assert!(lines[1].starts_with("b [") && lines[1].contains("  0 %"), "{text}");
    assert!(lines[2].starts_with("c [") && lines[2].contains(" 50 %"), "{text}");
    assert!(lines[3].starts_with("1/4 files [") && lines[3].contains(" 37 %"), "{text}");
    reporter.message("hello");
    assert_eq!(screen.contents().lines().nth(1), Some("hello"));
}
