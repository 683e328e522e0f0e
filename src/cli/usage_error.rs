//! Errors of clap in the form that all errors have, also for programs and CI services that read along.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind as Kind, ContextValue, ErrorKind};

use super::args::{MachineArgs, ci_named};
use super::error::ParseError;
use super::habits;
use crate::output::Ci;

/// `None` if clap's text is help: that is shown as it is, and holds no word that was typed.
pub(super) fn read(error: &clap::Error, command: &Command, words: &[OsString]) -> Option<ParseError> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    Some(ParseError {
        what: one_line(&what(error).unwrap_or_else(|| error.kind().to_string())),
        next: one_line(
            &habits::answer(error, words).or_else(|| tip(error)).or_else(|| usage(error)).unwrap_or_default(),
        ),
        help: format!("{} --help", verb(command, words)),
    })
}

/// A word may have been typed with line breaks in it.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn text(error: &clap::Error, kind: Kind) -> Option<&str> {
    list(error, kind).first().map(String::as_str)
}

fn list(error: &clap::Error, kind: Kind) -> &[String] {
    match error.get(kind) {
        Some(ContextValue::Strings(list)) => list,
        Some(ContextValue::String(text)) => std::slice::from_ref(text),
        _ => &[],
    }
}

/// The mistake in one line; clap's own text for it goes over several. `None` if clap gives no more than the kind of
/// error.
fn what(error: &clap::Error) -> Option<String> {
    let (arg, value) = (text(error, Kind::InvalidArg), text(error, Kind::InvalidValue));
    Some(match error.kind() {
        ErrorKind::UnknownArgument => format!("unexpected argument '{}' found", arg?),
        ErrorKind::InvalidSubcommand => {
            format!("unrecognized subcommand '{}'", text(error, Kind::InvalidSubcommand)?)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = list(error, Kind::InvalidArg).join(" ");
            format!("the following required arguments were not provided: {missing}")
        }
        ErrorKind::InvalidValue => {
            let what = match value? {
                "" => format!("a value is required for '{}' but none was supplied", arg?),
                value => format!("invalid value '{value}' for '{}'", arg?),
            };
            match list(error, Kind::ValidValue) {
                [] => what,
                possible => format!("{what} [possible values: {}]", possible.join(", ")),
            }
        }
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(|source| format!(": {source}"));
            format!("invalid value '{}' for '{}'{}", value?, arg?, reason.unwrap_or_default())
        }
        ErrorKind::TooManyValues => {
            format!("unexpected value '{}' for '{}' found; no more were expected", value?, arg?)
        }
        ErrorKind::ArgumentConflict => match (arg?, list(error, Kind::PriorArg)) {
            (_, []) => return None,
            (arg, [prior]) if arg == prior => format!("the argument '{arg}' cannot be used multiple times"),
            (arg, [prior]) => format!("the argument '{arg}' cannot be used with '{prior}'"),
            (arg, several) => format!("the argument '{arg}' cannot be used with: {}", several.join(" ")),
        },
        _ => return None,
    })
}

/// A known word that is spelt almost like it. clap's other tips are about words that begin with a dash; those are rare.
fn tip(error: &clap::Error) -> Option<String> {
    let kinds =
        [(Kind::SuggestedSubcommand, "subcommand"), (Kind::SuggestedArg, "argument"), (Kind::SuggestedValue, "value")];
    kinds.into_iter().find_map(|(kind, what)| match list(error, kind) {
        [] => None,
        // A typing error must not lead to it.
        [one] if one == "--insecure" && !text(error, Kind::InvalidArg)?.starts_with("--inse") => None,
        [one] => Some(format!("a similar {what} exists: '{one}'")),
        several => Some(format!("some similar {what}s exist: '{}'", several.join("', '"))),
    })
}

/// Of several lines, the first is the common one.
fn usage(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(Kind::Usage) else { return None };
    let usage = usage.to_string();
    usage.strip_prefix("Usage: ")?.lines().next().map(str::to_owned)
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
    if !is_upload {
        return MachineArgs { json: false, ci: Ci::None };
    }
    let ci = after.chain(within).filter_map(ci_named).next_back().or_else(|| ci_named("auto"));
    let json = options.iter().rfind(|word| ["--json", "--no-json"].contains(word)) == Some(&"--json");
    MachineArgs { json, ci: ci.unwrap_or_default() }
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
                &["bitsup", "upload", "--x\n\ntip: y", "a", "http://h/"],
                "unexpected argument '--x tip: y' found",
                "bitsup upload [OPTIONS] <FILE>... <URL> (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "upload", "--insec", "a", "http://h/"],
                "unexpected argument '--insec' found",
                "a similar argument exists: '--insecure' (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "upload", "--inclure", "a", "http://h/"],
                "unexpected argument '--inclure' found",
                "bitsup upload [OPTIONS] <FILE>... <URL> (more: bitsup upload --help)",
            ),
            (
                &["bitsup", "upload", "-k", "a", "http://h/"],
                "unexpected argument '-k' found",
                "-k of other tools: trust the server's certificate by --cacert FILE or --pin-sha256 HASH; --insecure checks \
                 none (more: bitsup upload --help)",
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
        let here = ci_named("auto").expect("a name");
        let found = |typed: &[&str]| {
            let machine = machine(&words(typed));
            (machine.json, machine.ci)
        };
        assert_eq!(found(&["bitsup", "upload", "--x", "--json", "--ci", "none"]), (true, Ci::None));
        assert_eq!(found(&["bitsup", "upload", "--ci=github", "--ci=x"]), (false, Ci::Github));
        assert_eq!(found(&["bitsup", "upload", "--json", "--no-json"]), (false, here));
        assert_eq!(found(&["bitsup", "upload", "--", "--json", "--ci=none"]), (false, here));
        assert_eq!(found(&["bitsup", "serve", "--json", "--ci=github"]), (false, Ci::None));
        assert_eq!(found(&["bitsup"]), (false, Ci::None));
    }
}
