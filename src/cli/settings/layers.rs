//! Which source of a setting goes before which.

use clap::Command;
use http::Uri;

use crate::cli::config::UsageError;

use super::environment::Environment;
use super::file::SettingsFile;
use super::options::Section;
use super::{Setting, document};

/// The host of a URL, as the file's tables name hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Host {
    name: String,
    port: u16,
}

impl Host {
    /// The host that a URL names. What is no URL is refused elsewhere.
    pub(in crate::cli) fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let usual = if uri.scheme_str()?.eq_ignore_ascii_case("https") { 443 } else { 80 };
        Some(Self { name: uri.host()?.to_ascii_lowercase(), port: uri.port_u16().unwrap_or(usual) })
    }

    fn is(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&self.name)
    }

    fn is_with_port(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(&format!("{}:{}", self.name, self.port))
    }
}

/// What is set elsewhere and holds for a verb: the environment goes before the file's table for the host with its port, that
/// before the one for the host, and that before the file's top level. What is typed goes before all of them.
///
/// # Errors
/// A setting that is unknown or wrong; two that exclude one another in the same place.
pub(in crate::cli) fn effective(
    command: &Command,
    verb: &Command,
    section: Section,
    typed: &[&str],
    environment: &Environment,
    file: Option<&SettingsFile>,
    host: Option<&Host>,
) -> Result<Vec<Setting>, UsageError> {
    environment.check(command)?;
    let file = file.map(|file| document::read(file, command)).transpose()?.unwrap_or_default();
    let tables = |fits: &dyn Fn(&Host, &str) -> bool| -> Vec<Setting> {
        let fitting = file.hosts.iter().filter(|(name, _)| host.is_some_and(|host| fits(host, name)));
        fitting.flat_map(|(_, settings)| settings.clone()).collect()
    };
    let layers = match section {
        Section::Client => {
            vec![environment.settings(verb, section)?, tables(&Host::is_with_port), tables(&Host::is), file.top.clone()]
        }
        Section::Serve => vec![environment.settings(verb, section)?, file.serve],
    };
    let mut merged = Merged::new(verb, typed);
    layers.into_iter().try_for_each(|layer| merged.add(layer))?;
    Ok(merged.settings)
}

/// Settings, the weightiest first.
struct Merged<'a> {
    verb: &'a Command,
    /// Ids of the options that are decided, and whether they do anything.
    decided: Vec<(String, bool)>,
    settings: Vec<Setting>,
}

impl<'a> Merged<'a> {
    fn new(verb: &'a Command, typed: &[&str]) -> Self {
        let decided = typed.iter().map(|id| ((*id).to_owned(), true)).collect();
        Self { verb, decided, settings: Vec::new() }
    }

    /// Adds what weighs less than all before it.
    fn add(&mut self, layer: Vec<Setting>) -> Result<(), UsageError> {
        let mut added: Vec<(String, bool, Setting)> = Vec::new();
        for setting in layer {
            // The file may set options of other verbs.
            let Some(id) = self.id(&setting.key) else { continue };
            let acts = acts(&setting);
            let is_decided = self.decided.iter().any(|(decided, _)| *decided == id);
            let is_excluded = acts && self.decided.iter().any(|(other, acts)| *acts && self.exclude(&id, other));
            if is_decided || is_excluded {
                continue;
            }
            if let Some((.., other)) =
                added.iter().find(|(other, other_acts, _)| acts && *other_acts && self.exclude(&id, other))
            {
                let (key, set_by) = (&setting.key, &setting.set_by);
                return Err(UsageError(format!("{set_by}: {key} excludes {}, which {} sets", other.key, other.set_by)));
            }
            added.push((id, acts, setting));
        }
        for (id, acts, setting) in added {
            self.decided.push((id, acts));
            self.settings.push(setting);
        }
        Ok(())
    }

    fn id(&self, key: &str) -> Option<String> {
        let arg = self.verb.get_arguments().find(|arg| arg.get_long() == Some(key))?;
        Some(arg.get_id().to_string())
    }

    /// Whether one option cannot be given beside another.
    fn exclude(&self, one: &str, other: &str) -> bool {
        let names = |one: &str, other: &str| {
            let arg = self.verb.get_arguments().find(|arg| arg.get_id() == one);
            arg.is_some_and(|arg| self.verb.get_arg_conflicts_with(arg).iter().any(|arg| arg.get_id() == other))
        };
        names(one, other) || names(other, one)
    }
}

/// A flag that is off excludes nothing.
fn acts(setting: &Setting) -> bool {
    !matches!(setting.values.as_slice(), [only] if only == "false" || only == "0")
}
