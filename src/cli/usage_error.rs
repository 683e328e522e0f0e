//! What clap refuses, in the form that all errors have; and who reads along all the same.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, ValueEnum};

use super::args::{CiArg, MachineArgs};
use super::error::ParseError;

/// `None` if clap's text is help: that is shown as it is, and holds no word that was typed.
pub(super) fn read(error: &clap::Error, command: &Command, words: &[OsString]) -> Option<ParseError> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let what = one_line(paragraphs.next().unwrap_or_default());
    let what = what.strip_prefix("error: ").unwrap_or(&what).to_owned();
    let rest: Vec<&str> = paragraphs.collect();
    let tip = rest.iter().find_map(|text| text.trim_start().strip_prefix("tip: ")).map(one_line);
    // Of several, the first is the common one.
    let usage = rest.iter().find_map(|text| text.strip_prefix("Usage: ")).and_then(|text| text.lines().next());
    let next = tip.or(usage.map(str::to_owned)).unwrap_or_default();
    Some(ParseError { what, next, help: format!("{} --help", verb(command, words)) })
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// As much of the words as names a verb.
fn verb(command: &Command, words: &[OsString]) -> String {
    let mut path = vec![command.get_name()];
    let mut command = command;
    for word in words.iter().skip(1) {
        let Some(below) = command.find_subcommand(word) else { break };
        path.push(below.get_name());
        command = below;
    }
    path.join(" ")
}

/// Who reads along with an upload, by words that clap makes no sense of.
pub(super) fn machine(words: &[OsString]) -> MachineArgs {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let options = words.split(|word| *word == "--").next().unwrap_or_default();
    let is_upload = options.get(1) == Some(&"upload");
    let after = options.windows(2).filter(|pair| pair[0] == "--ci").map(|pair| pair[1]);
    let within = options.iter().filter_map(|word| word.strip_prefix("--ci="));
    let ci = after.chain(within).filter_map(|name| CiArg::from_str(name, false).ok()).next_back();
    let nobody = if is_upload { CiArg::Auto } else { CiArg::None };
    MachineArgs { json: is_upload && options.contains(&"--json"), ci: ci.filter(|_| is_upload).unwrap_or(nobody) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    fn told(typed: &[&str]) -> Option<(String, String)> {
        let (mut command, typed) = (help::command(), words(typed));
        command.build();
        let error = command.clone().try_get_matches_from(&typed).expect_err("refused");
        read(&error, &command, &typed).map(|error| (error.what, format!("{} (more: {})", error.next, error.help)))
    }

    #[test]
    fn what_was_typed_and_what_to_type_are_a_line_each() {
        for (typed, what, next) in [
            (
                &["bitsup", "upload", "--limt-rate", "1M", "a", "http://h/"][..],
                "unexpected argument '--limt-rate' found",
                "a similar argument exists: '--limit-rate' (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "upload", "--resume", "x"],
                "invalid value 'x' for '--resume <WHEN>' [possible values: auto, always, never]",
                " (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "upload"],
                "the following required arguments were not provided: <FILE>...",
                "bitsup upload [OPTIONS] <FILE>... <URL> (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "sessions", "cancel", "--proxy-usr", "x"],
                "unexpected argument '--proxy-usr' found",
                "a similar argument exists: '--proxy-user' (more: bitsup sessions cancel --help)",
            ),
            (
                &["bitsup", "uplaod"],
                "unrecognized subcommand 'uplaod'",
                "a similar subcommand exists: 'upload' (more: bitsup --help)",
            ),
        ] {
            assert_eq!(told(typed), Some((what.to_owned(), next.to_owned())), "{typed:?}");
        }
    }

    #[test]
    fn help_stays_as_it_is() {
        for typed in [&["bitsup"][..], &["bitsup", "--help"], &["bitsup", "--version"], &["bitsup", "sessions"]] {
            assert_eq!(told(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn readers_are_found_in_words_that_make_no_sense() {
        let found = |typed: &[&str]| {
            let machine = machine(&words(typed));
            (machine.json, machine.ci)
        };
        assert_eq!(found(&["bitsup", "upload", "--x", "--json", "--ci", "none"]), (true, CiArg::None));
        assert_eq!(found(&["bitsup", "upload", "--ci=github", "--ci=x"]), (false, CiArg::Github));
        assert_eq!(found(&["bitsup", "upload", "--", "--json", "--ci=none"]), (false, CiArg::Auto));
        assert_eq!(found(&["bitsup", "serve", "--json", "--ci=github"]), (false, CiArg::None));
        assert_eq!(found(&["bitsup"]), (false, CiArg::None));
    }
}
