//! The command line as people see it: what is shown at once, and what only in full.

use clap::builder::Styles;
use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use super::topics::{EXAMPLES, EXIT_STATUS, PRECEDENCE, SETTINGS, UNITS, exit_codes, in_lines};
use crate::output::columns;

/// The options that `-h` of a verb shows beside its arguments, in this order; the rest is in `--help`. A new option
/// starts out as a rare one.
const OFTEN: &[(&str, &str)] = &[
    ("upload", "user password_file resume verify limit_rate jobs proxy cacert dry_run json verbose help"),
    ("check", "user password_file cacert proxy probe_fragment json verbose help"),
    ("sessions cancel", "force user password_file cacert proxy help"),
    (
        "serve",
        "listen user password_file tls_cert tls_key allow_anonymous allow_read overwrite reply_command max_size json \
         quiet help",
    ),
];

/// Longer lines are hard to read.
const MAX_COLUMNS: usize = 100;
/// The narrowest terminal that `-h` is made for.
const SHORT_COLUMNS: usize = 80;

/// The last line of an `-h` that leaves options out.
const MORE: &str = "--help lists all options.";
const MORE_OF_UPLOAD: &str = "--help lists all options, and explains SIZE, TIME and exit codes.";
const POINTER: &str = "SIZE, TIME, settings and exit codes are explained at the end of bitsup upload --help.";

/// The whole command line.
pub(super) fn command() -> Command {
    let width = columns().min(MAX_COLUMNS);
    let command = Cli::command().term_width(width).after_help(format!("Exit codes: {EXIT_STATUS}"));
    let command = in_verb(command, &["upload"], &|upload| upload.after_long_help(explained(width)));
    OFTEN
        .iter()
        .filter(|(verb, _)| *verb != "upload")
        .fold(command, |command, (verb, _)| in_verb(command, &words(verb), &|verb| verb.after_long_help(POINTER)))
}

/// The same for `-h`: what is used often, in one list, so that it fits on a screen.
pub(super) fn in_short(command: Command) -> Command {
    let settings = |arg: Arg| {
        if ["config", "no_config"].contains(&arg.get_id().as_str()) { arg.hide_short_help(true) } else { arg }
    };
    let command = command.term_width(columns().min(SHORT_COLUMNS)).mut_args(settings);
    OFTEN.iter().fold(command, |command, (verb, often)| {
        let often = words(often);
        let more = if *verb == "upload" { MORE_OF_UPLOAD } else { MORE };
        in_verb(command, &words(verb), &|verb| verb.mut_args(|arg| listed(arg, &often)).after_help(more))
    })
}

fn words(text: &'static str) -> Vec<&'static str> {
    text.split(' ').collect()
}

fn in_verb(command: Command, path: &[&str], change: &dyn Fn(Command) -> Command) -> Command {
    match path {
        [] => change(command),
        // Not `mut_subcommand`, which puts it last.
        [verb, rest @ ..] => command
            .mut_subcommands(|below| if below.get_name() == *verb { in_verb(below, rest, change) } else { below }),
    }
}

fn listed(arg: Arg, often: &[&str]) -> Arg {
    if arg.is_positional() {
        return arg;
    }
    let place = often.iter().position(|id| *id == arg.get_id().as_str());
    let takes_value = arg.get_action().takes_values();
    let arg = arg.help_heading(None::<&str>).hide_short_help(place.is_none()).hide_possible_values(takes_value);
    arg.display_order(place.unwrap_or(often.len()))
}

/// The end of `bitsup upload --help`, to which other places point.
fn explained(width: usize) -> String {
    let row = |(name, text): &(&str, &str)| format!("  {name}\n{}\n", wrapped(text, 6, width));
    let settings = SETTINGS.iter().map(row).collect::<String>() + "\n" + &wrapped(PRECEDENCE, 2, width) + "\n";
    let codes: String = exit_codes().map(|(code, text)| hanging(&format!("{code:>5}  "), text, width)).collect();
    let examples = EXAMPLES.iter().filter(|(_, line)| line.contains("bitsup upload"));
    let example = |(text, line): &(&str, &str)| {
        let lines = in_lines(line, width.saturating_sub(4));
        format!("{}\n    {}\n", wrapped(text, 2, width), lines.join("\n    "))
    };
    [
        ("Sizes and times", UNITS.iter().map(|(name, text)| hanging(&format!("  {name}  "), text, width)).collect()),
        ("Environment and settings file", settings),
        ("Exit codes", codes),
        ("Examples", examples.map(example).collect()),
    ]
    .map(|(title, text): (&str, String)| {
        let style = Styles::styled();
        let header = style.get_header();
        format!("{header}{title}:{header:#}\n{text}")
    })
    .join("\n")
}

/// A name with the text beside it.
fn hanging(name: &str, text: &str, width: usize) -> String {
    let text = wrapped(text, name.len(), width);
    format!("{name}{}\n", text.trim_start())
}

/// The text in lines of at most `width` columns behind `indent` blanks; a longer word has a line of its own.
fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every verb, and the verbs of verbs.
    fn all(command: &Command) -> Vec<&Command> {
        let below = command.get_subcommands().flat_map(all);
        [command].into_iter().chain(below).collect()
    }

    /// The first line of an option and the text of a value stand alone in zsh and fish.
    #[test]
    fn every_description_stands_alone() {
        let mut command = command();
        command.build();
        let check = |what: &str, text: &str| {
            let starts = text.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(starts && text.contains(' ') && !text.ends_with('.'), "{what}: {text:?}");
            assert!(text.len() <= 80 && !text.contains(['`', '\n']), "{what}: {text:?}");
        };
        for verb in all(&command) {
            for arg in verb.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let name = format!("{} {}", verb.get_name(), arg.get_id());
                check(&name, &arg.get_help().expect("a description").to_string());
                for value in arg.get_possible_values().iter().filter_map(|value| value.get_help()) {
                    check(&name, &value.to_string());
                }
            }
        }
    }

    #[test]
    fn a_text_is_broken_between_words() {
        assert_eq!(wrapped("one two three", 2, 9), "  one two\n  three");
        assert_eq!(wrapped("longer-than-the-width x", 0, 5), "longer-than-the-width\nx");
        assert_eq!(hanging("  a  ", "one two", 8), "  a  one\n     two\n");
    }
}
