//! `bitsup man [DIR]`

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::config::UsageError;
use crate::cli::diagnosis::ExitCode;
use crate::cli::help;
use crate::output::print;

pub(super) fn run(folder: Option<&Path>) -> anyhow::Result<()> {
    let mut command = help::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else {
        return Ok(print(page(&command)?)?);
    };
    fs::create_dir_all(folder)
        .map_err(|error| UsageError(format!("cannot make the folder {}: {error}", folder.display())))?;
    write_all(&command, folder)
}

/// A page for each verb, and for the verbs of verbs.
fn write_all(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    fs::write(&path, page(command)?)
        .map_err(|error| UsageError(format!("cannot write {}: {error}", path.display())))?;
    command.get_subcommands().try_for_each(|verb| write_all(verb, folder))
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let version = concat!("bitsup ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).source(version).manual("bitsup").render(&mut text)?;
    if ["bitsup", "upload"].contains(&command.get_name()) {
        more().to_writer(&mut text)?;
    }
    Ok(text)
}

/// What clap does not know of.
fn more() -> Roff {
    let mut roff = Roff::new();
    let codes: Vec<_> = ExitCode::ALL.iter().map(|code| ((*code as u8).to_string(), code.info().meaning)).collect();
    section(&mut roff, "EXIT STATUS", codes.iter().map(|(code, meaning)| (code.as_str(), *meaning)));
    section(&mut roff, "ENVIRONMENT", ENVIRONMENT.iter().copied());
    section(&mut roff, "FILES", FILES.iter().copied());
    roff
}

fn section<'a>(roff: &mut Roff, title: &str, rows: impl Iterator<Item = (&'a str, &'a str)>) {
    roff.control("SH", [title]);
    for (name, meaning) in rows {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(meaning)]);
    }
}

const ENVIRONMENT: &[(&str, &str)] = &[
    (
        "BITSUP_<NAME>",
        "Sets the option --<name>, such as BITSUP_FRAGMENT_SIZE=4M; true and false for those without a value.",
    ),
    ("BITSUP_SERVE_<NAME>", "The same for the options of bitsup serve."),
    ("BITSUP_CONFIG", "The file of settings."),
    ("NO_COLOR, CLICOLOR_FORCE, TERM", "Whether there is colour, and a bar."),
];

const FILES: &[(&str, &str)] = &[
    ("$XDG_CONFIG_HOME/bitsup/config.toml", "Settings. Nobody but its owner may be able to write to it."),
    ("$XDG_STATE_HOME/bitsup", "Unfinished uploads; no secrets."),
];
