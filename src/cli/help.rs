//! The command line as people see it: what is shown at once, and what only in full.

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;

/// What `-h` of a verb shows beside its arguments; the rest is in `--help`. A new option starts out as a rare one.
const OFTEN: &[(&str, &str)] = &[
    (
        "upload",
        "fragment_size name resume user password_file cacert proxy limit_rate jobs files_from verify dry_run progress \
         json quiet verbose help",
    ),
    ("check", "user password_file cacert proxy probe_fragment json verbose help"),
    ("sessions cancel", "force user password_file cacert proxy help"),
    (
        "serve",
        "listen user password_file tls_cert tls_key allow_anonymous allow_read overwrite reply_command max_size json \
         quiet help",
    ),
];

const MORE: &str = "\
Example:
  bitsup upload build.zip https://files.example.com/drop/

Settings: each option can also be set as BITSUP_<NAME> in the environment (BITSUP_FRAGMENT_SIZE) or by
its name in config.toml (fragment-size = \"4M\"), there also for one host below [host.\"name\"]. What is
typed goes before the environment, that before the file's table for the host, and that before its top
level. `bitsup config` shows what holds and where it is set.";

/// The whole command line.
pub(super) fn command() -> Command {
    Cli::command().mut_subcommand("upload", |upload| upload.after_long_help(MORE))
}

/// The same for `-h`: what is used often, in one list, so that it fits on a screen.
pub(super) fn in_short(command: Command) -> Command {
    let settings = |arg: Arg| {
        if ["config", "no_config"].contains(&arg.get_id().as_str()) { arg.hide_short_help(true) } else { arg }
    };
    OFTEN.iter().fold(command.mut_args(settings), |command, (verb, often)| {
        let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
        in_verb(command, &words(verb), &words(often))
    })
}

fn in_verb(command: Command, path: &[&str], often: &[&str]) -> Command {
    match path {
        [] => command.mut_args(|arg| listed(arg, often)),
        // Without the receiver there are fewer verbs.
        [verb, ..] if command.find_subcommand(verb).is_none() => command,
        [verb, rest @ ..] => command.mut_subcommand(verb, |command| in_verb(command, rest, often)),
    }
}

fn listed(arg: Arg, often: &[&str]) -> Arg {
    if arg.is_positional() {
        return arg;
    }
    let rare = !often.contains(&arg.get_id().as_str());
    let takes_value = arg.get_action().takes_values();
    arg.help_heading(None::<&str>).hide_short_help(rare).hide_possible_values(takes_value)
}
