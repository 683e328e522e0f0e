//! Many small files in one run, by bitsup and by `curl -T` of the same list.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::measure::{self, Sample};
use crate::options::Options;
use crate::servers::Server;
use crate::table::{self, Figures, Spread};
use crate::{Outcome, source};

use super::uploads::set_environment;

const BYTES: u64 = 4096;
/// Milliseconds of processor time that a file may cost.
const MOST_PROCESSOR: f64 = 1.0;

#[derive(Debug, Clone, Copy)]
enum Client {
    Curl,
    /// With so many files at a time.
    Bitsup(u32),
}

const OURS: [Client; 2] = [Client::Bitsup(1), Client::Bitsup(4)];

/// Prints the rows. Tells how many failed.
pub fn run(options: &Options) -> usize {
    let wanted: Vec<_> = OURS.iter().filter(|client| options.wants(&row(options, **client))).collect();
    if wanted.is_empty() {
        return 0;
    }
    let rounds = || -> Outcome<Vec<Vec<Sample>>> {
        let lists = Lists::create(&options.folder, options.files)?;
        let mut samples: Vec<Vec<Sample>> = (0..=wanted.len()).map(|_| Vec::new()).collect();
        for round in 1..=options.runs {
            eprintln!("{} small files: round {round} of {}", options.files, options.runs);
            let clients = [&Client::Curl].into_iter().chain(wanted.iter().copied());
            for (list, client) in samples.iter_mut().zip(clients) {
                list.push(sample(options, &lists, *client)?);
            }
        }
        Ok(samples)
    };
    match rounds() {
        Ok(samples) => {
            let (its, ours) = samples.split_first().map_or((&[][..], &[][..]), |(its, ours)| (&its[..], ours));
            for (client, ours) in wanted.iter().zip(ours) {
                let verdict = table::judge_each(each(options, ours), each(options, its), MOST_PROCESSOR);
                let (its, ours) = (figures(options, its), figures(options, ours));
                table::print_judged(&row(options, **client), "curl -T", &its, &ours, &verdict);
            }
            0
        }
        Err(error) => {
            for client in &wanted {
                table::print_failed(&row(options, **client), &error.to_string());
            }
            wanted.len()
        }
    }
}

fn row(options: &Options, client: Client) -> String {
    let name = format!("{} files of 4 KiB", options.files);
    match client {
        Client::Curl | Client::Bitsup(1) => name,
        Client::Bitsup(jobs) => format!("{name}, -j {jobs}"),
    }
}

/// Milliseconds of processor time a file.
fn each(options: &Options, samples: &[Sample]) -> f64 {
    Spread::of(samples.iter().map(|sample| sample.processor.as_secs_f64() * 1e3 / options.files as f64)).median
}

fn figures(options: &Options, samples: &[Sample]) -> Figures {
    let bytes = (options.files * BYTES) as f64;
    Figures {
        rate: Spread::of(samples.iter().map(|sample| bytes / 1e6 / sample.wall.as_secs_f64())),
        processor: Spread::of(samples.iter().map(|sample| sample.processor.as_secs_f64() * f64::from(1 << 30) / bytes)),
        memory: Spread::of(samples.iter().map(|sample| sample.memory as f64 / 1e6)),
    }
}

/// All files, by one client in one run.
fn sample(options: &Options, lists: &Lists, client: Client) -> Outcome<Sample> {
    let server = Server::sink(&[])?;
    let program = match client {
        Client::Curl => "curl",
        Client::Bitsup(_) => options.bitsup.to_str().unwrap_or_default(),
    };
    let config = lists.for_curl(&server.url)?;
    let measured = measure::start(program, |command| match client {
        Client::Curl => {
            command.args(["-sS", "--fail", "-K"]).arg(config);
        }
        Client::Bitsup(jobs) => {
            command.args(["upload", "--quiet", "--jobs", &jobs.to_string(), "--files-from"]);
            command.arg(lists.names()).arg(&server.url);
            set_environment(command, options);
        }
    })?;
    let sample = measured.finish()?;
    server.finish(options.files * BYTES)?;
    Ok(sample)
}

/// The files, and what tells each client of them.
struct Lists {
    folder: PathBuf,
    files: u64,
}

impl Lists {
    fn create(folder: &Path, files: u64) -> Outcome<Self> {
        let lists = Self { folder: folder.join("files"), files };
        fs::create_dir_all(&lists.folder)?;
        let mut names = String::new();
        for number in 0..files {
            let path = lists.path(number);
            fs::write(&path, source::block(number, BYTES))?;
            writeln!(names, "{path}")?;
        }
        fs::write(lists.names(), names)?;
        // Pages that wait for the disk would disturb what is measured.
        nix::unistd::sync();
        Ok(lists)
    }

    fn path(&self, number: u64) -> String {
        format!("{}/file-{number}", self.folder.display())
    }

    fn names(&self) -> PathBuf {
        self.folder.join("names")
    }

    /// curl wants each file's whole URL.
    fn for_curl(&self, url: &str) -> Outcome<PathBuf> {
        let mut config = String::new();
        for number in 0..self.files {
            writeln!(config, "upload-file = \"{}\"\nurl = \"{url}file-{number}\"", self.path(number))?;
        }
        let path = self.folder.join("curl.config");
        fs::write(&path, config)?;
        Ok(path)
    }
}
