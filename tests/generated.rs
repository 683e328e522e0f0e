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

/// Names of the files in a folder of the project with this ending.
fn names(folder: &str, ending: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{folder}: {error}; {REMEDY}"));
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let mut names: Vec<_> = names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    names.sort();
    names
}

#[test]
fn the_manual_is_that_of_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(printed(&["man", folder.path().to_str().expect("a name")]), "");
    let written: Vec<_> =
        fs::read_dir(folder.path()).expect("read").map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(written.len(), names("man", ".1").len(), "man/: {REMEDY}");
    for path in written {
        let name = format!("man/{}", path.file_name().and_then(|name| name.to_str()).expect("a name"));
        assert!(committed(&name) == fs::read_to_string(&path).expect("read"), "{name} is out of date: {REMEDY}");
    }
    assert_eq!(printed(&["man"]), committed("man/bitsup.1"));
}

#[test]
fn the_help_of_every_verb_is_as_it_was_agreed_on() {
    let pages = names("man", ".1");
    assert_eq!((names("tests/help", ".short.txt"), names("tests/help", ".long.txt")), (pages.clone(), pages.clone()));
    for page in pages {
        let verb: Vec<&str> = page.split('-').skip(1).collect();
        for (option, kind) in [("-h", "short"), ("--help", "long")] {
            let help = printed(&[&verb[..], &[option]].concat()).replace("bitsup.exe", "bitsup");
            let name = format!("tests/help/{page}.{kind}.txt");
            assert_eq!(trimmed(&help), trimmed(&committed(&name)), "{name}: {REMEDY}");
        }
    }
}

/// A terminal of 100 columns and 40 lines.
#[test]
fn the_short_help_fits_on_a_screen_and_the_long_one_is_complete() {
    for page in names("man", ".1") {
        let lines = committed(&format!("tests/help/{page}.short.txt")).lines().count();
        assert!(lines <= 40, "{page} -h has {lines} lines");
    }
    let long = committed("tests/help/bitsup-upload.long.txt");
    let manual = committed("man/bitsup-upload.1").replace('\\', "");
    for option in ["--retry-delay", "--state-dir", "--protocol", "--config"] {
        assert!(long.contains(option) && manual.contains(option), "{option}");
    }
    assert!(long.contains("BITSUP_<NAME>") && manual.contains("EXIT STATUS"));
}
