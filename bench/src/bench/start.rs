//! How long it takes until bitsup does anything.

use std::process::{Command, Stdio};

use crate::options::Options;
use crate::table::{self, Spread};
use crate::{Outcome, measure};

const ROW: &str = "bitsup --version";

/// Prints the row. Tells how many failed.
pub fn run(options: &Options) -> usize {
    if !options.wants(ROW) {
        return 0;
    }
    match time(options).and_then(|time| Ok((time, memory(options)?))) {
        Ok((time, memory)) => {
            table::print_start(ROW, time, 5.0, memory, 8.0);
            0
        }
        Err(error) => {
            table::print_failed(ROW, &error.to_string());
            1
        }
    }
}

/// Milliseconds, by hyperfine: it takes its own time off and warms up.
fn time(options: &Options) -> Outcome<Spread> {
    let csv = options.folder.join("start.csv");
    let runs = if options.smoke { "10" } else { "300" };
    let output = Command::new("hyperfine")
        .args(["--shell=none", "--style=none", "--warmup=10", "--runs", runs, "--export-csv"])
        .arg(&csv)
        .arg(format!("{} --version", options.bitsup.display()))
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("hyperfine: {error}"))?;
    if !output.status.success() {
        return Err(format!("hyperfine: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = std::fs::read_to_string(csv)?;
    let mut lines = text.lines();
    let names = lines.next().ok_or("hyperfine wrote nothing")?.split(',');
    let values: Vec<_> = names.zip(lines.next().ok_or("hyperfine wrote no result")?.split(',')).collect();
    let field = |name: &str| -> Outcome<f64> {
        let value = values.iter().find(|(key, _)| *key == name).ok_or_else(|| format!("hyperfine tells no {name}"))?;
        Ok(value.1.parse::<f64>()? * 1e3)
    };
    Ok(Spread::new(field("median")?, field("min")?, field("max")?))
}

/// MB.
fn memory(options: &Options) -> Outcome<f64> {
    let program = options.bitsup.to_str().unwrap_or_default();
    let sample = measure::start(program, |command| {
        command.arg("--version");
    });
    Ok(sample?.finish()?.memory as f64 / 1e6)
}
