//! Options that are set elsewhere than on the command line: in the environment and in a file.
//!
//! Works on clap's own description of the command line, so that every option can be set everywhere. Settings from
//! elsewhere are put before the typed words, as if they had been typed: clap checks them as it checks everything.

mod document;
mod environment;
mod file;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub(super) mod fuzzing;
mod layers;
mod options;
#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::config::UsageError;

pub(super) use environment::Environment;
pub(super) use layers::{Sources, server_of};
pub(super) use options::{OptionKind, Section, is_path, modified_by, options};

/// An option that is set elsewhere than on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// The option's long name.
    pub(super) key: String,
    /// Its values; a flag's is `true` or `false`.
    pub(super) values: Vec<OsString>,
    pub(super) set_by: SetBy,
}

/// Where an option is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SetBy {
    /// In this environment variable.
    Environment(String),
    /// In this line of a file.
    File { path: PathBuf, line: usize },
}

impl fmt::Display for SetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => f.write_str(name),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// The typed words together with the settings from elsewhere.
#[derive(Debug)]
pub(super) struct Completed {
    pub(super) args: Vec<OsString>,
    settings: Vec<Setting>,
}

impl Completed {
    /// Where the option is set that `message` complains of.
    pub(super) fn blame(&self, message: &str) -> Option<String> {
        let is_named =
            |setting: &&Setting| message.split([' ', ':', ',']).any(|word| word == format!("--{}", setting.key));
        let setting = self.settings.iter().find(is_named)?;
        Some(format!("--{} is set by {}", setting.key, setting.set_by))
    }
}

/// Puts what is set elsewhere before what was typed.
///
/// # Errors
/// A setting that is unknown, of the wrong kind, or not to be had from there; a file that is not to be trusted.
pub(super) fn complete(
    command: &Command,
    typed: Vec<OsString>,
    environment: &Environment,
) -> Result<Completed, UsageError> {
    let nothing = |args| Ok(Completed { args, settings: Vec::new() });
    // Usage errors, and requests for help, are for the real parser.
    let Ok(matches) = command.clone().ignore_errors(true).try_get_matches_from(&typed) else { return nothing(typed) };
    let Some((name, matches)) = matches.subcommand() else { return nothing(typed) };
    let (Some(verb), Some(section)) = (command.find_subcommand(name), Section::of(name)) else { return nothing(typed) };
    let sources = Sources::read(command, environment, raw(matches, "config"), is_set(matches, "no_config"))?;
    let words = verb.get_positionals().filter_map(|arg| matches.get_raw(arg.get_id().as_str())).flatten();
    let server = words.filter_map(|word| server_of(word.to_str()?)).last();
    let typed_options = verb.get_arguments().filter(|arg| is_set(matches, arg.get_id().as_str())).collect();
    let settings = sources.effective(verb, section, typed_options, server.as_ref())?;
    let tokens = settings.iter().flat_map(|setting| tokens(verb, setting));
    // The verb is the first word that is no option of the program itself.
    let Some(at) = typed.iter().skip(1).position(|word| word == name) else { return nothing(typed) };
    let (before, after) = typed.split_at(at + 2);
    let args = before.iter().cloned().chain(tokens).chain(after.iter().cloned()).collect();
    Ok(Completed { args, settings })
}

/// The words that one would type for it.
fn tokens(verb: &Command, setting: &Setting) -> Vec<OsString> {
    let option = OsString::from(format!("--{}", setting.key));
    let text = setting.values.first().and_then(|value| value.to_str()).unwrap_or_default();
    let with_value = |value: &OsString| {
        let mut word = option.clone();
        word.push("=");
        word.push(value);
        word
    };
    let arg = options(verb).find(|(key, _)| *key == setting.key);
    match arg.map(|(_, arg)| OptionKind::of(arg)) {
        Some(OptionKind::Flag) => vec![option; usize::from(text == "true")],
        Some(OptionKind::Count) => vec![option; text.parse().unwrap_or(0)],
        _ => setting.values.iter().map(with_value).collect(),
    }
}

/// Whether an option is typed behind the verb, or behind one of its own verbs.
fn is_set(matches: &ArgMatches, id: &str) -> bool {
    let here =
        matches.ids().any(|known| known.as_str() == id) && matches.value_source(id) == Some(ValueSource::CommandLine);
    here || matches.subcommand().is_some_and(|(_, below)| is_set(below, id))
}

fn raw<'a>(matches: &'a ArgMatches, id: &str) -> Option<&'a OsStr> {
    let below = || matches.subcommand().and_then(|(_, below)| raw(below, id));
    let here = matches.ids().any(|known| known.as_str() == id).then(|| matches.get_raw(id)).flatten();
    here.and_then(Iterator::last).or_else(below)
}
