//! Many uploads at once to `bitsup serve`, and to a sink that writes the same bytes to files.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::options::Options;
use crate::servers::{Load, Server};
use crate::table::{self, Figures, Goals, Spread};
use crate::{Outcome, measure, source};

use super::uploads::set_environment;

const AT_ONCE: u64 = 8;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Sink,
    SyncingSink,
    Receiver,
}

struct Sample {
    wall: Duration,
    load: Load,
}

/// Prints the rows. Tells how many failed.
pub fn run(options: &Options) -> usize {
    let goals = Goals { rate: Some(0.8), ..Goals::default() };
    let on_disk = Goals { rate: Some(0.85), ..Goals::default() };
    let memory = [("serve, 8 at once, into memory", "sink", Kind::Sink, goals)];
    let disk = [
        ("serve, 8 at once, onto the disk", "sink with fdatasync", Kind::SyncingSink, on_disk),
        ("serve, 8 at once, onto the disk beside no sync", "sink", Kind::Sink, Goals::default()),
    ];
    let in_memory = match &options.memory {
        Some(folder) => race(options, folder, &memory),
        None if options.wants(memory[0].0) => {
            eprintln!("{}: left out, no file system in memory has the room", memory[0].0);
            0
        }
        None => 0,
    };
    in_memory + race(options, &options.folder, &disk)
}

fn race(options: &Options, folder: &Path, rows: &[(&str, &str, Kind, Goals)]) -> usize {
    let wanted: Vec<_> = rows.iter().filter(|(row, ..)| options.wants(row)).collect();
    let mut failed = 0;
    if wanted.is_empty() {
        return failed;
    }
    let rounds = || -> Outcome<Vec<Vec<Sample>>> {
        let mut samples: Vec<Vec<Sample>> = (0..=wanted.len()).map(|_| Vec::new()).collect();
        for round in 1..=options.runs {
            eprintln!("{}: round {round} of {}", wanted[0].0, options.runs);
            let kinds = wanted.iter().map(|(_, _, kind, _)| *kind).chain([Kind::Receiver]);
            for (list, kind) in samples.iter_mut().zip(kinds) {
                list.push(sample(options, folder, kind)?);
            }
        }
        Ok(samples)
    };
    match rounds() {
        Ok(mut samples) => {
            let ours = figures(options, &samples.pop().unwrap_or_default());
            for ((row, beside, _, goals), its) in wanted.iter().zip(samples) {
                table::print(row, beside, &figures(options, &its), &ours, goals);
            }
        }
        Err(error) => {
            for (row, ..) in &wanted {
                table::print_failed(row, &error.to_string());
                failed += 1;
            }
        }
    }
    failed
}

/// The rate of all uploads together; time and memory of the server.
fn figures(options: &Options, samples: &[Sample]) -> Figures {
    let bytes = (AT_ONCE * options.serve_size) as f64;
    Figures {
        rate: Spread::of(samples.iter().map(|sample| bytes / 1e6 / sample.wall.as_secs_f64())),
        processor: Spread::of(samples.iter().map(|sample| sample.load.processor * f64::from(1 << 30) / bytes)),
        memory: Spread::of(samples.iter().map(|sample| sample.load.memory as f64 / 1e6)),
    }
}

/// The same uploads by bitsup, whatever the server.
fn sample(options: &Options, folder: &Path, kind: Kind) -> Outcome<Sample> {
    let source = source::file(&options.folder, options.serve_size)?;
    let into = tempfile::tempdir_in(folder)?;
    // Writes that the last run left for the disk do not count for this one.
    nix::unistd::sync();
    let server = match kind {
        Kind::Sink => Server::sink(&[Path::new("--write"), into.path()])?,
        Kind::SyncingSink => Server::sink(&[Path::new("--write"), into.path(), Path::new("--sync")])?,
        Kind::Receiver => Server::receiver(&options.bitsup, into.path())?,
    };
    let begin = Instant::now();
    let uploads: Outcome<Vec<_>> = (0..AT_ONCE).map(|number| upload(options, &source, &server, number)).collect();
    for upload in uploads? {
        upload.finish()?;
    }
    let wall = begin.elapsed();
    Ok(Sample { wall, load: server.finish(AT_ONCE * options.serve_size)? })
}

fn upload(options: &Options, source: &PathBuf, server: &Server, number: u64) -> Outcome<measure::Measured> {
    measure::start(options.bitsup.to_str().unwrap_or_default(), |command| {
        command.arg("upload").arg("--quiet").arg(source).arg(format!("{}file-{number}", server.url));
        set_environment(command, options);
    })
}
