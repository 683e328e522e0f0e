//! What several files look like.

use std::time::Duration;

use indicatif::InMemoryTerm;

use super::*;
use crate::output::testing::{Buffer, Emulated, fragment, started};

fn run(files: usize, jobs: usize) -> Run {
    Run { files, size: files as u64 * 1000, jobs }
}

fn terminal(is_terminal: bool, width: u16) -> Terminal {
    Terminal::new(is_terminal, |name| (name == "NO_COLOR").then(|| "1".into()), move || width)
}

fn plain(run: &Run, quiet: bool, ci: Ci) -> (Board, Buffer) {
    let buffer = Buffer::default();
    let verbosity = Verbosity { quiet, level: 0 };
    let sink = Sink::new(Box::new(buffer.clone()));
    (Board::on(run, ProgressMode::Auto, verbosity, &terminal(false, 80), sink, ci), buffer)
}

fn upload(lane: &mut Lane<'_>, name: &str) {
    lane.begin(name, 1000);
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
    let (board, buffer) = plain(&run(2, 1), false, Ci::None);
    let mut lane = board.lane(0);
    upload(&mut lane, "a");
    lane.begin("b", 1000);
    lane.event(&UploadEvent::Warning { text: "odd".to_owned() });
    lane.failed(Some(&ErrorText { what: "refused".to_owned(), ..ErrorText::default() }));
    board.finish();
    let text = buffer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "uploading 2 files, 1.95 KiB");
    assert!(lines.contains(&"b: warning: odd") && lines.contains(&"bitsup: error: refused"), "{text}");
    assert!(lines.contains(&"a: uploaded 1000 B in 0.0 s"), "{text}");
    assert_eq!(lines.last(), Some(&"1 of 2 files uploaded, 1 failed, 1000 B in 0.0 s"));
}

#[test]
fn ten_thousand_files_have_a_line_for_every_tenth() {
    let (board, buffer) = plain(&run(10_000, 1), false, Ci::None);
    let mut lane = board.lane(0);
    for n in 0..10_000 {
        upload(&mut lane, &format!("f{n}"));
    }
    board.finish();
    assert_eq!(buffer.text().lines().count(), 1 + 9 + 1, "{}", buffer.text());
}

#[test]
fn quiet_shows_errors_alone() {
    let (board, buffer) = plain(&run(2, 1), true, Ci::Github);
    let mut lane = board.lane(0);
    upload(&mut lane, "a");
    lane.begin("b", 1000);
    lane.failed(Some(&ErrorText { what: "no".to_owned(), ..ErrorText::default() }));
    board.finish();
    assert_eq!(buffer.text(), "bitsup: error: no\n::error::bitsup: no\n");
}

#[test]
fn a_ci_service_gets_a_section_and_a_server_gets_no_command() {
    let (board, buffer) = plain(&run(2, 1), false, Ci::Github);
    let mut lane = board.lane(0);
    lane.begin("::add-mask::x", 1000);
    lane.event(&UploadEvent::Warning { text: "##vso[task.x]".to_owned() });
    board.finish();
    let text = buffer.text();
    assert!(text.starts_with("::group::bitsup: uploading 2 files") && text.ends_with("::endgroup::\n"), "{text}");
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 3, "{text}");
    assert!(commands[1].starts_with("::warning::bitsup: ::add-mask::x: "), "{text}");
}

#[test]
fn each_file_has_a_bar_and_so_have_all() {
    let screen = InMemoryTerm::new(20, 80);
    let sink = Sink::new(Box::new(Emulated(screen.clone())));
    let run = run(4, 2);
    let board = Board::on(&run, ProgressMode::Auto, Verbosity::default(), &terminal(true, 80), sink, Ci::None);
    let (mut first, mut second) = (board.lane(0), board.lane(1));
    upload(&mut first, "a");
    first.begin("b", 1000);
    first.event(&started("b", 1000));
    second.begin("c", 1000);
    second.event(&fragment(0, 1000, 1000));
    second.event(&UploadEvent::Resynced { from: 0, to: 500 });
    let View::Bars(drawing) = &board.view else { panic!("no bars") };
    drawing.tick();
    let text = screen.contents();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("b [") && lines[0].contains("  0 %"), "{text}");
    assert!(lines[1].starts_with("c [") && lines[1].contains(" 50 %"), "{text}");
    assert!(lines[2].starts_with("1/4 files [") && lines[2].contains(" 37 %"), "{text}");
    board.message("hello");
    assert_eq!(screen.contents().lines().next(), Some("hello"));
}

#[test]
fn a_hundred_percent_of_all_is_only_after_the_last_close() {
    let mut state = State::new(&run(2, 1), Instant::now());
    let now = Instant::now() + Duration::from_secs(1);
    for n in 0..2 {
        state.begin(0, "a", 1000, now);
        state.event(0, &started("a", 1000), now);
        state.event(0, &UploadEvent::Acknowledged { offset: 1000, total: 1000 }, now);
        let text = state.bars(now, 80, false);
        assert!(!text.contains("100 %"), "{text}");
        state.event(0, &UploadEvent::Completed { size: 1000 }, now);
        state.done(0, now);
        assert_eq!(state.bars(now, 80, false).contains("100 %"), n == 1);
    }
}

#[test]
fn bars_fit_a_narrow_terminal_and_a_low_one() {
    let mut state = State::new(&run(300, 256), Instant::now());
    for lane in 0..256 {
        state.begin(lane, "a long name with 漢字", 1000, Instant::now());
    }
    for width in [2, 10, 30, 80] {
        let text = state.bars(Instant::now(), width, false);
        assert_eq!(text.lines().count(), 8 + 2, "{text}");
        assert!(text.lines().all(|line| line.chars().count() < width), "{text}");
    }
}
