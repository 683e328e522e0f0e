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
use crate::support::nobody;
#[cfg(target_os = "linux")]
use crate::support::script::{ACK, Reply, ScriptServer};

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
        self.resize_to(24, columns);
    }

    fn resize_to(&self, rows: u16, columns: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
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
        command.env_remove("COLUMNS").env("TERM", "xterm").env("LC_ALL", "C.UTF-8").envs(variables.iter().copied());
        let keyboard = slave.try_clone().expect("cloned");
        let child = command.stdin(keyboard).stdout(Stdio::null()).stderr(slave).spawn().expect("it starts");
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

    /// The final text on a screen of this many rows and columns, row by row.
    fn screen(&self, rows: u16, columns: u16) -> Vec<String> {
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(self.text().as_bytes());
        let rows = parser.screen().contents();
        rows.lines().map(|row| row.trim_end().to_owned()).collect()
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
    assert!(text.contains("\r\x1b[J") && text.contains("\x1b[32m"), "{text:?}");
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
    assert!(text.matches("\r\x1b[J").count() > 5 && text.contains("The rate was limited to 21.3 MiB/s"), "{text:?}");
}

#[test]
fn no_color_keeps_the_bar_without_colour_and_a_dumb_terminal_gets_lines() {
    let text = Terminal::run(80, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]);
    assert!(text.contains("\r\x1b[J") && !text.contains("\x1b[3") && !text.contains("\x1b[0m"), "{text:?}");
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
    assert!(text.contains("a [███") && text.contains("0/2 files [███"), "{text:?}");
    assert!(text.contains("\r\x1b[1A\x1b[J"), "drawn again in place: {text:?}");
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

/// The bar says no more what it waited for, and no `^C` stands behind it.
#[cfg(target_os = "linux")]
#[test]
fn a_ctrl_c_in_a_pause_leaves_one_clean_line() {
    use std::io::Write;
    let (terminal, source) = (Terminal::open(80), Source::new(100_000));
    let server = ScriptServer::start(|request| match request.packet() {
        "Ping" => Reply::head(ACK),
        _ => Reply::head("HTTP/1.1 503 Service Unavailable\nRetry-After: 300"),
    });
    let url = server.url("/");
    let options = ["upload", "--no-state", "--no-progress-timeout=2h", source.path.to_str().expect("a name"), &url];
    let inner = command(options);
    // The keys of a terminal act on those alone whose terminal it is.
    let mut with_terminal = Command::new("setsid");
    with_terminal.arg("--ctty").arg("--wait").arg(inner.get_program()).args(inner.get_args());
    let mut child = terminal.spawn_command(with_terminal, &[("NO_COLOR", "1"), ("XDG_CONFIG_HOME", "/nowhere")]);
    terminal.wait_for(0, |text| text.contains("again in "));
    File::from(terminal.master.try_clone().expect("cloned")).write_all(b"\x03").expect("typed");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    terminal.wait_for(0, |text| text.contains("bitsup explain 130"));
    let screen = terminal.screen(24, 80);
    assert!(
        screen.iter().any(|row| row.starts_with("file.bin [") && row.ends_with("0 B/97.6 KiB stopped")),
        "{screen:#?}"
    );
    assert!(!screen.iter().any(|row| row.contains("^C") || row.contains("%  again")), "{screen:#?}");
    assert_eq!(screen.iter().filter(|row| row.contains(" [")).count(), 1, "{screen:#?}");
}

/// Two bars, one line about the others, one for all: in a terminal of six rows.
#[test]
fn case_68_a_low_terminal_has_as_many_bars_as_it_has_rows_for() {
    let names: Vec<String> = (0..5).map(|n| format!("f{n}")).collect();
    let files: Vec<Source> = names.iter().map(|name| Source::named(name, 200_000)).collect();
    let (terminal, keeper) = (Terminal::open(80), Keeper::start(Some(SECOND)));
    terminal.resize_to(6, 80);
    let mut upload = command(["upload", "--fragment-size", "100000", "-j5"]);
    upload.args(files.iter().map(Source::arg)).arg(keeper.server.url("/"));
    let mut child = terminal.spawn_command(upload, &[("NO_COLOR", "1")]);
    keeper.wait();
    terminal.wait_for(0, |text| text.contains("and 3 more") || text.contains("and 2 more"));
    keeper.release();
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    terminal.wait_for(0, |text| text.contains("5/5 files") && text.contains("100 %"));
    let lines: Vec<String> = drawn(&terminal.text());
    for name in &names {
        assert_eq!(
            lines.iter().filter(|line| line.starts_with(&format!("{name}: uploaded "))).count(),
            1,
            "{lines:#?}"
        );
    }
    // Never a block of more than four rows: three moves up.
    assert!(!terminal.text().contains("\x1b[4A") && !terminal.text().contains("\x1b[5A"), "{lines:#?}");
    let screen = terminal.screen(6, 80);
    assert_eq!(screen.iter().filter(|row| row.contains(" files [")).count(), 1, "{screen:#?}");
}

#[test]
fn errors_and_warnings_are_coloured_as_by_cargo() {
    let (terminal, source) = (Terminal::open(80), Source::new(10));
    let upload = |options: &[&str]| {
        let mut upload = command(["upload"]);
        upload.args(options).arg(source.arg()).arg(nobody::url("/"));
        upload
    };
    let mut child = terminal.spawn_command(upload(&["--wait-for-server=0", "--insecure"]), &[]);
    assert_eq!(child.wait().expect("it ends").code(), Some(5));
    terminal.wait_for(0, |text| text.contains("bitsup explain 5"));
    let text = terminal.text();
    assert!(text.contains("bitsup: \x1b[1;31merror:\x1b[0m cannot upload "), "{text:?}");
    assert!(text.contains("\x1b[1;33mwarning:\x1b[0m --insecure: "), "{text:?}");
}
