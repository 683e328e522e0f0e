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

/// The program's output, at the width that the files are made for.
fn printed(args: &[&str]) -> String {
    printed_at(100, args)
}

fn printed_at(columns: usize, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bitsup"));
    command.args(args).env("COLUMNS", columns.to_string()).stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text").replace("bitsup.exe", "bitsup")
}

/// The words of every verb, and of the verbs of verbs; none for the program itself.
fn verbs() -> Vec<Vec<String>> {
    names("man", ".1").iter().map(|page| page.split('-').skip(1).map(str::to_owned).collect()).collect()
}

fn help(columns: usize, verb: &[String], option: &str) -> String {
    let words: Vec<&str> = verb.iter().map(String::as_str).chain([option]).collect();
    printed_at(columns, &words)
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
            let help = printed(&[&verb[..], &[option]].concat());
            let name = format!("tests/help/{page}.{kind}.txt");
            assert_eq!(trimmed(&help), trimmed(&committed(&name)), "{name}: {REMEDY}");
        }
    }
}

#[test]
fn the_short_help_fits_on_a_terminal_of_80_columns_and_24_lines() {
    for verb in verbs() {
        for columns in [80, 120] {
            let text = help(columns, &verb, "-h");
            assert!(text.lines().count() <= 24, "{verb:?}:\n{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{verb:?}:\n{text}");
        }
        let text = help(80, &verb, "-h");
        // Behind the heading, each line is an option of its own.
        let options = text.split_once("Options:\n").expect("options").1.split("\n\n").next().expect("options");
        assert!(options.lines().all(|line| line.trim_start().starts_with('-')), "{verb:?}:\n{options}");
    }
    let upload = help(80, &["upload".to_owned()], "-h");
    assert!(upload.lines().last().is_some_and(|line| line.starts_with("--help lists all options")), "{upload}");
}

#[test]
fn the_help_wraps_at_every_width() {
    for verb in verbs() {
        for columns in [60, 80, 120] {
            let text = help(columns, &verb, "--help");
            let behind_usage = text.lines().filter(|line| !line.contains("bitsup "));
            for line in behind_usage {
                let is_one_word = line.split_whitespace().count() == 1;
                assert!(line.chars().count() <= columns || is_one_word, "{verb:?} at {columns}: {line:?}");
                let is_whole = line.matches('[').count() == line.matches(']').count();
                assert!(is_whole && !line.ends_with('('), "{verb:?} at {columns}: {line:?}");
            }
        }
    }
}

#[test]
fn the_long_help_and_the_manual_are_complete() {
    let long = committed("tests/help/bitsup-upload.long.txt");
    let manual = committed("man/bitsup-upload.1").replace('\\', "");
    for option in ["--retry-delay", "--state-dir", "--protocol", "--config"] {
        assert!(long.contains(option) && manual.contains(option), "{option}");
    }
    for title in ["Sizes and times:", "Environment and settings file:", "Exit codes:", "Examples:"] {
        let everywhere: Vec<_> = names("tests/help", ".long.txt")
            .into_iter()
            .filter(|page| committed(&format!("tests/help/{page}.long.txt")).contains(&format!("\n{title}\n")))
            .collect();
        assert_eq!(everywhere, ["bitsup-upload"], "{title}");
    }
}

#[test]
fn every_page_of_the_manual_has_its_sections_once() {
    for page in names("man", ".1") {
        let text = committed(&format!("man/{page}.1"));
        let titles: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix(".SH ")).map(|title| title.trim_matches('"')).collect();
        for (index, title) in titles.iter().enumerate() {
            assert!(!titles[..index].contains(title), "{page}: {title} twice");
        }
        let wanted: &[&str] = match page.as_str() {
            "bitsup" | "bitsup-upload" => &["FILES"],
            _ => &[],
        };
        let all = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES", "SEE ALSO"];
        for title in all.iter().chain(wanted) {
            assert!(titles.contains(title), "{page}: no {title}");
        }
        let has_table = text.contains("stopped by SIGHUP");
        assert_eq!(has_table, page == "bitsup-upload", "{page}: one page has the table of exit codes");
        let section = text.split_once(".SH EXAMPLES\n").expect("examples").1;
        let examples = section.lines().filter(|line| line.contains("bitsup ")).count();
        assert!(examples > usize::from(["bitsup", "bitsup-upload"].contains(&page.as_str())) * 6, "{page}: {examples}");
    }
}

/// Where there is a program that shows it.
#[test]
#[cfg(unix)]
fn the_manual_is_rendered_without_a_warning() {
    for page in names("man", ".1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("man/{page}.1"));
        let mut groff = Command::new("groff");
        let Ok(output) = groff.args(["-man", "-Tutf8", "-ww", "-z"]).arg(path).output() else { return };
        assert!(output.status.success() && output.stderr.is_empty(), "{page}: {output:?}");
    }
}
