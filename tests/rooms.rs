//! The walls of the house: which folder of `src/` may know which. The rows are those of the table in `ARCHITECTURE.md`.
//!
//! Only paths are seen, outside of tests: `crate::…`, `std::…`, and those of other crates. The work of a method is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The items that a folder without I/O must not name, under any alias: files, sockets, processes, threads, the clock.
const IO: &str = "std::fs std::io std::process std::thread std::env std::net::Tcp Instant::now SystemTime::now";

/// Libraries that belong to one folder.
const LIBRARIES: [(&str, &str); 12] = [
    ("anyhow", "cli"),
    ("clap", "cli"),
    ("cross_krb5", "auth"),
    ("getrandom", "random"),
    ("hyper", "server"),
    ("indicatif", "output"),
    ("libgssapi", "auth"),
    ("sspi", "auth"),
    ("tokio", "server"),
    ("toml", "cli"),
    ("twox_hash", "source"),
    ("ureq", "transport"),
];

#[derive(Debug, PartialEq)]
struct Room {
    knows: BTreeSet<String>,
    is_pure: bool,
}

/// The rows of the table: `| folder | its job | knows | I/O |`.
fn rooms() -> BTreeMap<String, Room> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("read");
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("/` |"))
        .map(|(folder, rest)| {
            let cells: Vec<&str> = rest.split('|').collect();
            let knows = words(cells[1]).into_iter().collect();
            (folder.to_owned(), Room { knows, is_pure: cells[2].trim() == "none" })
        })
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The sources below a folder, without those of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !["tests.rs", "testing.rs"].contains(&name.as_str())
        {
            found.push(path);
        }
    }
    found
}

/// The lines of code, without comments and modules of tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("read");
    let end = text.find("\n#[cfg(test)]\nmod ").map_or(text.len(), |at| at + 1);
    let is_inline = text[end..].lines().nth(1).is_some_and(|line| line.ends_with('{'));
    let text = if is_inline { &text[..end] } else { &text[..] };
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    text.lines().enumerate().map(|(number, line)| (number + 1, code(line))).collect()
}

/// The folders named by `crate::…` in a line.
fn named(line: &str) -> impl Iterator<Item = String> {
    line.split("crate::").skip(1).map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

fn is_named(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back().unwrap_or(' ');
        !(before.is_alphanumeric() || before == '_' || before == ':') && line[at + name.len()..].starts_with("::")
    })
}

fn faults(folder: &str, room: &Room, path: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    for (number, line) in code(path) {
        let mut fault = |what: &str| faults.push(format!("{}:{number}: {what}", path.display()));
        for other in named(&line).filter(|other| other != folder && !room.knows.contains(other)) {
            // Macros and grouped paths of the crate's root are not written here.
            fault(&format!("{folder}/ must not know {other}"));
        }
        IO.split(' ')
            .filter(|word| room.is_pure && line.contains(word))
            .for_each(|word| fault(&format!("{word} is I/O")));
        for (library, _) in LIBRARIES.iter().filter(|(library, home)| *home != folder && is_named(&line, library)) {
            fault(&format!("{library} is known in another folder only"));
        }
    }
    faults
}

#[test]
fn every_folder_knows_only_what_it_may() {
    let rooms = rooms();
    let mut folders: Vec<String> = Vec::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root().join("src")).expect("listed") {
        let path = entry.expect("listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        if path.is_file() {
            assert!(["lib.rs", "main.rs"].contains(&name.as_str()), "{name} belongs into a folder");
            continue;
        }
        let room = rooms.get(&name).unwrap_or_else(|| panic!("ARCHITECTURE.md has no row for {name}/"));
        for source in sources(&path) {
            wrong.extend(faults(&name, room, &source));
        }
        folders.push(name);
    }
    folders.sort();
    assert_eq!(folders, rooms.keys().cloned().collect::<Vec<_>>(), "rows and folders");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn walls_have_no_circles() {
    let rooms = rooms();
    let mut left: BTreeSet<&String> = rooms.keys().collect();
    while let Some(free) =
        left.iter().copied().find(|room| rooms[*room].knows.iter().all(|other| !left.contains(other)))
    {
        left.remove(free);
    }
    assert!(left.is_empty(), "in a circle: {left:?}");
}

#[test]
fn what_is_forbidden_is_seen() {
    assert_eq!(named("use crate::protocol::Packet; crate::auth::x()").collect::<Vec<_>>(), ["protocol", "auth"]);
    assert!(is_named("let x = ureq::get();", "ureq") && !is_named("use my_ureq::x;", "ureq"));
    let file = tempfile::NamedTempFile::new().expect("made");
    fs::write(&file, "use crate::server::X;\nlet _ = std::fs::read; ureq::get();\n").expect("written");
    let room = Room { knows: BTreeSet::new(), is_pure: true };
    assert_eq!(faults("protocol", &room, file.path()).len(), 3);
}
