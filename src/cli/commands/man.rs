//! `bitsup man [DIR]`

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use crate::cli::config::UsageError;
use crate::cli::help;
use crate::cli::topics::{
    CONFIG_EXAMPLE, ENVIRONMENT, EXAMPLES, EXIT_STATUS, FILES, PRECEDENCE, SETTINGS, Topic, UNITS, exit_codes, in_lines,
};
use crate::output::print;

/// Of the 80 that a page mostly has, without its margins.
const EXAMPLE_COLUMNS: usize = 68;

pub(super) fn run(folder: Option<&Path>) -> anyhow::Result<()> {
    let mut command = help::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = folder else {
        return Ok(print(page(&command, &command)?)?);
    };
    fs::create_dir_all(folder)
        .map_err(|error| UsageError(format!("cannot make the folder {}: {error}", folder.display())))?;
    write_all(&command, &command, folder)
}

/// A page for each verb, and for the verbs of verbs.
fn write_all(program: &Command, command: &Command, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    fs::write(&path, page(program, command)?)
        .map_err(|error| UsageError(format!("cannot write {}: {error}", path.display())))?;
    command.get_subcommands().try_for_each(|verb| write_all(program, verb, folder))
}

fn page(program: &Command, command: &Command) -> io::Result<Vec<u8>> {
    let (mut text, mut options) = (Vec::new(), Vec::new());
    let version = concat!("bitsup ", env!("CARGO_PKG_VERSION"));
    let command = command.clone().subcommand_help_heading("COMMANDS").subcommand_value_name("command");
    let command =
        command.mut_arg("help", |help| help.help("Print a summary (-h) or the whole help").long_help(None::<&str>));
    let man = Man::new(command.clone()).source(version).manual("bitsup");
    man.render_title(&mut text)?;
    // Neither words broken at the end of a line, which may be options, nor wide gaps.
    text.extend(b".nh\n.ad l\n");
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut options)?;
    text.extend(groups_below_options(&command, &String::from_utf8_lossy(&options)).as_bytes());
    explained(program, &command).to_writer(&mut text)?;
    Ok(tidy(&String::from_utf8_lossy(&text)).into_bytes())
}

/// clap makes a section of each group of options.
fn groups_below_options(command: &Command, text: &str) -> String {
    let headings = command.get_arguments().filter_map(|arg| arg.get_help_heading());
    headings.fold(text.to_owned(), |text, heading| {
        let line = |control: &str, title: &str| Roff::new().control(control, [title]).to_roff();
        text.replace(&line("SH", &heading.to_uppercase()), &line("SS", heading))
    })
}

/// Without the empty lines that `mandoc` complains of, and with one definition of the apostrophe.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let line = if line.is_empty() { ".sp" } else { line };
        let is_preamble = line.starts_with(".ie ") || line.starts_with(".el ");
        match lines.last() {
            _ if is_preamble && lines.contains(&line) => {}
            Some(&".sp") if line == ".br" => {}
            Some(&".br") if line == ".sp" => {
                lines.pop();
                lines.push(line);
            }
            _ => lines.push(line),
        }
    }
    lines.push("");
    lines.join("\n")
}

/// The sections that clap does not write.
fn explained(program: &Command, command: &Command) -> Roff {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let (is_program, is_upload) = (name == "bitsup", name == "bitsup-upload");
    let mut roff = Roff::new();
    if is_upload {
        rows(&mut roff, "SIZES AND TIMES", UNITS);
    }
    if is_program || is_upload {
        let variables = [SETTINGS, ENVIRONMENT].concat();
        let variables: Vec<_> = variables.into_iter().filter(|(name, _)| *name != "config.toml").collect();
        rows(&mut roff, "ENVIRONMENT", &variables);
        roff.control("PP", []);
        roff.text([roman(PRECEDENCE)]);
        rows(&mut roff, "FILES", FILES);
        roff.control("PP", []);
        roff.text([roman("An example of config.toml:")]);
        verbatim(&mut roff, &CONFIG_EXAMPLE.join("\n\n"));
    } else {
        roff.control("SH", ["ENVIRONMENT"]);
        roff.text([roman("See "), bold("bitsup"), roman("(1), which also has the format of the settings file.")]);
    }
    roff.control("SH", ["EXIT STATUS"]);
    if is_upload {
        for (code, meaning) in exit_codes() {
            row(&mut roff, &code, meaning);
        }
    } else {
        roff.text([roman(EXIT_STATUS), roman(" Their table is in "), bold("bitsup-upload"), roman("(1).")]);
    }
    roff.control("SH", ["EXAMPLES"]);
    for (text, line) in examples(name) {
        roff.control("PP", []);
        roff.text([roman(text)]);
        verbatim(&mut roff, &in_lines(line, EXAMPLE_COLUMNS).join("\n"));
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text(see_also(program, name));
    roff
}

fn rows(roff: &mut Roff, title: &str, rows: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (name, meaning) in rows {
        row(roff, name, meaning);
    }
}

fn row(roff: &mut Roff, name: &str, meaning: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(meaning)]);
}

fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("RS", ["4"]);
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("RE", []);
}

/// The examples of a verb and its verbs. The program's page has the first of each.
fn examples(page: &str) -> Vec<Topic> {
    let verb = |line: &str| {
        let (_, words) = line.split_once("bitsup ").unwrap_or_default();
        words.split(' ').next().unwrap_or_default().to_owned()
    };
    if page == "bitsup" {
        let mut firsts: Vec<Topic> = Vec::new();
        for example in EXAMPLES {
            if !firsts.iter().any(|(_, first)| verb(first) == verb(example.1)) {
                firsts.push(*example);
            }
        }
        return firsts;
    }
    let start = page.replace('-', " ");
    EXAMPLES.iter().filter(|(_, line)| line.contains(&start)).copied().collect()
}

/// The pages of the program, of its verbs, and of the verbs below the page's own.
fn see_also(program: &Command, page: &str) -> Vec<Inline> {
    let family = page.split('-').take(2).collect::<Vec<_>>().join("-");
    let mut pages = vec!["bitsup".to_owned()];
    for verb in program.get_subcommands() {
        let name = verb.get_display_name().unwrap_or_default();
        pages.push(name.to_owned());
        if name == family {
            pages.extend(verb.get_subcommands().filter_map(|below| below.get_display_name()).map(str::to_owned));
        }
    }
    pages.sort();
    let mut text: Vec<Inline> = Vec::new();
    for other in pages.iter().filter(|other| *other != page) {
        text.extend([bold(other.as_str()), roman("(1), ")]);
    }
    text.extend([bold("curl"), roman("(1)")]);
    text
}
