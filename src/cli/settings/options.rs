//! Which options can be set elsewhere, and what they take: read from clap's description.

use std::error::Error;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, ValueHint};

use crate::cli::args::InvalidValue;

/// Never from a file or the environment. An option that makes an upload unsafe must stand where it can be seen; secrets
/// have sources of their own, and a file of settings is not the place for them.
const ONLY_TYPED: &[&str] = &["insecure", "report", "config", "no-config", "help", "version"];
const SECRETS: &[&str] = &["password", "token", "bearer", "secret"];

/// Options that only say how another is meant. Set for every run, they say nothing in one without that.
const MODIFIERS: &[(&str, &str)] = &[
    ("follow-links", "recursive"),
    ("null", "files-from"),
    ("force", "reply"),
    ("host-id-fallback-timeout", "host-id"),
];

/// The option that this one modifies, if it is such a one.
pub(in crate::cli) fn modified_by(key: &str) -> Option<&'static str> {
    MODIFIERS.iter().find(|(modifier, _)| *modifier == key).map(|(_, modified)| *modified)
}

/// Which part of the settings a verb uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Section {
    /// The verbs that speak to a server: `BITSUP_…`, the file's top level and its tables for hosts.
    Client,
    /// The receiver: `BITSUP_SERVE_…`, the file's table `serve`.
    Serve,
}

impl Section {
    /// The section of a verb. `None`: it is about bitsup itself.
    pub(super) fn of(verb: &str) -> Option<Self> {
        match verb {
            "completions" | "config" | "explain" | "help" | "man" => None,
            "serve" => Some(Self::Serve),
            _ => Some(Self::Client),
        }
    }
}

/// The kind of value that an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum OptionKind {
    /// Nothing: it is there or not.
    Flag,
    /// Nothing, but it can be repeated.
    Count,
    /// A value.
    One,
    /// Several values.
    Many,
}

impl OptionKind {
    pub(in crate::cli) fn of(arg: &Arg) -> Self {
        match arg.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => Self::Flag,
            ArgAction::Count => Self::Count,
            ArgAction::Append => Self::Many,
            _ => Self::One,
        }
    }
}

/// The options of a verb that can be set elsewhere, by their long names.
pub(in crate::cli) fn options(verb: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    // A hidden option unsets another, or is for scripts of ours.
    let named = verb.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| Some((arg.get_long()?, arg)));
    named.filter(|(key, _)| !ONLY_TYPED.contains(key) && !SECRETS.contains(key))
}

/// The options of all verbs of a section.
pub(super) fn all(command: &Command, section: Section) -> impl Iterator<Item = (&str, &Arg)> {
    command.get_subcommands().filter(move |verb| Section::of(verb.get_name()) == Some(section)).flat_map(options)
}

/// Why a key is no setting, if it is one that people may expect to be.
pub(super) fn refusal(key: &str) -> Option<String> {
    if SECRETS.contains(&key) {
        return Some(
            "no secret is read from here; use BITSUP_PASSWORD, BITSUP_TOKEN or an option that names a file".to_owned(),
        );
    }
    ONLY_TYPED.contains(&key).then(|| format!("--{key} is only taken from the command line"))
}

/// The known key that is most like this one.
pub(super) fn suggestion<'a>(key: &str, known: impl Iterator<Item = &'a str>, likeness: f64) -> Option<&'a str> {
    let near = known.map(|known| (strsim::jaro_winkler(key, known), known));
    near.filter(|(like, _)| *like > likeness).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// Whether an option's value is a path.
pub(in crate::cli) fn is_path(arg: &Arg) -> bool {
    let hint = arg.get_value_hint();
    matches!(hint, ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath)
}

/// Whether clap would take the value.
pub(super) fn check(arg: &Arg, value: &OsStr) -> Result<(), String> {
    let alone = Arg::new("value").long("value").value_parser(arg.get_value_parser().clone()).action(ArgAction::Set);
    let mut word = OsString::from("--value=");
    word.push(value);
    let probe = Command::new("probe").no_binary_name(true).arg(alone);
    let Err(error) = probe.try_get_matches_from([word]) else { return Ok(()) };
    if let Some(reason) = error.source().and_then(|source| source.downcast_ref::<InvalidValue>()) {
        return Err(reason.to_string());
    }
    // An option that can be repeated is a header field or the like, and may hold a secret.
    let shown = match OptionKind::of(arg) {
        OptionKind::Many => "a value".to_owned(),
        _ => format!("{:?}", value.to_string_lossy()),
    };
    if let Some(ContextValue::Strings(possible)) = error.get(ContextKind::ValidValue) {
        return Err(format!("{shown} is none of {}", possible.join(", ")));
    }
    let reason = error.source().map(ToString::to_string);
    Err(format!("{shown} is wrong: {}", reason.unwrap_or_else(|| error.kind().to_string())))
}

/// A flag's value as people write it.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
