//! `--no-json`, `--no-user`: an option that the environment or the settings file sets is unset for one run. Options that have
//! a default need none of this: the default can be typed.

use clap::{Arg, ArgAction, Command, Id};

use super::settings::{modified_by, options};

/// `none` of a proxy and a number of retries are values; without these words they would be taken for them.
const NO_NEGATION: &[&str] = &["proxy", "retries"];

/// Secrets and the like that belong to another option; beside them, what only modifies it.
const DEPENDENTS: &[(&str, &[&str])] = &[
    ("user", &["password-file", "password-command"]),
    ("proxy-user", &["proxy-password-file"]),
    ("cert", &["key", "key-passphrase-file"]),
    ("tls-cert", &["tls-key"]),
    ("tls-key", &["tls-cert"]),
];

/// The command line with an option for each that can be unset. Help and completions do not list them.
pub(super) fn with_negations(command: Command) -> Command {
    let command = command.mut_subcommands(with_negations);
    let negations: Vec<Arg> = options(&command).filter_map(|(key, arg)| negation(&command, key, arg)).collect();
    command.args(negations)
}

fn negation(command: &Command, key: &str, arg: &Arg) -> Option<Arg> {
    if NO_NEGATION.contains(&key) || !arg.get_default_values().is_empty() {
        return None;
    }
    let name = opposite(key);
    if command.get_arguments().any(|other| other.get_long() == Some(&name)) {
        return None;
    }
    let dependents = DEPENDENTS.iter().filter(|(of, _)| *of == key).flat_map(|(_, names)| *names);
    let is_unset = |name: &str| {
        name == key || modified_by(name) == Some(key) || dependents.clone().any(|dependent| *dependent == name)
    };
    let named = command.get_arguments().filter(|arg| arg.get_long().is_some_and(is_unset));
    let unset: Vec<Id> = named.map(|arg| arg.get_id().clone()).collect();
    let negation = Arg::new(format!("not {key}")).long(name).action(ArgAction::SetTrue).hide(true);
    Some(negation.overrides_with_all(unset).global(arg.is_global_set()))
}

fn opposite(key: &str) -> String {
    key.strip_prefix("no-").map_or_else(|| format!("no-{key}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command as Verb, UploadArgs};
    use crate::cli::help;

    fn upload(typed: &[&str]) -> UploadArgs {
        let words = ["bitsup", "upload", "f", "http://h/"].iter().chain(typed);
        let matches =
            with_negations(help::command()).try_get_matches_from(words).unwrap_or_else(|error| panic!("{error}"));
        match Cli::from_arg_matches(&matches).expect("right").command {
            Verb::Upload(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn case_64_what_is_set_before_is_unset_and_the_last_word_holds() {
        assert!(!upload(&["--json", "--no-json"]).machine.json);
        assert!(upload(&["--json", "--no-json", "--json"]).machine.json);
        assert_eq!(upload(&["-vv", "--no-verbose"]).output.verbose, 0);
        assert_eq!(upload(&["-Ha: b", "--no-header", "-Hc: d"]).auth.header.len(), 1);
        assert!(!upload(&["--no-state", "--state"]).no_state);
        assert_eq!(upload(&["--limit-rate=1M", "--no-limit-rate"]).limit_rate, None);
    }

    #[test]
    fn what_needs_an_unset_option_is_unset_with_it() {
        let args = upload(&["--user=me", "--password-file=p", "--cert=c", "--key=k", "--no-user", "--no-cert"]);
        assert_eq!((args.auth.user, args.auth.password_file), (None, None));
        assert_eq!((args.connect.tls.cert, args.connect.tls.key), (None, None));
        let args = upload(&["--user=me", "--password-file=p", "--no-user", "--bearer-file=t"]);
        assert!(args.auth.user.is_none() && args.auth.bearer_file.is_some());
    }

    #[test]
    fn a_value_is_not_taken_for_an_absence() {
        let mut command = with_negations(help::command());
        command.build();
        let upload = command.find_subcommand("upload").expect("a verb");
        for name in ["no-proxy", "no-retries", "no-verify", "no-resume", "no-progress", "no-auth", "no-ci"] {
            assert!(upload.get_arguments().all(|arg| arg.get_long() != Some(name)), "{name}");
        }
    }
}
