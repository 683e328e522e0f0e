//! A real terminal, as far as the program can tell: resize, narrow, `TERM=dumb`, `NO_COLOR`, `CLICOLOR_FORCE`; and
//! outputs that nobody reads.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::bitsup::{Source, command};
use crate::support::keeper::{Hold, Keeper};

/// The answer to the second of two fragments.
const SECOND: Hold = Hold { packet: "Fragment", first: 100_000, acts: true };

/// A pseudo-terminal, and what was written to it.
struct Terminal {
    master: OwnedFd,
    written: Arc<Mutex<String>>,
}

impl Terminal {
    fn open(columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let terminal = Self { master, written: Arc::default() };
        terminal.resize(columns);
        terminal
    }

    fn resize(&self, columns: u16) {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).expect("resized");
    }

    /// Uploads two fragments; the standard error is this terminal.
    fn spawn(&self, keeper: &Keeper, files: &[&Source], variables: &[(&str, &str)]) -> Child {
        let mut command = command(["upload", "--fragment-size", "100000"]);
        command.args(files.iter().map(|file| file.arg())).arg(keeper.server.url("/"));
        self.spawn_command(command, variables)
    }

    /// Starts a command whose standard error is this terminal.
    fn spawn_command(&self, mut command: Command, variables: &[(&str, &str)]) -> Child {
        let name = ptsname(&self.master, Vec::new()).expect("a name").into_string().expect("text");
        let slave = File::options().read(true).write(true).open(name).expect("opened");
        command.env_remove("TERM").env_remove("COLUMNS").env("TERM", "xterm").envs(variables.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(slave).spawn().expect("it starts");
        let (mut reader, written) = (File::from(self.master.try_clone().expect("cloned")), Arc::clone(&self.written));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut rest = Vec::new();
            // An error is how a terminal says that nobody has it open any more.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                rest.extend_from_slice(&buffer[..count]);
                let whole = std::str::from_utf8(&rest).map_or_else(|error| error.valid_up_to(), str::len);
                let text: Vec<u8> = rest.drain(..whole).collect();
                written.lock().expect("no panic").push_str(&String::from_utf8(text).expect("checked"));
            }
        });
        child
    }

    fn text(&self) -> String {
        self.written.lock().expect("no panic").clone()
    }

    /// Waits until what was written since holds this.
    #[track_caller]
    fn wait_for(&self, since: usize, wanted: impl Fn(&str) -> bool) {
        for _ in 0..3000 {
            if wanted(&self.text()[since..]) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not there: {:?}", &self.text()[since..]);
    }

    /// Runs an upload to its end; what the terminal got.
    fn run(columns: u16, variables: &[(&str, &str)]) -> String {
        let (terminal, source) = (Self::open(columns), Source::new(200_000));
        let mut child = terminal.spawn(&Keeper::start(None), &[&source], variables);
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
        terminal.wait_for(0, |text| text.contains("100 %") || columns < 10);
        terminal.text()
    }
}

