//! What clap refuses, in the form that all errors have; and who reads along all the same.

use std::ffi::OsString;

use clap::error::{ContextKind as Kind, ContextValue, ErrorKind};
use clap::{Command, ValueEnum};

use super::args::{CiArg, MachineArgs};
use super::error::ParseError;

/// `None` if clap's text is help: that is shown as it is, and holds no word that was typed.
pub(super) fn read(error: &clap::Error, command: &Command, words: &[OsString]) -> Option<ParseError> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    let error = ClapError(error);
    Some(ParseError {
        what: one_line(&error.what().unwrap_or_else(|| error.0.kind().to_string())),
        next: one_line(&error.tip().or_else(|| error.usage()).unwrap_or_default()),
        help: format!("{} --help", verb(command, words)),
    })
}

/// A word may have been typed with line breaks in it.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What clap knows of an error. Its own text for that goes over several lines.
struct ClapError<'a>(&'a clap::Error);

impl<'a> ClapError<'a> {
    fn text(&self, kind: Kind) -> Option<&'a str> {
        self.list(kind).first().map(String::as_str)
    }

    fn list(&self, kind: Kind) -> &'a [String] {
        match self.0.get(kind) {
            Some(ContextValue::Strings(list)) => list,
            Some(ContextValue::String(text)) => std::slice::from_ref(text),
            _ => &[],
        }
    }

    /// `None` if clap gives no more than the kind of error.
    fn what(&self) -> Option<String> {
        let (arg, value) = (self.text(Kind::InvalidArg), self.text(Kind::InvalidValue));
        Some(match self.0.kind() {
            ErrorKind::UnknownArgument => format!("unexpected argument '{}' found", arg?),
            ErrorKind::InvalidSubcommand => {
                format!("unrecognized subcommand '{}'", self.text(Kind::InvalidSubcommand)?)
            }
            ErrorKind::MissingRequiredArgument => {
                let missing = self.list(Kind::InvalidArg).join(" ");
                format!("the following required arguments were not provided: {missing}")
            }
            ErrorKind::InvalidValue => {
                let what = match value? {
                    "" => format!("a value is required for '{}' but none was supplied", arg?),
                    value => format!("invalid value '{value}' for '{}'", arg?),
                };
                match self.list(Kind::ValidValue) {
                    [] => what,
                    possible => format!("{what} [possible values: {}]", possible.join(", ")),
                }
            }
            ErrorKind::ValueValidation => {
                let reason = std::error::Error::source(self.0).map(|source| format!(": {source}"));
                format!("invalid value '{}' for '{}'{}", value?, arg?, reason.unwrap_or_default())
            }
            ErrorKind::TooManyValues => {
                format!("unexpected value '{}' for '{}' found; no more were expected", value?, arg?)
            }
            ErrorKind::ArgumentConflict => match (arg?, self.list(Kind::PriorArg)) {
                (_, []) => return None,
                (arg, [prior]) if arg == prior => format!("the argument '{arg}' cannot be used multiple times"),
                (arg, [prior]) => format!("the argument '{arg}' cannot be used with '{prior}'"),
                (arg, several) => format!("the argument '{arg}' cannot be used with: {}", several.join(" ")),
            },
            _ => return None,
        })
    }

    fn tip(&self) -> Option<String> {
        let kinds = [
            (Kind::SuggestedSubcommand, "subcommand"),
            (Kind::SuggestedArg, "argument"),
            (Kind::SuggestedValue, "value"),
        ];
        let similar = kinds.into_iter().find_map(|(kind, what)| match self.list(kind) {
            [] => None,
            [one] => Some(format!("a similar {what} exists: '{one}'")),
            several => Some(format!("some similar {what}s exist: '{}'", several.join("', '"))),
        });
        similar.or_else(|| match self.0.get(Kind::Suggested)? {
            ContextValue::StyledStrs(tips) => tips.first().map(ToString::to_string),
            _ => None,
        })
    }

    /// Of several lines, the first is the common one.
    fn usage(&self) -> Option<String> {
        let Some(ContextValue::StyledStr(usage)) = self.0.get(Kind::Usage) else { return None };
        let usage = usage.to_string();
        usage.strip_prefix("Usage: ")?.lines().next().map(str::to_owned)
    }
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
                &["bitsup", "upload", "--x\n\ntip: y", "a", "http://h/"],
                "unexpected argument '--x tip: y' found",
                "to pass '--x tip: y' as a value, use '-- --x tip: y' (more: bitsup upload --help)",
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
