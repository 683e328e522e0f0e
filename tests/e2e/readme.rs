//! What README.md shows runs: every block of commands below a mark `<!-- runs -->`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::bitsup::{command, program, run as bitsup};
use crate::support::receiver::Receiver;

const MARK: &str = "<!-- runs -->\n```sh\n";

/// The blocks with the mark.
fn blocks() -> Vec<&'static str> {
    let readme = include_str!("../../README.md");
    readme.split(MARK).skip(1).map(|rest| rest.split("```").next().expect("the end of a block")).collect()
}

#[test]
fn the_commands_in_the_readme_do_what_they_say() {
    let blocks = blocks();
    assert!(blocks.len() >= 5, "{} blocks have the mark", blocks.len());
    let home = tempfile::tempdir().expect("a folder");
    for (block, index) in blocks.iter().zip(1..) {
        // Each has a receiver of its own, which replaces nothing.
        let receiver = Receiver::start(&["--allow-read", "--reply-command", "echo received"]);
        for folder in ["drop", "orders"] {
            std::fs::create_dir(receiver.path(folder)).expect("made");
        }
        for file in ["build.zip", "order.xml"] {
            std::fs::write(home.path().join(file), "contents").expect("written");
        }
        run(&block.replace("https://files.example.com/", &receiver.url), home.path());
        for (url, file) in [("drop/", "drop/build.zip"), ("orders/", "orders/order.xml")] {
            if block.contains("bitsup upload") && block.contains(&format!("files.example.com/{url}")) {
                assert_eq!(receiver.published(file), b"contents", "block {index}");
            }
        }
    }
    assert_eq!(std::fs::read(home.path().join("answer.xml")).expect("the reply"), b"received\n");
    for made in [".zfunc/_bitsup", ".local/share/man/man1/bitsup-upload.1"] {
        assert!(home.path().join(made).is_file(), "{made}");
    }
}

#[test]
fn the_options_that_other_tools_lead_to_are_there() {
    let help = bitsup(["upload", "--help"]).stdout();
    let is_word = |c: char| c == '-' || c.is_ascii_alphanumeric();
    let known: Vec<&str> = help.split(|c| !is_word(c)).collect();
    let mut found = 0;
    for line in include_str!("../../docs/migration.md").lines().filter(|line| line.starts_with("| ")) {
        let ours = line.split(" | ").nth(1).unwrap_or_default();
        for option in ours.split(|c| !is_word(c)).filter(|word| word.starts_with("--")) {
            assert!(known.contains(&option), "{option} in {line}");
            found += 1;
        }
    }
    assert!(found >= 30, "{found} options");
}

fn run(block: &str, home: &Path) {
    let folder = Path::new(program()).parent().expect("a folder").display();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    // What the other tests hide from the program is hidden here too.
    shell.envs(command([""]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-euc", block]).env("HOME", home).env("PATH", path).current_dir(home).stdin(Stdio::null());
    let output = shell.output().expect("bash runs");
    assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
}
