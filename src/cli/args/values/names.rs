//! The values of which there are only a few, as they are typed.

use std::ffi::OsString;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::auth::{Choice, Scheme};
use crate::client::ResumeMode;
use crate::output::{Ci, ProgressMode};
use crate::uploader::Verify;

/// A name, what help says of it, and the value.
type Name<T> = (&'static str, &'static str, T);

/// `bearer` is missing: an option of its own brings the token.
pub(in crate::cli::args) const AUTH: &[Name<Choice>] = &[
    ("auto", "Use the strongest scheme that the server offers", Choice::Auto),
    ("basic", "Use Basic, which sends the password itself", Choice::Only(Scheme::Basic)),
    ("digest", "Use Digest, which sends only a proof of the password", Choice::Only(Scheme::Digest)),
    ("ntlm", "Use NTLM, for Windows accounts", Choice::Only(Scheme::Ntlm)),
    ("negotiate", "Use Negotiate, for Windows accounts: Kerberos or NTLM", Choice::Only(Scheme::Negotiate)),
    ("none", "Do not sign in", Choice::None),
];

pub(in crate::cli::args) const RESUME: &[Name<ResumeMode>] = &[
    ("auto", "Resume only if the content is the same, otherwise start over", ResumeMode::Auto),
    ("always", "Resume, or fail with exit code 16", ResumeMode::Always),
    ("never", "Cancel the interrupted upload and start over", ResumeMode::Never),
];

pub(in crate::cli::args) const VERIFY: &[Name<Verify>] = &[
    ("none", "Do not compare the file", Verify::None),
    ("size", "Compare the file's size on the server, by a HEAD request", Verify::Size),
    ("sha256", "Download the file and compare its SHA-256 digest", Verify::Sha256),
];

pub(in crate::cli::args) const PROGRESS: &[Name<ProgressMode>] = &[
    ("auto", "Show a bar on a terminal, lines elsewhere", ProgressMode::Auto),
    ("bar", "Show a progress bar", ProgressMode::Bar),
    ("plain", "Print whole lines, as for a log", ProgressMode::Plain),
    ("none", "Show no progress", ProgressMode::None),
];

/// Without a value: the environment decides.
const CI: &[Name<Option<Ci>>] = &[
    ("auto", "Detect the service from the environment", None),
    ("github", "Write for GitHub Actions", Some(Ci::Github)),
    ("gitlab", "Write for GitLab CI", Some(Ci::Gitlab)),
    ("azure", "Write for Azure Pipelines", Some(Ci::Azure)),
    ("none", "Write no annotations and log sections", Some(Ci::None)),
];

/// Takes one of these names.
pub(in crate::cli::args) fn one_of<T: Copy + Send + Sync>(
    names: &'static [Name<T>],
) -> impl TypedValueParser<Value = T> {
    let possible = names.iter().map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(possible).map(|typed| value(names, &typed).expect("clap takes no other name"))
}

fn value<T: Copy>(names: &[Name<T>], typed: &str) -> Option<T> {
    names.iter().find(|(name, ..)| *name == typed).map(|(.., value)| *value)
}

/// Takes the name of a CI service, or `auto` for the one whose environment this is.
pub(in crate::cli::args) fn ci() -> impl TypedValueParser<Value = Ci> {
    one_of(CI).map(|named| named.unwrap_or_else(here))
}

/// The value that [`ci`] makes of a word; `None` if it takes no such word.
pub(in crate::cli) fn ci_named(word: &str) -> Option<Ci> {
    value(CI, word).map(|named| named.unwrap_or_else(here))
}

fn here() -> Ci {
    service(|name| std::env::var_os(name))
}

fn service(variable: impl Fn(&str) -> Option<OsString>) -> Ci {
    let services = [("GITHUB_ACTIONS", Ci::Github), ("GITLAB_CI", Ci::Gitlab), ("TF_BUILD", Ci::Azure)];
    let is_set = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    services.into_iter().find(|(name, _)| is_set(name)).map_or(Ci::None, |(_, service)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_variable() {
        let found = |variable: &str, value: &str| service(|name| (name == variable).then(|| OsString::from(value)));
        assert_eq!(found("GITHUB_ACTIONS", "true"), Ci::Github);
        assert_eq!(found("GITLAB_CI", "true"), Ci::Gitlab);
        assert_eq!(found("TF_BUILD", "True"), Ci::Azure);
        assert_eq!(found("CI", "true"), Ci::None);
        assert_eq!(found("GITHUB_ACTIONS", ""), Ci::None);
    }

    #[test]
    fn a_service_that_is_named_goes_before_the_environment() {
        assert_eq!(ci_named("none"), Some(Ci::None));
        assert_eq!(ci_named("azure"), Some(Ci::Azure));
        assert_eq!(ci_named("auto"), Some(here()));
        assert_eq!(ci_named("x"), None);
    }
}
