//! Files that the program writes about itself are those that it would write now.

// Without the receiver the program has fewer verbs.
#![cfg(feature = "serve")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const REMEDY: &str = "run completions/generate.sh and commit what it changes";

const COMPLETIONS: [(&str, &str); 5] = [
    ("bash", "bitsup.bash"),
    ("zsh", "_bitsup"),
    ("fish", "bitsup.fish"),
    ("powershell", "_bitsup.ps1"),
    ("elvish", "bitsup.elv"),
];

/// What the program prints, at the width that the files are made for.
fn printed(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitsup"));
    command.args(args).env("COLUMNS", "100").stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn committed(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}; {REMEDY}"))
}

/// The first fenced block behind a marker.
fn block<'a>(text: &'a str, marker: &str) -> &'a str {
    let behind = text.split_once(marker).unwrap_or_else(|| panic!("no {marker}")).1;
    behind.split("```").nth(1).and_then(|block| block.split_once('\n')).expect("a fenced block").1
}

/// The same text without blanks at the ends of lines.
fn trimmed(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_completions_are_those_of_the_program() {
    for (shell, name) in COMPLETIONS {
        let same = committed(&format!("completions/{name}")) == printed(&["completions", shell]);
        assert!(same, "completions/{name} is out of date: {REMEDY}");
    }
}

#[test]
fn the_readme_shows_the_options_of_the_program() {
    let readme = committed("README.md");
    let help = printed(&["upload", "-h"]).replace("bitsup.exe", "bitsup");
    assert_eq!(trimmed(block(&readme, "<!-- bitsup upload -h -->")), trimmed(&help), "README.md: {REMEDY}");
}
