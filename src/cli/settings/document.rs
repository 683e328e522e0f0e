//! The contents of a file of settings: TOML, each key an option's long name.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, Command};
use toml::de::{DeTable, DeValue};

use crate::cli::config::UsageError;

use super::file::SettingsFile;
use super::options::{self, OptionKind, Section};
use super::{SetBy, Setting};

/// Likeness from which a key is worth suggesting; as clap has it.
const LIKE: f64 = 0.7;

/// The settings of one table.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// For every host.
    pub(super) top: Vec<Setting>,
    /// For some hosts, by name: `host` or `host:port`.
    pub(super) hosts: Vec<(String, Vec<Setting>)>,
    /// For the receiver.
    pub(super) serve: Vec<Setting>,
}

/// Reads a file's text.
///
/// # Errors
/// When it is no TOML, or has a key that is no option, or a value that the option does not take; each with its line.
pub(super) fn read(file: &SettingsFile, command: &Command) -> Result<Document, UsageError> {
    let reader = DocumentReader { path: &file.path, text: &file.text, command };
    let table = DeTable::parse(&file.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        reader.error(at, error.message())
    })?;
    let mut document = Document::default();
    for (key, value) in table.get_ref() {
        let at = key.span().start;
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("host", DeValue::Table(hosts)) => {
                for (name, table) in hosts {
                    let settings = reader.host(name.get_ref(), name.span().start, table.get_ref())?;
                    document.hosts.push((name.get_ref().to_string(), settings));
                }
            }
            ("host", _) => return Err(reader.error(at, "write [host.\"name\"] and the host's settings below it")),
            ("serve", DeValue::Table(table)) => document.serve = reader.table(table, Section::Serve)?,
            (name, value) => document.top.push(reader.setting(name, at, value, Section::Client)?),
        }
    }
    no_twins(&document)?;
    Ok(document)
}

struct DocumentReader<'a> {
    path: &'a Path,
    text: &'a str,
    command: &'a Command,
}

impl DocumentReader<'_> {
    fn error(&self, at: usize, reason: &str) -> UsageError {
        UsageError(format!("{}:{}: {reason}", self.path.display(), self.line(at)))
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }

    fn host(&self, name: &str, at: usize, value: &DeValue<'_>) -> Result<Vec<Setting>, UsageError> {
        let is_host = !name.is_empty() && !name.contains(['/', '@', '*', ' ']);
        match value {
            DeValue::Table(table) if is_host => self.table(table, Section::Client),
            DeValue::Table(_) => {
                Err(self.error(at, &format!("{name:?} is not a host: write \"name\" or \"name:port\"")))
            }
            _ => Err(self.error(at, &format!("write [host.{name:?}] and the host's settings below it"))),
        }
    }

    fn table(&self, table: &DeTable<'_>, section: Section) -> Result<Vec<Setting>, UsageError> {
        table
            .iter()
            .map(|(key, value)| self.setting(key.get_ref(), key.span().start, value.get_ref(), section))
            .collect()
    }

    fn setting(&self, name: &str, at: usize, value: &DeValue<'_>, section: Section) -> Result<Setting, UsageError> {
        let key = name.replace('_', "-");
        let Some((_, arg)) = options::all(self.command, section).find(|(known, _)| *known == key) else {
            return Err(self.error(at, &self.unknown(name, &key, section)));
        };
        let wrong = |reason: String| self.error(at, &format!("{name}: {reason}"));
        let values = values(arg, value).map_err(wrong)?;
        let values = values.into_iter().map(|value| self.resolved(arg, value)).collect::<Vec<_>>();
        if OptionKind::of(arg) != OptionKind::Flag && OptionKind::of(arg) != OptionKind::Count {
            values.iter().try_for_each(|value| options::check(arg, value)).map_err(wrong)?;
        }
        Ok(Setting { key, values, set_by: SetBy::File { path: self.path.to_owned(), line: self.line(at) } })
    }

    fn unknown(&self, name: &str, key: &str, section: Section) -> String {
        if let Some(reason) = options::refusal(key) {
            return format!("{name}: {reason}");
        }
        let known = options::all(self.command, section).map(|(known, _)| known).chain(["host", "serve"]);
        match options::suggestion(key, known, LIKE) {
            Some(near) => format!("unknown setting {name}; did you mean {near}?"),
            None => format!("unknown setting {name}: `bitsup upload --help` lists them"),
        }
    }

    /// Paths start where the file is, whatever folder the program is started in.
    fn resolved(&self, arg: &Arg, value: OsString) -> OsString {
        if !options::is_path(arg) || value == "-" {
            return value;
        }
        let home = value
            .to_str()
            .and_then(|text| text.strip_prefix("~/"))
            .and_then(|rest| Some(etcetera::home_dir().ok()?.join(rest)));
        let folder = self.path.parent().map(Path::to_owned).unwrap_or_default();
        home.unwrap_or_else(|| folder.join(value)).into_os_string()
    }
}

/// `fragment-size` and `fragment_size` are the same.
fn no_twins(document: &Document) -> Result<(), UsageError> {
    let tables = [&document.top, &document.serve].into_iter().chain(document.hosts.iter().map(|(_, table)| table));
    for table in tables {
        for (index, setting) in table.iter().enumerate() {
            if let Some(first) = table[..index].iter().find(|first| first.key == setting.key) {
                let reason = format!("{} is set twice, here and by {}", setting.key, first.set_by);
                return Err(UsageError(format!("{}: {reason}", setting.set_by)));
            }
        }
    }
    Ok(())
}

fn values(arg: &Arg, value: &DeValue<'_>) -> Result<Vec<OsString>, String> {
    let is = value.type_str();
    match (OptionKind::of(arg), value) {
        (OptionKind::Flag, DeValue::Boolean(set)) => Ok(vec![set.to_string().into()]),
        (OptionKind::Flag, _) => Err(format!("expected true or false, found a value of type {is}")),
        (OptionKind::Count, value) => match scalar(value).and_then(|text| text.parse::<u8>().ok()) {
            Some(count) => Ok(vec![count.to_string().into()]),
            None => Err("expected a number from 0 to 255".to_owned()),
        },
        (OptionKind::Many, DeValue::Array(array)) => array
            .iter()
            .map(|value| {
                scalar(value.get_ref()).map(OsString::from).ok_or_else(|| "expected an array of strings".to_owned())
            })
            .collect(),
        (_, value) => match scalar(value) {
            Some(text) if !text.contains('\0') => Ok(vec![text.into()]),
            Some(_) => Err("it contains a NUL".to_owned()),
            None => Err(format!("expected a string, found a value of type {is}")),
        },
    }
}

/// A text, or a decimal number as it is written.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        _ => None,
    }
}