/// The lines drawn, without what moves the cursor or colours.
fn drawn(text: &str) -> Vec<String> {
    let plain = console::strip_ansi_codes(text).into_owned();
    plain.split(['\r', '\n']).map(str::to_owned).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_bar_is_drawn_in_place_and_coloured() {
    let text = Terminal::run(80, &[]);
    assert!(text.contains("\r\x1b[2K") && text.contains("\x1b[32m"), "{text:?}");
    assert!(text.ends_with("\r\n"), "{text:?}");
}

/// Over loopback the bar would be gone before it is seen.
#[cfg(feature = "serve")]
#[test]
fn try_takes_long_enough_to_watch_its_bar() {
    let (terminal, begun) = (Terminal::open(80), std::time::Instant::now());
    let mut child = terminal.spawn_command(command(["try"]), &[]);
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    terminal.wait_for(0, |text| text.contains("bitsup check "));
    let text = terminal.text();
    assert!(text.matches("\r\x1b[2K").count() > 5 && text.contains("The rate was limited to 21.3 MiB/s"), "{text:?}");
}

#[test]
fn no_color_keeps_the_bar_without_colour_and_a_dumb_terminal_gets_lines() {
    let text = Terminal::run(80, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
    assert!(text.contains("\r\x1b[2K") && !text.contains("\x1b[3") && !text.contains("\x1b[0m"), "{text:?}");
    let text = Terminal::run(80, &[("TERM", "dumb")]);
    assert!(!text.contains('\x1b') && !text.replace("\r\n", "\n").contains('\r'), "{text:?}");
    assert!(text.contains("file.bin: uploading "), "{text:?}");
    let text = Terminal::run(80, &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]);
    assert!(!text.contains('\x1b'), "lines have no colour: {text:?}");
}

#[test]
fn a_bar_fits_a_narrow_terminal() {
    for columns in [2, 5, 20, 40] {
        let lines = drawn(&Terminal::run(columns, &[]));
        assert!(lines.iter().all(|line| line.chars().count() < usize::from(columns)), "{columns}: {lines:?}");
    }
}

#[test]
fn a_resize_is_noticed_while_nothing_happens() {
    let (terminal, source, keeper) = (Terminal::open(100), Source::new(200_000), Keeper::start(Some(SECOND)));
    let mut child = terminal.spawn(&keeper, &[&source], &[]);
    keeper.wait();
    terminal.wait_for(0, |text| text.contains(" 50 %"));
    terminal.resize(30);
    let since = terminal.text().len();
    // A redraw may have been under way: the second one from here began after the resize.
    terminal.wait_for(since, |text| text.matches("50 %").count() >= 3);
    let narrow = terminal.text().len();
    terminal.wait_for(narrow, |text| text.matches("50 %").count() >= 2);
    let lines = drawn(&terminal.text()[narrow..]);
    assert!(lines.iter().all(|line| line.chars().count() < 30), "{lines:?}");
    terminal.resize(100);
    terminal.wait_for(narrow, |text| drawn(text).iter().any(|line| line.chars().count() > 60));
    keeper.release();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn several_files_have_a_block_of_bars() {
    let (a, b) = (Source::named("a", 200_000), Source::named("b", 100_000));
    let (terminal, keeper) = (Terminal::open(80), Keeper::start(Some(SECOND)));
    let mut child = terminal.spawn(&keeper, &[&a, &b], &[("NO_COLOR", "1")]);
    keeper.wait();
    terminal.wait_for(0, |text| text.contains(" 50 %"));
    keeper.release();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    terminal.wait_for(0, |text| text.contains("2/2 files") && text.contains("100 %"));
    let text = terminal.text();
    assert!(text.contains("a [===") && text.contains("0/2 files [==="), "{text:?}");
    assert!(text.contains("\x1b[1A"), "drawn again in place: {text:?}");
    assert!(drawn(&text).iter().all(|line| line.chars().count() < 80), "{text:?}");
}

#[test]
fn outputs_that_are_closed_change_no_exit_code() {
    let source = Source::new(200_000);
    for (redirection, code) in [(">&-", 0), ("2>&-", 0), (">&- 2>&-", 0), ("2>&1 | head -1 >&2", 0), ("<&-", 0)] {
        for options in ["--json", "--progress=plain", "-vv", "--progress=bar"] {
            let keeper = Keeper::start(None);
            let script = format!("set -o pipefail; \"$0\" upload {options} \"$1\" \"$2\" {redirection}");
            let mut shell = std::process::Command::new("bash");
            let url = keeper.server.url("/f");
            shell.args(["-c", &script, crate::support::bitsup::program()]).arg(source.arg()).arg(url);
            let output = shell.env("BITSUP_STATE_DIR", env!("CARGO_TARGET_TMPDIR")).output().expect("bash runs");
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{redirection} {options}: {text}");
            assert!(!text.contains("panicked"), "{redirection} {options}: {text}");
            assert_eq!(keeper.kept().published.len(), 1);
        }
    }
}
