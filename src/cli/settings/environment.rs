//! Options in environment variables.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

use crate::cli::config::UsageError;

use super::options::{self, OptionKind, Section};
use super::{SetBy, Setting};

/// Variables that the receiver sets for its reply command, and those that have a meaning of their own.
const NO_OPTIONS: &[&str] = &["FILE", "URL", "SESSION", "CONFIG", "PASSWORD", "PROXY_PASSWORD", "TOKEN"];

/// Likeness from which a variable is taken for a misspelt one. Others may have variables of their own with this prefix.
const MISSPELT: f64 = 0.93;

/// The environment variables of this process that begin with `BITSUP_` and are not empty.
#[derive(Debug, Default)]
pub(in crate::cli) struct Environment(Vec<(String, OsString)>);

impl Environment {
    /// Reads them.
    pub(in crate::cli) fn read() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))))
    }

    pub(super) fn of(variables: impl IntoIterator<Item = (String, OsString)>) -> Self {
        let ours = |(name, value): &(String, OsString)| name.starts_with("BITSUP_") && !value.is_empty();
        Self(variables.into_iter().filter(ours).collect())
    }

    /// A variable's value.
    pub(in crate::cli) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_os_str())
    }

    /// The options of a verb that are set here.
    ///
    /// # Errors
    /// A value that the option does not take.
    pub(super) fn settings(&self, verb: &Command, section: Section) -> Result<Vec<Setting>, UsageError> {
        let mut settings = Vec::new();
        for (key, arg) in options::options(verb) {
            let name = variable(section, key);
            if let Some(value) = self.get(&name) {
                let values = values(arg, value).map_err(|reason| UsageError(format!("{name}: {reason}")))?;
                settings.push(Setting { key: key.to_owned(), values, set_by: SetBy::Environment(name) });
            }
        }
        Ok(settings)
    }

    /// # Errors
    /// A variable that is almost one of ours, or that one may take for one.
    pub(super) fn check(&self, command: &Command) -> Result<(), UsageError> {
        let known: Vec<String> = [Section::Client, Section::Serve]
            .into_iter()
            .flat_map(|section| options::all(command, section).map(move |(key, _)| variable(section, key)))
            .chain(NO_OPTIONS.iter().map(|name| format!("BITSUP_{name}")))
            .collect();
        for (name, _) in &self.0 {
            if known.contains(name) {
                continue;
            }
            let key = name.trim_start_matches("BITSUP_").to_ascii_lowercase().replace('_', "-");
            // Who sets it expects that it does something.
            if let Some(reason) = options::refusal(&key).filter(|_| key == "insecure") {
                return Err(UsageError(format!("{name}: {reason}")));
            }
            let bare = known.iter().filter_map(|known| known.strip_prefix("BITSUP_"));
            if let Some(near) = options::suggestion(name.trim_start_matches("BITSUP_"), bare, MISSPELT) {
                return Err(UsageError(format!("unknown variable {name}; did you mean BITSUP_{near}?")));
            }
        }
        Ok(())
    }
}

/// The variable for an option.
pub(super) fn variable(section: Section, key: &str) -> String {
    let prefix = match section {
        Section::Client => "BITSUP_",
        Section::Serve => "BITSUP_SERVE_",
    };
    format!("{prefix}{}", key.to_ascii_uppercase().replace('-', "_"))
}

fn values(arg: &Arg, value: &OsStr) -> Result<Vec<OsString>, String> {
    let text = value.to_str();
    let shown = value.to_string_lossy();
    match OptionKind::of(arg) {
        OptionKind::Flag => {
            let set = text.and_then(options::truth).ok_or_else(|| format!("{shown:?} is neither true nor false"))?;
            Ok(vec![set.to_string().into()])
        }
        OptionKind::Count => {
            let count: u8 = text
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| format!("{shown:?} is not a number up to 255"))?;
            Ok(vec![count.to_string().into()])
        }
        OptionKind::One => options::check(arg, value).map(|()| vec![value.to_owned()]),
        // Values may hold blanks and commas, as header fields do.
        OptionKind::Many => {
            let text = text.ok_or_else(|| format!("{shown:?} is not UTF-8"))?;
            let lines: Vec<OsString> = text.lines().filter(|line| !line.is_empty()).map(OsString::from).collect();
            lines.iter().try_for_each(|line| options::check(arg, line))?;
            Ok(lines)
        }
    }
}
