//! What is shown, checked.

use std::ffi::OsString;

use crate::cli::args::{CiArg, MachineArgs, OutputArgs};
use crate::output::{Ci, ProgressMode, Verbosity};

/// What is shown, and how.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct OutputConfig {
    pub(in crate::cli) progress: ProgressMode,
    pub(in crate::cli) verbosity: Verbosity,
}

impl OutputConfig {
    pub(in crate::cli) fn new(args: &OutputArgs) -> Self {
        Self { progress: args.progress, verbosity: Verbosity { quiet: args.quiet, level: args.verbose } }
    }

    /// What is left of it where a program reads along: no progress, unless it was asked for.
    pub(in crate::cli) fn beside(self, machine: MachineConfig) -> Self {
        match self.progress {
            ProgressMode::Auto if machine.json => Self { progress: ProgressMode::None, ..self },
            _ => self,
        }
    }
}

/// Who reads along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct MachineConfig {
    pub(in crate::cli) json: bool,
    pub(in crate::cli) ci: Ci,
}

impl MachineConfig {
    pub(in crate::cli) fn new(args: &MachineArgs) -> Self {
        Self { json: args.json, ci: service(args.ci, |name| std::env::var_os(name)) }
    }
}

/// The service that was named, or the one whose environment this is.
fn service(named: CiArg, env: impl Fn(&str) -> Option<OsString>) -> Ci {
    let says = |name: &str| env(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match named {
        CiArg::Github => Ci::Github,
        CiArg::Gitlab => Ci::Gitlab,
        CiArg::Azure => Ci::Azure,
        CiArg::Auto if says("GITHUB_ACTIONS") => Ci::Github,
        CiArg::Auto if says("GITLAB_CI") => Ci::Gitlab,
        CiArg::Auto if says("TF_BUILD") => Ci::Azure,
        CiArg::Auto | CiArg::None => Ci::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_variable() {
        let found = |variable: &str, value: &str, named| {
            service(named, |name| (name == variable).then(|| OsString::from(value)))
        };
        assert_eq!(found("GITHUB_ACTIONS", "true", CiArg::Auto), Ci::Github);
        assert_eq!(found("GITLAB_CI", "true", CiArg::Auto), Ci::Gitlab);
        assert_eq!(found("TF_BUILD", "True", CiArg::Auto), Ci::Azure);
        assert_eq!(found("CI", "true", CiArg::Auto), Ci::None);
        assert_eq!(found("GITHUB_ACTIONS", "", CiArg::Auto), Ci::None);
        assert_eq!(found("GITHUB_ACTIONS", "true", CiArg::None), Ci::None);
        assert_eq!(found("GITHUB_ACTIONS", "true", CiArg::Azure), Ci::Azure);
    }
}
