//! The command line: parse, run one verb, turn the result into text and an exit code.

mod args;
mod commands;
mod completion;
mod config;
mod destination;
mod diagnosis;
mod error;
mod file_list;
mod folder;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod habits;
mod help;
mod negation;
mod private_file;
mod resume_command;
mod secret;
mod settings;
mod signals;
mod topics;
mod usage_error;

use std::ffi::OsString;

use clap::FromArgMatches;

use crate::output::json::JsonLog;
use crate::output::{Ci, ProgressMode, Reporter, Verbosity};

use args::InvalidValue;
use config::UsageError;
use diagnosis::Diagnosis;
use settings::{Completed, Environment};

use args::Cli;
pub use diagnosis::ExitCode;

/// Runs the program with its arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let typed: Vec<OsString> = args.into_iter().collect();
    let mut command = negation::with_negations(help::command());
    if typed.iter().any(|word| word == "-h") {
        command = help::in_short(command);
    }
    command.build();
    if let Some(error) = habits::of_powershell(&typed) {
        return refuse(&error.into(), &typed);
    }
    let completed = match settings::complete(&command, typed.clone(), &Environment::read()) {
        Ok(completed) => completed,
        Err(error) => return refuse(&error.into(), &typed),
    };
    let matches = command.try_get_matches_from_mut(&completed.args);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            if let Some(invalid) = InvalidValue::of(&error) {
                return refuse(&UsageError(invalid).into(), &completed.args);
            }
            if let Some(error) = usage_error::read(&error, &command, &typed) {
                return refuse(&error.into(), &completed.args);
            }
            // Help and version are no failures and go to standard output; a closed one is no error.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
        }
    };
    let ci = commands::ci(&cli.command);
    match commands::run(cli, resume_command::command(&typed).as_deref()) {
        Ok(()) => ExitCode::Success,
        Err(error) => fail(&Diagnosis::of(&error), Some(&completed), ci),
    }
}

/// Says why nothing was begun, also to programs if they read along: the words may make no sense, but these do.
fn refuse(error: &anyhow::Error, words: &[OsString]) -> ExitCode {
    let machine = usage_error::machine(words);
    let diagnosis = Diagnosis::of(error);
    if machine.json {
        JsonLog::stdout().end(Some(&diagnosis.failure(None)));
    }
    fail(&diagnosis, None, machine.ci)
}

/// Says what failed. Who typed nothing wrong is told where it is set.
fn fail(diagnosis: &Diagnosis, completed: Option<&Completed>, ci: Ci) -> ExitCode {
    let mut text = diagnosis.text();
    if text.cause.is_none() {
        text.cause = completed.and_then(|completed| completed.blame(&text.what));
    }
    Reporter::stderr(ProgressMode::None, Verbosity::default()).with_ci(ci).error(&text);
    diagnosis.exit_code
}
