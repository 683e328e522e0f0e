//! Which source of a setting goes before which.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{Arg, Command};

use crate::cli::config::UsageError;
use crate::cli::destination;
use crate::protocol::{Origin, without_brackets};

use super::document::{self, Document};
use super::environment::Environment;
use super::options::{self, Section};
use super::{Setting, file};

/// The server that a destination names. A text that is no URL is refused elsewhere.
pub(in crate::cli) fn server_of(url: &str) -> Option<Origin> {
    destination::parse(url, b"").ok().map(|url| Origin::of(&url))
}

/// All that is set elsewhere than on the command line.
pub(in crate::cli) struct Sources<'a> {
    environment: &'a Environment,
    file: Document,
    searched: Option<Searched>,
}

/// Where the file of settings was looked for.
#[derive(Debug)]
pub(in crate::cli) struct Searched {
    pub(in crate::cli) path: PathBuf,
    /// A file is there.
    pub(in crate::cli) found: bool,
}

impl<'a> Sources<'a> {
    /// Reads the file of settings: the one that was typed, that of the environment, or the usual one; none if it is
    /// `off`.
    ///
    /// # Errors
    /// A setting that is unknown or wrong; a file that cannot be read or is not to be trusted.
    pub(in crate::cli) fn read(
        command: &Command,
        environment: &'a Environment,
        typed: Option<&OsStr>,
        off: bool,
    ) -> Result<Self, UsageError> {
        let location = if off { None } else { file::location(typed, environment)? };
        let path = location.as_ref().map(|location| location.path.clone());
        let file = location.map(file::read).transpose()?.flatten();
        environment.check(command)?;
        let searched = path.map(|path| Searched { path, found: file.is_some() });
        let file = file.map(|file| document::read(&file, command)).transpose()?.unwrap_or_default();
        Ok(Self { environment, file, searched })
    }

    /// The file of settings; `None` if none was looked for.
    pub(in crate::cli) fn searched(&self) -> Option<&Searched> {
        self.searched.as_ref()
    }

    /// The hosts that the file has tables for, as it names them.
    pub(in crate::cli) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.file.hosts.iter().map(|(name, _)| name.as_str())
    }

    /// The settings of a verb: the environment goes before the file's table for the host with its port, that before the
    /// one for the host, and that before the file's top level. Typed options go before all of them.
    ///
    /// # Errors
    /// A value that the option does not take; two that exclude one another in the same place.
    pub(in crate::cli) fn effective(
        &self,
        verb: &Command,
        section: Section,
        typed: Vec<&Arg>,
        server: Option<&Origin>,
    ) -> Result<Vec<Setting>, UsageError> {
        let tables = |fits: fn(&Origin, &str) -> bool| -> Vec<Setting> {
            let fitting = self.file.hosts.iter().filter(|(name, _)| server.is_some_and(|server| fits(server, name)));
            fitting.flat_map(|(_, settings)| settings.clone()).collect()
        };
        let environment = self.environment.settings(verb, section)?;
        let layers = match section {
            Section::Client => vec![
                environment,
                tables(|server, table| table.eq_ignore_ascii_case(&server.authority())),
                tables(|server, table| without_brackets(table).eq_ignore_ascii_case(server.host())),
                self.file.top.clone(),
            ],
            Section::Serve => vec![environment, self.file.serve.clone()],
        };
        merged(verb, typed, layers)
    }
}

/// The layers merged, the weightiest first: an option is decided once, and excludes others from then on.
fn merged(verb: &Command, typed: Vec<&Arg>, layers: Vec<Vec<Setting>>) -> Result<Vec<Setting>, UsageError> {
    // With whether they do anything.
    let mut decided: Vec<(&Arg, bool)> = typed.into_iter().map(|arg| (arg, true)).collect();
    let mut settings = Vec::new();
    for layer in layers {
        let mut added: Vec<(&Arg, bool, Setting)> = Vec::new();
        for setting in layer {
            // The file may set options of other verbs.
            let Some(arg) = verb.get_arguments().find(|arg| arg.get_long() == Some(&setting.key)) else { continue };
            let acts = acts(&setting);
            let excludes = |other: &Arg, other_acts: bool| acts && other_acts && exclude(verb, arg, other);
            if decided.iter().any(|(other, acts)| other.get_id() == arg.get_id() || excludes(other, *acts)) {
                continue;
            }
            if let Some((.., other)) = added.iter().find(|(other, acts, _)| excludes(other, *acts)) {
                let (key, set_by) = (&setting.key, &setting.set_by);
                return Err(UsageError(format!("{set_by}: {key} excludes {}, which {} sets", other.key, other.set_by)));
            }
            added.push((arg, acts, setting));
        }
        for (arg, acts, setting) in added {
            decided.push((arg, acts));
            settings.push(setting);
        }
    }
    let is_set = |key: &str| decided.iter().any(|(arg, acts)| *acts && arg.get_long() == Some(key));
    settings.retain(|setting| options::modified_by(&setting.key).is_none_or(is_set));
    Ok(settings)
}

/// Whether one option cannot be given beside another.
fn exclude(verb: &Command, one: &Arg, other: &Arg) -> bool {
    let names =
        |one: &Arg, other: &Arg| verb.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id());
    names(one, other) || names(other, one)
}

/// A flag that is off excludes nothing.
fn acts(setting: &Setting) -> bool {
    !matches!(setting.values.as_slice(), [only] if only == "false" || only == "0")
}
